"""A run's own folder inside the folder that was asked for, gone once the run is over."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".run-"


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """Lend a new folder inside ``out``, which is made if need be.

    What runs that were killed have left is removed first, unless another run is at work in
    ``out``: every run holds a shared lock on it, which ends with its process.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = os.open(out, os.O_RDONLY)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left_over in out.glob(f"{_PREFIX}*"):
                shutil.rmtree(left_over)
        fcntl.flock(lock, fcntl.LOCK_SH)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=out) as folder:
            yield Path(folder)
    finally:
        os.close(lock)
