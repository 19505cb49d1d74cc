"""Evidence of suites: planted effects, nulls, oracles."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from synthlab.edges import excess_interval, matched_threshold, rank_agreement
from synthlab.errors import InputError

HOW = {"within": ["split"], "unit": ["recipe"]}


def models(correlation, seed, n_units=20, n_groups=4):
    """Draw recipes whose suite and judge correlate, the same in every split but for noise."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(2, n_units))
    judge = correlation * common[0] + np.sqrt(1 - correlation**2) * common[1]
    rows = [
        {
            "split": group,
            "recipe": unit,
            "suite": common[0, unit] + rng.normal(0, 0.1) + 5 * group,
            "judge": judge[unit] + rng.normal(0, 0.1) + 5 * group,
        }
        for group in range(n_groups)
        for unit in range(n_units)
    ]
    return pd.DataFrame(rows)


def test_agreement_is_the_mean_of_spearmans_correlations():
    frame = models(0.6, 0)
    by_group = [spearmanr(rows["suite"], rows["judge"])[0] for _, rows in frame.groupby("split")]
    found = rank_agreement(frame, "suite", "judge", **HOW)
    assert found.estimate == pytest.approx(np.mean(by_group))
    assert found.low < found.estimate < found.high


def test_what_differs_between_groups_is_no_agreement():
    # Across splits both columns rise together; within each they have nothing in common.
    found = [rank_agreement(models(0.0, s), "suite", "judge", **HOW).estimate for s in range(12)]
    assert abs(np.mean(found)) < 0.15


def test_a_null_is_called_agreement_as_seldom_as_promised():
    found = [
        rank_agreement(models(0.0, s, n_groups=2), "suite", "judge", n_resamples=400, **HOW)
        for s in range(120)
    ]
    assert sum(interval.low > 0 for interval in found) <= 10  # 2.5 % were promised: 3


def test_a_planted_agreement_is_found():
    low = [
        rank_agreement(models(0.9, s, n_units=40), "suite", "judge", **HOW).low for s in range(5)
    ]
    assert min(low) > 0.3
    turned = models(0.9, 1).assign(judge=lambda rows: -rows["judge"])
    assert rank_agreement(turned, "suite", "judge", **HOW).high < 0


def test_the_matched_threshold_keeps_the_recall_and_no_less_strict_one_is_needed():
    scores = np.random.default_rng(0).normal(size=317)
    for recall in (0.5, 0.9, 0.95, 1.0):
        threshold = matched_threshold(scores, recall)
        assert (scores >= threshold).mean() >= recall
        assert (scores > threshold).mean() < recall


def test_excess_covers_a_known_difference():
    rng, n, covered = np.random.default_rng(0), 100, 0
    for _ in range(300):
        rates, errors = rng.binomial(n, 0.3, 8) / n, rng.binomial(500, 0.1, 8) / 500
        found = excess_interval(rates, errors, n, eval_to_train=0.0)
        covered += found.low <= 0.2 <= found.high
    assert covered >= 285  # conservative: cases are counted twice


def test_excess_of_few_cases_is_unsure_even_if_the_splits_agree():
    found = excess_interval([0.2] * 5, [0.1] * 5, 20, eval_to_train=0.4)
    assert found.estimate == pytest.approx(0.1)
    assert found.low < 0 < found.high
    sure = excess_interval([0.2] * 5, [0.1] * 5, 5_000, eval_to_train=0.4)
    assert 0.08 < sure.low < sure.high < 0.12


def test_more_families_need_wider_intervals():
    one, many = (
        excess_interval([0.3, 0.2, 0.25], [0.1] * 3, 80, eval_to_train=0.1, confidence=c)
        for c in (0.95, 1 - 0.05 / 14)
    )
    assert many.low < one.low < one.high < many.high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: excess_interval([0.1], [0.1], 9, eval_to_train=0), "Run more splits"),
        (lambda: excess_interval([0.1, 0.2], [0.1], 9, eval_to_train=0), "2 rates, 1 errors"),
        (lambda: excess_interval([0.1, 0.2], [0.1, 0.1], 1, eval_to_train=0), "1 cases"),
        (lambda: matched_threshold(np.array([]), 0.5), "0 scores"),
        (lambda: matched_threshold(np.array([np.nan]), 0.5), "expected one finite score"),
        (lambda: matched_threshold(np.array([1.0]), 0), "recall=0"),
        (
            lambda: rank_agreement(models(0.5, 0).iloc[1:], "suite", "judge", **HOW),
            "'suite': 20 units, 1 values missing",
        ),
        (
            lambda: rank_agreement(models(0.5, 0, n_units=4), "suite", "judge", **HOW),
            "expected 5 units or more",
        ),
    ],
)
def test_bad_input_never_gives_a_number(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)
