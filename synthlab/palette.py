"""Colors, one meaning each: the hue says where rows came from.

Verdicts have no color: they are words, in black.  What differs in something else than origin is
told apart by lightness and marker.  The three hues stay apart for color-blind readers (Okabe & Ito
2008, "Color Universal Design").
"""

from __future__ import annotations

from collections.abc import Sequence

REAL, SYNTHETIC, BOTH = "#0072B2", "#E69F00", "#8E4B9E"
NEUTRAL, INK, MUTED = "#666666", "#1A1A1A", "#8A8A8A"

#: By the names that frames and legends use, and by origin.
COLORS = {
    **dict.fromkeys(["real", "real only", "real mail", "real eval", "later mail"], REAL),
    **dict.fromkeys(["synthetic", "synthetic only", "synthetic eval"], SYNTHETIC),
    **dict.fromkeys(["both", "real + synthetic"], BOTH),
}
_LIGHTEST = 0.55  # of the way to white


def series_colors(origins: Sequence[str | None]) -> list[str]:
    """Return a color per series, by its origin; series of one origin differ in lightness.

    Parameters
    ----------
    origins : sequence of str or None
        Of each series: a name in `COLORS`; any other, and None, is gray.

    Returns
    -------
    list of str
        Like ``#0072B2``; the first series of an origin is the darkest.

    Examples
    --------
    >>> series_colors(["real", None, "real"])
    ['#0072B2', '#1A1A1A', '#8CC0DC']
    """
    hues = [COLORS.get(origin, INK) for origin in origins]
    return [_lighter(hue, hues[:n].count(hue), hues.count(hue)) for n, hue in enumerate(hues)]


def _lighter(color: str, step: int, n_steps: int) -> str:
    """Return one of ``n_steps`` shades, from the color itself towards white."""
    share = _LIGHTEST * step / max(1, n_steps - 1)
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part + share * (255 - part)):02X}" for part in parts)
