"""The control for a generator: split again, fit the generator again, and compare again.

Where `control` asks about *these* synthetic rows, this asks about the recipe that made them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.control.arms import (
    ARMS,
    MIN_EVAL_POSITIVES,
    Fit,
    check_settings,
    count_discordant,
    fit_arm,
    graded,
    resolve_margin,
)
from synthlab.control.baselines import zero_cost_baselines
from synthlab.control.result import BASELINE_COLUMNS, LiftResult
from synthlab.dataset import REAL, Dataset, fingerprint
from synthlab.errors import InputError
from synthlab.generators.base import Generator
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model
from synthlab.splits import stratified_cluster_split
from synthlab.stats import intervals
from synthlab.stats.verdicts import verdict


def evaluate_generator_lift(
    real: Dataset,
    generator: Generator,
    n_synth: int,
    *,
    label: Any = None,
    clusters: np.ndarray | None = None,
    eval_share: float = 0.2,
    n_splits: int = 20,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    baselines: bool = False,
    random_state: int = 0,
) -> LiftResult:
    """Repeat split, generator and both arms; return the lift of the *generator*.

    Parameters
    ----------
    real : Dataset
        All real; each split cuts it into train and eval.
    generator : Generator
        Fitted anew on the training rows of each split: it never sees eval rows.
    n_synth : int
        Rows that it writes in each split.
    label : optional
        Let it write rows of this label alone, such as a rare class; without one it keeps the
        shares of the labels.
    clusters : array-like of int, shape (n_rows,), optional
        Rows of one cluster stay on one side; near-duplicates, or rows of one person.
    eval_share : float in (0, 1), default 0.2
    n_splits : int ≥ 2, default 20
    model, scoring, margin, confidence, random_state
        As for `lift.evaluate_synthetic_lift`.
    baselines : bool, default False
        In every split, also fit what costs nothing (see `zero_cost_baselines`), and say whether
        real + synthetic beats **every** one of them by more than the margin.

    Returns
    -------
    LiftResult
        ``n_seeds`` counts splits.

    Raises
    ------
    ContaminationError, InputError
        See `roles.check_roles`; also where the generator returns too few rows.

    Notes
    -----
    Splits of the same rows overlap: the variance is (1/J + n_eval/n_train) s² on J − 1 degrees
    of freedom (Nadeau & Bengio 2003), where positives are counted for metrics of two classes.
    Rows are never bootstrapped: repeats in training would bias the lift.
    """
    check_settings(margin, confidence, random_state, n_splits=n_splits)
    roles.require_origin(real, REAL, "is an eval set")
    n_eval = round(eval_share * len(real))
    if not 0 < n_eval < len(real):
        raise InputError(f"eval_share={eval_share}: expected rows on both sides of {len(real)}.")
    metric = get_metric(scoring, real.classes)
    model = default_model(real) if model is None else model
    clusters = np.arange(len(real)) if clusters is None else np.asarray(clusters)
    trial = _Trial(real, clusters, n_eval, generator, n_synth, label, model, metric, baselines)
    seeds = np.random.SeedSequence(random_state).generate_state(n_splits).tolist()
    splits = [trial.split(seed) for seed in seeds]
    about = {
        "metric": metric.name,
        "estimand": "B: this generator, over splits with the generator fitted in each",
        "confidence": confidence,
        "random_state": random_state,
        "n_real": len(real),
        "n_synth_train": n_synth,
        "n_real_eval": n_eval,
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(real)],
    }
    fits = [split.arms for split in splits]
    answer, reason = _judge(fits, real, n_eval, metric, margin, confidence)
    ratio = n_eval / (len(real) - n_eval)
    rivals = _rivals(splits, ratio, answer["margin"], confidence)
    answer["beats_baselines"] = bool(rivals["is_beaten"].all()) if len(rivals) else None
    return LiftResult(answer, _arms_frame(splits, trial), reason, about, rivals)


class _Split(NamedTuple):
    """What was fitted in one split: both arms, and the free controls by name."""

    seed: int
    arms: dict[str, Fit]
    rivals: dict[str, Fit]


@dataclass(frozen=True)
class _Trial:
    """All that the splits have in common."""

    real: Dataset
    clusters: np.ndarray
    n_eval: int
    generator: Generator
    n_synth: int
    label: Any
    model: ClassifierMixin
    metric: Metric
    baselines: bool

    def split(self, seed: int) -> _Split:
        """Split, fit the generator on the training side, fit all arms; everything by one seed."""
        rng = np.random.default_rng(seed)
        is_eval = stratified_cluster_split(self.real.y, self.clusters, self.n_eval, rng)
        train = self.real.take(~is_eval, "real train")
        eval = self.real.take(is_eval, "real eval")
        synth = self._sampled(train, rng)
        roles.check_roles(train, synth, eval)
        arms = {
            arm: fit_arm(self.model, rows, eval, self.metric, seed)
            for arm, rows in zip(ARMS, (train, train + synth), strict=True)
        }
        recipes = zero_cost_baselines(self.model, self.metric, train) if self.baselines else {}
        rivals = {
            name: graded(recipe(train, synth, seed), eval, self.metric)
            for name, recipe in recipes.items()
        }
        return _Split(seed, arms, rivals)

    def _sampled(self, train: Dataset, rng: np.random.Generator) -> Dataset:
        synth = self.generator.fit(train, rng).sample(self.n_synth, rng, self.label)
        if len(synth) != self.n_synth:
            raise InputError(
                f"{type(self.generator).__name__} returned {len(synth)} rows where "
                f"{self.n_synth} were asked for. A lift of fewer rows is another lift. Mend the "
                f"generator, or ask for fewer."
            )
        return synth


def _rivals(splits: list[_Split], ratio: float, margin: float, confidence: float) -> pd.DataFrame:
    """Compare real + synthetic with every free control, split by split."""
    rows = []
    for name in splits[0].rivals:
        pairs = [(split.rivals[name], split.arms["real_plus_synth"]) for split in splits]
        gains = [treated.score.value - rival.score.value for rival, treated in pairs]
        gain = intervals.repeated_split_interval(gains, ratio, confidence)
        score = float(np.mean([rival.score.value for rival, _ in pairs]))
        is_beaten = gain.standard_error > 0 and gain.low > margin
        rows.append((name, score, gain.estimate, gain.low, gain.high, is_beaten))
    return pd.DataFrame(rows, columns=BASELINE_COLUMNS)


def _judge(
    splits: list[dict[str, Fit]],
    real: Dataset,
    n_eval: int,
    metric: Metric,
    margin: float | None,
    confidence: float,
) -> tuple[dict[str, Any], str]:
    scores = pd.DataFrame({arm: [fits[arm].score.value for fits in splits] for arm in ARMS})
    lifts = (scores["real_plus_synth"] - scores["real_only"]).to_numpy()
    margin = resolve_margin(margin, float(scores["real_only"].mean()), metric)
    ratio = n_eval / (len(real) - n_eval)  # stratified: the same for positives
    interval = intervals.repeated_split_interval(lifts, ratio, confidence)
    word, reason = verdict(interval.low, interval.high, margin), f"{len(splits)} splits"
    discordant = sum(count_discordant([(f["real_only"], f["real_plus_synth"])]) for f in splits)
    rarest = round(n_eval * np.unique(real.y, return_counts=True)[1].min() / len(real))
    if metric.has_positives(len(real.classes)) and rarest < MIN_EVAL_POSITIVES:
        word, reason = "inconclusive", f"only {rarest} eval rows of the rarer class in a split"
    elif discordant and interval.standard_error == 0:
        word, reason = "inconclusive", "every split gave the same lift, so no spread is seen"
    return {
        "real_only_score": float(scores["real_only"].mean()),
        "real_plus_synth": float(scores["real_plus_synth"].mean()),
        "lift": interval.estimate,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "verdict": word,
        "margin": margin,
        "n_seeds": len(splits),
        "n_needed": _needed_splits(interval, lifts, ratio, margin, word),
    }, reason


def _needed_splits(
    interval: intervals.Interval, lifts: np.ndarray, ratio: float, margin: float, word: str
) -> dict[str, int] | None:
    """More splits shrink 1/J only; the share n_eval/n_train of the variance stays."""
    if word != "inconclusive" or interval.standard_error == 0:
        return None
    to_edge = min(abs(interval.estimate - margin), abs(interval.estimate + margin))
    t = (interval.high - interval.low) / (2 * interval.standard_error)
    room = (to_edge / t) ** 2 / lifts.var(ddof=1) - ratio
    return {"splits": int(np.ceil(1 / room))} if room > 0 else None


def _arms_frame(splits: list[_Split], trial: _Trial) -> pd.DataFrame:
    n_train = len(trial.real) - trial.n_eval
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": split.seed,
            "score": split.arms[arm].score.value,
            "n_train": n_train + trial.n_synth * (arm == "real_plus_synth"),
            "n_synth": trial.n_synth * (arm == "real_plus_synth"),
        }
        for split in splits
        for arm in ARMS
    )
