"""Where things lie: the recorded data, the notebooks, the cache of what was downloaded."""

from __future__ import annotations

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


def _course_dir(folder: str, marker: str) -> Path:
    """Find a folder of the course beside the package (a clone) or inside it (a wheel)."""
    for place in (_PACKAGE.parent / folder, _PACKAGE / "_course" / folder):
        if (place / marker).is_file():
            return place
    raise DataUnavailableError(
        f"{folder}/{marker} lies neither beside the package nor inside it ({_PACKAGE}). The "
        f"course's files are missing from this installation. Install from a fresh clone."
    )
