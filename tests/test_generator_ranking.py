"""The best of several generators is not good by having been tried with others."""

import numpy as np
import pytest
from simulated import Copier, two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import compare_generators
from synthlab.errors import InputError

REAL = two_classes(300, signal=0.2, columns=200)


class Informed(Copier):
    """Knows the truth: draws fresh rows of the real kind."""

    def sample(self, n, rng, label=None):
        return two_classes(n, "synthetic", int(rng.integers(2**31)), 0.2, columns=200)


def ranked(generators, **options):
    options = {"n_splits": 8, "model": LogisticRegression(), "margin": 0.0, **options}
    return compare_generators(REAL, generators, 2_000, **options)


@pytest.fixture(scope="module")
def ranking():
    others = {f"noise {sd}": Copier(noise=sd) for sd in (0.0, 1.0, 6.0)}
    return ranked({**others, "truth": Informed()}, scoring="roc_auc", n_splits=16)


def test_the_informed_generator_is_the_best(ranking):
    assert ranking.best == "truth"
    assert "noise 6.0" not in ranking.not_worse
    assert ranking.to_frame()["generator"].iloc[0] == "truth"


def test_a_twin_of_the_best_is_not_significantly_worse():
    twins = ranked({"one": Informed(), "other": Informed()})
    assert set(twins.not_worse) == {"one", "other"}
    assert "not significantly worse" in twins.summary()


def test_all_intervals_hold_together(ranking):
    alone = compare_generators(
        REAL,
        {"truth": Informed(), "noise": Copier()},
        2_000,
        n_splits=16,
        model=LogisticRegression(),
        margin=0.0,
        scoring="roc_auc",
    )
    wide, narrow = (r.results["truth"] for r in (ranking, alone))
    assert wide["lift"] == narrow["lift"]
    assert wide["ci_high"] - wide["ci_low"] > narrow["ci_high"] - narrow["ci_low"]


def test_every_generator_is_asked_in_the_same_splits(ranking):
    seeds = [tuple(r.arms["seed"].unique()) for r in ranking.results.values()]
    baselines = [r["real_only_score"] for r in ranking.results.values()]
    assert len(set(seeds)) == 1
    assert np.ptp(baselines) < 1e-12


def test_one_generator_cannot_be_ranked():
    with pytest.raises(InputError, match="two generators or more"):
        ranked({"alone": Copier()})
