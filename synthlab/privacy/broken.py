"""Mechanisms that add less noise than they promise: what an audit is there to catch."""

from __future__ import annotations

from synthlab.errors import is_whole, require
from synthlab.privacy.accounting import DELTA, epsilon_of_rho, rho_of_epsilon
from synthlab.privacy.auditing import AUDIT_COLUMN, audit, audit_levels
from synthlab.privacy.dp import PrivateMarginals
from synthlab.privacy.public import PublicTree


def noisy_counts(n_canaries: int, epsilon: float, *, divisor: float = 1.0) -> PrivateMarginals:
    """Return a mechanism that counts canaries and nothing else, with its noise divided.

    Parameters
    ----------
    n_canaries : int ≥ 1
    epsilon : float > 0
        What it would keep with all of its noise, at δ = 1e-6.
    divisor : float > 0, default 1
        1 keeps the promise, infinity means no noise.
    """
    tree = PublicTree(["canary"], {AUDIT_COLUMN: None}, {AUDIT_COLUMN: audit_levels(n_canaries)})
    return PrivateMarginals(tree, epsilon_of_rho(rho_of_epsilon(epsilon) * divisor**2), DELTA)


def share_refuted(
    n_canaries: int,
    n_guesses: int,
    *,
    epsilon: float = 1.0,
    divisor: float = 1.0,
    n_audits: int = 10,
    random_state: int = 0,
) -> float:
    """Audit a mechanism with too little noise several times; return how often it is caught.

    Parameters
    ----------
    n_canaries, n_guesses : int
        See `auditing.audit`.
    epsilon : float > 0, default 1.0
        Promised.
    divisor : float > 0, default 1
        Of the noise; see `noisy_counts`.
    n_audits : int ≥ 1, default 10
    random_state : int ≥ 0, default 0
        Decides which canaries are in.  The noise has no seed.

    Raises
    ------
    InputError
        A parameter is out of range.
    ExtraMissingError
        OpenDP is not installed.
    """
    require(
        is_whole(n_audits, 1),
        f"n_audits={n_audits}",
        "a whole number from 1",
        "There would be no share.",
        "Try 10.",
    )
    mechanism = noisy_counts(n_canaries, epsilon, divisor=divisor)
    sizes = {"n_canaries": n_canaries, "n_guesses": n_guesses}
    seeds = range(random_state, random_state + n_audits)
    found = [audit(mechanism, random_state=seed, **sizes) for seed in seeds]
    return sum(one.refutes(epsilon) for one in found) / n_audits
