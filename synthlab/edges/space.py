"""The space in which rows are near or far: made from some rows, it places any others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.metrics.pairwise import euclidean_distances

from synthlab.checks import fidelity
from synthlab.dataset import Dataset, Features
from synthlab.errors import InputError
from synthlab.generators.tables import numbers_of

#: Distances that are held in memory at a time: 64 MB of them.
_AT_ONCE = 8_000_000
_MOST_LEVELS = 1_000
_GAP = "\0"  # the level of a missing value
Matrix = np.ndarray | sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Space:
    """Made by `space_of`; see there.

    Attributes
    ----------
    place : callable
        Features of the rows' kind → matrix of shape (n_rows, n_dimensions).
    is_text : bool
    name : str
        Of the rows that it was made from.
    """

    place: Callable[[Features], Matrix]
    is_text: bool
    name: str

    def positions(self, rows: Dataset) -> Matrix:
        """Return where rows lie, shape (n_rows, n_dimensions).

        Raises
        ------
        InputError
            There are none, or they are of another kind.
        """
        if not len(rows):
            raise InputError(f"{rows.name} has no rows, so nothing can be located. Hand in some.")
        if rows.is_text != self.is_text:
            kinds = {True: "texts", False: "a table"}
            raise InputError(
                f"{rows.name} holds {kinds[rows.is_text]}, {self.name} {kinds[self.is_text]}; "
                f"expected the same kind. No distance lies between them. Hand in rows of one kind."
            )
        return self.place(rows.X)


def space_of(rows: Dataset) -> Space:
    """Make a space from rows; their labels are not looked at.

    Parameters
    ----------
    rows : Dataset
        Texts, a table or an array, of any origin.

    Returns
    -------
    Space
        *Texts* are TF-IDF vectors of length 1, weighted by ``rows``.  A *table* keeps every
        column on one scale: two rows drawn at random differ by 2 in a column of numbers (squared,
        on average), and rows of different categories by 2 in theirs.  A missing value is a
        category of its own, and so is any level that ``rows`` never show: they are far, not near.

    Raises
    ------
    InputError
        There are no rows (of texts, too few), a number is infinite, or a column has so many
        levels that it looks like an id.
    """
    if not len(rows):
        raise InputError(f"{rows.name} has no rows, so no space can be made. Hand in some.")
    place = fidelity.lens_of(rows).view if rows.is_text else _table_view(rows.X, rows.name)
    return Space(place, rows.is_text, rows.name)


def distance_blocks(some: Matrix, others: Matrix) -> Iterator[np.ndarray]:
    """Yield the distances of a few rows to all others, block by block, in order.

    Parameters
    ----------
    some, others : matrix of shape (n_some, n_dimensions), (n_others, n_dimensions)

    Yields
    ------
    ndarray of shape (n_rows of the block, n_others)
        Euclidean for tables; for texts 1 − cosine, from 0 to 1.
    """
    step = max(1, _AT_ONCE // others.shape[0])
    turned = others.T.tocsr() if sparse.issparse(others) else None
    for start in range(0, some.shape[0], step):
        block = some[start : start + step]
        if turned is None:
            yield euclidean_distances(block, others)
        else:
            yield np.maximum(1 - (block @ turned).toarray(), 0)


def neighbor_distances(some: Matrix, others: Matrix, k: int) -> np.ndarray:
    """Return how far the k-th nearest of the others is from each row, shape (n_some,); k ≥ 1."""
    blocks = distance_blocks(some, others)
    return np.concatenate([np.partition(block, k - 1, axis=1)[:, k - 1] for block in blocks])


def _table_view(X: Features, name: str) -> Callable[[Features], np.ndarray]:
    frame = pd.DataFrame(X)
    views = {column: _column_view(frame[column], name) for column in frame}

    def place(rows: Features) -> np.ndarray:
        found = pd.DataFrame(rows)
        missing = [column for column in views if column not in found]
        if missing:
            raise InputError(
                f"rows lack {len(missing)} column(s) of {name} (first: {missing[0]!r}). Their "
                f"place can't be told. Hand in the same columns."
            )
        return np.hstack([view(found[column]) for column, view in views.items()])

    return place


def _column_view(values: pd.Series, name: str) -> Callable[[pd.Series], np.ndarray]:
    as_numbers = _reader_of_numbers(values.dtype, name)
    return _levels_view(values, name) if as_numbers is None else _numbers_view(values, as_numbers)


def _reader_of_numbers(dtype: np.dtype, name: str) -> Callable[[pd.Series], np.ndarray] | None:
    if dtype.kind in "mM":
        return lambda values: values.astype("int64").where(values.notna()).to_numpy(float)
    if dtype.kind in "iuf":
        return lambda values: numbers_of(values, name)
    return None


def _numbers_view(
    values: pd.Series, as_numbers: Callable[[pd.Series], np.ndarray]
) -> Callable[[pd.Series], np.ndarray]:
    known = as_numbers(values)
    known = known[~np.isnan(known)]
    mean, spread = (known.mean(), known.std()) if len(known) else (0.0, 1.0)
    spread = spread if spread > 0 else 1.0

    def view(found: pd.Series) -> np.ndarray:
        numbers = as_numbers(found)
        is_gap = np.isnan(numbers)
        return np.column_stack([np.where(is_gap, 0.0, (numbers - mean) / spread), is_gap])

    return view


def _levels_view(values: pd.Series, name: str) -> Callable[[pd.Series], np.ndarray]:
    levels = pd.Index(_level_names(values).unique())
    if len(levels) > _MOST_LEVELS:
        raise InputError(
            f"column {values.name!r} of {name} has {len(levels):,} different values; expected "
            f"{_MOST_LEVELS:,} or fewer, or numbers. It looks like an id, by which every row is "
            f"far from all others. Drop it, or group its values."
        )
    eye = np.eye(len(levels) + 1)  # the last row, which -1 finds, is that of unseen levels
    return lambda found: eye[levels.get_indexer(_level_names(found))]


def _level_names(values: pd.Series) -> pd.Series:
    return values.astype(object).map(str).where(values.notna(), _GAP)
