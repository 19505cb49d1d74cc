"""Pure numbers: arrays in, numbers out; nothing here knows tables, models or origins.

`influence` has the scores with each row's contribution, `intervals` turns variances into
intervals, `proportions` has those of shares, `ppi` adds a machine's labels to a few human ones,
`audits` says how many human ones show that a machine is right, `verdicts` turns intervals into
words.
"""

import lazy_loader as _lazy

_HOMES = {
    "audits": ["Audit", "audit_size", "share_at_least"],
    "influence": [
        "Score",
        "accuracy",
        "average_precision",
        "balanced_accuracy",
        "f1",
        "neg_brier",
        "neg_log_loss",
        "roc_auc",
    ],
    "intervals": [
        "Interval",
        "VarianceTerm",
        "bootstrap_variance",
        "components_interval",
        "cross_validated_interval",
        "paired_score_interval",
        "repeated_split_interval",
        "row_covariance",
        "row_variance",
        "seed_covariance",
        "seed_variance",
        "two_sided_p",
        "widened_on_logits",
    ],
    "proportions": ["Estimate", "area_interval", "difference", "wilson_interval"],
    "ppi": ["PoweredMean", "ScoredRows", "powered_lift", "powered_mean", "tuned_power"],
    "verdicts": [
        "HELPS",
        "HURTS",
        "INCONCLUSIVE",
        "NO_USEFUL_EFFECT",
        "Needed",
        "assurance",
        "needed",
        "verdict",
    ],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
