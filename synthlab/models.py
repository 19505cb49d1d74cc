"""Classifiers for data that brings none, their seeds, and what they are scored by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from synthlab import stats
from synthlab.dataset import Dataset
from synthlab.errors import InputError


@dataclass(frozen=True)
class Metric:
    """A score: what it needs of a model, and its value with the gradient by eval row.

    Attributes
    ----------
    name : str
        As scikit-learn names the scorer.  More is better.
    needs : {"classes", "ranking", "probabilities"}
    binary_only : bool
    grade : callable
        (truth, output) → `stats.Gradient`.  The truth is labels for *classes* metrics of any
        number of classes, whether positive for binary ones, class codes for log loss.
    """

    name: str
    needs: str
    binary_only: bool
    grade: Callable[[np.ndarray, np.ndarray], stats.Gradient]


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classes", False, stats.accuracy),
        Metric("balanced_accuracy", "classes", False, stats.balanced_accuracy),
        Metric("f1", "classes", True, stats.f1),
        Metric("roc_auc", "ranking", True, stats.roc_auc),
        Metric("average_precision", "ranking", True, stats.average_precision),
        Metric("neg_brier_score", "probabilities", True, stats.neg_brier),
        Metric("neg_log_loss", "probabilities", False, stats.neg_log_loss),
    )
}


def get_metric(scoring: str | None, n_classes: int) -> Metric:
    """Return a metric by scikit-learn's name for it; accuracy without one."""
    name = scoring or "accuracy"
    if name not in METRICS:
        raise InputError(
            f"scoring={name!r}: expected one of {', '.join(METRICS)}. Others have no interval "
            f"yet, and a lift without one proves nothing. Choose one of these."
        )
    metric = METRICS[name]
    if metric.binary_only and n_classes != 2:
        raise InputError(
            f"scoring={name!r} needs two classes; eval and training have {n_classes}. It has no "
            f"one meaning for more. Use accuracy, balanced_accuracy or neg_log_loss."
        )
    return metric


def default_model(data: Dataset) -> ClassifierMixin:
    """Return a classifier that suits the data.

    Text: TF-IDF and logistic regression (C = 100, the best of 1, 10, 100 by cross-validation
    on real mail; ``make card`` repeats it).  Tables: skrub's ``TableVectorizer`` and gradient
    boosting with a slow learning rate and small leaves.
    """
    if data.is_text:
        return make_pipeline(
            TfidfVectorizer(sublinear_tf=True, min_df=2),
            LogisticRegression(C=100, max_iter=2_000),
        )
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=200, max_leaf_nodes=15, l2_regularization=1.0
    )
    if isinstance(data.X, np.ndarray):
        return boosting
    from skrub import TableVectorizer  # slow to import, and text needs none of it

    return make_pipeline(TableVectorizer(), boosting)


def with_seed(model: ClassifierMixin, seed: int) -> ClassifierMixin:
    """Return an unfitted copy with every one of its ``random_state`` set to a seed."""
    copy = clone(model)
    names = [key for key in copy.get_params() if key.split("__")[-1] == "random_state"]
    return copy.set_params(**dict.fromkeys(names, seed))


def fit_with_seed(model: ClassifierMixin, data: Dataset, seed: int) -> ClassifierMixin:
    """Fit a copy of the model with a seed; raise `InputError` if it can't take such data."""
    try:
        return with_seed(model, seed).fit(data.X, data.y)
    except ValueError as error:
        raise InputError(
            f"the model cannot be fitted on {data.name} ({len(data)} rows): {error}. Without a "
            f"fit there is no score. Hand in a model that takes such columns."
        ) from error


def output_of(fitted: ClassifierMixin, data: Dataset, needs: str) -> np.ndarray:
    """Return what a metric needs: predicted labels, a ranking score, or probabilities.

    Raises
    ------
    InputError
        The model has no method that gives it.
    """
    methods = {
        "classes": ["predict"],
        "ranking": ["decision_function", "predict_proba"],
        "probabilities": ["predict_proba"],
    }[needs]
    for method in methods:
        if hasattr(fitted, method):
            output = _called(fitted, method, data)
            return output[:, 1] if needs == "ranking" and output.ndim == 2 else output
    raise InputError(
        f"{type(fitted).__name__} has no {' or '.join(methods)}, which this metric needs. Hard "
        f"labels can't be ranked. Use a classifier that has it, or scoring='accuracy'."
    )


def _called(fitted: ClassifierMixin, method: str, data: Dataset) -> np.ndarray:
    try:
        return np.asarray(getattr(fitted, method)(data.X))
    except ValueError as error:
        raise InputError(
            f"the fitted model's {method} fails on {data.name} ({len(data)} rows): {error}. "
            f"Without it there is no score. Let the model handle what training never showed, "
            f"such as unseen categories."
        ) from error


def detailed_output(fitted: ClassifierMixin, data: Dataset) -> np.ndarray:
    """Return the most detailed output that a fitted classifier has."""
    for needs in ("probabilities", "ranking", "classes"):
        try:
            return output_of(fitted, data, needs)
        except InputError:
            continue
    raise InputError(f"{type(fitted).__name__} has no predict method, so it cannot be scored.")


def grade(output: np.ndarray, data: Dataset, metric: Metric, classes: np.ndarray) -> stats.Gradient:
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
