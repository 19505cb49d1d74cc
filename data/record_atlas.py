"""Run the atlas (119 tables, five splits each, every generator and model) and register its table.

From the repository's root: ``make atlas``.  Stopped or killed and started again, it goes on; the
cells lie in ``data/atlas/cells/``, and the table that they make in ``data/atlas/atlas.parquet``.

    .venv/bin/python data/record_atlas.py --workers 2
"""

import argparse
from pathlib import Path

from synthlab.atlas.cells import run_atlas
from synthlab.datasets import registry
from synthlab.sweep import write_table

HERE = Path(__file__).resolve().parent
TABLE = HERE / "atlas" / "atlas.parquet"


def register(n_rows: int) -> None:
    """Write the table's checksum into registry.toml."""
    registry.write_entry(
        "atlas",
        "What synthetic rows did on every imbalanced table: make atlas.",
        version="0.1.0",
        license="CC0-1.0",
        path="atlas/atlas.parquet",
        sha256=registry.sha256_of(TABLE),
        rows=n_rows,
    )


def main() -> None:
    """Run what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="local processes (default: 2)")
    found = run_atlas(HERE / "atlas" / "cells", n_jobs=parser.parse_args().workers)
    print(found)
    scores = found.require_complete().to_frame()
    write_table(scores, TABLE)
    register(len(scores))
    print(f"{TABLE.relative_to(HERE.parent)}: {len(scores):,} rows, registered")


if __name__ == "__main__":
    main()
