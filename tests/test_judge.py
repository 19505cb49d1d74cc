"""One judge for every comparison: no confident word without evidence."""

import numpy as np
import pytest

from synthlab.control.arms import Fit
from synthlab.control.judge import compare_fits, compare_splits
from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.metrics.grading import METRICS, grade

SPLITS = {"eval_to_train": 0.25, "margin": 0.005}


def fits_of(real_eval, predicted, name="accuracy"):
    """Grade planted outputs, one fit per column."""
    metric = METRICS[name]
    classes = real_eval.classes
    return [Fit(grade(column, real_eval, metric, classes), column) for column in predicted]


# --- splits --------------------------------------------------------------------------------


def test_the_same_lift_in_every_split_is_no_proof():
    """Rounding leaves a standard error of 4e-17, which is not a small one but none."""
    baseline = np.array([0.80, 0.81, 0.83, 0.85, 0.86])
    found = compare_splits(baseline, baseline + 0.07, **SPLITS)
    assert found.verdict == "inconclusive"
    assert "same lift" in found.reason
    assert found.p_value == 1


def test_splits_that_vary_are_judged_by_their_spread():
    rng = np.random.default_rng(0)
    baseline = rng.normal(0.8, 0.01, 20)
    assert (
        compare_splits(baseline, baseline + rng.normal(0.05, 0.01, 20), **SPLITS).verdict == "helps"
    )
    assert (
        compare_splits(baseline, baseline + rng.normal(-0.05, 0.01, 20), **SPLITS).verdict
        == "hurts"
    )
    near = compare_splits(baseline, baseline + rng.normal(0.0, 0.03, 20), **SPLITS)
    assert near.verdict == "inconclusive"
    assert near.n_needed is None or near.n_needed["splits"][0] >= 20


def test_arms_that_never_differ_are_judged_by_how_many_rows_they_agree_on():
    same = np.full(5, 0.8)
    few, many = (
        compare_splits(same, same, n_discordant=0, n_eval=n, **SPLITS) for n in (50, 5_000)
    )
    assert few.verdict == "inconclusive"
    assert many.verdict == "no useful effect"


def test_few_positives_in_a_split_give_no_verdict():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.01, 10)
    found = compare_splits(
        scores, scores + 0.1 + rng.normal(0, 0.01, 10), metric="roc_auc", n_rarest=19, **SPLITS
    )
    assert found.verdict == "inconclusive"
    assert "19 evaluation rows of the rarest class" in found.reason


def test_more_looks_widen_the_interval():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.8, 0.01, 10)
    once, often = (
        compare_splits(scores, scores + rng.normal(0.02, 0.01, 10), n_looks=n, **SPLITS)
        for n in (1, 10)
    )
    assert often.ci_high - often.ci_low > 1.3 * (once.ci_high - once.ci_low)


# --- fits ----------------------------------------------------------------------------------


def planted(n, gained, lost, groups=None):
    """Two models on n rows: one is right on ``gained`` rows more, wrong on ``lost`` others."""
    y = np.arange(n) % 2
    rows = np.arange(n)
    first = np.where(rows < gained, 1 - y, y)
    second = np.where((rows >= gained) & (rows < gained + lost), 1 - y, y)
    real_eval = Dataset(rows[:, None].astype(float), y, "real", "eval", groups=groups)
    return fits_of(real_eval, [first]), fits_of(real_eval, [second]), real_eval


def test_random_class_shares_count_unless_the_rows_were_drawn_by_class():
    """Nearly all rows of one class are gained: the share of that class is what varies most."""
    y = np.repeat([0, 1], [300, 100])
    real_eval = Dataset(np.arange(400.0)[:, None], y, "real", "eval")
    before = np.where(np.arange(400) < 390, 0, y)
    arms = fits_of(real_eval, [before]), fits_of(real_eval, [y])
    free, fixed = (
        compare_fits(*arms, real_eval, METRICS["accuracy"], stratified_eval=s)
        for s in (False, True)
    )
    share = 90 / 400
    half = 1.966 * np.sqrt(share * (1 - share) / 400)
    assert free.lift - free.ci_low == pytest.approx(half, rel=0.1)
    assert fixed.ci_high - fixed.ci_low < (free.ci_high - free.ci_low) / 2


def test_rows_of_one_group_are_not_independent():
    copies = np.repeat(np.arange(40), 10)
    alone = compare_fits(*planted(400, 60, 20), METRICS["accuracy"])
    grouped = compare_fits(*planted(400, 60, 20, copies), METRICS["accuracy"])
    assert grouped.lift == alone.lift
    times = (grouped.ci_high - grouped.ci_low) / (alone.ci_high - alone.ci_low)
    assert np.sqrt(10) < times < 4  # and a little more, for 39 degrees of freedom
    assert "40 groups" in grouped.reason


def test_groups_of_one_row_change_nothing():
    alone = compare_fits(*planted(400, 60, 20), METRICS["accuracy"])
    grouped = compare_fits(*planted(400, 60, 20, np.arange(400)), METRICS["accuracy"])
    assert (grouped.ci_low, grouped.ci_high) == pytest.approx((alone.ci_low, alone.ci_high))


def test_few_groups_give_no_verdict():
    found = compare_fits(*planted(400, 200, 0, np.arange(400) % 9), METRICS["accuracy"])
    assert found.verdict == "inconclusive"
    assert "only 9 groups" in found.reason


def test_few_evaluation_rows_give_no_verdict():
    found = compare_fits(*planted(19, 19, 0), METRICS["accuracy"])
    assert found.verdict == "inconclusive"
    assert "only 19 evaluation rows" in found.reason


def test_a_margin_below_zero_is_an_error():
    with pytest.raises(InputError, match="margin=-1"):
        compare_fits(*planted(100, 5, 5), METRICS["accuracy"], margin=-1)
