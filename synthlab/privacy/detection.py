"""What an audit could find: how often it refutes a promise that noisy counts don't keep."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from synthlab.errors import InputError
from synthlab.privacy.accounting import DELTA, epsilon_of_rho, rho_of_epsilon
from synthlab.privacy.guesses import (
    CONFIDENCE,
    check_sizes,
    epsilon_bound,
    n_right_guesses,
    p_value,
)


def audit_power(
    epsilons: Sequence[float] = (1.0,),
    divisors: Sequence[float] = (1.0, 2.0, 3.0, np.inf),
    sizes: Sequence[tuple[int, int]] = ((1_000, 500), (10_000, 1_000)),
    *,
    delta: float = DELTA,
    confidence: float = CONFIDENCE,
    n_runs: int = 200,
    random_state: int = 0,
) -> pd.DataFrame:
    """Simulate how often an audit of noisy counts refutes a promise, whose noise is too small.

    Parameters
    ----------
    epsilons : sequence of float > 0
        Promised.
    divisors : sequence of float > 0
        By what the noise falls short: 1 keeps the promise, infinity means no noise.
    sizes : sequence of (n_canaries, n_guesses)
    delta, confidence : float
    n_runs : int ≥ 1, default 200
    random_state : int, default 0

    Returns
    -------
    pandas.DataFrame
        A row per combination: ``epsilon`` promised, ``noise_divisor``, ``epsilon_kept`` (what zCDP
        says of the noise that there is), ``n_canaries``, ``n_guesses``, ``epsilon_reach`` (the
        bound if all guesses are right: no audit of this size refutes a larger promise), ``power``
        (share of runs that refute) and its 95 % interval, ``ci_low`` and ``ci_high`` (Wilson).

    Notes
    -----
    Scores are 1 where a canary is in and 0 elsewhere, plus noise of the promise's scale over the
    divisor: an attacker who sees each canary's count, as in `count_score`.  The noise is the same
    discrete Gaussian, drawn with a seed.
    """
    for n_canaries, n_guesses in sizes:
        check_sizes(n_canaries, n_guesses, confidence)
    if not (n_runs >= 1 and all(divisor > 0 for divisor in divisors)):
        raise InputError(
            f"n_runs={n_runs} and divisors={list(divisors)}: expected one run or more, and numbers "
            f"above 0. There would be no share of runs. Try {[1, 3, float('inf')]}."
        )
    cells = list(product(epsilons, divisors, sizes))
    rngs = np.random.default_rng(random_state).spawn(len(cells))
    rows = [
        _row(epsilon, divisor, *size, delta, confidence, n_runs, rng)
        for (epsilon, divisor, size), rng in zip(cells, rngs, strict=True)
    ]
    return pd.DataFrame(rows)


def _row(
    epsilon: float,
    divisor: float,
    n_canaries: int,
    n_guesses: int,
    delta: float,
    confidence: float,
    n_runs: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    rho = rho_of_epsilon(epsilon, delta) * divisor**2
    right = [_n_right(rho, n_canaries, n_guesses, rng) for _ in range(n_runs)]
    p_values = {n: p_value(n, n_guesses, n_canaries, epsilon, delta) for n in set(right)}
    n_caught = sum(p_values[n] <= 1 - confidence for n in right)
    low, high = binomtest(n_caught, n_runs).proportion_ci(method="wilson")
    most = epsilon_bound(n_guesses, n_guesses, n_canaries, delta=delta, confidence=confidence)
    return {
        "epsilon": epsilon,
        "noise_divisor": divisor,
        "epsilon_kept": epsilon_of_rho(rho, delta),
        "n_canaries": n_canaries,
        "n_guesses": n_guesses,
        "epsilon_reach": most,
        "power": n_caught / n_runs,
        "ci_low": low,
        "ci_high": high,
    }


def _n_right(rho: float, n_canaries: int, n_guesses: int, rng: np.random.Generator) -> int:
    """Guess once, by counts of 0 and 1 with noise of that ρ."""
    is_in = rng.random(n_canaries) < 0.5
    noise = _discrete_gaussian(rho, n_canaries, rng)
    return n_right_guesses(is_in + noise, is_in, n_guesses)


def _discrete_gaussian(rho: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw whole numbers x with probability in proportion to e^(−ρx²): seeded, and not private."""
    rho = min(rho, 1e3)  # no noise already
    furthest = 1 + int(10 / np.sqrt(rho))  # beyond, a probability is below e^−100
    numbers = np.arange(-furthest, furthest + 1)
    weights = np.exp(-rho * numbers.astype(float) ** 2)
    return rng.choice(numbers, size=n, p=weights / weights.sum())
