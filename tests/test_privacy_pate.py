"""PATE: one row moves one vote, the budget holds, and teachers who agree are heard."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated import two_classes
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.paths import data_dir
from synthlab.privacy import FittedPate, Pate, epsilon_of_rho, rho_of_epsilon
from synthlab.privacy.pate import teacher_votes

pytest.importorskip("opendp", reason="opendp is missing: make setup-privacy")

REFERENCE = json.loads((data_dir() / "dp_reference.json").read_text("utf-8"))["pate"]
CLASSES = ("no", "yes")


def pate(n_public=200, **options):
    options = {"model": LogisticRegression(), **options}
    return Pate(two_classes(n_public, seed=1), CLASSES, **options)


def votes(yes, n_teachers=250):
    yes = np.asarray(yes)
    return np.column_stack([n_teachers - yes, yes])


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


# --- sensitivity and cost -------------------------------------------------------------------


def test_one_row_moves_one_teachers_votes_at_most():
    asked, model = two_classes(60, seed=1), DecisionTreeClassifier()
    changed = 0
    for seed in range(20):
        rows = two_classes(80, seed=seed, signal=0.3)
        fewer = rows.take(np.arange(79))
        with_it, without = (
            teacher_votes(table, asked, CLASSES, model, 8, np.random.default_rng(seed))
            for table in (rows, fewer)
        )
        apart = np.linalg.norm(with_it - without, axis=1)
        assert (apart <= math.sqrt(2) + 1e-12).all()
        assert (np.abs(with_it.max(axis=1) - without.max(axis=1)) <= 1).all()
        changed += (apart > 0).sum()
    assert changed > 0


def test_the_account_is_that_of_dp_accounting():
    for row in REFERENCE:
        generator = pate(
            check_scale=row["check_scale"], answer_scale=row["answer_scale"], delta=row["delta"]
        )
        answered = np.arange(row["answers"])
        model = FittedPate(generator, row["checks"], answered, np.array(["no"] * len(answered)))
        assert model.spent == pytest.approx(row["rdp"], rel=1e-6)
        assert row["pld"] < model.spent


def test_a_check_costs_one_vote_and_an_answer_two():
    check, answer = pate(check_scale=50.0, answer_scale=20.0).costs
    assert check == pytest.approx(1 / (2 * 50**2))
    assert answer == pytest.approx(2 / (2 * 20**2))


def test_questions_end_before_the_budget_is_exceeded():
    for epsilon in (0.5, 1.0, 4.0):
        generator = pate(epsilon=epsilon, n_teachers=10_000, n_queries=2_000)
        model = generator.answer(votes([10_000] * 2_000, 10_000))
        assert model.n_asked == len(model.rows) == generator.n_affordable < 2_000
        assert model.spent <= epsilon
        check, answer = generator.costs
        assert (model.n_asked + 1) * (check + answer) > rho_of_epsilon(epsilon)


def test_a_refused_answer_leaves_budget_for_more_questions():
    generator = pate(epsilon=1.0, n_teachers=10_000, n_queries=2_000)
    split = generator.answer(votes([5_000] * 2_000, 10_000))
    assert len(split.rows) == 0
    check, answer = generator.costs
    assert split.n_asked == min(2_000, 1 + int((generator.rho - check - answer) / check))
    assert split.spent == pytest.approx(epsilon_of_rho(split.n_asked * check))


# --- the truth ------------------------------------------------------------------------------


def test_teachers_who_agree_are_heard_and_those_who_do_not_are_not():
    generator = pate(n_teachers=10_000, epsilon=4.0)
    yes = np.tile([10_000, 5_000, 0], 60)
    model = generator.answer(votes(yes, 10_000))
    np.testing.assert_array_equal(model.rows, np.flatnonzero(yes != 5_000))
    np.testing.assert_array_equal(model.labels == "yes", yes[model.rows] == 10_000)


def test_votes_sum_to_the_teachers_also_where_some_know_one_class_or_nothing():
    rows = two_classes(30, share=0.1)
    found = teacher_votes(
        rows, two_classes(10, seed=1), CLASSES, LogisticRegression(), 25, np.random.default_rng(0)
    )
    assert found.shape == (10, 2)
    assert (found.sum(axis=1) == 25).all()


def test_the_student_learns_what_no_private_row_was_shown_for():
    private, test = two_classes(6_000, seed=0), two_classes(3_000, seed=2)
    generator = pate(300, n_teachers=100, n_queries=300, epsilon=10.0, answer_scale=30.0)
    generator = replace(generator, check_scale=60.0)
    model = generator.fit(private, np.random.default_rng(0))
    answered = model.answered
    student = LogisticRegression().fit(answered.X, answered.y)
    assert roc_auc_score(test.y == "yes", student.predict_proba(test.X)[:, 1]) > 0.75
    public = two_classes(300, seed=1)
    assert answered.X.equals(public.X.iloc[model.rows].reset_index(drop=True))
    assert (answered.y == public.y[model.rows]).mean() > 0.6  # six standard deviations
    assert set(answered.origin) == {"synthetic"}


def test_more_privacy_answers_less():
    voted = votes(np.random.default_rng(0).integers(180, 251, 500))
    few, many = (len(pate(epsilon=e).answer(voted).rows) for e in (0.5, 4.0))
    assert few < many / 3


def test_public_labels_are_not_looked_at():
    model = DummyClassifier(strategy="constant", constant="yes")
    public = two_classes(50, seed=1)
    mislabeled = public.replace(y=["other"] * 50)
    noise = {"check_scale": 1.0, "answer_scale": 1.0}  # hardly any, so that all are answered
    generator = Pate(mislabeled, CLASSES, model, n_teachers=20, epsilon=1_000.0, **noise)
    made = generator.fit(two_classes(400), np.random.default_rng(0)).answered
    assert set(made.y) == {"yes"}


# --- the contract ---------------------------------------------------------------------------


def test_a_sample_draws_answered_rows_none_twice():
    model = pate(n_teachers=10_000).answer(votes(np.tile([10_000, 0], 50), 10_000))
    made = model.sample(50, np.random.default_rng(0), "yes")
    assert set(made.y) == {"yes"}
    assert not made.X.duplicated().any()
    assert made.X.equals(model.sample(50, np.random.default_rng(0), "yes").X)
    assert "50 were answered as 'yes'" in refusal(model.sample, 51, np.random.default_rng(0), "yes")
    assert "a label of the fitted rows" in refusal(
        model.sample, 1, np.random.default_rng(0), "maybe"
    )


# --- bad input ------------------------------------------------------------------------------


def test_settings_that_promise_nothing_are_refused():
    for option, message in {
        "epsilon": "expected more than 0",
        "delta": "a probability",
        "n_teachers": "whole number from 2",
        "n_queries": "whole number from 1",
        "check_scale": "above 0",
        "answer_scale": "above 0",
        "threshold": "a share",
    }.items():
        assert message in refusal(pate, **{option: -1})
    assert "one question costs more" in refusal(pate, epsilon=0.01)
    assert "two or more" in refusal(Pate, two_classes(5), ("no",), LogisticRegression())
    empty = two_classes(5).take([])
    assert "is empty" in refusal(Pate, empty, CLASSES, LogisticRegression())


def test_rows_that_can_not_teach_are_refused():
    rng = np.random.default_rng(0)
    assert "no more teachers than rows" in refusal(pate().fit, two_classes(100), rng)
    assert "less than 1/400" in refusal(pate(delta=0.01).fit, two_classes(400), rng)
    other = two_classes(400).replace(y=["maybe"] * 400)
    assert "without paying" in refusal(pate().fit, other, rng)
    assert "differ in" in refusal(pate().fit, two_classes(400, columns=2), rng)
    texts = Dataset(pd.Series(["a b"] * 400), ["no", "yes"] * 200, "real", "texts")
    assert "texts" in refusal(pate().fit, texts, rng)
