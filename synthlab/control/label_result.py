"""What synthetic rows are worth in real labels: the set, what it costs, and a card to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from synthlab import palette


@dataclass(frozen=True, eq=False, repr=False)
class LabelValue:
    """What synthetic rows are worth, in real labels.

    Attributes
    ----------
    low, high : int or None
        Ends of the set, rounded outward to two digits; None where it is open: below, the rows
        may be worth less than none; above, more than were at hand.  Less than none: high is 0.
    has_gaps : bool
        Whether the set is no interval, and ``low`` and ``high`` are the ends of its hull.
    curve : pandas.DataFrame
        A row a size: ``m``, ``n_real``, the real-only ``score`` with its interval ``low``,
        ``high``; ``difference``, ``difference_low``, ``difference_high`` (d(m)); ``in_set``.
    synthetic : dict
        ``score`` of the start with the synthetic rows, and its interval ``low``, ``high``.
    provenance : dict
        Metric, sizes, costs, versions and fingerprints of the data.
    """

    low: int | None
    high: int | None
    has_gaps: bool
    curve: pd.DataFrame
    synthetic: dict[str, float]
    provenance: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether the set has no lower or no upper end."""
        return self.low is None or self.high is None

    @property
    def kind(self) -> str:
        """*between*, *at least*, *at most*, *less than none* or *cannot tell*."""
        if self.high is None:
            return "cannot tell" if self.low is None else "at least"
        return "between" if self.low is not None else "at most" if self.high else "less than none"

    def in_words(self) -> str:
        """Return the set in words, such as *are worth 40 to 430 real labels*."""
        span, tried = _span(self.low, self.high), f"{self.provenance['n_tried']:,}"
        return {
            "between": f"are worth {span} real labels",
            "at least": f"are worth {span} real labels ({tried} more were at hand)",
            "at most": f"are worth {span} real labels, perhaps none or less",
            "less than none": "are worth less than none: the score is higher without them",
            "cannot tell": f"may be worth less than none or over {tried}: these data cannot tell",
        }[self.kind]

    def summary(self) -> str:
        """Return the worth in one sentence, with what it was measured on."""
        v = self.provenance
        gaps = "; not every number in between fits" if self.has_gaps else ""
        return (
            f"these {v['n_synth']:,} synthetic rows ({v['name']}) {self.in_words()}{gaps} "
            f"({v['metric']} on {v['n_real_eval']:,} real eval rows, beside {v['n_start']:,} real "
            f"training rows; {v['confidence']:.0%} confidence)"
        )

    def recommendation(self) -> str:
        """Return what is cheaper, to label or to generate; empty without costs."""
        price, spent = self.provenance["cost_per_label"], self.provenance["cost_of_rows"]
        if price is None:
            return ""
        rows = f"the synthetic rows cost {spent:,.10g}"
        if self.kind == "less than none":
            return f"{rows} and lower the score: do without them."
        if self.kind == "cannot tell":
            return f"{rows}; what as good labels would cost, these data cannot tell."
        ends = [None if end is None else end * price for end in (self.low, self.high)]
        choice = "generate" if spent < (ends[0] or 0) else "either may be cheaper"
        choice = "label" if ends[1] is not None and spent > ends[1] else choice
        labels = _span(self.low, self.high)
        return f"labelling {labels} would cost {_span(*ends)}; {rows}: {choice}."

    def to_json(self) -> str:
        """Return strict JSON (no NaN): the fields, and ``kind``, ``sentence``, ``advice``."""
        content = {
            "kind": self.kind,
            "summary": self.summary(),
            "recommendation": self.recommendation(),
        }
        content |= vars(self) | {"curve": self.curve.to_dict("records")}
        return json.dumps(content, indent=2, allow_nan=False)

    def plot(self, ax=None):
        """Draw learning curve, score with the synthetic rows, and set; return matplotlib Axes."""
        from synthlab import plots

        ax = plots.new_axes() if ax is None else ax
        v, x, y = self.provenance, self.curve["n_real"], self.synthetic
        real, both = palette.REAL, palette.BOTH
        if self.kind != "less than none":
            ends = self.low or 0, v["n_tried"] if self.high is None else self.high
            ax.axvspan(*(v["n_start"] + end for end in ends), color="0.9", label="worth the same")
        ax.fill_between(x, self.curve["low"], self.curve["high"], color=real, alpha=0.2)
        ax.plot(x, self.curve["score"], "o-", color=real, label="real only")
        ax.axhspan(y["low"], y["high"], color=both, alpha=0.2)
        ax.axhline(y["score"], color=both, label=f"{v['n_start']:,} real + synthetic")
        ax.set(xscale="log", xlabel="real training rows", ylabel=v["metric"])
        ax.set_xticks(x, [f"{size:,}" for size in x])
        ax.minorticks_off()
        ax.legend(frameon=False)
        return ax

    def __repr__(self) -> str:
        return f"LabelValue: {self.summary()}"

    def _repr_html_(self) -> str:
        style = f"border-left:5px solid {palette.BOTH};padding:2px 12px;max-width:46em"
        told = f"<b>{self.kind}</b>: {escape(self.summary())}<br>{escape(self.recommendation())}"
        return f"<div style='{style}'>{told}</div>"


def _span(low: float | None, high: float | None) -> str:
    ends = [f"{end:,.10g}" for end in (low, high) if end is not None]
    word = "at most " if low is None else "at least " if high is None else ""
    return word + " to ".join(dict.fromkeys(ends))
