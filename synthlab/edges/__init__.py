"""Edge cases for testing, and where synthetic rows lie among real ones: corners or middle.

Edge cases test a model and never train one.  `suites` has a set of inputs with one expectation,
`running` what failed and how sure the rate is, `sizing` how many cases a question needs;
`changes`, `disguises`, `additions`, `written_cases` and `table_cases` make cases, `shrinking` finds
the smallest that fails, `evidence` and `panel` ask whether a suite tells anything of real mail.

`density` says how dense real rows lie where a row is, `aiming` makes any generator write rows of
one region, `coverage` reports what they cover, and `local_lift` where they lift the score.
`labelers` decides whose labels they carry, `break_even` how many of these may be wrong; `plane` is
a world in two dimensions whose truth is known.
"""

import lazy_loader as _lazy

_HOMES = {
    "additions": ["good_words", "list_footer", "long_tail", "prompt_text", "quoted_spam"],
    "aiming": ["AimedDraw", "AimedGenerator", "aim", "draw_aimed"],
    "break_even": ["LabelError", "break_even_error"],
    "changes": ["Change", "changed_suite", "dose_suites", "with_expectation"],
    "corner_rule": ["CornerVerdict", "Findings", "corner_findings", "judge_corners"],
    "coverage": ["CoverageReport", "coverage_report", "measure_coverage"],
    "density": ["REGIONS", "Density", "Landed", "density_of", "in_region", "landed_share"],
    "disguises": [
        "BASE64",
        "DISGUISES",
        "HOMOGLYPHS",
        "HTML_ONLY",
        "LEETSPEAK",
        "SPACED_LETTERS",
        "ZERO_WIDTH",
    ],
    "evidence": ["excess_interval", "matched_threshold", "rank_agreement"],
    "expectations": ["Expectation", "direction", "invariance", "minimum_functionality"],
    "filter_suites": ["ham_changes", "mail_suites", "spam_changes"],
    "hard_mail": ["HardMail", "load_hard_email"],
    "labelers": [
        "HeldOutRows",
        "Relabeled",
        "drawn_from",
        "drawn_from_model",
        "equivalent_error",
        "share_mislabeled",
    ],
    "local_lift": [
        "Trial",
        "interval_text",
        "lift_by_region",
        "lift_table",
        "run_trial",
        "show_regions",
    ],
    "matched_recall": ["compare_specificity", "specificity_at_recall"],
    "panel": ["panel_failures", "panel_scores"],
    "pictures": [
        "break_even_curve",
        "decile_panels",
        "describe_break_even",
        "describe_deciles",
        "describe_messages",
        "message_dots",
        "plane_panels",
    ],
    "plane": ["CLASSES", "draw_plane", "true_probabilities"],
    "recipes": [
        "aimed_arms",
        "disjoint_sets",
        "mean_intervals",
        "mislabeled_arms",
        "mislabeled_lifts",
        "relabeled_arms",
        "run_trials",
    ],
    "running": ["SuiteResult", "run_suite", "run_suites"],
    "shrinking": ["Shrunk", "shrink_failure", "shrink_text"],
    "sizing": ["cases_to_bound", "cases_to_see", "failure_rate", "precision_of", "rate_to_see"],
    "suite_pictures": [
        "agreement_dots",
        "describe_agreement",
        "describe_doses",
        "describe_failures",
        "dose_panels",
        "failure_dots",
    ],
    "suites": ["Suite"],
    "table_cases": [
        "boundary_suite",
        "missing_suite",
        "out_of_range_suite",
        "rare_combination_suite",
        "unseen_category_suite",
    ],
    "written_cases": ["bulk_suite", "language_suite", "short_suite"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
