"""Zero-cost baselines are tried honestly, and stop a lift that is not worth having."""

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


def arms(model, scoring, real=None, synth=None):
    """Return every baseline by its name."""
    real = real or two_classes(60)
    synth = synth or two_classes(60, "synthetic", seed=1)
    found = zero_cost_baselines(model, get_metric(scoring, TWO), real, synth)
    return {arm.name: arm for arm in found}


def test_every_baseline_that_applies_is_there():
    wanted = {"duplicated real rows", "class weights", "re-tuned", "tuned threshold"}
    assert set(arms(MODEL, "balanced_accuracy")) == wanted


def test_a_threshold_changes_no_ranking_and_no_probability():
    for scoring in ("roc_auc", "average_precision", "neg_brier_score"):
        assert "tuned threshold" not in arms(MODEL, scoring)


def test_probabilities_can_be_recalibrated():
    assert "recalibrated" in arms(MODEL, "neg_brier_score")
    assert "recalibrated" not in arms(MODEL, "roc_auc")


def test_models_without_weights_or_knobs_get_what_is_left():
    assert set(arms(GaussianNB(), "roc_auc")) == {"duplicated real rows"}


def test_baselines_fit_on_real_rows_only():
    real, synth = two_classes(80), two_classes(200, "synthetic", seed=1)
    others = synth.replace(y=synth.y, X=synth.X + 100)
    for name, arm in arms(MODEL, "f1", real, synth).items():
        shifted = arms(MODEL, "f1", real, others)[name].fit(0)
        assert (arm.fit(0).predict(real.X) == shifted.predict(real.X)).all()


def test_duplicated_rows_take_the_class_counts_of_the_synthetic_ones():
    real, synth = two_classes(50), two_classes(100, "synthetic", seed=1, share=0.9)
    copies = arms(GaussianNB(), "accuracy", real, synth)["duplicated real rows"]
    assert copies.fit(0).class_prior_[1] == pytest.approx((25 + 90) / 150)


def test_the_strongest_setting_is_found_by_cross_validation():
    weak = LogisticRegression(C=1e-6)
    assert arms(weak, "neg_log_loss", two_classes(200, columns=2))["re-tuned"].fit(0).C > 1e-6


def test_recalibration_mends_an_overconfident_model():
    real, held_out = two_classes(400, seed=1), two_classes(4_000, seed=2)
    columns = np.repeat(np.arange(real.X.shape[1]), 8)  # every column eight times: far too sure
    wide = [d.replace(X=d.X.iloc[:, columns].to_numpy()) for d in (real, held_out)]
    plain = GaussianNB().fit(wide[0].X, real.y)
    mended = arms(GaussianNB(), "neg_brier_score", wide[0])["recalibrated"].fit(0)
    losses = [
        ((m.predict_proba(wide[1].X)[:, 1] - (held_out.y == "yes")) ** 2).mean()
        for m in (plain, mended)
    ]
    assert losses[1] < losses[0] - 0.02


def test_averaged_thresholds_depend_less_on_the_seed():
    real = two_classes(120, share=0.2, seed=5)
    found = [arms(MODEL, "f1", real)["tuned threshold"].fit(seed).threshold for seed in range(8)]
    assert np.std(found) < 0.05


def test_prior_shift_helps_but_beats_no_baseline():
    real = two_classes(400, share=0.06, seed=1)
    synth = two_classes(4_000, "synthetic", seed=2, share=0.06)
    only_rare = synth.take(synth.y == "yes")
    real_eval = two_classes(4_000, share=0.06, seed=3)
    found = evaluate_synthetic_lift(
        real, only_rare, real_eval, model=MODEL, scoring="balanced_accuracy", margin=0.02
    )
    assert found["verdict"] == "helps"
    assert found["beats_baselines"] is False
    assert "No evidence of a gain over" in found.recommendation()


def test_real_information_beats_every_baseline():
    real, synth = two_classes(30, columns=20), two_classes(3_000, "synthetic", seed=1, columns=20)
    real_eval = two_classes(4_000, seed=2, columns=20)
    found = evaluate_synthetic_lift(real, synth, real_eval, model=MODEL, scoring="roc_auc")
    assert found["beats_baselines"] is True
    assert len(found.baselines) == 3


def test_baselines_can_be_left_out():
    sets = two_classes(40), two_classes(40, "synthetic", 1), two_classes(200, seed=2)
    found = evaluate_synthetic_lift(*sets, model=MODEL, baselines=False)
    assert found["beats_baselines"] is None
    assert found.baselines.empty


def test_baselines_use_the_seeds_of_the_arms():
    sets = two_classes(60), two_classes(60, "synthetic", 1), two_classes(200, seed=2)
    forest = RandomForestClassifier(10)
    runs = [evaluate_synthetic_lift(*sets, model=forest, n_seeds=2).baselines for _ in range(2)]
    assert np.allclose(runs[0]["gain"], runs[1]["gain"])
