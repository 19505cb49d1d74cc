"""The real-data control: does adding synthetic rows lift the score on real evaluation rows?"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.checks.leaks import Leaks, find_leaks, refuse_leaks
from synthlab.control.arms import Arm, Fit, fit_pairs, grade_model, plain_arm
from synthlab.control.baselines import zero_cost_baselines
from synthlab.control.judge import Comparison, compare_fits, resolve_margin
from synthlab.control.result import (
    AT_WEIGHT_1,
    REAL_ONLY,
    REAL_PLUS_SYNTH,
    SYNTHETIC_ONLY,
    LiftResult,
)
from synthlab.control.settings import check_settings
from synthlab.control.weights import TUNED, check_weight, choose_weight
from synthlab.dataset import Dataset, fingerprint
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model, ignores_seed


def evaluate_synthetic_lift(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    *,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    n_seeds: int = 5,
    margin: float | None = None,
    confidence: float = 0.95,
    baselines: bool = True,
    synth_weight: float | str = 1.0,
    synthetic_only: bool = False,
    stratified_eval: bool = False,
    n_looks: int = 1,
    random_state: int = 0,
) -> LiftResult:
    """Train with and without the synthetic rows; compare on the same real evaluation rows.

    The estimand is the expected lift for *these* training sets, over fit seeds and a fresh draw
    of evaluation rows, or of groups of them.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        All real, all synthetic, all real; evaluation shares no row and no group with either.
    model : scikit-learn classifier, optional
        Fitted anew in each arm with the same settings; `models.default_model` without one.
    scoring : str or callable, optional
        accuracy (the default), balanced_accuracy, f1, roc_auc, average_precision,
        neg_brier_score or neg_log_loss; or any other scorer of scikit-learn's, by name or as a
        callable, whose evaluation rows are bootstrapped (slower).
    n_seeds : int ≥ 2, default 5
        Fits per arm; seed k is the same in both.  A model that is known to ignore its seed is
        fitted once (see `models.ignores_seed`).
    margin : float ≥ 0, optional
        The smallest lift worth having, in units of the score; without it 0.005, and for losses
        (``neg_…``) 1 % of the baseline's loss.
    confidence : float in (0, 1), default 0.95
    baselines : bool, default True
        Also run the zero-cost baselines (see `baselines.zero_cost_baselines`), and say whether
        real + synthetic beats **every** one of them; none is picked on evaluation rows.
    synth_weight : float > 0 or "tuned", default 1
        Weight of a synthetic row in fitting; a real row weighs 1.  *tuned*: chosen by
        cross-validation on the real training rows (`weights.choose_weight`); what weight 1 gives
        is then shown beside it.
    synthetic_only : bool, default False
        Also train on the synthetic rows alone, and compare that with real only.
    stratified_eval : bool, default False
        Evaluation rows were drawn in fixed numbers per class.  By default the class shares are
        taken as random, which is what independent rows are.
    n_looks : int ≥ 1, default 1
        How many such results are looked at to choose from; intervals are widened so that all hold
        together.
    random_state : int ≥ 0, default 0

    Returns
    -------
    LiftResult

    Raises
    ------
    ContaminationError
        See `roles.check_roles`; or so many synthetic rows copy evaluation rows, exactly or nearly,
        that they could move the score by the margin (`leaks.find_leaks`; fewer are reported).
    InputError
        Unusable labels, columns, metric, model or settings.

    Notes
    -----
    Variance: that of the influence values of the evaluation rows (summed per group), averaged over
    seeds and differenced between arms, plus that of the seeds; t interval with Satterthwaite's
    degrees of freedom.  The seed-by-row interaction is counted twice, which is conservative.
    Scores that cannot pass 1 get an interval that leans away from it
    (`intervals.widened_on_logits`): near 1 it is wider than DeLong's, which covers too seldom
    there.  Where the models differ on fewer than 10 rows, accuracy gets Tango's paired score
    interval, and other metrics no verdict.

    Examples
    --------
    Ten classes, macro-averaged: do digits from a Gaussian mixture help beside 200 real ones?
    ``balanced_accuracy`` is the mean of the classes' recalls; scikit-learn's ``f1_macro`` and
    ``roc_auc_ovr`` work, too.

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from synthlab.generators import MixtureOfGaussians, draw
    >>> digits = Dataset(*load_digits(return_X_y=True), "real", "digits")
    >>> real_train, real_eval = digits.take(np.arange(200)), digits.take(np.arange(200, 1_797))
    >>> synth_train = draw(MixtureOfGaussians(), real_train, 400, np.random.default_rng(0))
    >>> result = evaluate_synthetic_lift(
    ...     real_train,
    ...     synth_train,
    ...     real_eval,
    ...     model=LogisticRegression(max_iter=1_000),
    ...     scoring="balanced_accuracy",
    ... )
    >>> print(result)  # doctest: +ELLIPSIS
    LiftResult: inconclusive: balanced_accuracy 0.838 → 0.833, lift -0.005 [-0.013, +0.004] ...
    """
    check_settings(margin, confidence, random_state, n_looks=(n_looks, 1), n_seeds=(n_seeds, 2))
    roles.check_roles(real_train, synth_train, real_eval)
    metric = get_metric(scoring, real_train.classes)
    model = default_model(real_train) if model is None else model
    check_weight(synth_weight, model)
    leaks = find_leaks(real_train, synth_train, real_eval, random_state=random_state)
    _refuse_large_leaks(leaks, synth_train, real_eval, metric, margin)
    weight = synth_weight
    if synth_weight == TUNED:
        weight = choose_weight(model, metric, real_train, synth_train, random_state)
    both = real_train + synth_train
    pair = plain_arm(REAL_ONLY, model, real_train), plain_arm(REAL_PLUS_SYNTH, model, both, weight)
    others = _other_treatments(model, both, synth_train, weight, synthetic_only)
    rivals = zero_cost_baselines(model, metric, real_train, synth_train) if baselines else []
    how = {"confidence": confidence, "stratified_eval": stratified_eval, "n_looks": n_looks}
    seeds = _seeds(model, len(both), n_seeds, random_state)
    trial = _Trial(real_eval, metric, seeds, how | {"random_state": random_state})
    fits = trial.fit(pair, [*others, *rivals])
    margin = resolve_margin(margin, _mean(fits[REAL_ONLY]), metric)
    lift = trial.compare(fits, REAL_ONLY, REAL_PLUS_SYNTH, margin)
    over = {arm.name: trial.compare(fits, arm.name, REAL_PLUS_SYNTH, margin) for arm in rivals}
    beside = {arm.name: trial.compare(fits, REAL_ONLY, arm.name, margin) for arm in others}
    provenance = {
        "metric": metric.name,
        "estimand": "A: these training sets, over fit seeds and a fresh draw of evaluation rows",
        "class_shares": "fixed" if stratified_eval else "random",
        "confidence": confidence,
        "n_looks": n_looks,
        "synth_weight": weight,
        "random_state": random_state,
        "n_real_train": len(real_train),
        "n_synth_train": len(synth_train),
        "n_real_eval": len(real_eval),
        "n_groups": None if real_eval.groups is None else len(set(real_eval.groups)),
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(d) for d in (real_train, synth_train, real_eval)],
    }
    frame = _arms_frame([*pair, *others, *rivals], fits, seeds)
    return LiftResult(lift, over, frame, provenance, beside, leaks)


def _refuse_large_leaks(
    leaks: Leaks, synth_train: Dataset, real_eval: Dataset, metric: Metric, margin: float | None
) -> None:
    """Refuse leaks that could move the score by the margin; smaller ones are reported."""
    smallest = 0.005 if margin is None else margin
    n = len(real_eval)
    if not metric.is_mean_of_rows:
        n = int(np.unique(real_eval.y, return_counts=True)[1].min())
    refuse_leaks(leaks, synth_train, real_eval, largest=smallest * n)


def _other_treatments(
    model: ClassifierMixin,
    both: Dataset,
    synth_train: Dataset,
    weight: float,
    synthetic_only: bool,
) -> list[Arm]:
    """Return what is shown beside real + synthetic: the same at weight 1, synthetic rows alone."""
    arms = [] if weight == 1 else [plain_arm(AT_WEIGHT_1, model, both)]
    return [*arms, plain_arm(SYNTHETIC_ONLY, model, synth_train)] if synthetic_only else arms


_Fits = dict[str, list[Fit]]  # arm → fits, by seed


class _Trial(NamedTuple):
    """What all comparisons of one control share."""

    real_eval: Dataset
    metric: Metric
    seeds: list[int]
    how: dict[str, Any]

    def fit(self, pair: tuple[Arm, Arm], others: list[Arm]) -> _Fits:
        """Fit and grade every arm by every seed."""
        fits = dict(zip((arm.name for arm in pair), fit_pairs(pair, *self[:3]), strict=True))
        for arm in others:
            models = (arm.fit(seed) for seed in self.seeds)
            graded = [grade_model(model, self.real_eval, self.metric) for model in models]
            fits[arm.name] = [fit._replace(detail=None) for fit in graded]
        return fits

    def compare(self, fits: _Fits, baseline: str, treatment: str, margin: float) -> Comparison:
        """Judge one arm against another."""
        arms = fits[baseline], fits[treatment]
        return compare_fits(*arms, self.real_eval, self.metric, margin=margin, **self.how)


def _seeds(model: ClassifierMixin, n_rows: int, n_seeds: int, random_state: int) -> list[int]:
    """Return the seeds to fit by: one where the model is known to ignore it."""
    seeds = np.random.SeedSequence(random_state).generate_state(n_seeds).tolist()
    return seeds[:1] if ignores_seed(model, n_rows) else seeds


def _mean(fits: list[Fit]) -> float:
    return float(np.mean([fit.score.value for fit in fits]))


def _arms_frame(arms: list[Arm], fits: _Fits, seeds: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": arm.name,
            "seed": seed,
            "score": fit.score.value,
            "n_train": arm.n_train,
            "n_synth": arm.n_synth,
        }
        for arm in arms
        for seed, fit in zip(seeds, fits[arm.name], strict=True)
    )
