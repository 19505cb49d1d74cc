"""How often does the leak check raise a false alarm, and how often does it find a leak?

On 119 real tables, from the repository's root; about five minutes on one core::

    OMP_NUM_THREADS=1 .venv/bin/python data/contamination_power.py

Stopped or killed and started again, it goes on; cells lie in ``data/contamination/``, the page that
they make is ``data/contamination.md``.  ``--part alarms`` measures false alarms alone: the rule was
settled by these, before power was looked at.

Every table is cut at random into training rows (half of them), evaluation rows (a quarter) and
fresh rows (a quarter).  *False alarms*: every generator is fitted on the training rows and samples
as many; the fresh rows stand for a generator that knows the truth.  *Power*: some evaluation rows
are put among the rows of a generator.
"""

import argparse
import hashlib
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from synthlab import generators
from synthlab.checks import leaks, table_leaks, table_points
from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets.imbalanced import imbalanced_names, load_imbalanced
from synthlab.errors import InputError
from synthlab.generators.base import draw
from synthlab.paths import atomic_path
from synthlab.sweep import grid, run_sweep

HERE = Path(__file__).resolve().parent
MOST_ROWS = 2_000
SHARES, NOISES = (0.02, 0.05, 0.1), (0.0, 0.01)
#: Among whose rows the evaluation rows are put: all of them new, or copies of training rows.
CARRIERS = ("Gaussian copula", "over-sampling")
FRESH = "fresh real rows"
MOST_ALARMS = 0.01


def split(dataset: str, seed: int) -> tuple[Dataset, Dataset, Dataset]:
    """Cut a table into training, evaluation and fresh rows."""
    rows = load_imbalanced(dataset)
    order = np.random.default_rng([seed, 0]).permutation(len(rows))[:MOST_ROWS]
    quarter = len(order) // 4
    parts = np.split(order, [quarter, 2 * quarter])
    held_out, fresh, train = (rows.take(part) for part in parts)
    return train, held_out, fresh


def generated(train: Dataset, fresh: Dataset, seed: int) -> Iterator[tuple[str, Dataset | None]]:
    """Yield the rows of every generator, and None where it takes no such table."""
    yield FRESH, fresh.replace(origin=SYNTHETIC, ids=None)
    for number, (name, generator) in enumerate(generators.catalog().items(), start=1):
        try:
            yield name, draw(generator, train, len(train), np.random.default_rng([seed, number]))
        except InputError:
            yield name, None


def false_alarms(dataset: str, seed: int) -> list[dict]:
    """Check rows of generators that saw the training rows alone: a cell."""
    train, held_out, fresh = split(dataset, seed)
    made = generated(train, fresh, seed)
    return [{"source": name, **checked(train, rows, held_out)} for name, rows in made]


def power(dataset: str, seed: int) -> list[dict]:
    """Check rows of generators among which some evaluation rows are put: a cell."""
    train, held_out, fresh = split(dataset, seed)
    made = dict(generated(train, fresh, seed))
    found = []
    for carrier, noise, share in ((c, n, s) for c in CARRIERS for n in NOISES for s in SHARES):
        n_leaked = max(1, round(share * len(held_out)))
        leaked = noisy(held_out.take(np.arange(n_leaked)), held_out, noise, seed)
        about = {"source": carrier, "noise": noise, "leaked": share, "n_leaked": n_leaked}
        found.append(about | checked(train, made[carrier] + leaked, held_out))
    return found


def noisy(rows: Dataset, scale: Dataset, noise: float, seed: int) -> Dataset:
    """Return rows as synthetic ones, with noise on their numbers, in standard deviations."""
    table, rng = rows.X.copy(), np.random.default_rng([seed, 99])
    for name in table.select_dtypes("number") if noise else ():
        spread = noise * scale.X[name].astype(float).std()
        table[name] = table[name].astype(float) + spread * rng.normal(size=len(table))
    return rows.replace(X=table, origin=SYNTHETIC, ids=None)


def checked(train: Dataset, rows: Dataset | None, held_out: Dataset) -> dict:
    """Return what the check says of synthetic rows."""
    if rows is None:
        return {"refused": True, "new": 0, "hits": 0, "by_nature": None, "p": None, "found": None}
    found = leaks.find_leaks(train, rows, held_out)
    counts = {"refused": False, "new": found.n_unexplained, "hits": found.n_hits}
    counts |= {"by_nature": float(found.baseline_share), "p": found.p_value}
    return counts | {"found": len(found.eval_rows)}


def measure(cell, workers: int) -> pd.DataFrame:
    """Run what is missing of a sweep over the tables."""
    sources = [inspect.getsource(module) for module in (leaks, table_leaks, table_points)]
    recipe = hashlib.sha256("".join(sources).encode()).hexdigest()
    cells = grid(dataset=imbalanced_names(), seeds=[0])
    how = {"recipe": recipe, "n_jobs": workers, "label": cell.__name__.replace("_", " ")}
    return run_sweep(cell, cells, HERE / "contamination", **how).require_complete().to_frame()


def alarms_by_source(frame: pd.DataFrame) -> pd.DataFrame:
    """Count tables, those with hits, and false alarms of every source."""
    taken = frame[~frame["refused"].astype(bool)]
    by = taken.assign(alarm=taken["found"] > 0, hits=taken["hits"] > 0).groupby(
        "source", sort=False
    )
    table = by.agg(tables=("alarm", "size"), hits=("hits", "sum"), alarms=("alarm", "sum"))
    return table.reset_index()


def power_by_leak(frame: pd.DataFrame) -> pd.DataFrame:
    """Return in what share of tables a leak is found: of all, and of those with 10 rows of it."""
    frame = frame.assign(found=frame["found"] > 0)
    frame["large"] = frame["found"].where(frame["n_leaked"] >= 10).astype(float)
    by = frame.groupby(["source", "noise", "leaked"], sort=False)
    table = by.agg(found=("found", "mean"), large=("large", "mean"), n_large=("large", "count"))
    return table.reset_index()


def page(alarms: pd.DataFrame, found: pd.DataFrame) -> str:
    """Return the report as Markdown."""
    counts, shares = alarms_by_source(alarms), power_by_leak(found)
    total, n = int(counts["alarms"].sum()), int(counts["tables"].sum())
    told = "at most" if total <= MOST_ALARMS * n else "more than"
    named = alarms[(alarms["found"] > 0) & ~alarms["refused"].astype(bool)]
    which = "; ".join(f"{row.source} on {row.dataset}" for row in named.itertuples()) or "none"
    kinds = [f"| {r.source} | {r.tables} | {r.hits} | {r.alarms} |" for r in counts.itertuples()]
    leaked = [
        f"| {r.source} | {'0.01' if r.noise else 'none'} | {r.leaked:.0%} | {r.found:.0%} | "
        f"{r.large:.0%} | {r.n_large} |"
        for r in shares.itertuples()
    ]
    return HEAD.format(
        tables=len(imbalanced_names()),
        most=MOST_ROWS,
        total=total,
        n=n,
        share=total / n,
        told=told,
        which=which,
        kinds="\n".join(kinds),
        leaks="\n".join(leaked),
        factor=table_leaks.FACTOR,
        p=leaks.LEAK_P,
    )


HEAD = """# Leaks in tables: false alarms and power

Made by `OMP_NUM_THREADS=1 python data/contamination_power.py`, where the splits are described:
{tables} tables, one split each, at most {most:,} rows per table; as many synthetic rows as training
rows.  The rule (`synthlab.checks.leaks`): a leak is what hits evaluation rows more than {factor}
times as often as baselines that saw training rows alone, at p < {p}.

## False alarms

{total} of {n} pairs of table and source ({share:.1%}; {told} 1 % was meant): {which}.

*With hits*: tables in which some row that no training row explains matches an evaluation row.

| synthetic rows | tables | with hits | false alarms |
| --- | ---: | ---: | ---: |
{kinds}

## Power

Evaluation rows among synthetic ones, exact or with noise of 0.01 standard deviations on each
number.  *Found*: in what share of all tables; *10 rows or more*: of the tables in which so many
leaked, and how many tables that are.  A leaked row that training rows explain cannot be found, and
matters little.

| among rows of | noise | leaked | found | 10 rows or more | tables |
| --- | ---: | ---: | ---: | ---: | ---: |
{leaks}
"""


def main() -> None:
    """Measure what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["alarms", "all"], default="all")
    parser.add_argument("--workers", type=int, default=1, help="local processes (default: 1)")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", module="imblearn")
    alarms = measure(false_alarms, asked.workers)
    print(alarms_by_source(alarms).to_string(index=False))
    if asked.part == "alarms":
        return
    text = page(alarms, measure(power, asked.workers))
    with atomic_path(HERE / "contamination.md") as partial:
        partial.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
