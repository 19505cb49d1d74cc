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
as 99.9 % do after Gaussian noise of size ``jitter`` on every number.  Rows also match by chance, as
often as a row of real_train matches another one there.  Matches count as copies if there are more
than chance explains (Fisher's exact test, one-sided, p < 0.001); all of them are then marked,
because chance matches cannot be identified.  Where most rows match by chance, no copy can be found.

References
----------
Broder (1997), On the resemblance and containment of documents, doi:10.1109/SEQUEN.1997.666900.
Giomi et al. (2023), A unified framework for quantifying privacy risk in synthetic data,
doi:10.56553/popets-2023-0055: attack, control and baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from synthlab.checks import roles
from synthlab.checks.table_points import Places, places_of
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.errors import is_number, is_whole, require
from synthlab.text import ngrams

#: Share of the smaller text's grams that makes a pair a copy; `emails` clusters by the same.
COPY_CONTAINMENT = 0.5
#: More grams than any two independent texts were found to share.
MIN_SHARED = 5
_SHOWN_PAIRS = 10

# The set that is searched, and the one whose rows are looked for in it and counted.
_SYNTH_EVAL = ("synth_train", "real_eval")
_TRAIN_EVAL = ("real_train", "real_eval")
_TRAIN_SYNTH = ("real_train", "synth_train")
_COMPARISONS = (_SYNTH_EVAL, _TRAIN_EVAL, _TRAIN_SYNTH)
_Comparison = tuple[str, str]
_Sets = dict[str, Dataset]
_Frames = dict[_Comparison, pd.DataFrame]


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
        distance) and, for tables, ``natural`` (share of rows that match by chance),
        ``p_exact`` and ``p`` (of as many exact matches, and of as many matches).
    about : dict
        Settings, and the ``rows`` of each set.
    """

    pairs: pd.DataFrame
    counts: pd.DataFrame
    about: dict[str, Any]

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
            n_checked = self.about["rows"][role]
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
    jitter: float = 0.01,
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
    settings |= {"min_shared": min_shared, "jitter": jitter}
    _check_settings(settings)
    sets = {"real_train": real_train, "synth_train": synth_train, "real_eval": real_eval}
    joined = _joined(sets)
    if real_train.is_text:
        frames = _compare_texts(sets, min_containment, report_from, min_shared)
        summary = _summary(sets, frames)
    else:
        frames, chances = _compare_tables(sets, joined, jitter)
        summary = _summary(sets, frames).join(pd.DataFrame(chances))
    pairs = pd.concat(frames.values(), ignore_index=True)
    about = settings | {"rows": {name: len(data) for name, data in sets.items()}}
    return ContaminationReport(pairs, summary, about)


# --- texts ---------------------------------------------------------------------------------


def _compare_texts(
    sets: _Sets, min_containment: float, report_from: float, min_shared: int
) -> _Frames:
    """Return the pairs of each comparison, strongest first."""
    indexed = ngrams.index_grams(*(data.X for data in sets.values()))
    grams = dict(zip(sets, indexed, strict=True))
    repeats = ngrams.count_twins(grams["real_train"].matrix, below=min_shared)
    frames = {}
    for comparison in _COMPARISONS:
        first, second = comparison
        found = ngrams.strongest_pairs(grams[first], grams[second], report_from, min_shared)
        is_near, is_short = found.containment >= min_containment, found.lettered < min_shared
        has_equal = np.isin(found.second, roles.overlapping_rows(sets[first], sets[second]))
        kind = np.where(is_near, "near", "partial").astype(object)
        kind[has_equal & (found.jaccard == 1)] = "exact"
        frame = _frame(comparison, sets, found.first, found.second, kind)
        chance, _ = _chance(comparison, sets, {comparison: frame[is_short]}, repeats)
        frames[comparison] = frame.assign(
            containment=found.containment,
            shared=found.shared,
            # Short texts recur by chance, too; only more of them than that are copies.
            is_copy=np.where(is_short, chance < roles.OVERLAP_P, is_near),
        )
    return frames


# --- tables --------------------------------------------------------------------------------


def _compare_tables(sets: _Sets, table: pd.DataFrame, jitter: float) -> tuple[_Frames, list[dict]]:
    """Return the pairs of each comparison, nearest first, and their probabilities by chance."""
    places, radius = places_of(sets, table, jitter)
    frames = {c: _table_pairs(c, sets, places, radius) for c in _COMPARISONS}
    exact = {c: frame[frame["kind"] == "exact"] for c, frame in frames.items()}
    chances = []
    for comparison, frame in frames.items():
        # Generators fill the gaps between whole numbers: an age of 22.7 is near 22 and 23.
        reach = radius if comparison == _TRAIN_EVAL else 2 * radius
        exact_repeats, repeats = _repeats(places["real_train"], reach)
        p_exact, _ = _chance(comparison, sets, exact, exact_repeats)
        p, natural = _chance(comparison, sets, frames, repeats)
        too_many_exact = (frame["kind"] == "exact") & (p_exact < roles.OVERLAP_P)
        frame["is_copy"] = too_many_exact | (p < roles.OVERLAP_P)
        chances.append({"natural": natural, "p_exact": p_exact, "p": p})
    return frames, chances


def _table_pairs(
    comparison: _Comparison, sets: _Sets, places: dict[str, Places], radius: float
) -> pd.DataFrame:
    """Pair every row of either set with the nearest one of the other."""
    first, second = (places[name] for name in comparison)
    there = _nearest(first, second, radius, names=["first", "second"])
    back = _nearest(second, first, radius, names=["second", "first"])
    found = pd.concat([there, back]).drop_duplicates(["first", "second"])
    found = found.sort_values(["distance", "first", "second"], ignore_index=True)
    kind = np.where(found["distance"] == 0, "exact", "near")
    frame = _frame(comparison, sets, found["first"], found["second"], kind)
    return frame.assign(distance=found["distance"])


def _nearest(rows: Places, others: Places, radius: float, names: list[str]) -> pd.DataFrame:
    """Return the rows that have a match, the nearest one of each, and its distance."""
    distance, at = others.tree.query(rows.points, distance_upper_bound=radius)
    row = np.flatnonzero(np.isfinite(distance))
    here, there = names
    return pd.DataFrame({here: row, there: others.row_at[at[row]], "distance": distance[row]})


def _repeats(places: Places, radius: float) -> tuple[int, int]:
    """Count the rows with an exact match in their own set, and with any match there."""
    is_repeat = pd.DataFrame(places.points).duplicated(keep=False).to_numpy()
    next_place = places.tree.query(places.points, k=2, distance_upper_bound=radius)[0][:, 1]
    return int(is_repeat.sum()), int((is_repeat | np.isfinite(next_place)).sum())


# --- chance, frames, checks ----------------------------------------------------------------


def _chance(
    comparison: _Comparison, sets: _Sets, frames: _Frames, repeats: int
) -> tuple[float, float]:
    """Return the p-value of as many matches by chance, and the share expected by chance.

    A row of real_train matches another one there as often as a new row does; a larger set gives
    more chances, at most in proportion.  Matches come in pairs at least, so they count as half as
    many trials.  Two more bounds hold for a generator that never saw eval: it matches eval rows no
    more often than real_train; and where it repeats common rows too often, it matches eval rows
    that real_train holds as well, which are not counted.
    """
    searched, counted = (len(sets[name]) for name in comparison)
    n_train = len(sets["real_train"])
    scaled = min(1.0, repeats / n_train * max(1.0, searched / n_train))
    natural = [(round(scaled * n_train / 2), max(1, n_train // 2))]
    matched = set(frames[comparison]["second_row"])
    if comparison == _SYNTH_EVAL and len(frames) > 1:
        natural.append((frames[_TRAIN_SYNTH]["first_row"].nunique(), n_train))
        matched -= set(frames[_TRAIN_EVAL]["second_row"])
    hits = len(matched)
    tails = [hypergeom.sf(hits - 1, n + counted, m + hits, counted) for m, n in natural]
    p = len(tails) * float(min(tails))  # Bonferroni
    return min(1.0, p), min(m / n for m, n in natural)


def _frame(
    comparison: _Comparison, sets: _Sets, first: np.ndarray, second: np.ndarray, kind: np.ndarray
) -> pd.DataFrame:
    """Name the sets, rows and ids of pairs."""
    columns: dict[str, Any] = dict(zip(("first", "second"), comparison, strict=True))
    for side, rows in (("first", first), ("second", second)):
        ids = sets[columns[side]].ids
        columns[f"{side}_row"] = rows
        columns[f"{side}_id"] = np.full(len(rows), None) if ids is None else ids[rows]
    return pd.DataFrame(columns | {"kind": kind})


def _summary(sets: _Sets, frames: _Frames) -> pd.DataFrame:
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


def _joined(sets: _Sets) -> pd.Series | pd.DataFrame:
    """Lay the features of the sets end to end, after checking that they can be compared."""
    for data in sets.values():
        offender = f"{data.name} is empty"
        require(len(data) > 0, offender, "rows", "Nothing can be compared.", "Pass some.")
    roles.require_origin(sets["real_eval"], REAL, "is an eval set")
    roles.require_origin(sets["real_train"], REAL, "is the control's training set")
    roles.require_origin(sets["synth_train"], SYNTHETIC, "is the synthetic training set")
    train, synth, held_out = (data.replace(ids=None) for data in sets.values())
    joined = (train + synth + held_out).X  # refuses sets of different kinds or columns
    if isinstance(joined, pd.Series):
        return joined
    return pd.DataFrame(joined).infer_objects()


def _check_settings(settings: dict[str, Any]) -> None:
    most = settings["min_containment"]
    ranges = {"min_containment": (1, "1"), "report_from": (most, "min_containment")}
    for name, (high, up_to) in ranges.items():
        is_share = is_number(settings[name], 0, high) and settings[name] > 0
        require(is_share, f"{name}={settings[name]}", f"above 0 and up to {up_to}")
    shared, jitter = settings["min_shared"], settings["jitter"]
    require(is_whole(shared, 1), f"min_shared={shared}", "a whole number, 1 or more")
    require(is_number(jitter, 0) and jitter > 0, f"jitter={jitter}", "a number above 0")
