"""Frames to pictures, and to the words that stand for a picture.

No statistics here: every number that is drawn is handed in.  `scores` draws scores and curves,
`lifts` draws lifts with their verdicts, `alt_text` says in a sentence what each of them shows, and
`canvas` has what all pictures share.  Hue means origin, see `synthlab.palette`.
"""

import lazy_loader as _lazy

_HOMES = {
    "canvas": ["WIDTH", "new_axes", "show"],
    "scores": ["curve_panels", "curves", "eval_dots", "trajectories"],
    "lifts": ["lift_grid", "lift_interval"],
    "alt_text": [
        "describe_curves",
        "describe_dots",
        "describe_grid",
        "describe_lifts",
        "describe_panels",
        "describe_trajectories",
    ],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
