"""Pictures of corners and middle: frames in, axes out, and alt text from the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthlab import palette
from synthlab.dataset import REAL, Dataset

WIDTH = 6.5  # inches
_LINES = {"corners": ("-", "o"), "middle": (":", "s"), "anywhere": ("--", "^")}
_CALLED = {"corners": "corner rows", "middle": "middle rows", "anywhere": "unaimed rows"}


def plane_panels(panels: dict[str, Dataset]) -> Axes:
    """Draw rows of two features, a panel per set: filled dots are the second label.

    Parameters
    ----------
    panels : dict of str to Dataset
        By title; the hue is the origin.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    figure = Figure(figsize=(WIDTH, WIDTH / len(panels) + 0.5), layout="constrained")
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (title, rows) in zip(axes, panels.items(), strict=True):
        points, is_second = np.asarray(rows.X, float), rows.y == rows.classes[-1]
        color = palette.REAL if (rows.origin == REAL).all() else palette.SYNTHETIC
        for mask, face in ((~is_second, "none"), (is_second, color)):
            ax.scatter(*points[mask].T, s=9, facecolor=face, edgecolor=color, linewidth=0.7)
        ax.set_title(title, fontsize=9)
        ax.set_aspect("equal")
        ax.tick_params(labelsize=8)
    return axes[0]


def decile_panels(panels: dict[str, pd.DataFrame], margin: float, loss: str) -> Axes:
    """Draw lift by decile of density, a panel per kind of labels, a line per aim.

    Parameters
    ----------
    panels : dict of str to pandas.DataFrame
        By title; columns ``at`` ("corners", "middle" or "anywhere"), ``region`` ("bin 1" is the
        densest), ``lift``, ``ci_low``, ``ci_high``.
    margin : float
        Drawn as a band about 0.
    loss : str
        Named on the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (title, frame) in zip(axes, panels.items(), strict=True):
        ax.axhspan(-margin, margin, color="0.93")
        ax.axhline(0, color="0.4", linewidth=1)
        for at, rows in frame[frame["region"].str.startswith("bin")].groupby("at", sort=False):
            _decile_line(ax, at, rows)
        ax.set_title(title, fontsize=9)
        ax.set_xlabel("decile of density, from middle to corners", fontsize=8)
        ax.set_xticks([1, 4, 7, 10])
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=8)
    axes[0].set_ylabel(f"lift in {loss}", fontsize=8)
    axes[0].legend(frameon=False, fontsize=8, loc="upper left")
    return axes[0]


def _decile_line(ax: Axes, at: str, rows: pd.DataFrame) -> None:
    x = rows["region"].str.removeprefix("bin ").astype(int)
    style, marker = _LINES[at]
    look = {"color": palette.BOTH, "linestyle": style, "marker": marker, "markersize": 4}
    ax.plot(x, rows["lift"], label=_CALLED[at], **look)
    ax.fill_between(x, rows["ci_low"], rows["ci_high"], color=palette.BOTH, alpha=0.12, linewidth=0)


def describe_deciles(panels: dict[str, pd.DataFrame]) -> str:
    """Return alt text for `decile_panels`: the lift in the densest and the sparsest decile."""
    lines = []
    for title, frame in panels.items():
        for at, rows in frame.groupby("at", sort=False):
            lifts = rows.set_index("region")["lift"]
            ends = f"{lifts['bin 1']:+.3f} in the densest decile, {lifts['bin 10']:+.3f} in the"
            lines.append(f"{title}, {_CALLED[at]}: {ends} sparsest")
    return "Lift by decile of density. " + "; ".join(lines) + "."


def break_even_curve(frame: pd.DataFrame) -> Axes:
    """Draw the share of wrong labels at which corner rows stop helping, by real rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Index: number of real rows; columns ``share``, ``low``, ``high`` (nan where open: drawn to
        the axis' end).
    """
    ax = Figure(figsize=(WIDTH, 3.0), layout="constrained").subplots()
    low, high = frame["low"].fillna(0.0), frame["high"].fillna(1.0)
    known = frame[frame["share"].notna()]
    ax.vlines(frame.index, low, high, color=palette.BOTH, linewidth=2)
    ax.plot(known.index, known["share"], "o-", color=palette.BOTH)
    for n, row in known.iterrows():
        ax.annotate(f"{row['share']:.0%}", (n, row["share"]), (7, 3), textcoords="offset points")
    ax.set(xscale="log", xlabel="real training rows", ylabel="wrong labels at break-even")
    ax.set_xticks(frame.index, [f"{n:,}" for n in frame.index])
    ax.minorticks_off()
    ax.set_ylim(0, min(1.0, 1.15 * float(known[["share", "high"]].max().max())))
    ax.yaxis.set_major_formatter("{x:.0%}")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def describe_break_even(frame: pd.DataFrame) -> str:
    """Return alt text for `break_even_curve`."""
    told = [
        f"{n:,} real rows: {row.share:.0%} [{_end(row.low)}, {_end(row.high)}]"
        for n, row in frame.iterrows()
    ]
    return "Share of wrong labels at which corner rows stop helping. " + "; ".join(told) + "."


def _end(share: float) -> str:
    return "open" if np.isnan(share) else f"{share:.0%}"


def message_dots(frame: pd.DataFrame, recall: float) -> Axes:
    """Draw gains in specificity, a row per set of added messages; the hue is their origin.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``origin``, ``lift``, ``ci_low``, ``ci_high``, in order.
    recall : float
        That both models reach.
    """
    ax = Figure(figsize=(WIDTH, 1.2 + 0.3 * len(frame)), layout="constrained").subplots()
    ax.axvline(0, color="0.4", linewidth=1)
    for y, row in enumerate(frame.itertuples()):
        color = palette.REAL if row.origin == REAL else palette.SYNTHETIC
        ax.plot([row.ci_low, row.ci_high], [y, y], color=color, linewidth=2)
        ax.plot(row.lift, y, "o", color=color)
    ax.set_yticks(range(len(frame)), frame["label"], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel(f"more hard ham delivered, at {recall:.0%} of spam caught (share)", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def describe_messages(frame: pd.DataFrame) -> str:
    """Return alt text for `message_dots`."""
    told = [
        f"{row.label}: {row.lift:+.3f} [{row.ci_low:+.3f}, {row.ci_high:+.3f}]"
        for row in frame.itertuples()
    ]
    return "Gain in specificity on hard ham. " + "; ".join(told) + "."
