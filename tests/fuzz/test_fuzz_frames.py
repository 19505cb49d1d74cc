"""Any frame becomes a data set that holds the same rows, or is refused; checks do no harm."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from strategies import attempted, frames, fuzzed, labels, schemas

import synthlab as sl
from synthlab.checks.roles import check_roles
from synthlab.dataset import Dataset, fingerprint

VERDICTS = {"helps", "hurts", "no useful effect", "inconclusive"}


def made(frame, y, origin, name):
    """Return a data set, or None where it is refused with a reason."""
    found, told = attempted(Dataset, frame, y, origin, name)
    assert (found is None) == (name in told)
    return found


@fuzzed
@given(st.data())
def test_a_data_set_holds_the_rows_that_it_was_given(data):
    n_rows = data.draw(st.integers(1, 6))
    frame = data.draw(frames(n_rows, data.draw(schemas)))
    y = data.draw(labels(n_rows))
    before = frame.copy(deep=True)
    found = made(frame, y, "real", "mine")
    pd.testing.assert_frame_equal(frame, before)
    if found is not None:
        assert len(found) == n_rows
        assert list(found.X.columns) == list(frame.columns)
        assert fingerprint(found) == fingerprint(made(frame, y, "real", "mine"))
        assert len(found.take([0])) == 1


@fuzzed
@given(st.data())
def test_roles_are_checked_or_refused_whatever_the_columns_hold(data):
    parts = three_parts(data)
    if parts:
        _, told = attempted(check_roles, *parts)
        assert not told or told.endswith(".")


@fuzzed
@given(st.data())
def test_a_lift_is_a_number_with_a_verdict_or_an_error(data):
    parts = three_parts(data)
    if parts:
        model = DummyClassifier(strategy="prior")
        result, told = attempted(sl.evaluate_synthetic_lift, *parts, model=model, baselines=False)
        assert (result is None) == bool(told)
        if result is not None:
            assert result["verdict"] in VERDICTS
            assert result["ci_low"] <= result["lift"] <= result["ci_high"]


def three_parts(data):
    """Draw real rows, synthetic rows and evaluation rows of one schema; None where refused."""
    schema = data.draw(schemas)
    parts = []
    for origin, name in (("real", "train"), ("synthetic", "synth"), ("real", "eval")):
        n_rows = data.draw(st.integers(2, 6))
        frame = data.draw(frames(n_rows, schema))
        parts.append(made(frame, data.draw(labels(n_rows)), origin, name))
    return None if None in parts else parts
