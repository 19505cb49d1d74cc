"""Classifiers: defaults, fits by seed, and what a fitted one says of rows, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.validation import has_fit_parameter

from synthlab.dataset import Dataset, Features
from synthlab.errors import InputError, SynthlabError, first

#: Of scikit-learn's gradient boosting: it stops early, and bins by a sample, above so many rows.
_ROWS_OF_EARLY_STOPPING, _ROWS_OF_BINNING = 10_000, 200_000
_OURS = (SynthlabError, MemoryError)  # that are no fault of a model's
_ROUNDING, _TOTAL = 1e-6, 1e-3  # that probabilities may be off by, one and all of a row


def default_model(data: Dataset) -> ClassifierMixin:
    """Return a classifier that suits the data.

    Text: TF-IDF and logistic regression (C = 100, the best of 1, 10, 100 by cross-validation
    on real mail; ``make card`` repeats it).  Tables: gradient boosting with a slow learning rate
    and small leaves, behind skrub's ``TableVectorizer`` where a column is no number.
    """
    if data.is_text:
        return make_pipeline(
            TfidfVectorizer(sublinear_tf=True, min_df=2),
            LogisticRegression(C=100, max_iter=2_000),
        )
    if isinstance(data.X, np.ndarray) or _holds_numbers_alone(data.X):
        return table_boosting()
    from skrub import TableVectorizer  # slow to import, and text needs none of it

    return make_pipeline(TableVectorizer(), table_boosting())


def _holds_numbers_alone(X: pd.DataFrame) -> bool:
    """Whether no column needs encoding; hundreds of columns would each take their time for it."""
    return all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in X.dtypes)


def table_boosting() -> ClassifierMixin:
    """Return gradient boosting with the course's settings for tables, unfitted."""
    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=200, max_leaf_nodes=15, l2_regularization=1.0
    )


def with_seed(model: ClassifierMixin, seed: int) -> ClassifierMixin:
    """Return an unfitted copy with every one of its ``random_state`` set to a seed."""
    _require_model(model)
    copy = clone(model)
    names = [key for key in copy.get_params() if key.split("__")[-1] == "random_state"]
    return copy.set_params(**dict.fromkeys(names, seed))


def ignores_seed(model: ClassifierMixin, n_rows: int) -> bool:
    """Whether a fit on at most so many rows is known not to depend on ``random_state``.

    True where no part of the model has a ``random_state``, or every part that has one is known to
    leave it unused with such settings.  Two equal fits would prove nothing.

    Parameters
    ----------
    model : scikit-learn classifier
    n_rows : int
        Of the larger training set.
    """
    _require_model(model)
    parts = [model, *(v for v in model.get_params().values() if isinstance(v, BaseEstimator))]
    seeded = [part for part in parts if "random_state" in part.get_params(deep=False)]
    return all(_leaves_seed_unused(part, n_rows) for part in seeded)


def _require_model(model: Any) -> None:
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise InputError(
            f"model={model!r:.60}: expected a classifier as scikit-learn has them, such as "
            f"LogisticRegression(). Nothing could be fitted. Hand in an instance, unfitted."
        )


def _leaves_seed_unused(part: BaseEstimator, n_rows: int) -> bool:
    if type(part) is LogisticRegression:
        return part.solver in ("lbfgs", "newton-cg", "newton-cholesky")
    if type(part) is LinearSVC:
        return part.dual is False
    if type(part) is HistGradientBoostingClassifier:
        # It draws rows to stop early by, rows to bin by, and columns to split by.
        stops_early = part.early_stopping is True or (
            part.early_stopping == "auto" and n_rows > _ROWS_OF_EARLY_STOPPING
        )
        return not stops_early and n_rows <= _ROWS_OF_BINNING and part.max_features == 1.0
    return type(part) is DummyClassifier and part.strategy in ("prior", "most_frequent")


def fit_with_seed(
    model: ClassifierMixin,
    data: Dataset,
    seed: int,
    sample_weight: np.ndarray | None = None,
) -> ClassifierMixin:
    """Fit a copy of the model on a copy of the rows.

    Parameters
    ----------
    model : scikit-learn classifier
    data : Dataset
    seed : int
    sample_weight : ndarray of shape (n_rows,), optional
        Handed to the last step of a pipeline.

    Raises
    ------
    InputError
        The model can't take such data or weights, or learned other classes than the labels.
    """
    copy, options = with_seed(model, seed), {}
    if sample_weight is not None:
        options = {weight_parameter(copy): sample_weight}
    try:
        fitted = copy.fit(own_copy(data.X), data.y.copy(), **options)
    except _OURS:
        raise
    except Exception as error:  # whatever a user's model may raise
        raise InputError(
            f"the model cannot be fitted on {data.name} ({len(data)} rows): {_told(error)}. "
            f"Without a fit there is no score. Hand in a model that takes such columns."
        ) from error
    _require_same_classes(fitted, data)
    return fitted


def weight_parameter(model: ClassifierMixin) -> str:
    """Return the name under which ``fit`` takes weights; raise `InputError` where it takes none."""
    last, prefix = model, ""
    while isinstance(last, Pipeline):
        prefix += f"{last.steps[-1][0]}__"
        last = last.steps[-1][1]
    if not has_fit_parameter(last, "sample_weight"):
        raise InputError(
            f"{type(last).__name__}, the model's last step, takes no sample_weight in fit. Rows "
            f"could not be weighted. Use a classifier that does, or synth_weight=1."
        )
    return f"{prefix}sample_weight"


def own_copy(X: Features) -> Features:
    """Return features that a model may write into, which in-place transformers do."""
    return X.copy()


def _require_same_classes(fitted: ClassifierMixin, data: Dataset) -> None:
    learned = getattr(fitted, "classes_", None)
    if learned is None or {*np.asarray(learned).tolist()} != {*data.classes.tolist()}:
        raise InputError(
            f"{type(fitted).__name__}, fitted on {data.name}, has classes_ "
            f"{first(learned if learned is not None else ['none'])}; expected the labels "
            f"{first(data.classes)}. Its predictions could not be compared with them. Let the "
            f"model keep labels as they are, as scikit-learn's classifiers do."
        )


def output_of(fitted: ClassifierMixin, data: Dataset, needs: str) -> np.ndarray:
    """Return what a metric needs: predicted labels, a ranking score, or probabilities.

    Raises
    ------
    InputError
        The model has no method that gives it, fails on such rows, or says what cannot be: another
        number of rows or classes, unknown labels, or numbers that are not finite or no
        probabilities.
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
    rows = _Rows(own_copy(data.X), data.name, len(data))
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
            output = _checked_output(fitted, method, rows)
            return output[:, 1] if needs == "ranking" and output.ndim == 2 else output
    raise InputError(
        f"{type(fitted).__name__} has no {' or '.join(methods)}, which this metric needs. Hard "
        f"labels can't be ranked. Use a classifier that has it, or scoring='accuracy'."
    )


def _checked_output(fitted: ClassifierMixin, method: str, rows: _Rows) -> np.ndarray:
    """Return what a method says of rows; refuse what no classifier of these classes can say."""
    output = _called(fitted, method, rows, as_array=True)
    flaw = _flaw_of(output, method, np.asarray(fitted.classes_), rows.n_rows)
    if flaw:
        raise InputError(
            f"{type(fitted).__name__}.{method} on {rows.name}: {flaw}. A score of it would mean "
            f"nothing. Mend the model."
        )
    return output


def _flaw_of(output: np.ndarray, method: str, classes: np.ndarray, n_rows: int) -> str:
    wide = (n_rows, len(classes))
    shapes = {
        "predict": [(n_rows,)],
        "predict_proba": [wide],
        "decision_function": [wide, (n_rows,)] if len(classes) > 2 else [(n_rows,)],
    }[method]
    if output.shape not in shapes:
        return f"shape {output.shape}, where {shapes[0]} was expected"
    if method != "predict" and output.dtype.kind not in "fiub":
        return f"values of type {output.dtype}, where numbers were expected"
    if method == "predict":
        strange = ~np.isin(output, classes)
        known = f"the labels it was fitted on are {first(classes)}"
        return f"predicts {output[strange].tolist()[0]!r}; {known}" if strange.any() else ""
    broken = ~np.isfinite(output.reshape(n_rows, -1)).all(axis=1)
    if broken.any():
        return f"{broken.sum()} rows have values that are not finite (rows {_rows(broken)})"
    if method == "predict_proba":
        off = (np.abs(output - 0.5) > 0.5 + _ROUNDING).any(axis=1)
        off |= np.abs(output.sum(axis=1) - 1) > _TOTAL
        if off.any():
            return f"{off.sum()} rows are no probabilities that add up to 1 (rows {_rows(off)})"
    return ""


def _rows(mask: np.ndarray) -> str:
    return first(np.flatnonzero(mask))


def _called(fitted: BaseEstimator, method: str, rows: _Rows, *, as_array: bool = False) -> Any:
    try:
        found = getattr(fitted, method)(rows.X)
        return np.asarray(found) if as_array else found
    except _OURS:
        raise
    except Exception as error:  # whatever a user's model may raise
        raise InputError(
            f"the fitted model's {method} fails on {rows.name} ({rows.n_rows} rows): "
            f"{_told(error)}. Without it there is no score. Let the model handle what training "
            f"never showed, such as unseen categories."
        ) from error


def _told(error: Exception) -> str:
    """Return an error's text; its kind as well where the text alone would say little."""
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _most_detailed(fitted: ClassifierMixin, rows: _Rows) -> np.ndarray:
    methods = ("predict_proba", "decision_function", "predict")
    method = next(method for method in methods if hasattr(fitted, method))
    return _checked_output(fitted, method, rows)
