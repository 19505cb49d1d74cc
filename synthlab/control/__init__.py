"""The real-data control: does adding synthetic rows lift the score on real evaluation rows?

`lift` asks about these synthetic rows, `generator_lift` about the generator that wrote them.  Both
fit `arms`, hand their scores to `judge`, and return what `result` shows; `baselines` cost nothing,
`power` plans, `labels` prices.
"""

import lazy_loader as _lazy

_HOMES = {
    "arms": ["Arm", "Fit", "fit_arm", "grade_model"],
    "baselines": ["zero_cost_baselines"],
    "generator_lift": ["evaluate_generator_lift"],
    "generator_ranking": ["GeneratorRanking", "compare_generators"],
    "judge": ["Comparison", "RowInfluence", "compare_fits", "compare_splits", "resolve_margin"],
    "label_result": ["LabelValue"],
    "labels": ["label_value"],
    "lift": ["evaluate_synthetic_lift"],
    "power": ["DetectableLift", "detectable_lift"],
    "result": ["LiftResult"],
    "selftest": ["run_selftest", "selftest_frame"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
