"""What costs nothing: the rivals that synthetic rows must beat before they are worth having.

A lift can be a mere shift of class shares, or a model that was never tuned.  Each recipe here
sees the real training rows only, and gets the same eval rows as the arms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
)

from synthlab.dataset import Dataset
from synthlab.metrics.grading import Metric
from synthlab.metrics.scorers import Replay
from synthlab.models import fit_with_seed, with_seed

Recipe = Callable[[Dataset, Dataset, int], ClassifierMixin]  # real_train, synth_train, seed
_FOLDS, _THRESHOLDS = 3, 101
#: What a user would turn first, by the name of the parameter: factors of the present value.
_KNOBS = {
    "C": (0.1, 1, 10),
    "alpha": (0.1, 1, 10),
    "learning_rate": (1 / 3, 1, 3),
    "min_samples_leaf": (1, 5, 20),
}


def zero_cost_baselines(
    model: ClassifierMixin, metric: Metric, real_train: Dataset
) -> dict[str, Recipe]:
    """Return the recipes that apply to a model, a metric and the rows at hand, by name.

    Parameters
    ----------
    model : scikit-learn classifier
    metric : Metric
    real_train : Dataset

    Returns
    -------
    dict of str to callable
        *class weights*: inverse to class size, where the model takes them.  *duplicated real
        rows*: as many as the synthetic rows, class by class.  *re-tuned*: regularization or
        learning rate chosen anew by cross-validation.  *tuned threshold*: chosen by
        cross-validation, for two classes and metrics of hard labels (ranking and calibration
        metrics do not depend on it).
    """
    recipes: dict[str, Recipe] = {"duplicated real rows": _duplicated(model)}
    weight = _parameter(model, "class_weight")
    if weight:
        recipes["class weights"] = _weighted(model, {weight: "balanced"})
    rarest = min(np.unique(real_train.y, return_counts=True)[1])
    folds = min(_FOLDS, int(rarest))
    if folds < 2:
        return recipes
    knob = next((k for name in _KNOBS if (k := _parameter(model, name))), None)
    if knob and model.get_params()[knob]:
        recipes["re-tuned"] = _retuned(model, metric, knob, folds)
    if metric.needs == "classes" and len(real_train.classes) == 2:
        tuned = _threshold_by_scorer if metric.scorer else _tuned_threshold
        recipes["tuned threshold"] = tuned(model, metric, folds)
    return recipes


def _parameter(model: ClassifierMixin, name: str) -> str | None:
    """Return the full name of a parameter of a model, or of its last step that has it."""
    found = [key for key in model.get_params() if key.split("__")[-1] == name]
    return found[-1] if found else None


def _weighted(model: ClassifierMixin, settings: dict[str, str]) -> Recipe:
    def recipe(real_train: Dataset, _: Dataset, seed: int) -> ClassifierMixin:
        return fit_with_seed(with_seed(model, seed).set_params(**settings), real_train, seed)

    return recipe


def _duplicated(model: ClassifierMixin) -> Recipe:
    def recipe(real_train: Dataset, synth_train: Dataset, seed: int) -> ClassifierMixin:
        rng = np.random.default_rng(seed)
        extra = [
            rng.choice(np.flatnonzero(real_train.y == label), size=count)
            for label, count in zip(*np.unique(synth_train.y, return_counts=True), strict=True)
            if label in real_train.classes
        ]
        rows = np.concatenate([np.arange(len(real_train)), *extra])
        return fit_with_seed(model, real_train.replace(ids=None).take(rows), seed)

    return recipe


def _retuned(model: ClassifierMixin, metric: Metric, knob: str, folds: int) -> Recipe:
    def recipe(real_train: Dataset, _: Dataset, seed: int) -> ClassifierMixin:
        present = model.get_params()[knob]
        factors = _KNOBS[knob.split("__")[-1]]
        search = GridSearchCV(
            with_seed(model, seed),
            {knob: [type(present)(present * factor) for factor in factors]},
            scoring=_scorer(metric, real_train),
            cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        )
        return search.fit(real_train.X, real_train.y).best_estimator_

    return recipe


def _tuned_threshold(model: ClassifierMixin, metric: Metric, folds: int) -> Recipe:
    def recipe(real_train: Dataset, _: Dataset, seed: int) -> ClassifierMixin:
        tuned = TunedThresholdClassifierCV(
            with_seed(model, seed),
            scoring=_scorer(metric, real_train),
            cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
            random_state=seed,
        )
        try:
            return tuned.fit(real_train.X, real_train.y)
        except ValueError:  # constant predictions have no threshold to tune
            return fit_with_seed(model, real_train, seed)

    return recipe


def _threshold_by_scorer(model: ClassifierMixin, metric: Metric, folds: int) -> Recipe:
    """Tune for a scorer of which scikit-learn's own tuner cannot know what it computes."""
    method = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"

    def recipe(real_train: Dataset, _: Dataset, seed: int) -> ClassifierMixin:
        cv = StratifiedKFold(folds, shuffle=True, random_state=seed)
        X, y, classes = real_train.X, real_train.y, real_train.classes
        said = cross_val_predict(with_seed(model, seed), X, y, cv=cv, method=method)
        said = said[:, 1] if said.ndim == 2 else said

        def score(threshold: float) -> float:
            labels = classes[(said >= threshold).astype(int)]
            return metric.scorer.of(Replay({"predict": labels}, classes), y)()

        best = max(np.unique(np.quantile(said, np.linspace(0, 1, _THRESHOLDS))), key=score)
        fitted = FrozenEstimator(fit_with_seed(model, real_train, seed))
        cut = {"threshold": best, "response_method": method, "pos_label": classes[1]}
        return FixedThresholdClassifier(fitted, **cut).fit(X, y)

    return recipe


def _scorer(metric: Metric, data: Dataset):
    """Return scikit-learn's scorer of a metric, with the positive class that `grade` takes."""
    if metric.scorer:
        return metric.scorer
    positive = {"pos_label": data.classes[1]}
    if metric.name == "f1":
        return make_scorer(f1_score, **positive)
    if metric.name == "average_precision":
        responses = ("decision_function", "predict_proba")
        return make_scorer(average_precision_score, response_method=responses, **positive)
    if metric.name == "neg_brier_score":
        brier = {"response_method": "predict_proba", "greater_is_better": False}
        return make_scorer(brier_score_loss, **brier, **positive)
    return metric.name
