"""What a generator costs and what it gives away, in one picture."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from synthlab.palette import INK, REAL
from synthlab.plots.canvas import Look, new_axes, series_looks

_CHANCE = 0.5  # AUC of a ranking that knows nothing
_BESIDE, _LEVEL = 6, -3  # of a point's label, in points
_LINE, _WORD = 10, 40  # that labels take, in points


def trade_off(frame: pd.DataFrame, real_score: float, ax: Axes | None = None) -> Axes:
    """Draw what a model learns against what an attacker gains: one path per generator.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per point: ``kind`` of generator, ``label`` of the point, ``origin`` of what is
        published, and ``score`` and ``advantage``, each with ``_low`` and ``_high``.  A path joins
        the points of a kind in their order.
    real_score : float
        Of the model trained on real rows.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Better is up and to the left.
    """
    ax = new_axes(height=4.8) if ax is None else ax
    ax.axhline(real_score, color=REAL, linewidth=1.5)
    ax.annotate(
        "model trained on real rows", (0.99, real_score), (0, 3), color=REAL, ha="right",
        xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=9,
    )  # fmt: skip
    ax.axvline(0, color="0.6", linewidth=1)
    looks = series_looks(frame, "kind")
    for name, rows in frame.groupby("kind", sort=False):
        _draw_path(ax, rows, looks[name], name)
    ax.set_xlabel("advantage of the best attack, targets − controls (95 % interval)")
    ax.set_ylabel("AUC on held-out real rows (95 % interval)")
    ax.margins(x=0.12, y=0.08)
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, _CHANCE), min(high, 1.0))  # where few repeats make intervals absurd
    _label_points(ax, frame)
    ax.legend(frameon=False, loc="lower right")
    return ax


def describe_trade_off(frame: pd.DataFrame, real_score: float) -> str:
    """Return alt text for `trade_off`, from the same numbers: each path, from end to end."""
    paths = []
    for name, rows in frame.groupby("kind", sort=False):
        ends = rows.iloc[[0, -1]] if len(rows) > 1 else rows
        told = [
            f"{row.label} AUC {row.score:.3f}, advantage {row.advantage:+.3f} "
            f"[{row.advantage_low:+.3f}, {row.advantage_high:+.3f}]".strip()
            for row in ends.itertuples()
        ]
        paths.append(f"{name}: {' to '.join(told)}")
    return (
        f"AUC on real rows against the best attack's advantage; a model trained on real rows "
        f"reaches {real_score:.3f}. {'; '.join(paths)}."
    )


def _draw_path(ax: Axes, rows: pd.DataFrame, look: Look, name: str) -> None:
    reach = [
        [rows[axis] - rows[f"{axis}_low"], rows[f"{axis}_high"] - rows[axis]]
        for axis in ("advantage", "score")
    ]
    x, y = rows["advantage"], rows["score"]
    ax.errorbar(x, y, reach[1], reach[0], linestyle="none", color=look.color, alpha=0.6)
    shape = {"marker": look.marker, "markeredgecolor": INK, "markeredgewidth": 0.5}
    ax.plot(x, y, color=look.color, linewidth=1, label=name, **shape)


def _label_points(ax: Axes, frame: pd.DataFrame) -> None:
    """Write each point's label right of its interval, and above one that stands there already."""
    in_points, placed = 72 / ax.figure.dpi, []
    for row in frame.sort_values("score").itertuples():
        x, y = ax.transData.transform((row.advantage_high, row.score)) * in_points
        raised = y
        for other_x, other_y in placed:
            if abs(x - other_x) < _WORD and raised - other_y < _LINE:
                raised = other_y + _LINE
        if row.label:
            placed.append((x, raised))
        at, place = (row.advantage_high, row.score), (_BESIDE, _LEVEL + raised - y)
        ax.annotate(row.label, at, place, textcoords="offset points", fontsize=8, color=INK)
