"""What a control answers: scores, lift, interval, verdict, and a card to read them from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

MEANING = {
    "helps": "the synthetic rows lift the score by more than the margin",
    "hurts": "the synthetic rows cost more than the margin",
    "no useful effect": "no lift worth having: stop generating",
    "inconclusive": "these eval rows cannot tell",
}
_COLORS = {
    "helps": "#009E73",
    "hurts": "#D55E00",
    "no useful effect": "#666666",
    "inconclusive": "#B87800",
}
#: Of the frame of free controls.
BASELINE_COLUMNS = ["control", "score", "gain", "ci_low", "ci_high", "is_beaten"]
_WIDTH, _ROW = 420, 26  # of the card's forest plot, in pixels


@dataclass(frozen=True, eq=False, repr=False)
class LiftResult(Mapping):
    """What the control answered.  Reads like the artefact: ``result["lift"]``.

    Keys
    ----
    real_only_score, real_plus_synth : float
        Mean score of each arm over its fits, on the same real eval rows.
    lift : float
        real_plus_synth − real_only_score; more is better for every metric.
    ci_low, ci_high : float
        Ends of the interval of the lift.
    verdict : {"helps", "hurts", "no useful effect", "inconclusive"}
    margin : float
        The smallest lift worth having.
    n_seeds : int
        Fits per arm (estimand A; 1 where a fit does not depend on its seed) or splits (B).
    n_needed : dict or None
        Where inconclusive: what would settle it if the lift stayed as it is, such as
        ``{"eval_rows": 2400, "eval_positives": 310}``, ``{"seeds": 12}`` or
        ``{"splits": 40}``; None where nothing more is needed, or no number of them would do.
    beats_baselines : bool or None
        Whether the lift is more than what costs nothing; None where that was not asked.

    Attributes
    ----------
    answer : dict
        The keys above.
    arms : pandas.DataFrame
        Columns ``arm``, ``seed``, ``score``, ``n_train``, ``n_synth``: a row a fit.
    reason : str
        What the verdict rests on, or why none could be given.
    about : dict
        Metric, estimand, confidence, sizes, versions and fingerprints of the data.
    baselines : pandas.DataFrame
        Columns ``control``, ``score``, ``gain`` (real + synthetic minus that control),
        ``ci_low``, ``ci_high``, ``is_beaten``: a row a free control; empty without them.
    """

    answer: dict[str, Any]
    arms: pd.DataFrame
    reason: str
    about: dict[str, Any]
    baselines: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=BASELINE_COLUMNS))

    def __getitem__(self, key: str) -> Any:
        return self.answer[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answer)

    def __len__(self) -> int:
        return len(self.answer)

    def __repr__(self) -> str:
        return f"LiftResult: {self.summary()}"

    def summary(self) -> str:
        """Return the verdict with its numbers, in one sentence."""
        v = self.answer
        return (
            f"{v['verdict']}: {self.about['metric']} {v['real_only_score']:.3f} → "
            f"{v['real_plus_synth']:.3f}, lift {v['lift']:+.3f} "
            f"[{v['ci_low']:+.3f}, {v['ci_high']:+.3f}] at margin {v['margin']:g} ({self.reason})"
        )

    def recommendation(self) -> str:
        """Return what follows from the verdict: what is free, or what is needed."""
        v = self.answer
        if v["verdict"] == "inconclusive":
            return _told_need(v["n_needed"])
        unbeaten = list(self.baselines.loc[~self.baselines["is_beaten"].astype(bool), "control"])
        if v["verdict"] != "helps" or self.baselines.empty:
            return ""
        if not unbeaten:
            return "More than what costs nothing: every free control is beaten."
        if "tuned threshold" in unbeaten:
            return "The gain is a threshold shift you can have for free (tuned threshold)."
        return f"The gain can be had for free: not shown to be more than {' or '.join(unbeaten)}."

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a frame of one row."""
        return pd.DataFrame([{**self.answer, "reason": self.reason}])

    def to_json(self) -> str:
        """Return strict JSON (no NaN).

        An object of ``answer`` (the keys above), ``reason``, ``advice``, ``about``, ``arms``
        and ``controls`` (lists of objects, one a row of the frames).
        """
        content = {
            "answer": self.answer,
            "reason": self.reason,
            "advice": self.recommendation(),
            "about": self.about,
            "arms": self.arms.to_dict("records"),
            "baselines": self.baselines.to_dict("records"),
        }
        return json.dumps(content, indent=2, allow_nan=False, default=_plain)

    def plot(self, ax=None):
        """Draw the lift, and the gain over each free control; returns the matplotlib Axes."""
        from synthlab import plots

        return plots.lift_interval(self.comparisons(), self.about["metric"], ax=ax)

    def comparisons(self) -> pd.DataFrame:
        """Return what real + synthetic is compared with, a row each, for `plots.lift_interval`."""
        v = self.answer
        keys = ("lift", "ci_low", "ci_high", "verdict")
        rows = [{"label": "real only", **{key: v[key] for key in keys}}]
        for free in self.baselines.itertuples():
            word = "helps" if free.is_beaten else "inconclusive"
            rows.append(
                {
                    "label": free.control,
                    "lift": free.gain,
                    "ci_low": free.ci_low,
                    "ci_high": free.ci_high,
                    "verdict": word,
                }
            )
        return pd.DataFrame(rows).assign(margin=v["margin"])

    def _repr_html_(self) -> str:
        v, color = self.answer, _COLORS[self.answer["verdict"]]
        advice = self.recommendation()
        return (
            f"<div style='border-left:5px solid {color};padding:2px 12px;max-width:46em'>"
            f"<b style='color:{color}'>{v['verdict']}</b>: {MEANING[v['verdict']]}<br>"
            f"{escape(self.about['metric'])}: real only <b>{v['real_only_score']:.3f}</b>, "
            f"real + synthetic <b>{v['real_plus_synth']:.3f}</b>, lift <b>{v['lift']:+.3f}</b> "
            f"({self.about['confidence']:.0%} interval {v['ci_low']:+.3f} to {v['ci_high']:+.3f}, "
            f"margin {v['margin']:g})<br>{_forest(self.comparisons())}"
            f"<small>{escape(self.reason)}. {escape(advice)}</small></div>"
        )


def _told_need(needed: dict[str, int] | None) -> str:
    if not needed:
        return "No number of eval rows or fits would settle a lift this close to the margin."
    told = " and ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in needed.items())
    return f"If the lift stayed as it is, about {told} would settle it."


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _forest(rows: pd.DataFrame) -> str:
    """Draw gains with their intervals as inline SVG: no script, no file, no text from data."""
    margin = rows["margin"].max()
    low = min(rows["ci_low"].min(), -margin) * 1.1 - 1e-9
    high = max(rows["ci_high"].max(), margin) * 1.1 + 1e-9

    def x(value: float) -> float:
        return round(150 + (value - low) / (high - low) * (_WIDTH - 160), 1)

    height = _ROW * len(rows) + 6
    parts = [
        f"<rect x='{x(-margin)}' y='0' width='{x(margin) - x(-margin):.1f}' height='{height}' "
        f"fill='#e8e8e8'/><line x1='{x(0)}' x2='{x(0)}' y1='0' y2='{height}' stroke='#888'/>"
    ]
    for number, row in enumerate(rows.itertuples()):
        y, color = _ROW * number + 16, _COLORS[row.verdict]
        parts.append(
            f"<text x='0' y='{y + 4}' font-size='12'>over {escape(row.label)}</text>"
            f"<line x1='{x(row.ci_low)}' x2='{x(row.ci_high)}' y1='{y}' y2='{y}' "
            f"stroke='{color}' stroke-width='3'/>"
            f"<circle cx='{x(row.lift)}' cy='{y}' r='5' fill='{color}'/>"
        )
    told = "; ".join(f"over {r.label} {r.lift:+.3f}" for r in rows.itertuples())
    return (
        f"<svg role='img' aria-label='gain {escape(told)}' width='{_WIDTH}' height='{height}'>"
        f"{''.join(parts)}</svg><br>"
    )
