"""Scores equal scikit-learn's own scorers, and a seed reaches every part of a model."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import get_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from synthlab import models
from synthlab.dataset import REAL, Dataset
from synthlab.errors import InputError
from synthlab.metrics.grading import METRICS, get_metric, grade

TWO = np.array(["ham", "spam"])
MULTICLASS = [name for name, metric in METRICS.items() if not metric.binary_only]


def blobs(n, seed=0, labels=("ham", "spam"), shift=1.0):
    """Gaussian clouds, one a label, shifted along the first column."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % len(labels)
    X = rng.normal(size=(n, 3))
    X[:, 0] += shift * codes
    return Dataset(X, np.array(labels)[codes], REAL, "blobs")


class OnlyPredicts(ClassifierMixin, BaseEstimator):
    """Knows classes, neither scores nor probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class OnlyFits(ClassifierMixin, BaseEstimator):
    """Learns, and keeps it to itself."""

    def fit(self, X, y):
        return self


# --- metrics -------------------------------------------------------------------------------


def scored(model, train, eval, name):
    fitted, metric = models.fit_with_seed(model, train, 0), METRICS[name]
    output = models.output_of(fitted, eval, metric.needs)
    return grade(output, eval, metric, fitted.classes_).value


def by_scikit_learn(model, train, eval, name):
    return get_scorer(name)(models.fit_with_seed(model, train, 0), eval.X, eval.y)


GRADERS = (scored, by_scikit_learn)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("labels", [(0, 1), (False, True)])
def test_a_metric_is_the_scorer_that_scikit_learn_calls_so(name, labels):
    train, eval = blobs(60, 1, labels), blobs(90, 2, labels)
    ours, oracle = (grade(LogisticRegression(), train, eval, name) for grade in GRADERS)
    assert ours == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_of_two_named_classes_the_second_is_positive(name):
    named, numbered = (
        scored(LogisticRegression(), blobs(60, 1, labels), blobs(90, 2, labels), name)
        for labels in (("ham", "spam"), (0, 1))
    )
    assert named == numbered


@pytest.mark.parametrize("name", MULTICLASS)
def test_a_metric_of_many_classes_is_scikit_learns(name):
    train, eval = (blobs(90, seed, ("bulk", "ham", "spam")) for seed in (1, 2))
    ours, oracle = (grade(LogisticRegression(), train, eval, name) for grade in GRADERS)
    assert ours == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_rankings_come_from_probabilities_where_there_is_no_decision_function(name):
    train, eval = blobs(60, 1, (0, 1)), blobs(90, 2, (0, 1))
    ours, oracle = (grade(RandomForestClassifier(20), train, eval, name) for grade in GRADERS)
    assert ours == pytest.approx(oracle, abs=1e-12)


def test_accuracy_by_class_counts_only_the_classes_in_eval():
    train, eval = blobs(90, 1, ("bulk", "ham", "spam")), blobs(60, 2, ("bulk", "spam"))
    hit = LogisticRegression().fit(train.X, train.y).predict(eval.X) == eval.y
    by_hand = np.mean([hit[eval.y == label].mean() for label in ("bulk", "spam")])
    ours = scored(LogisticRegression(), train, eval, "balanced_accuracy")
    assert ours == pytest.approx(by_hand)


def test_log_loss_finds_the_probability_of_a_class_whatever_eval_lacks():
    train, eval = blobs(90, 1, ("bulk", "ham", "spam")), blobs(60, 2, ("bulk", "spam"))
    probabilities = LogisticRegression().fit(train.X, train.y).predict_proba(eval.X)
    by_hand = np.log(np.where(eval.y == "bulk", probabilities[:, 0], probabilities[:, 2])).mean()
    assert scored(LogisticRegression(), train, eval, "neg_log_loss") == pytest.approx(by_hand)


def test_accuracy_is_the_metric_of_whoever_names_none():
    assert get_metric(None, TWO).name == "accuracy"


@pytest.mark.parametrize("name", ["f1_macro", "matthews_corrcoef"])
def test_any_other_scorer_is_a_metric_without_a_gradient(name):
    metric = get_metric(name, TWO)
    assert (metric.name, metric.needs, metric.score) == (name, "classes", None)


@pytest.mark.parametrize(
    ("name", "needs"),
    [("precision", "classes"), ("roc_auc_ovr", "probabilities"), ("top_k_accuracy", "ranking")],
)
def test_what_a_scorer_asks_of_a_model_is_found_out(name, needs):
    assert get_metric(name, TWO).needs == needs


def test_where_gradients_are_needed_other_scorers_are_refused():
    with pytest.raises(InputError) as caught:
        get_metric("f1_macro", TWO, by_influence=True)
    assert "scoring='f1_macro': expected one of accuracy, balanced_accuracy" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "is_loss"), [("neg_log_loss", True), ("neg_brier_score", True), ("f1", False)]
)
def test_losses_are_known_as_such(name, is_loss):
    assert METRICS[name].is_loss is is_loss


@pytest.mark.parametrize("name", [name for name in METRICS if name not in MULTICLASS])
def test_a_metric_of_two_classes_is_refused_for_three(name):
    with pytest.raises(InputError) as caught:
        get_metric(name, np.arange(3))
    assert f"scoring={name!r} needs two classes; evaluation and training have 3" in str(
        caught.value
    )
    assert "Use accuracy, balanced_accuracy or neg_log_loss" in str(caught.value)


# --- outputs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "needs", "missing"),
    [
        (OnlyPredicts(), "ranking", "decision_function or predict_proba"),
        (OnlyPredicts(), "probabilities", "predict_proba"),
        (LinearSVC(), "probabilities", "predict_proba"),
    ],
)
def test_a_model_without_the_output_is_refused(model, needs, missing):
    fitted = models.fit_with_seed(model, blobs(20), 0)
    with pytest.raises(InputError) as caught:
        models.output_of(fitted, blobs(20), needs)
    assert f"{type(model).__name__} has no {missing}, which this metric" in str(caught.value)
    assert "scoring='accuracy'" in str(caught.value)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (LogisticRegression(), "predict_proba"),
        (LinearSVC(), "decision_function"),
        (OnlyPredicts(), "predict"),
    ],
)
def test_the_most_detailed_output_is_found(model, method):
    data = blobs(20)
    fitted = models.fit_with_seed(model, data, 0)
    expected = getattr(fitted, method)(data.X)
    np.testing.assert_array_equal(models.outputs_of(fitted, data, "classes")[1](), expected)


def test_a_model_that_cannot_predict_is_refused():
    with pytest.raises(InputError, match="OnlyFits has no predict, which this metric needs"):
        models.outputs_of(OnlyFits(), blobs(4), "classes")


# --- seeds ---------------------------------------------------------------------------------


def nested_model():
    selector = SelectFromModel(RandomForestClassifier(5, random_state=1))
    return make_pipeline(StandardScaler(), selector, Perceptron(random_state=2))


def test_a_seed_reaches_every_part_of_a_model():
    seeded = models.with_seed(nested_model(), 77).get_params()
    states = [value for key, value in seeded.items() if key.endswith("random_state")]
    assert states == [77, 77]


def test_seeding_leaves_the_original_as_it_was():
    model = nested_model()
    models.with_seed(model, 77)
    assert model.get_params()["perceptron__random_state"] == 2


def test_a_model_without_a_seed_takes_any():
    assert isinstance(models.with_seed(OnlyPredicts(), 77), OnlyPredicts)


def test_fitting_leaves_the_original_unfitted():
    model = LogisticRegression()
    models.fit_with_seed(model, blobs(20), 0)
    assert not hasattr(model, "classes_")


def test_the_same_seed_gives_the_same_fit():
    model, train, eval = RandomForestClassifier(5), blobs(60, 1), blobs(60, 2)
    fits = [models.fit_with_seed(model, train, 3).predict_proba(eval.X) for _ in range(2)]
    np.testing.assert_array_equal(*fits)


def test_another_seed_gives_another_fit():
    model, train, eval = RandomForestClassifier(5), blobs(60, 1), blobs(60, 2)
    fits = [models.fit_with_seed(model, train, s).predict_proba(eval.X) for s in (3, 4)]
    assert (fits[0] != fits[1]).any()


def test_columns_that_the_model_cannot_take_are_refused():
    words = Dataset(pd.DataFrame({"word": ["a", "b"]}), [0, 1], REAL, "words")
    with pytest.raises(InputError) as caught:
        models.fit_with_seed(LogisticRegression(), words, 0)
    assert "cannot be fitted on words (2 rows): could not convert" in str(caught.value)
    assert "Hand in a model that takes such columns" in str(caught.value)


# --- default models ------------------------------------------------------------------------


def accuracy_of_default(train, eval):
    with threadpool_limits(1):  # boosting of so few rows only waits for its threads
        fitted = models.fit_with_seed(models.default_model(train), train, 0)
        return np.mean(fitted.predict(eval.X) == eval.y)


def notes(n, seed):
    """Messages that hold one telling word among others."""
    rng = np.random.default_rng(seed)
    y = np.array(["ham", "spam"])[np.arange(n) % 2]
    told, other = {"ham": "minutes", "spam": "prize"}, "the one we had at noon so far".split()
    texts = [f"{told[label]} {' '.join(rng.choice(other, 6))}" for label in y]
    return Dataset(pd.Series(texts), y, REAL)


def people(n, seed):
    """A table whose label follows a category where the number says nothing, and misses some."""
    rng = np.random.default_rng(seed)
    city = np.array(["Cork", "Derry"])[np.arange(n) % 2]
    age = np.where(rng.random(n) < 0.1, np.nan, rng.integers(20, 60, n))
    return Dataset(pd.DataFrame({"city": city, "age": age}), (city == "Cork").astype(int), REAL)


def far_blobs(n, seed):
    return blobs(n, seed, shift=8.0)


@pytest.mark.parametrize("make", [notes, people, far_blobs])
def test_the_default_model_learns_what_is_there(make):
    assert accuracy_of_default(make(120, 1), make(60, 2)) >= 0.95


def test_the_default_model_says_when_texts_share_no_word():
    lonely = Dataset(pd.Series(["alpha beta", "gamma delta"]), ["ham", "spam"], REAL, "two")
    with pytest.raises(InputError, match=r"cannot be fitted on two \(2 rows\)"):
        models.fit_with_seed(models.default_model(lonely), lonely, 0)


def test_a_pipeline_transforms_once_for_all_that_it_says():
    calls = []

    def noted(X):
        calls.append(len(X))
        return X

    pipeline = make_pipeline(FunctionTransformer(noted), LogisticRegression())
    data = blobs(60)
    pipeline.fit(data.X, data.y)
    calls.clear()
    output, detail = models.outputs_of(pipeline, data, "classes")
    np.testing.assert_array_equal(detail(), pipeline.predict_proba(data.X))
    np.testing.assert_array_equal(output, pipeline.predict(data.X))
    assert len(calls) == 1 + 2  # ours, and those of the two comparisons


def test_a_transformer_that_fails_is_named_with_the_rows():
    def fails(X):
        if len(X) < 60:
            raise ValueError("unseen category")
        return X

    pipeline = make_pipeline(FunctionTransformer(fails), LogisticRegression())
    pipeline.fit(blobs(60).X, blobs(60).y)
    with pytest.raises(InputError, match=r"transform fails on .*\(4 rows\): unseen category"):
        models.output_of(pipeline, blobs(4), "classes")
