"""What private tables, the GAN and audits cost, against their targets; exit code 1 if missed.

Run from the repository's root, on an idle machine; about two minutes::

    OMP_NUM_THREADS=1 python tests/bench/bench_privacy.py [ROWS]

**tables**: noisy marginals of the tree of claim C4 (FARS), fitted on 50,000 persons and sampled as
often.  **consistency**: how far, in total variation, noisy marginals at ε = 0.1 are from the true
ones, with the counts made consistent, and merely without negative ones.  **GAN**: trained as in
notebook 03.  **audits**: 50 of noisy counts, 1,000 canaries each, half of them without noise; all
of these must refute ε = 1, and none of the others.
"""

from __future__ import annotations

import sys
import time
from math import inf

import numpy as np
from bench_control import Line, table

import synthlab as sl
from synthlab.dataset import Dataset
from synthlab.generators.base import draw
from synthlab.privacy import (
    ConditionalGan,
    PrivateMarginals,
    PublicTree,
    count_marginals,
    share_refuted,
)

ROWS, STEPS, AUDITS, REPEATS = 50_000, 3_000, 50, 5
TARGETS = {"tables": 5.0, "GAN": 90.0, "audits": 15.0}  # seconds
FARTHER = 2.0  # times as far as consistent counts, at least


def persons(rows: int) -> tuple[Dataset, PublicTree]:
    """Return persons in ten columns, fatal or not, and the public tree of claim C4."""
    claim = sl.load_claim("C4")
    train, _ = sl.load_fars(rows)
    X = train.X[list(claim["parents"])]
    levels = {name: list(X[name].cat.categories) for name in X if name not in claim["edges"]}
    parents = {name: parent or None for name, parent in claim["parents"].items()}
    label = np.where(train.y == "Fatal_Injury", "fatal", "other")
    tree = PublicTree(["fatal", "other"], parents, levels, claim["edges"])
    return train.replace(X=X, y=label), tree


def seconds_line(name: str, what: str, took: float, also_fine: bool = True) -> Line:
    """Return a line for a time in seconds."""
    target = TARGETS[name]
    return Line(
        f"{name}: {what}", f"<= {target:g} s", f"{took:.2f} s", took <= target and also_fine
    )


def bench_tables(rows: Dataset, tree: PublicTree) -> Line:
    """Fit and sample at ε = 1; the median of several."""
    seconds = []
    for seed in range(REPEATS):
        start = time.perf_counter()
        draw(PrivateMarginals(tree, 1.0), rows, len(rows), np.random.default_rng(seed))
        seconds.append(time.perf_counter() - start)
    return seconds_line("tables", f"{len(rows):,} rows x {len(tree.columns)}", np.median(seconds))


def bench_consistency(rows: Dataset, tree: PublicTree) -> Line:
    """Compare consistent counts with clipped ones."""
    exact, rng = count_marginals(rows, tree), np.random.default_rng(0)
    off = {}
    for kind in (True, False):
        fits = [PrivateMarginals(tree, 0.1, is_consistent=kind).fit(rows, rng) for _ in range(3)]
        off[kind] = np.mean([total_variation(fit.weights, exact) for fit in fits])
    told = f"{off[True]:.3f} consistent, {off[False]:.3f} clipped"
    return Line(
        "consistency: marginals at ε = 0.1 off by",
        f">= {FARTHER:g}x less",
        told,
        off[False] >= FARTHER * off[True],
    )


def total_variation(weights: dict, exact: dict) -> float:
    """Return the mean over marginals of the total variation between their shares."""
    pairs = [(weights[column], exact[column]) for column in exact]
    return np.mean([np.abs(a / a.sum() - b / b.sum()).sum() / 2 for a, b in pairs])


def bench_gan(rows: Dataset, tree: PublicTree) -> Line:
    """Train and sample once, compiling included."""
    start = time.perf_counter()
    draw(ConditionalGan(STEPS), rows, len(rows), np.random.default_rng(0))
    return seconds_line("GAN", f"{STEPS:,} steps", time.perf_counter() - start)


def bench_audits(rows: Dataset, tree: PublicTree) -> Line:
    """Audit noisy counts, with their noise and without."""
    start = time.perf_counter()
    shares = [
        share_refuted(1_000, 500, divisor=divisor, n_audits=AUDITS // 2) for divisor in (1, inf)
    ]
    took = time.perf_counter() - start
    return seconds_line("audits", f"{AUDITS} of 1,000 canaries", took, shares == [0, 1])


def main(arguments: list[str]) -> int:
    """Run all four; return the exit code."""
    rows, tree = persons(int(arguments[0]) if arguments else ROWS)
    benches = (bench_tables, bench_consistency, bench_gan, bench_audits)
    lines = []
    for bench in benches:
        sys.stderr.write(f"{bench.__name__} ...\n")
        lines.append(bench(rows, tree))
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
