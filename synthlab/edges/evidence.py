"""What suites are evidence of: do they fail more than real rows, and do they rank models rightly?

References
----------
Spearman (1904), Am. J. Psychol. 15:72.
Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, ch. 13.
Agresti & Coull (1998), Am. Stat. 52:119: two successes and two failures added to a share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from synthlab.errors import InputError
from synthlab.stats.intervals import Interval, VarianceTerm, components_interval

_FEWEST_UNITS = 5


def excess_interval(
    rates: Sequence[float],
    errors: Sequence[float],
    n_cases: int,
    *,
    eval_to_train: float,
    confidence: float = 0.95,
) -> Interval:
    """Return how much more often a suite fails than real rows of the same class.

    Parameters
    ----------
    rates : sequence of float in [0, 1], shape (n_splits,)
        The suite's failure rate in each split, n_splits ≥ 2.
    errors : sequence of float in [0, 1], shape (n_splits,)
        The same model's error on real evaluation rows of that class.
    n_cases : int ≥ 2
        Cases per split.
    eval_to_train : float ≥ 0
        Evaluation rows per training row.
    confidence : float in (0, 1), default 0.95
        For m families at once, 1 − 0.05/m (Bonferroni).

    Returns
    -------
    stats.Interval

    Raises
    ------
    InputError
        The two are not one per split, or there are fewer than two splits or cases.

    Notes
    -----
    Two terms: splits, which overlap (Nadeau & Bengio), and cases, since a written suite is the
    same in every split.  Where cases are drawn anew they are counted twice: conservative.
    """
    rates, errors = np.asarray(rates, dtype=float), np.asarray(errors, dtype=float)
    if rates.shape != errors.shape or rates.ndim != 1 or len(rates) < 2 or n_cases < 2:
        raise InputError(
            f"{rates.size} rates, {errors.size} errors and {n_cases} cases: expected one of both "
            f"per split, two splits or more, and two cases or more. There is no spread to see. "
            f"Run more splits."
        )
    lifts, n_splits = rates - errors, len(rates)
    by_split = (1 / n_splits + eval_to_train) * lifts.var(ddof=1)
    share = (rates.mean() * n_cases + 2) / (n_cases + 4)
    terms = [
        VarianceTerm("splits", float(by_split), n_splits - 1, n_splits),
        VarianceTerm("cases", share * (1 - share) / n_cases, n_cases - 1, n_cases),
    ]
    return components_interval(float(lifts.mean()), terms, confidence)


def matched_threshold(scores: np.ndarray, recall: float) -> float:
    """Return the highest threshold that still finds a share of the positives.

    Parameters
    ----------
    scores : ndarray of shape (n_positives,)
        Of real positive rows; higher means more like the positive class.
    recall : float in (0, 1]

    Returns
    -------
    float
        ``(scores >= threshold).mean()`` is at least ``recall``.

    Raises
    ------
    InputError
        There is no positive, a score is no number, or the recall is out of range.

    Examples
    --------
    >>> matched_threshold(np.array([1.0, 2.0, 3.0, 4.0]), recall=0.75)
    2.0
    """
    scores = np.sort(np.asarray(scores, dtype=float))
    if not len(scores) or not np.isfinite(scores).all() or not 0 < recall <= 1:
        raise InputError(
            f"{len(scores)} scores and recall={recall!r}: expected one finite score or more and a "
            f"recall above 0, up to 1. Models could not be compared at one recall. Check both."
        )
    missed = int(np.floor(round((1 - recall) * len(scores), 9)))
    return float(scores[missed])


def rank_agreement(
    frame: pd.DataFrame,
    suite: str,
    judge: str,
    *,
    within: Sequence[str],
    unit: Sequence[str],
    n_resamples: int = 2_000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Interval:
    """Return how well a suite ranks models as a judge does: Spearman's correlation.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per model.
    suite, judge : str
        Columns of numbers: the failure rate on the suite, the error on the rows that judge.
    within : sequence of str
        Columns, such as split and training size: models are ranked among those that share them,
        so that *more rows are better* can't pass for agreement.  The correlations are averaged.
    unit : sequence of str
        Columns that name what is resampled: the recipe of a model, whatever it is fitted on.
    n_resamples : int, default 2000
    confidence : float in (0, 1), default 0.95
    random_state : int, default 0

    Returns
    -------
    stats.Interval
        With the ends of the bootstrap over units (percentiles).

    Raises
    ------
    InputError
        A group lacks a unit, or there are fewer than five units.
    """
    tables = [
        _table(frame, column, list(within), list(unit)) for column in (suite, judge)
    ]  # each of shape (n_groups, n_units)
    n_units = tables[0].shape[1]
    rng = np.random.default_rng(random_state)
    drawn = rng.integers(n_units, size=(n_resamples, n_units))
    drawn = np.concatenate([np.arange(n_units)[None], drawn])  # the first is the estimate
    ranks = [rankdata(table[:, drawn], axis=-1) for table in tables]
    found = _correlation(*ranks).mean(axis=0)
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(found[1:], [tail, 1 - tail])
    spread = float(np.nanstd(found[1:], ddof=1))
    return Interval(float(found[0]), float(low), float(high), spread, np.inf)


def _table(frame: pd.DataFrame, column: str, within: list, unit: list) -> np.ndarray:
    table = frame.pivot(index=within, columns=unit, values=column).to_numpy(dtype=float)
    if np.isnan(table).any() or table.shape[1] < _FEWEST_UNITS:
        raise InputError(
            f"{column!r}: {table.shape[1]} units, {int(np.isnan(table).sum())} values missing; "
            f"expected {_FEWEST_UNITS} units or more, each in every group. Ranks would be of "
            f"different models. Fit all of them in each."
        )
    return table


def _correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlate along the last axis; nan where one does not vary."""
    x, y = (a - a.mean(axis=-1, keepdims=True) for a in (x, y))
    scale = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    return np.divide((x * y).sum(axis=-1), scale, out=np.full(scale.shape, np.nan), where=scale > 0)
