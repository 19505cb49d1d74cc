"""From an interval to a word: what it says of a lift, and what would settle it."""

from __future__ import annotations

from typing import NamedTuple

from synthlab.stats.intervals import Interval, VarianceTerm

#: Lifts and standard errors below this are rounding errors.
_ROUNDING = 1e-12


def verdict(low: float, high: float, margin: float) -> str:
    """Say where an interval lies: *helps*, *hurts*, *no useful effect* or *inconclusive*."""
    if low > margin:
        return "helps"
    if high < -margin:
        return "hurts"
    if -margin <= low and high <= margin:
        return "no useful effect"
    return "inconclusive"


class Needed(NamedTuple):
    """What would settle an inconclusive lift: how many times the rows, or the seeds."""

    rows: float
    seeds: float


def needed(interval: Interval, terms: list[VarianceTerm], margin: float) -> Needed | None:
    """How much more data would settle an inconclusive lift, if it stayed where it is.

    The larger variance binds: more of it is asked for, as long as the other leaves room.

    Returns
    -------
    Needed
        Factors ≥ 1 of eval rows and of seeds; None where nothing varies, or the lift lies on
        the margin's edge, where no finite number settles it.
    """
    to_edge = min(abs(interval.estimate - margin), abs(interval.estimate + margin))
    if interval.standard_error < _ROUNDING or to_edge < _ROUNDING:
        return None
    half = min(interval.high - interval.estimate, interval.estimate - interval.low)
    allowed = (to_edge * interval.standard_error / half) ** 2
    by_seeds = sum(term.variance for term in terms if term.source == "seeds")
    by_rows = sum(term.variance for term in terms) - by_seeds
    if by_rows >= by_seeds and allowed > by_seeds:
        return Needed(max(1.0, by_rows / (allowed - by_seeds)), 1.0)
    if by_seeds > by_rows and allowed > by_rows:
        return Needed(1.0, max(1.0, by_seeds / (allowed - by_rows)))
    both = max(1.0, (by_rows + by_seeds) / allowed)
    return Needed(both, both)
