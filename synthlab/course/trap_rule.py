"""C1's rule: does a synthetic evaluation set tempt, while real rows gain nothing?

One combination of task and writer is judged by `judge_trap`, the claim over all four by
`judge_four`.  `trap_table` has the numbers of all four.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from synthlab.course.claims import NOT_REPRODUCED, PARTLY_SUPPORTED, SUPPORTED
from synthlab.errors import require

TEMPTING = "synthetic eval (tempting)"
_ENDS = ["ci_low", "ci_high"]


def judge_trap(lifts: pd.DataFrame, great_from: float, margin: float, looks_great: float) -> str:
    """Return C1's verdict on one combination of task and writer, with what is missing.

    Parameters
    ----------
    lifts : pandas.DataFrame
        Index: `TEMPTING`, and one row per set of real evaluation rows; columns ``ci_low`` and
        ``ci_high``, the ends of the interval of the lift of real + synthetic.
    great_from : float in [0, 1]
        Lower end of the score of real + synthetic on synthetic eval.
    margin : float ≥ 0
    looks_great : float in [0, 1]
        From where on a score is great.

    Raises
    ------
    InputError
        A lift is missing, or one of its ends is.
    """
    on_real = lifts.drop(TEMPTING, errors="ignore")
    is_whole = TEMPTING in lifts.index and len(on_real) > 0 and {*_ENDS} <= {*lifts.columns}
    require(
        is_whole and not lifts[_ENDS].isna().any(axis=None),
        f"lifts on {list(lifts.index)}",
        f"both ends on {TEMPTING} and on real rows",
        "No verdict would follow.",
        "Measure them first.",
    )
    if lifts.loc[TEMPTING, "ci_low"] <= margin or (on_real["ci_low"] > margin).any():
        return NOT_REPRODUCED
    missing = [f"the interval of the score reaches below {looks_great}"]
    missing = [] if great_from > looks_great else missing
    open_ends = on_real.index[on_real["ci_high"] > margin]
    missing += [f"{name} can't exclude a gain" for name in open_ends]
    if not missing:
        return SUPPORTED
    return f"{PARTLY_SUPPORTED}: synthetic eval tempts, but {' and '.join(missing)}"


def judge_four(verdicts: Mapping[str, str]) -> str:
    """Return C1's verdict, from those on its four combinations.

    Parameters
    ----------
    verdicts : mapping of str to str
        Combination, as a sentence would name it → verdict of `judge_trap`.

    Raises
    ------
    InputError
        There are not four of them.
    """
    require(len(verdicts) == 4, f"{len(verdicts)} combinations", "four", "The rule names four.")
    kinds = {name: verdict.partition(":")[0] for name, verdict in verdicts.items()}
    whole = [name for name, kind in kinds.items() if kind == SUPPORTED]
    partly = [name for name, kind in kinds.items() if kind == PARTLY_SUPPORTED]
    if len(whole) == 4:
        return SUPPORTED
    if not whole and not partly:
        return NOT_REPRODUCED
    told = [f"in full for {_listed(whole)}"] if whole else []
    told += [f"in part for {_listed(partly)}"] if partly else []
    return f"{PARTLY_SUPPORTED}: {', '.join(told)}"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
