"""Any scorer of scikit-learn's gives, through a replay, the number it gives without one."""

import numpy as np
import pytest
from simulated import two_classes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, fbeta_score, get_scorer, make_scorer
from sklearn.svm import LinearSVC

from synthlab.errors import InputError
from synthlab.metrics.scorers import METHODS, Replay, Scorer, replay_of

TRAIN, EVAL = two_classes(120), two_classes(90, seed=1)
FITTED = LogisticRegression().fit(TRAIN.X, TRAIN.y)
NUMBERED = LogisticRegression().fit(TRAIN.X, (TRAIN.y == "yes").astype(int))
SOME = ["precision", "recall", "jaccard", "f1_macro", "f1_weighted", "matthews_corrcoef"]
SOME += ["roc_auc_ovr", "top_k_accuracy", "d2_log_loss_score", "positive_likelihood_ratio"]


def refusal(scoring, classes=("no", "yes")):
    with pytest.raises(InputError) as caught:
        Scorer(scoring, np.array(classes))
    return str(caught.value)


@pytest.mark.filterwarnings("ignore:.*top_k.*:UserWarning")
@pytest.mark.filterwarnings("ignore:'k':sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("name", SOME)
def test_a_named_scorer_takes_the_second_class_as_positive(name):
    theirs = get_scorer(name)(NUMBERED, EVAL.X, (EVAL.y == "yes").astype(int))
    assert Scorer(name, EVAL.classes)(FITTED, EVAL.X, EVAL.y) == pytest.approx(theirs, abs=1e-12)


def test_a_scorer_of_ones_own_sees_the_labels_as_they_are():
    strict = make_scorer(fbeta_score, beta=0.5, pos_label="no")
    ours = Scorer(strict, EVAL.classes)(FITTED, EVAL.X, EVAL.y)
    assert ours == pytest.approx(strict(FITTED, EVAL.X, EVAL.y), abs=1e-12)


def test_a_plain_function_of_estimator_and_rows_is_a_scorer():
    def share_of_yes_found(estimator, X, y):
        return float((estimator.predict(X) == y)[y == "yes"].mean())

    scorer = Scorer(share_of_yes_found, EVAL.classes)
    assert scorer.name == "share_of_yes_found"
    assert scorer(FITTED, EVAL.X, EVAL.y) == pytest.approx(
        share_of_yes_found(FITTED, EVAL.X, EVAL.y)
    )


def test_some_rows_score_as_they_would_alone():
    rows = np.random.default_rng(1).integers(90, size=90)
    score = Scorer("f1_macro", EVAL.classes).of(replay_of(FITTED, EVAL.X), EVAL.y)
    predicted = FITTED.predict(EVAL.X)
    assert score(rows) == pytest.approx(f1_score(EVAL.y[rows], predicted[rows], average="macro"))
    assert score(rows) != score()


def test_three_classes_and_a_model_that_never_saw_one_of_them():
    y = np.resize(["a", "b", "c"], 90)
    two = LogisticRegression().fit(TRAIN.X, np.resize(["a", "c"], 120))
    theirs = f1_score(y, two.predict(EVAL.X), average="macro")
    assert Scorer("f1_macro", np.unique(y))(two, EVAL.X, y) == pytest.approx(theirs)


def test_a_replay_has_the_methods_that_the_model_has():
    replay = replay_of(LinearSVC().fit(TRAIN.X, TRAIN.y), EVAL.X)
    assert [hasattr(replay, name) for name in METHODS] == [True, False, True]


def test_a_replay_repeats_the_model_row_by_row():
    forest = RandomForestClassifier(10, random_state=0).fit(TRAIN.X, TRAIN.y)
    replay, rows = replay_of(forest, EVAL.X), np.array([3, 3, 0])
    np.testing.assert_array_equal(
        replay.predict_proba(rows), forest.predict_proba(EVAL.X)[[3, 3, 0]]
    )


def test_a_model_without_probabilities_is_refused_by_name():
    scorer = Scorer("roc_auc_ovr", EVAL.classes)
    with pytest.raises(InputError, match="predict_proba"):
        scorer(LinearSVC().fit(TRAIN.X, TRAIN.y), EVAL.X, EVAL.y)


def test_a_misspelt_name_is_told_its_neighbours():
    assert "Did you mean" in refusal("f1_makro")
    assert "f1_macro" in refusal("f1_makro")


def test_a_metric_function_is_told_to_be_wrapped():
    text = refusal(accuracy_score)
    assert "make_scorer(" in text
    assert " at 0x" not in text


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_squared_error", "neg_median_absolute_error"])
def test_scorers_of_quantities_are_refused(scoring):
    assert "takes labels for quantities" in refusal(scoring, (0, 1))


def test_a_positive_label_that_is_not_there_is_refused_before_any_fit():
    text = refusal(make_scorer(f1_score))
    assert "gives no score for labels ['no', 'yes']" in text
    assert "pos_label" in text


@pytest.mark.parametrize("number", [np.nan, np.inf, np.array([0.1, 0.2])])
def test_what_is_no_finite_number_is_no_score(number):
    assert "expected a finite number" in refusal(lambda estimator, X, y: number)


@pytest.mark.parametrize("scoring", [3, ["f1", "recall"], {"a": "f1"}])
def test_what_is_no_scorer_is_refused(scoring):
    assert "expected one scorer" in refusal(scoring)


def test_two_classes_are_needed_where_scikit_learn_needs_them():
    assert "multiclass" in refusal("precision", ("a", "b", "c"))


def test_a_replay_is_made_of_answers():
    replay = Replay({"predict": np.array(["no", "yes"])}, np.array(["no", "yes"]))
    assert replay.predict([1, 0]).tolist() == ["yes", "no"]
    assert replay.asked == {"predict"}
