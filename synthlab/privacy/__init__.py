"""Training without showing the people in the rows, and the attacks that tell whether that worked.

`dp` and `pate` are generators with a guarantee, whose ε `accounting` computes and OpenDP's `noise`
keeps; `gan` is one without.  `attacks` tries each of them on `people` beside a control group, and
`auditing` puts the promise itself to the test, with the power that `detection` computes.
"""

import lazy_loader as _lazy

_HOMES = {
    "accounting": ["DELTA", "epsilon_of_rho", "gaussian_epsilon", "rho_of_epsilon"],
    "attacks": [
        "find_copies",
        "infer_attribute",
        "infer_membership_by_density",
        "infer_membership_by_distance",
    ],
    "auditing": [
        "AUDIT_COLUMN",
        "AuditResult",
        "audit",
        "audit_levels",
        "count_score",
        "sample_score",
    ],
    "battery": ["pool_attacks", "try_attacks", "worst_attack"],
    "broken": ["noisy_counts", "share_refuted"],
    "coverage": ["lost_levels"],
    "detection": ["audit_power"],
    "dp": ["FittedPrivateMarginals", "PrivateMarginals", "count_marginals"],
    "extra": ["require_extra"],
    "gan": ["ConditionalGan", "FittedConditionalGan"],
    "guesses": ["epsilon_bound", "p_value"],
    "noise": ["DiscreteGaussian"],
    "outcomes": ["AttackResult", "Outcome"],
    "pate": ["FittedPate", "Pate", "teacher_votes"],
    "people": ["EVERYONE", "RARE", "People", "choose_people", "split_by_row"],
    "pictures": ["describe_trade_off", "trade_off"],
    "public": ["PublicTree"],
    "releases": ["PrivateSplit", "auc_of", "judge_release", "mislabel", "split_people"],
    "verbatim": ["FittedVerbatimCopy", "VerbatimCopy"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
