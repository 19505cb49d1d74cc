"""The interval of a lift covers a known truth; `bench/calibration.py` is the full version."""

from dataclasses import replace

import numpy as np
import pytest
from bench.calibration import (
    ANGLE,
    BAND,
    LEAST_POWER,
    SETTINGS,
    SHOWN,
    Setting,
    draw_coefficients,
    draw_rows,
    repeat,
    report,
    summary,
)

from synthlab.metrics.grading import METRICS
from synthlab.stats import intervals

N = 250
FEW, MANY = SETTINGS[3], SETTINGS[2]  # 20 positives by average precision, 300 by ROC area
CALM = Setting("calm", "roc_auc", 300, 1_700, auc=0.9, margin=0.005, tau=0.03)


def standard_errors(share, count=3):
    return count * np.sqrt(share * (1 - share) / N)


def outcome(setting, lift, margin, n=N):
    runs = repeat(setting, lift, margin, n, np.random.default_rng(9))
    return summary(setting, "", lift, margin, runs)


@pytest.fixture(scope="module", params=[FEW, MANY, CALM], ids=lambda setting: setting.name)
def at_margin(request):
    margin = request.param.margin
    return outcome(request.param, margin, margin)


@pytest.fixture(scope="module")
def million():
    """A fit, and what it says of a million rows."""
    setting = Setting("many", "roc_auc", 100_000, 900_000, auc=0.9, margin=0.005)
    rng = np.random.default_rng(1)
    w = draw_coefficients((0.6, ANGLE), setting.tau, rng)[1, 0]
    return setting, w, draw_rows(setting, rng) @ w


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_the_known_value_of_a_fit_is_that_of_a_million_rows(metric, million):
    setting, w, scores = million
    separation = setting.shift * w[[0]] / np.linalg.norm(w)
    known = replace(setting, metric=metric).value_of(separation)[0]
    seen = METRICS[metric].score(setting.eval.y == 1, scores).value
    assert seen == pytest.approx(known, abs=0.003)


def test_the_true_lift_is_the_mean_of_many_fits():
    rng, angles = np.random.default_rng(2), (MANY.control_angle(0.03), ANGLE)
    w = np.concatenate([draw_coefficients(angles, MANY.tau, rng) for _ in range(2_000)], axis=1)
    values = MANY.value_of(MANY.shift * w[..., 0] / np.linalg.norm(w, axis=2))
    assert values.mean(axis=1) == pytest.approx([0.9, 0.93], abs=0.001)


def test_the_interval_covers_a_lift_of_the_margin(at_margin):
    assert at_margin["coverage"] >= BAND[0] - standard_errors(BAND[0])
    assert at_margin["coverage"] <= min(1 - 1 / N, BAND[1] + standard_errors(BAND[1]))


def test_a_lift_of_the_margin_is_seldom_said_to_help(at_margin):
    assert at_margin["helps"] <= 0.025 + standard_errors(0.025)


def test_no_lift_is_seldom_said_to_help_or_to_hurt():
    nothing = outcome(CALM, 0.0, 0.0)
    assert max(nothing["helps"], nothing["hurts"]) <= 0.025 + standard_errors(0.025)


def test_three_standard_errors_beyond_the_margin_mostly_help():
    far = outcome(CALM, CALM.margin + 3 * 0.0083, CALM.margin)
    assert far["away"] == pytest.approx(3, abs=0.3)
    assert far["helps"] >= LEAST_POWER - standard_errors(LEAST_POWER)


def test_an_interval_that_leaves_out_the_seeds_covers_too_seldom(monkeypatch):
    def nothing(lifts):
        return intervals.VarianceTerm("seeds", 0.0, len(lifts) - 1, len(lifts))

    monkeypatch.setattr(intervals, "seed_variance", nothing)
    monkeypatch.setattr(intervals, "seed_covariance", lambda scores: np.zeros((2, 2)))
    assert outcome(MANY, 0.0, 0.0, n=100)["coverage"] < 0.85


def test_an_interval_that_leaves_out_the_seeds_covers_these_very_fits():
    assert outcome(MANY, 0.0, 0.0, n=100)["rows_alone"] > 0.85


def test_the_report_names_what_was_missed():
    numbers = dict.fromkeys(SHOWN, 0.0)
    fine = {**numbers, "truth": "0", "coverage": 0.95, "rows_alone": 0.95, "helps": 0.02}
    page = report([(CALM, [fine, {**fine, "coverage": 0.9}, {**fine, "rows_alone": 0.99}])])
    assert page.count("| too narrow |") == page.count("| too wide, rows alone |") == 1
