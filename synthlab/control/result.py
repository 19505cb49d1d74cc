"""What a control answers: scores, lift, interval, verdict, and a card to read them from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import pandas as pd

from synthlab import palette
from synthlab.checks.leaks import Leaks
from synthlab.control.judge import Comparison
from synthlab.stats.verdicts import HELPS, HURTS, INCONCLUSIVE, NO_USEFUL_EFFECT

REAL_ONLY, REAL_PLUS_SYNTH, SYNTHETIC_ONLY = "real_only", "real_plus_synth", "synthetic_only"
AT_WEIGHT_1 = "real_plus_synth_at_weight_1"
MEANING = {
    HELPS: "the synthetic rows lift the score by more than the margin",
    HURTS: "the synthetic rows cost more than the margin",
    NO_USEFUL_EFFECT: "a lift worth having is ruled out: stop generating",
    INCONCLUSIVE: "these evaluation rows cannot tell",
}
_BESIDE = {SYNTHETIC_ONLY: "synthetic only", AT_WEIGHT_1: "at weight 1"}
BASELINE_COLUMNS = ["baseline", "score", "gain", "ci_low", "ci_high", "verdict"]
_WIDTH, _ROW, _NAMES, _WORDS = 560, 26, 150, 120  # of the card's forest plot, in its own units


@dataclass(frozen=True, eq=False, repr=False)
class LiftResult(Mapping):
    """What the control answered.  Reads like the artefact: ``result["lift"]``.

    Keys
    ----
    real_only_score, real_plus_synth : float
        Mean score of each arm over its fits, on the same real evaluation rows.
    lift : float
        real_plus_synth − real_only_score; more is better for every metric.
    ci_low, ci_high : float
        Ends of the interval of the lift.
    verdict : {"helps", "hurts", "no useful effect", "inconclusive"}
    margin : float
        The smallest lift worth having.
    n_repeats : int
        Fits per arm (estimand A; 1 where the model ignores its seed) or splits (B).
    n_needed : dict or None
        Where inconclusive: sizes of a new sample for an even and for a 90 % chance of a clear
        verdict, such as ``{"eval_rows": (2_400, 31_000)}``; None where nothing more is needed, or
        no size would do.
    beats_baselines : bool or None
        Whether real + synthetic *helps* over every zero-cost baseline; None where none was run.

    Attributes
    ----------
    comparison : Comparison
        Real + synthetic against real only.
    over_baselines : dict of str to Comparison
        Real + synthetic against each zero-cost baseline, by the same judge.
    arms : pandas.DataFrame
        Columns ``arm``, ``seed``, ``score``, ``n_train``, ``n_synth``: one row per arm and fit.
    provenance : dict
        Metric, estimand, confidence, sizes, versions and fingerprints of the data.
    beside : dict of str to Comparison
        Other treatments against real only, where they were asked for: synthetic rows alone, or
        real + synthetic at weight 1.
    leaks : Leaks or None
        Synthetic rows that copy evaluation rows; None where the generator never saw any (B).
    """

    comparison: Comparison
    over_baselines: dict[str, Comparison]
    arms: pd.DataFrame
    provenance: dict[str, Any]
    beside: dict[str, Comparison] = field(default_factory=dict)
    leaks: Leaks | None = None
    _values: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        c = self.comparison
        words = [other.verdict for other in self.over_baselines.values()]
        values = {"real_only_score": c.baseline_score, "real_plus_synth": c.score}
        values |= {key: getattr(c, key) for key in ("lift", "ci_low", "ci_high", "verdict")}
        values |= {key: getattr(c, key) for key in ("margin", "n_repeats", "n_needed")}
        values["beats_baselines"] = all(word == HELPS for word in words) if words else None
        object.__setattr__(self, "_values", values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"LiftResult: {self.summary()}"

    @property
    def reason(self) -> str:
        """What the verdict rests on, or why there is no clear one; and what leaked."""
        leaked = self.leaks.summary() if self.leaks else ""
        return f"{self.comparison.reason}; {leaked}" if leaked else self.comparison.reason

    @property
    def baselines(self) -> pd.DataFrame:
        """What real + synthetic gains over each zero-cost baseline, one row each.

        Columns ``baseline``, ``score`` (of the baseline), ``gain``, ``ci_low``, ``ci_high`` and
        ``verdict`` (of the gain).
        """
        rows = [
            (name, c.baseline_score, c.lift, c.ci_low, c.ci_high, c.verdict)
            for name, c in self.over_baselines.items()
        ]
        return pd.DataFrame(rows, columns=BASELINE_COLUMNS)

    def summary(self) -> str:
        """Return the verdict with its numbers, in one sentence."""
        c = self.comparison
        return (
            f"{c.verdict}: {self.provenance['metric']} {c.baseline_score:.3f} → {c.score:.3f}, "
            f"lift {c.lift:+.3f} [{c.ci_low:+.3f}, {c.ci_high:+.3f}] at margin {c.margin:g} "
            f"({self.reason})"
        )

    def recommendation(self) -> str:
        """Return what follows from the verdict; empty where it says all."""
        if self.comparison.verdict == INCONCLUSIVE:
            return _need_in_words(self.comparison.n_needed)
        if self.comparison.verdict != HELPS or not self.over_baselines:
            return ""
        unbeaten = [name for name, c in self.over_baselines.items() if c.verdict != HELPS]
        if not unbeaten:
            return "Beats every zero-cost baseline."
        return f"No evidence of a gain over {' or '.join(unbeaten)}, at no cost: use that instead."

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a frame of one row."""
        return pd.DataFrame([{**self._values, "reason": self.reason}])

    def to_json(self) -> str:
        """Return strict JSON (no NaN).

        An object of the keys above, ``reason``, ``recommendation``, ``provenance``, and ``arms``
        and ``baselines`` (lists of objects, one per row of the frames).
        """
        content = {
            **self._values,
            "reason": self.reason,
            "recommendation": self.recommendation(),
            "provenance": self.provenance,
            "arms": self.arms.to_dict("records"),
            "baselines": {name: asdict(c) for name, c in self.over_baselines.items()},
            "beside": {name: asdict(c) for name, c in self.beside.items()},
        }
        return json.dumps(content, indent=2, allow_nan=False, default=_plain)

    def plot(self, ax=None):
        """Draw the lift, and the gain over each zero-cost baseline; returns matplotlib Axes."""
        from synthlab import plots

        return plots.lift_interval(self.comparisons(), self.provenance["metric"], ax=ax)

    def comparisons(self) -> pd.DataFrame:
        """Return every comparison, one row each, for `plots.lift_interval`.

        Real + synthetic over real only and over each zero-cost baseline; then other treatments
        over real only.  Columns ``label``, ``lift``, ``ci_low``, ``ci_high``, ``verdict`` and
        ``margin``.
        """
        keys = ("lift", "ci_low", "ci_high", "verdict", "margin")
        every = {"over real only": self.comparison}
        every |= {f"over {name}": c for name, c in self.over_baselines.items()}
        every |= {_BESIDE[name]: c for name, c in self.beside.items()}
        rows = [{"label": name, **{k: getattr(c, k) for k in keys}} for name, c in every.items()]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        c = self.comparison
        return (
            f"<div style='border-left:5px solid {palette.BOTH};padding:2px 12px;max-width:46em'>"
            f"<b>{c.verdict}</b>: {MEANING[c.verdict]}<br>"
            f"{escape(self.provenance['metric'])}: real only <b>{c.baseline_score:.3f}</b>, "
            f"real + synthetic <b>{c.score:.3f}</b>, lift <b>{c.lift:+.3f}</b> "
            f"({self.provenance['confidence']:.0%} interval {c.ci_low:+.3f} to {c.ci_high:+.3f}, "
            f"margin {c.margin:g})<br>{_forest(self.comparisons())}"
            f"<small>{escape(self.reason)}. {escape(self.recommendation())}</small></div>"
        )


def _need_in_words(needed: dict[str, tuple[int, int | None]] | None) -> str:
    if not needed:
        return "More of the same is unlikely to give a clear verdict."
    (what, (even, likely)) = next(iter(needed.items()))
    what = {"eval_rows": "evaluation rows"}.get(what, what)
    told = f"An even chance of a clear verdict takes about {even:,} {what}"
    return f"{told}, a 90 % chance {likely:,}." if likely else f"{told}; 90 % are out of reach."


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _forest(rows: pd.DataFrame) -> str:
    """Draw gains with their intervals as inline SVG: no script, no file, no text from data.

    It scales with the page; verdicts stand in a column of their own, in black.
    """
    margin = rows["margin"].max()
    low = min(rows["ci_low"].min(), -margin) * 1.1 - 1e-9
    high = max(rows["ci_high"].max(), margin) * 1.1 + 1e-9
    room = _WIDTH - _NAMES - _WORDS - 10

    def x(value: float) -> float:
        return round(_NAMES + (value - low) / (high - low) * room, 1)

    height = _ROW * len(rows) + 6
    parts = [
        f"<rect x='{x(-margin)}' y='0' width='{x(margin) - x(-margin):.1f}' height='{height}' "
        f"fill='#e8e8e8'/><line x1='{x(0)}' x2='{x(0)}' y1='0' y2='{height}' stroke='#888'/>"
    ]
    for number, row in enumerate(rows.itertuples()):
        y = _ROW * number + 16
        parts.append(
            f"<text x='0' y='{y + 4}' font-size='13'>{escape(row.label)}</text>"
            f"<line x1='{x(row.ci_low)}' x2='{x(row.ci_high)}' y1='{y}' y2='{y}' "
            f"stroke='{palette.BOTH}' stroke-width='3'/>"
            f"<circle cx='{x(row.lift)}' cy='{y}' r='5' fill='{palette.BOTH}'/>"
            f"<text x='{_WIDTH - _WORDS}' y='{y + 4}' font-size='13'>{row.verdict}</text>"
        )
    told = "; ".join(f"{r.label} {r.lift:+.3f}, {r.verdict}" for r in rows.itertuples())
    return (
        f"<svg role='img' aria-label='gain {escape(told)}' viewBox='0 0 {_WIDTH} {height}' "
        f"style='width:100%;max-width:{_WIDTH}px;height:auto'>{''.join(parts)}</svg><br>"
    )
