"""The atlas: what synthetic rows of the rarer class did to scores, on every imbalanced table.

One cell is a data set and a split.  It fits every model on the real training rows, on these with
class weights (which cost nothing), and on these with as many synthetic rows of the rarer class as
make both classes equal, by every generator; and scores all on the same real eval rows.

`run_atlas` runs the cells and keeps them, `lifts` turns the scores into lifts with intervals and
verdicts under estimand B: splits are repeated, and the generator is fitted inside each.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthlab.atlas.cells import EVAL_TO_TRAIN, MIN_MINORITY, REAL_ONLY, SCORES, _libraries
from synthlab.control.judge import compare_splits
from synthlab.datasets import registry
from synthlab.datasets.imbalanced import (
    imbalanced_frame,
)
from synthlab.paths import atomic_path


def load_atlas() -> pd.DataFrame:
    """Return the recorded atlas: scores by data set, split, model and arm.

    Returns
    -------
    pandas.DataFrame
        ``dataset``, ``seed`` (of the split), and what `compare_on` returns.

    Raises
    ------
    DataUnavailableError
        The file is missing or altered.
    """
    return pd.read_parquet(registry.recorded_file("atlas"))


def write_atlas(scores: pd.DataFrame, path: Path) -> None:
    """Write the atlas as one parquet file: the same scores, the same bytes.

    Parameters
    ----------
    scores : pandas.DataFrame
    path : Path
        The versions that made the scores go into the file's own metadata.
    """
    table = pa.Table.from_pandas(scores, preserve_index=False)
    about = {b"synthlab": f"synthlab {version('synthlab')}, {_libraries()}".encode()}
    with atomic_path(path) as partial:
        metadata = {**(table.schema.metadata or {}), **about}
        pq.write_table(table.replace_schema_metadata(metadata), partial, compression="zstd")


def lifts(scores: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Turn scores by split into lifts over the real rows alone.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `load_atlas`, or of ``run_atlas(…).to_frame()``.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    pandas.DataFrame
        A row a data set, model, arm and metric: ``control`` (the score of the real rows alone),
        ``lift``, its interval ``ci_low`` and ``ci_high`` (Nadeau & Bengio), ``p_value`` (that of
        no lift, two-sided), ``margin``, ``verdict`` (of primary sets alone), with ``source``,
        ``n_rows``, ``n_minority`` and ``imbalance_ratio`` of the set.  Where every split gave
        the same lift, no spread is seen: no interval, a p-value of 1, *inconclusive*.
    """
    about = imbalanced_frame().set_index("name")
    about = about[["source", "n_rows", "n_columns", "n_minority", "imbalance_ratio"]]
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
    table = pd.DataFrame(found, index=treated.index).reset_index().join(about, on="dataset")
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
