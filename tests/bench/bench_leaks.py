"""What the check for leaks costs, against its target; exit code 1 if it is missed.

Run from the repository's root; half a minute::

    OMP_NUM_THREADS=1 python tests/bench/bench_leaks.py

The check that every control makes by itself (`checks.leaks.find_leaks`), in processor seconds of
one core: 100,000 synthetic rows against 50,000 real ones to train on and as many to evaluate on, of
FARS (categories that repeat by nature, so that all baselines are drawn) and of 30 normal numbers;
and 50,000 e-mails of the small language model, some of them twice, against 5,000 real ones.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from bench_control import Line, table

import synthlab as sl
from synthlab.checks.leaks import find_leaks
from synthlab.dataset import Dataset
from synthlab.generators import GaussianCopula, draw

N_SYNTH, N_REAL, N_TEXTS, N_REAL_TEXTS, N_NUMBERS = 100_000, 50_000, 50_000, 5_000, 30
TARGET = 5.0  # seconds


def accidents(rng: np.random.Generator) -> tuple[Dataset, Dataset, Dataset]:
    """Return persons in accidents, and what a copula makes of them."""
    first, second = sl.load_fars()
    rows = first + second
    parts = np.split(rng.permutation(len(rows)), [N_REAL])
    train, held_out = (rows.take(part) for part in parts)
    return train, draw(GaussianCopula(), train, N_SYNTH, rng), held_out


def numbers(rng: np.random.Generator) -> tuple[Dataset, Dataset, Dataset]:
    """Return rows of unrelated normal numbers."""
    sizes = {"real": N_REAL, "synthetic": N_SYNTH}
    train, synth, held_out = (
        Dataset(rng.normal(size=(sizes[o], N_NUMBERS)), rng.integers(2, size=sizes[o]), o)
        for o in ("real", "synthetic", "real")
    )
    return train, synth, held_out


def mail(rng: np.random.Generator) -> tuple[Dataset, Dataset, Dataset]:
    """Return e-mails, real ones and of a small language model."""
    first, second = sl.load_email()
    real = first + second
    written = sl.load_llm_email("smollm").replace(ids=None)
    rows = np.resize(rng.permutation(len(written)), N_TEXTS)
    parts = np.split(rng.permutation(len(real)), [len(real) - N_REAL_TEXTS])
    train, held_out = (real.take(part) for part in parts)
    return train, written.take(rows), held_out


def measure(what: str, train: Dataset, synth: Dataset, held_out: Dataset) -> Line:
    """Time one check."""
    start = time.process_time()
    found = find_leaks(train, synth, held_out)
    seconds = time.process_time() - start
    told = f"{seconds:.1f} s ({found.n_hits:,} hits)"
    sizes = f"{len(synth):,} x {len(held_out):,} {what}"
    return Line(sizes, f"<= {TARGET:g} s", told, seconds <= TARGET)


def main() -> int:
    """Run the bench; return the exit code."""
    rng = np.random.default_rng(0)
    made = {"rows of FARS": accidents, f"rows of {N_NUMBERS} numbers": numbers, "e-mails": mail}
    lines = [measure(what, *make(rng)) for what, make in made.items()]
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
