r"""Card transactions of a world whose truth is known: how well could anyone tell the frauds?

Every transaction is made with the card of one of a bank's customers, any of them equally likely,
and follows one of six *patterns*: three of honest people and three of thieves (the fraud
*scenarios*), in pairs that look alike.

============  ====================  ================================================================
honest        fraud                 what they share, and what tells them apart
============  ====================  ================================================================
travel        stolen_card           far away, dear; a thief takes far more than the usual, at night
everyday      compromised_terminal  any amount; the fraud needs terminals where much is disputed
small_online  card_testing          small amounts online; a thief tries a card again and again
============  ====================  ================================================================

In this course the simulator plays the world, so that its rows are *real*; rows drawn from a
generator that was fitted on some of them are *synthetic*.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
s, u, r    the customer's ``segment``, ``usual_amount`` (€), ``usual_per_day`` (transactions)
a, d       ``amount`` (€), and ``distance_km`` from the customer's home; neither is rounded
h, k       ``hour``, 0 to 23, of which 0 to 5 are the night, and ``terminal``, its kind
n          ``count_24h``: the customer's transactions in the 24 hours before
b          ``disputes_28d``: transactions at the terminal disputed in the 28 days before
x          a row: all of the above
j          a pattern; every symbol with an index j is one of its constants, in `PATTERNS`
w_j(s)     share of pattern j among the honest rows of segment s, or among its frauds: `SHARES`
q          share of compromised terminals, the same in every kind: `COMPROMISED`
ρ          share of frauds among all rows
LN(μ, σ)   log-normal law: the logarithm has mean μ and standard deviation σ
NB(m, κ)   negative binomial law of mean m and variance m + m²/κ
=========  ==================================================================================

Given s, u, r and j, the other columns are independent, and f_j(x) is the product of six laws:

- k has probability p_jk;
- h is at night with probability ν_j, each hour equally likely; any other hour has a probability
  in proportion to sin(π (h − 5)/19);
- a follows LN(μ_j + α_j log u, σ_j), where α_j is 1, or 0 if the usual amount doesn't matter;
- d follows LN(δ_j, τ_j), and n follows NB(A_j + B_j r, κ_j);
- b follows NB(8, 2) at a compromised terminal and NB(0.5, 0.5) at any other; with probability q_j
  the terminal is compromised: 1 in the scenario compromised_terminal, q elsewhere.

A row shows everything that matters about its customer, and honest people and thieves use any card
equally often, so that P(customer) cancels.  Pattern and terminal are hidden, and summed out:

    P(fraud | x)        ρ      Σ_{j fraud} w_j(s) f_j(x)
    ────────────   =  ───── · ───────────────────────────
    P(honest | x)     1 − ρ    Σ_{j honest} w_j(s) f_j(x)

No other ranking finds more frauds at any number of false alarms (Neyman & Pearson): up to the luck
of the draw, no model has a higher average precision or AUC than `truth`.

References
----------
Neyman & Pearson (1933), Phil. Trans. R. Soc. A 231:289, doi:10.1098/rsta.1933.0009.
Le Borgne et al. (2022), Reproducible Machine Learning for Credit Card Fraud Detection, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special, stats

from synthlab.dataset import REAL, Dataset
from synthlab.errors import InputError, first

FRAUD, CLEAN = "fraud", "clean"
SEGMENTS = ("student", "family", "retired", "business")
KINDS = ("shop", "fuel", "cash", "online")
N_CUSTOMERS, N_TERMINALS = 50_000, 40_000
COMPROMISED = 1 / 2000


@dataclass(frozen=True)
class Pattern:
    """The constants of a way to use a card; see the module's docstring for the symbols."""

    kinds: tuple[float, float, float, float]  # p_jk for each of KINDS
    night: float  # ν_j
    amount: tuple[float, float, float]  # α_j, μ_j, σ_j
    distance: tuple[float, float]  # δ_j, τ_j
    count: tuple[float, float, float]  # A_j, B_j, κ_j
    compromised: float = COMPROMISED  # q_j: q or 1


PATTERNS = {
    "everyday": Pattern((0.55, 0.15, 0.1, 0.2), 0.03, (1, 0, 0.6), (1.5, 1), (0, 1, 4)),
    "travel": Pattern((0.5, 0.2, 0.15, 0.15), 0.1, (1, 0.6, 0.6), (5.5, 1), (1, 1.2, 3)),
    "small_online": Pattern((0, 0, 0, 1), 0.1, (0, 1.6, 0.7), (1.5, 1.5), (1, 1, 2)),
    "stolen_card": Pattern((0.4, 0, 0.4, 0.2), 0.6, (1, 2.2, 0.6), (5, 1), (5, 1, 3)),
    "compromised_terminal": Pattern((0, 0.4, 0.6, 0), 0.4, (1, 0.4, 0.6), (3.5, 1), (3, 1, 3), 1),
    "card_testing": Pattern((0, 0, 0, 1), 0.3, (0, 0.6, 0.7), (5, 1.2), (14, 1, 4)),
}
HONEST, SCENARIOS = tuple(PATTERNS)[:3], tuple(PATTERNS)[3:]
#: w_j(s): in every row the honest patterns sum to one, and so do the scenarios.
SHARES = pd.DataFrame(
    {
        "everyday": [0.72, 0.87, 0.93, 0.80],
        "travel": [0.03, 0.03, 0.05, 0.15],
        "small_online": [0.25, 0.10, 0.02, 0.05],
        **{"stolen_card": 0.4, "compromised_terminal": 0.3, "card_testing": 0.3},
    },
    index=SEGMENTS,
)

_DISPUTES = ((0.5, 0.5), (8.0, 2.0))  # mean and κ at a sound terminal, at a compromised one
_EXPECTED = {
    "segment": f"one of {', '.join(SEGMENTS)}",
    "terminal": f"one of {', '.join(KINDS)}",
    "hour": "whole numbers from 0 to 23",
    **dict.fromkeys(("count_24h", "disputes_28d"), "whole numbers, 0 or more"),
    **dict.fromkeys(("usual_amount", "usual_per_day", "amount", "distance_km"), "numbers above 0"),
}
_HOURS = np.arange(24)
_DAY = np.sin(np.pi * (_HOURS - 5) / 19) * (_HOURS > 5)


class Bank(NamedTuple):
    """Customers, one a row, and as many terminals of each kind, compromised ones first."""

    customers: pd.DataFrame
    terminals: pd.DataFrame


class Truth(NamedTuple):
    """What whoever knows the world can say of every row; see `truth`."""

    log_odds: np.ndarray
    probability: np.ndarray
    scenarios: pd.DataFrame


# --- the world -----------------------------------------------------------------------------


def load_transactions(
    n_train: int = 100_000, n_fraud: int = 100, *, n_eval: int = 1_000_000, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """Draw transactions of one bank as (real_train, real_eval), independent of each other.

    Parameters
    ----------
    n_train : int ≥ 2, default 100000
    n_fraud : int ≥ 1, default 100
        Frauds to train on; the rows to evaluate on have the same share of them.
    n_eval : int ≥ 2, default 1000000
        A million take two seconds and 105 MB, while they are drawn 250 MB.
    seed : int, default 0
        Chooses the bank and the rows.

    Returns
    -------
    real_train, real_eval : Dataset
        As from `simulate_transactions`.

    Raises
    ------
    InputError
        A number outside of its range, or no fraud to train or to evaluate on.
    """
    _check_counts(n_train, n_fraud)
    n_eval_fraud = round(n_eval * n_fraud / n_train)
    offender = f"{n_fraud:,} frauds in n_train={n_train:,} make none in n_eval={n_eval:,}"
    _check(n_eval_fraud > 0, offender, "one or more", "No recall exists. Raise n_fraud or n_eval.")
    for_bank, for_train, for_eval = np.random.default_rng(seed).spawn(3)
    bank = draw_bank(for_bank)
    return (
        simulate_transactions(n_train, n_fraud, for_train, bank=bank),
        simulate_transactions(n_eval, n_eval_fraud, for_eval, bank=bank),
    )


def simulate_transactions(
    n: int, n_fraud: int, rng: np.random.Generator, *, bank: Bank | None = None
) -> Dataset:
    """Draw transactions, of which a given number are frauds.

    Parameters
    ----------
    n : int ≥ 2
    n_fraud : int, 0 to n
    rng : numpy.random.Generator
    bank : Bank, optional
        That of seed 0 without it.

    Returns
    -------
    Dataset
        Of origin real and in random order, labelled "fraud" or "clean".  Rows have no ids:
        as amounts are not rounded, no two rows are equal.

    Raises
    ------
    InputError
        A number outside of its range.
    """
    _check_counts(n, n_fraud)
    bank = draw_bank(np.random.default_rng(0)) if bank is None else bank
    is_fraud = rng.permutation(np.arange(n) < n_fraud)
    customers = bank.customers.sample(n, replace=True, random_state=rng, ignore_index=True)
    followed = _patterns(is_fraud, _codes(customers["segment"], SEGMENTS), rng)
    drawn = [
        _transactions(pattern, customers[followed == j], bank, rng)
        for j, pattern in enumerate(PATTERNS.values())
    ]
    y = pd.Series(np.array([CLEAN, FRAUD], object)[1 * is_fraud], dtype=object)  # less memory
    return Dataset(pd.concat(drawn).sort_index(), y, REAL, "transactions")


def draw_bank(rng: np.random.Generator) -> Bank:
    """Draw `N_CUSTOMERS` customers, and `N_TERMINALS` terminals.

    Of each kind of terminal exactly a share q is compromised: one truth holds for all banks.
    """
    segment = rng.choice(len(SEGMENTS), N_CUSTOMERS, p=[0.2, 0.4, 0.25, 0.15])
    customers = {
        "segment": pd.Categorical.from_codes(segment, SEGMENTS),
        "usual_amount": rng.lognormal(np.log([15, 40, 30, 70])[segment], 0.9),
        "usual_per_day": rng.lognormal(np.log([2, 1.5, 0.8, 3])[segment], 0.4),
    }
    kind, place = np.divmod(np.arange(N_TERMINALS), N_TERMINALS // len(KINDS))
    terminals = {
        "terminal": pd.Categorical.from_codes(kind, KINDS),
        "compromised": place < COMPROMISED * N_TERMINALS / len(KINDS),
    }
    return Bank(pd.DataFrame(customers), pd.DataFrame(terminals))


# --- the truth -----------------------------------------------------------------------------


def truth(rows: Dataset, share: float | None = None) -> Truth:
    """Return the exact odds of fraud of every row, given all that the row shows.

    Parameters
    ----------
    rows : Dataset
        Transactions, real or synthetic: the odds are those that a real row like it would have.
    share : float between 0 and 1, optional
        ρ; the share of frauds among the rows without it.

    Returns
    -------
    Truth
        ``log_odds`` and ``probability`` of fraud, of shape (n_rows,), and ``scenarios``, a column
        each: how likely each scenario is, if the row is a fraud.

    Raises
    ------
    InputError
        A row that this world cannot make, or a share that leaves only one class.

    Examples
    --------
    >>> from sklearn.metrics import average_precision_score
    >>> rows = simulate_transactions(200_000, 200, np.random.default_rng(0))
    >>> round(average_precision_score(rows.y == FRAUD, truth(rows).log_odds), 2)
    0.75
    """
    _check_rows(rows)
    log_prior = special.logit(_share(rows, share))
    joint = np.log(SHARES.to_numpy())[_codes(rows.X["segment"], SEGMENTS)]
    joint += np.stack([sum(_log_laws(p, rows.X).values()) for p in PATTERNS.values()], axis=1)
    frauds = joint[:, len(HONEST) :]
    fraud = special.logsumexp(frauds, axis=1)
    log_odds = log_prior + fraud - special.logsumexp(joint[:, : len(HONEST)], axis=1)
    scenarios = pd.DataFrame(np.exp(frauds - fraud[:, None]), columns=list(SCENARIOS))
    return Truth(log_odds, special.expit(log_odds), scenarios)


def _laws(pattern: Pattern, customers: pd.DataFrame) -> dict:
    """Return the laws of the numbers that depend on the pattern and on the customer alone."""
    (alpha, mu, sigma), (base, factor, shape) = pattern.amount, pattern.count
    usual, per_day = (_floats(customers[c]) for c in ("usual_amount", "usual_per_day"))
    return {
        "amount": stats.lognorm(sigma, scale=np.exp(mu) * usual**alpha),
        "distance_km": stats.lognorm(pattern.distance[1], scale=np.exp(pattern.distance[0])),
        "count_24h": _negative_binomial(base + factor * per_day, shape),
    }


def _log_laws(pattern: Pattern, X: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the logarithms of the six factors of f_j(x) by column, each of shape (n_rows,)."""
    laws = _laws(pattern, X)
    with np.errstate(divide="ignore"):  # thieves may keep away from a kind
        log_hours, log_kinds = np.log(_hours(pattern)), np.log(pattern.kinds)
    return {
        "amount": laws["amount"].logpdf(_floats(X["amount"])),
        "hour": _floats(X["hour"].map(dict(enumerate(log_hours)))),
        "distance_km": laws["distance_km"].logpdf(_floats(X["distance_km"])),
        "count_24h": laws["count_24h"].logpmf(_floats(X["count_24h"])),
        "terminal": _floats(X["terminal"].map(dict(zip(KINDS, log_kinds, strict=True)))),
        "disputes_28d": _log_disputes(pattern, _floats(X["disputes_28d"])),
    }


def _hours(pattern: Pattern) -> np.ndarray:
    """Return the probability of every hour, shape (24,)."""
    return np.where(_HOURS < 6, pattern.night / 6, (1 - pattern.night) * _DAY / _DAY.sum())


def _log_disputes(pattern: Pattern, disputes: np.ndarray) -> np.ndarray:
    sound, compromised = (_negative_binomial(*law).logpmf(disputes) for law in _DISPUTES)
    with np.errstate(divide="ignore"):  # q_j may be 1
        weights = np.log1p(-pattern.compromised), np.log(pattern.compromised)
    return np.logaddexp(weights[0] + sound, weights[1] + compromised)


def _negative_binomial(mean, shape):
    return stats.nbinom(shape, shape / (shape + mean))


def _transactions(
    pattern: Pattern, customers: pd.DataFrame, bank: Bank, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw a transaction for each of some customers; return their columns and six more."""
    n = len(customers)
    kind = rng.choice(len(KINDS), n, p=pattern.kinds)
    drawn = {column: law.rvs(n, rng) for column, law in _laws(pattern, customers).items()}
    return customers.assign(
        amount=drawn["amount"],
        hour=rng.choice(24, n, p=_hours(pattern)).astype(np.int16),
        distance_km=drawn["distance_km"],
        count_24h=drawn["count_24h"].astype(np.int16),
        terminal=pd.Categorical.from_codes(kind, KINDS),
        disputes_28d=_disputes(pattern, kind, bank, rng).astype(np.int16),
    )


def _disputes(
    pattern: Pattern, kind: np.ndarray, bank: Bank, rng: np.random.Generator
) -> np.ndarray:
    """Choose a terminal of the kind for every row, and count what is disputed there."""
    is_compromised = bank.terminals["compromised"].to_numpy().reshape(len(KINDS), -1)
    n_open = (is_compromised[0] | (pattern.compromised < 1)).sum()
    met = is_compromised[kind, rng.integers(n_open, size=len(kind))]
    return _negative_binomial(*np.array(_DISPUTES)[met.astype(int)].T).rvs(len(kind), rng)


def _patterns(is_fraud: np.ndarray, segment: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the place in `PATTERNS` that every row follows, shape (n_rows,)."""
    limits = np.stack([SHARES[list(names)].cumsum(axis=1) for names in (HONEST, SCENARIOS)])
    mine = limits[is_fraud.astype(int), segment, :-1]
    return len(HONEST) * is_fraud + (rng.random((len(mine), 1)) >= mine).sum(axis=1)


def _codes(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    return pd.Categorical(column, categories=levels).codes


def _floats(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)


# --- what can't be used --------------------------------------------------------------------


def _check(is_fine: bool, offender: str, expected: str, so: str) -> None:
    if not is_fine:
        raise InputError(f"{offender}: expected {expected}. {so}")


def _check_counts(n: int, n_fraud: int) -> None:
    are_whole = all(isinstance(count, int | np.integer) for count in (n, n_fraud))
    is_fine = are_whole and n >= 2 and 0 <= n_fraud <= n
    expected = "whole numbers, 2 transactions or more, and from none to all of them frauds"
    so = "There are no such rows. Change the one number or the other."
    _check(is_fine, f"{n_fraud!r} frauds among {n!r} transactions", expected, so)


def _share(rows: Dataset, share: float | None) -> float:
    found = float(np.mean(rows.y == FRAUD)) if share is None else share
    so = "With one class alone all odds are infinite. Say how rare frauds are: share=0.001."
    offender = f"{rows.name}: {found!r} of the rows are frauds"
    _check(0 < found < 1, offender, "a share above 0 and below 1", so)
    return found


def _check_rows(rows: Dataset) -> None:
    """Refuse rows that nobody makes: not even the broadest pattern, everyday, allows for them."""
    missing = [column for column in _EXPECTED if column not in getattr(rows.X, "columns", ())]
    so = "The odds depend on all of them. Hand in rows like those of simulate_transactions."
    _check(not missing, f"{rows.name} lacks {missing}", f"columns {', '.join(_EXPECTED)}", so)
    is_made = {"segment": _codes(rows.X["segment"], SEGMENTS) >= 0}
    is_made |= {c: _floats(rows.X[c]) > 0 for c in ("usual_amount", "usual_per_day")}
    with np.errstate(all="ignore"):
        everyday = _log_laws(PATTERNS["everyday"], rows.X).items()
    is_made |= {column: np.isfinite(log) for column, log in everyday}
    so = "Nobody in this world makes such rows, so they have no odds. Round, clip or drop them."
    for column, is_fine in is_made.items():
        bad = np.flatnonzero(~is_fine)
        offender = f"{rows.name}: {column} of {len(bad)} rows (first: {first(bad)})"
        _check(not len(bad), offender, _EXPECTED[column], so)
