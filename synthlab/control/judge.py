"""What a difference of scores means: one judge for every comparison.

`compare_fits` compares two arms on one evaluation set, `compare_splits` over repeated splits.  The
control, the generator control, the zero-cost baselines, the atlas and the notebooks all ask
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synthlab.control.arms import Fit
from synthlab.control.evidence import (
    MIN_DISCORDANT,
    Draw,
    Insufficiency,
    count_discordant,
    find_insufficiency,
)
from synthlab.dataset import Dataset
from synthlab.errors import is_number, require
from synthlab.metrics.grading import METRICS, Metric
from synthlab.stats import intervals, verdicts
from synthlab.stats.intervals import Interval, VarianceTerm

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Comparison:
    """What one comparison of two arms says.

    Attributes
    ----------
    score, baseline_score : float
        Mean scores of the treatment and of what it is compared with.
    lift, ci_low, ci_high : float
        score − baseline_score and the ends of its interval; more is better.
    verdict : {"helps", "hurts", "no useful effect", "inconclusive"}
    margin : float
    reason : str
        What the verdict rests on, or why there is no clear one.
    n_repeats : int
        Fits per arm, or splits.
    n_needed : dict of str to (int, int or None), or None
        Where inconclusive: sizes of a new sample for an even chance of a clear verdict, and for
        90 % (None: out of reach), such as ``{"eval_rows": (2_400, 31_000)}``.
    p_value : float
        Two-sided, of no lift at all; 1 where no spread was seen.
    """

    score: float
    baseline_score: float
    lift: float
    ci_low: float
    ci_high: float
    verdict: str
    margin: float
    reason: str
    n_repeats: int
    n_needed: dict[str, tuple[int, int | None]] | None
    p_value: float


def compare_fits(
    baseline: Sequence[Fit],
    treatment: Sequence[Fit],
    real_eval: Dataset,
    metric: Metric,
    *,
    margin: float | None = None,
    confidence: float = 0.95,
    stratified_eval: bool = False,
    n_looks: int = 1,
    random_state: int = 0,
) -> Comparison:
    """Compare two arms that were fitted by the same seeds and graded on the same rows.

    The estimand (A) is the expected lift for these training sets, over fit seeds and a fresh draw
    of evaluation rows or groups.

    Parameters
    ----------
    baseline, treatment : sequence of Fit
        One per seed, in the same order; from `arms.fit_arm` or `arms.grade_model`.
    real_eval : Dataset
        The rows they were graded on; where it has groups, these are what is drawn.
    metric : Metric
        From `metrics.get_metric`.
    margin : float ≥ 0, optional
        See `resolve_margin`.
    confidence : float in (0, 1), default 0.95
    stratified_eval : bool, default False
        Evaluation rows were drawn in fixed numbers per class.  By default the class shares are
        taken as random, too.
    n_looks : int ≥ 1, default 1
        How many such comparisons are looked at to choose from: the interval is widened so that
        all hold together (Bonferroni).
    random_state : int, default 0
        Draws the bootstrap of a metric whose influence values are not known.

    Returns
    -------
    Comparison
    """
    draw = Draw.of(real_eval, stratified=stratified_eval)
    pairs = list(zip(baseline, treatment, strict=True))
    scores = np.array([[fit.score.value for fit in pair] for pair in pairs])
    margin = resolve_margin(margin, float(scores[:, 0].mean()), metric)
    confidence = 1 - (1 - confidence) / n_looks
    discordant = count_discordant(pairs)
    if discordant:
        interval, terms = lift_interval(pairs, draw, metric, confidence, random_state)
    else:
        interval, terms = _interval_of_equals(pairs, draw, metric, confidence), []
    lack = find_insufficiency(discordant, interval, draw, metric)
    word = verdicts.INCONCLUSIVE if lack else verdicts.verdict(*interval[1:3], margin)
    if not discordant and _are_same_function(pairs):
        word, lack = verdicts.NO_USEFUL_EFFECT, None
    needs = None
    if word == verdicts.INCONCLUSIVE:
        needs = _needs(interval, terms, margin, draw, lack)
    return _comparison(scores, interval, margin, word, _reason(lack, discordant, draw), needs)


class RowInfluence(NamedTuple):
    """What each real row contributes to a mean lift over repeated cross-validation.

    Attributes
    ----------
    values : ndarray of shape (n_rows,)
        Influence on the mean over all splits; every row is held out equally often.
    n_rarest : int ≥ 2
        Rows of the rarest class, in all.
    """

    values: np.ndarray
    n_rarest: int


def compare_splits(
    baseline_scores: Sequence[float],
    scores: Sequence[float],
    *,
    eval_to_train: float,
    metric: Metric | str = "accuracy",
    margin: float | None = None,
    confidence: float = 0.95,
    n_looks: int = 1,
    n_discordant: int | None = None,
    n_eval: int | None = None,
    n_rarest: int | None = None,
    rows: RowInfluence | None = None,
) -> Comparison:
    """Compare two arms over repeated splits of the same rows, everything fitted anew in each.

    The estimand (B) is the lift of the recipe: the split, the generator and the fit vary.

    Parameters
    ----------
    baseline_scores, scores : sequence of float, shape (n_splits,)
        More is better; one pair per split, graded on the same rows.
    eval_to_train : float > 0
        n_eval / n_train of a split.
    metric : Metric or str, default "accuracy"
        Decides the default margin.
    margin, confidence, n_looks
        See `compare_fits`.
    n_discordant : int, optional
        Rows on which the arms differ, over all splits, where that is known.
    n_eval, n_rarest : int, optional
        Evaluation rows in one split, and those of the rarest class, where that is known.
    rows : RowInfluence, optional
        Where the splits are repeated cross-validation: the interval is then
        `intervals.cross_validated_interval`, which is shorter.

    Returns
    -------
    Comparison

    Notes
    -----
    The variance is (1/J + n_eval/n_train) s² on J − 1 degrees of freedom (Nadeau & Bengio 2003);
    with ``rows``, the geometric mean of that and of the rows' own.
    Where every split gave the same lift, no spread was seen and there is no verdict; arms that
    never differ are judged by how large a lift the evaluation rows of one split leave possible.
    """
    metric = METRICS[metric] if isinstance(metric, str) else metric
    both = np.column_stack([baseline_scores, scores]).astype(float)
    margin = resolve_margin(margin, float(both[:, 0].mean()), metric)
    lifts, confidence = both[:, 1] - both[:, 0], 1 - (1 - confidence) / n_looks
    interval = intervals.repeated_split_interval(lifts, eval_to_train, confidence)
    if rows is not None and interval.saw_spread:
        interval = intervals.cross_validated_interval(lifts, eval_to_train, *rows, confidence)
    n = n_eval if metric.is_mean_of_rows else n_rarest
    never_differ = n_discordant == 0 and metric.is_bounded and n
    if never_differ:
        interval = intervals.paired_score_interval(0.0, 0.0, n, confidence)
    word, reason = verdicts.verdict(*interval[1:3], margin), f"{len(both)} splits"
    if n_rarest is not None and n_rarest < metric.min_class_rows:
        word = verdicts.INCONCLUSIVE
        reason = f"only {n_rarest} evaluation rows of the rarest class in a split"
    elif not (interval.saw_spread or never_differ):
        word = verdicts.INCONCLUSIVE
        reason = "every split gave the same lift, so no spread is seen"
    needs = None
    if word == verdicts.INCONCLUSIVE and interval.saw_spread:
        power = 1 if rows is None else 0.5
        needs = _needed_splits(interval, len(lifts), eval_to_train, margin, power)
    return _comparison(both, interval, margin, word, reason, needs)


def resolve_margin(margin: float | None, baseline_score: float, metric: Metric) -> float:
    """Return the smallest lift worth having: as given, 0.005 of a score, or 1 % of a loss.

    Parameters
    ----------
    margin : float ≥ 0, or None for the default
    baseline_score : float
        The loss that the default is a hundredth of.
    metric : Metric
    """
    if margin is not None:
        wanted = "0 or more, the smallest lift worth having"
        require(is_number(margin, 0), f"margin={margin}", wanted, "Nothing was fitted.")
        return margin
    return 0.01 * abs(baseline_score) if metric.is_loss else 0.005


def lift_interval(
    pairs: Sequence[tuple[Fit, Fit]],
    draw: Draw,
    metric: Metric,
    confidence: float,
    random_state: int = 0,
) -> tuple[Interval, list[VarianceTerm]]:
    """Return the interval of the lift, and the variance terms that it rests on."""
    scores = np.array([[fit.score.value for fit in pair] for pair in pairs])
    lifts = scores[:, 1] - scores[:, 0]
    influence = np.mean([[fit.score.influence for fit in pair] for pair in pairs], axis=0)
    terms = _row_terms(pairs, influence[1] - influence[0], draw, random_state)
    if len(lifts) > 1:
        terms.append(intervals.seed_variance(lifts))
    interval = intervals.components_interval(float(lifts.mean()), terms, confidence)
    if metric.scorer or metric.is_loss:
        return interval, terms
    if metric.counts_rows and draw.groups is None:
        change = (influence[1] - influence[0]) * len(draw.classes) + interval.estimate
        if not interval.saw_spread or (np.abs(change) > _ROUNDING).sum() < MIN_DISCORDANT:
            gained, lost = change[change > 0].sum(), -change[change < 0].sum()
            n_rows = len(draw.classes)
            return intervals.paired_score_interval(gained, lost, n_rows, confidence), terms
    covariance = intervals.row_covariance(influence, draw.strata, draw.groups)
    covariance = covariance + intervals.seed_covariance(scores)
    means = scores.mean(axis=0)
    return intervals.widened_on_logits(interval, means, covariance, confidence), terms


def _row_terms(
    pairs: Sequence[tuple[Fit, Fit]], influence: np.ndarray, draw: Draw, random_state: int
) -> list[VarianceTerm]:
    if pairs[0][0].score_of is None:
        return intervals.row_variance(influence, draw.strata, draw.groups)

    def lift_of(rows: np.ndarray) -> float:
        return float(np.mean([t.score_of(rows) - b.score_of(rows) for b, t in pairs]))

    rng = np.random.default_rng(random_state)
    return [intervals.bootstrap_variance(lift_of, draw.strata, rng, groups=draw.groups)]


def _interval_of_equals(
    pairs: Sequence[tuple[Fit, Fit]], draw: Draw, metric: Metric, confidence: float
) -> Interval:
    """Return how large a lift may still be where no evaluation row shows a difference.

    Of n rows none is discordant: the paired score interval reaches to about ± 3.84/n at 95 %.  A
    score that rests on its classes moves by at most one row's share of the rarest; for a loss
    without bound nothing can be said.
    """
    if _are_same_function(pairs) or not metric.is_bounded:
        return Interval(0.0, 0.0, 0.0, 0.0, np.inf)
    n = len(draw.classes) if metric.is_mean_of_rows else draw.n_rarest
    n = min(n, draw.n_groups)
    return intervals.paired_score_interval(0.0, 0.0, n, confidence)


def _are_same_function(pairs: Sequence[tuple[Fit, Fit]]) -> bool:
    return all(b.digest and b.digest == t.digest for b, t in pairs)


def _reason(lack: Insufficiency | None, discordant: int, draw: Draw) -> str:
    if lack:
        return lack.reason
    n_rows = len(draw.classes)
    grouped = "" if draw.groups is None else f" in {draw.n_groups:,} groups"
    return f"{n_rows:,} evaluation rows{grouped}, the models differ on {discordant:,}"


def _needs(
    interval: Interval,
    terms: list[VarianceTerm],
    margin: float,
    draw: Draw,
    lack: Insufficiency | None,
) -> dict[str, tuple[int, int | None]] | None:
    """Say how large a new evaluation set would have to be; seeds are fitted as often as now."""
    by_seeds = sum(term.variance for term in terms if term.source == "seeds")
    by_rows = sum(term.variance for term in terms) - by_seeds
    if not interval.saw_spread or by_rows <= 0:
        return None
    found = verdicts.needed(interval, lambda factor: by_rows / factor + by_seeds, margin)
    least = lack.times_rows if lack else 1.0
    factors = [None if f is None else max(f, least) for f in found]
    if factors[0] is None:
        return None
    unit = "groups" if draw.groups is not None else "eval_rows"
    n = len(draw.classes) if draw.groups is None else len(set(draw.groups))
    return {unit: tuple(None if f is None else int(np.ceil(f * n)) for f in factors)}


def _needed_splits(
    interval: Interval, n: int, eval_to_train: float, margin: float, power: float
) -> dict[str, tuple[int, int | None]] | None:
    """More splits shrink 1/J only; the variance goes with a power of 1/J + n_eval/n_train."""

    def variance_at(factor: float) -> float:
        left = (1 / (n * factor) + eval_to_train) / (1 / n + eval_to_train)
        return interval.standard_error**2 * left**power

    factors = verdicts.needed(interval, variance_at, margin)
    if factors.even is None:
        return None
    return {"splits": tuple(None if f is None else int(np.ceil(f * n)) for f in factors)}


def _comparison(
    scores: np.ndarray,
    interval: Interval,
    margin: float,
    word: str,
    reason: str,
    needs: dict[str, tuple[int, int | None]] | None,
) -> Comparison:
    baseline_score, score = (float(mean) for mean in scores.mean(axis=0))
    return Comparison(
        score=score,
        baseline_score=baseline_score,
        lift=interval.estimate,
        ci_low=interval.low,
        ci_high=interval.high,
        verdict=word,
        margin=margin,
        reason=reason,
        n_repeats=len(scores),
        n_needed=needs,
        p_value=intervals.two_sided_p(interval),
    )
