"""Where things lie, and how files are written: whole or not at all, with a checksum beside."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from synthlab.errors import DataUnavailableError, InputError, SynthlabError

#: Names another folder for downloads and what is derived from them.
CACHE = "SYNTHLAB_CACHE"

_PACKAGE = Path(__file__).parent
_PARTIAL = ".partial"
_DAY_SECONDS = 86_400


def data_dir() -> Path:
    """Return the folder that holds ``registry.toml``, ``claims.toml`` and the recorded data."""
    return _course_dir("data", "registry.toml")


def notebooks_dir() -> Path:
    """Return the folder of the course's notebooks."""
    return _course_dir("notebooks", "profiles.toml")


def cache_dir() -> Path:
    """Return the folder for downloads: ``$SYNTHLAB_CACHE``, or the user's cache folder.

    A relative one is made absolute, and exported so: kernels and workers start elsewhere.

    Raises
    ------
    InputError
        No folder can be named so: ``~name`` in it is no user, or a name is too long.
    """
    import pooch

    given = os.environ.get(CACHE)
    if not given:
        return Path(pooch.os_cache("synthlab"))
    try:
        folder = Path(given).expanduser().absolute()
        folder.exists()  # raises where no system could have such a folder
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"{CACHE}={given}: expected a folder ({getattr(error, 'strerror', '') or error}). "
            f"Nothing can be kept there. Set it to a folder that can be written."
        ) from error
    os.environ[CACHE] = str(folder)
    return folder


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary path beside ``path``; it becomes ``path`` if the block succeeds.

    What killed runs left behind in that folder, older than a day, is removed.

    Raises
    ------
    InputError
        The disk refuses: it is full, the folder is read-only, or a file is in the way.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _tidy_once(path.parent.absolute())
        handle, name = tempfile.mkstemp(_PARTIAL, f".{path.name}.", path.parent)
        os.close(handle)
        try:
            yield Path(name)
            os.chmod(name, 0o644)
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses inside the block into an `InputError` that names ``path``."""
    try:
        yield
    except SynthlabError:
        raise
    except OSError as error:
        raise InputError(
            f"{path}: expected a place that can be written ({error.strerror or error}). Nothing "
            f"half-written is left there; what was done before is kept. Make room or mend the "
            f"folder's permissions, or name another folder (the cache's is {CACHE})."
        ) from error


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove hidden temporary files and folders that killed runs left there, a day old or more.

    Parameters
    ----------
    folder : pathlib.Path
    pattern : str
        Of their names, such as ``".*.partial"``.  What can't be removed is left alone.
    """
    for path in folder.glob(pattern):
        with suppress(OSError):  # another run was quicker, or owns it
            if time.time() - path.lstat().st_mtime > _DAY_SECONDS:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sidecar(path: Path) -> None:
    """Write the SHA-256 of a file beside it, into ``NAME.sha256``, as ``sha256sum`` reads it."""
    line = f"{sha256_of(path)}  {path.name}\n"
    with atomic_path(_sidecar(path)) as partial:
        partial.write_text(line, "utf-8")


def matches_sidecar(path: Path) -> bool:
    """Whether a file is, byte for byte, the one that `write_sidecar` saw; no, without either."""
    try:
        return _sidecar(path).read_bytes() == f"{sha256_of(path)}  {path.name}\n".encode()
    except OSError:
        return False


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


@cache
def _tidy_once(folder: Path) -> None:
    """Look for leftovers once in a process: a sweep writes thousands of files to one folder."""
    remove_leftovers(folder, f".*{_PARTIAL}")


def _course_dir(folder: str, marker: str) -> Path:
    """Find a folder of the course beside the package (a clone) or inside it (a wheel)."""
    for place in (_PACKAGE.parent / folder, _PACKAGE / "_course" / folder):
        if (place / marker).is_file():
            return place
    raise DataUnavailableError(
        f"{folder}/{marker} lies neither beside the package nor inside it ({_PACKAGE}). The "
        f"course's files are missing from this installation. Install from a fresh clone."
    )
