"""Edge suites: what fails, what crashes, what is refused, and what they can't be used for."""

import numpy as np
import pandas as pd
import pytest

from synthlab import edges
from synthlab.checks.roles import check_roles
from synthlab.dataset import Dataset
from synthlab.edges import (
    Suite,
    direction,
    invariance,
    minimum_functionality,
    run_suite,
    run_suites,
)
from synthlab.errors import ContaminationError, InputError


class Spots:
    """Call a text spam by the share of its words that are *buy*; stumble over *boom*."""

    def __init__(self, classes=("ham", "spam")):
        self.classes_ = np.array(classes)

    def predict_proba(self, X):
        if any("boom" in text for text in X):
            raise RuntimeError("stumbled")
        spam = np.array([text.split().count("buy") / max(1, len(text.split())) for text in X])
        return np.column_stack([1 - spam, spam])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


def flagged(texts, label="spam", **about):
    about = {"origin": "synthetic", "name": "made", "is_edge_case": True} | about
    return Dataset(pd.Series(texts, dtype=object), [label] * len(texts), **about)


def test_minimum_functionality_asks_for_the_own_label():
    suite = Suite("buy", flagged(["buy buy", "buy now or never", "buy"]), minimum_functionality())
    found = run_suite(Spots(), suite)
    assert found.failures.tolist() == [1]
    assert found.outcomes["answer"].tolist() == ["spam", "ham", "spam"]
    assert found.rate.estimate == pytest.approx(1 / 3)


def test_invariance_compares_with_the_original_right_or_wrong():
    before = flagged(["buy", "call", "buy it"])
    after = flagged(["b uy", "c all", "buy"])
    found = run_suite(Spots(), Suite("disguise", after, invariance(), before))
    # The second is missed both times, which is wrong but the same.
    assert found.failures.tolist() == [0, 2]
    assert found.outcomes["before"].tolist() == ["spam", "ham", "ham"]


def test_direction_allows_what_it_says():
    before = flagged(["buy buy buy buy", "buy", "call"])
    after = flagged(["buy buy buy call", "buy call", "call buy"])
    moves = {0.0: [0, 1], -0.3: [1], -0.5: []}
    for at_least, failures in moves.items():
        found = run_suite(Spots(), Suite("more", after, direction("spam", at_least), before))
        assert found.failures.tolist() == failures
    rise = run_suite(Spots(), Suite("more", after, direction("ham", 0.1), before))
    assert rise.failures.tolist() == [2]


def test_a_crash_is_a_finding_and_the_run_goes_on():
    suite = Suite("boom", flagged(["buy", "boom", "call"]), minimum_functionality())
    found = run_suite(Spots(), suite)
    assert found.n_crashed == 1
    assert found.failures.tolist() == [1, 2]
    assert found.outcomes["error"].tolist() == ["", "RuntimeError: stumbled", ""]


def test_a_crash_on_an_original_fails_its_case():
    suite = Suite("boom", flagged(["buy", "buy it"]), invariance(), flagged(["boom", "or it"]))
    found = run_suite(Spots(), suite)
    assert found.failures.tolist() == [0]
    assert found.outcomes["error"][0] == "on the original: RuntimeError: stumbled"


def test_a_model_that_reads_no_original_is_refused():
    suite = Suite("boom", flagged(["buy"]), invariance(), flagged(["boom"]))
    with pytest.raises(InputError, match="raises on every original"):
        run_suite(Spots(), suite)


def test_a_probability_that_is_no_number_fails():
    class Empty(Spots):
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    suite = Suite("nan", flagged(["buy"]), direction("spam", -1.0), flagged(["call"]))
    assert run_suite(Empty(), suite).n_failed == 1


def test_every_suite_states_its_power():
    suite = Suite("many", flagged([f"buy {i}" for i in range(59)]), minimum_functionality())
    assert suite.rate_to_see == pytest.approx(0.05, abs=0.001)
    for shown in (repr(suite), repr(run_suite(Spots(), suite))):
        assert "sees a failure rate of 5.0% or more with 95% probability" in shown
    assert run_suite(Spots(), suite).to_frame()["rate_to_see"][0] == suite.rate_to_see


def test_models_times_suites():
    suites = [
        Suite("one", flagged(["buy"]), minimum_functionality()),
        Suite("two", flagged(["call", "buy"]), minimum_functionality()),
    ]
    found = run_suites({"a": Spots(), "b": Spots()}, iter(suites))
    assert found[["model", "suite", "n_failed"]].to_numpy().tolist() == [
        ["a", "one", 0],
        ["a", "two", 1],
        ["b", "one", 0],
        ["b", "two", 1],
    ]
    for models, some in (({}, suites), ({"a": Spots()}, [])):
        with pytest.raises(InputError, match="expected one or more of both"):
            run_suites(models, some)


@pytest.mark.parametrize(
    ("suite", "message"),
    [
        (lambda: Suite("x", flagged(["buy"], "junk"), minimum_functionality()), "label 'junk'"),
        (
            lambda: Suite("x", flagged(["buy"]), direction("junk"), flagged(["it"])),
            "label 'junk', which the model does not know (it knows 'ham', 'spam')",
        ),
    ],
)
def test_unknown_labels_are_refused(suite, message):
    with pytest.raises(InputError) as caught:
        run_suite(Spots(), suite())
    assert message in str(caught.value)


def test_a_model_that_cannot_answer_is_refused():
    suite = Suite("x", flagged(["buy", "it"]), minimum_functionality())
    with pytest.raises(InputError, match="has no classes_: it is not fitted"):
        run_suite(object(), suite)

    class Hard:
        classes_ = np.array(["ham", "spam"])

        def predict(self, X):
            return ["spam"]

    with pytest.raises(InputError, match="gave 1 answers for 2 inputs"):
        run_suite(Hard(), suite)
    moved = Suite("x", flagged(["buy"]), direction("spam"), flagged(["it"]))
    with pytest.raises(InputError, match="has no predict_proba"):
        run_suite(Hard(), moved)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: flagged([]), "has no cases"),
        (lambda: flagged(["a", "b"], origin=["real", "synthetic"]), "1 of 2 cases are real"),
        (lambda: flagged(["a", "b"], is_edge_case=[True, False]), "not flagged as edge cases"),
        (lambda: flagged(["a", "b", "a"]), "1 of 3 cases repeat others (rows 2)"),
        (
            lambda: flagged(["a", "b"], derived_from=[["r1"], ["r1"]]),
            "1 source rows made more than one case (first: r1)",
        ),
    ],
)
def test_cases_that_would_mislead_are_refused(make, message):
    with pytest.raises(InputError) as caught:
        Suite("x", make(), minimum_functionality())
    assert message in str(caught.value)


def test_originals_are_one_per_case():
    with pytest.raises(InputError, match="has no originals"):
        Suite("x", flagged(["a"]), invariance())
    with pytest.raises(InputError, match="2 originals for 1 cases"):
        Suite("x", flagged(["a"]), invariance(), flagged(["a", "b"]))
    with pytest.raises(InputError, match="at_least=5"):
        direction("spam", 5)


def test_equal_cases_of_different_source_rows_are_two_draws():
    cases = flagged(["a", "a"], derived_from=[["r1"], ["r2"]])
    assert len(Suite("x", cases, minimum_functionality())) == 2


def test_the_roles_refuse_cases_in_training_and_scoring():
    cases = edges.short_suite().cases
    texts = pd.Series([f"message {i}" for i in range(8)])
    real = Dataset(texts, ["ham", "spam"] * 4, "real", "mail")
    real_eval = Dataset(texts + " later", ["ham", "spam"] * 4, "real", "eval")
    with pytest.raises(ContaminationError, match=r"edge cases .* may not train"):
        check_roles(real, cases, real_eval)
    scored = Dataset(texts + " later", ["ham", "spam"] * 4, "real", "eval", is_edge_case=True)
    made = Dataset(texts + " made", ["ham", "spam"] * 4, "synthetic", "made")
    with pytest.raises(ContaminationError, match=r"edge cases .* may not be scored"):
        check_roles(real, made, scored)


def test_the_face_hands_out_what_it_lists():
    for name in edges.__all__:
        assert type(getattr(edges, name)).__name__ != "module"
    files = {"additions", "changes", "disguises", "sizing", "suites", "running", "shrinking"}
    assert not files & set(edges.__all__)
