"""Metrics: what each needs of a model, and how an output is scored by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, make_scorer

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.metrics.scorers import Scorer
from synthlab.stats import influence

#: Rows of a class below which scores that rest on that class get no verdict.
MIN_CLASS_ROWS = 20


@dataclass(frozen=True)
class Metric:
    """A score, and all that decides how it is computed and judged.  More is better.

    Attributes
    ----------
    name : str
        As scikit-learn names the scorer.
    needs : {"classes", "ranking", "probabilities"}
        What a model must say of a row.
    score : callable or None
        (truth, output) → `influence.Score`.
    truth : {"labels", "positive", "codes"}
        What ``score`` takes as truth: labels, whether each is the positive class, or class numbers.
    is_loss : bool
        Minus a loss, without a natural unit.
    counts_rows : bool
        The share of rows that are right, so that exact intervals for paired proportions apply.
    min_class_rows : int
        Evaluation rows that each class needs for a verdict.
    tuned_by : callable or None
        Positive class → scikit-learn's scorer of the same metric; None where its name is enough.
    scorer : Scorer or None
        In place of ``score``: any other scorer of scikit-learn's.
    """

    name: str
    needs: str
    score: Callable[[np.ndarray, np.ndarray], influence.Score] | None
    truth: str = "labels"
    is_loss: bool = False
    counts_rows: bool = False
    min_class_rows: int = MIN_CLASS_ROWS
    tuned_by: Callable[[Any], Callable] | None = None
    scorer: Scorer | None = None

    @property
    def binary_only(self) -> bool:
        """Whether it is defined for two classes alone."""
        return self.truth == "positive"

    def scikit_scorer(self, positive: Any) -> str | Callable:
        """Return what scikit-learn tunes a model by, given the positive class."""
        if self.scorer:
            return self.scorer
        return self.tuned_by(positive) if self.tuned_by else self.name


def _f1_scorer(positive: Any) -> Callable:
    return make_scorer(f1_score, pos_label=positive)


def _ap_scorer(positive: Any) -> Callable:
    responses = ("decision_function", "predict_proba")
    return make_scorer(average_precision_score, response_method=responses, pos_label=positive)


def _brier_scorer(positive: Any) -> Callable:
    options = {"response_method": "predict_proba", "greater_is_better": False}
    return make_scorer(brier_score_loss, pos_label=positive, **options)


#: To add a metric: its influence function in `synthlab.stats.influence`, and an entry here.
METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classes", influence.accuracy, counts_rows=True, min_class_rows=0),
        Metric("balanced_accuracy", "classes", influence.balanced_accuracy),
        Metric("f1", "classes", influence.f1, "positive", tuned_by=_f1_scorer),
        Metric("roc_auc", "ranking", influence.roc_auc, "positive"),
        Metric(
            "average_precision",
            "ranking",
            influence.average_precision,
            "positive",
            tuned_by=_ap_scorer,
        ),
        Metric(
            "neg_brier_score",
            "probabilities",
            influence.neg_brier,
            "positive",
            is_loss=True,
            tuned_by=_brier_scorer,
        ),
        Metric(
            "neg_log_loss",
            "probabilities",
            influence.neg_log_loss,
            "codes",
            is_loss=True,
            min_class_rows=0,
        ),
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
        Accept those of `METRICS` only, of which the influence of each row is known.

    Raises
    ------
    InputError
        Not a scorer, or not one for so many classes.
    """
    name = "accuracy" if scoring is None else scoring
    if not isinstance(name, str) or name not in METRICS:
        if by_influence:
            raise InputError(
                f"scoring={name!r}: expected one of {', '.join(METRICS)}. What evaluation rows "
                f"contribute to others is not known. Choose one of these."
            )
        scorer = Scorer(name, classes)
        return Metric(
            scorer.name,
            _needs_of(scorer),
            None,
            is_loss=scorer.name.startswith("neg_"),
            min_class_rows=MIN_CLASS_ROWS if len(classes) == 2 else 0,
            scorer=scorer,
        )
    metric = METRICS[name]
    if metric.binary_only and len(classes) != 2:
        raise InputError(
            f"scoring={name!r} needs two classes; evaluation and training have {len(classes)}. It "
            f"has no single meaning for more. Use accuracy, balanced_accuracy or neg_log_loss."
        )
    return metric


def grade(
    output: np.ndarray, data: Dataset, metric: Metric, classes: np.ndarray
) -> influence.Score:
    """Score the output of a classifier, with the influence of each row.

    Parameters
    ----------
    output : ndarray
        From `models.output_of`, as the metric needs it.
    data : Dataset
    metric : Metric
    classes : ndarray
        The classifier's classes, sorted; of two, the second is positive, as in scikit-learn.
    """
    if metric.truth == "labels":
        return metric.score(data.y, output)
    if metric.truth == "codes":
        return metric.score(np.searchsorted(classes, data.y), output)
    if metric.needs == "classes":
        output = output == classes[1]
    elif metric.needs == "probabilities":
        output = output[:, 1]
    return metric.score(data.y == classes[1], output)


def _needs_of(scorer: Scorer) -> str:
    if "predict_proba" in scorer.asks:
        return "probabilities"
    return "ranking" if "decision_function" in scorer.asks else "classes"
