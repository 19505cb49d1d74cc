"""Comma-separated text, read strictly: what could be taken in two ways is refused."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pandas as pd

from synthlab.errors import InputError, first

#: What a missing feature may be written as; in labels, texts and ids only an empty cell is one.
MISSING = ("", *"NA N/A n/a #N/A NaN nan NULL null None <NA>".split())

_STARTS = {
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"PK\x03\x04": "a zip archive or a workbook",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_OTHER_DELIMITERS = ";\t|"
_LONE_RETURN = re.compile(r"\r(?!\n)")
_COMMA_NUMBER = re.compile(r"[+-]?\d+(,\d+)+")


def read_table(
    path: Path, *, verbatim: Collection[str] = (), target: str | None = None
) -> pd.DataFrame:
    """Read a CSV file: comma-separated UTF-8 text, quoted by ``"``, with a header line.

    Parameters
    ----------
    path : pathlib.Path
    verbatim : collection of str
        Columns, such as texts and ids, whose values stay the texts that they are.
    target : str, optional
        The column of labels.

    Returns
    -------
    pandas.DataFrame
        Numbers where all values of a column are some, truth values likewise, else texts.  Empty
        cells are missing, and in features what `MISSING` lists.

    Raises
    ------
    InputError
        There is no such file, or it is compressed, not UTF-8, separated by something else, or
        ragged; a column has no name, or the name of another; numbers hold commas.
    """
    text = _decoded(path)
    names, n_rows = _structure(text, path)
    whole = {*verbatim, target}
    frame = pd.read_csv(
        io.StringIO(text),
        index_col=False,
        keep_default_na=False,
        na_values={name: [""] if name in whole else list(MISSING) for name in names},
        dtype=dict.fromkeys(verbatim, str),
        float_precision="round_trip",
        low_memory=False,
    )
    if frame.shape != (n_rows, len(names)):
        _refuse(path, f"blank lines or line ends inside of its {n_rows} rows", "without them")
    _check_numbers(frame, path, whole)
    return frame


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Name a CSV file.") from error
    kind = next((kind for start, kind in _STARTS.items() if raw.startswith(start)), None)
    if kind:
        _refuse(path, f"{kind} by its first bytes", "unpacked, as plain text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        _refuse(path, f"line {line} is not UTF-8 text", "in UTF-8")
    if "\0" in text:
        _refuse(path, "it holds a zero byte", "as plain text")
    return text


def _structure(text: str, path: Path) -> tuple[list[str], int]:
    """Return the names in the header and the number of rows, each as long as the header."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    n_rows = n_blank = 0
    try:
        with _long_fields():
            names = next((row for row in reader if row), None)
            if names is None:
                _refuse(path, "it is empty", "with its rows")
            _check_names(names, path)
            for row in reader:
                if row and len(row) != len(names):
                    _refuse_ragged(path, reader.line_num, len(row), names)
                n_rows += bool(row)
                n_blank += not row
    except csv.Error as error:
        _refuse(path, f"line {reader.line_num}: {error}", "with every quote closed or doubled")
    if n_blank and "\n" in text and _LONE_RETURN.search(text):  # a line end, or part of a value?
        _refuse(path, "blank lines, and line ends of two kinds", "with line ends of one kind")
    return names, n_rows


def _check_names(names: list[str], path: Path) -> None:
    if len(names) == 1 and any(mark in names[0] for mark in _OTHER_DELIMITERS):
        mark = next(mark for mark in _OTHER_DELIMITERS if mark in names[0])
        _refuse(path, f"its header seems to be separated by {mark!r}", "with commas")
    repeated = first(name for name, n in Counter(map(str.strip, names)).items() if n > 1 and name)
    if repeated:
        raise InputError(
            f"{path}: more than one column has the name {repeated}; expected each name once. A "
            f"copy of the target would be read as a feature. Rename or drop all but one."
        )
    unnamed = [n for n, name in enumerate(names, 1) if re.fullmatch(r"(Unnamed: \d+)?", name)]
    if unnamed:
        raise InputError(
            f"{path}: column {first(unnamed)} has no name, as an index has that was written along; "
            f"expected a name for each. It would be read as a feature, and would tell copied rows "
            f"apart. Write the file without its index, or name that column and say it is the id."
        )
    blank = [name for name in names if name != name.strip()]
    if blank:
        raise InputError(
            f"{path}: column {blank[0]!r} begins or ends with a blank; expected none. Its values "
            f"may do so too, and would differ from those of other files. Write commas without "
            f"blanks around them."
        )


def _check_numbers(frame: pd.DataFrame, path: Path, words: Collection[str]) -> None:
    """Refuse a column of numbers with commas in them: it would be read as words."""
    for name in [name for name in frame if name not in words]:
        values = frame[name].dropna()
        is_text = len(values) and isinstance(values.iloc[0], str)
        if is_text and all(map(_COMMA_NUMBER.fullmatch, map(str, values))):
            raise InputError(
                f"{path}: column {name!r} holds numbers with commas, such as {values.iloc[0]!r}; "
                f"expected a decimal point and nothing between thousands. They would be read as "
                f"words. Write them as 1234.5."
            )


def _refuse_ragged(path: Path, line: int, n_fields: int, names: list[str]) -> NoReturn:
    raise InputError(
        f"{path}: not readable as CSV: line {line} has {n_fields} fields; expected {len(names)}, "
        f"as in the header. Its values would stand under other names. Export the file again, with "
        f"quotes around fields that hold commas, and with decimal points."
    )


def _refuse(path: Path, told: str, how: str) -> NoReturn:
    raise InputError(
        f"{path}: not readable as CSV: {told}. Expected comma-separated UTF-8 text with a header "
        f"line. Nothing was computed. Export the file again, {how}."
    )


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields have any length: the csv module stops at 128 KiB, and mail does not."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
