"""When does synthetic data help, and when does it trap you?

The names below are loaded when first used, so that ``import synthlab`` takes no time.
"""

from importlib import import_module

_HOME = {
    "ContaminationError": "errors",
    "InputError": "errors",
    "Dataset": "dataset",
    "LiftResult": "lift",
    "check_contamination": "contamination",
    "evaluate_generator_lift": "generator_lift",
    "evaluate_synthetic_lift": "control",
    "load_email": "corpora",
    "load_fars": "tables",
    "load_llm_email": "recorded",
    "load_llm_labels": "recorded",
    "load_claim": "claims",
    "plan_control": "plan",
    "run_loop": "loops",
    "save_metrics": "claims",
    "watch_loop": "watch",
    "worth_in_labels": "worth",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'synthlab' has no attribute {name!r}")
    value = getattr(import_module(f"synthlab.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
