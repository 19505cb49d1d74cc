"""Score every number of real and synthetic rows, and register the table of scores.

From the repository's root: ``make amounts``.  Stopped or killed and started again, it goes on; the
cells lie in ``data/amounts/cells/``, their table in ``data/amounts/amounts.parquet``.

    .venv/bin/python data/record_amounts.py --workers 2
"""

import argparse
from itertools import product
from pathlib import Path

import pandas as pd

from synthlab.amounts import measure_amounts
from synthlab.datasets import TEXT_TASKS, WRITERS, registry

CELLS = Path(__file__).resolve().parent / "amounts" / "cells"


def measured(workers: int) -> pd.DataFrame:
    """Run what is missing, and return the scores of both tasks and both writers."""
    found = []
    for task, writer in product(TEXT_TASKS, WRITERS):
        sweep = measure_amounts(CELLS, task, writer, n_jobs=workers)
        print(f"{task}, {writer} writer: {sweep}")
        found.append(sweep.require_complete().to_frame())
    return pd.concat(found, ignore_index=True)


def main() -> None:
    """Write the table and its entry in registry.toml."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="local processes (default: 2)")
    scores = measured(parser.parse_args().workers)
    about = "Lifts by the number of synthetic rows, on both text tasks: make amounts."
    table = registry.record_table("amounts", about, scores)
    print(f"{table.name}: {len(scores):,} rows, registered")


if __name__ == "__main__":
    main()
