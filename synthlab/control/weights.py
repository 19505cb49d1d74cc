"""How much a synthetic row weighs beside a real one, and how that weight is chosen.

*Hurts* is partly a verdict on weight 1: many weak rows drown a few real ones, which a smaller
weight can prevent.  The weight is chosen by cross-validation on the real training rows, never on
evaluation rows.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from synthlab.dataset import Dataset
from synthlab.errors import InputError, is_number, require
from synthlab.metrics.grading import Metric, grade
from synthlab.metrics.scorers import replay_of
from synthlab.models import fit_with_seed, output_of, weight_parameter
from synthlab.splits import group_codes

TUNED = "tuned"
#: What is tried; 0 is left out, since real + synthetic would then be real only.
WEIGHTS = (0.01, 0.03, 0.1, 0.3, 1.0)
_FOLDS, _DRAWS = 3, 2


def check_weight(synth_weight: float | str, model: ClassifierMixin) -> None:
    """Raise `InputError` unless this is a weight, and the model can take one.

    Parameters
    ----------
    synth_weight : float > 0 or "tuned"
    model : scikit-learn classifier
    """
    is_weight = synth_weight == TUNED or (is_number(synth_weight, 0) and synth_weight > 0)
    expected = "a number above 0, or 'tuned'"
    require(is_weight, f"synth_weight={synth_weight!r}", expected, "Nothing was fitted.")
    if synth_weight != 1:
        weight_parameter(model)  # raises where the model takes none


def choose_weight(
    model: ClassifierMixin,
    metric: Metric,
    real_train: Dataset,
    synth_train: Dataset,
    random_state: int = 0,
) -> float:
    """Return the weight of synthetic rows with the best score on held-out real training rows.

    Parameters
    ----------
    model : scikit-learn classifier
    metric : Metric
    real_train, synth_train : Dataset
        Real folds are held out in turn (whole groups, where there are any); synthetic rows that
        were made from held-out rows are left out with them.
    random_state : int ≥ 0, default 0

    Raises
    ------
    InputError
        A class has fewer than two real rows, so that none could be held out.
    """
    rarest = int(np.unique(real_train.y, return_counts=True)[1].min())
    if rarest < 2:
        raise InputError(
            f"{real_train.name}: a class has one row; expected two or more of each. No row could "
            f"be held out to choose a weight by. Name a weight, such as synth_weight=0.1."
        )
    draws = np.random.SeedSequence(random_state).generate_state(_DRAWS).tolist()
    scores = [
        _scores(model, metric, fold, synth_train, seed)
        for seed in draws
        for fold in _folds(real_train, min(_FOLDS, rarest), seed)
    ]
    return WEIGHTS[int(np.mean(scores, axis=0).argmax())]


def _folds(real_train: Dataset, n_folds: int, seed: int) -> list[tuple[Dataset, Dataset]]:
    how = {"n_splits": n_folds, "shuffle": True, "random_state": seed}
    nothing, y = np.zeros(len(real_train)), real_train.y
    if real_train.groups is None:
        rows = StratifiedKFold(**how).split(nothing, y)
    else:
        rows = StratifiedGroupKFold(**how).split(nothing, y, group_codes(real_train))
    return [(real_train.take(kept), real_train.take(held_out)) for kept, held_out in rows]


def _scores(
    model: ClassifierMixin,
    metric: Metric,
    fold: tuple[Dataset, Dataset],
    synth_train: Dataset,
    seed: int,
) -> list[float]:
    """Score every weight on one held-out fold."""
    kept, held_out = fold
    train = kept + _without_children(synth_train, held_out)
    scores = []
    for weight in WEIGHTS:
        weights = np.where(train.origin == "synthetic", weight, 1.0)
        fitted = fit_with_seed(model, train, seed, weights)
        scores.append(_score(fitted, held_out, metric))
    return scores


def _score(fitted: ClassifierMixin, held_out: Dataset, metric: Metric) -> float:
    if metric.scorer:
        return metric.scorer.of(replay_of(fitted, held_out.X), held_out.y)()
    output = output_of(fitted, held_out, metric.needs)
    return grade(output, held_out, metric, fitted.classes_).value


def _without_children(synth_train: Dataset, held_out: Dataset) -> Dataset:
    if held_out.ids is None:
        return synth_train
    forbidden = set(held_out.ids)
    keep = [not forbidden.intersection(parents) for parents in synth_train.derived_from]
    return synth_train if all(keep) else synth_train.take(np.array(keep))
