"""Is the trap real?  C1's numbers on two tasks and by two writers, in one table.

Recorded full runs of notebook 00 have the lifts at 5,000 real rows, the sweep of `amounts` those
beside fewer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import pandas as pd

from synthlab import amounts
from synthlab.course.claims import load_claim
from synthlab.course.telling import points_of, points_text
from synthlab.datasets import text_task
from synthlab.errors import DataUnavailableError
from synthlab.paths import data_dir

#: Evaluation set, as the table calls it → as the metrics of notebook 00 do.
_LIFTS = {
    "synthetic eval": "synthetic_eval_tempting_",
    "real eval": "real_eval",
    "later mail": "later_mail",
}


def load_combinations(notebook: str = "00_expensive_trap") -> dict[tuple[str, str], dict[str, Any]]:
    """Return the recorded numbers of a notebook's full runs on both tasks and writers.

    Parameters
    ----------
    notebook : str, default "00_expensive_trap"
        File name without its ending.

    Returns
    -------
    dict of (task, writer) to dict
        The metrics of each run.

    Raises
    ------
    DataUnavailableError
        One of four files is missing or damaged.
    """
    claim = load_claim("C1")
    found = {}
    for task, writer in product(claim["tasks"], claim["writers"]):
        path = data_dir() / "combinations" / notebook / f"{task}-{writer}.json"
        try:
            found[task, writer] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataUnavailableError(
                f"{path.name} of {notebook}: {type(error).__name__}. The table of four "
                f"combinations would have a gap. Restore it: git checkout data/combinations; or "
                f"make it: make combinations"
            ) from error
    return found


def combination_name(task: str, writer: str) -> str:
    """Return how prose calls a combination, such as "e-mails by the weak writer"."""
    return f"{text_task(task).texts_name} by the {writer} writer"


def trap_table(runs: Mapping[tuple[str, str], Mapping[str, Any]]) -> pd.DataFrame:
    """Return lifts in points of accuracy, with 95 % intervals, as text.

    Parameters
    ----------
    runs : mapping of (task, writer) to metrics
        Of `load_combinations`.

    Returns
    -------
    pandas.DataFrame
        One row per combination: the number of synthetic rows; the lift on *synthetic eval*, on
        *real eval* and on *later mail* beside 5,000 real rows; and the lift on real eval beside
        1,000, 200 and 50.
    """
    beside_fewer = _lifts_beside_fewer()
    rows = {}
    for (task, writer), metrics in runs.items():
        name = combination_name(task, writer)
        rows[name] = {"synthetic rows": f"{metrics['n_synth']:,}"}
        rows[name] |= {told: points_of(metrics, key) for told, key in _LIFTS.items()}
        rows[name] |= beside_fewer.loc[task, writer].to_dict()
    return pd.DataFrame.from_dict(rows, orient="index")


def _lifts_beside_fewer() -> pd.DataFrame:
    """Return, in text, the lift on real rows of all recorded synthetic rows beside fewer real."""
    claim = load_claim("C1")
    found = amounts.lifts_by_amount(amounts.load_amounts(), margin=claim["margin"])
    is_shown = found["n_real"].isin(claim["shown_sizes"]) & (found["arm"] == amounts.WEIGHT_1)
    found = found[is_shown]
    found = found.loc[found.groupby(["task", "writer", "n_real"])["n_synth"].idxmax()]
    ends = found[["lift", "ci_low", "ci_high"]].itertuples(index=False)
    found = found.assign(told=[points_text(*row, unit="") for row in ends])
    table = found.pivot(index=["task", "writer"], columns="n_real", values="told")
    return table[sorted(table, reverse=True)].rename(columns="real eval, {:,} real".format)
