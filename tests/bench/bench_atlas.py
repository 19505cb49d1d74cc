"""What the atlas's engine costs, against its targets; exit code 1 if one is missed.

Run from the repository's root, on an idle machine with two cores; some three minutes::

    OMP_NUM_THREADS=1 python tests/bench/bench_atlas.py [SETS]

**two workers**: the same cells by one local worker and by two.  **cluster**: by a Dask cluster of
two worker processes on this machine, the call unchanged, against two local workers.  All three
tables are compared bit for bit.  With fewer SETS the targets stay: that shows only that it runs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import joblib
import pandas as pd
from bench_control import Line, table

from synthlab.atlas.cells import MIN_MINORITY, run_atlas
from synthlab.datasets.imbalanced import imbalanced_names

SETS, SPLITS, WARM_UP = 24, 2, 2
LEAST_SPEED_UP, MOST_OVER_LOCAL = 1.7, 0.15


def run(sets: int, n_jobs: int | None) -> tuple[float, pd.DataFrame]:
    """Run the cells in a new folder; return the seconds and the table."""
    names = imbalanced_names(MIN_MINORITY)[:sets]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = run_atlas(folder, names, n_splits=SPLITS, n_jobs=n_jobs)
        return time.perf_counter() - start, found.require_complete().to_frame()


@contextmanager
def cluster() -> Iterator[None]:
    """Lend a Dask cluster of two worker processes as joblib's backend."""
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    started = LocalCluster(**options, dashboard_address=None)
    with started as local, Client(local), joblib.parallel_config("dask"):
        yield


def bench(sets: int) -> list[Line]:
    """Measure one worker, two, and a cluster of two."""
    run(WARM_UP, 2)  # starts the two local workers, which joblib keeps, and has them import all
    one, expected = run(sets, 1)
    two, by_two = run(sets, 2)
    with cluster():
        run(WARM_UP, None)
        dask, by_dask = run(sets, None)
    for other in (by_two, by_dask):
        pd.testing.assert_frame_equal(other, expected, check_exact=True)
    speed_up, over = one / two, dask / two - 1
    what = f"{sets} sets x {SPLITS} splits"
    return [
        Line(
            f"two workers against one, {what}",
            f">= {LEAST_SPEED_UP:g}x",
            f"{speed_up:.2f}x ({one:.1f} s, {two:.1f} s)",
            speed_up >= LEAST_SPEED_UP,
        ),
        Line(
            f"Dask cluster of two against two local workers, {what}",
            f"<= +{MOST_OVER_LOCAL:.0%}",
            f"{over:+.0%} ({dask:.1f} s)",
            over <= MOST_OVER_LOCAL,
        ),
    ]


def main(arguments: list[str]) -> int:
    """Run the bench; return the exit code."""
    lines = bench(int(arguments[0]) if arguments else SETS)
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
