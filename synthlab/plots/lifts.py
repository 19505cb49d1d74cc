"""Lifts: with intervals and verdicts, and as a map of many."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from synthlab.palette import BOTH, INK, NEUTRAL
from synthlab.plots.canvas import WIDTH, new_axes


def lift_interval(frame: pd.DataFrame, metric: str = "score", ax: Axes | None = None) -> Axes:
    """Draw lifts with their intervals against zero and the margin, a row per comparison.

    The verdicts stand in a column of their own, to the right of the axes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``lift``, ``ci_low``, ``ci_high``, ``verdict``, ``margin``.
    metric : str
        Named on the axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes(height=1.7 + 0.4 * len(frame)) if ax is None else ax
    margin = frame["margin"].max()
    ax.axvspan(-margin, margin, color="0.92", label=f"within the margin, ±{margin:g}")
    ax.axvline(0, color=NEUTRAL, linewidth=1)
    y = range(len(frame))
    ax.hlines(y, frame["ci_low"], frame["ci_high"], color=BOTH, linewidth=2)
    ax.plot(frame["lift"], y, "o", color=BOTH)
    for row, verdict in zip(y, frame["verdict"], strict=True):
        about = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 9}
        ax.text(1.02, row, verdict, color=INK, **about)
    ax.set_yticks(y, frame["label"])
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlabel(f"lift in {metric} (real + synthetic − real only)")
    ax.figure.legend(frameon=False, loc="outside lower center")
    return ax


def lift_grid(frame: pd.DataFrame, metric: str = "score", ax: Axes | None = None) -> Axes:
    """Draw a heat map of lifts: a row per data set, a column per recipe, a dot where it is sure.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``row``, ``column``, ``lift``, ``verdict`` (*helps* and *hurts* get a dot); rows
        and columns in the order of their first appearance.  A pair that is not there stays gray.
    metric : str
        Named beside the colors: green is a gain, pink a loss.
    ax : matplotlib.axes.Axes, optional
    """
    rows, columns = (list(dict.fromkeys(frame[side])) for side in ("row", "column"))
    ax = new_axes(WIDTH, 1.6 + 0.19 * len(rows)) if ax is None else ax
    lifts = frame.pivot(index="row", columns="column", values="lift").loc[rows, columns]
    most = max(float(lifts.abs().max(axis=None)), 1e-9)
    ax.set_facecolor("0.85")
    colors = {"cmap": "PiYG", "vmin": -most, "vmax": most, "linewidth": 0.5, "edgecolor": "w"}
    mesh = ax.pcolormesh(lifts.to_numpy(), **colors)
    sure = frame[frame["verdict"].isin(["helps", "hurts"])]
    x, y = (
        [names.index(one) + 0.5 for one in sure[side]]
        for side, names in (("column", columns), ("row", rows))
    )
    ax.plot(x, y, "k.", markersize=4)
    ax.set_xticks([i + 0.5 for i in range(len(columns))], columns, rotation=40, ha="right")
    ax.set_yticks([i + 0.5 for i in range(len(rows))], rows, fontsize=8)
    ax.set_ylim(len(rows), 0)
    ax.figure.colorbar(mesh, ax=ax, label=f"lift in {metric}", shrink=0.6)
    return ax
