"""Rows that know where they came from.

A `Dataset` is features, labels and, by row, an *origin* (real or synthetic), an optional id,
the ids of the real rows it was made from, and whether it is an edge case.  ``+`` joins rows;
every row keeps what it knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from synthlab.errors import InputError

REAL, SYNTHETIC = "real", "synthetic"
Features = pd.DataFrame | pd.Series | np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Features, labels and the origin of every row.  Frozen; inputs are never changed.

    Parameters
    ----------
    X : pandas.DataFrame, pandas.Series of str, or numpy.ndarray of shape (n_rows, n_columns)
        A table, texts, or numbers.  The index is dropped: rows are counted from 0.
    y : array-like of shape (n_rows,)
        One label a row; none may be missing.
    origin : {"real", "synthetic"} or array-like of these, shape (n_rows,)
    name : str
        Used in messages.
    ids : array-like of str, shape (n_rows,), optional
        Unique; None where a row has no id.  The same id means the same row, in every data set.
    derived_from : sequence of sequences of str, shape (n_rows,), optional
        For generated rows: ids of the real rows that they were made from.
    is_edge_case : bool or array-like of bool, shape (n_rows,), default False
        Rows that may only surface failures: neither trained on nor scored.

    Raises
    ------
    InputError
        Lengths differ, a label is missing, a text is empty, an id repeats, an origin is unknown.

    Examples
    --------
    >>> real = Dataset(pd.Series(["hello bob", "win money"]), ["ham", "spam"], "real", "mail")
    >>> fake = Dataset(pd.Series(["win now"]), ["spam"], "synthetic", "llm")
    >>> real + fake
    Dataset 'mail + llm': 3 rows (2 real, 1 synthetic), 2 classes
    """

    X: Features
    y: np.ndarray
    origin: np.ndarray | str
    name: str = "data"
    ids: np.ndarray | None = None
    derived_from: Sequence[Sequence[str]] | None = None
    is_edge_case: np.ndarray | bool = False

    def __post_init__(self) -> None:
        X = _features(self.X, self.name)
        n = len(X)
        columns = {
            "X": X,
            "y": _labels(self.y, n, self.name),
            "origin": _origins(self.origin, n, self.name),
            "ids": None if self.ids is None else _ids(self.ids, n, self.name),
            "derived_from": _parents(self.derived_from, n, self.name),
            "is_edge_case": _column(self.is_edge_case, n, bool, "is_edge_case", self.name),
        }
        for field, value in columns.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, field, value)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        target: str,
        origin: str,
        text: str | None = None,
        id: str | None = None,
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
            features are all columns but ``target`` and ``id``.
        id : str, optional
            The column that holds the row ids.
        name : str

        Raises
        ------
        InputError
            A named column is missing, or no feature is left.
        """
        for role, column in {"target": target, "text": text, "id": id}.items():
            if column is not None and column not in frame.columns:
                raise InputError(
                    f"{name}: no column {column!r} (asked for as {role}); the columns are "
                    f"{', '.join(map(repr, frame.columns))}. Without it nothing can be scored. "
                    f"Name the right one."
                )
        if target in (text, id):
            raise InputError(
                f"{name}: column {target!r} is the target and a feature or an id as well. A model "
                f"would read off what it is to predict. Name another column."
            )
        X = frame[text] if text else frame.drop(columns=[c for c in (target, id) if c])
        ids = None if id is None else frame[id].convert_dtypes()  # 11.0 beside a gap is 11
        return cls(X, frame[target], origin, name, ids)

    @classmethod
    def from_csv(cls, path: str | Path, **options) -> Dataset:
        """Read a CSV file with a header line; ``options`` as for `from_frame`."""
        path = Path(path)
        try:
            frame = pd.read_csv(path)
        except FileNotFoundError as error:
            raise InputError(f"{path}: there is no such file. Check the path.") from error
        except OSError as error:
            raise InputError(f"{path}: not readable ({error}). Name a CSV file.") from error
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: not readable as CSV ({error}). Expected comma-separated UTF-8 text "
                f"with a header line. Nothing was computed. Export the file again."
            ) from error
        return cls.from_frame(frame, **{"name": path.name, **options})

    def __len__(self) -> int:
        return len(self.y)

    def __add__(self, other: Dataset) -> Dataset:
        """Join the rows of two data sets of the same columns; every row keeps its origin."""
        if not isinstance(other, Dataset):
            return NotImplemented
        X = joined_features(self, other)
        require_same_labels(self, other)
        return Dataset(
            X,
            np.concatenate([self.y, other.y]),
            np.concatenate([self.origin, other.origin]),
            f"{self.name} + {other.name}",
            _joined_ids(self, other),
            [*self.derived_from, *other.derived_from],
            np.concatenate([self.is_edge_case, other.is_edge_case]),
        )

    def take(self, rows: np.ndarray, name: str | None = None) -> Dataset:
        """Return the given rows, by position or by a mask of shape (n_rows,)."""
        rows = np.asarray(rows)
        if rows.dtype == bool:
            if rows.shape != (len(self),):
                raise InputError(
                    f"{self.name}: a mask of {rows.size} for {len(self)} rows; expected one value "
                    f"a row. Other rows than you meant would be taken."
                )
            rows = np.flatnonzero(rows)
        rows = rows.astype(int)
        return replace(
            self,
            X=self.X[rows] if isinstance(self.X, np.ndarray) else self.X.iloc[rows],
            y=self.y[rows],
            origin=self.origin[rows],
            name=name or self.name,
            ids=None if self.ids is None else self.ids[rows],
            derived_from=self.derived_from[rows],
            is_edge_case=self.is_edge_case[rows],
        )

    @property
    def is_text(self) -> bool:
        """Whether the features are texts."""
        return isinstance(self.X, pd.Series)

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


def first(rows: np.ndarray, limit: int = 5) -> str:
    """Name the first few of some rows, for messages."""
    shown = ", ".join(str(row) for row in rows[:limit])
    return shown + (", …" if len(rows) > limit else "")


def _features(X: Features, name: str) -> Features:
    if isinstance(X, pd.DataFrame):
        if X.shape[1] == 0:
            raise InputError(f"{name}: no feature column is left, so nothing can be learned.")
        return X.reset_index(drop=True)
    if isinstance(X, pd.Series):
        return _texts(X, name)
    if sparse.issparse(X):
        raise InputError(
            f"{name}: X is a sparse matrix of shape {X.shape}; expected a DataFrame, a Series of "
            f"text, or an array. Rows of it could not be compared with each other. Hand in the "
            f"texts and let a pipeline vectorize them, or X.toarray()."
        )
    X = np.array(X)
    if X.ndim != 2:
        raise InputError(
            f"{name}: X has {X.ndim} dimension(s); expected a DataFrame, a Series of text, or "
            f"an array of shape (n_rows, n_columns). Convert it first."
        )
    return X


def _texts(X: pd.Series, name: str) -> pd.Series:
    X = X.reset_index(drop=True)
    empty = np.flatnonzero([not (isinstance(text, str) and text.strip()) for text in X.to_list()])
    if len(empty):
        raise InputError(
            f"{name}: {len(empty)} of {len(X)} texts are empty or no text (rows {first(empty)}). "
            f"A model would score them by their class's share alone. Drop these rows."
        )
    return X


def _column(values, n: int, dtype: type, what: str, name: str) -> np.ndarray:
    values = np.asarray(values)
    column = np.array(np.broadcast_to(values, n) if values.ndim == 0 else values, dtype=dtype)
    if column.shape != (n,):
        raise InputError(
            f"{name}: {what} has shape {column.shape} for {n} rows; expected one value a row."
        )
    return column


def _labels(y, n: int, name: str) -> np.ndarray:
    series = pd.Series(np.asarray(y).ravel() if np.ndim(y) > 1 else y).reset_index(drop=True)
    missing = np.flatnonzero(series.isna())
    if len(missing):
        raise InputError(
            f"{name}: {len(missing)} of {len(series)} labels are missing (rows {first(missing)}). "
            f"A row without a label can neither train nor score. Drop these rows, or label them."
        )
    values = series.to_numpy()
    if values.dtype == object or not isinstance(values, np.ndarray):
        values = np.array([str(v) if isinstance(v, str) else v for v in values])
    if n != len(values):
        raise InputError(f"{name}: {len(values)} labels for {n} rows; expected one a row.")
    return np.array(values)


def _origins(origin, n: int, name: str) -> np.ndarray:
    origins = _column(origin, n, str, "origin", name)
    unknown = sorted(set(origins) - {REAL, SYNTHETIC})
    if unknown:
        raise InputError(
            f"{name}: unknown origin {unknown[0]!r}; expected {REAL!r} or {SYNTHETIC!r}. "
            f"Without it nobody can tell what a score means."
        )
    return origins


def _ids(ids, n: int, name: str) -> np.ndarray:
    column = np.array([None if pd.isna(i) else str(i) for i in ids], dtype=object)
    if column.shape != (n,):
        raise InputError(f"{name}: {len(column)} ids for {n} rows; expected one a row.")
    given = pd.Series(column).dropna()
    repeated = given[given.duplicated()]
    if len(repeated):
        raise InputError(
            f"{name}: {len(repeated)} ids repeat (first: {first(repeated.to_numpy())}). The same "
            f"id means the same row. Drop the repeats, or give every row its own id."
        )
    return column


def _parents(derived_from, n: int, name: str) -> np.ndarray:
    parents = np.empty(n, dtype=object)
    given = [()] * n if derived_from is None else list(derived_from)
    if any(isinstance(row, str) or not hasattr(row, "__iter__") for row in given):
        raise InputError(
            f"{name}: derived_from holds {given[0]!r}; expected a list of ids for every row. A "
            f"text would be taken letter by letter. Write [{given[0]!r}]."
        )
    lists = [tuple(str(parent) for parent in row) for row in given]
    if len(lists) != n:
        raise InputError(f"{name}: derived_from lists {len(lists)} rows of {n}; one a row.")
    parents[:] = lists
    return parents


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


def _joined_ids(a: Dataset, b: Dataset) -> np.ndarray | None:
    if a.ids is None and b.ids is None:
        return None
    none = [np.full(len(d), None, dtype=object) if d.ids is None else d.ids for d in (a, b)]
    return np.concatenate(none)


def fingerprint(data: Dataset) -> str:
    """Return a short digest of a data set's features, labels and origins."""
    columns = pd.DataFrame(data.X).assign(_y=data.y, _origin=data.origin)
    columns.columns = columns.columns.astype(str)
    digest = hashlib.sha256(pd.util.hash_pandas_object(columns, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
