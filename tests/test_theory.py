"""Closed forms against loops that are run literally: samples drawn, rows stacked and fitted."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from synthlab.errors import InputError
from synthlab.loops import theory

MODES = [("replace", True), ("replace", False), ("accumulate", True), ("accumulate", False)]


def assert_within_monte_carlo_error(by_loop, expected):
    """Every mean over loops lies within 4 of its standard errors; generation 0 is exact."""
    error = by_loop.std(axis=0, ddof=1) / np.sqrt(len(by_loop))
    distance = np.abs(by_loop.mean(axis=0) - expected)
    assert distance[0] == 0
    assert (distance[1:] <= 4 * error[1:]).all(), distance[1:] / error[1:]
    assert (error[1:] < 0.05 * np.abs(expected[1:])).all()  # else anything would pass


def drawn_loops(n, generations, n_loops, rng, sigma=1.0):
    """Means and variances of loops whose samples are drawn, and fitted, one by one."""
    mean, spread = np.zeros((n_loops, 1)), np.full((n_loops, 1), sigma)
    fitted = [(mean[:, 0], spread[:, 0] ** 2)]
    for _ in range(generations):
        samples = mean + spread * rng.normal(size=(n_loops, n))
        mean, spread = samples.mean(axis=1, keepdims=True), samples.std(axis=1, keepdims=True)
        fitted.append((mean[:, 0], spread[:, 0] ** 2))
    return np.moveaxis(np.array(fitted), 0, 2)


def simulated(n, generations, n_loops=20_000, seed=2):
    rng = np.random.default_rng(seed)
    return theory.simulate_gaussian_loop(n, rng, generations=generations, n_loops=n_loops)


def mean_squared_shift(n, generations, sigma=1.0):
    """E (μ_g − μ_0)² = Σ_{i<g} E V_i / n = σ² (1 − (1 − 1/n)^g)."""
    return sigma**2 * (1 - (1 - 1 / n) ** np.arange(generations + 1))


# --- the Gaussian --------------------------------------------------------------------------

SIZES = [(2, 2), (5, 10), (20, 40), (50, 10)]


def test_mean_and_shift_are_those_of_drawn_samples():
    for n, generations in SIZES:
        means, variances = drawn_loops(n, generations, 20_000, np.random.default_rng(1), sigma=3.0)
        law = theory.mean_variance(n, generations=generations, sigma=3.0)
        assert_within_monte_carlo_error(variances, law)
        assert_within_monte_carlo_error(means**2, mean_squared_shift(n, generations, 3.0))


def test_mean_and_shift_are_those_of_the_simulator():
    for n, generations in SIZES:
        means, variances = simulated(n, generations)
        law = theory.mean_variance(n, generations=generations)
        assert_within_monte_carlo_error(variances, law)
        assert_within_monte_carlo_error(means**2, mean_squared_shift(n, generations))


def test_the_geometric_mean_is_that_of_drawn_samples():
    for n, generations in SIZES:
        _, variances = drawn_loops(n, generations, 20_000, np.random.default_rng(3))
        law = theory.geometric_mean_variance(n, generations=generations)
        assert_within_monte_carlo_error(np.log(variances), np.log(law))


def test_the_simulator_draws_from_the_law_of_samples():
    drawn = drawn_loops(4, 3, 4_000, np.random.default_rng(4))
    for by_hand, by_law in zip(drawn, simulated(4, 3, 4_000, seed=5), strict=True):
        for g in range(1, 4):
            assert scipy_stats.ks_2samp(by_hand[:, g], by_law[:, g]).pvalue > 1e-3


def test_means_move_by_the_variance_before_them():
    means, variances = simulated(3, 6, seed=6)
    scaled = np.diff(means) / np.sqrt(variances[:, :-1] / 3)
    assert scipy_stats.kstest(scaled.ravel(), "norm").pvalue > 1e-3


def test_the_median_is_near_that_of_loops():
    for n, generations in [(5, 20), (20, 40), (100, 50)]:
        variances = simulated(n, generations, seed=7).variances
        share_below = (variances < theory.median_variance(n, generations=generations)).mean(axis=0)
        assert share_below[1:] == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(20_000))


def test_the_median_of_the_first_generation_is_nearly_chi_squares():
    for n, off in [(2, 0.09), (3, 0.04), (5, 0.01), (6, 0.01), (50, 0.001)]:
        exact = scipy_stats.chi2.median(n - 1) / n
        assert theory.median_variance(n, generations=1)[1] == pytest.approx(exact, rel=off)


def test_the_median_stays_a_constant_share_above_the_geometric_mean():
    laws = theory.median_variance, theory.geometric_mean_variance
    for n in (5, 20, 100):
        median, geometric = (law(n, generations=4 * n)[1:] for law in laws)
        assert np.ptp(median / geometric) < 1e-12
        assert np.log(median / geometric) == pytest.approx(1 / (3 * (n - 1)), rel=2 / n)


def test_a_typical_loop_falls_faster_than_the_mean():
    variances = simulated(20, 40, 5_000, seed=9).variances
    middle = np.median(variances, axis=0)
    mean = theory.mean_variance(20, generations=40)
    assert (middle[1:] < mean[1:]).all()
    assert middle[-1] < 0.2 * mean[-1]  # e^(−4) against e^(−2), nearly
    assert (variances[:, -1] < mean[-1]).mean() > 0.75


def test_a_typical_loop_loses_two_nths_per_generation():
    for n in (10, 100, 1_000):
        by_generation = np.log(theory.geometric_mean_variance(n, generations=1)[1])
        assert by_generation * n == pytest.approx(-2, abs=2.5 / n)
        assert by_generation * n < -2


GAUSSIAN_LAWS = [theory.mean_variance, theory.geometric_mean_variance, theory.median_variance]


def test_gaussian_laws_scale_with_the_variance_and_slow_with_samples():
    for law in GAUSSIAN_LAWS:
        five = law(8, generations=5)
        assert law(8, generations=5, sigma=3.0) == pytest.approx(9 * five)
        few, many = (np.abs(law(n, generations=5) - 1)[1:] for n in (8, 80))
        assert (many < few).all()
        assert (np.diff(few) > 0).all()


# --- the regression ------------------------------------------------------------------------


def excess_of(T, d, generations, mode, same_X=True, sigma=1.0):
    options = {"generations": generations, "sigma": sigma, "mode": mode, "same_X": same_X}
    return theory.regression_excess(T, d, **options)


def regression_loops(T, d, generations, n_loops, sigma, mode, rng, same_X=True):
    """‖w_g − w_0‖² of loops that fit their own labels, by the normal equations."""
    truth = w = np.ones((n_loops, d, 1))  # any other gives the same errors
    moments, products = 0.0, 0.0
    excess = np.zeros((n_loops, generations + 1))
    for g in range(1, generations + 1):
        if g == 1 or not same_X:
            X = rng.normal(size=(n_loops, T, d))
            Xt = X.transpose(0, 2, 1)
        y = X @ w + sigma * rng.normal(size=(n_loops, T, 1))
        kept = mode == "accumulate"
        moments, products = kept * moments + Xt @ X, kept * products + Xt @ y
        w = np.linalg.solve(moments, products)
        excess[:, g] = ((w - truth) ** 2).sum(axis=(1, 2))
    return excess


def test_excess_is_that_of_loops():
    for mode, same_X in MODES:
        for T, d in [(12, 3), (30, 5)]:
            rng = np.random.default_rng(10)
            excess = regression_loops(T, d, 6, 4_000, 1.5, mode, rng, same_X)
            assert_within_monte_carlo_error(excess, excess_of(T, d, 6, mode, same_X, 1.5))


def test_these_loops_fit_the_rows_that_they_keep():
    T, d, generations, sigma = 9, 3, 4, 0.7
    for mode, same_X in MODES:
        rng = np.random.default_rng(11)
        found = regression_loops(T, d, generations, 1, sigma, mode, rng, same_X)
        rng, w, rows, labels, excess = np.random.default_rng(11), np.ones(d), [], [], [0.0]
        for _ in range(generations):
            rows.append(rows[0] if rows and same_X else rng.normal(size=(T, d)))
            labels.append(rows[-1] @ w + sigma * rng.normal(size=T))
            kept = slice(-1, None) if mode == "replace" else slice(None)
            w, *_ = np.linalg.lstsq(np.vstack(rows[kept]), np.hstack(labels[kept]))
            excess.append(((w - 1) ** 2).sum())
        assert found[0] == pytest.approx(excess)


def test_excess_is_what_predictions_on_fresh_rows_show():
    rng = np.random.default_rng(12)
    X, noise = rng.normal(size=(3_000, 12, 3)), rng.normal(size=(3_000, 12, 1))
    fitted = np.linalg.pinv(X) @ noise  # the truth is 0
    fresh = (rng.normal(size=(3_000, 50, 3)) @ fitted)[..., 0] ** 2
    errors = np.column_stack([np.zeros(3_000), fresh.mean(axis=1)])
    assert_within_monte_carlo_error(errors, excess_of(12, 3, 1, "replace"))


def test_the_first_generation_is_the_same_in_every_loop():
    for mode, same_X in MODES:
        assert excess_of(20, 4, 1, mode, same_X, 2.0).tolist() == [0, pytest.approx(4 * 4 / 15)]


def test_replaced_labels_add_their_error_each_time():
    law = excess_of(20, 4, 50, "replace")
    assert law == pytest.approx(law[1] * np.arange(51))


def test_accumulated_labels_stop_at_pi_squared_sixths():
    law = excess_of(20, 4, 5_000, "accumulate")
    bound = law[1] * np.pi**2 / 6
    assert (np.diff(law) > 0).all()
    assert (law < bound).all()
    assert law[-1] == pytest.approx(bound, rel=2e-4)


def test_own_rows_do_better_than_the_same_rows():
    same, own = (excess_of(12, 5, 10, "accumulate", same_X) for same_X in (True, False))
    assert (own[2:] < same[2:]).all()
    assert own[1] == same[1]
    rng = np.random.default_rng(13)
    run_same, run_own = (
        regression_loops(12, 5, 10, 5_000, 1.0, "accumulate", rng, same_X)[:, -1]
        for same_X in (True, False)
    )
    assert scipy_stats.ttest_ind(run_same, run_own, equal_var=False).statistic > 4


def test_with_many_rows_own_rows_do_no_better():
    same, own = (excess_of(10**6, 5, 10, "accumulate", same_X) for same_X in (True, False))
    assert own == pytest.approx(same, rel=1e-5)


def test_more_rows_fewer_features_and_less_noise_help():
    for mode in MODES:
        few = excess_of(20, 4, 6, *mode)
        assert (excess_of(40, 4, 6, *mode)[1:] < few[1:]).all()
        assert (excess_of(20, 3, 6, *mode)[1:] < few[1:]).all()
        assert excess_of(20, 4, 6, *mode, sigma=0.5) == pytest.approx(few / 4)


def test_accumulating_does_better_than_replacing():
    replaced, accumulated = (excess_of(20, 4, 6, mode) for mode in ("replace", "accumulate"))
    assert (accumulated[2:] < replaced[2:]).all()


# --- shapes, seeds, errors -----------------------------------------------------------------


def run_gaussian(**changed):
    inputs = {"n": 5, "generations": 3, "n_loops": 4, "rng": np.random.default_rng(1)}
    return theory.simulate_gaussian_loop(**inputs | changed)


def expect_regression(**changed):
    inputs = {"T": 9, "d": 3, "generations": 3, "sigma": 1.0, "mode": "accumulate"}
    return theory.regression_excess(**inputs | changed)


def expect_gaussian(law=theory.median_variance, **changed):
    return law(**{"n": 5, "generations": 3} | changed)


def test_a_column_is_a_generation_and_the_first_is_the_truth():
    means, variances = run_gaussian()
    assert means.shape == variances.shape == (4, 4)
    assert (means[:, 0] == 0).all()
    assert (variances[:, 0] == 1).all()


def test_no_generation_leaves_the_truth():
    assert expect_gaussian(generations=0, sigma=2.0).tolist() == [4.0]
    assert expect_regression(generations=0).tolist() == [0.0]
    assert run_gaussian(generations=0).variances.tolist() == [[1.0]] * 4


def test_loops_repeat_with_their_seed_alone():
    once, again, other = (np.array(run_gaussian(rng=np.random.default_rng(s))) for s in (1, 1, 2))
    assert (once == again).all()
    assert (once != other).any()


REFUSED = [
    (expect_gaussian, {"n": 1}, "n=1: expected a whole number, 2 or more. A single sample"),
    (expect_gaussian, {"n": 2.5}, "n=2.5: expected a whole"),
    (expect_gaussian, {"n": True}, "n=True: expected a whole"),
    (expect_gaussian, {"generations": -1}, "generations=-1: expected a whole number, 0 or"),
    (expect_gaussian, {"sigma": 0}, "sigma=0: expected a finite number above 0. Without"),
    (expect_gaussian, {"sigma": float("nan")}, "sigma=nan"),
    (expect_gaussian, {"sigma": "1"}, "sigma='1'"),
    *((lambda law=law, **n: expect_gaussian(law, **n), {"n": 1}, "n=1") for law in GAUSSIAN_LAWS),
    (run_gaussian, {"n": 1}, "n=1"),
    (run_gaussian, {"generations": -1}, "generations=-1"),
    (run_gaussian, {"n_loops": 0}, "n_loops=0: expected a whole number, 1 or more. Nothing would"),
    (expect_regression, {"T": 4}, "T=4: expected a whole number, 5 or more. With 3 features"),
    (expect_regression, {"d": 0}, "d=0: expected a whole number, 1 or more"),
    (expect_regression, {"mode": "mix"}, "mode='mix': expected 'replace' or 'accumulate'"),
    (expect_regression, {"generations": -1}, "generations=-1"),
    (expect_regression, {"sigma": -1.0}, "sigma=-1.0"),
]


def test_numbers_out_of_range_are_errors_that_say_what_to_do():
    unclear = []
    for call, wrong, part in REFUSED:
        with pytest.raises(InputError) as caught:
            call(**wrong)
        parts = part, f"Choose {next(iter(wrong))} from that."
        unclear += [part for part in parts if part not in str(caught.value)]
    assert unclear == []


def test_the_fewest_rows_that_will_do_are_taken():
    assert np.isfinite(expect_regression(T=5)).all()
