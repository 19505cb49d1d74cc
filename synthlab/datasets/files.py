"""A user's own files."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset
from synthlab.datasets.csv_table import MISSING, read_table
from synthlab.errors import ContaminationError, InputError, first
from synthlab.paths import sha256_of

#: Fewer rows than these say nothing about a column whose values all differ.
_MIN_ROWS = 20


def load_csv(path: str | Path, *, target: str, origin: str, **options: Any) -> Dataset:
    """Read a CSV file with a header line as a data set.

    Parameters
    ----------
    path : str or pathlib.Path
        Comma-separated UTF-8 text; see `csv_table.read_table` for what is refused.
    target : str
        The column that holds the labels.
    origin : {"real", "synthetic"}
    **options
        As for `Dataset.from_frame`; without a ``name``, that of the file.  Texts and ids are taken
        letter by letter: "007" and "NA" stay as they are.

    Raises
    ------
    InputError
        The file can't be read in one way only, a named column is missing, or a label could be
        a missing value as well as a name.
    """
    path = Path(path)
    verbatim = {options.get(role) for role in ("text", "id")} - {None, target}
    frame = read_table(path, verbatim=verbatim, target=target)
    if target in frame:
        _check_labels(frame[target], target, path)
    if options.get("id") in frame:
        frame[options["id"]] = _without_zero_decimals(frame[options["id"]])
    options = {"target": target, "origin": origin, "name": path.name, **options}
    return Dataset.from_frame(frame, **options)


def require_different_files(*paths: str | Path) -> None:
    """Raise `ContaminationError` where two of the files are one, or hold the same bytes."""
    for a, b in itertools.combinations(map(Path, paths), 2):
        if a.is_file() and b.is_file() and (os.path.samefile(a, b) or sha256_of(a) == sha256_of(b)):
            raise ContaminationError(
                f"{a} and {b} hold the same rows: expected three different files. Rows that stand "
                f"in two places measure memory, not worth. Name the right files."
            )


def column_notes(data: Dataset) -> list[str]:
    """Name the columns of a table that can teach a model nothing, or too much.

    Parameters
    ----------
    data : Dataset

    Returns
    -------
    list of str
        One sentence per column that is constant, has another value in each row (as an id has; not
        columns of decimal numbers, where that is usual), or tells the label of every row.  None
        for texts and arrays, or fewer than 20 rows.
    """
    if not isinstance(data.X, pd.DataFrame) or len(data) < _MIN_ROWS:
        return []
    notes = ((name, _note(data.X[name], data.y)) for name in data.X)
    return [f"{data.name}: column {name!r} {note}" for name, note in notes if note]


def _note(column: pd.Series, labels: np.ndarray) -> str:
    codes, values = pd.factorize(column, use_na_sentinel=False)
    if len(values) == 1:
        return "has the same value in every row: nothing can be learned from it."
    if len(values) == len(column):
        is_decimal = pd.api.types.is_float_dtype(column) and (column % 1 != 0).any()
        told = "has another value in each row, as an id has: drop it, or say that it is the id."
        return "" if is_decimal else told
    n_pairs = len(pd.DataFrame({"value": codes, "label": labels}).drop_duplicates())
    if n_pairs == len(values) <= len(column) / 10 and len(set(labels)) > 1:
        return "tells the label of every row: make sure that it is known before the label is."
    return ""


def _check_labels(labels: pd.Series, target: str, path: Path) -> None:
    names = labels[labels.map(lambda label: isinstance(label, str))]
    unclear = names[names.isin(MISSING)]
    if len(unclear):
        raise InputError(
            f"{path}: the label {unclear.iloc[0]!r} stands in {len(unclear)} of {len(labels)} rows "
            f"of {target!r}; expected a name, or an empty cell where it is missing. It could be "
            f"either. If it is a class, call it something else, such as 'no {target}'; if it is "
            f"missing, drop these rows."
        )
    blank = first(repr(name) for name in names.unique() if name != name.strip())
    if blank:
        raise InputError(
            f"{path}: the label {blank} begins or ends with a blank; expected none. It would be "
            f"another class than without it. Strip the column {target!r}."
        )


def _without_zero_decimals(ids: pd.Series) -> pd.Series:
    """Write 11.0 as 11 where all ids are so: a gap had made them decimals."""
    given = ids.dropna()
    is_so = len(given) and given.str.fullmatch(r"-?\d+\.0").all()
    return ids.str.removesuffix(".0") if is_so else ids
