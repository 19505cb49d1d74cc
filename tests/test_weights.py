"""A weight of synthetic rows reaches the model, and is chosen on real training rows alone."""

import numpy as np
import pytest
from simulated import two_classes
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synthlab import evaluate_synthetic_lift
from synthlab.control.arms import plain_arm
from synthlab.control.weights import WEIGHTS, choose_weight
from synthlab.errors import InputError
from synthlab.metrics.grading import get_metric

MODEL = make_pipeline(StandardScaler(), LogisticRegression())
REAL, EVAL = two_classes(150, columns=5), two_classes(4_000, seed=9, columns=5)
RIGHT = two_classes(1_500, "synthetic", 1, columns=5)
WRONG = RIGHT.replace(y=np.where(RIGHT.y == "yes", "no", "yes"), name="wrong labels")


def lift(synth, **options):
    options = {"model": MODEL, "baselines": False, "margin": 0.01, **options}
    return evaluate_synthetic_lift(REAL, synth, EVAL, **options)


def test_a_row_of_weight_two_is_two_rows():
    """Holds for a pipeline's last step; counted by a model of class shares."""
    synth = two_classes(60, "synthetic", 3, share=0.9, columns=5)
    twice = plain_arm("w", GaussianNB(), REAL + synth, synth_weight=2.0).fit(0)
    doubled = plain_arm("d", GaussianNB(), REAL + (synth + synth)).fit(0)
    assert twice.class_prior_ == pytest.approx(doubled.class_prior_)
    assert twice.theta_ == pytest.approx(doubled.theta_)


def test_a_smaller_weight_limits_what_wrong_rows_spoil():
    lifts = [lift(WRONG, synth_weight=weight)["lift"] for weight in (0.001, 0.03, 1.0)]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[0] > -0.02 > lifts[2]


def test_wrong_rows_are_tuned_away_and_right_rows_kept():
    assert choose_weight(MODEL, get_metric(None, REAL.classes), REAL, WRONG) == min(WEIGHTS)
    assert choose_weight(MODEL, get_metric("neg_log_loss", REAL.classes), REAL, RIGHT) >= 0.1


def test_the_tuned_weight_stands_beside_weight_one():
    result = lift(WRONG, synth_weight="tuned")
    assert result.provenance["synth_weight"] == min(WEIGHTS)
    at_one = result.beside["real_plus_synth_at_weight_1"]
    assert at_one.lift < result["lift"]
    assert at_one.verdict == "hurts"
    assert "at weight 1" in result.comparisons()["label"].tolist()


def test_children_of_a_held_out_row_do_not_choose_the_weight():
    """Copies of the held-out rows would say that any weight is fine; they are left out."""
    real = REAL.replace(ids=[f"r{i}" for i in range(len(REAL))])
    copies = real.replace(
        origin="synthetic", ids=None, derived_from=[[i] for i in real.ids], name="copies"
    )
    noisy = WRONG.take(np.arange(150)).replace(derived_from=[[i] for i in real.ids])
    metric = get_metric("neg_log_loss", REAL.classes)
    assert choose_weight(MODEL, metric, real, copies + noisy) < 1


def test_the_best_weight_is_near_that_of_theory():
    """A mean from n real values of variance 1 and many shifted by b: weigh as 1 / (n b²).

    Jain et al. (2024, arXiv:2402.04376): the weight that minimizes the error of a mixture of real
    and surrogate data falls as the surrogate's bias grows.
    """
    found = []
    for shift in (0.0, 1.0, 3.0):
        moved = RIGHT.replace(X=RIGHT.X + shift)
        metric = get_metric("neg_log_loss", REAL.classes)
        found.append(choose_weight(GaussianNB(), metric, REAL, moved))
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_synthetic_rows_alone_are_an_arm_of_their_own():
    result = lift(WRONG, synthetic_only=True)
    alone = result.beside["synthetic_only"]
    assert alone.baseline_score == result["real_only_score"]
    assert alone.verdict == "hurts"
    arm = result.arms.set_index("arm").loc["synthetic_only"]
    assert (arm["n_train"], arm["n_synth"]) == (1_500, 1_500)


def test_what_cannot_be_weighted_is_an_error():
    for options, told in (
        ({"synth_weight": 0}, "synth_weight=0: expected a number above 0"),
        ({"synth_weight": -1}, "synth_weight=-1"),
        ({"synth_weight": float("nan")}, "synth_weight=nan"),
        ({"synth_weight": "best"}, "synth_weight='best'"),
        ({"synth_weight": True}, "synth_weight=True"),
        ({"synth_weight": 0.5, "model": KNeighborsClassifier()}, "KNeighborsClassifier"),
    ):
        with pytest.raises(InputError, match=told):
            lift(RIGHT, **options)
