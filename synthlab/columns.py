"""What the columns of a data set must be: each checked once, and copied from what was handed in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from synthlab.errors import InputError, first, require

REAL, SYNTHETIC = "real", "synthetic"
Features = pd.DataFrame | pd.Series | np.ndarray


def checked_features(X: Features, name: str) -> Features:
    """Return features of two dimensions, or texts, their index dropped."""
    if isinstance(X, pd.DataFrame):
        if X.shape[1] == 0:
            raise InputError(f"{name}: no feature column is left, so nothing can be learned.")
        _require_names(X.columns, name)
        for column in X.columns[[_may_be_odd(dtype) for dtype in X.dtypes]]:
            _require_plain(X[column], f"{name}: column {column!r}")
        return X.reset_index(drop=True)
    if isinstance(X, pd.Series):
        return X.reset_index(drop=True)
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
    for number in range(X.shape[1]) if _may_be_odd(X.dtype) else ():
        _require_plain(pd.Series(X[:, number]), f"{name}: column {number}")
    return X


def _require_names(columns: pd.Index, name: str) -> None:
    repeated = columns[columns.duplicated()].unique()
    require(
        not len(repeated),
        f"{name}: column {first(map(repr, repeated))} occurs more than once",
        "a name of its own for every column",
        "Nobody could tell which of them a model learned from.",
        "Rename or drop columns.",
    )
    odd = [
        c for c in columns if isinstance(c, bool) or (np.isscalar(c) and pd.isna(c)) or c is None
    ]
    require(
        not odd,
        f"{name}: column names {first(map(repr, odd))}",
        "texts or whole numbers",
        "They would be taken for a choice of rows.",
        "Rename these columns.",
    )


def _may_be_odd(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "cO"


def _require_plain(column: pd.Series, what: str) -> None:
    """Raise `InputError` where a value can be neither hashed nor compared, as a list cannot."""
    require(
        getattr(column.dtype, "kind", "") != "c",
        f"{what} holds complex numbers",
        "numbers, texts or dates",
        "They have no order.",
        "Spread their parts over two columns.",
    )
    if column.dtype != object:
        return
    odd = np.flatnonzero([isinstance(v, bytes) or not _is_hashable(v) for v in column])
    if len(odd):
        raise InputError(
            f"{what} holds {column.iloc[odd[0]]!r:.40} ({len(odd)} such values, rows "
            f"{first(odd)}); expected numbers, texts or dates. Equal rows could not be told. "
            f"Spread lists over columns, and decode bytes."
        )


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def refuse_empty_texts(X: Features, is_edge_case: np.ndarray, name: str) -> None:
    """Refuse empty texts but those of edge cases: these are never scored, only tried."""
    if not isinstance(X, pd.Series):
        return
    rows = zip(X.to_list(), is_edge_case, strict=True)
    empty = np.flatnonzero(
        [not (isinstance(text, str) and (may_be or text.strip())) for text, may_be in rows]
    )
    if len(empty):
        raise InputError(
            f"{name}: {len(empty)} of {len(X)} texts are empty or no text (rows {first(empty)}). "
            f"A model would score them by their class's share alone. Drop these rows."
        )


def column_of(values, n: int, dtype: type, what: str, name: str) -> np.ndarray:
    """Return one value per row, of a type; a single value holds for all."""
    values = np.asarray(values)
    column = np.array(np.broadcast_to(values, n) if values.ndim == 0 else values, dtype=dtype)
    if column.shape != (n,):
        raise InputError(
            f"{name}: {what} has shape {column.shape} for {n} rows; expected one value per row."
        )
    return column


def checked_labels(y, n: int, name: str) -> np.ndarray:
    """Return labels as a plain array, one per row; none may be missing."""
    if not isinstance(y, pd.Series):
        y = list(np.asarray(y).ravel()) if getattr(y, "ndim", 1) > 1 else y
    series = pd.Series(y).reset_index(drop=True)
    _require_plain(series, f"{name}: label column")
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
        raise InputError(f"{name}: {len(values)} labels for {n} rows; expected one per row.")
    return np.array(values)


def checked_origins(origin, n: int, name: str) -> np.ndarray:
    """Return origins, one per row."""
    origins = column_of(origin, n, str, "origin", name)
    unknown = sorted(set(origins) - {REAL, SYNTHETIC})
    if unknown:
        raise InputError(
            f"{name}: unknown origin {unknown[0]!r}; expected {REAL!r} or {SYNTHETIC!r}. "
            f"Without it nobody can tell what a score means."
        )
    return origins


def checked_ids(ids, n: int, name: str) -> np.ndarray:
    """Return ids as texts, None where there is none; none may repeat."""
    column = np.array([None if pd.isna(i) else str(i) for i in ids], dtype=object)
    if column.shape != (n,):
        raise InputError(f"{name}: {len(column)} ids for {n} rows; expected one per row.")
    require_unique(pd.Series(column), name)
    return column


def require_unique(ids: pd.Series, name: str) -> None:
    """Raise `InputError` where an id repeats."""
    given = ids.dropna()
    repeated = given[given.duplicated()]
    if len(repeated):
        raise InputError(
            f"{name}: {len(repeated)} ids repeat (first: {first(repeated)}). The same id means "
            f"the same row. Drop the repeats, or give every row its own id."
        )


def checked_groups(groups: Any, n: int, name: str) -> np.ndarray:
    """Return groups, one per row."""
    column = pd.Series(groups).reset_index(drop=True)
    _require_complete(column, n, "groups", name)
    return column.to_numpy(dtype=object)


def checked_times(time: Any, n: int, name: str) -> np.ndarray:
    """Return times as datetime64, one per row; without a zone they are UTC."""
    try:
        column = pd.Series(pd.to_datetime(pd.Series(time), utc=True)).reset_index(drop=True)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{name}: time cannot be read as dates ({error}). Rows could not be put in order. "
            f"Hand in datetimes, or ISO 8601 texts such as 2024-05-31."
        ) from error
    _require_complete(column, n, "time", name)
    return column.dt.tz_localize(None).to_numpy()


def _require_complete(column: pd.Series, n: int, what: str, name: str) -> None:
    missing = np.flatnonzero(column.isna())
    if len(column) != n or len(missing):
        raise InputError(
            f"{name}: {what} has {len(column)} values, {len(missing)} of them missing (rows "
            f"{first(missing) or 'none'}); expected one for each of {n} rows. A row without one "
            f"would stand alone. Fill it in, or drop such rows."
        )


def checked_parents(derived_from, n: int, name: str) -> np.ndarray:
    """Return a tuple of ids for each row."""
    parents = np.empty(n, dtype=object)
    given = [()] * n if derived_from is None else list(derived_from)
    if any(isinstance(row, str) or not hasattr(row, "__iter__") for row in given):
        raise InputError(
            f"{name}: derived_from holds {given[0]!r}; expected a list of ids for every row. A "
            f"text would be taken letter by letter. Write [{given[0]!r}]."
        )
    lists = [tuple(str(parent) for parent in row) for row in given]
    if len(lists) != n:
        raise InputError(f"{name}: derived_from lists {len(lists)} rows of {n}; one per row.")
    parents[:] = lists
    return parents
