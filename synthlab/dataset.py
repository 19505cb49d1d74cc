"""Rows that know where they came from.

A `Dataset` is features, labels and, for each row, its *facts*: its origin (real or synthetic), an
optional id, the ids of the real rows it was made from, whether it is an edge case, and, where they
are given, the group it belongs to and its time.  ``+`` joins rows; every row keeps its facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthlab import columns
from synthlab.columns import REAL as REAL
from synthlab.columns import SYNTHETIC as SYNTHETIC
from synthlab.columns import Features as Features
from synthlab.errors import InputError, first


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Dataset:
    """Features, labels and the facts of every row.  Frozen; inputs are never changed.

    Parameters
    ----------
    X : pandas.DataFrame, pandas.Series of str, or numpy.ndarray of shape (n_rows, n_columns)
        A table, texts, or numbers.  The index is dropped: rows are counted from 0.
    y : array-like of shape (n_rows,)
        One label per row; none may be missing.
    origin : {"real", "synthetic"} or array-like of these, shape (n_rows,)
    name : str
        Used in messages.
    ids : array-like of str, shape (n_rows,), optional
        Unique; None where a row has no id.  The same id means the same row, in every data set.
    derived_from : sequence of sequences of str, shape (n_rows,), optional
        For generated rows: ids of the real rows that they were made from.
    is_edge_case : bool or array-like of bool, shape (n_rows,), default False
        Rows that may only surface failures: neither trained on nor scored.
    groups : array-like of shape (n_rows,), optional
        Which rows belong together, such as those of one customer or thread.  Splits keep groups
        whole, and intervals count groups, not rows.
    time : array-like of datetime, shape (n_rows,), optional
        When each row was observed.

    Raises
    ------
    InputError
        Lengths differ, a label is missing, a text is empty (unless it is an edge case), an id
        repeats, an origin is unknown, a group or a time is missing.

    Examples
    --------
    >>> real = Dataset(pd.Series(["hello bob", "win money"]), ["ham", "spam"], "real", "mail")
    >>> fake = Dataset(pd.Series(["win now"]), ["spam"], "synthetic", "llm")
    >>> real + fake
    Dataset 'mail + llm': 3 rows (2 real, 1 synthetic), 2 classes
    """

    _X: Features
    y: np.ndarray
    _facts: pd.DataFrame
    name: str

    def __init__(
        self,
        X: Features,
        y: Any,
        origin: Any,
        name: str = "data",
        ids: Any = None,
        derived_from: Sequence[Sequence[str]] | None = None,
        is_edge_case: Any = False,
        groups: Any = None,
        time: Any = None,
    ) -> None:
        X = columns.checked_features(X, name)
        n = len(X)
        is_edge_case = columns.column_of(is_edge_case, n, bool, "is_edge_case", name)
        columns.refuse_empty_texts(X, is_edge_case, name)
        facts = {
            "origin": columns.checked_origins(origin, n, name),
            "id": None if ids is None else columns.checked_ids(ids, n, name),
            "derived_from": columns.checked_parents(derived_from, n, name),
            "is_edge_case": is_edge_case,
            "group": None if groups is None else columns.checked_groups(groups, n, name),
            "time": None if time is None else columns.checked_times(time, n, name),
        }
        given = {fact: pd.Series(v, dtype=v.dtype) for fact, v in facts.items() if v is not None}
        self._set(X, columns.checked_labels(y, n, name), pd.DataFrame(given), name)

    def _set(self, X: Features, y: np.ndarray, facts: pd.DataFrame, name: str) -> Dataset:
        for array in (X, y):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        for field, value in {"_X": X, "y": y, "_facts": facts, "name": name}.items():
            object.__setattr__(self, field, value)
        return self

    @property
    def X(self) -> Features:
        """The features; whoever writes into what is returned changes a copy."""
        return self._X if isinstance(self._X, np.ndarray) else self._X.copy(deep=False)

    @property
    def facts(self) -> pd.DataFrame:
        """What is known of each row besides features and label, one row each."""
        return self._facts.copy(deep=False)

    @property
    def origin(self) -> np.ndarray:
        """*real* or *synthetic*, shape (n_rows,)."""
        return self._fact("origin")

    @property
    def ids(self) -> np.ndarray | None:
        """Id of each row or None, shape (n_rows,); None where no row has one."""
        return self._fact("id")

    @property
    def derived_from(self) -> np.ndarray:
        """Ids of the real rows behind each row: tuples, shape (n_rows,)."""
        return self._fact("derived_from")

    @property
    def is_edge_case(self) -> np.ndarray:
        """Whether each row may only surface failures, shape (n_rows,)."""
        return self._fact("is_edge_case")

    @property
    def groups(self) -> np.ndarray | None:
        """The group of each row, shape (n_rows,); None where rows are independent."""
        return self._fact("group")

    @property
    def time(self) -> np.ndarray | None:
        """When each row was observed, shape (n_rows,), if that is known."""
        return self._fact("time")

    def _fact(self, fact: str) -> np.ndarray | None:
        if fact not in self._facts:
            return None
        values = self._facts[fact].to_numpy()
        values.flags.writeable = False
        return values

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        target: str,
        origin: str,
        text: str | None = None,
        id: str | None = None,
        group: str | None = None,
        time: str | None = None,
        name: str = "data",
    ) -> Dataset:
        """Make a data set of the columns of a frame.

        Parameters
        ----------
        frame : pandas.DataFrame
        target : str
            The column that holds the labels.
        origin : {"real", "synthetic"}
        text : str, optional
            The column that holds the text; the others are then left out.  Without it the
            features are all columns but those that are named here.
        id : str, optional
            The column that holds the row ids.
        group, time : str, optional
            The columns that hold each row's group and time; they are no features.
        name : str

        Raises
        ------
        InputError
            A named column is missing, or no feature is left.
        """
        roles = {"target": target, "text": text, "id": id, "group": group, "time": time}
        for role, column in roles.items():
            if column is not None and column not in frame.columns:
                raise InputError(
                    f"{name}: no column {column!r} (asked for as {role}); the columns are "
                    f"{', '.join(map(repr, frame.columns))}. Without it nothing can be scored. "
                    f"Name the right one."
                )
        if target in (text, id, group, time):
            raise InputError(
                f"{name}: column {target!r} is the target and a feature or an id as well. A model "
                f"would read off what it is to predict. Name another column."
            )
        named = [column for column in (target, id, group, time) if column]
        X = frame[text] if text else frame.drop(columns=named)
        ids = None if id is None else frame[id].convert_dtypes()  # 11.0 beside a gap is 11
        groups, times = (None if c is None else frame[c] for c in (group, time))
        return cls(X, frame[target], origin, name, ids, groups=groups, time=times)

    def __len__(self) -> int:
        return len(self.y)

    def __add__(self, other: Dataset) -> Dataset:
        """Join the rows of two data sets of the same columns; every row keeps its facts."""
        if not isinstance(other, Dataset):
            return NotImplemented
        X = joined_features(self, other)
        require_same_labels(self, other)
        y = np.concatenate([self.y, other.y])
        name = f"{self.name} + {other.name}"
        facts = _joined_facts(self, other, name)
        return Dataset.__new__(Dataset)._set(X, y, facts, name)

    def take(self, rows: np.ndarray, name: str | None = None) -> Dataset:
        """Return the given rows, by position or by a mask of shape (n_rows,)."""
        rows = self._positions(np.asarray(rows))
        X = self._X[rows] if isinstance(self._X, np.ndarray) else self._X.iloc[rows]
        X = X if isinstance(X, np.ndarray) else X.reset_index(drop=True)
        facts = self._facts.iloc[rows].reset_index(drop=True)
        if "id" in facts:
            columns.require_unique(facts["id"], name or self.name)
        return Dataset.__new__(Dataset)._set(X, self.y[rows], facts, name or self.name)

    def _positions(self, rows: np.ndarray) -> np.ndarray:
        if rows.dtype == bool:
            if rows.shape != (len(self),):
                raise InputError(
                    f"{self.name}: a mask of {rows.size} for {len(self)} rows; expected one value "
                    f"per row. Other rows than you meant would be taken. Give one per row."
                )
            rows = np.flatnonzero(rows)
        return rows.astype(int)

    def replace(self, **changes: Any) -> Dataset:
        """Return a copy with other features, labels, name or facts, as `Dataset` takes them."""
        fields = ("y", "origin", "name", "ids", "derived_from", "is_edge_case", "groups", "time")
        kept = {field: getattr(self, field) for field in fields}
        return Dataset(**{"X": self._X, **kept, **changes})

    @property
    def is_text(self) -> bool:
        """Whether the features are texts."""
        return isinstance(self._X, pd.Series)

    @property
    def classes(self) -> np.ndarray:
        """The distinct labels, sorted."""
        return np.unique(self.y)

    def __repr__(self) -> str:
        synthetic = int((self.origin == SYNTHETIC).sum())
        return (
            f"Dataset {self.name!r}: {len(self):,} rows ({len(self) - synthetic:,} real, "
            f"{synthetic:,} synthetic), {len(self.classes)} classes"
        )


def fingerprint(data: Dataset) -> str:
    """Return a short digest of a data set's features, labels and origins."""
    columns = pd.DataFrame(data.X).assign(_y=data.y, _origin=data.origin)
    columns.columns = columns.columns.astype(str)
    digest = hashlib.sha256(pd.util.hash_pandas_object(columns, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def joined_features(a: Dataset, b: Dataset) -> Features:
    """Return the features of both; raise `InputError` unless they have the same columns."""
    if type(a.X) is not type(b.X):
        raise InputError(
            f"{a.name} holds a {type(a.X).__name__}, {b.name} a {type(b.X).__name__}: rows of "
            f"different kinds cannot train one model. Bring both to the same form."
        )
    if isinstance(a.X, pd.Series):
        return pd.concat([a.X, b.X], ignore_index=True)
    if isinstance(a.X, np.ndarray):
        _require_same_columns(a, b, range(a.X.shape[1]), range(b.X.shape[1]))
        return np.concatenate([a.X, b.X])
    _require_same_columns(a, b, a.X.columns, b.X.columns)
    _require_same_kinds(a, b)
    return pd.concat([a.X, b.X[list(a.X.columns)]], ignore_index=True)


def _require_same_columns(a: Dataset, b: Dataset, in_a, in_b) -> None:
    differing = sorted(map(str, set(in_a) ^ set(in_b)))
    if differing:
        raise InputError(
            f"{a.name} and {b.name} differ in {len(differing)} column(s): {first(differing)}. "
            f"A model trained on one has never seen the other's. Give both the same columns."
        )


def require_same_labels(a: Dataset, b: Dataset) -> None:
    """Raise `InputError` where one names its classes and the other numbers them."""
    if len(a) and len(b) and (a.y.dtype.kind in "US") != (b.y.dtype.kind in "US"):
        raise InputError(
            f"{a.name} has labels such as {a.y[:1].tolist()}, {b.name} such as "
            f"{b.y[:1].tolist()}: names in one, numbers in the other. They would count as "
            f"different classes. Write the labels of both in the same way."
        )


def _require_same_kinds(a: Dataset, b: Dataset) -> None:
    """Refuse a column of numbers in one and of something else in the other."""
    is_number = pd.api.types.is_numeric_dtype
    for column in a.X.columns:
        kinds = (a.X[column], b.X[column])
        if is_number(kinds[0]) != is_number(kinds[1]):
            raise InputError(
                f"column {column!r} is {kinds[0].dtype} in {a.name} and {kinds[1].dtype} in "
                f"{b.name}; expected numbers in both or in neither. A model would read the one "
                f"as amounts and the other as names. Convert it to one kind."
            )


def _joined_facts(a: Dataset, b: Dataset, name: str) -> pd.DataFrame:
    """Put the facts of two data sets one below the other; what one lacks stays empty there."""
    joined = pd.concat([a.facts, b.facts], ignore_index=True)
    for fact in {"id", "group"} & set(joined):
        joined[fact] = joined[fact].astype(object).where(joined[fact].notna(), None)
    if "id" in joined:
        columns.require_unique(joined["id"], name)
    return joined
