"""What every generator of the package has in common: fit on rows, then sample others."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset, Features
from synthlab.errors import InputError


class Sampler(Protocol):
    """A fitted generator."""

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Return n rows of origin synthetic, of one label if it is given.

        Without a label, labels are drawn by their shares among the rows that were fitted.
        """
        ...


class Generator(Protocol):
    """The parameters of a generator; fitting changes nothing of it."""

    def fit(self, rows: Dataset, rng: np.random.Generator) -> Sampler:
        """Learn from rows of any origin; return what can sample."""
        ...


def draw(
    generator: Generator, rows: Dataset, n: int, rng: np.random.Generator, label: Any = None
) -> Dataset:
    """Fit a copy of a generator, sample from it, and check what it returned."""
    made = deepcopy(generator).fit(rows, rng).sample(n, rng, label)
    if len(made) != n:
        raise InputError(f"{type(generator).__name__} returned {len(made)} rows of {n}.")
    return made


def check_fit(rows: Dataset, generator: Generator, *, is_text: bool | None) -> None:
    """Raise `InputError` unless there are rows, and of the kind that a generator can learn.

    With ``is_text=None`` it can learn both kinds.
    """
    name = type(generator).__name__
    if not len(rows):
        raise InputError(
            f"{name}: {rows.name} has no rows; expected one or more. Nothing can be learned. Hand "
            f"in some."
        )
    if is_text is not None and rows.is_text != is_text:
        kinds = {True: "texts", False: "a table"}
        raise InputError(
            f"{name}: {rows.name} holds {kinds[rows.is_text]}; expected {kinds[is_text]}. It could "
            f"not be learned. Choose a generator for {kinds[rows.is_text]}."
        )


def draw_labels(
    classes: np.ndarray, shares: np.ndarray, n: int, rng: np.random.Generator, label: Any = None
) -> np.ndarray:
    """Return n labels: drawn by their shares, or all the one that is asked for.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    shares : ndarray of shape (n_classes,)
        Summing to 1.
    n : int ≥ 1
    rng : numpy.random.Generator
    label : optional
        One of the classes.

    Raises
    ------
    InputError
        ``n`` is not positive, or ``label`` is none of the classes.
    """
    check_draw(n, classes, label)
    if label is None:
        return rng.choice(classes, size=n, p=shares)
    return np.repeat(classes[classes == label], n)


def check_draw(n: int, classes: np.ndarray, label: Any = None) -> None:
    """Raise `InputError` unless rows are asked for, of a label that is one of the classes."""
    if n < 1:
        raise InputError(f"n={n}: expected at least 1 row. Nothing would be drawn. Ask for more.")
    if label is not None and label not in classes:
        raise InputError(
            f"label={label!r}: none of the rows that were fitted has it (they have "
            f"{', '.join(map(repr, classes.tolist()))}). Nobody taught the generator such rows. "
            f"Name one of these."
        )


@dataclass(frozen=True, eq=False)
class Coded:
    """A table without gaps as numbers: of a category, the number of its level.

    Attributes
    ----------
    numbers : ndarray of float, shape (n_rows, n_columns)
    levels : tuple of pandas.Series
        A category's distinct values, as they appeared; of a column of numbers none, but its dtype.
    form : pandas.DataFrame or numpy.ndarray
        No rows, of the kind that `features` returns.
    """

    numbers: np.ndarray
    levels: tuple[pd.Series, ...]
    form: Features

    @classmethod
    def of(cls, rows: Dataset, generator: Generator) -> Coded:
        """Raise `InputError` where a value is missing, infinite, or equal to none (a list, say)."""
        columns = columns_of(rows.X)
        _refuse_gaps(columns, rows.name, type(generator).__name__)
        coded = [_coded(column, rows.name) for column in columns]
        numbers = np.column_stack([codes for codes, _ in coded]).astype(float)
        return cls(numbers, tuple(levels for _, levels in coded), rows.X[:0])

    @property
    def is_number(self) -> np.ndarray:
        """Which columns hold numbers, shape (n_columns,)."""
        return np.array([is_number(levels) for levels in self.levels])

    def features(self, numbers: np.ndarray) -> Features:
        """Return other rows in the table's own dtypes; integers are rounded."""
        columns = [_decoded(numbers[:, at], levels) for at, levels in enumerate(self.levels)]
        return as_features(columns, self.form)


def columns_of(X: Features) -> list[pd.Series]:
    """Return the columns of a table, or of an array, by position."""
    frame = pd.DataFrame(X)
    return [frame.iloc[:, position] for position in range(frame.shape[1])]


def as_features(columns: Iterable[pd.Series], form: Features) -> Features:
    """Put columns of equal length together, to a table or an array such as ``form``."""
    X = pd.DataFrame(dict(enumerate(columns)))
    if isinstance(form, np.ndarray):
        return X.to_numpy().astype(form.dtype)
    X.columns = form.columns
    return X


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers; truth values and dates count as categories."""
    return column.dtype.kind in "iuf"


def is_whole(numbers: np.ndarray) -> bool:
    """Whether no number has a fraction; missing ones don't count."""
    return bool((np.isnan(numbers) | (numbers == np.round(numbers))).all())


def numbers_of(column: pd.Series, name: str) -> np.ndarray:
    """Return a column's numbers, nan where missing; raise `InputError` where one is infinite."""
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise InputError(
            f"column {column.name!r} of {name} holds {n_infinite} infinite numbers; expected "
            f"finite ones. Nothing lies between infinity and its neighbour. Replace them."
        )
    return numbers


def _coded(column: pd.Series, name: str) -> tuple[np.ndarray, pd.Series]:
    if is_number(column):
        return numbers_of(column, name), column[:0]
    try:
        codes, _ = pd.factorize(column)
    except TypeError as error:
        raise InputError(
            f"column {column.name!r} of {name} holds values that can't be compared ({error}). No "
            f"category could be told from another. Make them numbers or texts, or drop the column."
        ) from error
    return codes, column.iloc[np.unique(codes, return_index=True)[1]]


def _decoded(values: np.ndarray, levels: pd.Series) -> pd.Series:
    if not is_number(levels):
        return pd.Series(levels.array.take(values.astype(int)), dtype=levels.dtype)
    is_integer = levels.dtype.kind in "iu"
    return pd.Series(np.rint(values) if is_integer else values).astype(levels.dtype)


def _refuse_gaps(columns: list[pd.Series], name: str, generator: str) -> None:
    missing = {column.name: int(column.isna().sum()) for column in columns}
    gaps = {column: n for column, n in missing.items() if n}
    if gaps:
        column, n = next(iter(gaps.items()))
        raise InputError(
            f"{generator}: {len(gaps)} columns of {name} have missing values (first: {column!r}, "
            f"{n} of {len(columns[0])}); expected none. How far such a row is from another can't "
            f"be told. Fill them in (scikit-learn's SimpleImputer, fitted on training rows), or "
            f"choose GaussianCopula, Perturb or OverSample, which keep gaps."
        )
