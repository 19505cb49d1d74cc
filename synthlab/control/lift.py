"""The real-data control: does adding synthetic rows lift the score on real eval rows?"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.control.arms import (
    ARMS,
    Fit,
    check_settings,
    count_discordant,
    find_insufficiency,
    fit_arm,
    graded,
    lift_interval,
    resolve_margin,
)
from synthlab.control.baselines import Recipe, zero_cost_baselines
from synthlab.control.result import BASELINE_COLUMNS, LiftResult
from synthlab.dataset import Dataset, fingerprint
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model
from synthlab.stats.verdicts import Needed, needed, verdict

_BASELINE_COLUMNS = BASELINE_COLUMNS[:-1]  # whether it is beaten is said once the margin is known


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
    random_state: int = 0,
) -> LiftResult:
    """Train with and without the synthetic rows; compare on the same real eval rows.

    The estimand is the expected lift for *these* training sets, over fit seeds and a fresh
    draw of eval rows in the same class shares.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        All real, all synthetic, all real; eval shares no row with either.
    model : scikit-learn classifier, optional
        Fitted anew in each arm with the same settings; `models.default_model` without one.
    scoring : str or callable, optional
        accuracy (the default), balanced_accuracy, f1, roc_auc, average_precision,
        neg_brier_score or neg_log_loss; or any other scorer of scikit-learn's, by name or as a
        callable, whose eval rows are bootstrapped, class by class (slower).
    n_seeds : int ≥ 2, default 5
        Fits per arm; seed k is the same in both.  A fit that does not depend on its seed is
        found out on the second seed and not repeated.
    margin : float ≥ 0, optional
        The smallest lift worth having, in units of the score; without it 0.005, and for losses
        (``neg_…``) 1 % of the control's loss.
    confidence : float in (0, 1), default 0.95
    baselines : bool, default True
        Also run what costs nothing (see `zero_cost_baselines`), and say whether real + synthetic
        beats **every** one of them by more than the margin; none is picked on eval.
    random_state : int, default 0

    Returns
    -------
    LiftResult

    Raises
    ------
    ContaminationError
        See `roles.check_roles`.
    InputError
        Unusable labels, columns, metric, model or settings.

    Notes
    -----
    Variance: one term for each eval class, from the gradient of the score by row, averaged
    over seeds and differenced between arms, plus one for the seeds; t interval with
    Satterthwaite's degrees of freedom.  The seed-by-row interaction is counted twice, which is
    conservative.  Scores that cannot pass 1 get an interval that leans away from it
    (`intervals.widened_on_logits`).  Where fewer than 10 rows tell the arms apart, accuracy gets
    Tango's paired score interval, and other metrics no verdict.
    """
    check_settings(margin, confidence, random_state, n_seeds=n_seeds)
    roles.check_roles(real_train, synth_train, real_eval)
    metric = get_metric(scoring, real_train.classes)
    model = default_model(real_train) if model is None else model
    arms = dict(zip(ARMS, (real_train, real_train + synth_train), strict=True))
    seeds = np.random.SeedSequence(random_state).generate_state(n_seeds).tolist()
    fits = _fit_arms(model, arms, real_eval, metric, seeds)
    control_score = np.mean([fit.score.value for fit in fits["real_only"].values()])
    margin = resolve_margin(margin, float(control_score), metric)
    answer, reason = _judge(fits, real_eval, metric, margin, confidence, random_state)
    rivals = pd.DataFrame(columns=_BASELINE_COLUMNS)
    if baselines:
        sets = (real_train, synth_train, real_eval)
        recipes = zero_cost_baselines(model, metric, real_train)
        rivals = _rivals(recipes, fits, sets, metric, confidence, random_state)
    rivals["is_beaten"] = rivals["ci_low"] > margin
    answer["beats_baselines"] = bool(rivals["is_beaten"].all()) if len(rivals) else None
    about = {
        "metric": metric.name,
        "estimand": "A: these training sets, over fit seeds and a fresh draw of eval rows",
        "confidence": confidence,
        "random_state": random_state,
        "n_real_train": len(real_train),
        "n_synth_train": len(synth_train),
        "n_real_eval": len(real_eval),
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(d) for d in (real_train, synth_train, real_eval)],
    }
    return LiftResult(answer, _arms_frame(fits, arms, len(synth_train)), reason, about, rivals)


_Fits = dict[str, dict[int, Fit]]  # arm → seed → fit


def _fit_arms(
    model: ClassifierMixin,
    arms: dict[str, Dataset],
    real_eval: Dataset,
    metric: Metric,
    seeds: list[int],
) -> _Fits:
    """Fit and grade every arm by every seed; once if the seed makes no difference."""
    fits: _Fits = {arm: {} for arm in arms}
    for count, seed in enumerate(seeds, start=1):
        for arm, train in arms.items():
            fits[arm][seed] = fit_arm(model, train, real_eval, metric, seed)
        if count == 2 and all(_is_seedless(*by_seed.values()) for by_seed in fits.values()):
            return {arm: {seeds[0]: by_seed[seeds[0]]} for arm, by_seed in fits.items()}
        if count > 1:  # details hold models and eval rows, which nobody needs any more
            for by_seed in fits.values():
                by_seed.update({s: fit._replace(detail=None) for s, fit in by_seed.items()})
    return fits


def _is_seedless(a: Fit, b: Fit) -> bool:
    return np.array_equal(a.detail(), b.detail())


def _rivals(
    recipes: dict[str, Recipe],
    fits: _Fits,
    sets: tuple[Dataset, Dataset, Dataset],
    metric: Metric,
    confidence: float,
    random_state: int,
) -> pd.DataFrame:
    """Compare real + synthetic with every free control, seed by seed."""
    real_train, synth_train, real_eval = sets
    codes = np.unique(real_eval.y, return_inverse=True)[1]
    rows = []
    for name, recipe in recipes.items():
        pairs = [
            (graded(recipe(real_train, synth_train, seed), real_eval, metric), treated)
            for seed, treated in fits["real_plus_synth"].items()
        ]
        discordant = count_discordant(pairs)
        gain, _ = lift_interval(pairs, codes, metric, discordant, confidence, random_state)
        score = float(np.mean([control.score.value for control, _ in pairs]))
        rows.append((name, score, gain.estimate, gain.low, gain.high))
    return pd.DataFrame(rows, columns=_BASELINE_COLUMNS)


def _judge(
    fits: _Fits,
    real_eval: Dataset,
    metric: Metric,
    margin: float,
    confidence: float,
    random_state: int,
) -> tuple[dict[str, Any], str]:
    """Return the answer of a `LiftResult` and the reason for its verdict."""
    pairs = list(zip(*(fits[arm].values() for arm in ARMS), strict=True))
    codes = np.unique(real_eval.y, return_inverse=True)[1]
    discordant = count_discordant(pairs)
    interval, terms = lift_interval(pairs, codes, metric, discordant, confidence, random_state)
    doubt = find_insufficiency(discordant, interval, np.bincount(codes), metric)
    word = "inconclusive" if doubt else verdict(interval.low, interval.high, margin)
    needs = None
    if word == "inconclusive":
        found = needed(interval, terms, margin) or Needed(1.0, 1.0)
        times = max(found.rows, doubt.times_rows if doubt else 1.0)
        needs = _counted(times, found.seeds, codes, len(pairs))
    return (
        {
            "real_only_score": float(np.mean([control.score.value for control, _ in pairs])),
            "real_plus_synth": float(np.mean([treated.score.value for _, treated in pairs])),
            "lift": interval.estimate,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "verdict": word,
            "margin": margin,
            "n_seeds": len(pairs),
            "n_needed": needs,
        },
        doubt.reason
        if doubt
        else f"{len(codes)} eval rows, {discordant} of which tell the arms apart",
    )


def _counted(
    times_rows: float, times_seeds: float, codes: np.ndarray, n_seeds: int
) -> dict[str, int] | None:
    """Turn factors into counts of eval rows and seeds; only what has to grow is named."""
    needs = {}
    if times_rows > 1:
        needs["eval_rows"] = int(np.ceil(times_rows * len(codes)))
        if len(np.unique(codes)) == 2:
            needs["eval_positives"] = int(np.ceil(times_rows * codes.sum()))
    if times_seeds > 1:
        needs["seeds"] = int(np.ceil(times_seeds * n_seeds))
    return needs or None


def _arms_frame(fits: _Fits, arms: dict[str, Dataset], n_synth: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": seed,
            "score": fit.score.value,
            "n_train": len(arms[arm]),
            "n_synth": n_synth if arm == "real_plus_synth" else 0,
        }
        for arm, by_seed in fits.items()
        for seed, fit in by_seed.items()
    )
