"""The doctor finds what is missing, and names a remedy for it."""

import pytest

from synthlab import paths
from synthlab.course import doctor


def finding(what):
    (found,) = [f for f in doctor.examine() if f.what == what]
    return found


def test_this_machine_can_run_the_course():
    assert [f for f in doctor.examine() if not f.is_fine] == []


def test_missing_corpus_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    found = finding("mail corpus")
    assert not found.is_fine
    assert "make data" in found.remedy


def test_corrupt_corpus_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    (tmp_path / "spam-assassin-0.2.3.tgz").write_bytes(b"no archive at all")
    found = finding("mail corpus")
    assert not found.is_fine
    assert "delete" in found.remedy


def test_missing_course_files_are_found(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "synthlab")
    assert not finding("course files").is_fine


def test_old_python_is_found(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert not finding("Python 3.11 or newer").is_fine


@pytest.mark.parametrize("found", doctor.examine(), ids=lambda f: f.what)
def test_every_finding_says_what_it_saw(found):
    assert found.detail
