"""Checks that refuse, and measures that look.

`roles` refuses a comparison whose number would be wrong, `contamination` finds copies across the
line between training and evaluation, `fidelity` measures how far rows are from real ones.
"""

import lazy_loader as _lazy

_HOMES = {
    "contamination": ["ContaminationReport", "check_contamination"],
    "fidelity": ["Lens", "evenly", "lens_of", "measure_drift"],
    "roles": ["check_roles", "check_train_and_eval", "drop_overlap", "overlapping_rows"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
