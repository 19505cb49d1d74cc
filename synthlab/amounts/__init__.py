"""Lifts by the number of synthetic rows, on two text tasks and by two writers, recorded.

`measure` scores models, one cell per task, writer and split; `by_amount` turns the scores into
lifts with intervals, and says which number of synthetic rows was best.
"""

import lazy_loader as _lazy

_HOMES = {
    "by_amount": ["best_amounts", "lifts_by_amount", "load_amounts", "scores_alone"],
    "measure": [
        "CLASS_WEIGHTS",
        "MOST_TUNED",
        "N_REAL",
        "N_SEEDS",
        "N_SYNTH",
        "N_TUNED_SEEDS",
        "REAL_ONLY",
        "TUNED_WEIGHT",
        "WEIGHT_1",
        "measure_amounts",
        "measure_split",
        "synthetic_split",
    ],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
