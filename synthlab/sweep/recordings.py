"""A sweep's frame as one file that is committed: the same scores give the same bytes."""

from __future__ import annotations

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
