"""When does synthetic data help, and when does it trap you?

`evaluate_synthetic_lift` is the heart: real only against real + synthetic, on real evaluation
rows.  The packages below follow a question from data to verdict; every name is loaded when it is
first used, so that ``import synthlab`` takes no time.
"""

import lazy_loader as _lazy

_PACKAGES = """
amounts atlas checks cli control course datasets edges generators llm loops metrics privacy stats
text dataset errors models palette paths plots progress splits sweep
""".split()
_HOMES = {
    "checks": ["check_contamination", "check_roles", "drop_overlap"],
    "control": [
        "LiftResult",
        "compare_fits",
        "compare_generators",
        "compare_splits",
        "detectable_lift",
        "evaluate_generator_lift",
        "evaluate_synthetic_lift",
        "label_value",
    ],
    "course": ["load_claim", "save_metrics"],
    "dataset": ["Dataset"],
    "datasets": [
        "load_csv",
        "load_email",
        "load_fars",
        "load_imbalanced",
        "load_llm_email",
        "load_llm_labels",
        "load_llm_reviews",
        "load_product_reviews",
        "load_reviews",
    ],
    "errors": ["ContaminationError", "InputError"],
    "loops": ["run_loop", "watch_loop"],
}
__getattr__, __dir__, _ = _lazy.attach(__name__, submodules=_PACKAGES, submod_attrs=_HOMES)
__all__ = sorted(name for names in _HOMES.values() for name in names)
