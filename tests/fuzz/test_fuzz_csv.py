"""A CSV file is read as it is meant, or refused; nothing else."""

import csv
import io
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from strategies import attempted, dialects, fuzzed, ours, tables

from synthlab.datasets.csv_table import MISSING
from synthlab.datasets.files import load_csv


def read(content, **options):
    """Return the data set in a file of these bytes, or None where it is refused with a reason."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(content)
        found, told = attempted(load_csv, path, **{"target": "label", "origin": "real"} | options)
    assert (found is None) == ("people.csv" in told)
    return found


def is_same(got, meant):
    """Whether a value stands for a text: missing, as a number, or as it is."""
    if pd.isna(got):
        return meant in MISSING or meant.strip().lower() == "nan"
    if isinstance(got, str):
        return got == meant
    return str(got).lower() == meant.strip().lower() or as_number(meant) == float(got)


def as_number(text):
    """Return what a text says as a number, or None."""
    try:
        return float(text)
    except ValueError:
        return None


@fuzzed
@given(tables(), ours)
def test_what_rfc_4180_allows_is_read_value_by_value(table, dialect):
    data = read(dialect.write(table))
    if data is None:  # numbers with commas in all rows, blank lines of a single column
        return
    assert list(data.y) == [row[-1] for row in table.rows]
    assert list(data.X) == table.header[:-1]
    for number, name in enumerate(table.header[:-1]):
        pairs = zip(data.X[name], (row[number] for row in table.rows), strict=True)
        assert all(is_same(got, meant) for got, meant in pairs), name


@fuzzed
@given(tables(), ours)
def test_texts_are_read_letter_by_letter(table, dialect):
    name = table.header[0]
    data = read(dialect.write(table), text=name)
    if data is None:
        texts, others = [row[0] for row in table.rows], "".join(map("".join, table.rows))
        assert not all(map(str.strip, texts)) or "\r" in others or "," in others
    else:
        assert list(data.X) == [row[0] for row in table.rows]


@fuzzed
@given(tables(), dialects)
def test_any_other_dialect_is_refused_or_means_the_same(table, dialect):
    data = read(dialect.write(table))
    if data is not None and dialect.delimiter == ",":
        assert len(data) == len(table.rows)
        assert list(data.y) == [row[-1] for row in table.rows]
    if dialect.with_index or (dialect.extra_comma and dialect.delimiter == ","):
        assert data is None


@fuzzed
@given(tables(), ours, st.data())
def test_a_byte_more_less_or_other_touches_two_rows_at_most_or_is_refused(table, dialect, data):
    raw = dialect.write(table)
    place = data.draw(st.integers(0, len(raw) - 1))
    new = data.draw(st.sampled_from([b"", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"x", b" "]))
    cut = data.draw(st.integers(0, 1))
    found = read(raw[:place] + new + raw[place + cut :])
    if found is not None:
        rows = [(*features, label) for *features, label in zip(*columns_of(found), strict=True)]
        n_same = sum(any(map(is_same_row, rows, [row] * len(rows))) for row in table.rows)
        assert n_same >= len(table.rows) - 2


def columns_of(data):
    return [*(data.X[name] for name in data.X), data.y]


def is_same_row(got, meant):
    return len(got) == len(meant) and all(map(is_same, got, meant))


@fuzzed
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content):
    read(b"a,label\n" + content)
    read(content)


@fuzzed
@given(tables())
def test_every_row_a_field_longer_is_refused(table):
    longer = type(table)(table.header, [[*row, "w"] for row in table.rows])
    raw = csv_of(longer)
    assert read(raw) is None


def csv_of(table):
    target = io.StringIO(newline="")
    csv.writer(target).writerows([table.header, *table.rows])
    return target.getvalue().encode()
