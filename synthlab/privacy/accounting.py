"""What differential privacy promises, in numbers: from ρ to (ε, δ) and back.

*Neighbors* are two tables of which one has one row more than the other: add or remove, everywhere
in this package.  So the number of rows is private too, and one person's row is all that is hidden;
who has several rows is hidden less.  To *replace* a row is to remove one and add another: a
mechanism that promises ρ for neighbors promises up to 4ρ for a replacement, and 2ρ where the two
rows change different counts.

A mechanism M is *ρ-zCDP* if the Rényi divergence of order α between M's outputs on neighbors is
at most ρα, for every α > 1.  It is *(ε, δ)-DP* if P[M(a) ∈ S] ≤ e^ε P[M(b) ∈ S] + δ for every S.
Both survive whatever is done with the output, and the ρ of several mechanisms add up, even where
each was chosen after looking at the answers of those before.

References
----------
M. Bun, T. Steinke, "Concentrated Differential Privacy", TCC 2016, arXiv:1605.02065.
C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020,
arXiv:2004.00010.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_ndtr

from synthlab.errors import InputError

#: δ wherever none is given: far below one over the number of rows of any table of the course.
DELTA = 1e-6
_LOG_ORDERS = (-16.0, 40.0)  # of α − 1: any order gives a valid ε, the best one the least


def gaussian_rho(sensitivity: float, scale: float) -> float:
    """Return ρ of Gaussian noise, continuous or discrete: Δ² / (2σ²).

    Parameters
    ----------
    sensitivity : float ≥ 0
        Δ: how far, in L2, neighbors can be apart.
    scale : float ≥ 0
        σ, in the same unit; without noise ρ is infinite.
    """
    if not (sensitivity >= 0 and scale >= 0):
        raise InputError(
            f"sensitivity={sensitivity} and scale={scale}: expected neither below 0. They would "
            f"promise nothing. Hand in lengths."
        )
    if sensitivity == 0:
        return 0.0
    return math.inf if scale == 0 else sensitivity**2 / (2 * scale**2)


def epsilon_of_rho(rho: float, delta: float = DELTA) -> float:
    """Return the least ε for which ρ-zCDP is known to imply (ε, δ)-DP.

    Parameters
    ----------
    rho : float ≥ 0
    delta : float in (0, 1), default `DELTA`

    Raises
    ------
    InputError
        A parameter is out of range.

    Notes
    -----
    The least over α of αρ + (ln(1/δ) − ln α) / (α − 1) + ln(1 − 1/α), which is what Canonne,
    Kamath and Steinke (2020, proposition 12) solve for δ.

    Examples
    --------
    >>> round(epsilon_of_rho(0.02), 4)
    0.8999
    """
    check_delta(delta)
    if not rho >= 0:
        raise InputError(
            f"rho={rho}: expected a number from 0. Nothing is promised by it. Add up Δ²/(2σ²) over "
            f"what was released."
        )
    if rho in (0, math.inf):
        return rho

    def epsilon(log_order: float) -> float:
        less = math.exp(log_order)  # α − 1
        order = 1 + less
        log_share = log_order - math.log1p(less)  # ln(1 − 1/α)
        return order * rho + (-math.log(delta) - math.log1p(less)) / less + log_share

    best = minimize_scalar(epsilon, bounds=_LOG_ORDERS, method="bounded", options={"xatol": 1e-10})
    return max(0.0, float(best.fun))


def rho_of_epsilon(epsilon: float, delta: float = DELTA) -> float:
    """Return the greatest ρ whose `epsilon_of_rho` is no more than ε.

    Parameters
    ----------
    epsilon : float > 0
        Infinity, which promises nothing, gives infinity.
    delta : float in (0, 1), default `DELTA`

    Raises
    ------
    InputError
        A parameter is out of range.
    """
    check_epsilon(epsilon)
    check_delta(delta)
    if epsilon == math.inf:
        return math.inf
    low = high = 1.0
    while epsilon_of_rho(high, delta) < epsilon:
        high *= 2
    while epsilon_of_rho(low, delta) > epsilon:
        low /= 2
    rho = brentq(lambda rho: epsilon_of_rho(rho, delta) - epsilon, low, high, xtol=low * 1e-12)
    while epsilon_of_rho(rho, delta) > epsilon:  # by rounding; never promise too much
        rho *= 1 - 1e-12
    return rho


def gaussian_epsilon(rho: float, delta: float = DELTA) -> float:
    """Return the exact ε of continuous Gaussian noise with that ρ: what zCDP gives away.

    It is no promise for the discrete noise that is added here, but tells how much of ε is the
    accounting's.

    Parameters
    ----------
    rho : float ≥ 0
    delta : float in (0, 1), default `DELTA`

    Raises
    ------
    InputError
        A parameter is out of range.

    References
    ----------
    B. Balle, Y.-X. Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018,
    arXiv:1805.06530: δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ) with μ = √(2ρ).
    """
    high = epsilon_of_rho(rho, delta)
    if high in (0, math.inf):
        return high
    mu = math.sqrt(2 * rho)

    def excess(epsilon: float) -> float:
        log_first = log_ndtr(mu / 2 - epsilon / mu)
        log_second = epsilon + log_ndtr(-mu / 2 - epsilon / mu)
        return float(np.exp(log_first) - np.exp(log_second)) - delta

    return brentq(excess, 0, high) if excess(0) > 0 else 0.0


def check_epsilon(epsilon: float) -> None:
    """Raise `InputError` unless ε is above 0."""
    if not epsilon > 0:
        raise InputError(
            f"epsilon={epsilon}: expected more than 0. At 0 the output could not depend on the "
            f"rows at all. The course uses 0.1 (strong) to 10 (weak)."
        )


def check_delta(delta: float, n_rows: int | None = None) -> None:
    """Raise `InputError` unless δ is a probability, and below one row's share where that is known.

    Who computes the promise knows the number of rows; this error is for them, not for release.
    """
    if not 0 < delta < 1:
        raise InputError(
            f"delta={delta}: expected more than 0 and less than 1, a probability. It could promise "
            f"nothing. Leave it at {DELTA:g}."
        )
    if n_rows and delta >= 1 / n_rows:
        raise InputError(
            f"delta={delta:g} on {n_rows:,} rows: expected less than 1/{n_rows:,}. To publish one "
            f"row chosen at random, as it is, would keep that promise. Choose a smaller δ."
        )
