"""Zero-cost baselines: what synthetic rows must beat before they are worth having.

A lift can be a mere shift of class shares, or the sign of a model that was never tuned.  Each
baseline is an arm that trains on the real rows only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
)

from synthlab.control.arms import Arm
from synthlab.dataset import Dataset
from synthlab.metrics.grading import Metric
from synthlab.metrics.scorers import Replay
from synthlab.models import fit_with_seed, own_copy, with_seed

_FOLDS, _THRESHOLDS = 3, 101
#: Cross-validations that a tuned threshold is averaged over: one alone is mostly chance.
_THRESHOLD_DRAWS = 3
#: What a user would tune first, by the name of the parameter: factors of the present value.
_KNOBS = {
    "C": (0.1, 1, 10),
    "alpha": (0.1, 1, 10),
    "learning_rate": (1 / 3, 1, 3),
    "min_samples_leaf": (1, 5, 20),
}


def zero_cost_baselines(
    model: ClassifierMixin, metric: Metric, real_train: Dataset, synth_train: Dataset
) -> list[Arm]:
    """Return the baselines that apply to a model, a metric and the rows at hand.

    Parameters
    ----------
    model : scikit-learn classifier
    metric : Metric
    real_train : Dataset
        All that they train on.
    synth_train : Dataset
        Only its number of rows per class is used, by *duplicated real rows*.

    Returns
    -------
    list of Arm
        *duplicated real rows*: as many as the synthetic rows, class by class.  *class weights*:
        inverse to class size, where the model takes them.  *re-tuned*: regularization or learning
        rate chosen anew by cross-validation.  *tuned threshold*: chosen by cross-validation, for
        two classes and metrics of hard labels.  *recalibrated*: probabilities mapped through a
        sigmoid fitted by cross-validation, for metrics of probabilities.
    """
    n = len(real_train)
    copies = _duplicated(model, real_train, synth_train)
    arms = [Arm("duplicated real rows", copies, n + len(synth_train))]
    weight = _parameter(model, "class_weight")
    if weight:
        arms.append(Arm("class weights", _weighted(model, real_train, weight), n))
    folds = min(_FOLDS, int(np.unique(real_train.y, return_counts=True)[1].min()))
    if folds < 2:
        return arms
    knob = next((k for name in _KNOBS if (k := _parameter(model, name))), None)
    if knob and model.get_params()[knob]:
        arms.append(Arm("re-tuned", _retuned(model, metric, real_train, knob, folds), n))
    if metric.needs == "classes" and len(real_train.classes) == 2 and _soft_method(model):
        arms.append(Arm("tuned threshold", _thresholded(model, metric, real_train, folds), n))
    if metric.needs == "probabilities":
        arms.append(Arm("recalibrated", _recalibrated(model, real_train, folds), n))
    return arms


_Fit = Callable[[int], ClassifierMixin]


def _parameter(model: ClassifierMixin, name: str) -> str | None:
    """Return the full name of a parameter of a model, or of its last step that has it."""
    found = [key for key in model.get_params() if key.split("__")[-1] == name]
    return found[-1] if found else None


def _weighted(model: ClassifierMixin, real_train: Dataset, weight: str) -> _Fit:
    def fit(seed: int) -> ClassifierMixin:
        balanced = with_seed(model, seed).set_params(**{weight: "balanced"})
        return fit_with_seed(balanced, real_train, seed)

    return fit


def _duplicated(model: ClassifierMixin, real_train: Dataset, synth_train: Dataset) -> _Fit:
    def fit(seed: int) -> ClassifierMixin:
        rng = np.random.default_rng(seed)
        extra = [
            rng.choice(np.flatnonzero(real_train.y == label), size=count)
            for label, count in zip(*np.unique(synth_train.y, return_counts=True), strict=True)
            if label in real_train.classes
        ]
        rows = np.concatenate([np.arange(len(real_train)), *extra])
        return fit_with_seed(model, real_train.replace(ids=None).take(rows), seed)

    return fit


def _retuned(
    model: ClassifierMixin, metric: Metric, real_train: Dataset, knob: str, folds: int
) -> _Fit:
    def fit(seed: int) -> ClassifierMixin:
        present = model.get_params()[knob]
        factors = _KNOBS[knob.split("__")[-1]]
        search = GridSearchCV(
            with_seed(model, seed),
            {knob: [type(present)(present * factor) for factor in factors]},
            scoring=metric.scikit_scorer(real_train.classes[-1]),
            cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        )
        return search.fit(own_copy(real_train.X), real_train.y).best_estimator_

    return fit


def _soft_method(model: ClassifierMixin) -> str | None:
    """Return the method by which a threshold can be set; None where a model has only labels."""
    methods = ("predict_proba", "decision_function")
    return next((method for method in methods if hasattr(model, method)), None)


def _thresholded(model: ClassifierMixin, metric: Metric, real_train: Dataset, folds: int) -> _Fit:
    """Average the best thresholds of several cross-validations; each alone is mostly chance."""
    method, classes = _soft_method(model), real_train.classes

    def fit(seed: int) -> ClassifierMixin:
        draws = np.random.SeedSequence(seed).generate_state(_THRESHOLD_DRAWS).tolist()
        best = [_best_threshold(model, metric, real_train, folds, draw) for draw in draws]
        fitted = FrozenEstimator(fit_with_seed(model, real_train, seed))
        cut = {"threshold": float(np.mean(best)), "response_method": method}
        tuned = FixedThresholdClassifier(fitted, pos_label=classes[1], **cut)
        return tuned.fit(own_copy(real_train.X), real_train.y)

    return fit


def _best_threshold(
    model: ClassifierMixin, metric: Metric, real_train: Dataset, folds: int, seed: int
) -> float:
    """Return the middle of the thresholds that score best on held-out folds of the real rows."""
    cv = StratifiedKFold(folds, shuffle=True, random_state=seed)
    method, classes = _soft_method(model), real_train.classes
    X, y = own_copy(real_train.X), real_train.y
    said = cross_val_predict(with_seed(model, seed), X, y, cv=cv, method=method)
    said = said[:, 1] if said.ndim == 2 else said
    tried = np.unique(np.quantile(said, np.linspace(0, 1, _THRESHOLDS)))
    labels = [classes[(said >= threshold).astype(int)] for threshold in tried]
    scores = np.array([_score_of(metric, y, one, classes) for one in labels])
    return float(np.median(tried[scores >= scores.max() - 1e-12]))


def _score_of(metric: Metric, y: np.ndarray, labels: np.ndarray, classes: np.ndarray) -> float:
    if metric.scorer:
        return metric.scorer.of(Replay({"predict": labels}, classes), y)()
    if metric.truth == "positive":
        return metric.score(y == classes[1], labels == classes[1]).value
    return metric.score(y, labels).value


def _recalibrated(model: ClassifierMixin, real_train: Dataset, folds: int) -> _Fit:
    def fit(seed: int) -> ClassifierMixin:
        cv = StratifiedKFold(folds, shuffle=True, random_state=seed)
        calibrated = CalibratedClassifierCV(with_seed(model, seed), cv=cv, ensemble=False)
        return calibrated.fit(own_copy(real_train.X), real_train.y)

    return fit
