"""The atlas: every generator on every imbalanced table.

`cells` computes scores, one cell per table and split; `lift_table` turns them into lifts with
intervals and verdicts.
"""

import lazy_loader as _lazy

_HOMES = {
    "cells": [
        "CLASS_WEIGHTS",
        "EVAL_SHARE",
        "EVAL_TO_TRAIN",
        "GENERATORS",
        "MIN_MINORITY",
        "MODELS",
        "N_SPLITS",
        "REAL_ONLY",
        "SCORES",
        "build_model",
        "compare_on",
        "run_atlas",
    ],
    "lift_table": ["lifts", "load_atlas"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
