"""One Gaussian copula per class, for tables of numbers and categories.

Each column is cut into *levels*: its distinct values, in order.  A class holds every level with
some share, and the shares cut a standard normal variable, the column's *latent*, into intervals
one after the other.  To sample, draw all latents at once, with the class's correlations, and read
off the level in whose interval each falls.  A level's *score* is the mean of the latent over its
interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from synthlab.dataset import SYNTHETIC, Dataset, Features
from synthlab.errors import is_number, require
from synthlab.generators.base import check_fit, draw_labels
from synthlab.generators.tables import are_whole, as_features, columns_of

_ORDER = 12
_BISECTIONS = 14
_SMALLEST_EIGENVALUE = 1e-6
_EDGE = 1e-12  # keeps a latent's probability off 0 and 1


@dataclass(frozen=True)
class GaussianCopula:
    """A generator of tables: each class's marginals, joined by a Gaussian copula.

    Parameters
    ----------
    prior_rows : float > 0, default 30
        Weight of the prior, in rows: a class's correlations are averaged with those within all
        classes, and these with zero.  More rows shrink correlations more.

    Raises
    ------
    InputError
        ``prior_rows`` is not positive; in `fit`, the rows are texts or none, or a column holds
        infinite numbers.

    Notes
    -----
    *Numbers* keep their order.  A column with fractions is interpolated: a value seen once spreads
    half way to its neighbors, one seen more often stays an atom, and no number leaves the range
    that was seen.  Integers, dates and categories are drawn from the values that were seen.
    *Categories* without an order of their own are put in order of frequency, the most frequent
    first: what depends on them in another order is lost.  *Missing* is the lowest level of a
    number, and one more of a category.  Its share is kept; that two columns are missing together
    only as far as their other levels agree.

    Correlations of scores are smaller than those of the latents, because intervals blur them: the
    latent correlation ρ is solved from cov = Σ ρᵏ a₁ₖ a₂ₖ, where aₖ is a score's coefficient at
    the k-th Hermite polynomial (the tetrachoric series, cut off after `_ORDER` terms).  Then the
    matrix is made positive definite.

    A class of few rows borrows the correlations of the others, never their values: from a class
    of one row only copies of it are drawn.

    References
    ----------
    R. B. Nelsen, An Introduction to Copulas, 2nd ed., Springer 2006.
    N. Patki, R. Wedge, K. Veeramachaneni, "The Synthetic Data Vault", DSAA 2016,
    doi:10.1109/DSAA.2016.49: the intervals of categories.
    K. Pearson, "Mathematical contributions to the theory of evolution VII", Phil. Trans. A 195
    (1900), doi:10.1098/rsta.1900.0022: the tetrachoric series.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [30, 41, 52, 63], "sex": ["f", "m", "f", "m"]})
    >>> rows = Dataset(X, ["no", "no", "yes", "yes"], "real", "four")
    >>> fitted = GaussianCopula().fit(rows, np.random.default_rng(0))
    >>> fitted.sample(100, np.random.default_rng(0), "yes").X["age"].unique().tolist()
    [52, 63]
    """

    prior_rows: float = 30.0

    def __post_init__(self) -> None:
        require(
            is_number(self.prior_rows) and self.prior_rows > 0,
            f"prior_rows={self.prior_rows}",
            "a positive, finite number",
            "A class of a few rows would have no usable correlations.",
            "Leave it at 30.",
        )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedGaussianCopula:
        """Learn marginals and correlations, class by class.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            A table, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=False)
        table = _Table.of(rows.X)
        classes, label = np.unique(rows.y, return_inverse=True)
        members = [np.flatnonzero(label == number) for number in range(len(classes))]
        marginals = [_Marginals.of(table, table.levels[at]) for at in members]
        scores = [m.scores_of(table.levels[at]) for m, at in zip(marginals, members, strict=True)]
        series = np.stack([m.coefficients() for m in marginals], axis=1)
        return FittedGaussianCopula(
            classes,
            np.bincount(label) / len(rows),
            table.columns,
            tuple(marginals),
            _roots(_correlations(scores, series, self.prior_rows)),
            rows.X[:0],
        )


@dataclass(frozen=True, eq=False)
class FittedGaussianCopula:
    """What `GaussianCopula.fit` returns.

    Attributes
    ----------
    classes, shares : ndarray of shape (n_classes,)
    columns, marginals : tuple
        The levels of each column; how each class's shares of them cut the latents.
    roots : ndarray of shape (n_classes, n_columns, n_columns)
        A root times independent normals gives latents with the class's correlations.
    form : pandas.DataFrame or numpy.ndarray
        No rows, of the kind that `sample` returns.
    """

    classes: np.ndarray
    shares: np.ndarray
    columns: tuple[_Column, ...]
    marginals: tuple[_Marginals, ...]
    roots: np.ndarray
    form: Features

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows; see `base.Sampler`."""
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        normals = rng.standard_normal((n, len(self.columns)))
        levels, numbers = np.empty(normals.shape, dtype=int), np.empty(normals.shape)
        for number, one in enumerate(self.classes):
            at = np.flatnonzero(labels == one)
            latents = normals[at] @ self.roots[number].T
            levels[at], numbers[at] = self.marginals[number].read_off(latents)
        return Dataset(self._features(levels, numbers), labels, SYNTHETIC, "Gaussian copula")

    def _features(self, levels: np.ndarray, numbers: np.ndarray) -> Features:
        columns = (
            column.values(levels[:, position], numbers[:, position])
            for position, column in enumerate(self.columns)
        )
        return as_features(columns, self.form)


class _Column(NamedTuple):
    """A column's levels in order, of the column's own dtype."""

    levels: pd.Series
    has_fractions: bool

    def values(self, levels: np.ndarray, numbers: np.ndarray) -> pd.Series:
        """Return values of the column's dtype: interpolated numbers, or the levels themselves."""
        values = numbers if self.has_fractions else self.levels.array.take(levels)
        return pd.Series(values, dtype=self.levels.dtype)


class _Table(NamedTuple):
    """A table by levels; those of all columns are numbered in one go, column after column."""

    columns: tuple[_Column, ...]
    levels: np.ndarray  # (n_rows, n_columns), numbers of levels
    column_of: np.ndarray  # (n_levels,)
    first: np.ndarray  # (n_columns,): the number of each column's first level
    numbers: np.ndarray  # (n_levels,), where the column has fractions; else nan

    @classmethod
    def of(cls, X: Features) -> _Table:
        parts = [_cut(column) for column in columns_of(X)]
        columns = tuple(column for _, column in parts)
        sizes = np.array([len(column.levels) for column in columns])
        first = np.cumsum(sizes) - sizes
        return cls(
            columns,
            np.column_stack([codes for codes, _ in parts]) + first,
            np.repeat(np.arange(len(columns)), sizes),
            first,
            np.concatenate([_fractions(column) for column in columns]),
        )


class _Marginals(NamedTuple):
    """The levels that a class has, column after column, and how they cut the latents."""

    level: np.ndarray  # (n_present,), numbers as in the table
    first: np.ndarray  # (n_columns,), as in the table
    column_of: np.ndarray  # (n_present,)
    start: np.ndarray  # (n_present,), in [0, 1): where the level's interval begins
    end: np.ndarray  # (n_present,), in (0, 1]
    low: np.ndarray  # (n_present,): the numbers at both ends of the interval
    high: np.ndarray

    @classmethod
    def of(cls, table: _Table, levels: np.ndarray) -> _Marginals:
        counts = np.bincount(levels.ravel(), minlength=len(table.numbers))
        level = np.flatnonzero(counts)
        counts, column_of = counts[level], table.column_of[level]
        reached = np.cumsum(counts) - column_of * len(levels)
        low, high = _spread(table.numbers[level], counts, column_of)
        start, end = (reached - counts) / len(levels), reached / len(levels)
        return cls(level, table.first, column_of, start, end, low, high)

    def scores(self) -> np.ndarray:
        """Return the score of each level, shape (n_present,)."""
        below, above = (_density(ndtri(edge)) for edge in (self.start, self.end))
        return (below - above) / (self.end - self.start)

    def scores_of(self, levels: np.ndarray) -> np.ndarray:
        """Return each row's scores, shape (n_rows, n_columns)."""
        score = np.zeros(levels.max() + 1)
        score[self.level] = self.scores()
        return score[levels]

    def coefficients(self) -> np.ndarray:
        """Return the columns' scores by Hermite polynomials, shape (order, n_columns)."""
        scores, n_columns = self.scores(), len(self.first)
        terms = zip(_hermite_densities(self.start), _hermite_densities(self.end), strict=True)
        return np.stack(
            [
                np.bincount(self.column_of, scores * (below - above), n_columns) / np.sqrt(k)
                for k, (below, above) in enumerate(terms, start=1)
            ]
        )

    def read_off(self, latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return levels, numbered within their column, and numbers; both shaped as latents."""
        reached = np.clip(ndtr(latents), _EDGE, 1 - _EDGE)
        place = np.arange(latents.shape[1])
        at = np.searchsorted(self.column_of + self.end, reached + place)
        share = np.clip((reached - self.start[at]) / (self.end - self.start)[at], 0, 1)
        numbers = self.low[at] + share * (self.high - self.low)[at]
        return self.level[at] - self.first, numbers


def _cut(values: pd.Series) -> tuple[np.ndarray, _Column]:
    """Return the level of each row, and the column."""
    codes, _ = pd.factorize(values, use_na_sentinel=False)
    is_new = np.diff(np.maximum.accumulate(codes), prepend=-1) > 0  # numbered as they appear
    levels = values[is_new]
    order = np.argsort(_rank(levels, codes), kind="stable")
    position = np.empty(len(order), dtype=int)
    position[order] = np.arange(len(order))
    return position[codes], _Column(levels.iloc[order], _has_fractions(levels))


def _rank(levels: pd.Series, codes: np.ndarray) -> np.ndarray:
    """Return by what the levels are put in order; missing is least."""
    dtype = levels.dtype
    is_ordered = getattr(dtype, "ordered", False) or dtype.kind in "mM"
    if is_ordered or pd.api.types.is_numeric_dtype(dtype):
        return levels.rank(na_option="top").to_numpy()
    return -np.bincount(codes)


def _has_fractions(levels: pd.Series) -> bool:
    if not pd.api.types.is_float_dtype(levels.dtype):
        return False
    numbers = _as_floats(levels)
    require(
        not np.isinf(numbers).any(),
        f"column {levels.name!r} holds infinite numbers",
        "finite or missing ones",
        "No number lies between infinity and the next one.",
        "Replace them.",
    )
    return not are_whole(numbers)


def _as_floats(levels: pd.Series) -> np.ndarray:
    return levels.to_numpy(dtype=float, na_value=np.nan)


def _fractions(column: _Column) -> np.ndarray:
    if column.has_fractions:
        return _as_floats(column.levels)
    return np.full(len(column.levels), np.nan)


def _spread(
    numbers: np.ndarray, counts: np.ndarray, column_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends between which each level is interpolated: half way to its neighbors."""
    low, high = numbers.copy(), numbers.copy()
    halves = numbers / 2
    middle = halves[:-1] + halves[1:]
    joint = (column_of[:-1] == column_of[1:]) & ~np.isnan(middle)
    low[1:][joint] = middle[joint]
    high[:-1][joint] = middle[joint]
    is_atom = counts > 1
    return np.where(is_atom, numbers, low), np.where(is_atom, numbers, high)


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def _hermite_densities(reached: np.ndarray) -> Iterator[np.ndarray]:
    """Yield hₖ(x) times the normal density at x, for k from 0: ``reached`` is the share below x.

    The polynomials hₖ are orthonormal; from a to b, hₖ₊₁ times the density integrates to the
    difference of the two values at a and b, over √(k + 1).
    """
    x = np.clip(ndtri(reached), -38, 38)  # the density is 0 there, but x is finite
    before, value = np.zeros_like(x), _density(x)
    for k in range(_ORDER):
        yield value
        before, value = value, (x * value - np.sqrt(k) * before) / np.sqrt(k + 1)


def _correlations(scores: list[np.ndarray], series: np.ndarray, prior_rows: float) -> np.ndarray:
    """Return each class's correlations of latents, shape (n_classes, n_columns, n_columns)."""
    n_rows = np.array([len(s) for s in scores])[:, None, None]
    covariance = np.stack([s.T @ s for s in scores]) / n_rows
    products = series[..., :, None] * series[..., None, :]
    share, certainty = n_rows / n_rows.sum(), n_rows.sum() / (n_rows.sum() + prior_rows)
    within = certainty * _latent((share * covariance).sum(axis=0), (share * products).sum(axis=1))
    return (n_rows * _latent(covariance, products) + prior_rows * within) / (n_rows + prior_rows)


def _latent(covariance: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Solve cov = Σ ρᵏ productsₖ for ρ by halving, since the sum grows with ρ; 0 for constants."""
    low, high = np.full_like(covariance, -1), np.ones_like(covariance)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        total = np.zeros_like(middle)
        for product in products[::-1]:
            total = middle * (total + product)
        is_low = total < covariance
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return np.where(products[0] > 0, (low + high) / 2, 0)


def _roots(correlations: np.ndarray) -> np.ndarray:
    """Return a square root of each matrix, made positive definite, with ones on its diagonal."""
    place = np.arange(correlations.shape[-1])
    correlations[:, place, place] = 1
    values, vectors = np.linalg.eigh(correlations)
    roots = vectors * np.sqrt(np.maximum(values, _SMALLEST_EIGENVALUE))[:, None, :]
    return roots / np.linalg.norm(roots, axis=-1, keepdims=True)
