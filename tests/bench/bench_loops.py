"""What self-consuming loops cost, against their target; exit code 1 if it is missed.

Run from the repository's root, on an idle machine; about a minute::

    OMP_NUM_THREADS=1 python tests/bench/bench_loops.py [ROWS]

**text loop**: ten generations × five seeds × the four modes of `run_loop`, on 1,250 real e-mails of
which a fifth is held out in every turn, by n-gram texts and the default classifier, in two
processes.  With fewer ROWS the target is the same: that shows only that it runs.
"""

from __future__ import annotations

import sys
import time

from bench_control import Line, table

import synthlab as sl
from synthlab.dataset import Dataset
from synthlab.generators.ngram import NgramText
from synthlab.loops.state import MODES

ROWS, GENERATIONS, SEEDS, PROCESSES = 1_250, 10, range(5), 2
FRESH_SHARE = 0.1
TARGET = 60.0  # seconds


def bench_loops(rows: int) -> Line:
    """Measure all modes, one after the other."""
    real_train, real_eval = sl.load_email()
    n_fresh = GENERATIONS * round(FRESH_SHARE * rows)
    pool, fresh = real_train.take(range(rows)), real_train.take(range(rows, rows + n_fresh))
    seconds = {mode: time_mode(mode, pool, real_eval, fresh) for mode in MODES}
    total = sum(seconds.values())
    what = f"{GENERATIONS} generations x {len(SEEDS)} seeds x {len(MODES)} modes, {rows:,} e-mails"
    by_mode = ", ".join(f"{mode} {took:.1f}" for mode, took in seconds.items())
    return Line(what, f"<= {TARGET:g} s", f"{total:.1f} s ({by_mode})", total <= TARGET)


def time_mode(mode: str, pool: Dataset, real_eval: Dataset, fresh: Dataset) -> float:
    """Return the seconds of one mode's loops, none of which may end early."""
    start = time.perf_counter()
    frame = sl.run_loop(
        pool,
        NgramText(),
        real_eval,
        mode=mode,
        n_generations=GENERATIONS,
        real_fresh=fresh,
        fresh_share=FRESH_SHARE,
        seeds=SEEDS,
        n_jobs=PROCESSES,
    )
    seconds = time.perf_counter() - start
    if len(frame) != len(SEEDS) * (GENERATIONS + 1) or frame["ended"].any():
        raise RuntimeError(f"a loop ended early: {set(frame['ended'])}")
    return seconds


def main(arguments: list[str]) -> int:
    """Run the bench; return the exit code."""
    lines = [bench_loops(int(arguments[0]) if arguments else ROWS)]
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
