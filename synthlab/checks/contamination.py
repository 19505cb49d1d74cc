r"""Copies across the line: rows of one set that also stand, exactly or nearly, in another.

Three comparisons: synthetic rows against eval, real training rows against eval, and synthetic
rows against real_train.  Copies in the first two spoil a score; in the third they tell that the
generator repeats what it was shown, or what it had read before.

**Texts**: containment of word 5-grams (see `ngrams`).  A pair is a copy from ``least`` on, the
containment by which `emails.load_email` groups the messages that it never splits.  Weaker
echoes are listed and count for nothing.  Of 45,288 e-mails of a small language model and nearly
5,900 real ones, no pair shares more than 4 grams, runs of numbers aside, so 5 are asked for;
shorter texts are judged by their number, as table rows are.

**Tables**: rows match when their categorical values are equal and their d numbers, in standard
deviations of the real rows, lie within :math:`\text{jitter}\sqrt{\chi^2_{0.999}(d)}` of each other,
as 99.9 % do after Gaussian noise of size ``jitter`` on every number.  Rows match by nature, too,
as often as a row of real_train matches another there.  Matches are copies where there are more
than that explains (Fisher's exact test, one-sided, p < 0.001); all are marked then, since nobody
can tell which of them nature made.  Where most rows match by nature, no copy can be told.

References
----------
Broder (1997), On the resemblance and containment of documents, doi:10.1109/SEQUEN.1997.666900.
Giomi et al. (2023), A unified framework for quantifying privacy risk in synthetic data,
doi:10.56553/popets-2023-0055: attack, control and baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.spatial import cKDTree
from scipy.stats import chi2, hypergeom

from synthlab.checks import roles
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.errors import InputError
from synthlab.text import ngrams

#: Share of the smaller text's grams that makes a pair a copy; `corpora` clusters by the same.
COPY_CONTAINMENT = 0.5
#: So many grams no two independent texts were seen to share.
MIN_SHARED = 5
_FOUND_SHARE = 0.999
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
    """Which rows stand on both sides.  Holds positions and ids of rows, never their content.

    Attributes
    ----------
    pairs : pandas.DataFrame
        Every row that matches one of another set, with its strongest match there, by
        comparison and degree.  Columns ``first``, ``second`` (the sets), ``first_row``,
        ``second_row`` (positions), ``first_id``, ``second_id``, ``kind`` (*exact*: but for
        case and white space; *near*; *echo*: weaker, text only), the degree, that is
        ``containment`` and ``shared`` (grams) of texts or ``distance`` (in standard
        deviations) of table rows, and ``is_copy``.
    counts : pandas.DataFrame
        A line a comparison: ``first``, ``second``, ``rows`` (of the second set, which are
        counted), ``exact``, ``near``, ``echo`` (rows by their strongest match), ``copies``
        (rows flagged), ``share`` (copies / rows), ``worst`` (greatest containment, or least
        distance) and, for tables, ``natural`` (share of rows that match by nature),
        ``p_exact`` and ``p`` (of so many exact matches, of so many in all).
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
        """Positions of the eval rows that have a copy in a training set, real or synthetic."""
        return self._copies("second_row", second="real_eval")

    @property
    def leaked_synth_rows(self) -> np.ndarray:
        """Positions of the synthetic rows that copy an eval row."""
        return self._copies("first_row", first="synth_train", second="real_eval")

    def without_leaks(self, synth_train: Dataset, real_eval: Dataset) -> tuple[Dataset, Dataset]:
        """Take the leaks out, so that a lift can be measured again.

        Synthetic rows that copy an eval row go, and eval rows that have a copy in real_train.
        An eval row that only synthetic rows copied stays: it is clean again.

        Raises
        ------
        InputError
            These are not the sets that were checked.
        """
        for role, data in (("synth_train", synth_train), ("real_eval", real_eval)):
            if len(data) != self.about["rows"][role]:
                raise InputError(
                    f"{data.name} has {len(data):,} rows; the {role} that was checked had "
                    f"{self.about['rows'][role]:,}. The wrong rows would be dropped. Hand in "
                    f"the sets that check_contamination was given."
                )
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
    least: float = COPY_CONTAINMENT,
    report_from: float = 0.1,
    min_shared: int = MIN_SHARED,
    jitter: float = 0.01,
) -> ContaminationReport:
    """Look for rows of eval in the training sets, and for rows of real_train in the synthetic.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        All texts, or all tables of the same columns.  Labels are not compared; ids and lineage
        are checked by `roles.check_roles`.
    least : float in (0, 1], default 0.5
        Texts: containment from which a pair is a copy.
    report_from : float in (0, least], default 0.1
        Texts: containment from which a weaker echo is listed.
    min_shared : int ≥ 1, default 5
        Texts: grams that a pair must share.
    jitter : float > 0, default 0.01
        Tables: noise on a copy's numbers that is seen through, in standard deviations.

    Returns
    -------
    ContaminationReport

    Raises
    ------
    ContaminationError
        A synthetic row stands in a real set, or a real one in the synthetic.
    InputError
        A set is empty, the sets differ in kind or columns, or a setting is out of range.
    """
    settings = {
        "least": least,
        "report_from": report_from,
        "min_shared": min_shared,
        "jitter": jitter,
    }
    _check_settings(**settings)
    sets = {"real_train": real_train, "synth_train": synth_train, "real_eval": real_eval}
    joined = _joined(sets)
    if real_train.is_text:
        frames = _compare_texts(sets, least, report_from, min_shared)
        summary = _summary(sets, frames)
    else:
        frames, chances = _compare_tables(sets, joined, jitter)
        summary = _summary(sets, frames).join(pd.DataFrame(chances))
    pairs = pd.concat(frames.values(), ignore_index=True)
    about = settings | {"rows": {name: len(data) for name, data in sets.items()}}
    return ContaminationReport(pairs, summary, about)


# --- texts ---------------------------------------------------------------------------------


def _compare_texts(sets: _Sets, least: float, report_from: float, min_shared: int) -> _Frames:
    """Return the pairs of each comparison, strongest first."""
    indexed = ngrams.index_grams(*(data.X for data in sets.values()))
    grams = dict(zip(sets, indexed, strict=True))
    repeats = ngrams.count_twins(grams["real_train"].matrix, below=min_shared)
    frames = {}
    for comparison in _COMPARISONS:
        first, second = comparison
        found = ngrams.strongest_pairs(grams[first], grams[second], report_from, min_shared)
        is_near, is_short = found.containment >= least, found.lettered < min_shared
        has_equal = np.isin(found.second, roles.overlapping_rows(sets[first], sets[second]))
        kind = np.where(is_near, "near", "echo").astype(object)
        kind[has_equal & (found.jaccard == 1)] = "exact"
        frame = _frame(comparison, sets, found.first, found.second, kind)
        chance, _ = _chance(comparison, sets, {comparison: frame[is_short]}, repeats)
        frames[comparison] = frame.assign(
            containment=found.containment,
            shared=found.shared,
            # Short texts recur by nature, too; only more of them than that are copies.
            is_copy=np.where(is_short, chance < roles.OVERLAP_P, is_near),
        )
    return frames


# --- tables --------------------------------------------------------------------------------


class _Places(NamedTuple):
    points: np.ndarray
    tree: cKDTree
    row_at: np.ndarray  # the first row at each place of the tree


def _compare_tables(sets: _Sets, table: pd.DataFrame, jitter: float) -> tuple[_Frames, list[dict]]:
    """Return the pairs of each comparison, nearest first, and how likely nature gives them."""
    points, radius = _points(sets, table, jitter)
    parts = np.split(points, np.cumsum([len(data) for data in sets.values()])[:-1])
    places = {name: _places(part) for name, part in zip(sets, parts, strict=True)}
    frames = {c: _table_pairs(c, sets, places, radius) for c in _COMPARISONS}
    exact = {c: frame[frame["kind"] == "exact"] for c, frame in frames.items()}
    chances = []
    for comparison, frame in frames.items():
        # Generators smooth over the steps of a column: an age of 22.7 is near 22 and near 23.
        reach = radius if comparison == _TRAIN_EVAL else 2 * radius
        exact_repeats, repeats = _repeats(places["real_train"], reach)
        p_exact, _ = _chance(comparison, sets, exact, exact_repeats)
        p, natural = _chance(comparison, sets, frames, repeats)
        too_many_exact = (frame["kind"] == "exact") & (p_exact < roles.OVERLAP_P)
        frame["is_copy"] = too_many_exact | (p < roles.OVERLAP_P)
        chances.append({"natural": natural, "p_exact": p_exact, "p": p})
    return frames, chances


def _points(sets: _Sets, table: pd.DataFrame, jitter: float) -> tuple[np.ndarray, float]:
    """Return points of shape (n_rows, 1 + n_numeric), and the radius within which they match.

    The first coordinate keeps rows apart whose categorical values differ; the others are the
    numbers, in standard deviations of the real rows.
    """
    numeric = [column for column in table if is_numeric_dtype(table[column])]
    radius = jitter * np.sqrt(chi2.ppf(_FOUND_SHARE, max(1, len(numeric))))
    values = table[numeric].to_numpy(dtype=float, na_value=np.nan)
    finite = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
    is_real = np.concatenate([data.origin for data in sets.values()]) == REAL
    spread = finite[is_real].std(ddof=0).to_numpy()
    scaled = finite.fillna(0.0).to_numpy() / np.where(spread > 0, spread, 1.0)
    # What is not a finite number is a category of its own: missing matches missing.
    gaps = np.select([np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3], 0)
    keys = pd.concat([table.drop(columns=numeric).astype(str), pd.DataFrame(gaps)], axis=1)
    keys.columns = range(keys.shape[1])
    group = pd.factorize(pd.util.hash_pandas_object(keys, index=False))[0]
    return np.column_stack([4 * radius * group, scaled]) + 0.0, radius  # + 0.0: no minus zero


def _places(points: np.ndarray) -> _Places:
    # Equal rows share a place: thousands of them at one would make the tree crawl.
    row_at = np.flatnonzero(~pd.DataFrame(points).duplicated())
    return _Places(points, cKDTree(points[row_at]), row_at)


def _table_pairs(
    comparison: _Comparison, sets: _Sets, places: dict[str, _Places], radius: float
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


def _nearest(rows: _Places, others: _Places, radius: float, names: list[str]) -> pd.DataFrame:
    """Return the rows that have a match, the nearest one of each, and its distance."""
    distance, at = others.tree.query(rows.points, distance_upper_bound=radius)
    row = np.flatnonzero(np.isfinite(distance))
    here, there = names
    return pd.DataFrame({here: row, there: others.row_at[at[row]], "distance": distance[row]})


def _repeats(places: _Places, radius: float) -> tuple[int, int]:
    """Count the rows that have a twin in their own set: an exact one, one at all."""
    is_repeat = pd.DataFrame(places.points).duplicated(keep=False).to_numpy()
    next_place = places.tree.query(places.points, k=2, distance_upper_bound=radius)[0][:, 1]
    return int(is_repeat.sum()), int((is_repeat | np.isfinite(next_place)).sum())


# --- chance, frames, checks ----------------------------------------------------------------


def _chance(
    comparison: _Comparison, sets: _Sets, frames: _Frames, repeats: int
) -> tuple[float, float]:
    """Return the p-value of so many matches by nature, and the share that nature gives.

    A row of real_train finds a twin among the others there as often as a fresh row does, and
    a larger set gives more chances, at most in proportion.  Twins come in pairs at least, so
    these finds count as half as many trials.  Two more bounds hold for a generator that never
    saw eval: it hits eval no more often than real_train; and where it overdoes what is common,
    it hits eval rows that real_train holds as well, which are not counted against it.
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
        kinds = {kind: int(strongest.get(kind, 0)) for kind in ("exact", "near", "echo")}
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
        if not len(data):
            raise InputError(f"{data.name} is empty: nothing can be compared. Hand in rows.")
    roles.require_origin(sets["real_eval"], REAL, "is an eval set")
    roles.require_origin(sets["real_train"], REAL, "is the control's training set")
    roles.require_origin(sets["synth_train"], SYNTHETIC, "is the synthetic training set")
    train, synth, eval = (data.replace(ids=None) for data in sets.values())
    joined = (train + synth + eval).X  # refuses sets of different kinds or columns
    if isinstance(joined, pd.Series):
        return joined
    return pd.DataFrame(joined).infer_objects()


def _check_settings(least: float, report_from: float, min_shared: int, jitter: float) -> None:
    for name, value, is_fine, expected in (
        ("least", least, 0 < least <= 1, "above 0 and up to 1, a share of a text's grams"),
        ("report_from", report_from, 0 < report_from <= least, "above 0 and up to least"),
        ("min_shared", min_shared, min_shared >= 1, "1 or more grams"),
        ("jitter", jitter, 0 < jitter < np.inf, "above 0, in standard deviations"),
    ):
        if not is_fine:
            raise InputError(f"{name}={value}: expected {expected}.")
