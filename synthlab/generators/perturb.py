"""Over-sampling with light perturbation: slightly changed copies of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset
from synthlab.errors import is_number, require
from synthlab.generators.base import check_fit
from synthlab.generators.oversample import as_copies, draw_rows
from synthlab.generators.tables import are_whole, as_features, columns_of, is_numeric, numbers_of


@dataclass(frozen=True)
class Perturb:
    """A generator of tables: copies of fitted rows, numbers moved and categories redrawn.

    Parameters
    ----------
    noise_sd : float ≥ 0, default 0.1
        Standard deviation of the noise on a number, in standard deviations of the column within
        the class.
    redraw_probability : float in [0, 1], default 0.05
        How likely a category is redrawn; the same value may be drawn again.

    Raises
    ------
    InputError
        A parameter is out of range; in `fit`, the rows are texts or none, or a column holds
        infinite numbers.

    Notes
    -----
    *Numbers* get normal noise, and are clipped to the range that was seen in the class.  They are
    rounded where the column holds no fraction; a column that is constant within the class stays
    so.  *Other columns* (categories, truth values, texts, dates) are redrawn from the values of
    the class, one at a time: each redraw breaks what ties the column to the others.  *Missing*
    stays missing, and no other value becomes missing.  With both parameters 0 it is `OverSample`.
    As there, a row is derived from the row that it copies; not from rows whose category it drew.

    References
    ----------
    S. S. Lee, "Noisy replication in skewed binary classification", Comput. Stat. Data Anal. 34
    (2000), doi:10.1016/S0167-9473(99)00095-X.
    G. Menardi, N. Torelli, "Training and assessing classification rules with imbalanced data",
    Data Min. Knowl. Discov. 28 (2014), doi:10.1007/s10618-012-0295-5: the smoothed bootstrap.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [30, 40, 50], "town": ["Ulm", "Bonn", "Bonn"]})
    >>> rows = Dataset(X, ["no", "yes", "yes"], "real", "three")
    >>> fitted = Perturb(noise_sd=0.5).fit(rows, np.random.default_rng(0))
    >>> made = fitted.sample(50, np.random.default_rng(0), "yes")
    >>> made.X["age"].between(40, 50).all(), made.X["town"].unique().tolist()
    (np.True_, ['Bonn'])
    """

    noise_sd: float = 0.1
    redraw_probability: float = 0.05

    def __post_init__(self) -> None:
        for name, most in {"noise_sd": np.inf, "redraw_probability": 1}.items():
            value, default = getattr(self, name), getattr(Perturb, name)
            expected = "a probability, 0 to 1" if most == 1 else "a finite number, 0 or more"
            meaning = "Rows could not be perturbed by it."
            fine = is_number(value, 0, most)
            require(fine, f"{name}={value}", expected, meaning, f"Leave it at {default}.")

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPerturb:
        """Learn each class's ranges.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            A table, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=False)
        _, label = np.unique(rows.y, return_inverse=True)
        columns = [
            _Number.of(column, label, rows.name) if is_numeric(column) else _Category(column, label)
            for column in columns_of(rows.X)
        ]
        return FittedPerturb(self, as_copies(rows, f"{rows.name}, perturbed"), tuple(columns))


@dataclass(frozen=True, eq=False)
class FittedPerturb:
    """What `Perturb.fit` returns.

    Attributes
    ----------
    generator : Perturb
    copies : Dataset
        A copy of each row that was fitted.
    columns : tuple
        How to perturb each column.
    """

    generator: Perturb
    copies: Dataset
    columns: tuple[_Number | _Category, ...]

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n copies and perturb them; see `base.Sampler`."""
        rows = draw_rows(self.copies, n, rng, label)
        columns = [column.perturbed(rows, self.generator, rng) for column in self.columns]
        return self.copies.take(rows).replace(X=as_features(columns, self.copies.X))


class _Number(NamedTuple):
    """A column of numbers, and each class's spread and range."""

    column: pd.Series
    numbers: np.ndarray  # (n_rows,), nan where missing
    label: np.ndarray  # (n_rows,), numbers of classes
    spread: np.ndarray  # (n_classes,), nan where a class has no number
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, column: pd.Series, label: np.ndarray, name: str) -> _Number:
        numbers = numbers_of(column, name)
        classes = pd.Series(numbers).groupby(label)
        ranges = (classes.std(ddof=0), classes.min(), classes.max())
        return cls(column, numbers, label, *(values.to_numpy() for values in ranges))

    def perturbed(
        self, rows: np.ndarray, generator: Perturb, rng: np.random.Generator
    ) -> pd.Series:
        label, copied = self.label[rows], self.column.iloc[rows].reset_index(drop=True)
        noise = generator.noise_sd * self.spread[label] * rng.standard_normal(len(rows))
        moved = np.clip(self.numbers[rows] + noise, self.low[label], self.high[label])
        moved = np.rint(moved) if are_whole(self.numbers) else moved
        may_move = ~np.isnan(moved) & (self.low < self.high)[label]
        moved = np.where(may_move, moved, 0)  # nan would fit in no column of integers
        return copied.mask(may_move, pd.Series(moved).astype(copied.dtype))


class _Category(NamedTuple):
    """A column of anything else, and the class of each row."""

    column: pd.Series
    label: np.ndarray  # (n_rows,), numbers of classes

    def perturbed(
        self, rows: np.ndarray, generator: Perturb, rng: np.random.Generator
    ) -> pd.Series:
        is_given = self.column.notna().to_numpy()
        is_redrawn = is_given[rows] & (rng.random(len(rows)) < generator.redraw_probability)
        source = rows.copy()
        for number in np.unique(self.label[rows]):
            at = np.flatnonzero(is_redrawn & (self.label[rows] == number))
            source[at] = rng.choice(np.flatnonzero(is_given & (self.label == number)), len(at))
        return self.column.iloc[source].reset_index(drop=True)
