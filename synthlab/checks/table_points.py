"""Table rows as points, so that equal and nearly equal rows are found fast.

A row's *group* is what it holds besides finite numbers: its categories, and where it has gaps.
Rows match if they are of one group and their numbers, in standard deviations of the real rows, lie
within a radius of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.spatial import cKDTree
from scipy.stats import chi2

from synthlab.dataset import Features

#: Of rows that differ by noise of size jitter alone, the share that matches.
_FOUND_SHARE = 0.999
#: Equal rows are nearer than that, which squared is still a number.
_EQUAL = 1e-100


class Points:
    """Rows as points of one `Space`.

    Attributes
    ----------
    places : ndarray of shape (n_rows, 1 + n_numbers)
        The first coordinate keeps groups apart; groups that no real row has share one place.
    """

    def __init__(self, places: np.ndarray, key: np.ndarray) -> None:
        self.places, self._key = places, key

    def __len__(self) -> int:
        return len(self.places)

    def take(self, rows: np.ndarray) -> Points:
        """Return some of the rows."""
        return Points(self.places[rows], self._key[rows])

    @cached_property
    def distinct(self) -> np.ndarray:
        """The first row of every kind, in order, shape (n_distinct,)."""
        return np.flatnonzero(~self._repeats("first"))

    def apart(self, part: np.ndarray) -> Points:
        """Return the same rows, of which only those of one part can be equal."""
        return Points(self.places, self._key + part.astype(np.uint64))

    @property
    def is_repeat(self) -> np.ndarray:
        """Whether a row equals another one, shape (n_rows,)."""
        return self._repeats(False)

    @cached_property
    def tree(self) -> cKDTree:
        """A tree of the distinct rows: thousands of equal points would make it slow."""
        return cKDTree(self.places[self.distinct])

    def distance_to(self, others: Points, reach: float) -> np.ndarray:
        """Return the distance to the nearest of other rows, shape (n_rows,); inf beyond reach."""
        return others.tree.query(self.places, distance_upper_bound=reach)[0]

    def has_neighbor(self, reach: float) -> np.ndarray:
        """Whether another row is equal or within reach, shape (n_rows,)."""
        next_place = self.tree.query(self.places, k=2, distance_upper_bound=reach)[0][:, 1]
        return self.is_repeat | np.isfinite(next_place)

    def equals_one_of(self, others: Points) -> np.ndarray:
        """Whether a row equals one of other rows, shape (n_rows,)."""
        return np.isfinite(self.distance_to(others, _EQUAL))

    def _repeats(self, keep: str | bool) -> np.ndarray:
        table = pd.DataFrame(self.places).assign(key=self._key)
        return table.duplicated(keep=keep).to_numpy()


class Space(NamedTuple):
    """What puts rows of several data sets in one space.

    Attributes
    ----------
    columns : pandas.Index
        In the order that the points have.
    numbers : list of int
        Positions of the columns that hold numbers in every data set.
    spread : ndarray of shape (n_numbers,)
        Standard deviations of the real rows; 1 where a column is constant.
    radius : float
        Within which rows match: 99.9 % of rows do that differ by noise of size jitter alone.
    groups : pandas.Index
        Hashes of the real rows' groups.
    """

    columns: pd.Index
    numbers: list[int]
    spread: np.ndarray
    radius: float
    groups: pd.Index

    @classmethod
    def of(cls, real: Iterable[Features], others: Iterable[Features], jitter: float) -> Space:
        """Lay out a space for tables of the same columns, real ones and others."""
        real, others = ([_frame(X) for X in part] for part in (real, others))
        columns = real[0].columns
        frames = [frame[columns] for frame in (*real, *others)]
        numeric = [
            at
            for at in range(len(columns))
            if all(is_numeric_dtype(frame.dtypes.iloc[at]) for frame in frames)
        ]
        values = np.concatenate([_floats(frame, numeric) for frame in frames[: len(real)]])
        known = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
        largest = known.abs().max().replace(0, 1)  # whose square may be no number
        spread = ((known / largest).std(ddof=0) * largest).to_numpy()
        radius = jitter * np.sqrt(chi2.ppf(_FOUND_SHARE, max(1, len(numeric))))
        hashes = np.concatenate([_group_hashes(frame, numeric) for frame in frames[: len(real)]])
        spread = np.where(spread > 0, spread, 1.0)
        return cls(columns, numeric, spread, float(radius), pd.Index(pd.unique(hashes)))

    def points(self, X: Features) -> Points:
        """Return rows as points."""
        frame = _frame(X)[self.columns]
        values = _floats(frame, self.numbers)
        scaled = np.where(np.isfinite(values), values, 0.0) / self.spread
        key = _group_hashes(frame, self.numbers)
        group = self.groups.get_indexer(key)
        return Points(np.column_stack([4 * self.radius * group, scaled]) + 0.0, key)  # no minus 0


def _frame(X: Features) -> pd.DataFrame:
    return pd.DataFrame(X).infer_objects()


def _floats(frame: pd.DataFrame, numbers: list[int]) -> np.ndarray:
    return frame.iloc[:, numbers].to_numpy(dtype=float, na_value=np.nan)


def _group_hashes(frame: pd.DataFrame, numbers: list[int]) -> np.ndarray:
    """Hash categories and gaps: missing matches missing, as a category of its own."""
    values = _floats(frame, numbers)
    gaps = np.select([np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3], 0)
    others = sorted(set(range(frame.shape[1])) - set(numbers))
    parts = [*gaps.T, *(_hashed(frame.iloc[:, at]) for at in others)]
    if not parts:
        return np.zeros(len(frame), dtype=np.uint64)
    return pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate(parts))), index=False).to_numpy()


def _hashed(column: pd.Series) -> np.ndarray:
    """Hash a column of categories; each distinct one is turned into text only once."""
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    codes, levels = pd.factorize(column if is_category else column.astype(str))
    texts = np.array([*map(str, levels), ""], dtype=object)
    return np.where(column.isna(), 0, pd.util.hash_array(texts, categorize=False)[codes])
