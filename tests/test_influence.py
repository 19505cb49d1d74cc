"""Every score and every gradient against an oracle: scikit-learn, finite differences, a hand."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from synthlab.stats import influence

STEADY = settings(deadline=None, derandomize=True, max_examples=50)


def neg_brier_by_sklearn(truth, probability, sample_weight=None):
    return -metrics.brier_score_loss(truth, probability, sample_weight=sample_weight)


def neg_log_loss_by_sklearn(codes, probabilities, sample_weight=None):
    labels = np.arange(probabilities.shape[1])
    return -metrics.log_loss(codes, probabilities, labels=labels, sample_weight=sample_weight)


CALLED = {  # metrics of predicted classes: ours, scikit-learn's
    "accuracy": (influence.accuracy, metrics.accuracy_score),
    "balanced_accuracy": (influence.balanced_accuracy, metrics.balanced_accuracy_score),
    "f1": (influence.f1, partial(metrics.f1_score, zero_division=0)),
}
SCORED = {  # metrics of scores or probabilities
    "roc_auc": (influence.roc_auc, metrics.roc_auc_score),
    "average_precision": (influence.average_precision, metrics.average_precision_score),
    "neg_brier": (influence.neg_brier, neg_brier_by_sklearn),
}


@st.composite
def scored_rows(draw):
    """Both classes, and scores of nine levels, so that ties abound."""
    n = draw(st.integers(2, 30))
    truth = draw(arrays(bool, n))
    truth[:2] = True, False
    return truth, draw(arrays(int, n, elements=st.integers(0, 8))) / 8


def multiclass_rows(rng, n=30, n_classes=3):
    codes = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    return codes, rng.dirichlet(np.ones(n_classes), size=n)


def finite_difference(metric, truth, output, step=1e-5):
    """Derivative of a weighted metric by the weight of every row."""
    weights = 1 + step * np.eye(len(truth)), 1 - step * np.eye(len(truth))
    up, down = ([metric(truth, output, sample_weight=w) for w in rows] for rows in weights)
    return (np.array(up) - np.array(down)) / (2 * step)


def assert_is_gradient(ours, oracle, truth, output):
    by_row = ours(truth, output).influence
    np.testing.assert_allclose(by_row, finite_difference(oracle, truth, output), atol=1e-8)
    assert by_row.sum() == pytest.approx(0, abs=1e-12)


# --- metrics: values -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLED)
@STEADY
@given(rows=scored_rows())
def test_value_of_called_classes_equals_scikit_learn(name, rows):
    ours, oracle = CALLED[name]
    truth, score = rows
    assert ours(truth, score >= 0.5).value == pytest.approx(oracle(truth, score >= 0.5), abs=1e-12)


@pytest.mark.parametrize("name", SCORED)
@STEADY
@given(rows=scored_rows())
def test_value_of_scores_equals_scikit_learn(name, rows):
    ours, oracle = SCORED[name]
    assert ours(*rows).value == pytest.approx(oracle(*rows), abs=1e-12)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
def test_value_with_many_classes_equals_scikit_learn(name):
    ours, oracle = CALLED[name]
    codes, probabilities = multiclass_rows(np.random.default_rng(1), n=200, n_classes=5)
    names = np.array(["ham", "spam", "list", "news", "bulk"])
    truth, predicted = names[codes], names[probabilities.argmax(axis=1)]
    assert ours(truth, predicted).value == pytest.approx(oracle(truth, predicted), abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_log_loss_equals_scikit_learn(n_classes):
    rows = multiclass_rows(np.random.default_rng(n_classes), 100, n_classes)
    assert influence.neg_log_loss(*rows).value == pytest.approx(neg_log_loss_by_sklearn(*rows))


def test_log_loss_of_a_certain_error_is_finite_as_in_scikit_learn():
    codes, probabilities = np.array([0, 1, 0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.3, 0.7]])
    ours = influence.neg_log_loss(codes, probabilities).value
    assert ours == pytest.approx(neg_log_loss_by_sklearn(codes, probabilities), abs=1e-12)


def test_f1_without_any_positive_is_zero_as_in_scikit_learn():
    nothing = np.zeros(4, dtype=bool)
    value, by_row = influence.f1(nothing, nothing)
    assert value == metrics.f1_score(nothing, nothing, zero_division=0) == 0
    assert not by_row.any()


@pytest.mark.parametrize(
    ("score", "auc"), [([0, 0, 1, 1], 1.0), ([1, 1, 0, 0], 0.0), ([3, 3, 3, 3], 0.5)]
)
def test_auc_of_perfect_inverse_and_constant_scores(score, auc):
    assert influence.roc_auc(np.array([False, False, True, True]), np.array(score)).value == auc


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
@STEADY
@given(rows=scored_rows())
def test_ranking_metrics_see_only_the_order_of_scores(name, rows):
    ours, _ = SCORED[name]
    truth, score = rows
    np.testing.assert_array_equal(ours(truth, score).influence, ours(truth, score**3 - 7).influence)


# --- metrics: gradients --------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLED)
@settings(STEADY, max_examples=10)
@given(rows=scored_rows())
def test_gradient_of_called_classes_is_the_derivative_by_weight(name, rows):
    truth, score = rows
    assert_is_gradient(*CALLED[name], truth, score >= 0.5)


@pytest.mark.parametrize("name", SCORED)
@settings(STEADY, max_examples=10)
@given(rows=scored_rows())
def test_gradient_of_scores_is_the_derivative_by_weight(name, rows):
    assert_is_gradient(*SCORED[name], *rows)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
def test_gradient_with_many_classes_is_the_derivative_by_weight(name):
    codes, probabilities = multiclass_rows(np.random.default_rng(2), n=40, n_classes=4)
    assert_is_gradient(*CALLED[name], codes, probabilities.argmax(axis=1))


def test_gradient_of_log_loss_is_the_derivative_by_weight():
    rows = multiclass_rows(np.random.default_rng(3))
    assert_is_gradient(influence.neg_log_loss, neg_log_loss_by_sklearn, *rows)
