"""A sweep's frame as one file that is committed: the same scores give the same bytes."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthlab.paths import atomic_path


def libraries() -> str:
    """Return the versions of the libraries that the numbers depend on."""
    names = ("imbalanced-learn", "numpy", "pandas", "scikit-learn", "scipy")
    return ", ".join(f"{name} {version(name)}" for name in names)


def package_digest() -> str:
    """Return one SHA-256 of the package's modules: the recipe of a sweep that measures the package.

    A cell's file is named by the source of its function, not by what that calls, so that a change
    elsewhere would leave old results in place.
    """
    folder = Path(__file__).resolve().parent.parent
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def write_table(scores: pd.DataFrame, path: Path) -> None:
    """Write a frame as one parquet file.

    Parameters
    ----------
    scores : pandas.DataFrame
    path : Path
        The file's metadata names the versions that made the scores.
    """
    table = pa.Table.from_pandas(scores, preserve_index=False)
    about = {b"synthlab": f"synthlab {version('synthlab')}, {libraries()}".encode()}
    with atomic_path(path) as partial:
        metadata = {**(table.schema.metadata or {}), **about}
        pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")
