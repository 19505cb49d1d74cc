"""Colors, one meaning each: the hue says where rows came from.

Verdicts have no color: they are words, in black.  The three hues stay apart for color-blind
readers (Okabe & Ito 2008, "Color Universal Design").
"""

REAL, SYNTHETIC, BOTH = "#0072B2", "#E69F00", "#8E4B9E"
NEUTRAL, INK, MUTED = "#666666", "#1A1A1A", "#8A8A8A"

#: By the names that frames and legends use.
COLORS = {
    "real only": REAL,
    "synthetic only": SYNTHETIC,
    "real + synthetic": BOTH,
    "real": REAL,
    "synthetic": SYNTHETIC,
}
#: For lines that differ in something else than origin: told apart by lightness and marker.
SERIES = ("#1A1A1A", "#7A7A7A", "#4A6FA5", "#A0522D", "#2E7D5B", "#B0B0B0", "#5C4B8A")
