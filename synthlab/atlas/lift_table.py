"""The atlas's lifts: scores of cells turned into lifts with intervals and verdicts.

Under estimand B: splits are repeated, and the generator is fitted inside each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthlab.atlas.cells import EVAL_TO_TRAIN, MIN_MINORITY, REAL_ONLY, SCORES
from synthlab.control.judge import compare_splits
from synthlab.datasets import registry
from synthlab.datasets.imbalanced import imbalanced_frame


def load_atlas() -> pd.DataFrame:
    """Return the recorded atlas: scores by data set, split, model and arm.

    Returns
    -------
    pandas.DataFrame
        ``dataset``, ``seed`` (of the split), and the entries of `cells.compare_on`.

    Raises
    ------
    DataUnavailableError
        The file is missing or altered.
    """
    return pd.read_parquet(registry.recorded_file("atlas"))


def lifts(scores: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Turn scores by split into lifts over the real-only baseline.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `load_atlas`, or of ``run_atlas(…).to_frame()``.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    pandas.DataFrame
        One row per data set, model, arm and metric: ``control`` (the real-only score), ``lift``,
        its interval ``ci_low`` and ``ci_high`` (Nadeau & Bengio), ``p_value`` (two-sided, of no
        lift), ``margin``, ``verdict`` (primary sets only), with ``source``, ``n_rows``,
        ``n_minority`` and ``imbalance_ratio`` of the set.  Where every split gave the same lift
        there is no spread: no interval, a p-value of 1, *inconclusive*.
    """
    facts = imbalanced_frame().set_index("name")
    facts = facts[["source", "n_rows", "n_columns", "n_minority", "imbalance_ratio"]]
    by_split = scores.set_index(["dataset", "model", "arm", "seed"])[list(SCORES)]
    by_split = by_split.rename_axis(columns="metric").stack().unstack("seed")
    control = by_split.xs(REAL_ONLY, level="arm")
    treated = by_split[by_split.index.get_level_values("arm") != REAL_ONLY].dropna()
    paired = control.reindex(treated.index.droplevel("arm"))
    found = [
        _judged(*row, metric, confidence)
        for *row, metric in zip(
            treated.to_numpy(),
            paired.to_numpy(),
            treated.index.get_level_values("metric"),
            strict=True,
        )
    ]
    table = pd.DataFrame(found, index=treated.index).reset_index().join(facts, on="dataset")
    is_primary = table["n_minority"] >= MIN_MINORITY
    table.loc[~is_primary, ["ci_low", "ci_high", "p_value"]] = np.nan
    return table.assign(verdict=table["verdict"].where(is_primary))


def _judged(
    treated: np.ndarray, baseline: np.ndarray, metric: str, confidence: float
) -> dict[str, Any]:
    how = {"eval_to_train": EVAL_TO_TRAIN, "metric": metric, "confidence": confidence}
    found = compare_splits(baseline, treated, **how)
    saw_spread = found.ci_low < found.ci_high
    return {
        "control": found.baseline_score,
        "lift": found.lift,
        "ci_low": found.ci_low if saw_spread else np.nan,
        "ci_high": found.ci_high if saw_spread else np.nan,
        "p_value": found.p_value,
        "margin": found.margin,
        "verdict": found.verdict,
    }
