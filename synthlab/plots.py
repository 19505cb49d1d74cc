"""Frames to pictures.  No statistics here: every number that is drawn is handed in."""

from __future__ import annotations

import base64
import io

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Colours that stay apart for colour-blind readers (Okabe & Ito 2008).
COLORS = {
    "real only": "#0072B2",
    "synthetic only": "#D55E00",
    "real + synthetic": "#009E73",
    "helps": "#009E73",
    "hurts": "#D55E00",
    "no useful effect": "#666666",
    "inconclusive": "#E69F00",
}
_FALLBACK = "#333333"
_CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^v"
_SPREAD = 0.05


def new_axes(width: float = 8.0, height: float = 4.0) -> Axes:
    """Return axes on a figure of their own, in inches, outside of pyplot's bookkeeping."""
    ax = Figure(figsize=(width, height), layout="constrained").subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def eval_slopes(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw one line a model across eval sets, each point with its interval.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``model``, ``eval``, ``score``, ``low``, ``high``; eval sets in the order of
        their first rows.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes() if ax is None else ax
    evals = list(dict.fromkeys(frame["eval"]))
    models = list(dict.fromkeys(frame["model"]))
    for number, model in enumerate(models):
        rows = frame[frame["model"] == model].set_index("eval").reindex(evals)
        x = [i + _SPREAD * (number - (len(models) - 1) / 2) for i in range(len(evals))]
        errors = [rows["score"] - rows["low"], rows["high"] - rows["score"]]
        color = COLORS.get(model, _FALLBACK)
        ax.errorbar(x, rows["score"], errors, fmt="o-", color=color, capsize=3, label=model)
    ax.set_xticks(range(len(evals)), evals)
    ax.set_xlim(-0.4, len(evals) - 0.6)
    ax.set_ylabel(metric)
    ax.grid(axis="y", alpha=0.3)
    ax.legend(title="trained on", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def eval_dots(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw one row a model, on it a point an eval set, each with its interval.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for `eval_slopes`.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    models = list(dict.fromkeys(frame["model"]))
    ax = new_axes(height=1.2 + 0.6 * len(models)) if ax is None else ax
    evals = list(dict.fromkeys(frame["eval"]))
    for number, name in enumerate(evals):
        rows = frame[frame["eval"] == name].set_index("model").reindex(models)
        y = [i + 3 * _SPREAD * (number - (len(evals) - 1) / 2) for i in range(len(models))]
        errors = [rows["score"] - rows["low"], rows["high"] - rows["score"]]
        look = {"fmt": _MARKERS[number % len(_MARKERS)], "color": _CYCLE[number % len(_CYCLE)]}
        ax.errorbar(rows["score"], y, xerr=errors, capsize=3, label=name, **look)
    ax.set_yticks(range(len(models)), models)
    ax.set_ylim(len(models) - 0.5, -0.5)
    ax.set_xlabel(metric)
    ax.grid(axis="x", alpha=0.3)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def lift_interval(frame: pd.DataFrame, metric: str = "score", ax: Axes | None = None) -> Axes:
    """Draw lifts with their intervals against zero and the margin, one row a comparison.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``lift``, ``ci_low``, ``ci_high``, ``verdict``, ``margin``.
    metric : str
        Named on the axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes(height=1.2 + 0.5 * len(frame)) if ax is None else ax
    margin = frame["margin"].max()
    ax.axvspan(-margin, margin, color="0.92", label=f"within the margin, ±{margin:g}")
    ax.axvline(0, color="0.4", linewidth=1)
    for y, row in enumerate(frame.itertuples()):
        color = COLORS.get(row.verdict, _FALLBACK)
        ax.plot([row.ci_low, row.ci_high], [y, y], color=color, linewidth=2)
        ax.plot(row.lift, y, "o", color=color)
        ax.annotate(row.verdict, (row.ci_high, y), (8, -3), textcoords="offset points", color=color)
    ax.set_yticks(range(len(frame)), frame["label"])
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlabel(f"lift in {metric} (real + synthetic − real only)")
    ax.margins(x=0.2)
    tall = ax.get_position().height * ax.figure.get_figheight()  # inches
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -min(0.35, 0.8 / tall)))
    return ax


def curves(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw one curve a label over a number of rows, on a logarithmic axis, with its band.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``n`` (> 0), ``score``, ``low``, ``high``.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes() if ax is None else ax
    labels = list(dict.fromkeys(frame["label"]))
    for number, label in enumerate(labels):
        rows = frame[frame["label"] == label].sort_values("n")
        color = COLORS.get(label, _CYCLE[number % len(_CYCLE)])
        ax.plot(rows["n"], rows["score"], "o-", color=color, label=label)
        ax.fill_between(rows["n"], rows["low"], rows["high"], color=color, alpha=0.2, linewidth=0)
    sizes = sorted(set(frame["n"]))
    ax.set(xscale="log", xlabel="training rows", ylabel=metric)
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.grid(axis="y", alpha=0.3)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def trajectories(frame: pd.DataFrame, metric: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw one line a label over the generations of a loop, with its band.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``generation``, ``score``, ``low``, ``high``.
    metric : str
        Label of the score axis.
    ax : matplotlib.axes.Axes, optional
    """
    ax = new_axes() if ax is None else ax
    for number, label in enumerate(dict.fromkeys(frame["label"])):
        rows = frame[frame["label"] == label].sort_values("generation")
        color, x = _CYCLE[number % len(_CYCLE)], rows["generation"]
        marker = _MARKERS[number % len(_MARKERS)]
        ax.plot(x, rows["score"], f"{marker}-", color=color, label=label)
        ax.fill_between(x, rows["low"], rows["high"], color=color, alpha=0.15, linewidth=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="generation", ylabel=metric)
    ax.grid(axis="y", alpha=0.3)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def describe_trajectories(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `trajectories`: each begin and end, from the same numbers."""
    lines = []
    for label, rows in frame.groupby("label", sort=False):
        ends = rows.sort_values("generation").iloc[[0, -1]]
        told = [f"{r.score:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in ends.itertuples()]
        first, last = ends["generation"]
        lines.append(f"{label}: {told[0]} in generation {first}, {told[1]} in generation {last}")
    return f"{metric} by generation. " + "; ".join(lines) + "."


def lift_grid(frame: pd.DataFrame, metric: str = "score", ax: Axes | None = None) -> Axes:
    """Draw a heat map of lifts: a row a data set, a column a recipe, a dot where it is sure.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``row``, ``column``, ``lift``, ``verdict`` (*helps* and *hurts* get a dot); rows
        and columns in the order of their first appearance.  A pair that is not there stays grey.
    metric : str
        Named beside the colours.
    ax : matplotlib.axes.Axes, optional
    """
    rows, columns = (list(dict.fromkeys(frame[side])) for side in ("row", "column"))
    size = (2.6 + 0.55 * len(columns), 1.6 + 0.19 * len(rows))
    ax = new_axes(max(6.0, size[0]), size[1]) if ax is None else ax
    lifts = frame.pivot(index="row", columns="column", values="lift").loc[rows, columns]
    most = max(float(lifts.abs().max(axis=None)), 1e-9)
    ax.set_facecolor("0.85")
    colours = {"cmap": "PuOr_r", "vmin": -most, "vmax": most, "linewidth": 0.5, "edgecolor": "w"}
    mesh = ax.pcolormesh(lifts.to_numpy(), **colours)
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


def describe_slopes(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `eval_slopes`, from the same numbers."""
    lines = [
        f"{row.model} on {row.eval}: {row.score:.3f} [{row.low:.3f}, {row.high:.3f}]"
        for row in frame.itertuples()
    ]
    return f"{metric} by model and eval set. " + "; ".join(lines).replace("\n", " ") + "."


def describe_curves(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `curves`, from the same numbers."""
    lines = [
        f"{row.label}, {row.n:,} rows: {row.score:.3f} [{row.low:.3f}, {row.high:.3f}]"
        for row in frame.itertuples()
    ]
    return f"{metric} by training rows. " + "; ".join(lines).replace("\n", " ") + "."


def describe_lifts(frame: pd.DataFrame, metric: str = "score") -> str:
    """Return alt text for `lift_interval`, from the same numbers."""
    lines = [
        f"{row.label}: {row.lift:+.3f} [{row.ci_low:+.3f}, {row.ci_high:+.3f}], {row.verdict}"
        for row in frame.itertuples()
    ]
    return f"Lift in {metric}. " + "; ".join(lines).replace("\n", " ") + "."


def describe_grid(frame: pd.DataFrame, metric: str = "score") -> str:
    """Return alt text for `lift_grid`, from the same numbers: by column."""
    lines = [
        f"{column}: median {rows['lift'].median():+.3f} of {len(rows)}, "
        f"{(rows['verdict'] == 'helps').sum()} help, {(rows['verdict'] == 'hurts').sum()} hurt"
        for column, rows in frame.groupby("column", sort=False)
    ]
    return f"Lift in {metric} by recipe. " + "; ".join(lines).replace("\n", " ") + "."


def show(ax: Axes, alt: str, dpi: int = 110) -> None:
    """Display the figure of some axes in a notebook, with alt text for those who can't see it."""
    from IPython.display import display

    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", dpi=dpi)
    png = base64.b64encode(buffer.getvalue()).decode()
    bundle = {"image/png": png, "text/plain": alt}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
