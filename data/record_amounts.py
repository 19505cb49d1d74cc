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
from synthlab.datasets import WRITERS, registry
from synthlab.sweep import write_table

HERE = Path(__file__).resolve().parent
TABLE = HERE / "amounts" / "amounts.parquet"


def measured(workers: int) -> pd.DataFrame:
    """Run what is missing, and return the scores of both tasks and both writers."""
    found = []
    for task, writer in product(("emails", "reviews"), WRITERS):
        sweep = measure_amounts(HERE / "amounts" / "cells", task, writer, n_jobs=workers)
        print(f"{task}, {writer} writer: {sweep}")
        found.append(sweep.require_complete().to_frame())
    return pd.concat(found, ignore_index=True)


def main() -> None:
    """Write the table and its entry in registry.toml."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="local processes (default: 2)")
    scores = measured(parser.parse_args().workers)
    write_table(scores, TABLE)
    registry.write_entry(
        "amounts",
        "Lifts by the number of synthetic rows, on both text tasks: make amounts.",
        version="0.1.0",
        license="CC0-1.0",
        path="amounts/amounts.parquet",
        sha256=registry.sha256_of(TABLE),
        rows=len(scores),
    )
    print(f"{TABLE.relative_to(HERE.parent)}: {len(scores):,} rows, registered")


if __name__ == "__main__":
    main()
