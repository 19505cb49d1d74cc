"""Evaluation rows among the synthetic ones: looked for before every control.

**Tables**: discrete rows repeat by nature, so a match proves nothing.  The distinct synthetic rows
that no training row explains are held against evaluation rows, and so are rows of two generators
that saw the training rows alone: a Gaussian copula, and a permutation of every column.  A leak is
what hits evaluation rows more than 1.5 times as often as the better of these (one-sided binomial
test, p < 0.001).  Where training rows repeat by nature, a generator that is better than both may
hit evaluation rows as often (SMOTE on FARS does): there a finding is reported, not refused.

**Texts**: a pair that shares half of the smaller text's word 5-grams is a copy.

References
----------
Giomi et al. (2023), A unified framework for quantifying privacy risk in synthetic data,
doi:10.56553/popets-2023-0055: attack, control and baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from synthlab.checks.contamination import COPY_CONTAINMENT, MIN_SHARED
from synthlab.checks.table_points import Places, places_of
from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import ContaminationError, InputError, first
from synthlab.generators.copula import GaussianCopula
from synthlab.text import ngrams

#: How much more often than a baseline synthetic rows may hit evaluation rows.
FACTOR = 1.5
#: A leak is said to be one where chance gives as many hits this rarely.
LEAK_P = 0.001
JITTER = 0.01
#: Training rows that repeat this seldom, or less, do not repeat by nature.
_SELDOM = 0.001
_PERMUTATION, _COPULA = "permutation", "copula"
#: Baselines are drawn in batches of the synthetic rows' number, since larger samples of a discrete
#: table hold rarer rows: so many rows in all, and in one batch at the most.
_BASELINE_ROWS, _MOST_ROWS = 6_000, 20_000


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
        Share of such rows that hits by nature: of generators that saw training rows alone; 0 for
        texts.
    p_value : float
        Of as many hits at 1.5 times that share; 0 where texts are copied.
    is_sure : bool
        Whether nature cannot have done it: texts, tables whose training rows never repeat, and
        sets most of which are copies.  Elsewhere a good generator may hit real rows as well, and a
        finding is reported, not refused.
    """

    synth_rows: np.ndarray
    eval_rows: np.ndarray
    n_unexplained: int
    n_hits: int
    baseline_share: float
    p_value: float
    is_sure: bool = True

    def summary(self) -> str:
        """Return the finding in one sentence; empty where nothing was found."""
        if not len(self.eval_rows):
            return ""
        if not self.is_sure:
            return (
                f"{len(self.eval_rows)} evaluation rows match {len(self.synth_rows)} synthetic rows: "
                f"more than a plain generator's would, in a table that repeats by nature"
            )
        return (
            f"{len(self.eval_rows)} evaluation rows (rows {first(self.eval_rows)}) have a copy "
            f"among {len(self.synth_rows)} of the synthetic rows"
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
        return _text_leaks(synth_train, real_eval)
    return _table_leaks(real_train, synth_train, real_eval, jitter, random_state)


def refuse_leaks(leaks: Leaks, synth_train: Dataset, real_eval: Dataset, largest: float) -> None:
    """Raise `ContaminationError` where so many rows surely leaked that the score could move.

    Parameters
    ----------
    leaks : Leaks
    synth_train, real_eval : Dataset
        Named in the message.
    largest : float
        Leaked rows that are still accepted.
    """
    n_leaked = len(leaks.eval_rows)
    if n_leaked and leaks.is_sure and n_leaked >= largest:
        raise ContaminationError(
            f"{synth_train.name} and {real_eval.name}: {leaks.summary()}, exact or near, while a "
            f"generator that saw training rows alone hits {leaks.baseline_share:.1%} of such "
            f"rows by chance. Scores on them measure memory, and so many could move the score by "
            f"the margin. Drop them: synth_train.take(...) without find_leaks(...).synth_rows."
        )


# --- texts ---------------------------------------------------------------------------------


def _text_leaks(synth_train: Dataset, real_eval: Dataset) -> Leaks:
    synth, real = ngrams.index_grams(synth_train.X, real_eval.X)
    pairs = ngrams.strongest_pairs(synth, real, COPY_CONTAINMENT, MIN_SHARED)
    is_copy = (pairs.containment >= COPY_CONTAINMENT) & (pairs.lettered >= MIN_SHARED)
    copies, copied = np.unique(pairs.first[is_copy]), np.unique(pairs.second[is_copy])
    found = len(copies) > 0
    return Leaks(copies, copied, len(synth_train), len(copies), 0.0, 0.0 if found else 1.0)


# --- tables --------------------------------------------------------------------------------


def _table_leaks(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    jitter: float,
    random_state: int,
) -> Leaks:
    rng = np.random.default_rng(random_state)
    sets = {"train": real_train, "eval": real_eval, "synth": synth_train}
    n_rows = min(len(synth_train), _MOST_ROWS)
    baselines = _baselines(real_train, n_rows, -(-_BASELINE_ROWS // n_rows), rng)
    sets |= {f"{kind} {at}": d for kind, batches in baselines for at, d in enumerate(batches)}
    table = pd.concat([pd.DataFrame(d.X) for d in sets.values()], ignore_index=True)
    places, radius = places_of(sets, table.infer_objects(), jitter)
    hits, n_unexplained = _hits(places, "synth", radius)
    share = max(_baseline_share(places, kind, radius) for kind in (_PERMUTATION, _COPULA))
    p = float(binom.sf(len(hits) - 1, n_unexplained, min(1.0, FACTOR * share)))
    if not len(hits) or p >= LEAK_P:
        nothing = np.array([], dtype=int)
        return Leaks(nothing, nothing, n_unexplained, len(hits), share, p)
    synth_rows, eval_rows = _all_copies(places, hits, radius)
    is_sure = len(hits) >= n_unexplained / 2 or _repeat_share(places["train"], radius) <= _SELDOM
    return Leaks(synth_rows, eval_rows, n_unexplained, len(hits), share, p, is_sure)


def _baselines(
    real_train: Dataset, n_rows: int, n_batches: int, rng: np.random.Generator
) -> Iterator[tuple[str, list[Dataset]]]:
    """Yield batches of rows of generators that saw the training rows alone."""
    yield _PERMUTATION, [_permuted(real_train, n_rows, rng) for _ in range(n_batches)]
    try:
        fitted = GaussianCopula().fit(real_train, rng)
        yield _COPULA, [fitted.sample(n_rows, rng) for _ in range(n_batches)]
    except InputError:  # it takes no such table; the permutation stands alone
        return


def _permuted(real_train: Dataset, n_rows: int, rng: np.random.Generator) -> Dataset:
    """Draw every column for itself, so that only their distributions stay."""
    columns = pd.DataFrame(real_train.X)
    mixed = {
        name: column.iloc[rng.integers(len(columns), size=n_rows)].array
        for name, column in columns.items()
    }
    y = real_train.y[rng.integers(len(columns), size=n_rows)]
    return Dataset(pd.DataFrame(mixed), y, SYNTHETIC, _PERMUTATION)


def _hits(places: dict[str, Places], name: str, radius: float) -> tuple[np.ndarray, int]:
    """Return the distinct rows of a set that match an evaluation row and no training row.

    And how many distinct rows match no training row at all.  Generators smooth over the steps of
    a column, so that training rows explain what lies within twice the radius.
    """
    rows = places[name].row_at
    points = places[name].points[rows]
    to_train = places["train"].tree.query(points, distance_upper_bound=2 * radius)[0]
    unexplained = rows[~np.isfinite(to_train)]
    to_eval = _distance(places["eval"], places[name].points[unexplained], radius)
    return unexplained[np.isfinite(to_eval)], len(unexplained)


def _distance(places: Places, points: np.ndarray, radius: float) -> np.ndarray:
    return places.tree.query(points, distance_upper_bound=radius)[0]


def _baseline_share(places: dict[str, Places], kind: str, radius: float) -> float:
    """Return a cautious share of hits of one baseline: two more than seen, of four more rows."""
    found = [_hits(places, name, radius) for name in places if name.startswith(kind)]
    n_hits, n_unexplained = sum(len(hits) for hits, _ in found), sum(n for _, n in found)
    return (n_hits + 2) / (n_unexplained + 4) if found else 0.0


def _repeat_share(places: Places, radius: float) -> float:
    """Return the share of rows that match another one of their own set."""
    is_repeat = pd.DataFrame(places.points).duplicated(keep=False).to_numpy()
    to_next = places.tree.query(places.points, k=2, distance_upper_bound=radius)[0][:, 1]
    return float((is_repeat | np.isfinite(to_next)).mean())


def _all_copies(
    places: dict[str, Places], hits: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return every synthetic row at a place that hits, and every evaluation row that is hit."""
    at = Places.of(places["synth"].points[hits])
    is_copy = np.isfinite(at.tree.query(places["synth"].points, distance_upper_bound=1e-12)[0])
    is_hit = np.isfinite(_distance(at, places["eval"].points, radius))
    return np.flatnonzero(is_copy), np.flatnonzero(is_hit)
