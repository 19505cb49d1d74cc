r"""Contamination: rows of one set that also occur, exactly or nearly, in another.

Three comparisons: synthetic rows with eval rows, real training rows with eval rows, and synthetic
rows with real training rows.  Copies in the first two make a score too high; in the third they show
that the generator repeats its training rows, or rows that it had read before.

**Texts**: containment of word 5-grams (see `ngrams`).  A pair is a copy if its containment is at
least ``min_containment``; by the same value `emails.load_email` groups messages that it never
splits.  Weaker, *partial* matches are listed but do not count as copies.  No pair of 45,288 e-mails
by a small language model and nearly 5,900 real ones shares more than 4 grams, apart from runs of
numbers, so a pair must share 5.  Shorter texts are judged by how many match, as table rows are.

**Tables**: rows match if their categorical values are equal and their d numbers, in standard
deviations of the real rows, lie within :math:`\text{jitter}\sqrt{\chi^2_{0.999}(d)}` of each other,
as 99.9 % do after Gaussian noise of size ``jitter`` on every number.  Rows also match by chance, so
matches count as copies only if there are more than chance explains: for synthetic rows, more than
generators hit that saw training rows alone (`leaks`, which the control asks by itself); for real
ones, more than training rows match each other (`copies`).

References
----------
Broder (1997), On the resemblance and containment of documents, doi:10.1109/SEQUEN.1997.666900.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from synthlab.checks import roles
from synthlab.checks.copies import Frames, Sets, compare_tables, compare_texts
from synthlab.checks.leaks import COPY_CONTAINMENT, JITTER, MIN_SHARED
from synthlab.dataset import REAL, SYNTHETIC, Dataset, joined_features
from synthlab.errors import is_number, is_whole, require

_SHOWN_PAIRS = 10


@dataclass(frozen=True, eq=False, repr=False)
class ContaminationReport:
    """Rows that occur in two sets.  Holds positions and ids of rows, never their content.

    Attributes
    ----------
    pairs : pandas.DataFrame
        Every row that matches a row of another set, with its strongest match there; strongest
        first within each comparison.  Columns ``first``, ``second`` (the sets), ``first_row``,
        ``second_row`` (positions), ``first_id``, ``second_id``, ``kind`` (*exact* up to case and
        white space, *near*, or *partial*: weaker, texts only), how much they match
        (``containment`` and ``shared`` grams of texts, or ``distance`` of table rows in standard
        deviations), and ``is_copy``.
    counts : pandas.DataFrame
        One row per comparison: ``first``, ``second``, ``rows`` (of the second set, which are
        counted), ``exact``, ``near``, ``partial`` (rows by their strongest match), ``copies``
        (rows marked), ``share`` (copies / rows), ``worst`` (greatest containment, or least
        distance) and, for tables, ``natural`` (share that matches by chance: of all rows, and of
        synthetic rows that no training row explains), ``p_exact`` and ``p`` (of as many exact
        matches, and of as many matches).
    provenance : dict
        Settings, and the ``rows`` of each set.
    """

    pairs: pd.DataFrame
    counts: pd.DataFrame
    provenance: dict[str, Any]

    @property
    def is_contaminated(self) -> bool:
        """Whether any eval row has a copy in a training set."""
        return len(self.leaked_eval_rows) > 0

    @property
    def leaked_eval_rows(self) -> np.ndarray:
        """Positions of the eval rows with a copy in a training set, real or synthetic."""
        return self._copies("second_row", second="real_eval")

    @property
    def leaked_synth_rows(self) -> np.ndarray:
        """Positions of the synthetic rows that copy an eval row."""
        return self._copies("first_row", first="synth_train", second="real_eval")

    def without_leaks(self, synth_train: Dataset, real_eval: Dataset) -> tuple[Dataset, Dataset]:
        """Remove the copies, so that a lift can be measured again.

        Removes synthetic rows that copy an eval row, and eval rows with a copy in real_train.  An
        eval row that only synthetic rows copied stays.

        Raises
        ------
        InputError
            These are not the sets that were checked.
        """
        for role, data in (("synth_train", synth_train), ("real_eval", real_eval)):
            n_checked = self.provenance["rows"][role]
            offender = f"{data.name} has {len(data):,} rows"
            expected = f"{n_checked:,}, as the {role} that was checked"
            meaning = "The wrong rows would be dropped."
            require(len(data) == n_checked, offender, expected, meaning, "Pass the checked sets.")
        in_train = self._copies("second_row", first="real_train", second="real_eval")
        return (
            synth_train.take(np.delete(np.arange(len(synth_train)), self.leaked_synth_rows)),
            real_eval.take(np.delete(np.arange(len(real_eval)), in_train)),
        )

    def summary(self) -> str:
        """Return the finding in one sentence."""
        counts = [
            f"{row.copies:,} of {row.rows:,} rows of {row.second} have a copy in {row.first}"
            for row in self.counts.itertuples()
        ]
        word = "contaminated" if self.is_contaminated else "clean"
        return f"eval is {word}: {'; '.join(counts)}"

    def __repr__(self) -> str:
        return f"ContaminationReport: {self.summary()}"

    def _repr_html_(self) -> str:
        summary, pairs = _html(self.counts), _html(self.pairs.head(_SHOWN_PAIRS))
        rest = max(0, len(self.pairs) - _SHOWN_PAIRS)
        more = f"<p>{rest:,} more in <code>.pairs</code></p>" if rest else ""
        return f"<div><b>{escape(self.summary())}</b>{summary}{pairs}{more}</div>"

    def _copies(self, column: str, **sets: str) -> np.ndarray:
        chosen = self.pairs["is_copy"].to_numpy(dtype=bool)
        for which, name in sets.items():
            chosen = chosen & (self.pairs[which] == name).to_numpy()
        return np.unique(self.pairs.loc[chosen, column].to_numpy(dtype=int))


def check_contamination(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    *,
    min_containment: float = COPY_CONTAINMENT,
    report_from: float = 0.1,
    min_shared: int = MIN_SHARED,
    jitter: float = JITTER,
    random_state: int = 0,
) -> ContaminationReport:
    """Search the training sets for eval rows, and the synthetic rows for rows of real_train.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        All texts, or all tables of the same columns.  Labels are not compared; ids and lineage
        are checked by `roles.check_roles`.
    min_containment : float in (0, 1], default 0.5
        Texts: least containment of a copy.
    report_from : float in (0, min_containment], default 0.1
        Texts: least containment of a partial match that is listed.
    min_shared : int ≥ 1, default 5
        Texts: grams that a pair must share.
    jitter : float > 0, default 0.01
        Tables: noise on the numbers of a copy that is still found, in standard deviations.
    random_state : int ≥ 0, default 0
        Tables: draws the rows of generators that saw training rows alone.

    Returns
    -------
    ContaminationReport

    Raises
    ------
    ContaminationError
        A real set holds a synthetic row, or the synthetic set a real one.
    InputError
        A set is empty, the sets differ in kind or columns, or a setting is out of range.
    """
    settings = {"min_containment": min_containment, "report_from": report_from}
    settings |= {"min_shared": min_shared, "jitter": jitter, "random_state": random_state}
    _check_settings(settings)
    sets = {"real_train": real_train, "synth_train": synth_train, "real_eval": real_eval}
    _check_sets(sets)
    if real_train.is_text:
        frames = compare_texts(sets, min_containment, report_from, min_shared)
        counts = _counts(sets, frames)
    else:
        frames, chances = compare_tables(sets, jitter, random_state)
        counts = _counts(sets, frames).join(pd.DataFrame(chances))
    pairs = pd.concat(frames.values(), ignore_index=True)
    provenance = settings | {"rows": {name: len(data) for name, data in sets.items()}}
    return ContaminationReport(pairs, counts, provenance)


def _counts(sets: Sets, frames: Frames) -> pd.DataFrame:
    lines = []
    for (first, second), frame in frames.items():
        rows = len(sets[second])
        strongest = frame.drop_duplicates("second_row")["kind"].value_counts()
        kinds = {kind: int(strongest.get(kind, 0)) for kind in ("exact", "near", "partial")}
        copies = frame.loc[frame["is_copy"], "second_row"].nunique()
        degree = frame["containment" if "containment" in frame else "distance"]
        worst = degree.iloc[0] if len(degree) else np.nan  # pairs come strongest first
        line = {"first": first, "second": second, "rows": rows, **kinds, "copies": copies}
        lines.append(line | {"share": copies / rows, "worst": worst})
    return pd.DataFrame(lines)


def _html(frame: pd.DataFrame) -> str:
    """Return a table; pandas escapes what the data brings along."""
    return frame.to_html(index=False, float_format="{:.3g}".format, na_rep="")


def _check_sets(sets: Sets) -> None:
    """Refuse sets that cannot be compared, or whose rows are of the wrong origin."""
    for data in sets.values():
        offender = f"{data.name} is empty"
        require(len(data) > 0, offender, "rows", "Nothing can be compared.", "Pass some.")
    roles.require_origin(sets["real_eval"], REAL, "is an eval set")
    roles.require_origin(sets["real_train"], REAL, "is the control's training set")
    roles.require_origin(sets["synth_train"], SYNTHETIC, "is the synthetic training set")
    for name in ("synth_train", "real_eval"):
        joined_features(sets["real_train"].take([0]), sets[name].take([0]))


def _check_settings(settings: dict[str, Any]) -> None:
    most = settings["min_containment"]
    ranges = {"min_containment": (1, "1"), "report_from": (most, "min_containment")}
    for name, (high, up_to) in ranges.items():
        is_share = is_number(settings[name], 0, high) and settings[name] > 0
        require(is_share, f"{name}={settings[name]}", f"above 0 and up to {up_to}")
    shared, jitter = settings["min_shared"], settings["jitter"]
    state = settings["random_state"]
    require(is_whole(state), f"random_state={state}", "a whole number, 0 or more")
    require(is_whole(shared, 1), f"min_shared={shared}", "a whole number, 1 or more")
    require(is_number(jitter, 0) and jitter > 0, f"jitter={jitter}", "a number above 0")
