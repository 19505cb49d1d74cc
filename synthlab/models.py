"""Classifiers for data that brings none, their seeds, and what they are scored by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from synthlab.dataset import Dataset
from synthlab.errors import InputError


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
