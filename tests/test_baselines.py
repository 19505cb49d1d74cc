"""What costs nothing is tried honestly, and stops a lift that is worth nothing."""

import numpy as np
import pytest
from simulated import two_classes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from synthlab import evaluate_synthetic_lift
from synthlab.control.baselines import zero_cost_baselines
from synthlab.metrics.grading import get_metric

MODEL = LogisticRegression()
TWO = np.array(["no", "yes"])


def names(model, scoring, data=None):
    return set(zero_cost_baselines(model, get_metric(scoring, TWO), data or two_classes(60)))


def test_every_recipe_that_applies_is_there():
    wanted = {"duplicated real rows", "class weights", "re-tuned", "tuned threshold"}
    assert names(MODEL, "balanced_accuracy") == wanted


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_brier_score"])
def test_a_threshold_changes_no_ranking_and_no_probability(scoring):
    assert "tuned threshold" not in names(MODEL, scoring)


def test_models_without_weights_or_knobs_get_what_is_left():
    assert names(GaussianNB(), "roc_auc") == {"duplicated real rows"}


def test_recipes_fit_on_real_rows_only():
    real, synth = two_classes(80), two_classes(200, "synthetic", seed=1)
    for recipe in zero_cost_baselines(MODEL, get_metric("f1", TWO), real).values():
        assert set(recipe(real, synth, 0).predict(real.X)) <= {"yes", "no"}


def test_duplicated_rows_take_the_class_counts_of_the_synthetic_ones():
    real, synth = two_classes(50), two_classes(100, "synthetic", seed=1, share=0.9)
    recipe = zero_cost_baselines(GaussianNB(), get_metric("accuracy", TWO), real)[
        "duplicated real rows"
    ]
    prior = recipe(real, synth, 0).class_prior_[1]
    assert prior == pytest.approx((25 + 90) / 150)


def test_the_strongest_setting_is_found_by_cross_validation():
    real = two_classes(200, columns=2)
    weak = LogisticRegression(C=1e-6)
    recipe = zero_cost_baselines(weak, get_metric("neg_log_loss", TWO), real)["re-tuned"]
    assert recipe(real, real, 0).C > 1e-6


def test_prior_shift_helps_but_beats_no_free_control():
    real = two_classes(400, share=0.06, seed=1)
    synth = two_classes(4_000, "synthetic", seed=2, share=0.06)
    only_rare = synth.take(synth.y == "yes")
    real_eval = two_classes(4_000, share=0.06, seed=3)
    found = evaluate_synthetic_lift(
        real, only_rare, real_eval, model=MODEL, scoring="balanced_accuracy", margin=0.02
    )
    assert found["verdict"] == "helps"
    assert found["beats_baselines"] is False
    assert "for free" in found.recommendation()


def test_real_information_beats_every_free_control():
    real, synth = two_classes(30, columns=20), two_classes(3_000, "synthetic", seed=1, columns=20)
    real_eval = two_classes(4_000, seed=2, columns=20)
    found = evaluate_synthetic_lift(real, synth, real_eval, model=MODEL, scoring="roc_auc")
    assert found["beats_baselines"] is True
    assert len(found.baselines) == 3


def test_controls_can_be_left_out():
    sets = two_classes(40), two_classes(40, "synthetic", 1), two_classes(200, seed=2)
    found = evaluate_synthetic_lift(*sets, model=MODEL, baselines=False)
    assert found["beats_baselines"] is None
    assert found.baselines.empty


def test_controls_use_the_seeds_of_the_arms():
    sets = two_classes(60), two_classes(60, "synthetic", 1), two_classes(200, seed=2)
    forest = RandomForestClassifier(10)
    runs = [evaluate_synthetic_lift(*sets, model=forest, n_seeds=2).baselines for _ in range(2)]
    assert np.allclose(runs[0]["gain"], runs[1]["gain"])
