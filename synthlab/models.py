"""Classifiers for data that brings none, their seeds, and what they are scored by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from synthlab import gradients
from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.scorers import Scorer


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
        (truth, output) → `gradients.Gradient`.  The truth is labels for *classes* metrics of any
        number of classes, whether positive for binary ones, class codes for log loss.
    scorer : Scorer or None
        Instead of ``grade``: any other scorer, whose gradient by row nobody wrote down.
    """

    name: str
    needs: str
    binary_only: bool
    grade: Callable[[np.ndarray, np.ndarray], gradients.Gradient] | None
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
        Metric("accuracy", "classes", False, gradients.accuracy),
        Metric("balanced_accuracy", "classes", False, gradients.balanced_accuracy),
        Metric("f1", "classes", True, gradients.f1),
        Metric("roc_auc", "ranking", True, gradients.roc_auc),
        Metric("average_precision", "ranking", True, gradients.average_precision),
        Metric("neg_brier_score", "probabilities", True, gradients.neg_brier),
        Metric("neg_log_loss", "probabilities", False, gradients.neg_log_loss),
    )
}


def get_metric(
    scoring: str | Callable | None, classes: np.ndarray, *, by_row: bool = False
) -> Metric:
    """Return a metric for labels of such classes.

    Parameters
    ----------
    scoring : str, callable or None
        One of `METRICS` (accuracy without one), or any other scorer of scikit-learn's.
    classes : ndarray of shape (n_classes,)
        Sorted.
    by_row : bool, default False
        Accept those of `METRICS` only, whose gradient by eval row is known.

    Raises
    ------
    InputError
        Not a scorer, or not one for so many classes.
    """
    name = "accuracy" if scoring is None else scoring
    if not isinstance(name, str) or name not in METRICS:
        if by_row:
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
    if isinstance(data.X, np.ndarray):
        return table_boosting()
    from skrub import TableVectorizer  # slow to import, and text needs none of it

    return make_pipeline(TableVectorizer(), table_boosting())


def table_boosting() -> ClassifierMixin:
    """Return gradient boosting with the course's settings for tables, unfitted."""
    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=200, max_leaf_nodes=15, l2_regularization=1.0
    )


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
        The model has no method that gives it, or fails on such rows.
    """
    return _output(*_after_transformers(fitted, data), needs)


def outputs_of(
    fitted: ClassifierMixin, data: Dataset, needs: str
) -> tuple[np.ndarray, Callable[[], np.ndarray]]:
    """Return what a metric needs, and a call for the most that the model can say.

    A pipeline transforms the rows once for both.  Raises as `output_of` does.
    """
    last, rows = _after_transformers(fitted, data)
    return _output(last, rows, needs), lambda: _most_detailed(last, rows)


class _Rows(NamedTuple):
    X: Any
    name: str
    n_rows: int


def _after_transformers(fitted: ClassifierMixin, data: Dataset) -> tuple[ClassifierMixin, _Rows]:
    """Return the last step of a pipeline, and the rows as the steps before it leave them."""
    rows = _Rows(data.X, data.name, len(data))
    if not isinstance(fitted, Pipeline) or len(fitted) < 2:
        return fitted, rows
    return fitted[-1], rows._replace(X=_called(fitted[:-1], "transform", rows))


def _output(fitted: ClassifierMixin, rows: _Rows, needs: str) -> np.ndarray:
    methods = {
        "classes": ["predict"],
        "ranking": ["decision_function", "predict_proba"],
        "probabilities": ["predict_proba"],
    }[needs]
    for method in methods:
        if hasattr(fitted, method):
            output = np.asarray(_called(fitted, method, rows))
            return output[:, 1] if needs == "ranking" and output.ndim == 2 else output
    raise InputError(
        f"{type(fitted).__name__} has no {' or '.join(methods)}, which this metric needs. Hard "
        f"labels can't be ranked. Use a classifier that has it, or scoring='accuracy'."
    )


def _called(fitted: BaseEstimator, method: str, rows: _Rows) -> Any:
    try:
        return getattr(fitted, method)(rows.X)
    except ValueError as error:
        raise InputError(
            f"the fitted model's {method} fails on {rows.name} ({rows.n_rows} rows): {error}. "
            f"Without it there is no score. Let the model handle what training never showed, "
            f"such as unseen categories."
        ) from error


def _most_detailed(fitted: ClassifierMixin, rows: _Rows) -> np.ndarray:
    methods = ("predict_proba", "decision_function", "predict")
    method = next(method for method in methods if hasattr(fitted, method))
    return np.asarray(_called(fitted, method, rows))


def grade(
    output: np.ndarray, data: Dataset, metric: Metric, classes: np.ndarray
) -> gradients.Gradient:
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
