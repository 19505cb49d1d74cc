"""From an interval to a word: what it says of a lift, and how many rows a clear word would take."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy.stats import norm

from synthlab.stats.intervals import Interval

HELPS, HURTS, NO_USEFUL_EFFECT, INCONCLUSIVE = "helps", "hurts", "no useful effect", "inconclusive"
#: Chances of a clear verdict that `needed` answers for, and the largest factor it looks at.
_EVEN, _LIKELY, _LARGEST = 0.5, 0.9, 1e4


def verdict(low: float, high: float, margin: float) -> str:
    """Say where an interval lies.

    Parameters
    ----------
    low, high : float
        Ends of the interval of a lift.
    margin : float ≥ 0

    Returns
    -------
    {"helps", "hurts", "no useful effect", "inconclusive"}
        The lower end is above the margin; the upper end is below minus the margin; the interval
        lies inside ± margin; none of these.
    """
    if low > margin:
        return HELPS
    if high < -margin:
        return HURTS
    if -margin <= low and high <= margin:
        return NO_USEFUL_EFFECT
    return INCONCLUSIVE


class Needed(NamedTuple):
    """By what factor a sample has to grow for an even chance of a clear verdict, and for 90 %.

    None where even the largest factor looked at (10,000) would not do.
    """

    even: float | None
    likely: float | None


def needed(interval: Interval, variance_at: Callable[[float], float], margin: float) -> Needed:
    """Return how much larger a *new* sample would have to be for a clear verdict.

    The true lift is unknown: it is taken as normal around the estimate with its standard error,
    and the chance of a clear verdict is averaged over it (assurance).  A single number, computed
    as if the lift were exactly as estimated, is mostly far too small.

    Parameters
    ----------
    interval : Interval
        Of the lift, from the present sample.
    variance_at : callable
        Factor ≥ 1 by which the sample grows → variance of the lift measured on it.
    margin : float ≥ 0

    References
    ----------
    O'Hagan, Stevens & Campbell (2005), Pharmaceutical Statistics 4:187, doi:10.1002/pst.175.
    """

    def chance(log_factor: float) -> float:
        return assurance(interval, variance_at(float(np.exp(log_factor))), margin)

    return Needed(*(_first_factor(chance, wanted) for wanted in (_EVEN, _LIKELY)))


def assurance(interval: Interval, variance: float, margin: float) -> float:
    """Return the chance that a new sample with such a variance gives a clear verdict.

    Parameters
    ----------
    interval : Interval
        Of the lift, from the present sample.
    variance : float
        Of the lift as measured on the new sample.
    margin : float ≥ 0
    """
    se = np.sqrt(variance)
    spread = np.sqrt(variance + interval.standard_error**2)  # of the new estimate
    reach = _quantile_of(interval) * se

    def below(edge: float) -> float:
        return float(norm.cdf((edge - interval.estimate) / spread))

    inside = max(0.0, below(margin - reach) - below(reach - margin)) if reach < margin else 0.0
    return 1 - below(margin + reach) + below(-margin - reach) + inside


def _quantile_of(interval: Interval) -> float:
    """Return how many standard errors an interval reaches to its wider side."""
    wider = max(interval.high - interval.estimate, interval.estimate - interval.low)
    return wider / interval.standard_error


def _first_factor(chance: Callable[[float], float], wanted: float) -> float | None:
    end = float(np.log(_LARGEST))
    if chance(0.0) >= wanted:
        return 1.0
    if chance(end) < wanted:
        return None
    return float(np.exp(optimize.brentq(lambda x: chance(x) - wanted, 0.0, end, xtol=1e-4)))
