"""Pairs of rows of two sets that match, exactly or nearly: what a contamination report lists.

Real training rows with evaluation rows, and synthetic rows with training rows, match by nature as
often as training rows match each other.  Matches count as copies if there are more than that
explains (Fisher's exact test, one-sided, p < 0.001); all of them are marked then, because those by
chance cannot be told from the others.  Synthetic rows with evaluation rows: see `leaks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from synthlab.checks import roles
from synthlab.checks.leaks import leaks_among
from synthlab.checks.table_points import Points, Space
from synthlab.dataset import Dataset
from synthlab.text import ngrams

# The set that is searched, and the one whose rows are looked for in it and counted.
SYNTH_EVAL = ("synth_train", "real_eval")
TRAIN_EVAL = ("real_train", "real_eval")
TRAIN_SYNTH = ("real_train", "synth_train")
COMPARISONS = (SYNTH_EVAL, TRAIN_EVAL, TRAIN_SYNTH)
Comparison = tuple[str, str]
Sets = Mapping[str, Dataset]
Frames = dict[Comparison, pd.DataFrame]


def compare_texts(
    sets: Sets, min_containment: float, report_from: float, min_shared: int
) -> Frames:
    """Return the pairs of texts of each comparison, strongest first.

    Parameters
    ----------
    sets : mapping of str to Dataset
        *real_train*, *synth_train* and *real_eval*.
    min_containment, report_from, min_shared
        See `contamination.check_contamination`.
    """
    indexed = ngrams.index_grams(*(data.X for data in sets.values()))
    grams = dict(zip(sets, indexed, strict=True))
    repeats = ngrams.count_twins(grams["real_train"].matrix, below=min_shared)
    frames = {}
    for comparison in COMPARISONS:
        first, second = comparison
        found = ngrams.strongest_pairs(grams[first], grams[second], report_from, min_shared)
        is_near, is_short = found.containment >= min_containment, found.lettered < min_shared
        has_equal = np.isin(found.second, roles.overlapping_rows(sets[first], sets[second]))
        kind = np.where(is_near, "near", "partial").astype(object)
        kind[has_equal & (found.jaccard == 1)] = "exact"
        # Short texts recur by chance, too; only more of them than that are copies.
        n_short = len(np.unique(found.second[is_short]))
        p, _ = _chance(comparison, sets, n_short, repeats)
        frames[comparison] = _frame(comparison, sets, found.first, found.second, kind).assign(
            containment=found.containment,
            shared=found.shared,
            is_copy=np.where(is_short, p < roles.OVERLAP_P, is_near),
        )
    return frames


def compare_tables(
    sets: Sets, jitter: float, random_state: int
) -> tuple[Frames, list[dict[str, float]]]:
    """Return the pairs of table rows of each comparison, nearest first, and what chance gives.

    Parameters
    ----------
    sets : mapping of str to Dataset
        *real_train*, *synth_train* and *real_eval*.
    jitter, random_state
        See `contamination.check_contamination`.

    Returns
    -------
    frames : dict
    chances : list of dict
        For each comparison ``natural``, ``p_exact`` and ``p``.
    """
    real = [sets["real_train"].X, sets["real_eval"].X]
    space = Space.of(real, [sets["synth_train"].X], jitter)
    points = {name: space.points(data.X) for name, data in sets.items()}
    frames = {c: _table_pairs(c, sets, points, space.radius) for c in COMPARISONS}
    leaks = leaks_among(space, sets["real_train"], *points.values(), random_state=random_state)
    leak = frames[SYNTH_EVAL]
    leak["is_copy"] = np.isin(leak["first_row"], leaks.synth_rows)
    leak["is_copy"] |= np.isin(leak["second_row"], leaks.eval_rows)
    chances = [{"natural": leaks.baseline_share, "p_exact": np.nan, "p": leaks.p_value}]
    return frames, chances + [
        _mark_by_chance(c, sets, frames[c], points["real_train"], space.radius)
        for c in (TRAIN_EVAL, TRAIN_SYNTH)
    ]


def _mark_by_chance(
    comparison: Comparison, sets: Sets, frame: pd.DataFrame, train: Points, radius: float
) -> dict[str, float]:
    """Mark the copies of a comparison with real_train, and return what chance gives."""
    is_exact = frame["kind"] == "exact"
    # Generators fill the gaps between whole numbers: an age of 22.7 is near 22 and 23.
    reach = radius if comparison == TRAIN_EVAL else 2 * radius
    repeats = int(train.is_repeat.sum()), int(train.has_neighbor(reach).sum())
    p_exact, _ = _chance(comparison, sets, frame.loc[is_exact, "second_row"].nunique(), repeats[0])
    p, natural = _chance(comparison, sets, frame["second_row"].nunique(), repeats[1])
    frame["is_copy"] = is_exact & (p_exact < roles.OVERLAP_P) | (p < roles.OVERLAP_P)
    return {"natural": natural, "p_exact": p_exact, "p": p}


def _table_pairs(
    comparison: Comparison, sets: Sets, points: Mapping[str, Points], radius: float
) -> pd.DataFrame:
    """Pair every row of either set with the nearest one of the other."""
    first, second = (points[name] for name in comparison)
    there = _nearest(first, second, radius, names=["first", "second"])
    back = _nearest(second, first, radius, names=["second", "first"])
    found = pd.concat([there, back]).drop_duplicates(["first", "second"])
    found = found.sort_values(["distance", "first", "second"], ignore_index=True)
    kind = np.where(found["distance"] == 0, "exact", "near")
    frame = _frame(comparison, sets, found["first"], found["second"], kind)
    return frame.assign(distance=found["distance"])


def _nearest(rows: Points, others: Points, radius: float, names: list[str]) -> pd.DataFrame:
    """Return the rows that have a match, the nearest one of each, and its distance."""
    distance, at = others.tree.query(rows.places, distance_upper_bound=radius)
    row = np.flatnonzero(np.isfinite(distance))
    here, there = names
    return pd.DataFrame({here: row, there: others.distinct[at[row]], "distance": distance[row]})


def _chance(
    comparison: Comparison, sets: Sets, n_matched: int, repeats: int
) -> tuple[float, float]:
    """Return the p-value of as many matched rows by chance, and the share expected by chance.

    A row of real_train matches another one there as often as a new row does; a larger set gives
    more chances, at most in proportion.  Matches come in pairs at least, so they count as half as
    many trials.
    """
    searched, counted = (len(sets[name]) for name in comparison)
    n_train = len(sets["real_train"])
    share = min(1.0, repeats / n_train * max(1.0, searched / n_train))
    trials, natural = max(1, n_train // 2), round(share * n_train / 2)
    p = hypergeom.sf(n_matched - 1, trials + counted, natural + n_matched, counted)
    return float(p), natural / trials


def _frame(
    comparison: Comparison, sets: Sets, first: np.ndarray, second: np.ndarray, kind: np.ndarray
) -> pd.DataFrame:
    """Name the sets, rows and ids of pairs."""
    columns: dict[str, Any] = dict(zip(("first", "second"), comparison, strict=True))
    for side, rows in (("first", first), ("second", second)):
        ids = sets[columns[side]].ids
        columns[f"{side}_row"] = rows
        columns[f"{side}_id"] = np.full(len(rows), None) if ids is None else ids[rows]
    return pd.DataFrame(columns | {"kind": kind})
