"""Generators of synthetic rows, one algorithm per file.

Each is a frozen set of parameters: ``fit(rows, rng)`` returns what can ``sample(n, rng, label)``;
see `base`.  To add one: its file here, its name below and, for the atlas, an entry at the end of
`catalog`.
"""

import lazy_loader as _lazy

_HOMES = {
    "base": ["Generator", "Sampler", "draw"],
    "copula": ["GaussianCopula"],
    "mixture": ["MixtureOfGaussians"],
    "ngram": ["NgramText"],
    "oversample": ["OverSample"],
    "perturb": ["Perturb"],
    "pseudo": ["PseudoLabels"],
    "smote": ["Smote"],
    "trees": ["SequentialTrees"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)


def catalog() -> dict[str, "Generator"]:  # noqa: F821 - loaded when called
    """Return the generators of tables by the names that pictures use, with the atlas's settings.

    Over-sampling is among them: it costs nothing, and others must add to it.
    """
    from synthlab.generators.copula import GaussianCopula
    from synthlab.generators.mixture import MixtureOfGaussians
    from synthlab.generators.oversample import OverSample
    from synthlab.generators.perturb import Perturb
    from synthlab.generators.smote import Smote

    return {
        "over-sampling": OverSample(),
        "perturbation": Perturb(),
        "SMOTE": Smote(),
        "borderline SMOTE": Smote("borderline"),
        "ADASYN": Smote("adasyn"),
        "Gaussian mixture": MixtureOfGaussians(),
        "Gaussian copula": GaussianCopula(),
    }
