"""A plan agrees with what the control finds later."""

import numpy as np
import pytest
from simulated import two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import detectable_lift, evaluate_synthetic_lift
from synthlab.errors import InputError
from synthlab.stats.influence import roc_auc
from synthlab.stats.intervals import row_variance

AUC = {"scoring": "roc_auc", "score": 0.9, "correlation": 0.8}


def sized(n_pos, n_neg, **options):
    return detectable_lift(n_eval_pos=n_pos, n_eval_neg=n_neg, **options)


def test_more_rows_show_smaller_lifts():
    lifts = [sized(n, 10 * n, **AUC).smallest_lift for n in (20, 100, 1_000)]
    assert lifts == sorted(lifts, reverse=True)


def test_the_smallest_lift_lies_above_the_margin():
    for options in ({"discordant_share": 0.1}, AUC, AUC | {"scoring": "average_precision"}):
        plan = sized(200, 200, margin=0.02, **options)
        assert plan.smallest_lift > 0.02 + 2 * plan.standard_error


def test_the_variance_of_auc_is_near_delongs():
    train, held_out = two_classes(2_000), two_classes(4_000, seed=1)
    score = LogisticRegression().fit(train.X, train.y).decision_function(held_out.X)
    graded = roc_auc(held_out.y == "yes", score)
    strata = np.zeros(len(held_out), dtype=int)
    delong = sum(t.variance for t in row_variance(graded.influence, strata))
    planned = sized(2_000, 2_000, scoring="roc_auc", score=graded.value, correlation=0.5)
    assert planned.standard_error == pytest.approx(np.sqrt(delong), rel=0.1)


def test_the_standard_error_of_accuracy_is_that_of_its_discordant_rows():
    """Simulated: both models right in 80 %, exactly one in 12 %, the treatment in half of these."""
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, size=(4_000, 500), p=[0.88, 0.06, 0.06])
    lifts = (kinds == 1).mean(axis=1) - (kinds == 2).mean(axis=1)
    plan = sized(150, 350, discordant_share=0.12)
    assert plan.standard_error == pytest.approx(lifts.std(), rel=0.05)


def test_a_pilot_tells_what_a_larger_evaluation_set_will_show():
    real, synth = two_classes(40, columns=10), two_classes(400, "synthetic", 1, columns=10)
    model = LogisticRegression()
    small, large = (
        evaluate_synthetic_lift(real, synth, two_classes(n, seed=9, columns=10), model=model)
        for n in (500, 8_000)
    )
    plan = sized(4_000, 4_000, pilot=small)
    seen = (large["ci_high"] - large["ci_low"]) / 3.92
    assert plan.standard_error == pytest.approx(seen, rel=0.2)


def test_the_summary_has_sizes_and_lift():
    assert "20 positive and 1,000 negative" in sized(20, 1_000, **AUC).summary()


def test_what_cannot_be_planned_is_an_error():
    for wrong, named in (
        ({"scoring": "f1"}, "scoring='f1'"),
        ({}, "discordant_share=None"),
        ({"discordant_share": 0}, "discordant_share=0"),
        (AUC | {"score": 1.0}, "score=1.0"),
        (AUC | {"correlation": 1.0}, "correlation=1.0"),
        ({"discordant_share": 0.1, "power": 0}, "power=0"),
        ({"discordant_share": 0.1, "margin": -0.1}, "margin=-0.1"),
    ):
        with pytest.raises(InputError, match=named):
            sized(50, 50, **wrong)
    with pytest.raises(InputError, match="n_eval_pos=0"):
        sized(0, 50, discordant_share=0.1)
