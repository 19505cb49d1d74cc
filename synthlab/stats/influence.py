r"""Scores of classifiers, each with its gradient by eval row; arrays in, numbers out.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
n, m_c     eval rows in all, eval rows of class c
w_i        weight of eval row i, 1 in the data at hand
T(w)       a metric as a function of the row weights
g_i        :math:`\partial T/\partial w_i` at w = 1, the infinitesimal jackknife; sums to 0
=========  ==================================================================================

With class counts held fixed, as in a stratified draw, the variance of T over a fresh draw of
eval rows is :math:`\sum_c m_c \operatorname{Var}_c(g)`.  For the area under the ROC curve
this is DeLong's variance.

References
----------
Efron (1982), *The Jackknife, the Bootstrap and Other Resampling Plans*, ch. 6.
DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Score(NamedTuple):
    """A metric's value and its derivative by the weight of every row, shape (n_rows,)."""

    value: float
    influence: np.ndarray


def accuracy(y: np.ndarray, predicted: np.ndarray) -> Score:
    """Return the share of rows whose class is predicted; any number of classes."""
    return _mean_gradient((y == predicted).astype(float))


def balanced_accuracy(y: np.ndarray, predicted: np.ndarray) -> Score:
    """Return the mean over classes of the share of their rows that is predicted."""
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    correct = (y == predicted).astype(float)
    recall = np.bincount(codes, correct) / counts
    influence = (correct - recall[codes]) / (counts[codes] * len(counts))
    return Score(float(recall.mean()), influence)


def f1(is_positive: np.ndarray, called_positive: np.ndarray) -> Score:
    """Return 2 TP / (2 TP + FP + FN); 0 where nothing is positive or called so."""
    hit = is_positive & called_positive
    wrong = is_positive != called_positive
    denominator = 2 * hit.sum() + wrong.sum()
    if denominator == 0:
        return Score(0.0, np.zeros(len(hit)))
    value = 2 * hit.sum() / denominator
    return Score(float(value), (2 * hit - value * (2 * hit + wrong)) / denominator)


def roc_auc(is_positive: np.ndarray, score: np.ndarray) -> Score:
    """Return P(score of a positive > score of a negative), ties counting one half."""
    positives, negatives = score[is_positive], score[~is_positive]
    influence = np.empty(len(score))
    influence[is_positive] = _share_below(negatives, positives)
    influence[~is_positive] = 1 - _share_below(positives, negatives)
    value = float(influence[is_positive].mean())
    class_size = np.where(is_positive, len(positives), len(negatives))
    return Score(value, (influence - value) / class_size)


def average_precision(is_positive: np.ndarray, score: np.ndarray) -> Score:
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
    return Score(value, np.where(is_positive, by_positive[group], -later_loss[group]))


def neg_brier(is_positive: np.ndarray, probability: np.ndarray) -> Score:
    """Return minus the mean squared error of the positive class's probability; [-1, 0]."""
    return _mean_gradient(-((probability - is_positive) ** 2))


def neg_log_loss(codes: np.ndarray, probabilities: np.ndarray) -> Score:
    """Return the mean log probability of the true class; probabilities (n_rows, n_classes)."""
    floor = np.finfo(probabilities.dtype).eps
    clipped = np.clip(probabilities[np.arange(len(codes)), codes], floor, 1 - floor)
    return _mean_gradient(np.log(clipped))


def _mean_gradient(terms: np.ndarray) -> Score:
    value = float(terms.mean())
    return Score(value, (terms - value) / len(terms))


def _share_below(sample: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of a sample that lies below each point, ties counting one half."""
    ordered = np.sort(sample)
    below = np.searchsorted(ordered, at, "left") + np.searchsorted(ordered, at, "right")
    return below / (2 * len(ordered))


def _reverse_cumsum(values: np.ndarray) -> np.ndarray:
    return np.cumsum(values[::-1])[::-1]
