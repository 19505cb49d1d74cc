r"""Card transactions of a simulated world: the exact odds of fraud of each row are known.

`card_world` has the patterns, laws and symbols.  The simulator plays the world, so its rows are
*real*; rows from a generator that was fitted on some of them are *synthetic*.

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

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.card_world import (
    HONEST,
    KINDS,
    PATTERNS,
    SCENARIOS,
    SEGMENTS,
    SHARES,
    Bank,
    codes_of,
    draw_bank,
    draw_patterns,
    draw_transactions,
    floats_of,
    log_laws,
)
from synthlab.errors import first, is_number, is_whole, require
from synthlab.splits import require_seed

FRAUD, CLEAN = "fraud", "clean"
_EXPECTED = {
    "segment": f"one of {', '.join(SEGMENTS)}",
    "terminal": f"one of {', '.join(KINDS)}",
    "hour": "whole numbers from 0 to 23",
    **dict.fromkeys(("count_24h", "disputes_28d"), "whole numbers, 0 or more"),
    **dict.fromkeys(("usual_amount", "usual_per_day", "amount", "distance_km"), "numbers above 0"),
}


class Truth(NamedTuple):
    """The exact odds of fraud of every row; see `truth`."""

    log_odds: np.ndarray
    probability: np.ndarray
    scenarios: pd.DataFrame


def load_transactions(
    *,
    n_train: int = 100_000,
    n_fraud: int = 100,
    n_eval: int = 1_000_000,
    random_state: int = 0,
) -> tuple[Dataset, Dataset]:
    """Draw transactions of one bank as (real_train, real_eval), independent of each other.

    Parameters
    ----------
    n_train : int ≥ 2, default 100000
    n_fraud : int ≥ 1, default 100
        Frauds among the training rows; the evaluation rows have the same share of them.
    n_eval : int ≥ 2, default 1000000
        A million rows take two seconds and 105 MB (250 MB while they are drawn).
    random_state : int ≥ 0, default 0
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
    n_eval_fraud = round(n_eval * n_fraud / n_train) if is_whole(n_eval, 2) else 0
    require(
        n_eval_fraud > 0,
        f"n_eval={n_eval} with {n_fraud:,} frauds in n_train={n_train:,}",
        "a whole number large enough for one fraud or more",
        "Without frauds to evaluate on no recall exists.",
        "Raise n_fraud or n_eval.",
    )
    for_bank, for_train, for_eval = np.random.default_rng(require_seed(random_state)).spawn(3)
    bank = draw_bank(for_bank)
    return (
        simulate_transactions(n_train, for_train, n_fraud=n_fraud, bank=bank),
        simulate_transactions(n_eval, for_eval, n_fraud=n_eval_fraud, bank=bank),
    )


def simulate_transactions(
    n: int, rng: np.random.Generator, *, n_fraud: int, bank: Bank | None = None
) -> Dataset:
    """Draw transactions, of which a given number are frauds.

    Parameters
    ----------
    n : int ≥ 2
    rng : numpy.random.Generator
    n_fraud : int, 0 to n
    bank : Bank, optional
        Default: the bank of seed 0.

    Returns
    -------
    Dataset
        Of origin real and in random order, labeled "fraud" or "clean".  Rows have no ids: amounts
        are not rounded, so no two rows are equal.

    Raises
    ------
    InputError
        A number outside of its range.
    """
    _check_counts(n, n_fraud)
    bank = draw_bank(np.random.default_rng(0)) if bank is None else bank
    is_fraud = rng.permutation(np.arange(n) < n_fraud)
    customers = bank.customers.sample(n, replace=True, random_state=rng, ignore_index=True)
    followed = draw_patterns(is_fraud, codes_of(customers["segment"], SEGMENTS), rng)
    drawn = [
        draw_transactions(pattern, customers[followed == j], bank, rng)
        for j, pattern in enumerate(PATTERNS.values())
    ]
    y = pd.Series(np.array([CLEAN, FRAUD], object)[1 * is_fraud], dtype=object)  # less memory
    return Dataset(pd.concat(drawn).sort_index(), y, REAL, "transactions")


# --- the truth -----------------------------------------------------------------------------


def truth(rows: Dataset, share: float | None = None) -> Truth:
    """Return the exact odds of fraud of every row, given all that the row shows.

    Parameters
    ----------
    rows : Dataset
        Transactions, real or synthetic; a synthetic row has the odds of a real row like it.
    share : float in (0, 1), optional
        ρ; default: the share of frauds among the rows.

    Returns
    -------
    Truth
        ``log_odds`` and ``probability`` of fraud, of shape (n_rows,), and ``scenarios`` with one
        column each: the probability of the scenario if the row is a fraud.

    Raises
    ------
    InputError
        A row that this world cannot produce, or a share that leaves only one class.

    Examples
    --------
    >>> from sklearn.metrics import average_precision_score
    >>> rows = simulate_transactions(200_000, np.random.default_rng(0), n_fraud=200)
    >>> round(average_precision_score(rows.y == FRAUD, truth(rows).log_odds), 2)
    0.75
    """
    _check_rows(rows)
    log_prior = special.logit(_share(rows, share))
    joint = np.log(SHARES.to_numpy())[codes_of(rows.X["segment"], SEGMENTS)]
    joint += np.stack([sum(log_laws(p, rows.X).values()) for p in PATTERNS.values()], axis=1)
    frauds = joint[:, len(HONEST) :]
    fraud = special.logsumexp(frauds, axis=1)
    log_odds = log_prior + fraud - special.logsumexp(joint[:, : len(HONEST)], axis=1)
    scenarios = pd.DataFrame(np.exp(frauds - fraud[:, None]), columns=list(SCENARIOS))
    return Truth(log_odds, special.expit(log_odds), scenarios)


# --- what is refused -----------------------------------------------------------------------


def _check_counts(n: int, n_fraud: int) -> None:
    require(
        is_whole(n, 2) and is_whole(n_fraud) and n_fraud <= n,
        f"n_fraud={n_fraud!r} of {n!r} transactions",
        "whole numbers: 2 transactions or more, and from none to all of them frauds",
        "No such rows exist.",
        "Change either number.",
    )


def _share(rows: Dataset, share: float | None) -> float:
    found = float(np.mean(rows.y == FRAUD)) if share is None else share
    require(
        is_number(found) and 0 < found < 1,
        f"{rows.name}: share of frauds {found!r}",
        "a share above 0 and below 1",
        "With one class only all odds are infinite.",
        "Pass the share of frauds: share=0.001.",
    )
    return found


def _check_rows(rows: Dataset) -> None:
    """Refuse rows that have no probability even under the broadest pattern, everyday."""
    missing = [column for column in _EXPECTED if column not in getattr(rows.X, "columns", ())]
    require(
        not missing,
        f"{rows.name} lacks {missing}",
        f"columns {', '.join(_EXPECTED)}",
        "The odds depend on all of them.",
        "Pass rows like those of simulate_transactions.",
    )
    is_possible = {"segment": codes_of(rows.X["segment"], SEGMENTS) >= 0}
    is_possible |= {c: floats_of(rows.X[c]) > 0 for c in ("usual_amount", "usual_per_day")}
    with np.errstate(all="ignore"):
        everyday = log_laws(PATTERNS["everyday"], rows.X).items()
    is_possible |= {column: np.isfinite(log) for column, log in everyday}
    for column, is_fine in is_possible.items():
        bad = np.flatnonzero(~is_fine)
        require(
            not len(bad),
            f"{rows.name}: {column} of {len(bad)} rows (first: {first(bad)})",
            _EXPECTED[column],
            "This world never produces such rows, so they have no odds.",
            "Round, clip or drop them.",
        )
