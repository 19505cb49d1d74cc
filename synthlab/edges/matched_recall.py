"""Specificity where recall is the same: a better ranking, apart from a moved threshold.

A filter that is shown more ham calls less of everything spam: it lets more ham through, and more
spam.  Two filters can be compared once both catch the same share of spam.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
r          recall: the share of positive rows (spam) at or above the threshold
t(r)       the threshold, the (1 − r)-quantile of the positive rows' scores
=========  ==================================================================================
"""

from __future__ import annotations

import numpy as np

from synthlab.errors import InputError
from synthlab.stats.intervals import (
    Interval,
    bootstrap_variance,
    components_interval,
    seed_variance,
)


def specificity_at_recall(
    scores: np.ndarray, is_positive: np.ndarray, recall: float = 0.95
) -> np.ndarray:
    """Return the share of negative rows below the threshold that reaches the recall.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_rows)
        Larger is more likely positive.
    is_positive : ndarray of bool, shape (n_rows,)
    recall : float in (0, 1), default 0.95

    Returns
    -------
    ndarray of shape (n_models,), in [0, 1]

    Raises
    ------
    InputError
        The recall is out of range, or a class is missing.
    """
    if not 0 < recall < 1:
        raise InputError(f"recall={recall}: expected between 0 and 1, such as 0.95.")
    if is_positive.all() or not is_positive.any():
        raise InputError(
            f"{int(is_positive.sum())} of {len(is_positive)} rows are positive; expected rows of "
            f"both classes. Recall or specificity has no rows to count. Add the other class."
        )
    thresholds = np.quantile(scores[:, is_positive], 1 - recall, axis=1, method="lower")
    return (scores[:, ~is_positive] < thresholds[:, None]).mean(axis=1)


def compare_specificity(
    treatment: np.ndarray,
    control: np.ndarray,
    is_positive: np.ndarray,
    recall: float = 0.95,
    *,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Interval:
    """Return the difference in specificity at the same recall, with its interval.

    Parameters
    ----------
    treatment, control : ndarray of shape (n_splits, n_rows)
        Scores of the same eval rows, by models of n_splits ≥ 2 training sets each.
    is_positive : ndarray of bool, shape (n_rows,)
    recall : float in (0, 1), default 0.95
    confidence : float, default 0.95
    random_state : int, default 0
        Of the bootstrap of eval rows, which moves both thresholds.

    Returns
    -------
    Interval
        Of treatment − control, over fresh eval rows and training sets.

    Raises
    ------
    InputError
        See `specificity_at_recall`; or the scores differ in shape, or come of one split.
    """
    if treatment.shape != control.shape or len(treatment) < 2:
        raise InputError(
            f"scores of shapes {treatment.shape} and {control.shape}: expected the same, with two "
            f"splits or more. The models could not be compared pair by pair. Score the same rows."
        )

    def lifts(rows: np.ndarray | slice) -> np.ndarray:
        pair = (treatment[:, rows], control[:, rows])
        of_one, of_other = (specificity_at_recall(s, is_positive[rows], recall) for s in pair)
        return of_one - of_other

    found = lifts(slice(None))
    codes, rng = is_positive.astype(int), np.random.default_rng(random_state)
    rows_term = bootstrap_variance(lambda rows: float(lifts(rows).mean()), codes, rng)
    return components_interval(float(found.mean()), [rows_term, seed_variance(found)], confidence)
