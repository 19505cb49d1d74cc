"""C10's rule: do a model's labels of real text train as well as people's, and its texts worse?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from synthlab.course.claims import NOT_REPRODUCED, PARTLY_SUPPORTED, SUPPORTED, UNDECIDED
from synthlab.errors import require

#: What is compared in each task: one training set's accuracy less another's.
READS, WRITES, INFORMED = "labels − human", "labels − written", "labels − informed"
NAIVE_PROMPTS = "texts by naive prompts cost accuracy on both tasks, by informed ones not on both"


class ReadingVerdict(NamedTuple):
    """The verdict on the claim, and the condition that it names, if any."""

    word: str
    condition: str = ""

    def __str__(self) -> str:
        """Return the verdict as a sentence would have it."""
        return f"{self.word}: {self.condition}" if self.condition else self.word


def judge_reading(cells: pd.DataFrame, margin: float) -> ReadingVerdict:
    """Turn the intervals of all tasks into C10's verdict.

    Parameters
    ----------
    cells : pandas.DataFrame
        Index (task, comparison), of two tasks and the comparisons `READS`, `WRITES`, `INFORMED`;
        columns ``low`` and ``high``, the ends of the interval of a difference in accuracy.
    margin : float ≥ 0

    Raises
    ------
    InputError
        A comparison of one of two tasks is missing, or an end is.
    """
    tasks = list(dict.fromkeys(cells.index.get_level_values(0)))
    wanted = [(task, what) for task in tasks for what in (READS, WRITES, INFORMED)]
    is_whole = len(tasks) == 2 and set(wanted) <= set(cells.index)
    require(
        is_whole and not cells[["low", "high"]].isna().any(axis=None),
        f"cells {list(cells.index)}",
        f"the ends of {READS}, {WRITES} and {INFORMED} for each of two tasks",
        "No verdict would follow.",
        "Measure them first.",
    )
    states = {task: _state(cells.loc[task], margin) for task in tasks}
    met = [task for task, state in states.items() if state == SUPPORTED]
    if len(met) == 2:
        lows = [cells.loc[(task, INFORMED), "low"] for task in tasks]
        costs_too = min(lows) > margin
        return ReadingVerdict(*([SUPPORTED] if costs_too else [PARTLY_SUPPORTED, NAIVE_PROMPTS]))
    if met:
        return ReadingVerdict(PARTLY_SUPPORTED, f"on {met[0]} alone")
    return ReadingVerdict(NOT_REPRODUCED if NOT_REPRODUCED in states.values() else UNDECIDED)


def _state(cells: pd.DataFrame, margin: float) -> str:
    """Return whether a task is met (supported), missed (not reproduced), or open."""
    reads, writes = cells.loc[READS], cells.loc[WRITES]
    if reads["high"] < -margin or writes["high"] <= margin:
        return NOT_REPRODUCED
    is_met = reads["low"] >= -margin and writes["low"] > margin
    return SUPPORTED if is_met else UNDECIDED
