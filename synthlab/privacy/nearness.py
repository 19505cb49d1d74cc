"""How near rows of mixed tables lie to each other.

The squared distance of two rows is the number of categories in which they differ, plus the squared
differences of their numbers, in standard deviations of the synthetic rows.  The label counts as one
more category.  A missing value is a level of its own: two gaps agree, a gap and a value differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset
from synthlab.generators.tables import columns_of, is_numeric, numbers_of

_PAIRS = 2**18  # distances at once: few enough for a processor's cache


class Points(NamedTuple):
    """Rows, as distances need them."""

    codes: np.ndarray  # (n_rows, n_categories) of int32
    numbers: np.ndarray  # (n_rows, n_numbers) of float32, in standard deviations

    def take(self, rows: np.ndarray) -> Points:
        """Return some rows, by position or mask."""
        return Points(self.codes[rows], self.numbers[rows])

    def distinct(self) -> tuple[Points, np.ndarray, np.ndarray]:
        """Return rows without repeats, the frequent first; how many each is; each row's place."""
        both = np.column_stack([self.codes, self.numbers])
        _, first, place, counts = np.unique(
            both, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(-counts, kind="stable")
        return self.take(first[order]), counts[order], np.argsort(order)[place]


def points_of(synthetic: Dataset, *others: Dataset, without: int | None = None) -> list[Points]:
    """Return the points of several tables, on one scale.

    Parameters
    ----------
    synthetic : Dataset
        Its standard deviations are the units of numbers: an attacker has no others.
    *others : Dataset
        Of the same columns.
    without : int, optional
        The position of a column that is left out.

    Raises
    ------
    InputError
        The tables have different columns or kinds of labels, or a number is infinite.
    """
    joined = sum((bare(rows) for rows in others), bare(synthetic))
    columns = [c for at, c in enumerate(columns_of(joined.X)) if at != without]
    amounts = [numbers_of(c, joined.name) for c in columns if is_numeric(c)]
    categories = [c for c in columns if not is_numeric(c)] + [pd.Series(joined.y)]
    gaps = [np.isnan(numbers) for numbers in amounts]
    codes = [pd.factorize(c, use_na_sentinel=False)[0] for c in categories]
    codes += [gap for gap in gaps if gap.any()]
    numbers = [_standardized(a, len(synthetic)) for a in amounts]
    whole = Points(
        np.column_stack(codes).astype(np.int32),
        np.array(numbers, dtype=np.float32).reshape(len(amounts), len(joined)).T,
    )
    ends = np.cumsum([len(synthetic), *map(len, others)])
    return [whole.take(rows) for rows in np.split(np.arange(len(joined)), ends[:-1])]


def bare(rows: Dataset) -> Dataset:
    """Return the rows without ids and lineage, so that the same person may be in two tables."""
    return Dataset(rows.X, rows.y, rows.origin, rows.name)


def nearest(points: Points, others: Points) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of each point to the nearest other, and which one that is.

    Returns
    -------
    distance : ndarray of float, shape (n_points,)
    place : ndarray of int, shape (n_points,)
        The first, where several are as near.
    """
    distance, place = np.empty(len(points.codes)), np.empty(len(points.codes), dtype=int)
    for at, squares in _squares(points, others):
        place[at] = squares.argmin(axis=1)
        distance[at] = np.sqrt(squares.min(axis=1))
    return distance, place


def soft_count(points: Points, others: Points, counts: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return how many others lie at each point: an equal one counts 1, a far one 0.

    Parameters
    ----------
    points, others : Points
    counts : ndarray of shape (n_others,)
        How many rows each of the others stands for.
    bandwidth : float > 0
        One at a distance d counts exp(−d² / 2 bandwidth²).

    Returns
    -------
    ndarray of float, shape (n_points,)
    """
    found = np.empty(len(points.codes))
    weights = counts.astype(np.float32)
    for at, squares in _squares(points, others):
        squares /= -2 * bandwidth**2
        found[at] = np.exp(squares, out=squares) @ weights
    return found


def _standardized(numbers: np.ndarray, n_synthetic: int) -> np.ndarray:
    """Return numbers in the first rows' standard units; 0 where missing."""
    known = numbers[:n_synthetic][~np.isnan(numbers[:n_synthetic])]
    if not len(known):
        return np.nan_to_num(numbers)
    return np.nan_to_num((numbers - known.mean()) / (known.std() or 1.0))


def _squares(points: Points, others: Points) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield squared distances of some points to all others, shape (n_some, n_others)."""
    kind = np.int16 if max(p.codes.max() for p in (points, others)) < 2**15 else np.int32
    mine, theirs = (np.ascontiguousarray(p.codes.T, dtype=kind) for p in (points, others))
    amounts = np.ascontiguousarray(others.numbers.T)
    step = max(1, _PAIRS // len(others.codes))
    for start in range(0, len(points.codes), step):
        at = slice(start, start + step)
        differing = np.zeros((len(points.codes[at]), len(others.codes)), dtype=np.uint16)
        for one, other in zip(mine[:, at], theirs, strict=True):
            differing += one[:, None] != other
        squares = differing.astype(np.float32)
        for one, other in zip(points.numbers[at].T, amounts, strict=True):
            gap = one[:, None] - other
            squares += np.multiply(gap, gap, out=gap)
        yield at, squares
