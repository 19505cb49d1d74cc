"""Prediction-powered inference against closed forms, simulated truths and its authors' package."""

import numpy as np
import pytest
from cases import unclear
from scipy import stats

from synthlab.stats.ppi import ScoredRows, powered_lift, powered_mean, tuned_power


def drawn(rng, n=200, n_others=2_000, share=0.3, wrong=0.1):
    """Draw whether rows are spam, and what a machine says that is wrong for some of them."""
    truth = rng.random(n + n_others) < share
    told = truth ^ (rng.random(n + n_others) < wrong)
    return truth[:n], told[:n], told[n:]


def test_without_the_machine_it_is_students_interval():
    human, machine, others = drawn(np.random.default_rng(0))
    found = powered_mean(human, machine, others, power=0)
    low, high = stats.t.interval(0.95, len(human) - 1, human.mean(), stats.sem(human))
    assert found.interval[:3] == pytest.approx((human.mean(), low, high))
    assert found.human_only[:3] == pytest.approx((human.mean(), low, high))
    assert found.n_effective == pytest.approx(found.n_labels)


def test_with_full_trust_the_bias_is_taken_off():
    """λ = 1 by hand: mean of the others + mean of the errors; both variances are added."""
    human, machine, others = [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0, 1, 1]
    found = powered_mean(human, machine, others, power=1)
    errors = np.array([0, -1, 1, 0])
    assert found.interval.estimate == pytest.approx(4 / 6 + 0)
    variance = np.var(errors, ddof=1) / 4 + np.var(others, ddof=1) / 6
    assert found.interval.standard_error == pytest.approx(np.sqrt(variance))


def test_the_tuned_power_is_the_one_of_least_variance():
    human, machine, others = drawn(np.random.default_rng(1), n=500, n_others=1_000, wrong=0.2)
    powers = np.linspace(0, 1, 1_001)
    errors = [powered_mean(human, machine, others, power=p).interval.standard_error for p in powers]
    tuned = powered_mean(human, machine, others)
    assert tuned.power == pytest.approx(powers[np.argmin(errors)], abs=0.03)
    assert tuned.interval.standard_error == pytest.approx(min(errors), rel=0.001)


def test_effective_labels_are_those_of_the_correlation():
    """With N much larger than n, n_effective / n = 1 / (1 − ρ²)."""
    rng = np.random.default_rng(2)
    for rho in (0.0, 0.5, 0.9):
        f = rng.normal(size=405_000)
        y = rho * f + np.sqrt(1 - rho**2) * rng.normal(size=len(f))
        found = powered_mean(y[:5_000], f[:5_000], f[5_000:])
        assert found.n_effective / found.n_labels == pytest.approx(1 / (1 - rho**2), rel=0.08)


def test_a_machine_that_errs_at_random_or_says_one_thing_is_not_trusted():
    human, _, _ = drawn(np.random.default_rng(3))
    rng = np.random.default_rng(4)
    assert tuned_power(human, rng.random(200), rng.random(2_000)) < 0.15
    found = powered_mean(human, np.ones(200), np.ones(2_000))
    assert found.power == 0
    assert found.interval == found.human_only
    assert tuned_power(human, -1.0 * human, -1.0 * np.resize(human, 2_000)) == 0


def test_a_perfect_machine_leaves_the_spread_of_all_rows():
    truth, _, others = drawn(np.random.default_rng(5), wrong=0)
    found = powered_mean(truth, truth, others, power=1)
    assert found.interval.estimate == pytest.approx(others.mean())
    assert found.interval.standard_error == pytest.approx(stats.sem(others))


def test_few_rows_that_differ_leave_the_human_labels_alone():
    """One row of 150 shows a machine's bias by luck: with a tuned λ, 74 % of intervals covered."""
    human = np.arange(150) % 3 == 0
    for n_differing, is_tuned in ((0, False), (9, False), (10, True)):
        machine = human ^ (np.arange(150) < n_differing)
        found = powered_mean(human, machine, np.resize(human, 1_500))
        assert (found.power > 0) is is_tuned
        assert (found.interval == found.human_only) is not is_tuned
        assert powered_mean(human, machine, np.resize(human, 1_500), power=0.5).power == 0.5


def coverage(make, truth, n_trials=1_000):
    """Return how often an interval holds the truth, and the mean estimate."""
    rng = np.random.default_rng(6)
    found = [make(rng).interval for _ in range(n_trials)]
    hit = np.mean([interval.low <= truth <= interval.high for interval in found])
    return hit, np.mean([interval.estimate for interval in found])


def test_intervals_cover_whatever_the_machine_says():
    """A share of 0.3, 100 human labels; of 1,000 trials, 932 to 966 cover in 99 % of runs."""
    for wrong in (0.02, 0.2, 0.5, 0.9):
        for power in (None, 1):
            hit, mean = coverage(
                lambda rng, w=wrong, p=power: powered_mean(
                    *drawn(rng, 100, 1_000, 0.3, w), power=p
                ),
                0.3,
            )
            assert 0.93 <= hit <= 0.97, (wrong, power)
            assert mean == pytest.approx(0.3, abs=0.006)


def test_a_biased_machine_alone_would_miss():
    """The same machine's labels, taken at their word: half of the ham called spam."""

    def both(rng):
        truth = rng.random(2_100) < 0.3
        told = truth | (rng.random(2_100) < 0.5)
        return truth[:100], told[:100], told[100:]

    hit, _ = coverage(lambda rng: powered_mean(*both(rng)), 0.3)
    assert 0.93 <= hit <= 0.97
    assert both(np.random.default_rng(0))[2].mean() > 0.6


def models(rng, n=150, n_others=1_500, n_seeds=1, lift=0.05, noise=0.0):
    """Draw two models' scores by human and by machine labels; the machine is wrong for a tenth."""
    truth = rng.random(n + n_others) < 0.5
    told = truth ^ (rng.random(n + n_others) < 0.1)
    accuracies = np.clip(0.8 + noise * rng.normal(size=(2, n_seeds, 1)), 0, 1)
    accuracies[1] += lift
    luck = rng.random((2, n_seeds, n + n_others))  # most rows are wrong for one model alone
    predicted = truth ^ (luck >= accuracies)
    by_human, by_machine = predicted == truth, predicted == told
    return [
        ScoredRows(h[:, :n], m[:, :n], m[:, n:]) for h, m in zip(by_human, by_machine, strict=True)
    ]


def test_a_lift_is_the_mean_of_the_differences():
    before, after = models(np.random.default_rng(7))
    differences = [np.subtract(a, b, dtype=float) for a, b in zip(after, before, strict=True)]
    assert powered_lift(before, after) == powered_mean(*differences)
    assert powered_lift(before, after, power=0).interval.estimate == pytest.approx(
        after.human.mean() - before.human.mean()
    )


def test_intervals_of_a_lift_cover():
    hit, mean = coverage(lambda rng: powered_lift(*models(rng)), 0.05)
    assert 0.93 <= hit <= 0.97
    assert mean == pytest.approx(0.05, abs=0.003)


def test_rows_that_show_the_machines_bias_are_counted():
    found = powered_mean([1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0], power=1)
    assert found.n_differing == 2


def test_noisy_fits_widen_the_interval_of_a_lift():
    """Seeds that differ are a source of variance of their own; with them, intervals still cover."""
    hit, _ = coverage(lambda rng: powered_lift(*models(rng, n_seeds=5, noise=0.03)), 0.05, 400)
    assert hit >= 0.92
    before, after = models(np.random.default_rng(8), n_seeds=5, noise=0.03)
    found = powered_lift(before, after)
    averaged = [
        ScoredRows(*(np.mean(values, axis=0) for values in rows)) for rows in (before, after)
    ]
    assert found.interval.estimate == pytest.approx(powered_lift(*averaged).interval.estimate)
    assert found.interval.standard_error > powered_lift(*averaged).interval.standard_error


def test_estimates_are_those_of_the_authors_package():
    ppi_py = pytest.importorskip("ppi_py")
    rng = np.random.default_rng(9)
    for wrong in (0.05, 0.3):
        data = [part.astype(float) for part in drawn(rng, 500, 5_000, 0.3, wrong)]
        for power in (None, 0, 1):
            found = powered_mean(*data, power=power, confidence=0.9)
            theirs = ppi_py.ppi_mean_pointestimate(*data, lam=power)
            low, high = ppi_py.ppi_mean_ci(*data, alpha=0.1, lam=power)
            assert found.interval.estimate == pytest.approx(float(np.squeeze(theirs)), abs=2e-4)
            ours = found.interval.high - found.interval.low
            assert ours == pytest.approx(float(np.squeeze(high - low)), rel=0.01)


def test_what_has_no_interval_is_an_error():
    human, machine, others = ([1, 0, 1], [1, 1, 1], [0, 1, 1, 0])
    shape = "finite numbers of shape (n_rows,) or (n_seeds, n_rows)"
    calls = {
        "lengths": (lambda: powered_mean(human, machine[:2], others), "as many human as machine"),
        "seeds": (lambda: powered_mean(human, machine, [others] * 2), "the same seeds in all"),
        "nan": (lambda: powered_mean([1, np.nan, 0], machine, others), f"human: expected {shape}"),
        "text": (
            lambda: powered_mean(human, ["a", "b", "c"], others),
            f"machine: expected {shape}",
        ),
        "none": (lambda: powered_mean(human, machine, []), f"machine_only: expected {shape}"),
        "one row": (lambda: powered_mean([1], [1], others), f"human: expected {shape}"),
        "cube": (lambda: powered_mean(np.ones((2, 2, 2)), machine, others), shape),
        "ragged": (lambda: powered_mean([[1, 0], [1]], machine, others), shape),
        "power": (lambda: powered_mean(human, machine, others, power=1.1), "power=1.1: expected"),
        "confidence": (
            lambda: powered_mean(human, machine, others, confidence=1),
            "confidence=1: expected a number above 0 and below 1",
        ),
        "other rows": (
            lambda: powered_lift(
                ScoredRows(human, machine, others), ScoredRows(human, machine, others[1:])
            ),
            "machine_only: real_only of shape (4,), real_plus_synth of (3,)",
        ),
    }
    assert unclear(calls) == []
