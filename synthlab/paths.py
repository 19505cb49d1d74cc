"""Where things lie, and how files are written: whole or not at all, with a checksum beside."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthlab.errors import DataUnavailableError

_PACKAGE = Path(__file__).parent


def data_dir() -> Path:
    """Return the folder that holds ``registry.toml``, ``claims.toml`` and the recorded data."""
    return _course_dir("data", "registry.toml")


def notebooks_dir() -> Path:
    """Return the folder of the course's notebooks."""
    return _course_dir("notebooks", "profiles.toml")


def cache_dir() -> Path:
    """Return the folder for downloads: ``$SYNTHLAB_CACHE``, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("SYNTHLAB_CACHE") or pooch.os_cache("synthlab"))


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary path beside ``path``; it becomes ``path`` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


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


def _course_dir(folder: str, marker: str) -> Path:
    """Find a folder of the course beside the package (a clone) or inside it (a wheel)."""
    for place in (_PACKAGE.parent / folder, _PACKAGE / "_course" / folder):
        if (place / marker).is_file():
            return place
    raise DataUnavailableError(
        f"{folder}/{marker} lies neither beside the package nor inside it ({_PACKAGE}). The "
        f"course's files are missing from this installation. Install from a fresh clone."
    )
