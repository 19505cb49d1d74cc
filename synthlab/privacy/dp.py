"""Tables with a differential-privacy guarantee: a tree of noisy marginals, sampled from the root.

*The release.*  A public tree gives each of k columns a parent, or none.  Counted are k marginals,
label × parent × child, each row in one cell of each.  Discrete Gaussian noise is added to every
cell; everything afterwards sees these noisy counts alone, and so costs no privacy.

*Sensitivity.*  Write c(T) for the counts of all cells of all marginals of a table T, as one
vector.  Let T' be T and one more row (neighbors: see `accounting`).  In each marginal, that row
adds 1 to exactly one cell: the levels are public and leave no value without a cell, and the other
rows' cells don't depend on it.  So c(T') − c(T) holds k ones and zeros, and its L2 norm is √k,
whatever the rows are.  To replace a row changes at most 2k places by 1: √(2k).  With noise of
scale σ the release is (k / 2σ²)-zCDP.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset, Features
from synthlab.generators.base import check_fit, draw_labels
from synthlab.privacy.accounting import DELTA, check_delta, check_epsilon
from synthlab.privacy.consistency import consistent
from synthlab.privacy.noise import DiscreteGaussian, l2_of_ones
from synthlab.privacy.public import PublicTree

_NEVER = 1e-9  # of a row, in every cell: where a whole slice was cut to 0, all values are as likely


@dataclass(frozen=True, eq=False)
class PrivateMarginals:
    """A generator of tables with (ε, δ)-differential privacy.

    Parameters
    ----------
    tree : PublicTree
        The columns, their values and parents, all of it known without the private rows.
    epsilon : float > 0, default 1.0
        The course uses 0.1 (strong) to 10 (weak).  Infinity means no noise and no promise: the
        control that shows what the tree costs, and the broken generator that an audit must catch.
    delta : float in (0, 1), default 1e-6
        Less than one over the number of rows.
    is_consistent : bool, default True
        Whether noisy counts are made to agree with each other; else negative ones become 0.

    Raises
    ------
    InputError
        A parameter is out of range; in `fit`, the rows are texts or none, a column is not in the
        tree, or a value is missing or none of its levels.
    ExtraMissingError
        In `fit`: OpenDP is not installed.

    Notes
    -----
    Who fits may set ``rng``; the *noise* has no seed, so that no two fits are equal.  A sampled row
    names no parents, being made of noisy counts alone.  The marginals are those of R. McKenna et
    al., "Winning the NIST Contest", J. Privacy and Confidentiality 11 (2021), arXiv:2108.04978,
    with a tree in place of their graphical model.
    """

    tree: PublicTree
    epsilon: float = 1.0
    delta: float = DELTA
    is_consistent: bool = True

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)
        check_delta(self.delta)

    @property
    def sensitivity(self) -> float:
        """How far the counts of neighbors can be apart, in L2: √k."""
        return l2_of_ones(len(self.tree.columns))

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPrivateMarginals:
        """Count, add noise, and forget the rows.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            A table without gaps, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=False)
        check_delta(self.delta, len(rows))
        counts = count_marginals(rows, self.tree)
        noise = DiscreteGaussian.calibrated(self.sensitivity, self.epsilon, self.delta)
        noisy = noise.add(np.concatenate([cells.ravel() for cells in counts.values()]))
        ends = np.cumsum([cells.size for cells in counts.values()])[:-1]
        released = {
            column: part.reshape(counts[column].shape)
            for column, part in zip(counts, np.split(noisy, ends), strict=True)
        }
        return FittedPrivateMarginals(self, released, noise, rows.X[:0], rows.name)


@dataclass(frozen=True, eq=False)
class FittedPrivateMarginals:
    """What `PrivateMarginals.fit` returns: the release, and no private row.

    Attributes
    ----------
    generator : PrivateMarginals
    counts : dict of column to ndarray of int, shape (n_labels, n_parent_values, n_values)
        With noise.
    noise : DiscreteGaussian
    form : pandas.DataFrame or numpy.ndarray
        No rows: the names and dtypes of the columns.
    name : str
        Of the rows that were fitted.
    """

    generator: PrivateMarginals
    counts: Mapping[Hashable, np.ndarray]
    noise: DiscreteGaussian
    form: Features
    name: str

    @property
    def rho(self) -> float:
        """Of zCDP, as certified by OpenDP."""
        return self.noise.rho(self.generator.sensitivity)

    @property
    def epsilon(self) -> float:
        """At the generator's δ, as certified by OpenDP."""
        return self.noise.epsilon(self.generator.sensitivity, self.generator.delta)

    @property
    def classes(self) -> np.ndarray:
        """All public labels, shape (n_labels,)."""
        return np.array(list(self.generator.tree.labels))

    @cached_property
    def weights(self) -> dict[Hashable, np.ndarray]:
        """What values are drawn by: the counts, without negative ones."""
        if self.generator.is_consistent:
            return consistent(self.counts, self.generator.tree.parents, self.noise.scale)
        return {column: np.maximum(cells, 0) for column, cells in self.counts.items()}

    @property
    def shares(self) -> np.ndarray:
        """Of each label, shape (n_labels,)."""
        by_label = next(iter(self.weights.values())).sum(axis=(1, 2)) + _NEVER
        return by_label / by_label.sum()

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows, each from the root down; see `base.Sampler`."""
        tree = self.generator.tree
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        of_label = tree.label_codes(Dataset(np.zeros((n, 1)), labels, SYNTHETIC))
        codes: dict[Hashable, np.ndarray] = {None: np.zeros(n, dtype=int)}
        for column, parent in tree.parents.items():
            reached = (self.weights[column] + _NEVER).cumsum(axis=2)
            reached /= reached[:, :, -1:]
            slices = reached[of_label, codes[parent]]
            codes[column] = (slices <= rng.random((n, 1))).sum(axis=1)
        X = tree.features(codes, self.form, rng)
        return Dataset(X, labels, SYNTHETIC, f"{self.name}, private marginals")

    def cell_counts(self, rows: Dataset) -> np.ndarray:
        """Return the noisy counts of the cells that rows fall into, shape (n_rows, k).

        What an attacker reads first: a row that was fitted adds 1 to each.
        """
        tree = self.generator.tree
        codes, labels = _with_root(tree, rows), tree.label_codes(rows)
        cells = [
            self.counts[column][labels, codes[parent], codes[column]]
            for column, parent in tree.parents.items()
        ]
        return np.column_stack(cells)


def count_marginals(rows: Dataset, tree: PublicTree) -> dict[Hashable, np.ndarray]:
    """Count label × parent × child for every column of a tree, without noise.

    Parameters
    ----------
    rows : Dataset
    tree : PublicTree

    Returns
    -------
    dict of column to ndarray of int, shape (n_labels, n_parent_values, n_values)
        A root's has one parent value.  Each sums to the number of rows.

    Raises
    ------
    InputError
        See `PublicTree.codes`.
    """
    codes, labels = _with_root(tree, rows), tree.label_codes(rows)
    counts = {}
    for column, parent in tree.parents.items():
        shape = (len(tree.labels), tree.n_values(parent), tree.n_values(column))
        cells = np.ravel_multi_index((labels, codes[parent], codes[column]), shape)
        counts[column] = np.bincount(cells, minlength=math.prod(shape)).reshape(shape)
    return counts


def _with_root(tree: PublicTree, rows: Dataset) -> dict[Hashable | None, np.ndarray]:
    """Return codes by column; the one that has no parent has none of one value."""
    return {None: np.zeros(len(rows), dtype=int), **tree.codes(rows)}
