"""One mixture of Gaussians per class, for tables of numbers and categories.

Within a class, each column that varies becomes *latents*: a column of numbers becomes one, in
standard units; a category becomes one per level, 1 where a row has the level and 0 elsewhere.  The
mixture is fitted to the latents.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import is_whole, require
from synthlab.generators.base import check_fit, draw_labels
from synthlab.generators.tables import Coded, are_whole

_FLOOR = 1e-3  # of a variance, in standard units: no component shrinks to a point
_ROWS = 10  # per Gaussian, on average; with fewer, BIC tends to choose Gaussians that copy rows


@dataclass(frozen=True)
class MixtureOfGaussians:
    """A generator of tables: each class is a mixture of as many Gaussians as BIC chooses.

    Parameters
    ----------
    max_components : int ≥ 1, default 5
        The most Gaussians per class.

    Raises
    ------
    InputError
        ``max_components`` is out of range; in `fit`, the rows are texts or none, or a value is
        missing or infinite.

    Notes
    -----
    A class needs ten rows per Gaussian.  A table of *numbers* gets full covariances, which also
    need more distinct rows than columns.  Numbers are clipped to the range that was seen in the
    class, and rounded where the column holds no fraction.  A column that is constant within the
    class stays so, and from a class of one row only copies of it are drawn.  Classes are fitted
    separately, each when it is first asked for.

    *With categories* (truth values, texts and dates count as such) the covariances are diagonal:
    columns depend on each other only through the Gaussian that a row comes from.  A category is
    drawn by the means of its levels' latents in that Gaussian, which are their shares.

    *Lineage*: rows have no parents, because each is drawn from a distribution that all rows of the
    class were fitted to.

    References
    ----------
    G. McLachlan, D. Peel, Finite Mixture Models, Wiley 2000, doi:10.1002/0471721182.
    G. Schwarz, "Estimating the dimension of a model", Ann. Stat. 6 (1978),
    doi:10.1214/aos/1176344136: BIC.

    Examples
    --------
    >>> X = np.concatenate([np.linspace(0, 1, 15), np.linspace(5, 6, 15), [7.5]])[:, None]
    >>> rows = Dataset(X, ["no"] * 30 + ["yes"], "real", "clusters")
    >>> fitted = MixtureOfGaussians().fit(rows, np.random.default_rng(0))
    >>> fitted.n_components
    {'no': 2, 'yes': 0}
    >>> fitted.sample(3, np.random.default_rng(0), "yes").X.ravel().tolist()
    [7.5, 7.5, 7.5]
    """

    max_components: int = 5

    def __post_init__(self) -> None:
        require(
            is_whole(self.max_components, 1),
            f"max_components={self.max_components}",
            "a whole number, 1 or more",
            "A class would have no distribution to draw from.",
            f"Leave it at {MixtureOfGaussians.max_components}.",
        )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedMixtureOfGaussians:
        """Fit mixtures of 1, 2, … Gaussians to each class, and keep the one with the least BIC.

        Parameters
        ----------
        rows : Dataset
            A table without missing values, of any origin.
        rng : numpy.random.Generator
            Seeds where the fits start.
        """
        check_fit(rows, self, is_text=False)
        table = Coded.of(rows, self)
        classes, label = np.unique(rows.y, return_inverse=True)
        seeds = rng.integers(2**31, size=len(classes)).tolist()
        groups = tuple(
            _Group(table.numbers[label == number], table.is_number, self.max_components, seed)
            for number, seed in enumerate(seeds)
        )
        shares, form = np.bincount(label) / len(rows), replace(table, numbers=table.numbers[:0])
        return FittedMixtureOfGaussians(classes, shares, groups, _whole(table), form, rows.name)


@dataclass(frozen=True, eq=False)
class FittedMixtureOfGaussians:
    """What `MixtureOfGaussians.fit` returns.

    Attributes
    ----------
    classes, shares : ndarray of shape (n_classes,)
    groups : tuple
        Each class's rows, and its mixture once it is asked for.
    whole : ndarray of bool, shape (n_columns,)
        Which columns hold numbers without a fraction.
    table : Coded
        Its levels and form; no rows.
    name : str
        Of the rows that were fitted.
    """

    classes: np.ndarray
    shares: np.ndarray
    groups: tuple[_Group, ...]
    whole: np.ndarray
    table: Coded
    name: str

    @property
    def n_components(self) -> dict[Any, int]:
        """How many Gaussians each class has; 0 where nothing varies."""
        mixtures = [group.fitted.mixture for group in self.groups]
        sizes = [0 if mixture is None else len(mixture.shares) for mixture in mixtures]
        return dict(zip(self.classes.tolist(), sizes, strict=True))

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows; see `base.Sampler`."""
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        numbers = np.empty((n, len(self.whole)))
        for one, group in zip(self.classes, self.groups, strict=True):
            at = np.flatnonzero(labels == one)
            if len(at):
                numbers[at] = group.fitted.draw(len(at), rng)
        numbers[:, self.whole] = np.rint(numbers[:, self.whole])
        X = self.table.features(numbers)
        return Dataset(X, labels, SYNTHETIC, f"{self.name}, mixture of Gaussians")


@dataclass(frozen=True, eq=False)
class _Group:
    """The rows of a class, and where its fit starts."""

    numbers: np.ndarray
    is_number: np.ndarray
    most: int
    seed: int

    @cached_property
    def fitted(self) -> _Class:
        rng = np.random.default_rng(self.seed)
        return _Class.of(self.numbers, self.is_number, self.most, rng)


class _Class(NamedTuple):
    """A class's mixture, and how its latents become rows."""

    row: np.ndarray  # (n_columns,): one of the class; what is constant stays as it is
    moving: np.ndarray  # positions of the numbers that vary
    mean: np.ndarray  # (n_moving,)
    spread: np.ndarray
    low: np.ndarray
    high: np.ndarray
    levels: dict[int, np.ndarray]  # by position: a category's levels, where there are several
    mixture: _Mixture | None

    @classmethod
    def of(
        cls, numbers: np.ndarray, is_number: np.ndarray, most: int, rng: np.random.Generator
    ) -> _Class:
        varies = (numbers != numbers[0]).any(axis=0)
        moving = np.flatnonzero(varies & is_number)
        values = numbers[:, moving]
        mean, spread = values.mean(axis=0), values.std(axis=0)
        levels = {at: np.unique(numbers[:, at]) for at in np.flatnonzero(varies & ~is_number)}
        codes = [numbers[:, [at]] == seen for at, seen in levels.items()]
        latents = np.column_stack([(values - mean) / spread, *codes])
        kind = "full" if is_number.all() else "diag"
        mixture = _Mixture.of(latents, kind, most, rng) if varies.any() else None
        low, high = numbers[:, moving].min(axis=0), numbers[:, moving].max(axis=0)
        return cls(numbers[0], moving, mean, spread, low, high, levels, mixture)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n rows as numbers."""
        numbers = np.tile(self.row, (n, 1))
        if self.mixture is None:
            return numbers
        component, latents = self.mixture.draw(n, rng)
        used = len(self.moving)
        moved = self.mean + self.spread * latents[:, :used]
        numbers[:, self.moving] = np.clip(moved, self.low, self.high)
        for position, levels in self.levels.items():
            shares = np.maximum(self.mixture.means[:, used : used + len(levels)], 0)
            reached = shares.cumsum(axis=1) / shares.sum(axis=1, keepdims=True)
            drawn = (reached[component] <= rng.random((n, 1))).sum(axis=1)
            numbers[:, position] = levels[np.minimum(drawn, len(levels) - 1)]
            used += len(levels)
        return numbers


class _Mixture(NamedTuple):
    """Gaussians; a root is a matrix, or its diagonal."""

    shares: np.ndarray  # (n_components,)
    means: np.ndarray  # (n_components, n_latents)
    roots: np.ndarray  # times independent normals: what a Gaussian adds to its mean

    @classmethod
    def of(cls, latents: np.ndarray, kind: str, most: int, rng: np.random.Generator) -> _Mixture:
        # On fewer rows than it has columns a full covariance is singular, and BIC would like it.
        needed = latents.shape[1] + 1 if kind == "full" else 1
        distinct = len(np.unique(latents, axis=0))
        most = max(1, min(most, len(latents) // _ROWS, distinct // needed))
        seed = int(rng.integers(2**31))
        fits = [_fitted(latents, kind, n, seed) for n in range(1, most + 1)]
        best = min(fits, key=lambda fit: fit.bic(latents))
        root = np.linalg.cholesky if kind == "full" else np.sqrt
        return cls(best.weights_ / best.weights_.sum(), best.means_, root(best.covariances_))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gaussian that each of n rows comes from, and their latents."""
        component = rng.choice(len(self.shares), n, p=self.shares)
        latents = rng.standard_normal((n, self.means.shape[1]))
        for number, (mean, root) in enumerate(zip(self.means, self.roots, strict=True)):
            at = component == number
            latents[at] = mean + (latents[at] * root if root.ndim == 1 else latents[at] @ root.T)
        return component, latents


def _fitted(latents: np.ndarray, kind: str, n_components: int, seed: int) -> GaussianMixture:
    model = GaussianMixture(n_components, covariance_type=kind, reg_covar=_FLOOR, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # BIC judges it as it is
        return model.fit(latents)


def _whole(table: Coded) -> np.ndarray:
    return table.is_number & [are_whole(column) for column in table.numbers.T]
