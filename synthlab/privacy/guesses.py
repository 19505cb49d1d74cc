"""How many guesses of an audit may be right, if a promise is kept: statistics of `auditing`.

Of m canaries, each in or out by a fair coin, r are guessed and v guesses are right.

References
----------
T. Steinke, M. Nasr, M. Jagielski, "Privacy Auditing with One (1) Training Run", NeurIPS 2023,
arXiv:2305.08846.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import bisect
from scipy.stats import binom

from synthlab.errors import InputError
from synthlab.privacy.accounting import DELTA

CONFIDENCE = 0.999
_EPSILONS = (0.0, 60.0)  # beyond, e^ε/(1 + e^ε) is 1


def n_right_guesses(scores: np.ndarray, is_in: np.ndarray, n_guesses: int) -> int:
    """Count right guesses: *in* for the r/2 highest scores, *out* for the r/2 lowest.

    Parameters
    ----------
    scores : array-like of float, shape (n_canaries,)
    is_in : ndarray of bool, shape (n_canaries,)
    n_guesses : int
        r.
    """
    scores = np.asarray(scores, dtype=float)
    if scores.shape != is_in.shape or np.isnan(scores).any():
        raise InputError(
            f"{scores.size} scores for {is_in.size} canaries, {int(np.isnan(scores).sum())} of "
            f"them missing; expected one number per canary. Guesses would be of others. Return "
            f"them in the canaries' order."
        )
    half = n_guesses // 2
    order = np.argsort(scores, kind="stable")  # ties by number, which says nothing of who is in
    return int((~is_in[order[:half]]).sum() + is_in[order[len(order) - half :]].sum())


def epsilon_bound(
    n_right: int,
    n_guesses: int,
    n_canaries: int,
    *,
    delta: float = DELTA,
    confidence: float = CONFIDENCE,
) -> float:
    """Return the ε that so many right guesses refute, with every smaller one; 0 for none.

    Parameters
    ----------
    n_right, n_guesses, n_canaries : int
        0 ≤ right ≤ guesses ≤ canaries.
    delta : float in (0, 1), default 1e-6
    confidence : float in (0, 1), default 0.999

    Raises
    ------
    InputError
        Counts are out of order, or a parameter is out of range.

    Examples
    --------
    >>> round(epsilon_bound(500, 500, 1_000), 2)
    4.25
    """
    check_sizes(n_canaries, n_guesses, confidence)
    if not 0 <= n_right <= n_guesses:
        raise InputError(
            f"n_right={n_right} of n_guesses={n_guesses}: expected 0 to all of them. No ε would "
            f"follow. Count the right ones."
        )

    def excess(epsilon: float) -> float:
        return p_value(n_right, n_guesses, n_canaries, epsilon, delta) - (1 - confidence)

    low, high = _EPSILONS
    if excess(low) > 0:
        return 0.0
    return bisect(excess, low, high, xtol=1e-6) - 1e-6  # no more than where it crosses


def p_value(
    n_right: int, n_guesses: int, n_canaries: int, epsilon: float, delta: float = DELTA
) -> float:
    """Return the most probable that so many guesses are right, if the promise is kept.

    Parameters
    ----------
    n_right, n_guesses, n_canaries : int
        v, r and m.
    epsilon : float ≥ 0
    delta : float in [0, 1), default 1e-6

    Notes
    -----
    With W binomial of r and e^ε/(1 + e^ε), it is P[W ≥ v] + 2mδ · max over i from 1 to v of
    P[v − i ≤ W < v] / i (Steinke et al. 2023, theorem 5.2).
    """
    chance = 1 / (1 + np.exp(-epsilon))
    at_least = binom.sf(n_right - 1, n_guesses, chance)
    below = binom.pmf(np.arange(n_right - 1, -1, -1), n_guesses, chance).cumsum()
    steepest = (below / np.arange(1, n_right + 1)).max(initial=0)
    return float(min(1, at_least + 2 * n_canaries * delta * steepest))


def check_sizes(n_canaries: int, n_guesses: int, confidence: float) -> None:
    """Raise `InputError` unless there are an even number of guesses, and canaries for all."""
    if n_guesses < 2 or n_guesses % 2 or n_guesses > n_canaries:
        raise InputError(
            f"n_guesses={n_guesses} of n_canaries={n_canaries}: expected an even number from 2, no "
            f"more than there are canaries. Half of the guesses say in, half say out. Try half as "
            f"many as canaries."
        )
    if not 0 < confidence < 1:
        raise InputError(
            f"confidence={confidence}: expected more than 0 and less than 1. It would bound "
            f"nothing. Leave it at {CONFIDENCE}."
        )
