r"""Pure numbers: metric values with their per-row gradients, intervals, verdicts.

Arrays in, numbers out; nothing here knows tables, models or origins.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
n, m_c     eval rows in all, eval rows of class c
w_i        weight of eval row i, 1 in the data at hand
T(w)       a metric as a function of the row weights
g_i        :math:`\partial T/\partial w_i` at w = 1, the infinitesimal jackknife; sums to 0
K, J       number of fit seeds, number of repeated splits
=========  ==================================================================================

With class counts held fixed, as in a stratified draw, the variance of T over a fresh draw of
eval rows is :math:`\sum_c m_c \operatorname{Var}_c(g)`.  For the area under the ROC curve
this is DeLong's variance.

References
----------
Efron (1982), *The Jackknife, the Bootstrap and Other Resampling Plans*, ch. 6.
DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837.
Satterthwaite (1946), Biometrics Bulletin 2:110.
Nadeau & Bengio (2003), Machine Learning 52:239, doi:10.1023/A:1024068626366.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy import stats as scipy_stats

#: Standard errors of scores below this are rounding errors.
_ROUNDING = 1e-12


class Gradient(NamedTuple):
    """A metric's value and its derivative by the weight of every row, shape (n_rows,)."""

    value: float
    by_row: np.ndarray


class Interval(NamedTuple):
    """A two-sided interval around an estimate, with what it rests on."""

    estimate: float
    low: float
    high: float
    standard_error: float
    degrees_of_freedom: float


class VarianceTerm(NamedTuple):
    """One independent source of variance: its share, degrees of freedom, and sample size."""

    source: str
    variance: float
    degrees_of_freedom: int
    size: int


# --- metrics -------------------------------------------------------------------------------


def accuracy(y: np.ndarray, predicted: np.ndarray) -> Gradient:
    """Return the share of rows whose class is predicted; any number of classes."""
    return _mean_gradient((y == predicted).astype(float))


def balanced_accuracy(y: np.ndarray, predicted: np.ndarray) -> Gradient:
    """Return the mean over classes of the share of their rows that is predicted."""
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    correct = (y == predicted).astype(float)
    recall = np.bincount(codes, correct) / counts
    by_row = (correct - recall[codes]) / (counts[codes] * len(counts))
    return Gradient(float(recall.mean()), by_row)


def f1(is_positive: np.ndarray, called_positive: np.ndarray) -> Gradient:
    """Return 2 TP / (2 TP + FP + FN); 0 where nothing is positive or called so."""
    hit = is_positive & called_positive
    wrong = is_positive != called_positive
    denominator = 2 * hit.sum() + wrong.sum()
    if denominator == 0:
        return Gradient(0.0, np.zeros(len(hit)))
    value = 2 * hit.sum() / denominator
    return Gradient(float(value), (2 * hit - value * (2 * hit + wrong)) / denominator)


def roc_auc(is_positive: np.ndarray, score: np.ndarray) -> Gradient:
    """Return P(score of a positive > score of a negative), ties counting one half."""
    positives, negatives = score[is_positive], score[~is_positive]
    by_row = np.empty(len(score))
    by_row[is_positive] = _share_below(negatives, positives)
    by_row[~is_positive] = 1 - _share_below(positives, negatives)
    value = float(by_row[is_positive].mean())
    class_size = np.where(is_positive, len(positives), len(negatives))
    return Gradient(value, (by_row - value) / class_size)


def average_precision(is_positive: np.ndarray, score: np.ndarray) -> Gradient:
    """Return the sum over thresholds of (rise in recall) × precision; ties share a threshold."""
    _, group = np.unique(-score, return_inverse=True)
    positives = np.bincount(group, is_positive)
    called = np.cumsum(np.bincount(group))
    hits = np.cumsum(positives)
    precision, total = hits / called, hits[-1]
    value = float((positives * precision).sum() / total)
    later = _reverse_cumsum(positives / (total * called))
    later_loss = _reverse_cumsum(positives * precision / (total * called))
    by_positive = (precision - value) / total + later - later_loss
    return Gradient(value, np.where(is_positive, by_positive[group], -later_loss[group]))


def neg_brier(is_positive: np.ndarray, probability: np.ndarray) -> Gradient:
    """Return minus the mean squared error of the positive class's probability; [-1, 0]."""
    return _mean_gradient(-((probability - is_positive) ** 2))


def neg_log_loss(codes: np.ndarray, probabilities: np.ndarray) -> Gradient:
    """Return the mean log probability of the true class; probabilities (n_rows, n_classes)."""
    floor = np.finfo(probabilities.dtype).eps
    clipped = np.clip(probabilities[np.arange(len(codes)), codes], floor, 1 - floor)
    return _mean_gradient(np.log(clipped))


def _mean_gradient(terms: np.ndarray) -> Gradient:
    value = float(terms.mean())
    return Gradient(value, (terms - value) / len(terms))


def _share_below(sample: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of a sample that lies below each point, ties counting one half."""
    ordered = np.sort(sample)
    below = np.searchsorted(ordered, at, "left") + np.searchsorted(ordered, at, "right")
    return below / (2 * len(ordered))


def _reverse_cumsum(values: np.ndarray) -> np.ndarray:
    return np.cumsum(values[::-1])[::-1]


# --- intervals -----------------------------------------------------------------------------


def row_variance(by_row: np.ndarray, codes: np.ndarray) -> list[VarianceTerm]:
    """Split the variance of a gradient by the class of the eval rows.

    Parameters
    ----------
    by_row : ndarray of shape (n_rows,)
    codes : ndarray of int, shape (n_rows,)
        The class of each row.  Classes of a single row, whose spread can't be seen, are pooled.

    Returns
    -------
    list of VarianceTerm, one a class.
    """
    counts = np.bincount(codes)
    codes = np.where(counts[codes] < 2, -1, codes)
    terms = []
    for code in np.unique(codes):
        g = by_row[codes == code]
        if len(g) > 1:
            source = "rare classes" if code < 0 else f"class {code}"
            terms.append(VarianceTerm(source, len(g) * g.var(ddof=1), len(g) - 1, len(g)))
    return terms


def seed_variance(lifts: np.ndarray) -> VarianceTerm:
    """Return the variance of a mean over K ≥ 2 fit seeds."""
    k = len(lifts)
    return VarianceTerm("seeds", float(np.var(lifts, ddof=1)) / k, k - 1, k)


def components_interval(
    estimate: float, terms: list[VarianceTerm], confidence: float = 0.95
) -> Interval:
    """Return a t interval whose variance is the sum of independent terms (Satterthwaite)."""
    variance = sum(term.variance for term in terms)
    if variance < _ROUNDING**2:
        return Interval(estimate, estimate, estimate, 0.0, np.inf)
    df = variance**2 / sum(t.variance**2 / t.degrees_of_freedom for t in terms)
    return _t_interval(estimate, np.sqrt(variance), df, confidence)


def repeated_split_interval(
    values: np.ndarray, eval_to_train: float, confidence: float = 0.95
) -> Interval:
    """Return the t interval of a mean over J repeated splits (Nadeau & Bengio).

    Splits of the same rows overlap, so that s²/J is too small; the variance used is
    (1/J + n_eval/n_train) s² on J − 1 degrees of freedom.

    Parameters
    ----------
    values : array-like of shape (n_splits,), n_splits ≥ 2
    eval_to_train : float
        n_eval / n_train.
    confidence : float, default 0.95
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        raise ValueError(f"{len(values)} split(s): a spread needs at least 2.")
    scale = 1 / len(values) + eval_to_train
    se = np.sqrt(scale * values.var(ddof=1))
    return _t_interval(float(values.mean()), se, len(values) - 1, confidence)


def paired_score_interval(
    gained: float, lost: float, n_rows: int, confidence: float = 0.95
) -> Interval:
    """Return Tango's score interval for the difference of two paired proportions.

    Holds up where few rows tell the arms apart, and a t interval would be far too narrow.

    Parameters
    ----------
    gained, lost : float ≥ 0
        Rows that only the second arm, or only the first, gets right.
    n_rows : int
    confidence : float, default 0.95

    References
    ----------
    Tango (1998), Statistics in Medicine 17:891.
    """
    estimate = (gained - lost) / n_rows
    z = scipy_stats.norm.ppf((1 + confidence) / 2)

    def excess(delta: float, sign: int) -> float:
        b = -gained - lost + (2 * n_rows - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        lost_share = (np.sqrt(max(0.0, b * b - 8 * n_rows * c)) - b) / (4 * n_rows)
        variance = n_rows * (2 * lost_share + delta * (1 - delta))
        return sign * (gained - lost - n_rows * delta) - z * np.sqrt(max(0.0, variance))

    tiny = 1e-12
    low = _root(lambda d: excess(d, 1), -1 + tiny, estimate - tiny)
    high = _root(lambda d: excess(d, -1), estimate + tiny, 1 - tiny)
    se = np.sqrt(max(0.0, gained + lost - (gained - lost) ** 2 / n_rows)) / n_rows
    return Interval(estimate, low, high, float(se), np.inf)


def _root(function, low: float, high: float) -> float:
    """Return where a monotone function crosses zero; the nearer end where it doesn't."""
    at_low, at_high = function(low), function(high)
    if at_low * at_high > 0:
        return low if abs(at_low) < abs(at_high) else high
    return float(optimize.brentq(function, low, high, xtol=1e-12))


def _t_interval(estimate: float, se: float, df: float, confidence: float) -> Interval:
    half = scipy_stats.t.ppf((1 + confidence) / 2, df) * se
    return Interval(estimate, estimate - half, estimate + half, float(se), float(df))


# --- verdicts ------------------------------------------------------------------------------


def verdict(low: float, high: float, margin: float) -> str:
    """Say in one word where an interval lies: *helps*, *hurts*, *noise* or *inconclusive*."""
    if low > margin:
        return "helps"
    if high < -margin:
        return "hurts"
    if -margin <= low and high <= margin:
        return "noise"
    return "inconclusive"


class Needed(NamedTuple):
    """What would settle an inconclusive lift: how many times the rows, or the seeds."""

    rows: float
    seeds: float


def needed(interval: Interval, terms: list[VarianceTerm], margin: float) -> Needed | None:
    """How much more data would settle an inconclusive lift, if it stayed where it is.

    The larger variance binds: more of it is asked for, as long as the other leaves room.

    Returns
    -------
    Needed
        Factors ≥ 1 of eval rows and of seeds; None where nothing varies, or the lift lies on
        the margin's edge, where no finite number settles it.
    """
    to_edge = min(abs(interval.estimate - margin), abs(interval.estimate + margin))
    if interval.standard_error < _ROUNDING or to_edge < _ROUNDING:
        return None
    t = (interval.high - interval.low) / (2 * interval.standard_error)
    allowed = (to_edge / t) ** 2
    by_seeds = sum(term.variance for term in terms if term.source == "seeds")
    by_rows = sum(term.variance for term in terms) - by_seeds
    if by_rows >= by_seeds and allowed > by_seeds:
        return Needed(max(1.0, by_rows / (allowed - by_seeds)), 1.0)
    if by_seeds > by_rows and allowed > by_rows:
        return Needed(1.0, max(1.0, by_seeds / (allowed - by_rows)))
    both = max(1.0, (by_rows + by_seeds) / allowed)
    return Needed(both, both)
