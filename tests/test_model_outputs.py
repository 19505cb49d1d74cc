"""What no classifier can say is refused where it enters, and nobody's rows are written into."""

import numpy as np
import pandas as pd
import pytest
from simulated import Copier, two_classes
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synthlab import evaluate_generator_lift, evaluate_synthetic_lift
from synthlab.dataset import Dataset, fingerprint
from synthlab.errors import InputError

TRAIN, SYNTH, EVAL = two_classes(60), two_classes(60, "synthetic", 1), two_classes(200, seed=2)


class Says(ClassifierMixin, BaseEstimator):
    """Gives a planted answer, spoiled after it was computed."""

    def __init__(self, spoil=None, classes=None):
        self.spoil, self.classes = spoil, classes

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_ if self.classes is None else np.array(self.classes)
        return self

    def predict(self, X):
        return self.spoil(self.inner_.predict(X))

    def predict_proba(self, X):
        return self.spoil(self.inner_.predict_proba(X))


def at_row(row, value):
    def spoil(output):
        output = output.copy()
        output[row] = value
        return output

    return spoil


#: The metric, what is done to the output, and what the refusal says.
IMPOSSIBLE = {
    "labels of another coding": ("accuracy", lambda p: (p == "yes").astype(int), "predicts 1"),
    "an unknown label": ("accuracy", at_row(7, "so"), "predicts 'so'"),
    "labels in a column": ("accuracy", lambda p: p[:, None], "shape (200, 1)"),
    "too few labels": ("accuracy", lambda p: p[:-1], "shape (199,)"),
    "probabilities that are missing": ("roc_auc", at_row(3, np.nan), "not finite (rows 3)"),
    "infinite probabilities": ("neg_log_loss", at_row(3, np.inf), "not finite (rows 3)"),
    "probabilities above one": ("neg_brier_score", at_row(5, [1.5, -0.5]), "add up to 1 (rows 5)"),
    "probabilities that do not add up": ("neg_brier_score", at_row(5, 0.9), "add up to 1"),
    "three columns for two classes": (
        "neg_brier_score",
        lambda p: np.column_stack([p, 0 * p[:, :1]]),
        "shape (200, 3), where (200, 2) was expected",
    ),
    "one column of probabilities": ("roc_auc", lambda p: p[:, 1], "shape (200,)"),
}


def refusal(model, scoring="accuracy"):
    with pytest.raises(InputError) as caught:
        evaluate_synthetic_lift(TRAIN, SYNTH, EVAL, model=model, scoring=scoring, baselines=False)
    return str(caught.value)


def test_impossible_output_is_refused_with_the_method_and_the_value():
    unclear = {}
    for name, (scoring, spoil, told) in IMPOSSIBLE.items():
        text = refusal(Says(spoil), scoring)
        if not (told in text and "Says.predict" in text and "Mend the model" in text):
            unclear[name] = text
    assert unclear == {}


def test_a_model_with_other_classes_than_the_labels_is_refused():
    text = refusal(Says(lambda p: p, classes=[0, 1]))
    assert "has classes_ 0, 1; expected the labels no, yes" in text


def test_the_same_model_unspoiled_is_scored():
    found = evaluate_synthetic_lift(TRAIN, SYNTH, EVAL, model=Says(lambda p: p), baselines=False)
    assert found["real_only_score"] > 0.6


# --- whose rows these are ------------------------------------------------------------------


class Writes(Copier):
    """Writes into the frame that it was given, in every way pandas offers."""

    def fit(self, rows, rng):
        frame = rows.X
        frame.loc[:, :] -= 3
        frame.iloc[:, 0] = 7.0
        frame[frame.columns[0]] = 9.0
        return super().fit(rows, rng)


def test_a_generator_cannot_write_into_the_rows_it_was_given():
    real = two_classes(200)
    before = fingerprint(real)
    how = {"model": LogisticRegression(), "n_splits": 3, "baselines": False}
    wrote = evaluate_generator_lift(real, Writes(noise=0.1), 100, **how)
    plain = evaluate_generator_lift(real, Copier(noise=0.1), 100, **how)
    assert fingerprint(real) == before
    assert wrote["real_only_score"] == plain["real_only_score"]


@pytest.mark.parametrize("kind", ["frame", "array"])
def test_a_transformer_that_works_in_place_changes_nobodys_rows(kind):
    sets = [d if kind == "frame" else d.replace(X=d.X.to_numpy()) for d in (TRAIN, SYNTH, EVAL)]
    before = [fingerprint(data) for data in sets]
    in_place = make_pipeline(StandardScaler(copy=False), LogisticRegression())
    copying = make_pipeline(StandardScaler(), LogisticRegression())
    results = [evaluate_synthetic_lift(*sets, model=model) for model in (in_place, copying)]
    assert [fingerprint(data) for data in sets] == before
    assert results[0]["lift"] == pytest.approx(results[1]["lift"])


def test_whoever_writes_into_features_writes_into_a_copy():
    data = Dataset(pd.DataFrame({"a": [1.0, 2.0]}), [0, 1], "real")
    features, facts = data.X, data.facts
    features.loc[0, "a"] = 9
    features["b"] = 1
    facts.loc[0, "origin"] = "synthetic"
    assert data.X.to_dict("list") == {"a": [1.0, 2.0]}
    assert data.origin.tolist() == ["real", "real"]
