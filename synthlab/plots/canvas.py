"""What all pictures share: a size that a phone can show, looks of series, labels at line ends."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthlab.palette import INK, series_colors

#: Of a figure, in inches: wide enough for a page, and legible on a phone.
WIDTH = 6.5
_MARKERS = "osD^vP*X"
_TITLE_LETTERS = 72  # in a line of a title, at this width
_LINE_HEIGHT = 0.17  # of a label, in inches


class Look(NamedTuple):
    """How one series is drawn."""

    color: str
    marker: str


class LineEnd(NamedTuple):
    """Where a line ends, and what is written there."""

    x: float
    y: float
    label: str


def new_axes(width: float = WIDTH, height: float = 4.0) -> Axes:
    """Return axes on a figure of their own, in inches, outside of pyplot's bookkeeping."""
    ax = Figure(figsize=(width, height), layout="constrained").subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def series_looks(frame: pd.DataFrame, column: str) -> dict[str, Look]:
    """Return the look of each series: hue by origin, lightness and marker for the rest.

    Parameters
    ----------
    frame : pandas.DataFrame
        An ``origin`` column, where there is one, says where the rows of a series came from;
        otherwise its name does.
    column : str
        Names the series; they come in order of appearance.
    """
    firsts = frame.drop_duplicates(column)
    names = list(firsts[column])
    origins = firsts["origin"] if "origin" in frame else names
    looks = zip(series_colors(list(origins)), _cycle(_MARKERS), strict=False)
    return {name: Look(*look) for name, look in zip(names, looks, strict=False)}


def label_ends(ax: Axes, ends: Iterable[LineEnd]) -> None:
    """Write the name of each line where it ends; names at one place are pushed apart."""
    low, high = ax.get_ylim()
    room = _LINE_HEIGHT / ax.figure.get_figheight() * (high - low) * 1.25
    last: dict[float, float] = {}
    for end in sorted(ends, key=lambda end: (end.x, end.y)):
        n_lines = end.label.count("\n") + 1
        y = max(end.y, last.get(end.x, low - room) + room * n_lines)
        last[end.x] = y
        about = {"textcoords": "offset points", "va": "center", "fontsize": 9}
        ax.annotate(end.label, (end.x, y), (8, 0), color=INK, **about)


def show(ax: Axes, alt: str, dpi: int = 110) -> None:
    """Display the figure of some axes in a notebook, with alt text for those who can't see it."""
    from IPython.display import display

    _widen_title(ax)
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", dpi=dpi)
    png = base64.b64encode(buffer.getvalue()).decode()
    bundle = {"image/png": png, "text/plain": alt}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})


def _widen_title(ax: Axes) -> None:
    """Give a lone title the whole width of the figure: axes beside long labels are narrow."""
    title = ax.get_title()
    if title and [other.get_title() for other in ax.figure.axes if other.get_title()] == [title]:
        lines = textwrap.fill(title, _TITLE_LETTERS)
        ax.set_title("")
        ax.figure.suptitle(lines, x=0.01, ha="left", fontsize=11, color=INK)


def _cycle(items: str) -> Iterable[str]:
    while True:
        yield from items
