"""What a generator costs and what it gives away, in one picture."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from synthlab.palette import INK, REAL, SYNTHETIC
from synthlab.plots import new_axes

_MARKERS = "os^DvPX"
_LIGHTNESS = (0.55, 0.8, 1.0, 1.25)  # of the hue, which says: synthetic
_BESIDE, _LEVEL = 6, -3  # of a point's label, in points


def trade_off(frame: pd.DataFrame, real_score: float, ax: Axes | None = None) -> Axes:
    """Draw what a model learns against what an attacker gains: one path per generator.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per point: ``generator``, ``dial`` (its label), ``score`` and ``advantage``, each with
        ``_low`` and ``_high``.  A path joins a generator's points in their order.
    real_score : float
        Of the model trained on real rows.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Better is up and to the left.
    """
    ax = new_axes(6.5, 4.6) if ax is None else ax
    ax.axhline(real_score, color=REAL, linewidth=1.5)
    ax.annotate(
        "model trained on real rows", (1, real_score), (0, 3), color=REAL, ha="right",
        xycoords=("axes fraction", "data"), textcoords="offset points",
    )  # fmt: skip
    ax.axvline(0, color="0.6", linewidth=1)
    for number, (name, rows) in enumerate(frame.groupby("generator", sort=False)):
        look = {"color": _shade(number), "marker": _MARKERS[number % len(_MARKERS)]}
        _path(ax, rows, look, name)
    ax.set_xlabel("advantage of the best attack: targets − controls (95 % interval)")
    ax.set_ylabel("AUC on held-out real rows (95 % interval)")
    ax.margins(x=0.12, y=0.08)
    ax.legend(frameon=False, loc="lower right", title="generator")
    return ax


def describe_trade_off(frame: pd.DataFrame, real_score: float) -> str:
    """Return alt text for `trade_off`, from the same numbers."""
    points = [
        f"{row.generator} {row.dial}".strip()
        + f": AUC {row.score:.3f} [{row.score_low:.3f}, {row.score_high:.3f}], advantage "
        f"{row.advantage:+.3f} [{row.advantage_low:+.3f}, {row.advantage_high:+.3f}]"
        for row in frame.itertuples()
    ]
    return (
        f"AUC on real rows against the best attack's advantage; a model trained on real rows has "
        f"{real_score:.3f}. " + "; ".join(points) + "."
    )


def _path(ax: Axes, rows: pd.DataFrame, look: dict, name: str) -> None:
    reach = [
        [rows[axis] - rows[f"{axis}_low"], rows[f"{axis}_high"] - rows[axis]]
        for axis in ("advantage", "score")
    ]
    x, y = rows["advantage"], rows["score"]
    ax.errorbar(x, y, reach[1], reach[0], linestyle="none", color=look["color"], alpha=0.5)
    ax.plot(x, y, linewidth=1, markeredgecolor=INK, markeredgewidth=0.5, label=name, **look)
    for row in rows.itertuples():
        place = (_BESIDE, _LEVEL)
        at = (row.advantage_high, row.score)
        ax.annotate(row.dial, at, place, textcoords="offset points", fontsize=8, color=INK)


def _shade(number: int) -> tuple[float, float, float]:
    """Return the synthetic hue, darker or lighter: generators differ in lightness and marker."""
    factor = _LIGHTNESS[number % len(_LIGHTNESS)]
    return tuple(min(1.0, channel * factor) for channel in to_rgb(SYNTHETIC))
