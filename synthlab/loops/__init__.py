"""Self-consuming loops: models trained on what models wrote.

`run` closes a loop and measures every generation, `state` holds its rows, `alarm` says without a
label when to stop, `theory` has the closed forms.
"""

import lazy_loader as _lazy

_HOMES = {
    "alarm": ["CONTINUE", "Limits", "DriftAlarm", "set_limits", "watch_loop"],
    "run": ["Turn", "change_interval", "loop_model", "loop_generations", "run_loop"],
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
