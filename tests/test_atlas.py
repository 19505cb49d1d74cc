"""The atlas: the same cells as by hand, the same table however it was run, honest verdicts."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss

from synthlab.atlas.cells import (
    CLASS_WEIGHTS,
    GENERATORS,
    MODELS,
    REAL_ONLY,
    SCORES,
    build_model,
    compare_on,
    run_atlas,
)
from synthlab.atlas.lift_table import lifts, load_atlas
from synthlab.datasets.imbalanced import MINORITY, load_imbalanced
from synthlab.errors import InputError
from synthlab.splits import repeat_clusters, stratified_cluster_split
from synthlab.stats import intervals
from synthlab.sweep import write_table

SMALL = ["glass2", "flare-F", "zoo-3"]  # numbers; categories alone; seven rows of the rarer class


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return run_atlas(tmp_path_factory.mktemp("cells"), SMALL, n_splits=2, n_jobs=1)


@pytest.fixture(scope="module")
def scores(found):
    return found.require_complete().to_frame()


def test_every_set_split_model_and_arm_has_a_row(scores):
    arms = {REAL_ONLY, CLASS_WEIGHTS, *GENERATORS}
    assert set(scores["arm"]) == arms
    assert not scores.duplicated(["dataset", "seed", "model", "arm"]).any()
    assert len(scores) == 3 * 2 * 2 * len(arms)


def test_the_control_is_what_one_computes_by_hand(scores):
    rows = load_imbalanced("glass2")
    is_eval = stratified_cluster_split(
        rows.y, repeat_clusters(rows.X), round(len(rows) / 3), np.random.default_rng([1, 0])
    )
    train, held_out = rows.take(~is_eval), rows.take(is_eval)
    model = build_model("logistic regression").fit(train.X, train.y)
    probability, truth = model.predict_proba(held_out.X), held_out.y == MINORITY
    at = scores.query("dataset == 'glass2' and seed == 1 and arm == 'real only'")
    at = at[at["model"] == "logistic regression"].iloc[0]
    assert at["n_minority_eval"] == truth.sum()
    ap = average_precision_score(truth, probability[:, 1])
    assert at["average_precision"] == pytest.approx(ap)
    assert -at["neg_brier_score"] == pytest.approx(brier_score_loss(truth, probability[:, 1]))
    assert -at["neg_log_loss"] == pytest.approx(log_loss(truth, probability))


def test_synthetic_rows_make_the_classes_equal(scores):
    rows = load_imbalanced("glass2")
    made = scores[(scores["dataset"] == "glass2") & (scores["arm"] == "SMOTE")]
    n_train = len(rows) - round(len(rows) / 3)
    n_minority = (rows.y == MINORITY).sum() - made["n_minority_eval"]
    assert (made["n_synth"] == n_train - 2 * n_minority).all()


def test_what_a_generator_cannot_take_is_refused_with_a_reason_and_has_no_score(scores):
    refused = scores[scores["refused"].notna()]
    smote = refused[(refused["dataset"] == "flare-F") & (refused["arm"] == "SMOTE")]
    assert smote["refused"].str.contains("Choose OverSample, Perturb or GaussianCopula").all()
    assert len(smote) == 4
    assert refused[list(SCORES)].isna().all(axis=None)
    assert scores[scores["refused"].isna()][list(SCORES)].notna().all(axis=None)


def test_a_recorded_cell_computed_again_is_the_same():
    """Where this fails because the numbers were meant to change, raise RECIPE and record anew."""
    again = pd.DataFrame(compare_on("glass2", 0))
    recorded = load_atlas().query("dataset == 'glass2' and seed == 0")
    recorded = recorded[list(again)].reset_index(drop=True)
    pd.testing.assert_frame_equal(again[recorded.columns[:4]], recorded[recorded.columns[:4]])
    np.testing.assert_allclose(*(f[list(SCORES)].astype(float) for f in (again, recorded)), 1e-6)


def test_neither_order_nor_workers_change_the_table(scores, tmp_path):
    few = ["zoo-3", "glass2"]
    other = run_atlas(tmp_path, few, n_splits=2, n_jobs=2).to_frame()
    expected = scores[scores["dataset"].isin(few)].reset_index(drop=True)
    pd.testing.assert_frame_equal(other, expected)


def test_the_same_scores_are_the_same_bytes(scores, tmp_path):
    for name in ("one", "other"):
        write_table(scores, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "one"), scores)


def test_an_unknown_set_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(InputError, match="Did you mean ecoli"):
        run_atlas(tmp_path / "cells", ["glass2", "ecoli9"])
    with pytest.raises(InputError, match="n_splits=1: expected 2 or more"):
        run_atlas(tmp_path / "cells", ["glass2"], n_splits=1)
    assert not (tmp_path / "cells").exists()


def test_models_take_gaps_and_categories():
    for dataset, name in product(["hepatitis", "flare-F", "glass2"], MODELS):
        rows = load_imbalanced(dataset)
        model = build_model(name).fit(rows.X, rows.y)
        assert model.predict_proba(rows.X).shape == (len(rows), 2)


# --- lifts ---------------------------------------------------------------------------------


def simulated(lift_by_split, dataset="pima", metric="average_precision"):
    """Scores of two arms on one set; all metrics alike."""
    n = len(lift_by_split)
    control = np.linspace(0.5, 0.6, n)
    arms = {"real only": control, "SMOTE": control + lift_by_split}
    return pd.concat(
        pd.DataFrame(dict.fromkeys(SCORES, values)).assign(
            dataset=dataset, model="logistic regression", arm=arm, seed=range(n), refused=None
        )
        for arm, values in arms.items()
    )


def at(frame, metric="average_precision"):
    return frame[frame["metric"] == metric].iloc[0]


def test_a_lift_is_nadeau_and_bengios():
    by_split = np.array([0.02, 0.05, 0.03, 0.06, 0.04])
    row = at(lifts(simulated(by_split)))
    expected = intervals.repeated_split_interval(by_split, 0.5)
    assert row["lift"] == pytest.approx(0.04)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert row["source"] == "pima"


def test_the_p_value_and_the_interval_say_the_same():
    for shift in (0.0, 0.02, 0.036, 0.0375, 0.06):
        row = at(lifts(simulated(np.array([-0.02, 0.01, -0.01, 0.02, 0.0]) + shift)))
        assert (row["p_value"] < 0.05) == (row["ci_low"] > 0)


@pytest.mark.parametrize(
    ("by_split", "word"),
    [
        ([0.10, 0.11, 0.10, 0.11, 0.10], "helps"),
        ([-0.10, -0.11, -0.10, -0.11, -0.10], "hurts"),
        ([0.0, 0.0, 0.0, 0.0, 0.0], "inconclusive"),
        ([0.0, 0.001, -0.001, 0.0, 0.001], "no useful effect"),
        ([0.1, -0.1, 0.1, -0.1, 0.1], "inconclusive"),
    ],
)
def test_verdicts_follow_the_interval(by_split, word):
    assert at(lifts(simulated(np.array(by_split))))["verdict"] == word


@pytest.mark.parametrize("lift", [0.3, 5e-7])
def test_the_same_lift_in_every_split_shows_no_spread_and_is_not_sure(lift):
    row = at(lifts(simulated(np.full(5, lift))))
    assert row["lift"] == pytest.approx(lift)
    assert (row["verdict"], row["p_value"]) == ("inconclusive", 1.0)
    assert pd.isna([row["ci_low"], row["ci_high"]]).all()


def test_a_set_with_few_rows_of_the_rarer_class_gets_a_lift_and_no_verdict():
    row = at(lifts(simulated(np.full(5, 0.1) + np.arange(5) / 100, "glass2")))
    assert row["lift"] == pytest.approx(0.12)
    assert pd.isna([row["verdict"], row["ci_low"], row["p_value"]]).all()


def test_an_arm_that_was_refused_has_no_lift(scores):
    found = lifts(scores)
    assert not ((found["dataset"] == "flare-F") & (found["arm"] == "SMOTE")).any()
    assert ((found["dataset"] == "flare-F") & (found["arm"] == "over-sampling")).any()
    assert REAL_ONLY not in set(found["arm"])
