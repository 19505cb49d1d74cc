"""Frames to pictures of suites.  No statistics here: every number that is drawn is handed in."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthlab import palette

_WIDTH = 6.5  # inches
_COLUMNS = 3
_LINES = ("o-", "s--", "^:")
_SMALL = {"fontsize": 7}


def failure_dots(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a row per suite: its failure rate and interval beside the error on real rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        From the top: ``label``, ``rate``, ``low``, ``high``, ``real_error`` (shares) and
        ``verdict``, a word or two; ``example`` may follow, the smallest failing input.
    ax : matplotlib.axes.Axes, optional
    """
    ax = _axes(1.1 + 0.42 * len(frame)) if ax is None else ax
    y = range(len(frame))
    rate, low, high = (100 * frame[name].to_numpy() for name in ("rate", "low", "high"))
    ax.hlines(y, 100 * frame["real_error"], rate, color="0.85", linewidth=4, zorder=0)
    errors = [(rate - low).clip(0), (high - rate).clip(0)]
    about = {"fmt": "o", "color": palette.SYNTHETIC, "capsize": 3, "label": "failures on the suite"}
    ax.errorbar(rate, y, xerr=errors, **about)
    label = "error on real evaluation mail, same class"
    ax.plot(100 * frame["real_error"], y, "|", color=palette.REAL, ms=14, mew=3, label=label)
    ax.set_yticks(y, frame["label"])
    ax.set_ylim(len(frame) - 0.5, -0.7)
    ax.set_xlim(left=0)
    for row, line in zip(y, frame.itertuples(), strict=True):
        about = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 8}
        ax.text(1.02, row, line.verdict, color=palette.INK, **about)
        example = getattr(line, "example", "")
        if example:
            ax.text(-0.015, row + 0.36, example, ha="right", color=palette.MUTED, **about | _SMALL)
    ax.set_xlabel("failures, % of cases")
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.4 / len(frame) - 0.06))
    return ax


def agreement_dots(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a row per suite: how its ranks of models correlate with the judge's.

    Parameters
    ----------
    frame : pandas.DataFrame
        From the top: ``label``, ``origin`` ("synthetic" for suites), ``correlation``, ``low``,
        ``high`` and ``verdict``, a word or two.
    ax : matplotlib.axes.Axes, optional
    """
    ax = _axes(1.2 + 0.27 * len(frame)) if ax is None else ax
    ax.axvline(0, color=palette.NEUTRAL, linewidth=1)
    for row, line in enumerate(frame.itertuples()):
        color = palette.COLORS[line.origin]
        ax.plot([line.low, line.high], [row, row], color=color, linewidth=2)
        ax.plot(line.correlation, row, "o", color=color)
        about = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 8}
        ax.text(1.02, row, line.verdict, color=palette.INK, **about)
    ax.set_yticks(range(len(frame)), frame["label"])
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set(xlim=(-1, 1), xticks=[-1, -0.5, 0, 0.5, 1])
    ax.set_xlabel("rank correlation with the error on real hard mail")
    return ax


def dose_panels(frame: pd.DataFrame) -> Figure:
    """Draw failure rate against dose: a panel per family, a line per model.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``suite``, ``unit`` (what its dose counts), ``model`` (three at most), ``dose``,
        ``failure_rate``, ``ci_low``, ``ci_high``; families and models in order of appearance.
    """
    families, models = (list(dict.fromkeys(frame[name])) for name in ("suite", "model"))
    n_rows = -(-len(families) // _COLUMNS)
    figure = Figure(figsize=(_WIDTH, 0.5 + 1.9 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False).ravel()
    for ax, family in zip(panels, families, strict=False):
        rows = frame[frame["suite"] == family]
        _dose_panel(ax, rows, models)
        ax.set_title(family, fontsize=9)
    for ax in panels[len(families) :]:
        ax.set_axis_off()
    for ax in panels[::_COLUMNS]:
        ax.set_ylabel("failures, %")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(models), frameon=False)
    return figure


def describe_failures(frame: pd.DataFrame) -> str:
    """Return alt text for `failure_dots`, from the same numbers."""
    lines = [
        f"{row.label}: {row.rate:.1%} [{row.low:.1%}, {row.high:.1%}] against {row.real_error:.1%} "
        f"on real mail, {row.verdict}"
        for row in frame.itertuples()
    ]
    return "Failure rate by suite. " + "; ".join(lines) + "."


def describe_agreement(frame: pd.DataFrame) -> str:
    """Return alt text for `agreement_dots`, from the same numbers."""
    lines = [
        f"{row.label}: {row.correlation:+.2f} [{row.low:+.2f}, {row.high:+.2f}], {row.verdict}"
        for row in frame.itertuples()
    ]
    return "Rank correlation with the error on real hard mail. " + "; ".join(lines) + "."


def describe_doses(frame: pd.DataFrame) -> str:
    """Return alt text for `dose_panels`: each curve's two ends, from the same numbers."""
    lines = []
    for (family, model), rows in frame.groupby(["suite", "model"], sort=False):
        ends = rows.sort_values("dose").iloc[[0, -1]]
        told = [f"{row.failure_rate:.0%} at {row.dose:g}" for row in ends.itertuples()]
        lines.append(f"{family}, {model}: {told[0]}, {told[1]} {ends['unit'].iloc[0]}")
    return "Failure rate by dose. " + "; ".join(lines) + "."


def _dose_panel(ax: Axes, rows: pd.DataFrame, models: list[str]) -> None:
    for model, line in zip(models, _LINES, strict=False):
        curve = rows[rows["model"] == model].sort_values("dose")
        low, rate, high = (100 * curve[name] for name in ("ci_low", "failure_rate", "ci_high"))
        fill = "full" if model == models[0] else "none"
        look = {"color": palette.SYNTHETIC, "markersize": 4, "fillstyle": fill, "label": model}
        ax.plot(curve["dose"], rate, line, **look)
        ax.fill_between(curve["dose"], low, high, color=palette.SYNTHETIC, alpha=0.15, linewidth=0)
    if rows["dose"].max() > 1:
        ax.set_xscale("log")
        ticks = sorted(set(rows["dose"]))[:: 1 if rows["dose"].nunique() < 5 else 2]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
    ax.set_xlabel(rows["unit"].iloc[0], fontsize=8)
    ax.set_ylim(-3, 103)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)


def _axes(height: float) -> Axes:
    ax = Figure(figsize=(_WIDTH, height), layout="constrained").subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return ax
