"""Sequential trees: each column drawn from a decision tree on the columns before it.

The label comes first.  Then a tree for each column, in the table's order, sorts the fitted rows
into leaves by their label and their columns so far.  To sample, a new row falls through the same
tree into a leaf, and takes over the value of one of the leaf's rows: its *donor*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import InputError
from synthlab.generators.base import check_fit, draw_labels, lineage_of
from synthlab.generators.tables import as_features, columns_of, is_numeric, numbers_of

_MOST_CLASSES = 64  # levels that a tree tells apart; it stores a count of each at every node


@dataclass(frozen=True)
class SequentialTrees:
    """A generator of tables: every value is one that a similar fitted row has.

    Parameters
    ----------
    min_leaf : int ≥ 1, default 5
        The fewest fitted rows in a leaf, from which a donor is drawn.  It is a dial of
        *memorization*: with 1, a tree may grow until a leaf holds a single row or rows that agree,
        so that a row's first rare value can bring the rest of the real row with it.

    Raises
    ------
    InputError
        ``min_leaf`` is out of range; in `fit`, the rows are texts or none, or a column holds
        infinite numbers.

    Notes
    -----
    *Numbers* get regression trees on their ranks, *categories* classification trees (truth values,
    texts and dates count as such); with more than `_MOST_CLASSES` levels, a regression tree on the
    level's rank by frequency.  By that rank all trees split categories.  *Missing* is one more
    value, which a donor passes on like any other.  A value that no fitted row has never appears,
    and no noise is added: nothing here protects anybody.

    *Lineage*: a row is derived from all its donors, where the fitted rows have ids.  In a large
    leaf many rows could have been the donor just as well.

    References
    ----------
    B. Nowok, G. M. Raab, C. Dibben, "synthpop: Bespoke creation of synthetic data in R", J. Stat.
    Softw. 74 (2016), doi:10.18637/jss.v074.i11: there, leaves hold 5 rows or more by default.
    J. P. Reiter, "Using CART to generate partially synthetic public use microdata", J. Official
    Stat. 21 (2005), 441-462.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [30, 41, 52, 63], "town": ["Ulm", "Ulm", "Bonn", "Bonn"]})
    >>> rows = Dataset(X, ["no", "no", "yes", "yes"], "real", "four", ids=list("abcd"))
    >>> fitted = SequentialTrees(min_leaf=2).fit(rows, np.random.default_rng(0))
    >>> made = fitted.sample(100, np.random.default_rng(0), "yes")
    >>> made.X["town"].unique().tolist(), sorted(made.X["age"].unique().tolist())
    (['Bonn'], [52, 63])
    >>> {parent for parents in made.derived_from for parent in parents} == {"c", "d"}
    True
    """

    min_leaf: int = 5

    def __post_init__(self) -> None:
        if not (self.min_leaf >= 1 and self.min_leaf == int(self.min_leaf)):
            raise InputError(
                f"min_leaf={self.min_leaf}: expected a whole number from 1. A leaf without a row "
                f"has no value to pass on. Leave it at {SequentialTrees.min_leaf}."
            )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedSequentialTrees:
        """Grow a tree for each column.

        Parameters
        ----------
        rows : Dataset
            A table, of any origin.
        rng : numpy.random.Generator
            Decides between splits that are equally good.
        """
        check_fit(rows, self, is_text=False)
        columns = tuple(columns_of(rows.X))
        classes, label = np.unique(rows.y, return_inverse=True)
        codes = np.column_stack([label, *(_codes(column, rows.name) for column in columns)])
        leaves = tuple(
            _Leaves.of(codes[:, :at], codes[:, at], _is_amount(column), int(self.min_leaf), rng)
            for at, column in enumerate(columns, start=1)
        )
        shares = np.bincount(label) / len(rows)
        return FittedSequentialTrees(classes, shares, rows, columns, codes, leaves)


@dataclass(frozen=True, eq=False)
class FittedSequentialTrees:
    """What `SequentialTrees.fit` returns.

    Attributes
    ----------
    classes, shares : ndarray of shape (n_classes,)
    rows : Dataset
        Those that were fitted.
    columns : tuple of pandas.Series
        Their columns.
    codes : ndarray of float, shape (n_rows, 1 + n_columns)
        Label and columns as numbers.
    leaves : tuple
        Of each column's tree.
    """

    classes: np.ndarray
    shares: np.ndarray
    rows: Dataset
    columns: tuple[pd.Series, ...]
    codes: np.ndarray
    leaves: tuple[_Leaves, ...]

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows, value by value; see `base.Sampler`."""
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        donors = self._donors(np.searchsorted(self.classes, labels), rng)
        values = (column.iloc[at] for column, at in zip(self.columns, donors.T, strict=True))
        X = as_features((v.reset_index(drop=True) for v in values), self.rows.X[:0])
        name = f"{self.rows.name}, sequential trees"
        return Dataset(X, labels, SYNTHETIC, name, derived_from=_parents(self.rows, donors))

    def _donors(self, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return which fitted row each value comes from, shape (n, n_columns)."""
        codes = np.empty((len(label), self.codes.shape[1]))
        codes[:, 0] = label
        donors = np.empty((len(label), len(self.leaves)), dtype=int)
        for at, leaves in enumerate(self.leaves):
            donors[:, at] = leaves.draw(codes[:, : at + 1], rng)
            codes[:, at + 1] = self.codes[donors[:, at], at + 1]
        return donors


class _Leaves(NamedTuple):
    """A column's tree, and the fitted rows in each of its leaves."""

    tree: Tree
    rows: np.ndarray  # (n_rows,): positions, leaf by leaf
    start: np.ndarray  # (n_nodes,): where a leaf's rows begin
    size: np.ndarray  # (n_nodes,): of a node that is no leaf, 0

    @classmethod
    def of(
        cls,
        known: np.ndarray,
        values: np.ndarray,
        is_amount: bool,
        min_leaf: int,
        rng: np.random.Generator,
    ) -> _Leaves:
        kind = DecisionTreeRegressor if is_amount else DecisionTreeClassifier
        seed = int(rng.integers(2**31))
        tree = kind(min_samples_leaf=min_leaf, random_state=seed).fit(known, values).tree_
        leaf = tree.apply(known.astype(np.float32))
        size = np.bincount(leaf, minlength=tree.node_count)
        return cls(tree, np.argsort(leaf, kind="stable"), size.cumsum() - size, size)

    def draw(self, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a donor for each row, by position: any row of its leaf is as likely."""
        leaf = self.tree.apply(known.astype(np.float32))
        return self.rows[self.start[leaf] + rng.integers(self.size[leaf])]


def _is_amount(column: pd.Series) -> bool:
    return is_numeric(column) or column.nunique(dropna=False) > _MOST_CLASSES


def _codes(column: pd.Series, name: str) -> np.ndarray:
    """Return each value's rank: numbers by size, others by frequency; missing comes lowest."""
    if is_numeric(column):
        return pd.Series(numbers_of(column, name)).rank(method="dense").fillna(0).to_numpy()
    codes, _ = pd.factorize(column)
    frequency = np.bincount(codes[codes >= 0])
    rank = np.argsort(np.argsort(-frequency, kind="stable"))
    return np.append(rank, -1)[codes]  # the code of missing is −1: the last one


def _parents(rows: Dataset, donors: np.ndarray) -> list[tuple[str, ...]] | None:
    """Return each new row's donors by id, once each; or what these were derived from."""
    own = np.empty(len(rows), dtype=object)
    own[:] = lineage_of(rows)
    if not any(own):
        return None
    return [tuple(dict.fromkeys(id for row in of for id in own[row])) for of in donors]
