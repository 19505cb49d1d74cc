"""A user's own CSV files: read as they are, or refused with what to do."""

import pandas as pd
import pytest

from synthlab.dataset import REAL
from synthlab.datasets.files import load_csv
from synthlab.errors import InputError


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
