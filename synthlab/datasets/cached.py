"""Frames that are made of downloads, kept beside their checksum."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from synthlab.paths import atomic_path, matches_sidecar, write_sidecar

_log = logging.getLogger(__name__)


def cached_frame(kept: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return the frame that a file keeps; make and keep it where the file is not as written.

    Parameters
    ----------
    kept : pathlib.Path
        A parquet file.  Its name should change whenever ``make`` does.
    make : callable
        () → the frame.
    """
    if matches_sidecar(kept):
        return pd.read_parquet(kept)
    if kept.exists():
        _log.warning("%s: not as it was written; it is made again.", kept)
    frame = make()
    with atomic_path(kept) as partial:
        frame.to_parquet(partial)
    write_sidecar(kept)
    return frame
