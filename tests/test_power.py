"""A plan agrees with what the control finds later."""

import numpy as np
import pytest
from simulated import two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import detectable_lift
from synthlab.errors import InputError
from synthlab.stats.influence import roc_auc
from synthlab.stats.intervals import row_variance


def test_more_rows_show_smaller_lifts():
    lifts = [detectable_lift(n, 10 * n).smallest_lift for n in (20, 100, 1_000)]
    assert lifts == sorted(lifts, reverse=True)


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "average_precision"])
def test_smallest_lift_lies_above_the_margin(metric):
    plan = detectable_lift(200, 200, metric, margin=0.02)
    assert plan.smallest_lift > 0.02 + 2 * plan.standard_error


def test_auc_variance_is_near_delongs():
    train, eval = two_classes(2_000), two_classes(4_000, seed=1)
    score = LogisticRegression().fit(train.X, train.y).decision_function(eval.X)
    graded = roc_auc(eval.y == "yes", score)
    delong = sum(t.variance for t in row_variance(graded.influence, (eval.y == "yes").astype(int)))
    planned = detectable_lift(2_000, 2_000, score=graded.value, correlation=0.5)
    assert planned.standard_error == pytest.approx(np.sqrt(delong), rel=0.1)


def test_accuracy_variance_is_binomial():
    plan = detectable_lift(50, 50, "accuracy", score=0.8, correlation=0.5)
    assert plan.standard_error == pytest.approx(np.sqrt(0.8 * 0.2 / 100))


def test_sentence_tells_sizes_and_lift():
    told = detectable_lift(20, 1_000).summary()
    assert "20 positive and 1,000 negative" in told


@pytest.mark.parametrize(
    "wrong",
    [{"metric": "f1"}, {"score": 1.0}, {"correlation": 1.0}, {"power": 0}, {"margin": -0.1}],
)
def test_numbers_out_of_range_are_errors(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        detectable_lift(50, 50, **wrong)


def test_no_positives_is_an_error():
    with pytest.raises(InputError, match="n_eval_pos=0"):
        detectable_lift(0, 50)
