"""Training without showing the people in the rows, and what tells whether that worked.

`dp` and `pate` are generators with a guarantee, whose ε and δ `accounting` computes and OpenDP's
`noise` keeps.  `auditing` puts such a promise to the test, and any other generator as well.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "accounting": ["DELTA", "epsilon_of_rho", "gaussian_epsilon", "rho_of_epsilon"],
        "auditing": ["AuditResult", "audit", "audit_levels", "count_score", "sample_score"],
        "detection": ["audit_power"],
        "dp": ["FittedPrivateMarginals", "PrivateMarginals", "count_marginals"],
        "guesses": ["epsilon_bound", "p_value"],
        "noise": ["DiscreteGaussian"],
        "pate": ["FittedPate", "Pate"],
        "public": ["PublicTree"],
    },
)
