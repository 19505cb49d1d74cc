"""The files of the rated reviews: lines with tabs between their fields, parsed whole or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthlab.errors import is_number, require

MOST_RATING = 4


def parse_snippets(raw: bytes, file: str) -> pd.DataFrame:
    """Parse lines of id, mean rating and text, with tabs between.

    Parameters
    ----------
    raw : bytes
    file : str
        Its name, for messages.

    Returns
    -------
    pandas.DataFrame
        Columns ``id``, ``rating`` and ``text``.

    Raises
    ------
    InputError
        A line has other fields, an id repeats, or a rating is no number from −4 to 4.
    """
    lines = _fields(raw, file, 3)
    _require_new_ids(lines, file)
    rows = [
        (id, _rating(rating, file, number), text.strip())
        for number, (id, rating, text) in enumerate(lines, 1)
    ]
    return pd.DataFrame(rows, columns=["id", "rating", "text"])


def parse_ratings(raw: bytes, file: str) -> pd.DataFrame:
    """Parse lines of id, mean, standard deviation and a list of single ratings.

    Parameters
    ----------
    raw, file
        As for `parse_snippets`.

    Returns
    -------
    pandas.DataFrame
        Columns ``id`` and ``rating``, one row per single rating.

    Raises
    ------
    InputError
        A line has other fields, an id repeats, or a rating is no whole number from −4 to 4.
    """
    lines = _fields(raw, file, 4)
    _require_new_ids(lines, file)
    rows = [
        (id, rating)
        for number, (id, _, _, listed) in enumerate(lines, 1)
        for rating in _single_ratings(listed, file, number)
    ]
    return pd.DataFrame(rows, columns=["id", "rating"])


def parse_words(raw: bytes, file: str) -> pd.DataFrame:
    """Parse lines of a word, its mean rating, a standard deviation and a list of single ratings.

    Parameters
    ----------
    raw, file
        As for `parse_snippets`.

    Returns
    -------
    pandas.DataFrame
        Columns ``word`` and ``rating``, the mean; in the file's order.  A word may repeat.

    Raises
    ------
    InputError
        A line has other fields, a mean rating is no number from −4 to 4, or a single one is no
        whole number of these.
    """
    rows = []
    for number, (word, mean, _, listed) in enumerate(_fields(raw, file, 4), 1):
        _single_ratings(listed, file, number)
        rows.append((word, _rating(mean, file, number)))
    return pd.DataFrame(rows, columns=["word", "rating"])


def _fields(raw: bytes, file: str, n_fields: int) -> list[list[str]]:
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n")
    lines = [line.split("\t") for line in text.split("\n")]
    for number, fields in enumerate(lines, 1):
        expected = f"{n_fields} fields with tabs between, none of them empty"
        is_whole_line = len(fields) == n_fields and all(map(str.strip, fields))
        require(is_whole_line, *_complaint(f"{len(fields)} fields", file, number, expected))
    return lines


def _require_new_ids(lines: list[list[str]], file: str) -> None:
    repeated = pd.Series([fields[0] for fields in lines]).duplicated()
    if repeated.any():
        number = int(np.argmax(repeated)) + 1
        offender = f"id {lines[number - 1][0]!r}"
        require(False, *_complaint(offender, file, number, "an id that no line before it has"))


def _single_ratings(listed: str, file: str, number: int) -> list[int]:
    ratings = []
    for told in listed.strip().removeprefix("[").removesuffix("]").split(","):
        value = _rating(told, file, number)
        is_whole_rating = value.is_integer()
        require(is_whole_rating, *_complaint(repr(told.strip()), file, number, "a whole number"))
        ratings.append(int(value))
    return ratings


def _rating(told: str, file: str, number: int) -> float:
    try:
        value = float(told)
    except ValueError:
        value = np.nan
    expected = f"a rating, a number from −{MOST_RATING} to {MOST_RATING}"
    is_fine = is_number(value, -MOST_RATING, MOST_RATING)
    require(is_fine, *_complaint(repr(told.strip()), file, number, expected))
    return value


def _complaint(found: str, file: str, number: int, expected: str) -> tuple[str, ...]:
    return (
        f"{file}, line {number}: {found}",
        expected,
        "Labels and scores would be wrong, so nothing of the file is used.",
        "Restore the file, or delete the archive from the cache to download it anew.",
    )
