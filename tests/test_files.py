"""A user's own CSV files: read as they are, or refused with what to do."""

import bz2
import csv as csv_module
import gzip
import lzma

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.csv_table import MISSING
from synthlab.datasets.files import column_notes, load_csv, require_different_files
from synthlab.errors import ContaminationError, InputError


def frame():
    return pd.DataFrame({"key": [11, 12], "note": ["hi", "ho"], "age": [3, 4], "kind": ["u", "v"]})


def refusal(make, *args, **options) -> str:
    with pytest.raises(InputError) as caught:
        make(*args, **options)
    return str(caught.value)


def csv(folder, content):
    path = folder / "people.csv"
    path.write_bytes(content)
    return path


def test_load_csv_reads_what_to_csv_wrote(tmp_path):
    frame().to_csv(tmp_path / "people.csv", index=False)
    data = load_csv(tmp_path / "people.csv", target="kind", origin=REAL, id="key")
    pd.testing.assert_frame_equal(data.X, frame()[["note", "age"]])
    assert data.name == "people.csv"


def test_load_csv_takes_a_name_and_a_path_as_text(tmp_path):
    path = str(csv(tmp_path, b"age,kind\n3,u\n4,v\n"))
    assert load_csv(path, target="kind", origin=REAL, name="mine").name == "mine"


def test_load_csv_without_such_a_file_is_refused(tmp_path):
    text = refusal(load_csv, tmp_path / "no.csv", target="kind", origin=REAL)
    assert f"{tmp_path / 'no.csv'}: there is no such file" in text


def test_load_csv_of_a_folder_is_refused(tmp_path):
    text = refusal(load_csv, tmp_path, target="kind", origin=REAL)
    assert str(tmp_path) in text


@pytest.mark.parametrize(
    "content",
    [b"", b"age,kind\n3,u\n4,v,w\n", b'age,kind\n3,"u\n', "age,kind\n3,é\n".encode("latin-1")],
    ids=["empty", "ragged", "open quote", "not UTF-8"],
)
def test_load_csv_of_something_else_is_refused(tmp_path, content):
    path = csv(tmp_path, content)
    text = refusal(load_csv, path, target="kind", origin=REAL)
    assert f"{path}: not readable as CSV" in text
    assert "Export the file again" in text


def test_load_csv_with_missing_labels_is_refused(tmp_path):
    path = csv(tmp_path, b"age,kind\n3,u\n4,\n")
    text = refusal(load_csv, path, target="kind", origin=REAL)
    assert "people.csv: 1 of 2 labels are missing (rows 1)" in text


# --- what could be taken in two ways -------------------------------------------------------


def loaded(folder, content, **options):
    options = {"target": "kind", "origin": REAL} | options
    return load_csv(csv(folder, content), **options)


def refused(folder, content, **options):
    return refusal(loaded, folder, content, **options)


GOOD = b"age,kind\n3,u\n4,v\n"


@pytest.mark.parametrize(
    ("pack", "told"),
    [
        (gzip.compress, "gzip archive"),
        (bz2.compress, "bzip2 archive"),
        (lzma.compress, "xz archive"),
        (lambda raw: b"PK\x03\x04" + raw, "zip archive or a workbook"),
        (lambda raw: b"PAR1" + raw, "Parquet file"),
        (lambda raw: raw.decode().encode("utf-16"), "UTF-16 text"),
        (lambda raw: raw.replace(b"3", b"\0"), "zero byte"),
    ],
)
def test_a_compressed_or_binary_file_is_named_for_what_it_is(tmp_path, pack, told):
    text = refused(tmp_path, pack(GOOD))
    assert told in text
    assert "Export the file again" in text


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_named(tmp_path, mark):
    text = refused(tmp_path, GOOD.replace(b",", mark.encode()))
    assert f"separated by {mark!r}" in text
    assert "with commas" in text


@pytest.mark.parametrize(
    ("content", "line", "n_fields"),
    [
        (b"age,kind\n3,u\n4,5,v\n", 3, 3),  # a decimal comma
        (b"age,kind\n3,5,u\n4,5,v\n", 2, 3),  # in every row: pandas would make an index of it
        (b"age,kind\n3,u\n4\n", 3, 1),
        (b"age,kind\n3,u,\n4,v,\n", 2, 3),
        (b'age,kind\n"3\n4",u\n5\n', 4, 1),
    ],
)
def test_a_ragged_row_is_refused_by_its_line(tmp_path, content, line, n_fields):
    text = refused(tmp_path, content)
    assert f"line {line} has {n_fields} fields; expected 2" in text


@pytest.mark.parametrize("header", [b"age,age,kind", b"age, age,kind", b"kind,age,kind"])
def test_a_name_that_occurs_twice_is_refused(tmp_path, header):
    text = refused(tmp_path, header + b"\n1,2,u\n3,4,v\n")
    assert "more than one column has the name " in text
    assert "Rename or drop" in text


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_an_index_that_was_written_along_is_refused(tmp_path, name):
    text = refused(tmp_path, f"{name},age,kind\n0,3,u\n1,4,v\n".encode())
    assert "column 1 has no name, as an index has" in text
    frame().to_csv(tmp_path / "people.csv")
    assert "as an index has" in refusal(
        load_csv, tmp_path / "people.csv", target="kind", origin=REAL
    )


def test_blanks_around_names_and_labels_are_refused(tmp_path):
    assert "column ' kind' begins or ends" in refused(tmp_path, b"age, kind\n3, u\n4, v\n")
    text = refused(tmp_path, b"age,kind\n3,u\n4,u \n5,v\n")
    assert "the label 'u ' begins or ends with a blank" in text


@pytest.mark.parametrize("value", ["3,5", "-1,234,567", "+1,0"])
def test_numbers_with_commas_are_refused(tmp_path, value):
    text = refused(tmp_path, f'age,kind\n"{value}",u\n"4,5",v\n'.encode())
    assert f"column 'age' holds numbers with commas, such as {value!r}" in text
    assert "1234.5" in text


@pytest.mark.parametrize("label", ["nan", "NaN", "NA", "None", "null", "N/A", "<NA>"])
def test_a_label_that_could_be_missing_is_refused_with_both_ways_out(tmp_path, label):
    for others in (("u", "v"), ("0", "1")):
        rows = "".join(f"{n},{other}\n" for n, other in enumerate(others * 3))
        text = refused(tmp_path, f"age,kind\n{rows}9,{label}\n8,{label}\n".encode())
        assert f"the label {label!r} stands in 2 of 8 rows of 'kind'" in text
        assert "If it is a class" in text
        assert "drop these rows" in text


def test_a_closed_quote_is_needed(tmp_path):
    for content in (b'age,kind\n3,"u\n4,v\n', b'age,kind\n"3"4,u\n5,v\n'):
        assert "every quote closed" in refused(tmp_path, content)


# --- what is read as it is -----------------------------------------------------------------


def test_features_may_lack_values_in_all_the_usual_words(tmp_path):
    rows = "".join(f"{word},{n},u\n" for n, word in enumerate(MISSING))
    data = loaded(tmp_path, f"age,n,kind\n{rows}2.5,99,v\n".encode())
    assert data.X["age"].isna().sum() == len(MISSING)
    assert data.X["age"].dtype == float


def test_texts_and_ids_are_taken_letter_by_letter(tmp_path):
    content = b"key,note,kind\n007,NA,u\n12345678901234567890123,1.50,v\n7,nan,u\n"
    data = loaded(tmp_path, content, text="note", id="key")
    assert list(data.ids) == ["007", "12345678901234567890123", "7"]
    assert list(data.X) == ["NA", "1.50", "nan"]


def test_ids_that_a_gap_had_made_decimals_are_whole(tmp_path):
    data = loaded(tmp_path, b"key,age,kind\n11.0,3,u\n,4,v\n12.0,5,u\n", id="key")
    assert list(data.ids) == ["11", None, "12"]


def test_what_rfc_4180_allows_is_read(tmp_path):
    content = '\ufeffage,note,kind\r\n3,"a ""b"", c\nd",u\r\n\r\n4,é,v\r\n'.encode()
    data = loaded(tmp_path, content)
    assert list(data.X["note"]) == ['a "b", c\nd', "é"]
    assert list(data.X["age"]) == [3, 4]


def test_a_field_may_be_long(tmp_path):
    long = "word " * 100_000
    data = loaded(tmp_path, f"note,kind\n{long},u\nshort,v\n".encode(), text="note")
    assert data.X[0] == long
    assert csv_module.field_size_limit() < len(long)


def test_every_bit_of_a_number_is_read(tmp_path):
    values = np.random.default_rng(0).normal(size=500) * 10.0 ** np.arange(-250, 250)
    pd.DataFrame({"x": values, "kind": ["u", "v"] * 250}).to_csv(
        tmp_path / "people.csv", index=False
    )
    data = load_csv(tmp_path / "people.csv", target="kind", origin=REAL)
    assert (data.X["x"].to_numpy() == values).all()


# --- columns worth a word ------------------------------------------------------------------


def told_of(**columns):
    return column_notes(Dataset(pd.DataFrame(columns), np.arange(40) % 2, REAL, "mine"))


def test_ordinary_columns_are_passed_over():
    rng = np.random.default_rng(1)
    ordinary = {"x": rng.normal(size=40), "n": rng.integers(9, size=40), "gap": [None, 1.5] * 20}
    ordinary["gap"][3] = None
    assert told_of(**ordinary) == []


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (["a"] * 40, "the same value in every row"),
        ([None] * 40, "the same value in every row"),
        (range(40), "another value in each row, as an id has"),
        ([f"row {n}" for n in range(40)], "another value in each row"),
        (np.arange(40) + 0.0, "another value in each row"),
        (["no", "yes"] * 20, "tells the label of every row"),
        ([0, 1, 2, 3] * 10, "tells the label of every row"),
        ([None, "x"] * 20, "tells the label of every row"),
    ],
)
def test_a_column_that_teaches_nothing_or_too_much_is_told(column, told):
    (note,) = told_of(odd=column)
    assert note.startswith("mine: column 'odd' ")
    assert told in note


def test_few_rows_are_no_ground_for_a_word():
    assert column_notes(Dataset(pd.DataFrame({"x": [1, 1]}), [0, 1], REAL)) == []


# --- three files ---------------------------------------------------------------------------


def test_the_same_file_given_twice_is_refused_by_whatever_name(tmp_path):
    a, b, c = (tmp_path / name for name in "abc")
    a.write_bytes(GOOD)
    b.write_bytes(GOOD + b"5,u\n")
    require_different_files(a, b, tmp_path / "missing")
    c.symlink_to(a)
    for twice in ((a, b, a), (a, b, c), (str(tmp_path / "." / "a"), a)):
        with pytest.raises(ContaminationError, match="hold the same rows"):
            require_different_files(*twice)
    c.unlink()
    c.write_bytes(GOOD)
    with pytest.raises(ContaminationError, match=r"a and .*c hold"):
        require_different_files(a, b, c)
