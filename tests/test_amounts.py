"""Lifts by the number of synthetic rows: planted answers, and a recorded cell measured again."""

import numpy as np
import pandas as pd
import pytest
from cases import refusal

from synthlab.amounts import (
    CLASS_WEIGHTS,
    N_REAL,
    REAL_ONLY,
    TUNED_WEIGHT,
    WEIGHT_1,
    best_amounts,
    lifts_by_amount,
    load_amounts,
    measure_amounts,
    measure_split,
    scores_alone,
    synthetic_split,
)
from synthlab.amounts.by_amount import eval_to_train
from synthlab.amounts.measure import HELD_OUT, MOST_TUNED, amounts_of
from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.stats import repeated_split_interval


def written(n):
    texts = pd.Series([f"text {i}" for i in range(n)])
    return Dataset(texts, ["a", "b"] * (n // 2), SYNTHETIC, "written")


def planted(lift_by_amount, n_splits=6):
    """Return scores in which so many synthetic rows have such a lift, and weights do nothing."""
    rng, rows = np.random.default_rng(0), []
    for seed in range(n_splits):
        base = 0.8 + 0.01 * rng.normal()
        about = {"task": "reviews", "writer": "strong", "seed": seed, "n_real": 50, "weight": 0.0}
        for arm in (REAL_ONLY, CLASS_WEIGHTS):
            rows.append(about | {"n_synth": 0, "arm": arm, "real_eval": base})
        for n, lift in lift_by_amount.items():
            score = base + lift + 0.001 * rng.normal()
            rows.append(about | {"n_synth": n, "arm": WEIGHT_1, "weight": 1.0, "real_eval": score})
    return pd.DataFrame(rows).assign(synthetic_eval=lambda t: t["real_eval"] + 0.1)


def test_every_number_up_to_all_recorded_is_measured():
    assert amounts_of(4_500) == (100, 400, 1_500, 4_500)
    assert amounts_of(29_190) == (100, 400, 1_500, 4_500, 15_000, 29_190)
    assert amounts_of(49_000)[-1] == 45_000


@pytest.mark.parametrize("n", [50_000, 5_360, 5_000, 4_600, 1_000, 40])
def test_rows_that_evaluate_never_train_and_leave_enough_to_train_on(n):
    train, held_out = synthetic_split(written(n), seed=3)
    assert len(train) + len(held_out) == n
    assert not set(train.X) & set(held_out.X)
    assert 0 < len(held_out) <= HELD_OUT
    assert len(train) >= min(MOST_TUNED, n // 2)


def test_planted_lifts_are_found_with_the_interval_over_splits():
    scores = planted({100: 0.05, 400: 0.0, 1_500: -0.05})
    for on in ("real_eval", "synthetic_eval"):
        found = lifts_by_amount(scores, on).set_index("n_synth")
        assert list(found["verdict"]) == ["helps", "no useful effect", "hurts"]
    by_split = scores.pivot(index="seed", columns=["arm", "n_synth"], values="real_eval")
    lift = by_split[WEIGHT_1, 100] - by_split[REAL_ONLY, 0]
    expected = repeated_split_interval(lift, eval_to_train("reviews"))
    assert found.loc[100, ["lift", "ci_low", "ci_high"]].tolist() == pytest.approx(expected[:3])


def test_the_best_number_and_those_that_are_not_significantly_worse():
    best = best_amounts(planted({100: 0.05, 400: 0.0501, 1_500: 0.02, 4_500: -0.1})).iloc[0]
    assert best["best"] in (100, 400)
    assert (best["low"], best["high"]) == (100, 400)
    none = best_amounts(planted({100: -0.05, 400: -0.06})).iloc[0]
    assert (none["best"], none["low"], none["high"]) == (0, 0, 0)


def test_a_recorded_cell_is_what_is_measured_now():
    recorded = load_amounts().query("task == 'reviews' and writer == 'strong' and seed == 19")
    found = pd.DataFrame(measure_split("reviews", "strong", 19))
    keys = ["n_real", "n_synth", "arm"]
    both = found.merge(recorded, on=keys, suffixes=("", "_recorded"), validate="1:1")
    assert len(both) == len(found) == len(recorded)
    for name in ("real_eval", "synthetic_eval"):
        np.testing.assert_allclose(both[name], both[f"{name}_recorded"], atol=0.002)


def test_the_recording_holds_every_arm_of_every_combination():
    scores = load_amounts()
    by_case = scores.groupby(["task", "writer"])
    assert len(by_case) == 4
    for _, rows in by_case:
        assert set(rows["n_real"]) == {0, *N_REAL}
        assert set(rows["arm"]) == {REAL_ONLY, CLASS_WEIGHTS, WEIGHT_1, TUNED_WEIGHT}
        assert rows["seed"].nunique() == 20
        assert rows[["real_eval", "synthetic_eval"]].stack().between(0, 1).all()
    assert len(scores_alone(scores)) == len(
        scores.query("n_real == 0").groupby(["task", "writer", "n_synth"])
    )


def test_what_was_not_measured_is_refused(tmp_path):
    scores = planted({100: 0.0})
    assert "on='test': expected real_eval or synthetic_eval" in refusal(
        lifts_by_amount, scores, "test"
    )
    assert "baseline='duplicated'" in refusal(lifts_by_amount, scores, baseline="duplicated")
    assert "arm='weight 2'" in refusal(best_amounts, scores, "weight 2")
    told = refusal(measure_amounts, tmp_path, "reviews", "strong", n_seeds=1)
    assert "n_seeds=1: expected 2 or more" in told
    assert "task='films'" in refusal(measure_amounts, tmp_path, "films", "strong")
    assert "writer='me'" in refusal(measure_amounts, tmp_path, "reviews", "me")
    assert not list(tmp_path.iterdir())
