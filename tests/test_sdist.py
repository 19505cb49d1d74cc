"""A source distribution is used whole and verified, or not at all, and never run."""

import hashlib
import io
import tarfile

import pytest
from cases import refusal

from synthlab.datasets import registry, sdist
from synthlab.errors import DataUnavailableError

ROWS, OTHER, WORDS = b"1\t2.5\tgood\n", b"1\t-2.5\tbad\n", b"good\t1.9\n"
SETUP = "import pathlib\npathlib.Path(r'{ran}').write_text('ran')\n"


def packed(files):
    """Return the bytes of a .tar.gz archive of some files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    return buffer.getvalue()


@pytest.fixture
def index(monkeypatch, tmp_path):
    """Let pip find packages in a folder alone; return it."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def ran(tmp_path):
    return tmp_path / "ran"


@pytest.fixture
def archive(monkeypatch, ran):
    """Register a tiny package whose ``setup.py`` leaves a trace; return the archive's bytes."""
    inner = packed({"data/rows.txt": ROWS, "data/unused.txt": OTHER})
    about = b"Metadata-Version: 2.1\nName: tinyrows\nVersion: 1.0\n"
    raw = packed(
        {
            "tinyrows-1.0/setup.py": SETUP.format(ran=ran).encode(),
            "tinyrows-1.0/PKG-INFO": about,
            "tinyrows-1.0/more/data.tar.gz": inner,
            "tinyrows-1.0/tinyrows/words.txt": WORDS,
        }
    )
    entry = {
        "version": "1.0",
        "distribution": "tinyrows",
        "sha256": hashlib.sha256(raw).hexdigest(),
        "archive": "tinyrows-1.0/more/data.tar.gz",
        "files": {"data/rows.txt": hashlib.sha256(ROWS).hexdigest()},
    }
    monkeypatch.setattr(registry, "load_registry", lambda: {"tiny": entry})
    return raw


def test_pip_fetches_the_archive_and_runs_none_of_it(index, archive, ran):
    (index / "tinyrows-1.0.tar.gz").write_bytes(archive)
    assert sdist.sdist_files("tiny") == {"rows.txt": ROWS}
    assert not ran.exists()
    (index / "tinyrows-1.0.tar.gz").unlink()
    assert sdist.sdist_files("tiny") == {"rows.txt": ROWS}  # from the cache


def test_an_archive_of_other_bytes_is_refused_before_it_is_unpacked(index, archive, ran):
    (index / "tinyrows-1.0.tar.gz").write_bytes(archive[:-1] + b"\1")
    told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
    assert "tiny could not be downloaded" in told
    assert not ran.exists()
    assert not sdist.sdist_path("tiny").exists()


def test_without_the_package_the_error_says_what_to_do_by_hand(index, archive):
    told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
    kept = sdist.sdist_path("tiny")
    assert "source distribution of tinyrows==1.0" in told
    assert f"put tinyrows-1.0.tar.gz (SHA-256 {hashlib.sha256(archive).hexdigest()})" in told
    assert f"at {kept} yourself" in told
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(archive)
    assert sdist.sdist_files("tiny") == {"rows.txt": ROWS}


def test_files_beside_the_inner_archive_are_read_and_verified_too(index, archive):
    kept, entry = sdist.sdist_path("tiny"), registry.load_registry()["tiny"]
    kept.parent.mkdir()
    kept.write_bytes(archive)
    words = "tinyrows-1.0/tinyrows/words.txt"
    entry["plain_files"] = {words: hashlib.sha256(WORDS).hexdigest()}
    assert sdist.sdist_files("tiny") == {"rows.txt": ROWS, "words.txt": WORDS}
    entry["plain_files"] = {words: hashlib.sha256(ROWS).hexdigest()}
    told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
    assert f"{words} has SHA-256" in told
    entry["plain_files"] = {"tinyrows-1.0/none.txt": "0" * 64}
    told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
    assert "expected 2 files" in told
    assert "none.txt" in told
    assert "git checkout" in told


def test_an_altered_archive_in_the_cache_is_refused(index, archive):
    kept = sdist.sdist_path("tiny")
    kept.parent.mkdir()
    for raw in (b"", archive[:-20], archive + b" "):
        kept.write_bytes(raw)
        told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
        assert f"{kept}: SHA-256" in told
        assert "Delete it and run again" in told


def test_a_registered_file_that_is_missing_or_another_one_is_refused(index, archive):
    kept, entry = sdist.sdist_path("tiny"), registry.load_registry()["tiny"]
    kept.parent.mkdir()
    kept.write_bytes(archive)
    entry["files"] = {"data/unused.txt": hashlib.sha256(ROWS).hexdigest()}
    told = refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
    assert "data/unused.txt has SHA-256" in told
    for change in ({"files": {"data/none.txt": "0" * 64}}, {"archive": "tinyrows-1.0/none"}):
        entry |= change
        assert "git checkout" in refusal(sdist.sdist_files, "tiny", kind=DataUnavailableError)
