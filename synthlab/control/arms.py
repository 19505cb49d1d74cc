"""One arm of a comparison fitted and graded, and the interval between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.metrics.grading import Metric, grade
from synthlab.metrics.scorers import replay_of
from synthlab.models import fit_with_seed, outputs_of
from synthlab.stats import intervals
from synthlab.stats.influence import Score

MIN_EVAL_POSITIVES = 20
MIN_DISCORDANT = 10
ARMS = ("real_only", "real_plus_synth")
_ROUNDING = 1e-9


class Fit(NamedTuple):
    """What a fitted arm said on the eval rows, and the score of it."""

    score: Score
    output: np.ndarray  # what the metric was computed from
    detail: Callable[[], np.ndarray] | None  # the most that the model can say of them
    score_of: Callable[[np.ndarray], float] | None = None  # of some rows, where score has no rows


def fit_arm(
    model: ClassifierMixin, train: Dataset, real_eval: Dataset, metric: Metric, seed: int
) -> Fit:
    """Fit a copy of the model with a seed, and grade it on real eval rows."""
    return graded(fit_with_seed(model, train, seed), real_eval, metric)


def graded(fitted: ClassifierMixin, real_eval: Dataset, metric: Metric) -> Fit:
    """Grade a fitted classifier on real eval rows.

    Raises
    ------
    InputError
        The metric ranks, and eval has one class.
    """
    if metric.needs == "ranking" and len(real_eval.classes) < 2:
        raise InputError(
            f"{real_eval.name}: all {len(real_eval)} rows are {real_eval.classes.tolist()[0]!r}, "
            f"one class alone; {metric.name} ranks one class above another. Add eval rows of the "
            f"other, or use scoring='accuracy'."
        )
    output, detail = outputs_of(fitted, real_eval, metric.needs)
    if metric.scorer:
        score_of = metric.scorer.of(replay_of(fitted, real_eval.X), real_eval.y)
        value = Score(score_of(), np.full(len(real_eval), np.nan))
        return Fit(value, output, detail, score_of)
    score = grade(output, real_eval, metric, fitted.classes_)
    return Fit(score, output, detail)


def count_discordant(pairs: list[tuple[Fit, Fit]]) -> int:
    """Count the eval rows on which the two arms of a pair ever say something else."""
    differ = [(c.output != t.output).reshape(len(c.output), -1).any(axis=1) for c, t in pairs]
    return int(np.any(differ, axis=0).sum())


def lift_interval(
    pairs: list[tuple[Fit, Fit]],
    codes: np.ndarray,
    metric: Metric,
    discordant: int,
    confidence: float,
    random_state: int = 0,
) -> tuple[intervals.Interval, list[intervals.VarianceTerm]]:
    """Return the interval of the lift, and the variance terms that it rests on.

    ``random_state`` draws the bootstrap of a metric without a gradient by row.
    """
    scores = np.array([[fit.score.value for fit in pair] for pair in pairs])
    lifts = scores[:, 1] - scores[:, 0]
    influence = np.mean([[fit.score.influence for fit in pair] for pair in pairs], axis=0)
    terms = _row_terms(pairs, influence[1] - influence[0], codes, random_state)
    if len(lifts) > 1:
        terms.append(intervals.seed_variance(lifts))
    interval = intervals.components_interval(float(lifts.mean()), terms, confidence)
    if metric.scorer or metric.is_loss or discordant == 0:
        return interval, terms
    if metric.name == "accuracy":
        change = (influence[1] - influence[0]) * len(
            codes
        ) + interval.estimate  # of rows' correctness
        if interval.standard_error == 0 or (np.abs(change) > _ROUNDING).sum() < MIN_DISCORDANT:
            gained, lost = change[change > 0].sum(), -change[change < 0].sum()
            return intervals.paired_score_interval(gained, lost, len(codes), confidence), terms
    covariance = intervals.row_covariance(influence, codes) + intervals.seed_covariance(scores)
    return intervals.widened_on_logits(interval, scores.mean(axis=0), covariance, confidence), terms


def _row_terms(
    pairs: list[tuple[Fit, Fit]], influence: np.ndarray, codes: np.ndarray, random_state: int
) -> list[intervals.VarianceTerm]:
    if pairs[0][0].score_of is None:
        return intervals.row_variance(influence, codes)

    def lift_of(rows: np.ndarray) -> float:
        return float(np.mean([treated.score_of(rows) - c.score_of(rows) for c, treated in pairs]))

    return [intervals.bootstrap_variance(lift_of, codes, np.random.default_rng(random_state))]


class InsufficientEvidence(NamedTuple):
    """Why no confident word may be said, and how many times the eval rows would allow one."""

    reason: str
    times_rows: float = 1.0


def find_insufficiency(
    discordant: int, interval: intervals.Interval, class_counts: np.ndarray, metric: Metric
) -> InsufficientEvidence | None:
    """Say why no confident word may be said; None if one may."""
    if discordant == 0:
        return None  # the arms are identical: the lift is 0 and nothing is uncertain about it
    rarest = int(class_counts.min())
    if metric.has_positives(len(class_counts)) and rarest < MIN_EVAL_POSITIVES:
        reason = f"only {rarest} eval rows of the rarer class, {MIN_EVAL_POSITIVES} are needed"
        return InsufficientEvidence(reason, MIN_EVAL_POSITIVES / rarest)
    if metric.name == "accuracy":
        return None  # a paired score interval stands in where few rows are discordant
    if discordant < MIN_DISCORDANT:
        reason = f"only {discordant} eval rows tell the arms apart, {MIN_DISCORDANT} are needed"
        return InsufficientEvidence(reason, MIN_DISCORDANT / discordant)
    if interval.standard_error == 0:
        return InsufficientEvidence(
            "no eval row moves the score, so that its spread cannot be seen"
        )
    return None


def check_settings(
    margin: float | None, confidence: float, random_state: int = 0, **counts: int
) -> None:
    """Raise `InputError` for settings that have no meaning.

    Parameters
    ----------
    margin : float ≥ 0, or None for the default
    confidence : float in (0, 1)
    random_state : int ≥ 0
    **counts : int ≥ 2
        By name, such as ``n_seeds``.
    """
    expected = [
        ("margin", margin, margin is None or 0 <= margin < np.inf, "0 or more, a useful lift"),
        ("random_state", random_state, _is_whole(random_state, 0), "0 or more, a whole number"),
        ("confidence", confidence, 0 < confidence < 1, "between 0 and 1, such as 0.95"),
    ]
    expected += [
        (name, count, _is_whole(count, 2), "2 or more, or chance cannot be seen")
        for name, count in counts.items()
    ]
    for name, value, is_fine, wanted in expected:
        if not is_fine:
            raise InputError(f"{name}={value}: expected {wanted}. Nothing was fitted.")


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and value >= least


def resolve_margin(margin: float | None, control_score: float, metric: Metric) -> float:
    """Return the margin: as given, 0.005 of a score, 1 % of the control's loss."""
    if margin is not None:
        return margin
    return 0.01 * abs(control_score) if metric.is_loss else 0.005
