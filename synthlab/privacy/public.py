"""What everybody may know about a private table before a row of it is read."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset, Features
from synthlab.errors import InputError, first
from synthlab.generators.tables import as_features, columns_of, is_numeric, numbers_of


@dataclass(frozen=True, eq=False)
class PublicTree:
    """The values that a table may hold, and which of its columns depend on which.

    Parameters
    ----------
    labels : sequence
        The values that a label may have.
    parents : mapping of column to column or None
        The column that a column is drawn by, beside the label; parents come before children.  None
        means by the label alone.
    levels : mapping of column to sequence, optional
        The values that a category may have.
    edges : mapping of column to increasing sequence of float, optional
        Of a column of numbers: where its bins begin, and where the last one ends.  A number below
        or above all of them counts as of the first or last bin.

    Raises
    ------
    InputError
        A column has neither levels nor edges, or both; edges are not finite and increasing; a value
        repeats; a parent is not listed before its child.

    Notes
    -----
    All of this is an *argument*, because what is read off private rows is published without being
    paid for.  A level that one person alone has shows that the person is in the table, however much
    noise its count gets; so do the least and the greatest number.  Take levels from a code book,
    edges from what is known of the quantity, and the tree from knowledge of the subject or from
    other, public rows.  The names and dtypes of columns are taken to be public.
    """

    labels: Sequence[Any]
    parents: Mapping[Hashable, Hashable | None]
    levels: Mapping[Hashable, Sequence[Any]] = field(default_factory=dict)
    edges: Mapping[Hashable, Sequence[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_values("labels", self.labels)
        for column in self.parents:
            _check_column(column, self.levels, self.edges)
        _check_parents(self.parents)
        unused = [c for c in [*self.levels, *self.edges] if c not in self.parents]
        if unused:
            raise InputError(
                f"column {unused[0]!r} has levels or edges and is not in parents; expected every "
                f"column there. It would be left out unnoticed. Add {unused[0]!r}: None."
            )

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """All columns, parents before children."""
        return tuple(self.parents)

    def n_values(self, column: Hashable | None) -> int:
        """Return the number of levels or bins of a column; 1 for no column."""
        if column is None:
            return 1
        return len(self.levels[column]) if column in self.levels else len(self.edges[column]) - 1

    def label_codes(self, rows: Dataset) -> np.ndarray:
        """Return each label's place among the labels, shape (n_rows,)."""
        return _places(pd.Series(rows.y), self.labels, "the label", rows.name)

    def codes(self, rows: Dataset) -> dict[Hashable, np.ndarray]:
        """Return, by column, each value's place among its levels or bins, shape (n_rows,).

        Raises
        ------
        InputError
            A column is missing or not in the tree, a value is missing or none of the levels, or a
            column with edges holds no numbers.
        """
        columns = dict(zip(pd.DataFrame(rows.X).columns, columns_of(rows.X), strict=True))
        self._check_columns(columns, rows.name)
        return {column: self._coded(columns[column], column, rows.name) for column in self.columns}

    def with_column(self, column: Hashable, levels: Sequence[Any]) -> PublicTree:
        """Return the tree with one more column, which depends on the label alone."""
        parents, known = {**self.parents, column: None}, {**self.levels, column: levels}
        return PublicTree(self.labels, parents, known, self.edges)

    def one_hot(self, rows: Dataset) -> Dataset:
        """Return the rows as numbers, one column per level or bin: 1 where a row has it.

        Raises
        ------
        InputError
            See `codes`.
        """
        blocks = [np.eye(self.n_values(column))[code] for column, code in self.codes(rows).items()]
        return rows.replace(X=np.hstack(blocks))

    def features(
        self, codes: Mapping[Hashable, np.ndarray], form: Features, rng: np.random.Generator
    ) -> Features:
        """Return rows of the given codes in the columns and dtypes of ``form``, a table of no rows.

        A number is drawn evenly from its bin.
        """
        dtypes = pd.DataFrame(form).dtypes
        columns = [self._decoded(codes[name], name, dtype, rng) for name, dtype in dtypes.items()]
        return as_features(columns, form)

    def _check_columns(self, columns: Mapping[Hashable, pd.Series], name: str) -> None:
        unknown = [column for column in columns if column not in self.parents]
        if unknown:
            raise InputError(
                f"column {unknown[0]!r} of {name} is not in the public tree; expected all columns "
                f"({len(unknown)} are not). Its values would have to be read off the private rows, "
                f"which publishes them without paying. Declare its levels or edges, or drop it."
            )
        missing = [column for column in self.columns if column not in columns]
        if missing:
            raise InputError(
                f"{name} has no column {missing[0]!r}; expected every column of the public tree. "
                f"Nothing could be counted. Take it out of the tree."
            )

    def _coded(self, column: pd.Series, key: Hashable, name: str) -> np.ndarray:
        what = f"column {key!r}"
        if key in self.levels:
            return _places(column, self.levels[key], what, name)
        if not is_numeric(column):
            raise InputError(
                f"{what} of {name} is {column.dtype}; expected numbers, since it has edges. It "
                f"falls into no bin. Declare its levels instead."
            )
        _refuse_gaps(column, what, name)
        bins = np.searchsorted(self.edges[key], numbers_of(column, name), side="right") - 1
        return np.clip(bins, 0, self.n_values(key) - 1)

    def _decoded(
        self, codes: np.ndarray, key: Hashable, dtype: Any, rng: np.random.Generator
    ) -> pd.Series:
        if key in self.levels:
            return _series(self.levels[key], codes, dtype)
        edges = np.asarray(self.edges[key], dtype=float)
        if dtype.kind not in "iu":
            return pd.Series(rng.uniform(edges[codes], edges[codes + 1])).astype(dtype)
        low = np.ceil(edges[codes])  # the whole numbers of [a, b) are ⌈a⌉ to ⌈b⌉ − 1
        high = np.maximum(np.ceil(edges[codes + 1]), low + 1)
        return pd.Series(rng.integers(low.astype(int), high.astype(int))).astype(dtype)


def _series(levels: Sequence[Any], codes: np.ndarray, dtype: Any) -> pd.Series:
    """Take levels by their place; a category's own levels may be private, so these replace them."""
    if isinstance(dtype, pd.CategoricalDtype):
        if set(dtype.categories) == set(levels):  # only their order is the table's
            return pd.Series(pd.Series(list(levels), dtype=dtype).array.take(codes))
        return pd.Series(pd.Categorical.from_codes(codes, list(levels), ordered=dtype.ordered))
    return pd.Series(pd.Series(list(levels), dtype=dtype).array.take(codes))


def _places(column: pd.Series, levels: Sequence[Any], what: str, name: str) -> np.ndarray:
    _refuse_gaps(column, what, name)
    places = pd.Index(list(levels), dtype=object).get_indexer(column.astype(object))
    others = np.flatnonzero(places < 0)
    if len(others):
        raise InputError(
            f"{what} of {name} has {len(others):,} values that are none of its {len(levels)} "
            f"public levels (first: {column.iloc[others[0]]!r}, rows {first(others)}). A level "
            f"added because somebody has it shows that somebody has it. Map such values to a level "
            f"'other', which is declared whether or not it occurs."
        )
    return places


def _refuse_gaps(column: pd.Series, what: str, name: str) -> None:
    gaps = np.flatnonzero(column.isna())
    if len(gaps):
        raise InputError(
            f"{what} of {name} has {len(gaps):,} missing values (rows {first(gaps)}); expected "
            f"none. They fall into no cell, and a person would be counted in fewer marginals than "
            f"the proof says. Make 'missing' a declared level, or fill them in."
        )


def _check_column(column: Hashable, levels: Mapping, edges: Mapping) -> None:
    if (column in levels) == (column in edges):
        has = "both levels and edges" if column in levels else "neither levels nor edges"
        raise InputError(
            f"column {column!r} has {has}; expected one of them. They are arguments because "
            f"categories or bounds taken from the private rows are published without paying: the "
            f"level that one person has shows the person. Declare them from a code book."
        )
    if column in levels:
        return _check_values(f"levels of {column!r}", levels[column])
    cuts = np.asarray(edges[column], dtype=float)
    if cuts.ndim != 1 or len(cuts) < 2 or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        raise InputError(
            f"edges of {column!r}: {list(edges[column])}; expected two or more finite numbers that "
            f"increase. An unbounded column can't be drawn from, and its true bounds are private. "
            f"Declare bounds that hold for anybody; what lies outside counts as at the end."
        )
    return None


def _check_values(what: str, values: Sequence[Any]) -> None:
    values = list(values)
    if not values or len(set(values)) < len(values) or any(pd.isna(value) for value in values):
        raise InputError(
            f"{what}: {values[:5]}; expected one or more distinct values, none missing. A row "
            f"would have no cell, or two. List each once."
        )


def _check_parents(parents: Mapping[Hashable, Hashable | None]) -> None:
    seen: set[Hashable] = set()
    for column, parent in parents.items():
        if parent is not None and parent not in seen:
            raise InputError(
                f"parents: {column!r} has the parent {parent!r}, which is not listed before it. It "
                f"could not be drawn first. List parents before children, without a circle."
            )
        seen.add(column)
    if not seen:
        raise InputError(
            "parents is empty; expected one column or more. No table would be left. List each "
            "column with its parent, or None."
        )
