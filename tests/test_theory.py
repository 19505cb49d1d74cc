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


# --- the Gaussian --------------------------------------------------------------------------

SIZES = [(2, 2), (5, 10), (20, 40), (50, 10)]


@pytest.mark.parametrize(("n", "generations"), SIZES)
def test_mean_and_shift_are_those_of_drawn_samples(n, generations):
    rng = np.random.default_rng(1)
    means, variances = drawn_loops(n, generations, 20_000, rng, sigma=3.0)
    law = theory.mean_variance(n, generations, 3.0)
    shift = theory.mean_squared_shift(n, generations, 3.0)
    assert_within_monte_carlo_error(variances, law)
    assert_within_monte_carlo_error(means**2, shift)


@pytest.mark.parametrize(("n", "generations"), SIZES)
def test_mean_and_shift_are_those_of_the_simulator(n, generations):
    rng = np.random.default_rng(2)
    means, variances = theory.simulate_gaussian_loop(n, generations, 20_000, rng)
    assert_within_monte_carlo_error(variances, theory.mean_variance(n, generations))
    assert_within_monte_carlo_error(means**2, theory.mean_squared_shift(n, generations))


@pytest.mark.parametrize(("n", "generations"), SIZES)
def test_the_geometric_mean_is_that_of_drawn_samples(n, generations):
    _, variances = drawn_loops(n, generations, 20_000, np.random.default_rng(3))
    law = theory.geometric_mean_variance(n, generations)
    assert_within_monte_carlo_error(np.log(variances), np.log(law))


@pytest.mark.parametrize("quantity", [0, 1])
def test_the_simulator_draws_from_the_law_of_samples(quantity):
    n, generations, n_loops = 4, 3, 4_000
    drawn = drawn_loops(n, generations, n_loops, np.random.default_rng(4))[quantity]
    rng = np.random.default_rng(5)
    simulated = theory.simulate_gaussian_loop(n, generations, n_loops, rng)[quantity]
    for g in range(1, generations + 1):
        assert scipy_stats.ks_2samp(drawn[:, g], simulated[:, g]).pvalue > 1e-3


def test_means_move_by_the_variance_before_them():
    rng = np.random.default_rng(6)
    means, variances = theory.simulate_gaussian_loop(3, 6, 20_000, rng)
    scaled = np.diff(means) / np.sqrt(variances[:, :-1] / 3)
    assert scipy_stats.kstest(scaled.ravel(), "norm").pvalue > 1e-3


@pytest.mark.parametrize(("n", "generations"), [(5, 20), (20, 40), (100, 50)])
def test_the_median_is_near_that_of_loops(n, generations):
    rng = np.random.default_rng(7)
    variances = theory.simulate_gaussian_loop(n, generations, 20_000, rng).variances
    share_below = (variances < theory.median_variance(n, generations)).mean(axis=0)
    assert share_below[1:] == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(20_000))


@pytest.mark.parametrize(("n", "off"), [(2, 0.09), (3, 0.04), (5, 0.01), (6, 0.01), (50, 0.001)])
def test_the_median_of_the_first_generation_is_nearly_chi_squares(n, off):
    exact = scipy_stats.chi2.median(n - 1) / n
    assert theory.median_variance(n, 1)[1] == pytest.approx(exact, rel=off)


@pytest.mark.parametrize("n", [5, 20, 100])
def test_the_median_stays_a_constant_share_above_the_geometric_mean(n):
    laws = theory.median_variance, theory.geometric_mean_variance
    median, geometric = (law(n, 4 * n)[1:] for law in laws)
    assert np.ptp(median / geometric) < 1e-12
    assert np.log(median / geometric) == pytest.approx(1 / (3 * (n - 1)), rel=2 / n)


def test_a_typical_loop_falls_faster_than_the_mean():
    n, generations = 20, 40
    rng = np.random.default_rng(9)
    variances = theory.simulate_gaussian_loop(n, generations, 5_000, rng).variances
    middle = np.median(variances, axis=0)
    mean = theory.mean_variance(n, generations)
    assert (middle[1:] < mean[1:]).all()
    assert middle[-1] < 0.2 * mean[-1]  # e^(−4) against e^(−2), nearly
    assert (variances[:, -1] < mean[-1]).mean() > 0.75


@pytest.mark.parametrize("n", [10, 100, 1_000])
def test_a_typical_loop_loses_two_nths_a_generation(n):
    by_generation = np.log(theory.geometric_mean_variance(n, 1)[1])
    assert by_generation * n == pytest.approx(-2, abs=2.5 / n)
    assert by_generation * n < -2


def test_what_is_lost_in_width_is_gained_in_error():
    width, error = (f(7, 30, 1.7) for f in (theory.mean_variance, theory.mean_squared_shift))
    assert width + error == pytest.approx(1.7**2)


@pytest.mark.parametrize(
    "law", ["mean_variance", "geometric_mean_variance", "median_variance", "mean_squared_shift"]
)
def test_gaussian_laws_scale_with_the_variance_and_slow_with_samples(law):
    law = getattr(theory, law)
    assert law(8, 5, 3.0) == pytest.approx(9 * law(8, 5))
    few, many = (np.abs(law(n, 5) - law(n, 0)[0])[1:] for n in (8, 80))
    assert (many < few).all()
    assert (np.diff(few) > 0).all()


# --- the regression ------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "same_X"), MODES)
@pytest.mark.parametrize(("T", "d"), [(12, 3), (30, 5)])
def test_excess_is_that_of_the_simulator(T, d, mode, same_X):
    rng = np.random.default_rng(10)
    excess = theory.simulate_regression_loop(T, d, 6, 4_000, 1.5, mode, rng, same_X)
    law = theory.regression_excess(T, d, 6, 1.5, mode, same_X)
    assert_within_monte_carlo_error(excess, law)


@pytest.mark.parametrize(("mode", "same_X"), MODES)
def test_the_simulator_fits_the_rows_that_it_keeps(mode, same_X):
    T, d, generations, sigma = 9, 3, 4, 0.7
    simulated = theory.simulate_regression_loop(
        T, d, generations, 1, sigma, mode, np.random.default_rng(11), same_X
    )
    rng, w, rows, labels, excess = np.random.default_rng(11), np.ones(d), [], [], [0.0]
    for _ in range(generations):
        rows.append(rows[0] if rows and same_X else rng.normal(size=(T, d)))
        labels.append(rows[-1] @ w + sigma * rng.normal(size=T))
        kept = slice(-1, None) if mode == "replace" else slice(None)
        w, *_ = np.linalg.lstsq(np.vstack(rows[kept]), np.hstack(labels[kept]))
        excess.append(((w - 1) ** 2).sum())
    assert simulated[0] == pytest.approx(excess)


def test_excess_is_what_predictions_on_fresh_rows_show():
    rng = np.random.default_rng(12)
    X, noise = rng.normal(size=(3_000, 12, 3)), rng.normal(size=(3_000, 12, 1))
    fitted = np.linalg.pinv(X) @ noise  # the truth is 0
    fresh = (rng.normal(size=(3_000, 50, 3)) @ fitted)[..., 0] ** 2
    law = theory.regression_excess(12, 3, 1, 1.0, "replace")
    errors = np.column_stack([np.zeros(3_000), fresh.mean(axis=1)])
    assert_within_monte_carlo_error(errors, law)


def test_the_first_generation_is_the_same_in_every_loop():
    laws = [theory.regression_excess(20, 4, 1, 2.0, *mode) for mode in MODES]
    assert [law.tolist() for law in laws] == [[0, pytest.approx(4 * 4 / 15)]] * 4


def test_replaced_labels_add_their_error_each_time():
    law = theory.regression_excess(20, 4, 50, 1.0, "replace")
    assert law == pytest.approx(law[1] * np.arange(51))


def test_accumulated_labels_stop_at_pi_squared_sixths():
    law = theory.regression_excess(20, 4, 5_000, 1.0, "accumulate")
    bound = law[1] * np.pi**2 / 6
    assert (np.diff(law) > 0).all()
    assert (law < bound).all()
    assert law[-1] == pytest.approx(bound, rel=2e-4)


def test_own_rows_do_better_than_the_same_rows():
    same, own = (
        theory.regression_excess(12, 5, 10, 1.0, "accumulate", same_X=same)
        for same in (True, False)
    )
    assert (own[2:] < same[2:]).all()
    assert own[1] == same[1]
    rng = np.random.default_rng(13)
    run_same, run_own = (
        theory.simulate_regression_loop(12, 5, 10, 5_000, 1.0, "accumulate", rng, same)[:, -1]
        for same in (True, False)
    )
    assert scipy_stats.ttest_ind(run_same, run_own, equal_var=False).statistic > 4


def test_with_many_rows_own_rows_do_no_better():
    same, own = (theory.regression_excess(10**6, 5, 10, 1.0, "accumulate", same) for same in (1, 0))
    assert own == pytest.approx(same, rel=1e-5)


@pytest.mark.parametrize(("mode", "same_X"), MODES)
def test_more_rows_fewer_features_and_less_noise_help(mode, same_X):
    def law(T, d, sigma):
        return theory.regression_excess(T, d, 6, sigma, mode, same_X)[1:]

    assert (law(40, 4, 1.0) < law(20, 4, 1.0)).all()
    assert (law(20, 3, 1.0) < law(20, 4, 1.0)).all()
    assert law(20, 4, 0.5) == pytest.approx(law(20, 4, 1.0) / 4)


def test_accumulating_does_better_than_replacing():
    replaced, accumulated = (
        theory.regression_excess(20, 4, 6, 1.0, mode) for mode in ("replace", "accumulate")
    )
    assert (accumulated[2:] < replaced[2:]).all()


# --- shapes, seeds, errors -----------------------------------------------------------------


def run_gaussian(**changed):
    inputs = {"n": 5, "generations": 3, "n_loops": 4, "rng": np.random.default_rng(1)}
    return theory.simulate_gaussian_loop(**inputs | changed)


def run_regression(**changed):
    inputs = {"T": 9, "d": 3, "generations": 3, "n_loops": 4, "sigma": 1.0, "mode": "accumulate"}
    return theory.simulate_regression_loop(**inputs | {"rng": np.random.default_rng(1)} | changed)


def expect_regression(**changed):
    inputs = {"T": 9, "d": 3, "generations": 3, "sigma": 1.0, "mode": "accumulate"}
    return theory.regression_excess(**inputs | changed)


def expect_gaussian(**changed):
    return theory.median_variance(**{"n": 5, "generations": 3} | changed)


def test_a_column_is_a_generation_and_the_first_is_the_truth():
    means, variances = run_gaussian()
    assert means.shape == variances.shape == run_regression().shape == (4, 4)
    assert (means[:, 0] == 0).all()
    assert (variances[:, 0] == 1).all()
    assert (run_regression()[:, 0] == 0).all()


def test_no_generation_leaves_the_truth():
    assert expect_gaussian(generations=0, sigma=2.0).tolist() == [4.0]
    assert expect_regression(generations=0).tolist() == [0.0]
    assert run_gaussian(generations=0).variances.tolist() == [[1.0]] * 4
    assert run_regression(generations=0).tolist() == [[0.0]] * 4


@pytest.mark.parametrize("run", [run_gaussian, run_regression])
def test_loops_repeat_with_their_seed_alone(run):
    first, again, other = (np.array(run(rng=np.random.default_rng(s))) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("call", "wrong", "told"),
    [
        (expect_gaussian, {"n": 1}, r"n=1: expected a whole number, 2 or more\. A single sample"),
        (expect_gaussian, {"n": 2.5}, r"n=2\.5: expected a whole"),
        (expect_gaussian, {"generations": -1}, "generations=-1: expected a whole number, 0 or"),
        (expect_gaussian, {"sigma": 0}, r"sigma=0: expected a finite number above 0\. Without"),
        (expect_gaussian, {"sigma": float("nan")}, "sigma=nan"),
        (expect_gaussian, {"sigma": "1"}, "sigma='1'"),
        (run_gaussian, {"n": 1}, "n=1"),
        (run_gaussian, {"generations": -1}, "generations=-1"),
        (run_gaussian, {"n_loops": 0}, r"n_loops=0: .* Nothing would be run\. Choose n_loops"),
        (expect_regression, {"T": 4}, r"T=4: expected .* 5 or more\. With 3 features .* infinite"),
        (expect_regression, {"d": 0}, "d=0: expected a whole number, 1 or more"),
        (expect_regression, {"mode": "mix"}, "mode='mix': expected 'replace' or 'accumulate'"),
        (expect_regression, {"generations": -1}, "generations=-1"),
        (expect_regression, {"sigma": -1.0}, r"sigma=-1\.0"),
        (run_regression, {"T": 4}, "T=4"),
        (run_regression, {"mode": "mix"}, "mode='mix'"),
        (run_regression, {"n_loops": 0}, "n_loops=0"),
    ],
)
def test_numbers_out_of_range_are_errors_that_say_what_to_do(call, wrong, told):
    with pytest.raises(InputError, match=told) as caught:
        call(**wrong)
    assert f"Choose {next(iter(wrong))} from that." in str(caught.value)


@pytest.mark.parametrize(
    "law", ["mean_variance", "geometric_mean_variance", "median_variance", "mean_squared_shift"]
)
def test_every_gaussian_law_refuses_a_single_sample(law):
    with pytest.raises(InputError, match="n=1"):
        getattr(theory, law)(1, 3)


def test_the_fewest_rows_that_will_do_are_taken():
    assert np.isfinite(expect_regression(T=5)).all()
    assert np.isfinite(run_regression(T=5)).all()
