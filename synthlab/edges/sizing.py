r"""How many cases a suite needs, and what a given number of them can show.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
p          failure rate: the probability that a case, drawn at random, fails
n          number of cases, drawn independently of each other
=========  ==================================================================================

n cases show no failure with probability (1 − p)^n.  What a suite of n cases can *see* follows
from that alone; how closely it *bounds* the rate follows from Wilson's interval.

References
----------
Wilson (1927), J. Am. Stat. Assoc. 22:209, doi:10.1080/01621459.1927.10502953.
Hanley & Lippman-Hand (1983), JAMA 249:1743, doi:10.1001/jama.1983.03330370053031: no failure
among n cases leaves a rate of up to about 3/n.
Brown, Cai & DasGupta (2001), Stat. Sci. 16:101, doi:10.1214/ss/1009213286: Wilson's interval
holds its coverage where the textbook's does not.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from scipy import special
from scipy import stats as scipy_stats

from synthlab.errors import is_number, is_whole, require
from synthlab.stats.intervals import Interval


def cases_to_see(rate: float, *, probability: float = 0.95) -> int:
    """Return how many cases show at least one failure of a given rate.

    Parameters
    ----------
    rate : float in (0, 1)
        The failure rate p that must not be missed.
    probability : float in (0, 1), default 0.95
        Of seeing one failure or more.

    Returns
    -------
    int
        The smallest n with 1 − (1 − p)^n ≥ ``probability``.

    Raises
    ------
    InputError
        An argument is outside of (0, 1).

    Examples
    --------
    >>> [cases_to_see(rate) for rate in (0.005, 0.01, 0.02, 0.05, 0.10)]
    [598, 299, 149, 59, 29]
    """
    _require_share("rate", rate)
    _require_share("probability", probability)
    return max(1, math.ceil(math.log1p(-probability) / math.log1p(-rate)))


def rate_to_see(n_cases: int, *, probability: float = 0.95) -> float:
    """Return the smallest failure rate that a number of cases shows: a suite's power.

    Parameters
    ----------
    n_cases : int ≥ 1
    probability : float in (0, 1), default 0.95
        Of seeing one failure or more.

    Returns
    -------
    float in (0, 1)
        The rate p with 1 − (1 − p)^n = ``probability``.  If no case failed, it is also the
        upper end of a one-sided interval for p at that confidence.

    Raises
    ------
    InputError
        No case, or a probability outside of (0, 1).

    Examples
    --------
    >>> round(rate_to_see(150), 4)
    0.0198
    """
    _require_cases(n_cases)
    _require_share("probability", probability)
    return -math.expm1(math.log1p(-probability) / n_cases)


def cases_to_bound(rate: float, half_width: float, *, confidence: float = 0.95) -> int:
    """Return how many cases bound a failure rate to ± a half width.

    Parameters
    ----------
    rate : float in [0, 1]
        Where the rate is expected; 0.5 needs the most cases.
    half_width : float in [0.000001, 0.5)
        Half the length of Wilson's interval.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    int
        The smallest n whose interval, at an observed share ``rate``, is no longer than that.

    Raises
    ------
    InputError
        An argument is out of range.

    Examples
    --------
    >>> [cases_to_bound(rate, 0.05) for rate in (0.05, 0.10, 0.20, 0.50)]
    [83, 141, 245, 381]
    """
    _require_rate(rate)
    require(
        is_number(half_width, 1e-6) and half_width < 0.5,
        f"half_width={half_width!r}",
        "a number from 0.000001 to below 0.5",
        "No number of cases, or any, would do.",
        "Write 5 points as 0.05.",
    )
    z = _normal_quantile(confidence)
    counts = range(1, 10**15)
    return counts[bisect_left(counts, -half_width, key=lambda n: -_half_width(rate, n, z))]


def failure_rate(n_failed: int, n_cases: int, *, confidence: float = 0.95) -> Interval:
    """Return the share of cases that failed, with Wilson's interval.

    Parameters
    ----------
    n_failed : int in [0, n_cases]
    n_cases : int ≥ 1
        Drawn independently of each other.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    stats.Interval

    Raises
    ------
    InputError
        No case, more failures than cases, or a confidence outside of (0, 1).

    Examples
    --------
    >>> found = failure_rate(0, 150)
    >>> found.estimate, round(found.high, 3)
    (0.0, 0.025)
    """
    _require_cases(n_cases)
    _require_share("confidence", confidence)
    require(
        is_whole(n_failed) and n_failed <= n_cases,
        f"n_failed={n_failed!r} of {n_cases} cases",
        f"a whole number from 0 to {n_cases}",
        "The rate would be no share.",
        "Count the failures again.",
    )
    share = n_failed / n_cases
    ends = scipy_stats.binomtest(int(n_failed), int(n_cases)).proportion_ci(confidence, "wilson")
    spread = math.sqrt(share * (1 - share) / n_cases)
    return Interval(share, float(ends.low), float(ends.high), spread, math.inf)


def precision_of(n_cases: int, rate: float = 0.5, *, confidence: float = 0.95) -> float:
    """Return how closely a number of cases bounds a failure rate.

    Parameters
    ----------
    n_cases : int ≥ 1
    rate : float in [0, 1], default 0.5
        The share that is observed; at 0.5 the interval is longest.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    float in (0, 0.5)
        Half the length of Wilson's interval.

    Raises
    ------
    InputError
        An argument is out of range.

    Examples
    --------
    >>> round(precision_of(381), 3), round(precision_of(381, 0.05), 3)
    (0.05, 0.022)
    """
    _require_cases(n_cases)
    _require_rate(rate)
    return _half_width(rate, n_cases, _normal_quantile(confidence))


def _half_width(rate: float, n: int, z: float) -> float:
    return z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + (z / (2 * n)) ** 2)


def _normal_quantile(confidence: float) -> float:
    _require_share("confidence", confidence)
    return float(special.ndtri((1 + confidence) / 2))


def _require_rate(rate: float) -> None:
    meaning = "No interval could hold it."
    remedy = "Write 5 % as 0.05."
    require(is_number(rate, 0, 1), f"rate={rate!r}", "a share from 0 to 1", meaning, remedy)


def _require_share(name: str, value: float) -> None:
    require(
        is_number(value, 0, 1) and 0 < value < 1,
        f"{name}={value!r}",
        "a share between 0 and 1, neither of them",
        "No number of cases would follow from it.",
        "Write 5 % as 0.05.",
    )


def _require_cases(n_cases: int) -> None:
    meaning = "Without a case nothing is seen."
    expected = "a whole number, 1 or more"
    require(is_whole(n_cases, 1), f"n_cases={n_cases!r}", expected, meaning, "Add cases.")
