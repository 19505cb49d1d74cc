"""Files are written whole or not at all; checksums are kept; a refusal of the disk is explained."""

import errno
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthlab import paths
from synthlab.errors import InputError, SynthlabError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(path, content=b"", error=None):
    with paths.atomic_path(path) as partial:
        partial.write_bytes(content)
        if error:
            raise error


def age(path, days):
    then = time.time() - days * 86_400
    os.utime(path, (then, then), follow_symlinks=False)


# --- checksums beside files ----------------------------------------------------------------


def test_a_file_matches_the_sidecar_that_was_written_for_it(tmp_path):
    file = tmp_path / "kept.bin"
    file.write_bytes(b"abc")
    assert not paths.matches_sidecar(file)
    paths.write_sidecar(file)
    assert paths.matches_sidecar(file)


def test_no_byte_may_change_in_the_file_or_in_its_sidecar(tmp_path):
    file, sidecar = tmp_path / "kept.bin", tmp_path / "kept.bin.sha256"
    file.write_bytes(bytes(range(64)))
    paths.write_sidecar(file)
    for victim in (file, sidecar):
        whole = victim.read_bytes()
        for place in range(len(whole)):
            for bit in (1, 32, 128):
                victim.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
                assert not paths.matches_sidecar(file), (victim.name, place)
        for cut in (b"", whole[:-1], whole + b"\n"):
            victim.write_bytes(cut)
            assert not paths.matches_sidecar(file)
        victim.write_bytes(whole)
    assert paths.matches_sidecar(file)


def test_a_sidecar_belongs_to_one_name(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    paths.write_sidecar(tmp_path / "a")
    os.replace(tmp_path / "a", tmp_path / "b")
    os.replace(tmp_path / "a.sha256", tmp_path / "b.sha256")
    assert not paths.matches_sidecar(tmp_path / "b")


def test_a_missing_file_matches_nothing(tmp_path):
    (tmp_path / "gone.sha256").write_text("0" * 64 + "  gone\n")
    assert not paths.matches_sidecar(tmp_path / "gone")


def test_a_sidecar_is_what_sha256sum_writes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    paths.write_sidecar(tmp_path / "abc")
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (tmp_path / "abc.sha256").read_text() == f"{published}  abc\n"


# --- whole or not at all -------------------------------------------------------------------


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a", b"new", ZeroDivisionError())
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_what_a_killed_run_left_is_removed_after_a_day_and_nothing_else(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from synthlab.paths import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    for name in ("old", "new"):
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=False)
    (left,) = tmp_path.glob(".old.*")
    for name in ("result.partial", ".hidden", "result"):
        (tmp_path / name).touch()
        age(tmp_path / name, 9)
    age(left, 1.1)
    write(tmp_path / "other")
    (young,) = tmp_path.glob(".new.*")
    assert names(tmp_path) == [".hidden", young.name, "other", "result", "result.partial"]


def test_leftover_folders_go_whole_and_links_leave_their_target(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "kept").touch()
    (tmp_path / ".run-1" / "deep").mkdir(parents=True)
    (tmp_path / ".run-2").symlink_to(tmp_path / "target")
    for name in (".run-1", ".run-2"):
        age(tmp_path / name, 2)
    paths.remove_leftovers(tmp_path, ".run-*")
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["kept"]


# --- what a disk refuses -------------------------------------------------------------------


def test_a_file_in_the_way_is_named_with_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "a", tmp_path / "file" / "deep" / "a"):
        with pytest.raises(InputError, match=r"file.*written \(.*name another folder") as caught:
            write(path)
        assert str(path) in str(caught.value)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "taken").mkdir()
    with (
        pytest.raises(InputError, match=r"taken.*directory"),
        paths.atomic_path(tmp_path / "taken"),
    ):
        pass
    assert names(tmp_path) == ["taken"]


def test_a_disk_that_is_full_is_told_and_nothing_half_written_stays(tmp_path):
    """A limit on the size of files refuses as a full disk does: in the middle of writing."""
    (tmp_path / "a").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"File too large.*Make room"):
            write(tmp_path / "a", b"x" * 9_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            write(tmp_path / "a")
    finally:
        tmp_path.chmod(0o700)


def test_our_own_errors_pass_as_they_are(tmp_path):
    for error in (SynthlabError("ours"), OSError(errno.ENOSPC, "No space left on device")):
        kind = SynthlabError if isinstance(error, SynthlabError) else InputError
        with pytest.raises(kind), paths.disk_errors(tmp_path / "a"):
            raise error


# --- the cache's folder --------------------------------------------------------------------


def test_a_home_folder_is_meant_by_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(paths.CACHE, "~/mine")
    assert paths.cache_dir() == tmp_path / "mine"


def test_an_unknown_home_is_refused(monkeypatch):
    monkeypatch.setenv(paths.CACHE, "~nobody-of-this-name/mine")
    with pytest.raises(InputError, match=r"SYNTHLAB_CACHE=~nobody-of-this-name/mine.*Set it to"):
        paths.cache_dir()


def test_a_relative_cache_is_the_same_folder_for_processes_that_start_elsewhere(
    monkeypatch, tmp_path
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.CACHE, "mine")
    assert paths.cache_dir() == tmp_path / "mine"
    monkeypatch.chdir("elsewhere")
    assert paths.cache_dir() == tmp_path / "mine"
    code = "from synthlab.paths import cache_dir; print(cache_dir())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(told.stdout.strip()) == tmp_path / "mine"
