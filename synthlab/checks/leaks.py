"""Evaluation rows among the synthetic ones: looked for before every control.

**Tables**: a leak is what hits evaluation rows more than 1.5 times as often as generators that saw
training rows alone (one-sided binomial test, p < 0.001); see `table_leaks`.  All hits are marked
then, since those by chance cannot be told from the others.

**Texts**: a pair that shares half of the smaller text's word 5-grams is a copy, unless the
evaluation text has a copy among the training texts, too: these explain it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthlab.checks.table_leaks import (
    baseline_share,
    find_hits,
    matched_rows,
    median_distance,
)
from synthlab.checks.table_points import Points, Space
from synthlab.dataset import Dataset
from synthlab.errors import ContaminationError, first
from synthlab.text import ngrams

#: Share of the smaller text's grams that makes a pair a copy; `emails` clusters by the same.
COPY_CONTAINMENT = 0.5
#: More grams than any two independent texts were found to share.
MIN_SHARED = 5
#: Noise on the numbers of a copy that is still found, in standard deviations.
JITTER = 0.01
#: A leak is said to be one where chance gives as many hits this rarely.
LEAK_P = 0.001


@dataclass(frozen=True, eq=False)
class Leaks:
    """Synthetic rows that copy evaluation rows.

    Attributes
    ----------
    synth_rows, eval_rows : ndarray of int
        Positions of the copies, and of the evaluation rows that they copy; empty without a leak.
    n_unexplained : int
        Distinct synthetic rows that no training row explains; all of them for texts.
    n_hits : int
        How many of these match an evaluation row.
    baseline_share : float
        Share of such rows that hits by nature: of generators that saw training rows alone.  0 for
        texts; nan where no row hits, so that there is nothing to explain.
    p_value : float
        Of as many hits at 1.5 times that share; 0 where texts are copied.
    to_eval, to_train : float
        Tables with a leak: median distance of the hits to the nearest evaluation row, and to the
        nearest training row of the same categories (inf without one), in standard deviations.
        Else nan.
    """

    synth_rows: np.ndarray
    eval_rows: np.ndarray
    n_unexplained: int
    n_hits: int
    baseline_share: float = np.nan
    p_value: float = 1.0
    to_eval: float = np.nan
    to_train: float = np.nan

    def summary(self) -> str:
        """Return the finding in one sentence; empty where nothing was found."""
        if not len(self.eval_rows):
            return ""
        found = (
            f"{len(self.eval_rows)} evaluation rows (rows {first(self.eval_rows)}) have a copy "
            f"among {len(self.synth_rows)} of the synthetic rows"
        )
        if np.isnan(self.to_eval):
            return found
        return (
            f"{found}, {self.to_eval:.2g} standard deviations away (training rows: "
            f"{self.to_train:.2g})"
        )


def find_leaks(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    *,
    jitter: float = JITTER,
    random_state: int = 0,
) -> Leaks:
    """Look for evaluation rows among the synthetic ones, exact or with a little noise.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        All texts, or all tables of the same columns.
    jitter : float > 0, default 0.01
        Tables: noise on a copy's numbers that is seen through, in standard deviations.
    random_state : int ≥ 0, default 0
        Draws the baselines' rows.

    Returns
    -------
    Leaks
    """
    if real_eval.is_text:
        return _text_leaks(real_train, synth_train, real_eval)
    space = Space.of([real_train.X, real_eval.X], [synth_train.X], jitter)
    points = [space.points(data.X) for data in (real_train, synth_train, real_eval)]
    return leaks_among(space, real_train, *points, random_state=random_state)


def leaks_among(
    space: Space,
    real_train: Dataset,
    train: Points,
    synth: Points,
    held_out: Points,
    *,
    random_state: int = 0,
) -> Leaks:
    """Do as `find_leaks` does for tables that are points already."""
    hits = find_hits(synth, train, held_out, space.radius)
    nothing = np.array([], dtype=int)
    counts = hits.n_unexplained, len(hits.rows)
    if not len(hits.rows):
        return Leaks(nothing, nothing, *counts)
    rng = np.random.default_rng(random_state)
    share = baseline_share(space, real_train, train, held_out, len(synth), rng)
    p = hits.p_value(share)
    if p >= LEAK_P:
        return Leaks(nothing, nothing, *counts, share, p)
    copies, copied = matched_rows(hits, synth, held_out, space.radius)
    distances = (median_distance(hits, synth, others) for others in (held_out, train))
    return Leaks(copies, copied, *counts, share, p, *distances)


def refuse_leaks(leaks: Leaks, synth_train: Dataset, real_eval: Dataset, largest: float) -> None:
    """Raise `ContaminationError` where so many rows leaked that the score could move by more.

    Parameters
    ----------
    leaks : Leaks
    synth_train, real_eval : Dataset
        Named in the message.
    largest : float
        As many leaked rows are refused, fewer are accepted.
    """
    n_leaked = len(leaks.eval_rows)
    if n_leaked and n_leaked >= largest:
        raise ContaminationError(
            f"{synth_train.name} and {real_eval.name}: {leaks.summary()}, exact or near, while a "
            f"generator that saw training rows alone hits {leaks.baseline_share:.1%} of such "
            f"rows by chance. Scores on them measure memory, and so many could move the score by "
            f"the margin. Drop them: report = sl.check_contamination(real_train, synth_train, "
            f"real_eval), then report.without_leaks(synth_train, real_eval)."
        )


def _text_leaks(real_train: Dataset, synth_train: Dataset, real_eval: Dataset) -> Leaks:
    copies, copied = _text_copies(synth_train, real_eval)
    if len(copied):
        suspects = np.unique(copied)
        explained = suspects[np.unique(_text_copies(real_train, real_eval.take(suspects))[1])]
        is_leak = ~np.isin(copied, explained)
        copies, copied = np.unique(copies[is_leak]), np.unique(copied[is_leak])
    p = 0.0 if len(copied) else 1.0
    return Leaks(copies, copied, len(synth_train), len(copies), 0.0, p)


def _text_copies(texts: Dataset, real_eval: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of every pair of which one copies the other; of copies, the strongest."""
    grams = ngrams.index_grams(texts.X, real_eval.X)
    pairs = ngrams.strongest_pairs(*grams, COPY_CONTAINMENT, MIN_SHARED)
    is_copy = pairs.lettered >= MIN_SHARED
    return pairs.first[is_copy], pairs.second[is_copy]
