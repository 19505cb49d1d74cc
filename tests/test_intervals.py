"""Every number against an oracle: scikit-learn, scipy, a bootstrap, a simulation, a hand."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as scipy_stats
from simulated import tied_rows

from synthlab.stats import influence, intervals
from synthlab.stats.intervals import Interval, VarianceTerm

STEADY = settings(deadline=None, derandomize=True, max_examples=50)


# --- variances -----------------------------------------------------------------------------


def row_variance_sum(influence, truth):
    return sum(term.variance for term in intervals.row_variance(influence, truth.astype(int)))


def delong_placements(truth, score):
    """How often each positive beats the negatives, and each negative is beaten: O(n²)."""
    wins = [[(p > q) + (p == q) / 2 for q in score[~truth]] for p in score[truth]]
    return np.mean(wins, axis=1), np.mean(wins, axis=0)


def delong_variance(*placements):
    return sum(np.var(placement, ddof=1) / len(placement) for placement in placements)


def test_auc_variance_equals_delong():
    truth, score = tied_rows(np.random.default_rng(4), 17, 45)
    variance = row_variance_sum(influence.roc_auc(truth, score).influence, truth)
    assert variance == pytest.approx(delong_variance(*delong_placements(truth, score)), rel=1e-10)


def test_variance_of_an_auc_lift_equals_delong_for_correlated_curves():
    rng = np.random.default_rng(5)
    truth, control = tied_rows(rng, 30, 50)
    treated = control + np.round(rng.normal(size=80), 1)
    lift = influence.roc_auc(truth, treated).influence - influence.roc_auc(truth, control).influence
    placements = zip(*(delong_placements(truth, s) for s in (treated, control)), strict=True)
    expected = delong_variance(*(after - before for after, before in placements))
    assert row_variance_sum(lift, truth) == pytest.approx(expected, rel=1e-10)


def test_accuracy_variance_is_that_of_proportions_by_class():
    truth = np.repeat([0, 1], [8, 4])
    hit = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0], dtype=bool)
    terms = intervals.row_variance(
        influence.accuracy(truth, np.where(hit, truth, -1)).influence, truth
    )
    expected = [8 * (6 / 8) * (2 / 8) * 8 / 7 / 12**2, 4 * (3 / 4) * (1 / 4) * 4 / 3 / 12**2]
    np.testing.assert_allclose([term.variance for term in terms], expected)


@pytest.mark.parametrize("metric", [influence.roc_auc, influence.average_precision])
def test_standard_error_of_a_lift_is_within_5_percent_of_a_bootstrap(metric):
    rng = np.random.default_rng(6)
    truth, control = tied_rows(rng, 400, 1_600)
    treated = control + 0.5 * rng.normal(size=len(truth))
    lift = metric(truth, treated).influence - metric(truth, control).influence
    replicates = []
    for _ in range(3_000):  # stratified by class, the positives first
        rows = np.concatenate([rng.integers(0, 400, 400), rng.integers(400, 2_000, 1_600)])
        after, before = (metric(truth[rows], s[rows]).value for s in (treated, control))
        replicates.append(after - before)
    assert row_variance_sum(lift, truth) ** 0.5 == pytest.approx(np.std(replicates), rel=0.05)


def test_classes_of_one_row_are_pooled():
    influence = np.array([0.1, 0.3, -0.1, 0.2, -0.4])
    terms = intervals.row_variance(influence, np.array([0, 0, 0, 1, 2]))
    assert [term.source for term in terms] == ["rare strata", "stratum 0"]
    assert terms[0].variance == pytest.approx(2 * statistics.variance([0.2, -0.4]))


def test_degrees_of_freedom_are_rows_less_one():
    terms = intervals.row_variance(np.arange(7.0), np.array([0, 0, 0, 0, 0, 1, 1]))
    assert [(term.degrees_of_freedom, term.size) for term in terms] == [(4, 5), (1, 2)]


def test_seed_variance_is_that_of_a_mean():
    lifts = [0.01, 0.03, -0.02, 0.05]
    term = intervals.seed_variance(np.array(lifts))
    assert term.variance == pytest.approx(statistics.variance(lifts) / 4)
    assert (term.source, term.degrees_of_freedom) == ("seeds", 3)


# --- intervals -----------------------------------------------------------------------------


def mean_term(sample):
    return VarianceTerm("rows", np.var(sample, ddof=1) / len(sample), len(sample) - 1, len(sample))


def test_interval_of_one_term_is_the_t_interval():
    sample = np.random.default_rng(7).normal(size=9)
    ours = intervals.components_interval(sample.mean(), [mean_term(sample)], 0.9)
    expected = scipy_stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    np.testing.assert_allclose([ours.low, ours.high], expected)


def test_interval_of_two_terms_is_welchs():
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=5), 4 * rng.normal(size=12)
    ours = intervals.components_interval(a.mean() - b.mean(), [mean_term(a), mean_term(b)])
    expected = scipy_stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose([ours.low, ours.high], expected)


def test_interval_without_any_variance_is_a_point():
    interval = intervals.components_interval(0.25, [VarianceTerm("rows", 0.0, 9, 10)])
    assert interval.low == interval.estimate == interval.high == 0.25


def test_more_confidence_takes_a_wider_interval():
    term = [VarianceTerm("rows", 0.01, 9, 10)]
    narrow, wide = (intervals.components_interval(0, term, c) for c in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def covers(interval, truth):
    return interval.low <= truth <= interval.high


def test_interval_of_few_seeds_and_rows_covers_as_often_as_it_says():
    rng = np.random.default_rng(9)
    covered = []
    for _ in range(300):
        samples = [rng.normal(0, s, n) for s, n in ((1, 6), (2, 30), (0.5, 3))]
        estimate = sum(sample.mean() for sample in samples)
        terms = [mean_term(sample) for sample in samples]
        covered.append(covers(intervals.components_interval(estimate, terms), 0))
    assert 0.91 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("metric", [influence.roc_auc, influence.average_precision])
def test_interval_of_a_null_lift_covers_zero_as_often_as_it_says(metric):
    rng = np.random.default_rng(10)
    covered = []
    for _ in range(300):
        truth, signal = tied_rows(rng, 50, 150)
        after, before = (metric(truth, signal + rng.normal(size=200)) for _ in range(2))
        terms = intervals.row_variance(after.influence - before.influence, truth.astype(int))
        covered.append(covers(intervals.components_interval(after.value - before.value, terms), 0))
    assert 0.91 <= np.mean(covered) <= 0.985


def test_repeated_splits_follow_the_formula_of_nadeau_and_bengio():
    interval = intervals.repeated_split_interval([0.1, 0.2, 0.3], eval_to_train=0.25)
    half = 4.302653 * ((1 / 3 + 0.25) * 0.01) ** 0.5  # t of 2 degrees of freedom; s² is 0.01
    assert interval.estimate == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-6)


def test_repeated_splits_without_an_eval_set_give_the_t_interval():
    values = [0.3, 0.1, 0.15, 0.4]
    interval = intervals.repeated_split_interval(values, eval_to_train=0)
    expected = scipy_stats.ttest_1samp(values, 0).confidence_interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(expected))


def test_one_split_has_no_interval():
    with pytest.raises(ValueError, match=r"1 split\(s\): a spread needs at least 2"):
        intervals.repeated_split_interval([0.1], 0.2)


# --- scores that cannot pass 1 --------------------------------------------------------------


def near(scores, errors, correlation=0.5, freedom=20.0):
    """The symmetric interval of a difference of two scores, and the widened one."""
    scores = np.array(scores)
    covariance = np.outer(errors, errors) * [[1, correlation], [correlation, 1]]
    se = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    plain = intervals._t_interval(scores[1] - scores[0], se, freedom, 0.95)
    return plain, intervals.widened_on_logits(plain, scores, covariance)


def test_far_from_0_and_1_nothing_is_widened():
    plain, widened = near([0.5, 0.52], [0.004, 0.004])
    assert widened[1:3] == pytest.approx(plain[1:3], abs=2e-4)


def test_near_1_the_end_far_from_0_moves_out():
    plain, widened = near([0.96, 0.998], [0.013, 0.0008])
    assert widened.high > plain.high + 0.005
    assert widened.low == plain.low


@STEADY
@given(
    scores=st.tuples(*[st.floats(0, 1)] * 2),
    errors=st.tuples(*[st.floats(1e-6, 0.2)] * 2),
    correlation=st.floats(-0.9, 0.9),
)
def test_an_interval_is_never_narrowed_and_never_passes_what_scores_can_do(
    scores, errors, correlation
):
    plain, widened = near(scores, errors, correlation)
    assert widened.low <= plain.low <= plain.high <= widened.high
    assert widened.low >= min(plain.low, -1)
    assert widened.high <= max(plain.high, 1)


@STEADY
@given(scores=st.tuples(*[st.floats(0.5, 1)] * 2), correlation=st.floats(-0.9, 0.9))
def test_a_widened_interval_mirrors_when_the_arms_swap(scores, correlation):
    _, one = near(scores, (0.02, 0.01), correlation)
    _, other = near(scores[::-1], (0.01, 0.02), correlation)
    assert [one.low, one.high] == pytest.approx([-other.high, -other.low], abs=1e-5)


def test_the_rim_is_that_of_every_point_in_the_ellipse():
    scores, errors = np.array([0.93, 0.985]), np.array([0.02, 0.008])
    _, widened = near(scores, errors, 0.3, np.inf)
    rng, slope = np.random.default_rng(3), scores * (1 - scores)
    root = np.linalg.cholesky(
        np.outer(errors, errors) * [[1, 0.3], [0.3, 1]] / np.outer(slope, slope)
    )
    circle = rng.normal(size=(2, 50_000))
    circle *= scipy_stats.norm.ppf(0.975) * rng.random(50_000) / np.linalg.norm(circle, axis=0)
    logits = np.log(scores / (1 - scores))[:, None] + root @ circle
    control, treated = 1 / (1 + np.exp(-logits))
    assert (treated - control).max() <= widened.high
    assert (treated - control).max() == pytest.approx(widened.high, abs=2e-3)


@pytest.mark.parametrize("scores", [(0.9, 1.0), (1.0, 1.0), (0.0, 0.9)])
def test_a_score_of_0_or_1_has_no_logit_and_stays_where_it_is(scores):
    plain, widened = near(scores, (0.03, 0.03))
    assert np.isfinite(widened).all()
    assert widened.low <= plain.low <= plain.high <= widened.high


def test_a_point_stays_a_point():
    point = Interval(0.0, 0.0, 0.0, 0.0, np.inf)
    assert intervals.widened_on_logits(point, np.array([0.9, 0.9]), np.zeros((2, 2))) == point


# --- the bootstrap, and covariances ---------------------------------------------------------


def test_the_bootstrap_of_a_mean_knows_its_standard_error():
    values = np.random.default_rng(1).normal(size=400)
    codes = np.repeat([0, 1], 200)
    term = intervals.bootstrap_variance(
        lambda rows: values[rows].mean(), codes, np.random.default_rng(2), 4_000
    )
    within = np.mean([values[codes == c].var() for c in (0, 1)]) / 400
    assert term.variance == pytest.approx(within, rel=0.08)
    assert (term.degrees_of_freedom, term.size) == (398, 400)


def test_every_replicate_has_every_class_in_its_share():
    codes, seen = np.array([0] * 7 + [1] * 3 + [2] * 2), []
    rng = np.random.default_rng(1)
    intervals.bootstrap_variance(lambda rows: seen.append(rows) or 0.0, codes, rng, 50)
    assert all(np.bincount(codes[rows]).tolist() == [7, 3, 2] for rows in seen)
    assert len({tuple(sorted(rows)) for rows in seen}) > 40


def test_a_lone_row_of_a_class_is_drawn_with_other_lone_rows():
    codes, seen = np.array([0, 0, 0, 1, 2]), []
    rng = np.random.default_rng(1)
    intervals.bootstrap_variance(lambda rows: seen.append(rows) or 0.0, codes, rng, 50)
    assert {tuple(sorted(codes[rows][codes[rows] > 0])) for rows in seen} == {
        (1, 1),
        (1, 2),
        (2, 2),
    }


def test_row_covariance_holds_the_variances_and_that_of_the_difference():
    rng = np.random.default_rng(4)
    truth, one = tied_rows(rng, 40, 90)
    other = one + rng.normal(size=130)
    g = np.array([influence.roc_auc(truth, score).influence for score in (one, other)])
    covariance = intervals.row_covariance(g, truth.astype(int))
    assert covariance[0, 0] == pytest.approx(row_variance_sum(g[0], truth))
    difference = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert difference == pytest.approx(row_variance_sum(g[1] - g[0], truth))


def test_one_seed_has_no_covariance():
    assert not intervals.seed_covariance(np.array([[0.8, 0.9]])).any()


def test_seed_covariance_is_that_of_means():
    scores = np.random.default_rng(5).normal(size=(7, 2))
    difference = np.array([-1, 1]) @ intervals.seed_covariance(scores) @ np.array([-1, 1])
    assert difference == pytest.approx(
        intervals.seed_variance(scores[:, 1] - scores[:, 0]).variance
    )


# --- Tango's score interval ----------------------------------------------------------------


@st.composite
def paired_counts(draw):
    n = draw(st.integers(1, 300))
    gained = draw(st.integers(0, n))
    return gained, draw(st.integers(0, n - gained)), n


def score_statistic(gained, lost, n, delta):
    """Score test of p_gained − p_lost = delta, its nuisance found by brute maximization."""
    least = max(0, -delta)

    def deviance(p_lost):
        cells = p_lost + delta, p_lost, 1 - 2 * p_lost - delta
        counts = gained, lost, n - gained - lost
        return -sum(k * np.log(max(p, 1e-300)) for k, p in zip(counts, cells, strict=True) if k)

    found = optimize.minimize_scalar(
        deviance, bounds=(least, (1 - delta) / 2), method="bounded", options={"xatol": 1e-12}
    )
    return (gained - lost - n * delta) / np.sqrt(n * (2 * found.x + delta * (1 - delta)))


@STEADY
@given(counts=paired_counts())
def test_tango_swaps_sign_with_the_arms(counts):
    gained, lost, n = counts
    there = intervals.paired_score_interval(gained, lost, n)
    back = intervals.paired_score_interval(lost, gained, n)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)


@STEADY
@given(counts=paired_counts())
def test_tango_lies_around_its_estimate_and_between_minus_one_and_one(counts):
    estimate, low, high, *_ = intervals.paired_score_interval(*counts)
    ends = np.array([-1, low, estimate, high, 1])
    assert (np.diff(ends) >= -1e-9).all()


def test_tango_without_discordant_rows_is_not_certain():
    interval = intervals.paired_score_interval(0, 0, 50)
    assert interval.low < -0.01
    assert interval.high > 0.01


def test_tango_narrows_with_more_concordant_rows():
    few, many = (intervals.paired_score_interval(2, 1, n) for n in (50, 500))
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("counts", [(7, 2, 50), (9, 1, 100), (3, 5, 12), (40, 10, 400)])
def test_tango_ends_where_the_score_test_rejects(counts):
    interval = intervals.paired_score_interval(*counts)
    at_ends = [score_statistic(*counts, end) for end in (interval.low, interval.high)]
    assert at_ends == pytest.approx([1.959964, -1.959964], abs=1e-4)


def test_tango_approaches_walds_interval_for_large_counts():
    gained, lost, n = 3_000, 2_000, 20_000
    interval = intervals.paired_score_interval(gained, lost, n)
    half = 1.959964 * (gained + lost - (gained - lost) ** 2 / n) ** 0.5 / n
    assert (interval.low, interval.high) == pytest.approx((0.05 - half, 0.05 + half), abs=2e-5)


def test_tango_covers_a_small_lift_where_few_rows_differ():
    rng = np.random.default_rng(11)
    draws = rng.multinomial(100, [0.04, 0.02, 0.94], size=500)
    covered = [covers(intervals.paired_score_interval(a, b, 100), 0.02) for a, b, _ in draws]
    assert 0.925 <= np.mean(covered) <= 0.985
