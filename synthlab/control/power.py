"""Plan before you pay: the smallest lift that an evaluation set could show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from synthlab.control.result import LiftResult
from synthlab.errors import InputError, is_number, is_whole, require

_METRICS = ("accuracy", "roc_auc", "average_precision")


@dataclass(frozen=True)
class DetectableLift:
    """What an evaluation set can show, before anything is generated.

    Attributes
    ----------
    metric : str
    smallest_lift : float
        The true lift at which *helps* would be said with the given power.
    standard_error : float
        Of the lift, as expected.
    smallest_margin : float
        The smallest margin at which *no useful effect* could be said of a lift of 0, with that
        power.
    assumed : dict
        Sizes, margin, confidence, power, and what the standard error comes from.
    """

    metric: str
    smallest_lift: float
    standard_error: float
    smallest_margin: float
    assumed: dict[str, Any]

    def summary(self) -> str:
        """Return the plan in one sentence."""
        a = self.assumed
        return (
            f"With {a['n_eval_pos']:,} positive and {a['n_eval_neg']:,} negative evaluation rows, "
            f"a lift in {self.metric} below {self.smallest_lift:.3f} is likely to stay "
            f"inconclusive, and *no useful effect* can be shown for margins from "
            f"{self.smallest_margin:.3f} on."
        )


def detectable_lift(
    *,
    n_eval_pos: int,
    n_eval_neg: int,
    scoring: str = "accuracy",
    discordant_share: float | None = None,
    score: float | None = None,
    correlation: float | None = None,
    pilot: LiftResult | None = None,
    margin: float = 0.005,
    confidence: float = 0.95,
    power: float = 0.8,
) -> DetectableLift:
    """Say what lift real evaluation rows could show, before a single row is generated.

    Parameters
    ----------
    n_eval_pos, n_eval_neg : int ≥ 1
        Real evaluation rows of either class.
    scoring : {"accuracy", "roc_auc", "average_precision"}, default "accuracy"
        Any other metric too, with a ``pilot``.
    discordant_share : float in (0, 1], optional
        For accuracy: the share of rows on which exactly one of the two models is right.  It
        decides what can be shown, and a guess of it is better than any rule of thumb.
    score, correlation : float in (0, 1) and [0, 1), optional
        For roc_auc and average_precision: what the baseline is expected to reach, and how both
        models' scores correlate over draws of evaluation rows: 0.8 is careful where they share
        many real rows, 0.5 where few.
    pilot : LiftResult, optional
        A control that was run at a small scale, in place of the guesses: its standard error is
        scaled to the rows at hand.
    margin : float ≥ 0, default 0.005
    confidence, power : float in (0, 1)

    Returns
    -------
    DetectableLift

    Raises
    ------
    InputError
        An unknown metric, a number outside of its range, or nothing to plan from.

    Notes
    -----
    Accuracy: Var(lift) = (share of discordant rows) / n (Connor 1987, Biometrics 43:207).  Others:
    2 (1 − correlation) Var(score), with Hanley & McNeil (1982, Radiology 143:29) for the area
    under the ROC curve and the binomial in the number of positives for average precision (Boyd,
    Eng & Page 2013, doi:10.1007/978-3-642-40994-3_29).  Fit seeds and training rows add to it,
    and a pilot counts the seeds it saw: a plan without one is the best case.

    Examples
    --------
    >>> plan = detectable_lift(n_eval_pos=258, n_eval_neg=601, discordant_share=0.1, margin=0.01)
    >>> round(plan.smallest_lift, 3)
    0.04
    """
    _check(n_eval_pos, n_eval_neg, margin, confidence, power)
    sizes = {"n_eval_pos": n_eval_pos, "n_eval_neg": n_eval_neg}
    if pilot is not None:
        scoring, se, source = pilot.provenance["metric"], _scaled(pilot, sizes), {"pilot": True}
    else:
        source = _guesses(scoring, discordant_share, score, correlation)
        se = _expected(scoring, sizes, source)
    z = norm.ppf((1 + confidence) / 2)
    assumed = sizes | source | {"margin": margin, "confidence": confidence, "power": power}
    reach, two_sided = z + norm.ppf(power), z + norm.ppf((1 + power) / 2)
    smallest = margin + float(reach * se)
    return DetectableLift(scoring, smallest, float(se), float(two_sided * se), assumed)


def _scaled(pilot: LiftResult, sizes: dict[str, int]) -> float:
    """Return a pilot's standard error at other sizes; it shrinks with the rarer class."""
    c, provenance = pilot.comparison, pilot.provenance
    half = (c.ci_high - c.ci_low) / 2
    se = half / norm.ppf((1 + provenance["confidence"]) / 2)
    require(
        se > 0,
        "pilot: its interval has no width",
        "a control whose models differ on some rows",
        "Nothing can be planned from it.",
        "Run a pilot with more evaluation rows.",
    )
    return se * float(np.sqrt(provenance["n_real_eval"] / sum(sizes.values())))


def _guesses(
    scoring: str,
    discordant_share: float | None,
    score: float | None,
    correlation: float | None,
) -> dict[str, float]:
    if scoring not in _METRICS:
        raise InputError(
            f"scoring={scoring!r}: expected one of {', '.join(_METRICS)}, or a pilot. How far such "
            f"a score varies is not known beforehand. Run a small control and pass it as pilot=."
        )
    if scoring == "accuracy":
        expected = "above 0 and up to 1: the share of rows on which exactly one model is right"
        is_fine = is_number(discordant_share, 0, 1) and discordant_share > 0
        require(is_fine, f"discordant_share={discordant_share}", expected, *_WHY)
        return {"discordant_share": discordant_share}
    is_score = is_number(score) and 0 < score < 1
    require(is_score, f"score={score}", "a number between 0 and 1", *_WHY)
    is_fine = is_number(correlation, 0) and correlation < 1
    require(is_fine, f"correlation={correlation}", "0 or more and below 1", *_WHY)
    return {"score": score, "correlation": correlation}


_WHY = ("No plan can be made without it.", "Guess it, or pass a small control as pilot=.")


def _expected(scoring: str, sizes: dict[str, int], source: dict[str, float]) -> float:
    n_pos, n_neg = sizes["n_eval_pos"], sizes["n_eval_neg"]
    if scoring == "accuracy":
        return float(np.sqrt(source["discordant_share"] / (n_pos + n_neg)))
    variance = _score_variance(n_pos, n_neg, scoring, source["score"])
    return float(np.sqrt(2 * (1 - source["correlation"]) * variance))


def _score_variance(n_pos: int, n_neg: int, metric: str, score: float) -> float:
    if metric == "average_precision":
        return score * (1 - score) / n_pos
    both_above = score / (2 - score)
    both_below = 2 * score**2 / (1 + score)
    terms = score * (1 - score)
    terms += (n_pos - 1) * (both_above - score**2) + (n_neg - 1) * (both_below - score**2)
    return terms / (n_pos * n_neg)


def _check(n_pos: int, n_neg: int, margin: float, confidence: float, power: float) -> None:
    why = "No plan can be made of it."
    for name, value in (("n_eval_pos", n_pos), ("n_eval_neg", n_neg)):
        require(is_whole(value, 1), f"{name}={value!r}", "a whole number, 1 or more", why)
    require(is_number(margin, 0), f"margin={margin!r}", "0 or more", why)
    for name, value in (("confidence", confidence), ("power", power)):
        is_share = is_number(value) and 0 < value < 1
        require(is_share, f"{name}={value!r}", "a number between 0 and 1", why)
