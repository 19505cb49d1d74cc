"""What the control costs, against its targets; exit code 1 if one is missed.

Run from the repository's root, on an idle machine; a few minutes::

    OMP_NUM_THREADS=1 python tests/bench/bench_control.py [NAME ...]

**interval**: AP and AUC of 33,000 eval rows, 5 seeds × 2 arms, against the loop around
scikit-learn that one would write without this package (`bootstrap_with_sklearn`), in the same
process; the standard error against 10,000 replicates of a faster bootstrap.  **groups**: the same
interval with groups and without.  **wide**: the control on 40 rows of 400 columns.  **overhead**:
what `evaluate_synthetic_lift` adds to fits and one prediction each, which the plainest loop needs
too.  **scaling**: time and memory from 10,000 to 1,000,000 rows of 30 columns, each size in a
process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from calibration import ANGLE, Setting, draw_coefficients, draw_rows, graded
from sklearn.base import ClassifierMixin
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

import synthlab as sl
from synthlab.control.arms import Fit
from synthlab.control.evidence import Draw
from synthlab.control.judge import compare_fits, lift_interval
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.metrics.grading import METRICS, grade
from synthlab.models import default_model

SEED = 33
POSITIVES, NEGATIVES = 330, 32_670
RIVAL_REPLICATES, TIMED_REPLICATES, ORACLE_REPLICATES = 2_000, 40, 10_000
RIVALS = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
TABLE_ROWS, COLUMNS = 100_000, 30
WIDE = (40, 400)  # rows, columns
SCALES = (10_000, 100_000, 1_000_000)
Sets = tuple[Dataset, Dataset, Dataset]


class Line(NamedTuple):
    """One target, and what was measured."""

    what: str
    target: str
    measured: str
    ok: bool


# --- the interval against a bootstrap ------------------------------------------------------


def bench_interval() -> list[Line]:
    """Compare the interval with a bootstrap, in time and in the standard error of the rows."""
    setting = Setting("bench", "roc_auc", POSITIVES, NEGATIVES, auc=0.93, margin=0.005)
    rng = np.random.default_rng(SEED)
    coefficients = draw_coefficients((ANGLE + 0.1, ANGLE), setting.tau, rng)
    outputs = draw_rows(setting, rng) @ coefficients.swapaxes(1, 2)  # (arms, rows, seeds)
    y, outputs = setting.eval.y, outputs.swapaxes(1, 2)
    check_fast_bootstrap(y, outputs)
    errors = fast_bootstrap_errors(outputs, ORACLE_REPLICATES, rng)
    lines = []
    for name in RIVALS:
        ours, error = time_ours(name, outputs)
        rival = time_rival(RIVALS[name], y, outputs, rng)
        lines += [speed_line(name, ours, rival), error_line(name, error, errors[name])]
    return lines


def time_ours(name: str, outputs: np.ndarray) -> tuple[float, float]:
    """Return the seconds of one interval (median of 9), and the rows' standard error."""
    setting = Setting("bench", name, POSITIVES, NEGATIVES, auc=0.93, margin=0.005)
    draw, seconds = Draw.of(setting.eval, stratified=True), []  # as the bootstrap draws
    for _ in range(9):
        start = time.perf_counter()
        pairs = [
            tuple(graded(setting, output) for output in pair) for pair in zip(*outputs, strict=True)
        ]
        _, terms = lift_interval(pairs, draw, METRICS[name], 0.95)
        seconds.append(time.perf_counter() - start)
    rows = sum(term.variance for term in terms if term.source != "seeds")
    return float(np.median(seconds)), rows**0.5


def time_rival(
    metric: Callable, y: np.ndarray, outputs: np.ndarray, rng: np.random.Generator
) -> float:
    """Return the seconds that the rival's interval takes, scaled from fewer replicates."""
    start = time.perf_counter()
    bootstrap_with_sklearn(metric, y, outputs, TIMED_REPLICATES, rng)
    return (time.perf_counter() - start) * RIVAL_REPLICATES / TIMED_REPLICATES


def bootstrap_with_sklearn(
    metric: Callable, y: np.ndarray, outputs: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the percentile interval of the mean lift: the rival."""
    positives, negatives = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    lifts = []
    for _ in range(n):
        rows = np.concatenate([rng.choice(c, size=len(c)) for c in (positives, negatives)])
        control, treated = (np.mean([metric(y[rows], s[rows]) for s in arm]) for arm in outputs)
        lifts.append(treated - control)
    return np.percentile(lifts, [2.5, 97.5])


def fast_bootstrap_errors(
    outputs: np.ndarray, n: int, rng: np.random.Generator
) -> dict[str, float]:
    """Return the standard error of the mean lift, by metric, over stratified replicates."""
    ranked = [[rank(output) for output in arm] for arm in outputs]
    lifts = np.empty((n, len(RIVALS)))
    for replicate in range(n):
        drawn = rng.integers(POSITIVES, size=POSITIVES), rng.integers(NEGATIVES, size=NEGATIVES)
        control, treated = (np.mean([resampled(*r, *drawn) for r in arm], axis=0) for arm in ranked)
        lifts[replicate] = treated - control
    return dict(zip(RIVALS, lifts.std(axis=0, ddof=1), strict=True))


def rank(output: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each positive's place among them, best first, and how many beat each negative."""
    positives, negatives = output[:POSITIVES], output[POSITIVES:]
    place = np.argsort(np.argsort(-positives))
    beaten_by = POSITIVES - np.searchsorted(np.sort(positives), negatives)
    return place, beaten_by


def resampled(
    place: np.ndarray, beaten_by: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> tuple[float, float]:
    """Return AUC and AP of resampled rows whose scores have no ties."""
    hits = np.bincount(place[positives], minlength=POSITIVES)
    above = np.cumsum(np.bincount(beaten_by[negatives], minlength=POSITIVES + 1))[:-1]
    found = np.cumsum(hits)
    precision = found / np.maximum(found + above, 1)
    auc = 1 - (hits @ above) / (POSITIVES * NEGATIVES)
    return auc, hits @ precision / POSITIVES


def check_fast_bootstrap(y: np.ndarray, outputs: np.ndarray) -> None:
    """Make sure that the fast bootstrap computes what scikit-learn does."""
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(POSITIVES, size=POSITIVES), rng.integers(NEGATIVES, size=NEGATIVES)
    rows = np.concatenate([drawn[0], POSITIVES + drawn[1]])
    theirs = [metric(y[rows], outputs[0, 0][rows]) for metric in RIVALS.values()]
    np.testing.assert_allclose(resampled(*rank(outputs[0, 0]), *drawn), theirs, rtol=1e-10)


def speed_line(name: str, ours: float, rival: float) -> Line:
    """Return the line that compares the times."""
    measured = (
        f"{rival / ours:,.0f}x ({1e3 * ours:.0f} ms; rival {rival:.0f} s, scaled from "
        f"{TIMED_REPLICATES} of {RIVAL_REPLICATES:,} replicates)"
    )
    what = f"interval of {name}, 33,000 eval rows, 5 seeds x 2 arms, against scikit-learn loop"
    return Line(what, ">= 1,000x faster", measured, rival >= 1_000 * ours)


def error_line(name: str, ours: float, oracle: float) -> Line:
    """Return the line that compares the standard errors."""
    measured = f"{ours / oracle - 1:+.1%} ({ours:.5f} against {oracle:.5f})"
    what = f"standard error of {name} (rows' part), against {ORACLE_REPLICATES:,} replicates"
    return Line(what, "within 5 %", measured, abs(ours / oracle - 1) <= 0.05)


# --- groups -------------------------------------------------------------------------------


def bench_groups() -> list[Line]:
    """Compare the interval of the same rows with groups, and without."""
    rng = np.random.default_rng(SEED)
    n = POSITIVES + NEGATIVES
    X, y = np.zeros((n, 1)), (rng.random(n) < 0.3).astype(int)
    plain = Dataset(X, y, REAL, "eval")
    grouped = plain.replace(groups=rng.integers(n // 10, size=n))
    logits = y + rng.normal(size=(2, 5, n))
    return [groups_line(name, plain, grouped, logits) for name in (*RIVALS, "accuracy")]


def groups_line(name: str, plain: Dataset, grouped: Dataset, logits: np.ndarray) -> Line:
    """Return the line of one metric."""
    without, with_groups = (time_judge(name, rows, logits) for rows in (plain, grouped))
    ratio = with_groups / without
    measured = f"{ratio:.2f}x ({1e3 * with_groups:.0f} ms beside {1e3 * without:.0f} ms)"
    what = f"interval of {name}, {len(plain):,} eval rows in {len(plain) // 10:,} groups"
    return Line(what, "<= 2x the plain one", measured, ratio <= 2)


def time_judge(name: str, rows: Dataset, logits: np.ndarray) -> float:
    """Return the seconds of grading and judging both arms (median of 9)."""
    outputs = logits if METRICS[name].needs == "ranking" else (logits > 0.5).astype(int)
    seconds, classes = [], np.array([0, 1])
    for _ in range(9):
        start = time.perf_counter()
        arms = (
            [Fit(grade(output, rows, METRICS[name], classes), output) for output in arm]
            for arm in outputs
        )
        compare_fits(*arms, rows, METRICS[name])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


# --- wide tables ---------------------------------------------------------------------------


def bench_wide() -> list[Line]:
    """Run the whole control on more columns than rows."""
    rng = np.random.default_rng(SEED)
    sets = [
        Dataset(
            pd.DataFrame(rng.normal(size=(WIDE[0], WIDE[1]))).add_prefix("x"),
            np.arange(WIDE[0]) % 2,
            origin,
            f"{origin} {number}",
        )
        for number, origin in enumerate((REAL, SYNTHETIC, REAL))
    ]
    start = time.perf_counter()
    sl.evaluate_synthetic_lift(*sets)
    seconds = time.perf_counter() - start
    what = f"the control on {WIDE[0]} rows x {WIDE[1]} columns, zero-cost baselines included"
    return [Line(what, "<= 5 s", f"{seconds:.1f} s", seconds <= 5)]


# --- everything but the fits ---------------------------------------------------------------


def bench_overhead() -> list[Line]:
    """Measure what the control takes beside its fits, on mail and on a table."""
    mail = (*sl.load_email(), sl.load_llm_email("smollm"))
    real_train, real_eval, synth_train = mail
    cases = {
        f"{len(synth_train):,} LLM mails": (real_train, synth_train, real_eval),
        f"table of {TABLE_ROWS:,} x {COLUMNS}": made_table(TABLE_ROWS),
    }
    return [overhead_line(name, sets) for name, sets in cases.items()]


def overhead_line(name: str, sets: Sets) -> Line:
    """Run the control with the default model and compare its time with the plainest loop's."""
    model = default_model(sets[0])
    total, fits = timed_control(sets, model)
    plain = sum(fits) + len(fits) * time_prediction(sets, default_model(sets[0]))
    added = (total - plain) / plain
    measured = f"{added:.1%} ({total - plain:.1f} s beside {plain:.1f} s; fits {sum(fits):.1f} s)"
    return Line(f"all but fits and predictions: {name}", "<= 5 %", measured, added <= 0.05)


def time_prediction(sets: Sets, model: ClassifierMixin) -> float:
    """Return the seconds of one prediction of the eval rows (median of 5)."""
    real_train, synth_train, real_eval = sets
    both, seconds = real_train + synth_train, []
    model.fit(both.X, both.y)
    for _ in range(5):
        start = time.perf_counter()
        model.predict(real_eval.X)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def timed_control(sets: Sets, model: ClassifierMixin) -> tuple[float, list[float]]:
    """Return the seconds of a whole control without zero-cost baselines, and those of its fits."""
    in_fits: list[float] = []
    model.__class__ = timing_class(type(model), in_fits)
    start = time.perf_counter()
    sl.evaluate_synthetic_lift(*sets, model=model, baselines=False)
    return time.perf_counter() - start, in_fits


def timing_class(base: type, seconds: list[float]) -> type:
    """Return a subclass of a classifier, clones included, that notes how long it fits."""

    def fit(self, X, y):
        start = time.perf_counter()
        super(timing, self).fit(X, y)
        seconds.append(time.perf_counter() - start)
        return self

    timing = type(base.__name__, (base,), {"fit": fit})
    return timing


def made_table(n: int) -> Sets:
    """Return real_train, synth_train and real_eval of a table: 60, 20 and 20 % of n rows."""
    rng = np.random.default_rng(SEED)
    sizes = {"real train": 0.6, "synthetic": 0.2, "real eval": 0.2}
    origins = (REAL, SYNTHETIC, REAL)
    return tuple(
        part_of_table(round(n * share), name, origin, rng)
        for (name, share), origin in zip(sizes.items(), origins, strict=True)
    )


def part_of_table(n: int, name: str, origin: str, rng: np.random.Generator) -> Dataset:
    """Return rows whose class depends on a few of the columns."""
    X = rng.normal(size=(n, COLUMNS))
    chance = 1 / (1 + np.exp(2 - X[:, 0] - X[:, 1] * X[:, 2]))
    frame = pd.DataFrame(X, columns=[f"x{number}" for number in range(COLUMNS)])
    return Dataset(frame, (rng.random(n) < chance).astype(int), origin, name)


# --- scaling -------------------------------------------------------------------------------


def bench_scaling() -> list[Line]:
    """Measure how time and memory grow with the rows, with a model of linear cost."""
    runs = pd.DataFrame([in_own_process(n) for n in SCALES])
    slopes = np.diff(np.log10(runs["seconds"])) / np.diff(np.log10(runs["rows"]))
    exponent = np.polyfit(np.log(runs["rows"]), np.log(runs["seconds"]), 1)[0]
    times = ", ".join(f"{s:.2f}" for s in runs["seconds"])
    last = runs.iloc[-1]
    share, whole = last["peak"] / last["data"], last["whole_process"] / last["data"]
    return [
        Line(
            f"time exponent, {SCALES[0]:,} to {SCALES[-1]:,} rows x {COLUMNS} columns",
            "<= 1.1",
            f"{exponent:.2f} (by decade {slopes[0]:.2f}, {slopes[1]:.2f}; {times} s, of which "
            f"fits {last['fits']:.2f} s of the last)",
            exponent <= 1.1,
        ),
        Line(
            f"peak memory at {SCALES[-1]:,} rows, the data included",
            "<= 4x the data",
            f"{share:.1f}x of {last['data'] / 1e6:,.0f} MB ({whole:.1f}x with the interpreter)",
            share <= 4,
        ),
    ]


def in_own_process(n: int) -> dict[str, float]:
    """Run one size in a fresh interpreter and return what it measured."""
    command = [sys.executable, str(Path(__file__).resolve()), "one-size", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def one_size(n: int) -> dict[str, float]:
    """Measure the control on n rows: seconds, seconds of fits, and bytes."""
    model = SGDClassifier(loss="log_loss", max_iter=5, tol=None)
    timed_control(made_table(1_000), model)  # what is imported when first used is loaded now
    before = peak_bytes()
    sets = made_table(n)
    model = SGDClassifier(loss="log_loss", max_iter=5, tol=None)
    total, fits = timed_control(sets, model)
    peak = peak_bytes()
    data = sum(part.X.to_numpy().nbytes for part in sets)
    return {
        "rows": n,
        "seconds": total,
        "fits": sum(fits),
        "data": data,
        "peak": peak - before,
        "whole_process": peak,
    }


def peak_bytes() -> int:
    """Return the most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


# --- the table -----------------------------------------------------------------------------

BENCHES = {
    "interval": bench_interval,
    "groups": bench_groups,
    "wide": bench_wide,
    "overhead": bench_overhead,
    "scaling": bench_scaling,
}


def table(lines: list[Line]) -> str:
    """Return the lines as aligned text."""
    rows = [("what", "target", "measured", "ok")]
    rows += [(*line[:3], "yes" if line.ok else "NO") for line in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main(names: list[str]) -> int:
    """Run the named benches, all without a name; return the exit code."""
    if names[:1] == ["one-size"]:
        sys.stdout.write(json.dumps(one_size(int(names[1]))))
        return 0
    lines = []
    for name in names or BENCHES:
        sys.stderr.write(f"{name} ...\n")
        lines += BENCHES[name]()
    sys.stdout.write(table(lines) + "\n")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
