r"""The laws of the simulated card transactions: customers, terminals, and six patterns of use.

Every transaction is made with the card of one of a bank's customers, all equally likely, and
follows one of six *patterns*: three of honest people and three of thieves (the fraud *scenarios*),
in pairs that look alike.

============  ====================  ================================================================
honest        fraud                 what they share, and how they differ
============  ====================  ================================================================
travel        stolen_card           far away, dear; a thief takes far more than the usual, at night
everyday      compromised_terminal  any amount; the fraud needs terminals where much is disputed
small_online  card_testing          small amounts online; a thief tries a card again and again
============  ====================  ================================================================

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
- a follows LN(μ_j + α_j log u, σ_j), where α_j is 1, or 0 if the usual amount does not matter;
- d follows LN(δ_j, τ_j), and n follows NB(A_j + B_j r, κ_j);
- b follows NB(8, 2) at a compromised terminal and NB(0.5, 0.5) at any other; with probability q_j
  the terminal is compromised: 1 in the scenario compromised_terminal, q elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

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

#: Mean and κ of disputes at a sound terminal, and at a compromised one.
DISPUTES = ((0.5, 0.5), (8.0, 2.0))
_HOURS = np.arange(24)
_DAY = np.sin(np.pi * (_HOURS - 5) / 19) * (_HOURS > 5)


class Bank(NamedTuple):
    """Customers, one per row, and terminals: as many of each kind, compromised ones first."""

    customers: pd.DataFrame
    terminals: pd.DataFrame


def draw_bank(rng: np.random.Generator) -> Bank:
    """Draw `N_CUSTOMERS` customers and `N_TERMINALS` terminals.

    Exactly a share q of each kind of terminal is compromised, so one truth holds for all banks.
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


def laws_of(pattern: Pattern, customers: pd.DataFrame) -> dict:
    """Return the laws of the numbers that depend only on pattern and customer, by column."""
    (alpha, mu, sigma), (base, factor, shape) = pattern.amount, pattern.count
    usual, per_day = (floats_of(customers[c]) for c in ("usual_amount", "usual_per_day"))
    return {
        "amount": stats.lognorm(sigma, scale=np.exp(mu) * usual**alpha),
        "distance_km": stats.lognorm(pattern.distance[1], scale=np.exp(pattern.distance[0])),
        "count_24h": _negative_binomial(base + factor * per_day, shape),
    }


def log_laws(pattern: Pattern, X: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the logarithms of the six factors of f_j(x), by column, each of shape (n_rows,)."""
    laws = laws_of(pattern, X)
    with np.errstate(divide="ignore"):  # a pattern may avoid a kind
        log_hours, log_kinds = np.log(_hours(pattern)), np.log(pattern.kinds)
    return {
        "amount": laws["amount"].logpdf(floats_of(X["amount"])),
        "hour": floats_of(X["hour"].map(dict(enumerate(log_hours)))),
        "distance_km": laws["distance_km"].logpdf(floats_of(X["distance_km"])),
        "count_24h": laws["count_24h"].logpmf(floats_of(X["count_24h"])),
        "terminal": floats_of(X["terminal"].map(dict(zip(KINDS, log_kinds, strict=True)))),
        "disputes_28d": _log_disputes(pattern, floats_of(X["disputes_28d"])),
    }


def _hours(pattern: Pattern) -> np.ndarray:
    """Return the probability of every hour, shape (24,)."""
    return np.where(_HOURS < 6, pattern.night / 6, (1 - pattern.night) * _DAY / _DAY.sum())


def _log_disputes(pattern: Pattern, disputes: np.ndarray) -> np.ndarray:
    sound, compromised = (_negative_binomial(*law).logpmf(disputes) for law in DISPUTES)
    with np.errstate(divide="ignore"):  # q_j may be 1
        weights = np.log1p(-pattern.compromised), np.log(pattern.compromised)
    return np.logaddexp(weights[0] + sound, weights[1] + compromised)


def _negative_binomial(mean: np.ndarray | float, shape: float) -> Any:
    return stats.nbinom(shape, shape / (shape + mean))


def draw_transactions(
    pattern: Pattern, customers: pd.DataFrame, bank: Bank, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw one transaction per customer; return the customers' columns and six more."""
    n = len(customers)
    kind = rng.choice(len(KINDS), n, p=pattern.kinds)
    drawn = {column: law.rvs(n, rng) for column, law in laws_of(pattern, customers).items()}
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
    """Choose a terminal of the kind for every row; return how many transactions it disputes."""
    is_compromised = bank.terminals["compromised"].to_numpy().reshape(len(KINDS), -1)
    n_open = (is_compromised[0] | (pattern.compromised < 1)).sum()
    met = is_compromised[kind, rng.integers(n_open, size=len(kind))]
    return _negative_binomial(*np.array(DISPUTES)[met.astype(int)].T).rvs(len(kind), rng)


def draw_patterns(
    is_fraud: np.ndarray, segment: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the pattern of every row, as its place in `PATTERNS`, shape (n_rows,)."""
    limits = np.stack([SHARES[list(names)].cumsum(axis=1) for names in (HONEST, SCENARIOS)])
    mine = limits[is_fraud.astype(int), segment, :-1]
    return len(HONEST) * is_fraud + (rng.random((len(mine), 1)) >= mine).sum(axis=1)


def codes_of(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    """Return the number of each value among the levels, −1 where it is none of them."""
    return pd.Categorical(column, categories=levels).codes


def floats_of(column: pd.Series) -> np.ndarray:
    """Return a column as floats, nan where a value is no number."""
    return pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
