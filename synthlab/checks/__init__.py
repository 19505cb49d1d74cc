"""Checks of data before a comparison, and measures of synthetic rows.

`roles` refuses a comparison whose number would be wrong, `contamination` finds copies of evaluation
rows in training sets, `fidelity` measures how far rows are from real ones.
"""

import lazy_loader as _lazy

_HOMES = {
    "contamination": ["ContaminationReport", "check_contamination"],
    "fidelity": ["Lens", "evenly", "lens_of", "measure_drift"],
    "leaks": ["Leaks", "find_leaks"],
    "roles": ["check_roles", "check_train_and_eval", "drop_overlap", "overlapping_rows"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
