"""Words follow from intervals, and how much more is needed follows from what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthlab.stats.intervals import Interval
from synthlab.stats.verdicts import assurance, needed, verdict

STEADY = settings(deadline=None, derandomize=True, max_examples=100)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.006, 0.02, "helps"),
        (0.005, 0.02, "inconclusive"),  # a lift of the margin itself is possible
        (-0.001, 0.02, "inconclusive"),
        (-0.02, 0.02, "inconclusive"),
        (-0.005, 0.005, "no useful effect"),
        (0.001, 0.005, "no useful effect"),
        (0.0, 0.0, "no useful effect"),
        (-0.005, 0.0051, "inconclusive"),
        (-0.0051, 0.005, "inconclusive"),
        (-0.02, -0.005, "inconclusive"),
        (-0.02, -0.006, "hurts"),
    ],
)
def test_verdict_says_where_the_interval_lies(low, high, word):
    assert verdict(low, high, 0.005) == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.0, 0.0, "no useful effect"),
        (0.0, 0.1, "inconclusive"),
        (0.001, 0.1, "helps"),
        (-1, -0.1, "hurts"),
    ],
)
def test_verdict_without_a_margin(low, high, word):
    assert verdict(low, high, 0) == word


@STEADY
@given(ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted), margin=st.floats(0, 0.5))
def test_verdict_mirrors_when_the_arms_swap(ends, margin):
    mirrored = {"helps": "hurts", "hurts": "helps"}
    there, back = verdict(*ends, margin), verdict(-ends[1], -ends[0], margin)
    assert back == mirrored.get(there, there)


# --- what a clear verdict takes ------------------------------------------------------------


def around(estimate, se):
    return Interval(estimate, estimate - 1.96 * se, estimate + 1.96 * se, se, np.inf)


def settled_share(estimate, se, variance, margin=0.005, n=40_000):
    """Simulate: the truth is drawn around the estimate, a new estimate around the truth."""
    rng = np.random.default_rng(0)
    found = rng.normal(rng.normal(estimate, se, n), np.sqrt(variance))
    reach = 1.96 * np.sqrt(variance)
    clear = (found - reach > margin) | (found + reach < -margin)
    return np.mean(clear | (np.abs(found) + reach <= margin))


def test_assurance_is_the_share_of_new_samples_that_settle():
    for estimate, se, variance in ((0.01, 0.01, 1e-4), (0.0, 0.004, 1e-6), (-0.02, 0.01, 1e-5)):
        told = assurance(around(estimate, se), variance, 0.005)
        assert told == pytest.approx(settled_share(estimate, se, variance), abs=0.01)


def test_so_much_more_settles_as_often_as_it_says():
    for estimate in (0.0, 0.004, 0.012, -0.02):
        se = 0.01
        found = needed(around(estimate, se), lambda factor: 1e-4 / factor, 0.005)
        shares = [settled_share(estimate, se, 1e-4 / factor) for factor in found]
        assert shares == pytest.approx([0.5, 0.9], abs=0.02)


def test_a_likely_verdict_takes_more_than_an_even_chance():
    found = needed(around(0.01, 0.01), lambda factor: 1e-4 / factor, 0.005)
    assert 1 < found.even < found.likely


def test_what_never_shrinks_can_be_out_of_reach():
    found = needed(around(0.01, 0.01), lambda factor: 1e-6 / factor + 1e-4, 0.005)
    assert found == (None, None)
