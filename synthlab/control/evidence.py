"""What evaluation rows can show: how they were drawn, and when they are too few to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthlab.control.arms import Fit
from synthlab.dataset import Dataset
from synthlab.metrics.grading import Metric
from synthlab.splits import group_codes
from synthlab.stats.intervals import Interval

#: Fewer rows on which two models differ, and fewer groups, allow no clear verdict.
MIN_DISCORDANT, MIN_GROUPS = 10, 10
#: Fewer evaluation rows allow no clear verdict, whatever the metric.
MIN_EVAL_ROWS = 20


class Draw(NamedTuple):
    """How evaluation rows were drawn.

    Attributes
    ----------
    classes : ndarray of int, shape (n_rows,)
        The class of each row, numbered.
    strata : ndarray of int, shape (n_rows,)
        All zeros where class shares are random, too; else the classes.
    groups : ndarray of int, shape (n_rows,), or None
        Rows that were drawn together, numbered from 0 without a gap.
    """

    classes: np.ndarray
    strata: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, real_eval: Dataset, *, stratified: bool = False) -> Draw:
        """Read a draw off evaluation rows."""
        classes = np.unique(real_eval.y, return_inverse=True)[1]
        groups = None if real_eval.groups is None else group_codes(real_eval)
        return cls(classes, classes if stratified else np.zeros_like(classes), groups)

    @property
    def n_groups(self) -> int:
        """What is drawn independently: groups, or rows where there are none."""
        return len(self.classes) if self.groups is None else int(self.groups.max()) + 1

    @property
    def n_rarest(self) -> int:
        """Rows of the rarest class."""
        return int(np.bincount(self.classes).min())


def count_discordant(pairs: Sequence[tuple[Fit, Fit]]) -> int:
    """Count the evaluation rows on which the two arms of a pair ever differ."""
    differ = [(c.output != t.output).reshape(len(c.output), -1).any(axis=1) for c, t in pairs]
    return int(np.any(differ, axis=0).sum())


class Insufficiency(NamedTuple):
    """Why the evidence is insufficient for a clear verdict, and what multiple of it might do."""

    reason: str
    times_rows: float = 1.0


def find_insufficiency(
    discordant: int, interval: Interval, draw: Draw, metric: Metric
) -> Insufficiency | None:
    """Say why these rows allow no clear verdict; None where they do.

    Parameters
    ----------
    discordant : int
        Rows on which the models differ.
    interval : Interval
        Of the lift.
    draw : Draw
    metric : Metric
    """
    n_rows = len(draw.classes)
    needed = (
        (n_rows, MIN_EVAL_ROWS, "evaluation rows"),
        (draw.n_groups, MIN_GROUPS, "groups of evaluation rows"),
        (draw.n_rarest, metric.min_class_rows, "evaluation rows of the rarest class"),
    )
    for count, least, what in needed:
        if count < least:
            return Insufficiency(f"only {count} {what}, {least} are needed", least / count)
    if discordant == 0:
        agree = f"the models agree on all {n_rows} evaluation rows"
        return None if interval.low < interval.high else Insufficiency(agree)
    if metric.counts_rows and draw.groups is None:
        return None  # a paired score interval stands in where few rows are discordant
    if discordant < MIN_DISCORDANT:
        few = f"the models differ on only {discordant} rows, {MIN_DISCORDANT} are needed"
        return Insufficiency(few, MIN_DISCORDANT / discordant)
    if not interval.saw_spread:
        return Insufficiency("no evaluation row moves the score, so its spread cannot be seen")
    return None
