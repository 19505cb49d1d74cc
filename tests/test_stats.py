"""Every number against an oracle: scikit-learn, scipy, a bootstrap, a simulation, a hand."""

import statistics
from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize
from scipy import stats as scipy_stats
from sklearn import metrics

from synthlab import stats
from synthlab.stats import Interval, VarianceTerm

STEADY = settings(deadline=None, derandomize=True, max_examples=50)


def neg_brier_by_sklearn(truth, probability, sample_weight=None):
    return -metrics.brier_score_loss(truth, probability, sample_weight=sample_weight)


def neg_log_loss_by_sklearn(codes, probabilities, sample_weight=None):
    labels = np.arange(probabilities.shape[1])
    return -metrics.log_loss(codes, probabilities, labels=labels, sample_weight=sample_weight)


CALLED = {  # metrics of predicted classes: ours, scikit-learn's
    "accuracy": (stats.accuracy, metrics.accuracy_score),
    "balanced_accuracy": (stats.balanced_accuracy, metrics.balanced_accuracy_score),
    "f1": (stats.f1, partial(metrics.f1_score, zero_division=0)),
}
SCORED = {  # metrics of scores or probabilities
    "roc_auc": (stats.roc_auc, metrics.roc_auc_score),
    "average_precision": (stats.average_precision, metrics.average_precision_score),
    "neg_brier": (stats.neg_brier, neg_brier_by_sklearn),
}


@st.composite
def scored_rows(draw):
    """Both classes, and scores of nine levels, so that ties abound."""
    n = draw(st.integers(2, 30))
    truth = draw(arrays(bool, n))
    truth[:2] = True, False
    return truth, draw(arrays(int, n, elements=st.integers(0, 8))) / 8


def tied_rows(rng, n_positive, n_negative, signal=1.0):
    truth = np.repeat([True, False], [n_positive, n_negative])
    return truth, np.round(rng.normal(size=len(truth)) + signal * truth, 1)


def multiclass_rows(rng, n=30, n_classes=3):
    codes = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    return codes, rng.dirichlet(np.ones(n_classes), size=n)


def finite_difference(metric, truth, output, step=1e-5):
    """Derivative of a weighted metric by the weight of every row."""
    weights = 1 + step * np.eye(len(truth)), 1 - step * np.eye(len(truth))
    up, down = ([metric(truth, output, sample_weight=w) for w in rows] for rows in weights)
    return (np.array(up) - np.array(down)) / (2 * step)


def assert_is_gradient(ours, oracle, truth, output):
    by_row = ours(truth, output).by_row
    np.testing.assert_allclose(by_row, finite_difference(oracle, truth, output), atol=1e-8)
    assert by_row.sum() == pytest.approx(0, abs=1e-12)


# --- metrics: values -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLED)
@STEADY
@given(rows=scored_rows())
def test_value_of_called_classes_equals_scikit_learn(name, rows):
    ours, oracle = CALLED[name]
    truth, score = rows
    assert ours(truth, score >= 0.5).value == pytest.approx(oracle(truth, score >= 0.5), abs=1e-12)


@pytest.mark.parametrize("name", SCORED)
@STEADY
@given(rows=scored_rows())
def test_value_of_scores_equals_scikit_learn(name, rows):
    ours, oracle = SCORED[name]
    assert ours(*rows).value == pytest.approx(oracle(*rows), abs=1e-12)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
def test_value_with_many_classes_equals_scikit_learn(name):
    ours, oracle = CALLED[name]
    codes, probabilities = multiclass_rows(np.random.default_rng(1), n=200, n_classes=5)
    names = np.array(["ham", "spam", "list", "news", "bulk"])
    truth, predicted = names[codes], names[probabilities.argmax(axis=1)]
    assert ours(truth, predicted).value == pytest.approx(oracle(truth, predicted), abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_log_loss_equals_scikit_learn(n_classes):
    rows = multiclass_rows(np.random.default_rng(n_classes), 100, n_classes)
    assert stats.neg_log_loss(*rows).value == pytest.approx(neg_log_loss_by_sklearn(*rows))


def test_log_loss_of_a_certain_error_is_finite_as_in_scikit_learn():
    codes, probabilities = np.array([0, 1, 0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.3, 0.7]])
    ours = stats.neg_log_loss(codes, probabilities).value
    assert ours == pytest.approx(neg_log_loss_by_sklearn(codes, probabilities), abs=1e-12)


def test_f1_without_any_positive_is_zero_as_in_scikit_learn():
    nothing = np.zeros(4, dtype=bool)
    value, by_row = stats.f1(nothing, nothing)
    assert value == metrics.f1_score(nothing, nothing, zero_division=0) == 0
    assert not by_row.any()


@pytest.mark.parametrize(
    ("score", "auc"), [([0, 0, 1, 1], 1.0), ([1, 1, 0, 0], 0.0), ([3, 3, 3, 3], 0.5)]
)
def test_auc_of_perfect_inverse_and_constant_scores(score, auc):
    assert stats.roc_auc(np.array([False, False, True, True]), np.array(score)).value == auc


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
@STEADY
@given(rows=scored_rows())
def test_ranking_metrics_see_only_the_order_of_scores(name, rows):
    ours, _ = SCORED[name]
    truth, score = rows
    np.testing.assert_array_equal(ours(truth, score).by_row, ours(truth, score**3 - 7).by_row)


# --- metrics: gradients --------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLED)
@settings(STEADY, max_examples=10)
@given(rows=scored_rows())
def test_gradient_of_called_classes_is_the_derivative_by_weight(name, rows):
    truth, score = rows
    assert_is_gradient(*CALLED[name], truth, score >= 0.5)


@pytest.mark.parametrize("name", SCORED)
@settings(STEADY, max_examples=10)
@given(rows=scored_rows())
def test_gradient_of_scores_is_the_derivative_by_weight(name, rows):
    assert_is_gradient(*SCORED[name], *rows)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
def test_gradient_with_many_classes_is_the_derivative_by_weight(name):
    codes, probabilities = multiclass_rows(np.random.default_rng(2), n=40, n_classes=4)
    assert_is_gradient(*CALLED[name], codes, probabilities.argmax(axis=1))


def test_gradient_of_log_loss_is_the_derivative_by_weight():
    rows = multiclass_rows(np.random.default_rng(3))
    assert_is_gradient(stats.neg_log_loss, neg_log_loss_by_sklearn, *rows)


# --- variances -----------------------------------------------------------------------------


def row_variance_sum(by_row, truth):
    return sum(term.variance for term in stats.row_variance(by_row, truth.astype(int)))


def delong_placements(truth, score):
    """How often each positive beats the negatives, and each negative is beaten: O(n²)."""
    wins = [[(p > q) + (p == q) / 2 for q in score[~truth]] for p in score[truth]]
    return np.mean(wins, axis=1), np.mean(wins, axis=0)


def delong_variance(*placements):
    return sum(np.var(placement, ddof=1) / len(placement) for placement in placements)


def test_auc_variance_equals_delong():
    truth, score = tied_rows(np.random.default_rng(4), 17, 45)
    variance = row_variance_sum(stats.roc_auc(truth, score).by_row, truth)
    assert variance == pytest.approx(delong_variance(*delong_placements(truth, score)), rel=1e-10)


def test_variance_of_an_auc_lift_equals_delong_for_correlated_curves():
    rng = np.random.default_rng(5)
    truth, control = tied_rows(rng, 30, 50)
    treated = control + np.round(rng.normal(size=80), 1)
    lift = stats.roc_auc(truth, treated).by_row - stats.roc_auc(truth, control).by_row
    placements = zip(*(delong_placements(truth, s) for s in (treated, control)), strict=True)
    expected = delong_variance(*(after - before for after, before in placements))
    assert row_variance_sum(lift, truth) == pytest.approx(expected, rel=1e-10)


def test_accuracy_variance_is_that_of_proportions_by_class():
    truth = np.repeat([0, 1], [8, 4])
    hit = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0], dtype=bool)
    terms = stats.row_variance(stats.accuracy(truth, np.where(hit, truth, -1)).by_row, truth)
    expected = [8 * (6 / 8) * (2 / 8) * 8 / 7 / 12**2, 4 * (3 / 4) * (1 / 4) * 4 / 3 / 12**2]
    np.testing.assert_allclose([term.variance for term in terms], expected)


@pytest.mark.parametrize("metric", [stats.roc_auc, stats.average_precision])
def test_standard_error_of_a_lift_is_within_5_percent_of_a_bootstrap(metric):
    rng = np.random.default_rng(6)
    truth, control = tied_rows(rng, 400, 1_600)
    treated = control + 0.5 * rng.normal(size=len(truth))
    lift = metric(truth, treated).by_row - metric(truth, control).by_row
    replicates = []
    for _ in range(3_000):  # stratified by class, the positives first
        rows = np.concatenate([rng.integers(0, 400, 400), rng.integers(400, 2_000, 1_600)])
        after, before = (metric(truth[rows], s[rows]).value for s in (treated, control))
        replicates.append(after - before)
    assert row_variance_sum(lift, truth) ** 0.5 == pytest.approx(np.std(replicates), rel=0.05)


def test_classes_of_one_row_are_pooled():
    by_row = np.array([0.1, 0.3, -0.1, 0.2, -0.4])
    terms = stats.row_variance(by_row, np.array([0, 0, 0, 1, 2]))
    assert [term.source for term in terms] == ["rare classes", "class 0"]
    assert terms[0].variance == pytest.approx(2 * statistics.variance([0.2, -0.4]))


def test_degrees_of_freedom_are_rows_less_one():
    terms = stats.row_variance(np.arange(7.0), np.array([0, 0, 0, 0, 0, 1, 1]))
    assert [(term.degrees_of_freedom, term.size) for term in terms] == [(4, 5), (1, 2)]


def test_seed_variance_is_that_of_a_mean():
    lifts = [0.01, 0.03, -0.02, 0.05]
    term = stats.seed_variance(np.array(lifts))
    assert term.variance == pytest.approx(statistics.variance(lifts) / 4)
    assert (term.source, term.degrees_of_freedom) == ("seeds", 3)


# --- intervals -----------------------------------------------------------------------------


def mean_term(sample):
    return VarianceTerm("rows", np.var(sample, ddof=1) / len(sample), len(sample) - 1, len(sample))


def test_interval_of_one_term_is_the_t_interval():
    sample = np.random.default_rng(7).normal(size=9)
    ours = stats.components_interval(sample.mean(), [mean_term(sample)], 0.9)
    expected = scipy_stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    np.testing.assert_allclose([ours.low, ours.high], expected)


def test_interval_of_two_terms_is_welchs():
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=5), 4 * rng.normal(size=12)
    ours = stats.components_interval(a.mean() - b.mean(), [mean_term(a), mean_term(b)])
    expected = scipy_stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose([ours.low, ours.high], expected)


def test_interval_without_any_variance_is_a_point():
    interval = stats.components_interval(0.25, [VarianceTerm("rows", 0.0, 9, 10)])
    assert interval.low == interval.estimate == interval.high == 0.25


def test_more_confidence_takes_a_wider_interval():
    term = [VarianceTerm("rows", 0.01, 9, 10)]
    narrow, wide = (stats.components_interval(0, term, c) for c in (0.8, 0.99))
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
        covered.append(covers(stats.components_interval(estimate, terms), 0))
    assert 0.91 <= np.mean(covered) <= 0.985


@pytest.mark.parametrize("metric", [stats.roc_auc, stats.average_precision])
def test_interval_of_a_null_lift_covers_zero_as_often_as_it_says(metric):
    rng = np.random.default_rng(10)
    covered = []
    for _ in range(300):
        truth, signal = tied_rows(rng, 50, 150)
        after, before = (metric(truth, signal + rng.normal(size=200)) for _ in range(2))
        terms = stats.row_variance(after.by_row - before.by_row, truth.astype(int))
        covered.append(covers(stats.components_interval(after.value - before.value, terms), 0))
    assert 0.91 <= np.mean(covered) <= 0.985


def test_repeated_splits_follow_the_formula_of_nadeau_and_bengio():
    interval = stats.repeated_split_interval([0.1, 0.2, 0.3], eval_to_train=0.25)
    half = 4.302653 * ((1 / 3 + 0.25) * 0.01) ** 0.5  # t of 2 degrees of freedom; s² is 0.01
    assert interval.estimate == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-6)


def test_repeated_splits_without_an_eval_set_give_the_t_interval():
    values = [0.3, 0.1, 0.15, 0.4]
    interval = stats.repeated_split_interval(values, eval_to_train=0)
    expected = scipy_stats.ttest_1samp(values, 0).confidence_interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(expected))


def test_one_split_has_no_interval():
    with pytest.raises(ValueError, match=r"1 split\(s\): a spread needs at least 2"):
        stats.repeated_split_interval([0.1], 0.2)


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
    there = stats.paired_score_interval(gained, lost, n)
    back = stats.paired_score_interval(lost, gained, n)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)


@STEADY
@given(counts=paired_counts())
def test_tango_lies_around_its_estimate_and_between_minus_one_and_one(counts):
    estimate, low, high, *_ = stats.paired_score_interval(*counts)
    ends = np.array([-1, low, estimate, high, 1])
    assert (np.diff(ends) >= -1e-9).all()


def test_tango_without_discordant_rows_is_not_certain():
    interval = stats.paired_score_interval(0, 0, 50)
    assert interval.low < -0.01
    assert interval.high > 0.01


def test_tango_narrows_with_more_concordant_rows():
    few, many = (stats.paired_score_interval(2, 1, n) for n in (50, 500))
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("counts", [(7, 2, 50), (9, 1, 100), (3, 5, 12), (40, 10, 400)])
def test_tango_ends_where_the_score_test_rejects(counts):
    interval = stats.paired_score_interval(*counts)
    at_ends = [score_statistic(*counts, end) for end in (interval.low, interval.high)]
    assert at_ends == pytest.approx([1.959964, -1.959964], abs=1e-4)


def test_tango_approaches_walds_interval_for_large_counts():
    gained, lost, n = 3_000, 2_000, 20_000
    interval = stats.paired_score_interval(gained, lost, n)
    half = 1.959964 * (gained + lost - (gained - lost) ** 2 / n) ** 0.5 / n
    assert (interval.low, interval.high) == pytest.approx((0.05 - half, 0.05 + half), abs=2e-5)


def test_tango_covers_a_small_lift_where_few_rows_differ():
    rng = np.random.default_rng(11)
    draws = rng.multinomial(100, [0.04, 0.02, 0.94], size=500)
    covered = [covers(stats.paired_score_interval(a, b, 100), 0.02) for a, b, _ in draws]
    assert 0.925 <= np.mean(covered) <= 0.985


# --- verdicts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.006, 0.02, "helps"),
        (0.005, 0.02, "inconclusive"),  # a lift of the margin itself is possible
        (-0.001, 0.02, "inconclusive"),
        (-0.02, 0.02, "inconclusive"),
        (-0.005, 0.005, "noise"),
        (0.001, 0.005, "noise"),
        (0.0, 0.0, "noise"),
        (-0.005, 0.0051, "inconclusive"),
        (-0.0051, 0.005, "inconclusive"),
        (-0.02, -0.005, "inconclusive"),
        (-0.02, -0.006, "hurts"),
    ],
)
def test_verdict_says_where_the_interval_lies(low, high, word):
    assert stats.verdict(low, high, 0.005) == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.0, 0.0, "noise"), (0.0, 0.1, "inconclusive"), (0.001, 0.1, "helps"), (-1, -0.1, "hurts")],
)
def test_verdict_without_a_margin(low, high, word):
    assert stats.verdict(low, high, 0) == word


@STEADY
@given(ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted), margin=st.floats(0, 0.5))
def test_verdict_mirrors_when_the_arms_swap(ends, margin):
    mirrored = {"helps": "hurts", "hurts": "helps"}
    there, back = stats.verdict(*ends, margin), stats.verdict(-ends[1], -ends[0], margin)
    assert back == mirrored.get(there, there)


# --- what would settle it ------------------------------------------------------------------


def wide_terms(by_rows, by_seeds):
    """So many degrees of freedom that Student's t is all but normal."""
    shares = {"class 0": 0.75 * by_rows, "class 1": 0.25 * by_rows, "seeds": by_seeds}
    return [VarianceTerm(source, share, 10**6, 10**6 + 1) for source, share in shares.items()]


def with_more(terms, factors):
    by_source = {"class 0": factors.rows, "class 1": factors.rows, "seeds": factors.seeds}
    return [t._replace(variance=t.variance / by_source[t.source]) for t in terms]


def needed(estimate, terms, margin=0.005):
    return stats.needed(stats.components_interval(estimate, terms), terms, margin)


MANY_ROWS, MANY_SEEDS, BOTH = (4e-4, 1e-7), (1e-7, 4e-4), (4e-4, 3e-4)


@pytest.mark.parametrize(
    ("estimate", "variances"),
    list(product([0.03, -0.03, 0.001, -0.001], [(4e-4, 0.0), MANY_ROWS, MANY_SEEDS, BOTH])),
)
def test_what_is_needed_just_settles_the_lift(estimate, variances):
    terms = wide_terms(*variances)
    settled = stats.components_interval(estimate, with_more(terms, needed(estimate, terms)))
    distances = [abs(end - edge) for end in settled[1:3] for edge in (0.005, -0.005)]
    assert min(distances) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("variances", "rows", "seeds"),
    [(MANY_ROWS, True, False), (MANY_SEEDS, False, True), (BOTH, True, True)],
)
def test_more_of_what_varies_most_is_needed(variances, rows, seeds):
    found = needed(0.01, wide_terms(*variances))
    assert (found.rows > 1, found.seeds > 1) == (rows, seeds)


def test_nothing_is_needed_where_nothing_varies():
    assert stats.needed(Interval(0.1, 0.1, 0.1, 0.0, np.inf), [], 0.005) is None


def test_rounding_errors_are_no_variance():
    dust = [VarianceTerm("class 0", 5e-37, 180, 181), VarianceTerm("class 1", 0.0, 18, 19)]
    assert needed(0.9, dust) is None


@pytest.mark.parametrize("estimate", [0.005, -0.005])
def test_nothing_settles_a_lift_on_the_edge_of_the_margin(estimate):
    assert needed(estimate, wide_terms(*MANY_ROWS)) is None


def test_a_lift_nearer_to_the_margin_needs_more_rows():
    near, far = (needed(estimate, wide_terms(*MANY_ROWS)).rows for estimate in (0.01, 0.03))
    assert near > far
