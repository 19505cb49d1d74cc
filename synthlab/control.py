"""The real-data control: does adding synthetic rows lift the score on real eval rows?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab import guards, stats
from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.models import (
    Metric,
    default_model,
    detailed_output,
    fit_with_seed,
    get_metric,
    grade,
    output_of,
)

MIN_EVAL_POSITIVES = 20
MIN_DISCORDANT = 10
ARMS = ("real_only", "real_plus_synth")
_MEANING = {
    "helps": "the synthetic rows lift the score by more than the margin",
    "hurts": "the synthetic rows cost more than the margin",
    "noise": "no useful lift: stop generating",
    "inconclusive": "these eval rows cannot tell",
}


@dataclass(frozen=True, eq=False, repr=False)
class LiftResult(Mapping):
    """What the control answered.  Reads like the artefact: ``result["lift"]``.

    Keys
    ----
    real_only_score, real_plus_synth : float
        Mean score of each arm over the fit seeds, on the same real eval rows.
    lift : float
        real_plus_synth − real_only_score; more is better for every metric.
    ci_low, ci_high : float
        Ends of the interval of the lift.
    verdict : {"helps", "hurts", "noise", "inconclusive"}
    margin : float
        The smallest lift worth having.
    n_seeds : int
        Fits per arm; 1 where the fit does not depend on its seed.
    n_needed : int or None
        Where inconclusive: eval rows, in the same class shares, that would settle it if the
        lift stayed as it is; None where no number of eval rows would, or none is needed.

    Attributes
    ----------
    answer : dict
        The keys above.
    arms : pandas.DataFrame
        Columns ``arm``, ``seed``, ``score``, ``n_train``, ``n_synth``: a row a fit.
    reason : str
        Why the verdict is what it is.
    about : dict
        Metric, confidence, sizes, versions and fingerprints of the data.
    """

    answer: dict[str, Any]
    arms: pd.DataFrame
    reason: str
    about: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.answer[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answer)

    def __len__(self) -> int:
        return len(self.answer)

    def __repr__(self) -> str:
        return f"LiftResult: {self.sentence()}"

    def sentence(self) -> str:
        """Return the verdict with its numbers, in one sentence."""
        v = self.answer
        return (
            f"{v['verdict']}: {self.about['metric']} {v['real_only_score']:.3f} → "
            f"{v['real_plus_synth']:.3f}, lift {v['lift']:+.3f} "
            f"[{v['ci_low']:+.3f}, {v['ci_high']:+.3f}] at margin {v['margin']:g} ({self.reason})"
        )

    def frame(self) -> pd.DataFrame:
        """Return the result as a frame of one row."""
        return pd.DataFrame([{**self.answer, "reason": self.reason}])

    def to_json(self) -> str:
        """Return strict JSON: an object of ``answer``, ``reason``, ``about`` and ``arms``."""
        content = {
            "answer": self.answer,
            "reason": self.reason,
            "about": self.about,
            "arms": self.arms.to_dict("records"),
        }
        return json.dumps(content, indent=2, allow_nan=False)

    def plot(self, ax=None):
        """Draw the lift, its interval and the margin; returns the matplotlib Axes."""
        from synthlab import plots

        return plots.lift_interval(self.frame().assign(label="lift"), ax=ax)

    def _repr_html_(self) -> str:
        v = self.answer
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td style='text-align:right'>{text}</td></tr>"
            for name, text in (
                ("real only", f"{v['real_only_score']:.4f}"),
                ("real + synthetic", f"{v['real_plus_synth']:.4f}"),
                ("lift", f"{v['lift']:+.4f}"),
                (
                    f"{self.about['confidence']:.0%} interval",
                    f"{v['ci_low']:+.4f} to {v['ci_high']:+.4f}",
                ),
            )
        )
        return (
            f"<div><b>{v['verdict']}</b>: {_MEANING[v['verdict']]} "
            f"({escape(self.about['metric'])}, margin {v['margin']:g}; {escape(self.reason)})"
            f"<table>{rows}</table></div>"
        )


def evaluate_synthetic_lift(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    *,
    model: ClassifierMixin | None = None,
    scoring: str | None = None,
    n_seeds: int = 5,
    margin: float = 0.005,
    confidence: float = 0.95,
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
    scoring : str, optional
        accuracy (the default), balanced_accuracy, f1, roc_auc, average_precision,
        neg_brier_score or neg_log_loss.
    n_seeds : int ≥ 2, default 5
        Fits per arm; seed k is the same in both.  A fit that does not depend on its seed is
        found out on the second seed and not repeated.
    margin : float ≥ 0, default 0.005
        The smallest lift worth having, in units of the score.
    confidence : float in (0, 1), default 0.95
    random_state : int, default 0

    Returns
    -------
    LiftResult

    Raises
    ------
    ContaminationError
        See `guards.check_roles`.
    InputError
        Unusable labels, columns, metric, model or settings.

    Notes
    -----
    Variance: one term for each eval class, from the gradient of the score by row, averaged
    over seeds and differenced between arms, plus one for the seeds; t interval with
    Satterthwaite's degrees of freedom.  The seed-by-row interaction is counted twice, which is
    conservative.  Where fewer than 10 rows tell the arms apart, accuracy gets Tango's paired
    score interval, and other metrics no verdict.
    """
    _check_settings(n_seeds, margin, confidence)
    guards.check_roles(real_train, synth_train, real_eval)
    metric = get_metric(scoring, len(real_train.classes))
    model = default_model(real_train) if model is None else model
    arms = dict(zip(ARMS, (real_train, real_train + synth_train), strict=True))
    seeds = np.random.SeedSequence(random_state).generate_state(n_seeds).tolist()
    fits = _fit_arms(model, arms, real_eval, metric, seeds)
    values, reason = _judge(fits, real_eval, metric, margin, confidence)
    about = {
        "metric": metric.name,
        "confidence": confidence,
        "random_state": random_state,
        "n_real_train": len(real_train),
        "n_synth_train": len(synth_train),
        "n_real_eval": len(real_eval),
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(d) for d in (real_train, synth_train, real_eval)],
    }
    return LiftResult(values, _arms_frame(fits, arms, len(synth_train)), reason, about)


def fingerprint(data: Dataset) -> str:
    """Return a short digest of a data set's features, labels and origins."""
    columns = pd.DataFrame(data.X).assign(_y=data.y, _origin=data.origin)
    columns.columns = columns.columns.astype(str)
    digest = hashlib.sha256(pd.util.hash_pandas_object(columns, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


class _Fit(NamedTuple):
    score: stats.Gradient
    output: np.ndarray  # what the metric was computed from
    detail: np.ndarray  # the most that the model says, to see whether a seed changes anything


_Fits = dict[str, dict[int, _Fit]]  # arm → seed → fit


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
            fits[arm][seed] = _fit(model, train, real_eval, metric, seed)
        if count == 2 and all(_is_seedless(*by_seed.values()) for by_seed in fits.values()):
            return {arm: {seeds[0]: by_seed[seeds[0]]} for arm, by_seed in fits.items()}
    return fits


def _fit(
    model: ClassifierMixin, train: Dataset, real_eval: Dataset, metric: Metric, seed: int
) -> _Fit:
    fitted = fit_with_seed(model, train, seed)
    output = output_of(fitted, real_eval, metric.needs)
    score = grade(output, real_eval, metric, fitted.classes_)
    return _Fit(score, output, detailed_output(fitted, real_eval))


def _is_seedless(a: _Fit, b: _Fit) -> bool:
    return np.array_equal(a.detail, b.detail)


def _judge(
    fits: _Fits, real_eval: Dataset, metric: Metric, margin: float, confidence: float
) -> tuple[dict[str, Any], str]:
    """Return the answer of a `LiftResult` and the reason for its verdict."""
    pairs = list(zip(*(fits[arm].values() for arm in ARMS), strict=True))
    codes = np.unique(real_eval.y, return_inverse=True)[1]
    discordant = int(np.any([c.output != t.output for c, t in pairs], axis=0).sum())
    interval, terms = _lift_interval(pairs, codes, metric, discordant, confidence)
    caveat = _caveat(discordant, interval, np.bincount(codes), metric)
    word = "inconclusive" if caveat else stats.verdict(interval.low, interval.high, margin)
    times = stats.share_needed(interval, terms, margin) if word == "inconclusive" else None
    return {
        "real_only_score": float(np.mean([control.score.value for control, _ in pairs])),
        "real_plus_synth": float(np.mean([treated.score.value for _, treated in pairs])),
        "lift": interval.estimate,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "verdict": word,
        "margin": margin,
        "n_seeds": len(pairs),
        "n_needed": None if times is None else int(np.ceil(times * len(codes))),
    }, caveat or f"{len(codes)} eval rows, {discordant} of which tell the arms apart"


def _lift_interval(
    pairs: list[tuple[_Fit, _Fit]],
    codes: np.ndarray,
    metric: Metric,
    discordant: int,
    confidence: float,
) -> tuple[stats.Interval, list[stats.VarianceTerm]]:
    """Return the interval of the lift, and the variance terms that it rests on."""
    lifts = np.array([treated.score.value - control.score.value for control, treated in pairs])
    by_row = np.mean([t.score.by_row - c.score.by_row for c, t in pairs], axis=0)
    terms = stats.row_variance(by_row, codes)
    if len(lifts) > 1:
        terms.append(stats.seed_variance(lifts))
    lift = float(lifts.mean())
    if metric.name == "accuracy" and 0 < discordant < MIN_DISCORDANT:
        change = by_row * len(by_row) + lift  # of each row's correctness, -1 to 1
        gained, lost = change[change > 0].sum(), -change[change < 0].sum()
        return stats.paired_score_interval(gained, lost, len(by_row), confidence), terms
    return stats.components_interval(lift, terms, confidence), terms


def _caveat(
    discordant: int, interval: stats.Interval, class_counts: np.ndarray, metric: Metric
) -> str:
    """Say why no confident word may be said, if so; empty if one may."""
    if discordant == 0:
        return ""  # the arms are identical: the lift is 0 and nothing is uncertain about it
    rarest = int(class_counts.min())
    if metric.binary_only and rarest < MIN_EVAL_POSITIVES:
        return f"only {rarest} eval rows of the rarer class, {MIN_EVAL_POSITIVES} are needed"
    if metric.name == "accuracy":
        return ""  # a paired score interval stands in where few rows are discordant
    if discordant < MIN_DISCORDANT or interval.standard_error == 0:
        return f"only {discordant} eval rows tell the arms apart, {MIN_DISCORDANT} are needed"
    return ""


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


def _check_settings(n_seeds: int, margin: float, confidence: float) -> None:
    for name, value, is_fine, expected in (
        ("n_seeds", n_seeds, n_seeds >= 2, "2 or more, or chance in fitting cannot be seen"),
        ("margin", margin, margin >= 0, "0 or more, the smallest lift worth having"),
        ("confidence", confidence, 0 < confidence < 1, "between 0 and 1, such as 0.95"),
    ):
        if not is_fine:
            raise InputError(f"{name}={value}: expected {expected}.")
