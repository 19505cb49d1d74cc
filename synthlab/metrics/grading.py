"""Classifiers for data that brings none, their seeds, and what they are scored by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.metrics.scorers import Scorer
from synthlab.stats import influence


@dataclass(frozen=True)
class Metric:
    """A score: what it needs of a model, and its value with the gradient by eval row.

    Attributes
    ----------
    name : str
        As scikit-learn names the scorer.  More is better.
    needs : {"classes", "ranking", "probabilities"}
    binary_only : bool
    grade : callable or None
        (truth, output) → `influence.Score`.  The truth is labels for *classes* metrics of any
        number of classes, whether positive for binary ones, class codes for log loss.
    scorer : Scorer or None
        Instead of ``grade``: any other scorer, whose gradient by row nobody wrote down.
    """

    name: str
    needs: str
    binary_only: bool
    grade: Callable[[np.ndarray, np.ndarray], influence.Score] | None
    scorer: Scorer | None = None

    @property
    def is_loss(self) -> bool:
        """Whether this is minus a loss, without a floor at -1 or a natural unit."""
        return self.name.startswith("neg_")

    def has_positives(self, n_classes: int) -> bool:
        """Whether a score rests on the rows of one class, of which there may be too few."""
        return self.binary_only or (self.scorer is not None and n_classes == 2)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classes", False, influence.accuracy),
        Metric("balanced_accuracy", "classes", False, influence.balanced_accuracy),
        Metric("f1", "classes", True, influence.f1),
        Metric("roc_auc", "ranking", True, influence.roc_auc),
        Metric("average_precision", "ranking", True, influence.average_precision),
        Metric("neg_brier_score", "probabilities", True, influence.neg_brier),
        Metric("neg_log_loss", "probabilities", False, influence.neg_log_loss),
    )
}


def get_metric(
    scoring: str | Callable | None, classes: np.ndarray, *, by_influence: bool = False
) -> Metric:
    """Return a metric for labels of such classes.

    Parameters
    ----------
    scoring : str, callable or None
        One of `METRICS` (accuracy without one), or any other scorer of scikit-learn's.
    classes : ndarray of shape (n_classes,)
        Sorted.
    by_influence : bool, default False
        Accept those of `METRICS` only, whose gradient by eval row is known.

    Raises
    ------
    InputError
        Not a scorer, or not one for so many classes.
    """
    name = "accuracy" if scoring is None else scoring
    if not isinstance(name, str) or name not in METRICS:
        if by_influence:
            raise InputError(
                f"scoring={name!r}: expected one of {', '.join(METRICS)}. What eval rows "
                f"contribute to others is not known. Choose one of these."
            )
        scorer = Scorer(name, classes)
        return Metric(scorer.name, _needs_of(scorer), False, None, scorer)
    metric = METRICS[name]
    if metric.binary_only and len(classes) != 2:
        raise InputError(
            f"scoring={name!r} needs two classes; eval and training have {len(classes)}. It has no "
            f"one meaning for more. Use accuracy, balanced_accuracy or neg_log_loss."
        )
    return metric


def _needs_of(scorer: Scorer) -> str:
    if "predict_proba" in scorer.asks:
        return "probabilities"
    return "ranking" if "decision_function" in scorer.asks else "classes"


def grade(
    output: np.ndarray, data: Dataset, metric: Metric, classes: np.ndarray
) -> influence.Score:
    """Score the output of a classifier, with the gradient by eval row.

    Parameters
    ----------
    output : ndarray
        From `output_of`, as the metric needs it.
    data : Dataset
    metric : Metric
    classes : ndarray
        The classifier's classes, sorted; of two, the second is positive, as in scikit-learn.
    """
    if metric.name == "neg_log_loss":
        return metric.grade(np.searchsorted(classes, data.y), output)
    if not metric.binary_only:
        return metric.grade(data.y, output)
    if metric.needs == "classes":
        output = output == classes[1]
    elif metric.needs == "probabilities":
        output = output[:, 1]
    return metric.grade(data.y == classes[1], output)
