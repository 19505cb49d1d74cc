"""Arms of a comparison: how each is fitted, and what it said of the evaluation rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import joblib
import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import InputError
from synthlab.metrics.grading import Metric, grade
from synthlab.metrics.scorers import replay_of
from synthlab.models import fit_with_seed, outputs_of, own_copy
from synthlab.stats.influence import Score


class Arm(NamedTuple):
    """One way to train: real only, real + synthetic, a zero-cost baseline.

    Attributes
    ----------
    name : str
    fit : callable
        Seed → fitted classifier.
    n_train, n_synth : int
        Rows it trains on, and how many of them are synthetic.
    """

    name: str
    fit: Callable[[int], ClassifierMixin]
    n_train: int
    n_synth: int = 0


class Fit(NamedTuple):
    """One fitted arm, graded on the evaluation rows.

    Attributes
    ----------
    score : Score
        Its value, and the influence of each evaluation row.
    output : ndarray
        What the metric was computed from, one entry per row.
    detail : callable or None
        Returns the most that the model can say of the rows.
    score_of : callable or None
        Row numbers → score on these rows, for metrics whose influence is not known.
    digest : str
        Of the fitted model: equal where two are the same function.  Empty where nobody asked.
    """

    score: Score
    output: np.ndarray
    detail: Callable[[], np.ndarray] | None = None
    score_of: Callable[[np.ndarray], float] | None = None
    digest: str = ""


def plain_arm(name: str, model: ClassifierMixin, train: Dataset, synth_weight: float = 1.0) -> Arm:
    """Return the arm that fits a model on all rows of a data set.

    Parameters
    ----------
    name : str
    model : scikit-learn classifier
    train : Dataset
    synth_weight : float > 0, default 1
        Weight of each synthetic row; a real row weighs 1.
    """
    is_synthetic = train.origin == SYNTHETIC
    weights = None if synth_weight == 1 else np.where(is_synthetic, synth_weight, 1.0)

    def fit(seed: int) -> ClassifierMixin:
        return fit_with_seed(model, train, seed, weights)

    return Arm(name, fit, len(train), int(is_synthetic.sum()))


def fit_arm(
    model: ClassifierMixin, train: Dataset, real_eval: Dataset, metric: Metric, seed: int
) -> Fit:
    """Fit a copy of the model with a seed, and grade it on real evaluation rows."""
    return grade_model(fit_with_seed(model, train, seed), real_eval, metric)


def grade_model(fitted: ClassifierMixin, real_eval: Dataset, metric: Metric) -> Fit:
    """Grade a fitted classifier on real evaluation rows.

    Raises
    ------
    InputError
        The metric ranks, and evaluation has one class; or see `models.output_of`.
    """
    if metric.needs == "ranking" and len(real_eval.classes) < 2:
        raise InputError(
            f"{real_eval.name}: all {len(real_eval)} rows are {real_eval.classes.tolist()[0]!r}, "
            f"one class alone; {metric.name} ranks one class above another. Add evaluation rows "
            f"of the other, or use scoring='accuracy'."
        )
    output, detail = outputs_of(fitted, real_eval, metric.needs)
    if metric.scorer:
        score_of = metric.scorer.of(replay_of(fitted, own_copy(real_eval.X)), real_eval.y)
        unknown = np.full(len(real_eval), np.nan)
        return Fit(Score(score_of(), unknown), output, detail, score_of)
    return Fit(grade(output, real_eval, metric, fitted.classes_), output, detail)


def fit_pairs(
    pair: tuple[Arm, Arm], real_eval: Dataset, metric: Metric, seeds: list[int]
) -> tuple[list[Fit], list[Fit]]:
    """Fit and grade two arms by every seed; models whose outputs agree get a digest."""
    fits: tuple[list[Fit], list[Fit]] = ([], [])
    for seed in seeds:
        models = [arm.fit(seed) for arm in pair]
        graded = [grade_model(model, real_eval, metric) for model in models]
        if np.array_equal(graded[0].output, graded[1].output):
            graded = [
                f._replace(digest=joblib.hash(m)) for f, m in zip(graded, models, strict=True)
            ]
        for side, fit in zip(fits, graded, strict=True):
            side.append(fit._replace(detail=None))  # it holds model and rows
    return fits
