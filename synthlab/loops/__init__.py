"""Self-consuming loops: models trained on rows that models wrote.

`run` runs a loop and measures every generation, `state` holds its rows, `alarm` says without labels
when to stop, `theory` has the closed forms.
"""

import lazy_loader as _lazy

_HOMES = {
    "alarm": ["CONTINUE", "Limits", "DriftAlarm", "set_limits", "watch_loop"],
    "run": ["Generation", "change_interval", "loop_generations", "loop_model", "run_loop"],
    "state": ["LoopPlan", "LoopState", "first_pools"],
    "theory": [
        "geometric_mean_variance",
        "mean_variance",
        "median_variance",
        "regression_excess",
        "simulate_gaussian_loop",
    ],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
