"""The doctor finds what is missing, and names a remedy for it."""

import pytest

from synthlab import paths
from synthlab.course import doctor
from synthlab.datasets import CORPORA


def finding(what):
    (found,) = [f for f in doctor.examine() if f.what == what]
    return found


def test_this_machine_can_run_the_course():
    assert [f for f in doctor.examine() if not f.is_fine] == []


def test_both_corpora_are_looked_for():
    assert {"mail corpus", "rated reviews"} <= {found.what for found in doctor.examine()}


def test_missing_corpora_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    for corpus in CORPORA:
        found = finding(corpus.name)
        assert not found.is_fine
        assert found.detail == f"not in {tmp_path}"
        assert found.remedy == f"make data ({corpus.megabytes:g} MB)"
    assert not list(tmp_path.iterdir())  # looking downloads nothing


def test_corrupt_corpora_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    archives = {
        "mail corpus": "spam-assassin-0.2.3.tgz",
        "rated reviews": "vaderSentiment-3.3.2.tar.gz",
    }
    for name, archive in archives.items():
        (tmp_path / archive).write_bytes(b"no archive at all")
        found = finding(name)
        assert not found.is_fine
        assert archive in found.detail
        assert "delete" in found.remedy


def test_an_altered_derived_file_is_found_without_parsing_it(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    assert finding("derived files") == ("derived files", True, "none made yet", "")
    for name in ("email-9.parquet", "weights.gguf"):
        (tmp_path / name).write_bytes(b"no reader could parse this")
        paths.write_sidecar(tmp_path / name)
    assert finding("derived files").detail == "email-9.parquet, weights.gguf: checksums right"
    (tmp_path / "weights.gguf").write_bytes(b"no reader could parse that")
    found = finding("derived files")
    assert not found.is_fine
    assert found.detail.startswith("weights.gguf: not as written")
    assert "make data" in found.remedy


@pytest.mark.parametrize("cache", ["a file", "~nobody-of-this-name/x"])
def test_an_impossible_cache_folder_is_found(monkeypatch, tmp_path, cache):
    (tmp_path / "a file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHLAB_CACHE", cache)
    found = finding("cache folder")
    assert not found.is_fine
    assert cache in found.detail
    assert "SYNTHLAB_CACHE" in found.remedy


def test_missing_course_files_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "synthlab")
    assert not finding("course files").is_fine


def test_old_python_is_found(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert not finding("Python 3.11 or newer").is_fine


@pytest.mark.parametrize("found", doctor.examine(), ids=lambda f: f.what)
def test_every_finding_says_what_it_saw(found):
    assert found.detail
