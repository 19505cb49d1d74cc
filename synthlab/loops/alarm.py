"""A drift alarm: when to stop a loop, judged from its rows without labels.

Pools written by generators that were fitted on real rows have not drifted: they are *steady*
(`state.first_pools`).  They show how far a statistic moves by chance; a pool beyond that limit has
drifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from synthlab.checks import fidelity
from synthlab.dataset import Dataset
from synthlab.errors import is_number, is_whole, require

CONTINUE, STOP = "continue", "stop"
#: Statistic → whether it rises (+1) or falls (−1) when a loop drifts.
_DIRECTION = {"separability": 1, "coverage": -1, "vocabulary": -1, "variance": -1}
_MEANING = {
    "separability": "the AUC of a classifier of synthetic against real rows",
    "coverage": "the share of real rows with a synthetic row nearby",
    "vocabulary": "the number of different words",
    "variance": "the variance relative to real rows",
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
        One row per generation and statistic: ``generation`` (from 1), ``statistic``, ``value``,
        ``limit`` and ``fires``.
    false_alarm : float
        Probability of any alarm in all these generations if nothing drifts.
    """

    decision: str
    frame: pd.DataFrame
    false_alarm: float

    @property
    def first_alarm(self) -> dict[str, int | None]:
        """Statistic → the first generation in which it gave the alarm; None if it never did."""
        found = self.frame[self.frame["fires"]].groupby("statistic")["generation"].min()
        return {s: int(found[s]) if s in found else None for s in self.frame["statistic"].unique()}

    def __repr__(self) -> str:
        return f"DriftAlarm: {self.decision}"


@dataclass(frozen=True, eq=False)
class Limits:
    """How far each statistic moves by chance; made by `set_limits`.

    Attributes
    ----------
    reference : Dataset
    lens : Lens
        Fitted on the reference.
    limit : dict of str to float
        By statistic.
    n_rows, n_generations : int
        Rows of each pool; how many generations the limits allow for.
    false_alarm : float
    """

    reference: Dataset
    lens: fidelity.Lens
    limit: dict[str, float]
    n_rows: int
    n_generations: int
    false_alarm: float

    def judge(self, pools: Sequence[Dataset]) -> DriftAlarm:
        """Compare the pools of a loop, in order of generations, with the limits.

        Raises
        ------
        InputError
            More pools than the limits allow for, or pools of another size.
        """
        require(
            1 <= len(pools) <= self.n_generations,
            f"{len(pools)} pools",
            f"1 to {self.n_generations}, as the limits were set for",
            f"With more there would be more false alarms than {self.false_alarm:g}.",
            "Set limits for more generations.",
        )
        _require_size(pools, self.n_rows)
        frame = pd.DataFrame(
            {
                "generation": generation,
                "statistic": name,
                "value": value,
                "limit": self.limit[name],
                "fires": _DIRECTION[name] * (value - self.limit[name]) > 0,
            }
            for generation, pool in enumerate(pools, start=1)
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
    """Say whether a loop may go on, judged from its rows without labels.

    Parameters
    ----------
    reference : Dataset
        Real rows that never trained the loop.
    pools : sequence of Dataset
        What the loop wrote, one data set per generation, all of one size.
    steady : sequence of Dataset
        At least five pools of that size as *generation 1* could have written them: by the loop's
        generator, fitted on real rows (`state.first_pools`).
    false_alarm : float in (0, 1), default 0.05
        Probability of any alarm in all these generations if nothing drifts.

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
    Statistics: the cross-validated AUC of a classifier of the rows against the reference (the
    classifier two-sample test, Lopez-Paz & Oquab 2017, arXiv:1610.06545); coverage (see
    `fidelity.measure_drift`); for texts the vocabulary, for tables the variance.  Each limit is the
    one-sided normal prediction limit of one further steady pool, at the level false_alarm /
    (generations × statistics), after Bonferroni.  The limit of coverage is set on Anscombe's angle
    (1948, doi:10.1093/biomet/35.3-4.246), because a share near 1 is far from normal.  The alarm
    shows that a loop has drifted, not whether that does harm.
    """
    limits = set_limits(reference, steady, n_generations=len(pools), false_alarm=false_alarm)
    return limits.judge(pools)


def set_limits(
    reference: Dataset, steady: Sequence[Dataset], *, n_generations: int, false_alarm: float = 0.05
) -> Limits:
    """Set the limits once, to judge several loops of the same generator.

    Parameters
    ----------
    reference, steady, false_alarm
        As for `watch_loop`.
    n_generations : int ≥ 1
        Pools that will be judged.

    Returns
    -------
    Limits

    Raises
    ------
    InputError
        Too few steady pools, pools of different sizes, or a parameter out of range.
    """
    require(
        len(steady) >= MIN_STEADY,
        f"{len(steady)} steady pools",
        f"{MIN_STEADY} or more",
        "Fewer do not show how far a statistic moves by chance.",
        "Draw more with first_pools.",
    )
    no_limit = "No limit could be set."
    offender = f"n_generations={n_generations}"
    require(is_whole(n_generations, 1), offender, "a whole number, 1 or more", no_limit)
    is_share = is_number(false_alarm) and 0 < false_alarm < 1
    require(is_share, f"false_alarm={false_alarm}", "between 0 and 1", no_limit)
    n_rows = len(steady[0])
    _require_size(steady, n_rows)
    require(
        n_rows >= fidelity.FOLDS,
        f"pools of {n_rows} rows",
        f"{fidelity.FOLDS} or more in each",
        "The classifier of synthetic against real rows is cross-validated.",
        "Use pools of a few hundred rows.",
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
    deviation is taken to be at least that of a share of so many rows.
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
    require(
        sizes == {n_rows},
        f"pools of {sorted(sizes)} rows",
        f"{n_rows} in each",
        "Counts grow with the number of rows, so that sizes would look like drift.",
        "Take the same number of rows from each.",
    )


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"


def _decision(frame: pd.DataFrame) -> str:
    alarms = frame[frame["fires"]]
    if alarms.empty:
        return CONTINUE
    generation = alarms["generation"].min()
    reasons = [
        f"{_MEANING[row.statistic]} is {_rounded(row.value)}, "
        f"{'above' if _DIRECTION[row.statistic] > 0 else 'below'} {_rounded(row.limit)}"
        for row in alarms[alarms["generation"] == generation].itertuples()
    ]
    return f"{STOP}: because in generation {generation} {'; '.join(reasons)}"
