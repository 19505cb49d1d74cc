"""Entries of the registry are written one at a time; all others stay as they are."""

import tomllib

import pandas as pd
import pytest

from synthlab.datasets import registry
from synthlab.errors import DataUnavailableError

TEXT = """# About all of them.

[one]
version = "1"
rows = 1

# What two is.
[two]
rows = 2

[three]
sizes = [1, 2]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "registry.toml").write_text(TEXT, "utf-8")
    monkeypatch.setattr(registry, "data_dir", lambda: tmp_path)
    return tmp_path


def test_an_entry_is_replaced_where_it_stands(folder):
    registry.write_entry("two", "What two is now.", path="a/b.csv", rows=3)
    text = (folder / "registry.toml").read_text("utf-8")
    expected = '# What two is now.\n[two]\npath = "a/b.csv"\nrows = 3\n'
    assert text == TEXT.replace("# What two is.\n[two]\nrows = 2\n", expected)


def test_a_new_entry_is_added_at_the_end(folder):
    registry.write_entry("four", "What four is.", rows=4)
    text = (folder / "registry.toml").read_text("utf-8")
    assert text.startswith(TEXT)
    assert tomllib.loads(text)["four"] == {"rows": 4}


def test_writing_the_same_entry_twice_changes_nothing(folder):
    for _ in range(2):
        registry.write_entry("four", "What four is.", rows=4, name='say "so"')
        text = (folder / "registry.toml").read_text("utf-8")
    assert text.count("[four]") == text.count("What four is.") == 1
    assert tomllib.loads(text)["four"]["name"] == 'say "so"'
    assert registry.registry_entry("three") == {"sizes": [1, 2]}


def test_a_recorded_table_is_registered_with_its_checksum_and_read_back(folder):
    scores = pd.DataFrame({"seed": [0, 1], "score": [0.5, 0.75]})
    path = registry.record_table("four", "What four is.", scores)
    assert path == folder / "four" / "four.parquet"
    assert registry.registry_entry("four")["rows"] == 2
    pd.testing.assert_frame_equal(pd.read_parquet(registry.recorded_file("four")), scores)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataUnavailableError, match=r"four\.parquet"):
        registry.recorded_file("four")
