"""When to stop a loop: what can be seen of its rows without a label.

A loop that is fitted on real rows in every turn does not drift; what it writes are *steady* pools
(`state.first_pools`).  They say how far a statistic moves by chance.  A pool that lies beyond was
written by something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from synthlab.checks import fidelity
from synthlab.dataset import Dataset
from synthlab.errors import InputError

CONTINUE, STOP = "continue", "stop"
#: Statistic → whether it rises (+1) or falls (−1) when a loop drifts.
_DIRECTION = {"separability": 1, "coverage": -1, "vocabulary": -1, "variance": -1}
_MEANING = {
    "separability": "how well a classifier tells the rows from real ones (AUC)",
    "coverage": "the share of real rows that the loop still reaches",
    "vocabulary": "the number of different words",
    "variance": "the spread, over that of real rows,",
}
MIN_STEADY = 5


@dataclass(frozen=True, eq=False)
class DriftAlarm:
    """What `watch_loop` found.

    Attributes
    ----------
    decision : str
        "continue", or "stop: because" and the statistics that gave the alarm.
    frame : pandas.DataFrame
        A row a turn and statistic: ``turn`` (from 1), ``statistic``, ``value``, ``limit`` and
        ``fires``.
    false_alarm : float
        Chance of any alarm in all these turns if nothing drifts.
    """

    decision: str
    frame: pd.DataFrame
    false_alarm: float

    @property
    def first_alarm(self) -> dict[str, int | None]:
        """Statistic → the turn in which it first gave the alarm; None if it never did."""
        turns = self.frame[self.frame["fires"]].groupby("statistic")["turn"].min()
        return {s: int(turns[s]) if s in turns else None for s in self.frame["statistic"].unique()}

    def __repr__(self) -> str:
        return f"DriftAlarm: {self.decision}"


@dataclass(frozen=True, eq=False)
class Limits:
    """How far each statistic moves by chance; made by `set_limits`.

    Attributes
    ----------
    reference : Dataset
    lens : Lens
    limit : dict of str to float
        By statistic.
    n_rows, n_generations : int
        Of each pool; how many pools the limits allow for.
    false_alarm : float
    """

    reference: Dataset
    lens: fidelity.Lens
    limit: dict[str, float]
    n_rows: int
    n_generations: int
    false_alarm: float

    def judge(self, pools: Sequence[Dataset]) -> DriftAlarm:
        """Hold the pools of a loop, in the order of its turns, against the limits."""
        if not 1 <= len(pools) <= self.n_generations:
            raise InputError(
                f"{len(pools)} pools: the limits were set for 1 to {self.n_generations}. More "
                f"looks would give more false alarms than {self.false_alarm:g}. Set limits anew."
            )
        _require_size(pools, self.n_rows)
        frame = pd.DataFrame(
            {
                "turn": turn,
                "statistic": name,
                "value": value,
                "limit": self.limit[name],
                "fires": _DIRECTION[name] * (value - self.limit[name]) > 0,
            }
            for turn, pool in enumerate(pools, start=1)
            for name, value in look(self.lens, self.reference, pool).items()
        )
        return DriftAlarm(_decision(frame), frame, self.false_alarm)


def watch_loop(
    reference: Dataset,
    pools: Sequence[Dataset],
    steady: Sequence[Dataset],
    *,
    false_alarm: float = 0.05,
) -> DriftAlarm:
    """Say whether a loop may go on, by its rows alone: no label is looked at.

    Parameters
    ----------
    reference : Dataset
        Frozen real rows that never trained the loop.
    pools : sequence of Dataset
        What the loop wrote, a data set a turn, all of one size.
    steady : sequence of Dataset
        At least five pools of that size as the loop's *first* turn could have written them:
        by its generator, fitted on real rows (`state.first_pools`).
    false_alarm : float in (0, 1), default 0.05
        Chance of any alarm in all these turns if nothing drifts.

    Returns
    -------
    DriftAlarm
        With a ``decision``, "continue" or "stop: because …".

    Raises
    ------
    InputError
        Too few steady pools, or pools of different sizes.

    Notes
    -----
    Statistics: the AUC of a classifier that tells the rows from the reference, cross-validated
    (the classifier two-sample test, Lopez-Paz & Oquab 2017, arXiv:1610.06545); coverage (see
    `fidelity.measure_drift`); for texts the vocabulary, for tables the variance.  Each limit is the
    one-sided normal prediction limit of one further steady pool, at the level false_alarm / (turns
    × statistics), after Bonferroni; that of coverage is set on an angle (Anscombe 1948,
    doi:10.1093/biomet/35.3-4.246), since a share near 1 is anything but normal.  It sees that a
    loop has moved, and not whether that does harm.
    """
    limits = set_limits(reference, steady, n_generations=len(pools), false_alarm=false_alarm)
    return limits.judge(pools)


def set_limits(
    reference: Dataset, steady: Sequence[Dataset], *, n_generations: int, false_alarm: float = 0.05
) -> Limits:
    """Set the limits once, to judge several loops of the same first generator.

    Parameters
    ----------
    reference, steady, false_alarm
        As for `watch_loop`.
    n_generations : int ≥ 1
        LoopState that will be judged.
    """
    if len(steady) < MIN_STEADY:
        raise InputError(
            f"{len(steady)} steady pools: expected {MIN_STEADY} or more. How far a statistic moves "
            f"by chance can't be told. Write more with first_pools."
        )
    if n_generations < 1 or not 0 < false_alarm < 1:
        raise InputError(
            f"n_generations={n_generations}, false_alarm={false_alarm}: expected 1 or more, and "
            f"between 0 and 1. No limit could be set."
        )
    n_rows = len(steady[0])
    _require_size(steady, n_rows)
    if n_rows < fidelity.FOLDS:
        raise InputError(
            f"pools of {n_rows} rows; expected {fidelity.FOLDS} or more in each. Whether they can "
            f"be told from real rows is cross-validated. Hand in a few hundred."
        )
    lens = fidelity.lens_of(reference)
    seen = [look(lens, reference, pool) for pool in steady]
    level = 1 - false_alarm / (n_generations * len(seen[0]))
    n_compared = lens.some_rows.shape[0]
    limit = {
        name: _limit_of(name, np.array([values[name] for values in seen]), level, n_compared)
        for name in seen[0]
    }
    return Limits(reference, lens, limit, n_rows, n_generations, false_alarm)


def _limit_of(name: str, steady: np.ndarray, level: float, n_compared: int) -> float:
    """Return the one-sided normal prediction limit of one further value.

    Coverage is a share, near 1 and skewed: its limit is set on Anscombe's angle, whose standard
    deviation is taken for no less than a share of so many rows must have.
    """
    k, n, is_share = len(steady), n_compared, name == "coverage"
    values = np.arcsin(np.sqrt((n * steady + 0.375) / (n + 0.75))) if is_share else steady
    least = 1 / (2 * np.sqrt(n + 0.5)) if is_share else 0.0
    margin = stats.t.ppf(level, k - 1) * max(values.std(ddof=1), least) * np.sqrt(1 + 1 / k)
    limit = float(values.mean() + _DIRECTION[name] * margin)
    return float((np.sin(max(limit, 0)) ** 2 * (n + 0.75) - 0.375) / n) if is_share else limit


def look(lens: fidelity.Lens, reference: Dataset, pool: Dataset) -> dict[str, float]:
    """Return the statistics of one pool; see `watch_loop`."""
    measured = fidelity.measure_drift(lens, pool)
    last = "vocabulary" if lens.is_text else "variance"
    separability = fidelity.two_sample_auc(lens, reference, pool)
    return {"separability": separability, "coverage": measured["coverage"], last: measured[last]}


def _require_size(pools: Sequence[Dataset], n_rows: int) -> None:
    sizes = {len(pool) for pool in pools}
    if sizes != {n_rows}:
        raise InputError(
            f"pools of {sorted(sizes)} rows; expected {n_rows} in each. What is counted grows with "
            f"the rows, so that sizes would pass for drift. Take as many of each."
        )


def _told(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"


def _decision(frame: pd.DataFrame) -> str:
    alarms = frame[frame["fires"]]
    if alarms.empty:
        return CONTINUE
    first = alarms[alarms["turn"] == alarms["turn"].min()]
    reasons = [
        f"{_MEANING[row.statistic]} is {_told(row.value)}, {side} {_told(row.limit)}"
        for row in first.itertuples()
        for side in (("above",) if _DIRECTION[row.statistic] > 0 else ("below",))
    ]
    return f"{STOP}: because in turn {first['turn'].iloc[0]} {'; '.join(reasons)}"
