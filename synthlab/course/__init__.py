"""The course's notebooks: run, exported, rendered, and held to their claims.

`notebooks` runs one in a folder of its own (`scratch`) with checked parameters (`parameters`),
`pages` exports it, `render` commits it, `claims` has the rules and the numbers, `trap_rule` and
`reading_rule` the verdicts on C1 and C10, `four_runs` C1's numbers on two tasks and by two
writers, `telling` numbers in text; `doctor` says what is missing on a machine.

To add a notebook: ``notebooks/NN_name.ipynb`` and its solutions, the fast profile and tolerances of
both in ``notebooks/profiles.toml``, its claim's rule in ``data/claims.toml`` and its row in README.
``synthlab render`` writes all else: figure, numbers and goldens.
"""

import lazy_loader as _lazy

_HOMES = {
    "claims": [
        "SUPPORTED",
        "PARTLY_SUPPORTED",
        "NOT_REPRODUCED",
        "UNDECIDED",
        "load_claim",
        "name_metrics",
        "save_metrics",
        "verdict_on",
    ],
    "doctor": ["Finding", "examine"],
    "notebooks": ["find_notebook", "list_notebooks", "run_notebook"],
    "pages": ["check_page", "export_page"],
    "reading_rule": ["INFORMED", "READS", "WRITES", "ReadingVerdict", "judge_reading"],
    "telling": ["points_of", "points_text"],
    "trap_rule": ["TEMPTING", "judge_four", "judge_trap"],
    "four_runs": ["combination_name", "load_combinations", "trap_table"],
    "render": ["headline_figure", "record_golden", "render_in_place"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
