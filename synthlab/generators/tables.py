"""Tables as generators see them: columns by position, categories as numbers, dtypes kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset, Features
from synthlab.errors import require
from synthlab.generators.base import Generator


@dataclass(frozen=True, eq=False)
class Coded:
    """A table without missing values as numbers; a category is the number of its level.

    Attributes
    ----------
    numbers : ndarray of float, shape (n_rows, n_columns)
    levels : tuple of pandas.Series
        The distinct values of each category, in order of appearance; empty for a column of
        numbers, whose dtype it keeps.
    form : pandas.DataFrame or numpy.ndarray
        No rows, of the kind that `features` returns.
    """

    numbers: np.ndarray
    levels: tuple[pd.Series, ...]
    form: Features

    @classmethod
    def of(cls, rows: Dataset, generator: Generator) -> Coded:
        """Raise `InputError` where a value is missing, infinite or not hashable, such as a list."""
        columns = columns_of(rows.X)
        _refuse_gaps(columns, rows.name, type(generator).__name__)
        coded = [_coded(column, rows.name) for column in columns]
        numbers = np.column_stack([codes for codes, _ in coded]).astype(float)
        return cls(numbers, tuple(levels for _, levels in coded), rows.X[:0])

    @property
    def is_number(self) -> np.ndarray:
        """Which columns hold numbers, shape (n_columns,)."""
        return np.array([is_numeric(levels) for levels in self.levels])

    def features(self, numbers: np.ndarray) -> Features:
        """Return other rows in the table's own dtypes; integers are rounded."""
        columns = [_decoded(numbers[:, at], levels) for at, levels in enumerate(self.levels)]
        return as_features(columns, self.form)


def columns_of(X: Features) -> list[pd.Series]:
    """Return the columns of a table, or of an array, by position."""
    frame = pd.DataFrame(X)
    return [frame.iloc[:, position] for position in range(frame.shape[1])]


def as_features(columns: Iterable[pd.Series], form: Features) -> Features:
    """Join columns of equal length to a table or an array such as ``form``."""
    X = pd.DataFrame(dict(enumerate(columns)))
    if isinstance(form, np.ndarray):
        return X.to_numpy().astype(form.dtype)
    X.columns = form.columns
    return X


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; truth values and dates count as categories."""
    return column.dtype.kind in "iuf"


def are_whole(numbers: np.ndarray) -> bool:
    """Whether no number has a fraction; missing ones do not count."""
    return bool((np.isnan(numbers) | (numbers == np.round(numbers))).all())


def numbers_of(column: pd.Series, name: str) -> np.ndarray:
    """Return a column's numbers, nan where missing; raise `InputError` where one is infinite."""
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    n_infinite = int(np.isinf(numbers).sum())
    require(
        not n_infinite,
        f"column {column.name!r} of {name} holds {n_infinite} infinite numbers",
        "finite ones",
        "No number lies between infinity and the next one.",
        "Replace them.",
    )
    return numbers


def _coded(column: pd.Series, name: str) -> tuple[np.ndarray, pd.Series]:
    if is_numeric(column):
        return numbers_of(column, name), column[:0]
    codes, _ = pd.factorize(column)
    return codes, column.iloc[np.unique(codes, return_index=True)[1]]


def _decoded(values: np.ndarray, levels: pd.Series) -> pd.Series:
    if not is_numeric(levels):
        return pd.Series(levels.array.take(values.astype(int)), dtype=levels.dtype)
    is_integer = levels.dtype.kind in "iu"
    return pd.Series(np.rint(values) if is_integer else values).astype(levels.dtype)


def _refuse_gaps(columns: list[pd.Series], name: str, generator: str) -> None:
    missing = {column.name: int(column.isna().sum()) for column in columns}
    gaps = {column: n for column, n in missing.items() if n}
    column, n = next(iter(gaps.items()), (None, 0))
    require(
        not gaps,
        f"{generator}: {len(gaps)} columns of {name} have missing values (first: {column!r}, {n} "
        f"of {len(columns[0])})",
        "none",
        "Without a value no distance to another row is defined.",
        "Fill them in (scikit-learn's SimpleImputer, fitted on training rows), or choose "
        "GaussianCopula, Perturb or OverSample, which keep missing values.",
    )
