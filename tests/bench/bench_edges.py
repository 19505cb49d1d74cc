"""What edge suites and density cost, against their targets; exit code 1 if one is missed.

Run from the repository's root; a minute::

    OMP_NUM_THREADS=1 python tests/bench/bench_edges.py

**density**: 50,000 e-mails of the small language model against all real mail, in TF-IDF space, the
first reading of each included.  **panel**: all families of the mail suite put to 42 models, their
fits included.
Processor seconds of one core.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from bench_control import Line, table

import synthlab as sl
from synthlab import edges

N_WRITTEN, N_CASES, SIZES = 50_000, 150, [1_000, 4_000]


def density_line() -> Line:
    """Time the percentiles of generated mail among real mail."""
    real, later = sl.load_email()
    written = sl.load_llm_email("smollm").replace(ids=None)
    rows = written.take(np.resize(np.arange(len(written)), N_WRITTEN))
    everything = real + later
    start = time.process_time()
    edges.density_of(everything).percentiles(rows)
    seconds = time.process_time() - start
    what = f"density of {N_WRITTEN:,} e-mails among {len(everything):,}"
    return Line(what, "<= 60 s", f"{seconds:.1f} s", seconds <= 60)


def panel_line() -> Line:
    """Time a panel of 42 models on all families, as notebook 04 tries on each of its splits."""
    part = edges.load_hard_email(max(SIZES), random_state=0)
    suites = edges.mail_suites(part.real_eval, n_cases=N_CASES)
    start = time.process_time()
    models = edges.panel_failures(part, suites, SIZES, recall=0.95)
    seconds = time.process_time() - start
    what = f"{len(models) // 2} models on {len(suites)} families of {N_CASES} e-mails"
    return Line(what, "<= 65 s", f"{seconds:.1f} s", seconds <= 65)


def main() -> int:
    """Run the bench; return the exit code."""
    lines = [density_line(), panel_line()]
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
