"""What classifiers are scored by.

`grading` holds one `Metric` per score and grades a model's output with it; `scorers` takes any
other scorer of scikit-learn's.  To add a metric: its influence function in
`synthlab.stats.influence`, and one entry in `grading.METRICS`.
"""

import lazy_loader as _lazy

_HOMES = {
    "grading": ["METRICS", "Metric", "get_metric", "grade"],
    "scorers": ["Replay", "Scorer", "replay_of"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
