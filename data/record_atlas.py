"""Run the atlas (119 tables, five splits each, every generator and model) and register its table.

From the repository's root: ``make atlas``.  Stopped or killed and started again, it goes on; the
cells lie in ``data/atlas/cells/``, and the table that they make in ``data/atlas/atlas.parquet``.

    .venv/bin/python data/record_atlas.py --workers 2
"""

import argparse
from pathlib import Path

from synthlab.atlas.cells import run_atlas
from synthlab.datasets import registry

CELLS = Path(__file__).resolve().parent / "atlas" / "cells"


def main() -> None:
    """Run what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="local processes (default: 2)")
    found = run_atlas(CELLS, n_jobs=parser.parse_args().workers)
    print(found)
    scores = found.require_complete().to_frame()
    about = "What synthetic rows did on every imbalanced table: make atlas."
    table = registry.record_table("atlas", about, scores)
    print(f"{table.name}: {len(scores):,} rows, registered")


if __name__ == "__main__":
    main()
