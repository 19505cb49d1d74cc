"""What a model says is scored as scikit-learn would, or refused by the model's name."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score, log_loss
from strategies import attempted, fuzzed, probabilities, rubbish

import synthlab as sl
from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.metrics.grading import METRICS, grade
from synthlab.models import output_of

CLASSES = {2: ["no", "yes"], 3: ["a", "b", "c"]}


class Says(ClassifierMixin, BaseEstimator):
    """A classifier that says what it was told, whatever the rows; by how many it was fitted on."""

    def __init__(self, said=None):
        self.said = said

    def fit(self, X, y):
        self.classes_, self.n_rows_ = np.unique(y), len(y)
        return self

    def predict_proba(self, X):
        return self.said[self.n_rows_]

    def predict(self, X):
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def __sklearn_clone__(self):
        return Says(self.said)


def rows(n_rows, n_classes, origin="real", name="eval", shift=0.0):
    y = [CLASSES[n_classes][n % n_classes] for n in range(n_rows)]
    return Dataset(pd.DataFrame({"x": np.arange(n_rows) + shift}), y, origin, name)


sizes = st.integers(3, 8), st.sampled_from([2, 3])


@fuzzed
@given(st.data())
def test_sound_probabilities_are_scored_as_scikit_learn_does(data):
    n_rows, n_classes = map(data.draw, sizes)
    said = data.draw(probabilities(n_rows, n_classes))
    evaluation = rows(n_rows, n_classes)
    fitted = Says({n_rows: said}).fit(evaluation.X, evaluation.y)
    output = output_of(fitted, evaluation, "probabilities")
    assert (output == said).all()
    loss = grade(output, evaluation, METRICS["neg_log_loss"], fitted.classes_).value
    exact = said.astype(float) / said.astype(float).sum(axis=1, keepdims=True)
    if (exact[np.arange(n_rows), np.searchsorted(fitted.classes_, evaluation.y)] > 0).all():
        assert loss == pytest.approx(-log_loss(evaluation.y, exact), rel=1e-5, abs=1e-6)
    assert np.isfinite(loss)


@fuzzed
@given(st.data())
def test_what_no_model_can_say_is_refused_by_name(data):
    n_rows, n_classes = map(data.draw, sizes)
    said = data.draw(rubbish(n_rows, n_classes))
    evaluation = rows(n_rows, n_classes)
    fitted = Says({n_rows: said}).fit(evaluation.X, evaluation.y)
    with pytest.raises(InputError, match=r"(?s)Says\.predict_proba|predict_proba fails on eval"):
        output_of(fitted, evaluation, "probabilities")


@fuzzed
@given(st.data())
def test_a_lift_is_the_difference_of_what_both_arms_say(data):
    n_rows, n_classes = data.draw(st.integers(20, 30)), data.draw(sizes[1])
    real, synth = (
        rows(12, n_classes, name="train", shift=0.25),
        rows(9, n_classes, "synthetic", "synth", shift=0.5),
    )
    evaluation = rows(n_rows, n_classes, shift=100)
    said = {12: data.draw(probabilities(n_rows, n_classes))}
    said[21] = data.draw(st.one_of(probabilities(n_rows, n_classes), rubbish(n_rows, n_classes)))
    options = {"model": Says(said), "n_seeds": 2, "baselines": False}
    result, told = attempted(sl.evaluate_synthetic_lift, real, synth, evaluation, **options)
    if result is None:
        assert "Says" in told or "predict" in told
        return
    scores = [
        accuracy_score(evaluation.y, np.array(CLASSES[n_classes])[said[n].argmax(axis=1)])
        for n in (12, 21)
    ]
    assert result["lift"] == pytest.approx(scores[1] - scores[0], abs=1e-12)
