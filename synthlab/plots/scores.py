"""Scores: by evaluation set, by number of rows, by generation."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthlab.plots.canvas import WIDTH, LineEnd, label_ends, new_axes, series_looks

_SPREAD = 0.15  # between the points of one row
_TICK_WIDTH = 0.1  # of an axis, for a label


def eval_dots(
    frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None, rows: str = "model"
) -> Axes:
    """Draw a row per model with a point per evaluation set, or the other way round.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``model``, ``eval``, ``score``, ``low``, ``high``; both in the order of their
        first rows.  ``origin`` may say which hue a series gets.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    rows : {"model", "eval"}, default "model"
        What makes the rows; the other makes the points on them.
    """
    series = {"model": "eval", "eval": "model"}[rows]
    names = list(dict.fromkeys(frame[rows]))
    ax = new_axes(height=1.4 + 0.6 * len(names)) if ax is None else ax
    looks = series_looks(frame, series)
    for number, (name, look) in enumerate(looks.items()):
        found = frame[frame[series] == name].set_index(rows).reindex(names)
        y = [i + _SPREAD * (number - (len(looks) - 1) / 2) for i in range(len(names))]
        errors = [found["score"] - found["low"], found["high"] - found["score"]]
        ax.errorbar(
            found["score"], y, xerr=errors, fmt=look.marker, color=look.color, capsize=3, label=name
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(metric)
    ax.grid(axis="x", alpha=0.3)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def curves(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw a curve per label over a number of rows, on a logarithmic axis, with its band.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``n`` (> 0), ``score``, ``low``, ``high``; ``origin`` may say which hue
        a label gets.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes() if ax is None else ax
    _size_axis(ax, frame, "training rows")
    return _lines(ax, frame, "n", metric)


def curve_panels(
    panels: dict[str, pd.DataFrame],
    metric: str = "accuracy",
    size: str = "training rows",
    n_columns: int | None = None,
) -> Axes:
    """Draw `curves` of several data sets side by side, on one score axis and with one legend.

    Parameters
    ----------
    panels : dict of str to pandas.DataFrame
        By title; each as `curves` takes it, with the same labels.
    metric, size : str
        Labels of the axes.
    n_columns : int ≥ 1, optional
        Panels per row; default all.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    n_columns = n_columns or len(panels)
    n_rows = -(-len(panels) // n_columns)
    figure = Figure(figsize=(WIDTH, 1.3 + 2.6 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    axes = grid.ravel()
    for ax, (title, frame) in zip(axes, panels.items(), strict=False):
        _size_axis(ax, frame, size, n_columns)
        _draw_lines(ax, frame, "n")
        for number, line in enumerate(ax.lines):  # broad ones below, so that equal ones both show
            line.set(linewidth=max(1.5, 5 - 1.75 * number), markersize=max(4, 10 - 2.5 * number))
        ax.set_title(title, fontsize=10)
        ax.grid(axis="y", alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[len(panels) :]:
        ax.remove()
    for ax in grid[:, 0]:
        ax.set_ylabel(metric)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, ncols=2, loc="outside lower center", fontsize=9)
    return axes[0]


def trajectories(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw a line per label over the generations of a loop, with its band.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``generation``, ``score``, ``low``, ``high``; ``origin`` may say which
        hue a label gets.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes() if ax is None else ax
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("generation")
    return _lines(ax, frame, "generation", metric)


def _size_axis(ax: Axes, frame: pd.DataFrame, label: str, n_columns: int = 1) -> None:
    sizes = _apart(sorted(set(frame["n"])), _TICK_WIDTH * n_columns)
    ax.set(xscale="log", xlabel=label)
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()


def _apart(sizes: list[int], tick_width: float) -> list[int]:
    """Return the sizes whose ticks do not run into the next larger one's, on a log axis.

    A tick takes ``tick_width`` of the axis.
    """
    least = (sizes[-1] / sizes[0]) ** tick_width
    kept = sizes[-1:]
    for size in reversed(sizes[:-1]):
        if kept[0] / size >= least:
            kept.insert(0, size)
    return kept


def _lines(ax: Axes, frame: pd.DataFrame, x: str, metric: str) -> Axes:
    ends = _draw_lines(ax, frame, x)
    ax.set_ylabel(metric)
    ax.grid(axis="y", alpha=0.3)
    label_ends(ax, ends)
    return ax


def _draw_lines(ax: Axes, frame: pd.DataFrame, x: str) -> list[LineEnd]:
    """Draw a line and its band per label; return where each of them ends."""
    ends = []
    for label, look in series_looks(frame, "label").items():
        rows = frame[frame["label"] == label].sort_values(x)
        ax.plot(rows[x], rows["score"], f"{look.marker}-", color=look.color, label=label)
        ax.fill_between(
            rows[x], rows["low"], rows["high"], color=look.color, alpha=0.15, linewidth=0
        )
        ends.append(LineEnd(*rows[[x, "score"]].iloc[-1], label))
    return ends
