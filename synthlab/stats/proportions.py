"""Intervals of shares, of their differences, and of areas under the ROC curve; numbers only.

All three are score intervals, or made of them: at a share of 0 or 1 they keep a width, where a
normal interval would have none and claim certainty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

_TINY = 1e-9  # off 0 and 1, which solve the equation of an area but are no ends


class Estimate(NamedTuple):
    """A number and the ends of its two-sided interval."""

    value: float
    low: float
    high: float


def wilson_interval(hits: int, n: int, confidence: float = 0.95) -> Estimate:
    """Return a share with Wilson's score interval.

    Parameters
    ----------
    hits : int, from 0 to n
    n : int ≥ 1
    confidence : float in (0, 1), default 0.95

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927), 209-212, doi:10.1080/01621459.1927.10502953.
    """
    found = stats.binomtest(int(hits), int(n)).proportion_ci(confidence, method="wilson")
    return Estimate(hits / n, float(found.low), float(found.high))


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Return one share less another of independent rows, with Newcombe's interval.

    Parameters
    ----------
    one, other : Estimate
        Shares with Wilson's intervals, at the same confidence.

    References
    ----------
    R. G. Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", Stat. Med. 17 (1998), 873-890: method 10.
    """
    value = one.value - other.value
    down = np.hypot(one.value - one.low, other.high - other.value)
    up = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, float(value - down), float(value + up))


def area_interval(area: float, n_positive: int, n_negative: int, confidence: float) -> Estimate:
    """Return an area under the ROC curve with Newcombe's score interval.

    Its ends are the areas θ from which the one that was seen lies z standard errors away, where
    the error is that of Hanley and McNeil at θ.  Ties make the true error smaller.

    Parameters
    ----------
    area : float in [0, 1]
    n_positive, n_negative : int ≥ 1
    confidence : float in (0, 1)

    References
    ----------
    R. G. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic. Part 2", Stat. Med. 25 (2006), 559-573, doi:10.1002/sim.2324: method 5.
    """
    z = stats.norm.ppf((1 + confidence) / 2)
    extra = (n_positive + n_negative) / 2 - 1

    def excess(theta: float, sign: int) -> float:
        shape = 1 + extra * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        variance = theta * (1 - theta) * shape / (n_positive * n_negative)
        return sign * (area - theta) - z * np.sqrt(variance)

    low = optimize.brentq(excess, 0, area - _TINY, args=(1,)) if area > 0 else 0.0
    high = optimize.brentq(excess, area + _TINY, 1, args=(-1,)) if area < 1 else 1.0
    return Estimate(float(area), float(low), float(high))
