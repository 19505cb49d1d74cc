"""Lifts by the number of synthetic rows: scores of splits turned into intervals and verdicts.

Estimand B: splits are repeated, and the recorded rows are drawn anew in each; they are not written
anew, so that all statements are about these recordings.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from synthlab.amounts.measure import REAL_EVAL, REAL_ONLY, SYNTHETIC_EVAL, WEIGHT_1
from synthlab.control.judge import compare_splits
from synthlab.datasets import registry
from synthlab.datasets.text_tasks import text_task
from synthlab.errors import require
from synthlab.stats.intervals import repeated_split_interval

_CASE = ["task", "writer", "n_real"]


def load_amounts() -> pd.DataFrame:
    """Return the recorded scores.

    Returns
    -------
    pandas.DataFrame
        ``task``, ``writer``, ``seed`` (of the split), and the entries of `measure.measure_split`.

    Raises
    ------
    DataUnavailableError
        The file is missing or altered.
    """
    return pd.read_parquet(registry.recorded_file("amounts"))


def lifts_by_amount(
    scores: pd.DataFrame,
    on: str = REAL_EVAL,
    *,
    baseline: str = REAL_ONLY,
    margin: float = 0.01,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Turn scores by split into lifts of real + synthetic over real rows alone.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `load_amounts`, or of ``measure_amounts(…).to_frame()``.
    on : {"real_eval", "synthetic_eval"}, default "real_eval"
        What the models are scored on.
    baseline : {"real only", "class weights"}, default "real only"
    margin : float ≥ 0, default 0.01
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    pandas.DataFrame
        One row per ``task``, ``writer``, ``n_real``, ``n_synth`` and ``arm``: ``baseline`` and
        ``score`` (mean accuracies), ``lift`` with ``ci_low`` and ``ci_high`` (Nadeau & Bengio),
        ``verdict``, ``weight`` (median over splits), ``n_splits`` and ``margin``.

    Raises
    ------
    InputError
        The scores lack the baseline or the evaluation set.
    """
    _require_column(scores, on)
    beside = scores[scores["n_real"] > 0]
    control = beside[beside["arm"] == baseline].set_index([*_CASE, "seed"])[on]
    require(len(control) > 0, f"baseline={baseline!r}", "an arm of the scores", "No lift follows.")
    treated = beside[beside["n_synth"] > 0].set_index([*_CASE, "seed"])
    treated = treated.assign(control=control.reindex(treated.index)).reset_index()
    how = {"margin": margin, "confidence": confidence}
    keys = [*_CASE, "n_synth", "arm"]
    found = [
        dict(zip(keys, case, strict=True)) | _judged(rows, case[0], on, how)
        for case, rows in treated.groupby(keys, sort=False)
    ]
    return pd.DataFrame(found)


def best_amounts(scores: pd.DataFrame, arm: str = WEIGHT_1) -> pd.DataFrame:
    """Return, per case, the number of synthetic rows with the best mean score on real rows.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `load_amounts`.
    arm : {"weight 1", "tuned weight"}, default "weight 1"

    Returns
    -------
    pandas.DataFrame
        One row per ``task``, ``writer`` and ``n_real``: ``best`` (0: none at all), and ``low``
        and ``high``, the smallest and the largest number that is not significantly worse than the
        best (paired over splits, 95 %).  Not corrected for the choice among them.

    Raises
    ------
    InputError
        There is no such arm.
    """
    is_arm = scores["arm"].isin([arm, REAL_ONLY]) & (scores["n_real"] > 0)
    require((scores["arm"] == arm).any(), f"arm={arm!r}", "an arm with synthetic rows")
    seeds = scores.loc[scores["arm"] == arm, "seed"].unique()
    chosen = scores[is_arm & scores["seed"].isin(seeds)]
    found = [
        dict(zip(_CASE, case, strict=True)) | _best(rows, case[0])
        for case, rows in chosen.groupby(_CASE, sort=False)
    ]
    return pd.DataFrame(found)


def scores_alone(scores: pd.DataFrame, on: str = REAL_EVAL) -> pd.DataFrame:
    """Return the scores of synthetic rows alone, with intervals over splits.

    Parameters
    ----------
    scores, on
        As for `lifts_by_amount`.

    Returns
    -------
    pandas.DataFrame
        Index ``task``, ``writer``, ``n_synth``; columns ``score``, ``low``, ``high``.
    """
    _require_column(scores, on)
    alone = scores[scores["n_real"] == 0].groupby(["task", "writer", "n_synth"], sort=False)[on]
    intervals = {
        case: repeated_split_interval(values, eval_to_train(case[0]))[:3] for case, values in alone
    }
    index = pd.MultiIndex.from_tuples(intervals, names=["task", "writer", "n_synth"])
    return pd.DataFrame(list(intervals.values()), index, ["score", "low", "high"])


@cache
def eval_to_train(task: str) -> float:
    """Return n_eval / n_train of a task's splits, which intervals over splits need."""
    train, held_out = text_task(task).split()
    return len(held_out) / len(train)


def _require_column(scores: pd.DataFrame, on: str) -> None:
    require(
        on in (REAL_EVAL, SYNTHETIC_EVAL) and on in scores,
        f"on={on!r}",
        f"{REAL_EVAL} or {SYNTHETIC_EVAL}",
        "No other evaluation set was scored.",
    )


def _judged(rows: pd.DataFrame, task: str, on: str, how: dict[str, float]) -> dict[str, object]:
    ratio = eval_to_train(task)
    found = compare_splits(rows["control"], rows[on], eval_to_train=ratio, **how)
    ends = {name: getattr(found, name) for name in ("lift", "ci_low", "ci_high", "verdict")}
    means = {"baseline": rows["control"].mean(), "score": rows[on].mean()}
    about = {"weight": rows["weight"].median(), "n_splits": len(rows), "margin": how["margin"]}
    return means | ends | about


def _best(rows: pd.DataFrame, task: str) -> dict[str, int]:
    by_amount = rows.pivot(index="seed", columns="n_synth", values=REAL_EVAL)
    best = by_amount.mean().idxmax()
    ratio = eval_to_train(task)
    as_good = [
        n
        for n in by_amount
        if n == best or repeated_split_interval(by_amount[best] - by_amount[n], ratio).low <= 0
    ]
    return {"best": int(best), "low": int(min(as_good)), "high": int(max(as_good))}
