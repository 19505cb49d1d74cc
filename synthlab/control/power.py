"""Plan before you pay: the smallest lift that an eval set could show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from synthlab.errors import InputError

_METRICS = ("accuracy", "roc_auc", "average_precision")


@dataclass(frozen=True)
class Plan:
    """What an eval set can show, before anything is generated.

    Attributes
    ----------
    metric : str
    smallest_lift : float
        The true lift at which *helps* would be said with the given power.
    standard_error : float
        Of the lift, as expected.
    smallest_noise_margin : float
        The smallest margin at which *no useful effect* could be said of a lift of 0.
    assumed : dict
        Sizes, score, correlation, margin, confidence and power.
    """

    metric: str
    smallest_lift: float
    standard_error: float
    smallest_noise_margin: float
    assumed: dict[str, float]

    def summary(self) -> str:
        """Return the plan in one sentence."""
        a = self.assumed
        return (
            f"With {a['n_eval_pos']:,} positive and {a['n_eval_neg']:,} negative eval rows and "
            f"{self.metric} near {a['score']:.3g}, a lift below {self.smallest_lift:.3f} is likely "
            f"to stay inconclusive, and *no useful effect* can be said only of margins from "
            f"{self.smallest_noise_margin:.3f} on."
        )


def detectable_lift(
    n_eval_pos: int,
    n_eval_neg: int,
    metric: str = "roc_auc",
    *,
    score: float = 0.9,
    correlation: float = 0.8,
    margin: float = 0.005,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Plan:
    """Say what lift real eval rows could show, before a single row is generated.

    Parameters
    ----------
    n_eval_pos, n_eval_neg : int ≥ 1
        Real eval rows of either class.
    metric : {"accuracy", "roc_auc", "average_precision"}
    score : float in (0, 1), default 0.9
        What the control is expected to reach.
    correlation : float in [0, 1), default 0.8
        Between the two arms' errors over draws of eval rows.  Arms that share their real rows
        are alike: 0.8 is careful for many real rows, 0.5 for few.
    margin : float ≥ 0, default 0.005
    confidence, power : float in (0, 1)

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        An unknown metric, or a number outside of its range.

    Notes
    -----
    Var(lift) = 2 (1 − correlation) Var(score).  Var(score): binomial for accuracy; Hanley &
    McNeil (1982, Radiology 143:29) for the area under the ROC curve; binomial in the number of
    positives for average precision (Boyd, Eng & Page 2013,
    doi:10.1007/978-3-642-40994-3_29).  Fit seeds and training rows add to it: a plan is the
    best case.

    Examples
    --------
    >>> round(detectable_lift(258, 601, "accuracy", score=0.977, margin=0.01).smallest_lift, 3)
    0.019
    """
    _check(n_eval_pos, n_eval_neg, metric, score, correlation, margin, confidence, power)
    variance = _score_variance(n_eval_pos, n_eval_neg, metric, score)
    se = float(np.sqrt(2 * (1 - correlation) * variance))
    reach = (norm.ppf((1 + confidence) / 2) + norm.ppf(power)) * se
    two_sided = (norm.ppf((1 + confidence) / 2) + norm.ppf((1 + power) / 2)) * se
    assumed = {
        "n_eval_pos": n_eval_pos,
        "n_eval_neg": n_eval_neg,
        "score": score,
        "correlation": correlation,
        "margin": margin,
        "confidence": confidence,
        "power": power,
    }
    return Plan(metric, margin + float(reach), se, float(two_sided), assumed)


def _score_variance(n_pos: int, n_neg: int, metric: str, score: float) -> float:
    if metric == "accuracy":
        return score * (1 - score) / (n_pos + n_neg)
    if metric == "average_precision":
        return score * (1 - score) / n_pos
    both_above = score / (2 - score)
    both_below = 2 * score**2 / (1 + score)
    terms = score * (1 - score)
    terms += (n_pos - 1) * (both_above - score**2) + (n_neg - 1) * (both_below - score**2)
    return terms / (n_pos * n_neg)


def _check(n_pos, n_neg, metric, score, correlation, margin, confidence, power) -> None:
    for name, value, is_fine, expected in (
        ("metric", metric, metric in _METRICS, f"one of {', '.join(_METRICS)}"),
        ("n_eval_pos", n_pos, n_pos >= 1, "1 or more"),
        ("n_eval_neg", n_neg, n_neg >= 1, "1 or more"),
        ("score", score, 0 < score < 1, "between 0 and 1"),
        ("correlation", correlation, 0 <= correlation < 1, "0 or more and below 1"),
        ("margin", margin, margin >= 0, "0 or more"),
        ("confidence", confidence, 0 < confidence < 1, "between 0 and 1"),
        ("power", power, 0 < power < 1, "between 0 and 1"),
    ):
        if not is_fine:
            raise InputError(f"{name}={value!r}: expected {expected}. No plan can be made of it.")
