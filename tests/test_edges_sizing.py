"""Sizes of suites against closed forms and direct sums."""

import numpy as np
import pytest
from scipy.stats import binom

from synthlab.edges import cases_to_bound, cases_to_see, failure_rate, precision_of, rate_to_see
from synthlab.errors import InputError


def test_cases_to_see_is_the_smallest_number_that_shows_a_failure():
    for rate in (0.002, 0.013, 0.2, 0.9):
        for probability in (0.5, 0.8, 0.95, 0.999):
            n = cases_to_see(rate, probability=probability)
            assert 1 - binom.pmf(0, n, rate) >= probability
            assert n == 1 or 1 - binom.pmf(0, n - 1, rate) < probability


def test_rate_to_see_inverts_cases_to_see():
    for n in (1, 10, 59, 1_000):
        assert binom.pmf(0, n, rate_to_see(n)) == pytest.approx(0.05)
        assert cases_to_see(rate_to_see(n) * 1.0001) <= n


def wilson_by_hand(k, n, z=1.959963984540054):
    """Solve |share − p| = z √(p (1 − p) / n) for p, which defines the interval."""
    roots = np.roots([1 + z * z / n, -(2 * k / n + z * z / n), (k / n) ** 2])
    return np.sort(roots.real)


def test_failure_rate_is_wilsons_interval():
    for k, n in ((0, 20), (3, 20), (10, 20), (20, 20), (7, 500)):
        found = failure_rate(k, n)
        assert found.estimate == k / n
        assert (found.low, found.high) == pytest.approx(tuple(wilson_by_hand(k, n)), abs=1e-9)


def test_intervals_cover_rates_near_zero():
    n = 150
    counts = np.arange(n + 1)
    ends = [failure_rate(int(k), n) for k in counts]
    for rate in (0.02, 0.05, 0.3):
        covers = [found.low <= rate <= found.high for found in ends]
        assert binom.pmf(counts, n, rate)[covers].sum() > 0.93


def test_cases_to_bound_is_the_smallest_number_that_is_close_enough():
    for rate in (0.0, 0.05, 0.31, 0.5, 1.0):
        for width in (0.01, 0.05, 0.2):
            n = cases_to_bound(rate, width)
            assert precision_of(n, rate) <= width
            assert n == 1 or precision_of(n - 1, rate) > width


def test_precision_is_half_of_the_interval():
    for k, n in ((0, 40), (10, 40), (20, 40)):
        found = failure_rate(k, n)
        assert precision_of(n, k / n) == pytest.approx((found.high - found.low) / 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cases_to_see(0), "rate=0: expected a share between 0 and 1"),
        (lambda: cases_to_see(5), "Write 5 % as 0.05"),
        (lambda: cases_to_see(float("nan")), "rate=nan"),
        (lambda: cases_to_see(0.1, probability=1), "probability=1"),
        (lambda: rate_to_see(0), "n_cases=0: expected a whole number, 1 or more"),
        (lambda: rate_to_see(float("inf")), "n_cases=inf"),
        (lambda: rate_to_see(True), "n_cases=True"),
        (lambda: cases_to_bound(1.2, 0.05), "rate=1.2"),
        (lambda: cases_to_bound(0.1, 5), "Write 5 points as 0.05"),
        (lambda: cases_to_bound(0.1, 0.05, confidence=95), "confidence=95"),
        (lambda: failure_rate(3, 2), "n_failed=3 of 2 cases"),
        (lambda: failure_rate(0.5, 2), "n_failed=0.5"),
        (lambda: failure_rate(-1, 2), "n_failed=-1"),
    ],
)
def test_bad_input_never_gives_a_number(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)
