"""Coverage, lift by region and break-even where the answers were planted."""

import numpy as np
import pandas as pd
import pytest
from simulated import zipf_texts
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from synthlab.control.lift import evaluate_synthetic_lift
from synthlab.dataset import Dataset
from synthlab.edges.aiming import aim
from synthlab.edges.break_even import break_even_error
from synthlab.edges.coverage import coverage_report, measure_coverage
from synthlab.edges.labelers import HeldOutRows
from synthlab.edges.local_lift import Trial, lift_by_region, run_trial
from synthlab.edges.plane import draw_plane, true_probabilities
from synthlab.errors import ContaminationError, InputError
from synthlab.metrics.grading import get_metric

MODEL = ExtraTreesClassifier(20, min_samples_leaf=5)
LABELS = np.array(["no", "yes"])
LOG_LOSS = get_metric("neg_log_loss", LABELS)


def plane(n, seed=0):
    return draw_plane(n, np.random.default_rng(seed), f"plane {seed}")


def synthetic(rows):
    return rows.replace(origin="synthetic")


def aimed(at, n=300, seed=7, pool=8):
    rng = np.random.default_rng(seed)
    return aim(HeldOutRows(plane(3_000, pool)), at).fit(TRAIN, rng).sample(n, rng)


def line(values, origin="real"):
    X = np.array(values, float)[:, None]
    return Dataset(X, np.arange(len(X)) % 2, origin, f"{origin} line")


def refusal(call, *arguments, kind=InputError, **options):
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


TRAIN, EVAL = plane(200), plane(3_000, 1)
CORNER, MIDDLE = aimed("corners"), aimed("middle")


# --- precision, recall, density, coverage --------------------------------------------------


def test_four_rows_by_hand():
    """Real balls, k = 1: [0 ± 1], [1 ± 1], [5 ± 4]; synthetic ones: [0.5 ± 5.5], [6 ± 5.5]."""
    real, synth = line([0, 1, 5]), line([0.5, 6], "synthetic")
    found = measure_coverage(real, synth, line([0.5, 6]), n_neighbors=1)
    assert found["synthetic"].to_dict() == {
        "precision": 1.0,  # 0.5 lies in the first two balls, 6 in the third
        "recall": 1.0,  # 0.5 ± 5.5 holds all
        "density": pytest.approx(3 / 2),  # three balls hold one of two rows
        "coverage": 1.0,
    }
    far = measure_coverage(real, line([40, 60, 90], "synthetic"), line([0, 1, 5]), n_neighbors=1)
    assert far["synthetic"].tolist() == [0, 0, 0, 0]


def test_rows_of_the_same_law_do_as_well_as_real_ones():
    found = measure_coverage(plane(800), synthetic(plane(800, 2)), plane(800, 3))
    assert found["synthetic"].to_numpy() == pytest.approx(found["real_eval"].to_numpy(), abs=0.08)
    assert found.loc["density", "synthetic"] == pytest.approx(1, abs=0.1)
    assert found.loc["coverage", "synthetic"] == pytest.approx(1 - 2**-5, abs=0.03)


def test_rows_of_the_middle_are_precise_and_cover_little():
    found = measure_coverage(TRAIN, MIDDLE, EVAL)
    assert found.loc["precision", "synthetic"] > found.loc["precision", "real_eval"]
    assert found.loc["recall", "synthetic"] < 0.5 * found.loc["recall", "real_eval"]
    assert found.loc["coverage", "synthetic"] < 0.6 * found.loc["coverage", "real_eval"]


def test_rows_from_nowhere_are_neither_precise_nor_dense():
    away = MIDDLE.replace(X=MIDDLE.X + 50)
    assert measure_coverage(TRAIN, away, EVAL)["synthetic"].tolist() == [0, 0, 0, 0]


def test_one_outlier_fools_precision_and_not_density():
    X = pd.concat([plane(300).X, pd.DataFrame({"u": [60.0], "v": [60.0]})])
    real = Dataset(X, np.append(plane(300).y, "no"), "real", "plane and an outlier")
    junk = synthetic(plane(300, 2).replace(X=plane(300, 2).X + 30))
    found = measure_coverage(real, junk, EVAL)["synthetic"]
    assert found["precision"] > 0.9
    assert found["density"] < 0.25
    assert found["coverage"] < 0.02


def test_texts_without_a_common_word_cover_nothing():
    real = zipf_texts(60)
    foreign = real.replace(X=real.X.str.replace(r"(\w)(\d)", r"z\1\2", regex=True))
    found = measure_coverage(real, synthetic(foreign), zipf_texts(60, seed=1))
    assert found["synthetic"].tolist() == [0, 0, 0, 0]
    assert found.loc["coverage", "real_eval"] > 0.5


# --- lift by region ------------------------------------------------------------------------


def trials(arms, n=4, seed=0):
    return [run_trial(TRAIN, arms, EVAL, MODEL, LOG_LOSS, seed + i) for i in range(n)]


ARMS = {"corner": CORNER, "middle": MIDDLE, "wrong": CORNER.replace(y=CORNER.y[::-1])}
TRIALS = trials(ARMS)


def lifts(arm, **options):
    return lift_by_region(TRIALS, EVAL, arm, LOG_LOSS, **options).set_index("region")


def test_everywhere_it_is_the_lift_of_the_control():
    about = {"model": MODEL, "scoring": "neg_log_loss", "n_seeds": 4}
    whole = evaluate_synthetic_lift(TRAIN, CORNER, EVAL, **about)
    seeds = whole.arms["seed"].unique()
    again = [run_trial(TRAIN, {"corner": CORNER}, EVAL, MODEL, LOG_LOSS, seed) for seed in seeds]
    found = lift_by_region(again, EVAL, "corner", LOG_LOSS).set_index("region").loc["everywhere"]
    ends = ["real_only", "lift", "ci_low", "ci_high", "margin"]
    expected = ["real_only_score", "lift", "ci_low", "ci_high", "margin"]
    assert found[ends].tolist() == pytest.approx([whole[key] for key in expected])
    assert found["verdict"] == whole["verdict"]


def test_a_region_has_the_score_of_its_own_rows():
    mask = TRIALS[0].percentiles >= 0.8
    right = (EVAL.y == "yes").astype(int)[mask]
    by_hand = [
        np.mean([np.log(t.outputs[arm][mask][np.arange(mask.sum()), right]).mean() for t in TRIALS])
        for arm in ("real only", "corner")
    ]
    found = lifts("corner").loc["corners"]
    assert found["real_only"] == pytest.approx(by_hand[0])
    assert found["lift"] == pytest.approx(by_hand[1] - by_hand[0])
    assert found["n_rows"] == mask.sum()


def test_bins_add_up_to_the_whole():
    found = lifts("corner", n_bins=5)
    bins = found[found.index.str.startswith("bin")]
    assert bins["n_rows"].sum() == len(EVAL)
    weighted = (bins["lift"] * bins["n_rows"]).sum() / len(EVAL)
    assert weighted == pytest.approx(found.loc["everywhere", "lift"])


def test_lift_is_where_the_rows_are():
    found = lifts("corner", margin=0.01)
    assert found.loc["corners", "verdict"] == "helps"
    against = lifts("corner", control="middle")
    assert against.loc["corners", "ci_low"] > 0.01 > against.loc["middle", "ci_low"]


def test_wrong_labels_hurt_where_the_rows_are():
    assert lifts("wrong", margin=0.01).loc["corners", "verdict"] == "hurts"


def test_an_arm_against_itself_is_no_useful_effect_and_two_arms_turn_their_sign():
    assert (lifts("corner", control="corner")["lift"] == 0).all()
    there, back = lifts("corner", control="middle"), lifts("middle", control="corner")
    assert there["lift"].to_numpy() == pytest.approx(-back["lift"].to_numpy())
    assert there["ci_low"].to_numpy() == pytest.approx(-back["ci_high"].to_numpy())


def test_higher_confidence_widens():
    widths = [lifts("corner", confidence=c).eval("ci_high - ci_low") for c in (0.95, 0.99)]
    assert (widths[1] > widths[0]).all()


def is_far(rows):
    return (np.abs(rows.X).min(axis=1) > 1.5).to_numpy()


def some_percentiles(far, rng):
    """Of rows that are far four in five count as corners, whichever."""
    corners = far & (rng.random(len(far)) < 0.8)
    return np.where(corners, 0.9, rng.uniform(0, 0.7, len(far)))


def test_intervals_of_a_region_cover_its_true_lift():
    """Fixed probabilities on fresh eval rows; other rows lie in the corners in every trial."""
    big, rng, ends = plane(200_000), np.random.default_rng(0), []
    truth = true_probabilities(big)
    lift = (truth * np.log(truth)).sum(axis=1)[is_far(big)].mean() - np.log(0.5)
    for _ in range(250):
        rows = draw_plane(400, rng)
        outputs = {"real only": np.full((400, 2), 0.5), "true": true_probabilities(rows)}
        places = [some_percentiles(is_far(rows), rng) for _ in range(3)]
        found = [Trial(place, outputs, LABELS) for place in places]
        found = lift_by_region(found, rows, "true", LOG_LOSS).set_index("region")
        ends.append(found.loc["corners", ["ci_low", "ci_high"]].tolist())
    low, high = np.array(ends).T
    assert 0.91 <= ((low <= lift) & (lift <= high)).mean() <= 0.985


# --- the report ----------------------------------------------------------------------------


def test_the_report_says_where_rows_landed_and_where_they_lift():
    report = coverage_report(TRAIN, CORNER, EVAL, model=MODEL, margin=0.01, n_seeds=2)
    frame = report.to_frame().set_index("region")
    assert len(frame) == 13
    assert frame.loc["corners", "synthetic"] == 1
    assert frame.loc["corners", "real_eval"] == pytest.approx(0.2, abs=0.05)
    assert frame.loc[["bin 9", "bin 10"], "synthetic"].sum() == pytest.approx(1)
    assert frame.loc["corners", "verdict"] == "helps"
    expected = measure_coverage(TRAIN, CORNER, EVAL)
    pd.testing.assert_frame_equal(report.measures, expected)


REFUSED = {
    "too few eval rows in a bin": (
        lambda: coverage_report(TRAIN, CORNER, plane(100, 1), model=MODEL),
        ["only ", "eval rows; expected 20 or more", "Ask for fewer bins"],
    ),
    "one trial alone": (
        lambda: lift_by_region(TRIALS[:1], EVAL, "corner", LOG_LOSS),
        ["1 trial(s): expected 2 or more"],
    ),
    "an unknown arm": (
        lambda: lift_by_region(TRIALS, EVAL, "nobody", LOG_LOSS),
        ["no arm 'nobody'", "corner, middle, wrong", "Name one of these"],
    ),
    "an arm called as the control": (
        lambda: run_trial(TRAIN, {"real only": CORNER}, EVAL, MODEL, LOG_LOSS),
        ["an arm is called 'real only'", "Name it otherwise"],
    ),
    "a score that is no mean of rows": (
        lambda: coverage_report(TRAIN, CORNER, EVAL, scoring="roc_auc"),
        ["scoring='roc_auc': expected neg_log_loss or neg_brier_score", "Use one of these"],
    ),
    "too few rows for a ball": (
        lambda: measure_coverage(TRAIN, CORNER.take(range(5)), EVAL),
        ["5 rows; expected more than 5", "No ball can be drawn"],
    ),
}


@pytest.mark.parametrize(("call", "parts"), REFUSED.values(), ids=REFUSED)
def test_errors_name_offender_expectation_consequence_and_remedy(call, parts):
    message = refusal(call)
    assert [part for part in parts if part not in message] == []


CONTAMINATED = {
    "real rows as synthetic ones": lambda: {"synth": CORNER.replace(origin="real")},
    "edge cases": lambda: {"synth": CORNER.replace(is_edge_case=True)},
}


@pytest.mark.parametrize("arms", CONTAMINATED.values(), ids=CONTAMINATED)
def test_rows_in_a_forbidden_role_are_refused(arms):
    refusal(run_trial, TRAIN, arms(), EVAL, MODEL, LOG_LOSS, kind=ContaminationError)


def test_eval_rows_may_not_train():
    with_ids = TRAIN.replace(ids=[f"row {i}" for i in range(len(TRAIN))])
    refusal(run_trial, with_ids, {}, with_ids, MODEL, LOG_LOSS, kind=ContaminationError)


# --- break-even ----------------------------------------------------------------------------


def curve(lift, half=0.0, shares=(0.0, 0.1, 0.3, 0.5)):
    lift = np.array(lift, float)
    return pd.DataFrame(
        {"share": shares, "lift": lift, "ci_low": lift - half, "ci_high": lift + half}
    )


def test_the_break_even_of_straight_lines_is_exact():
    shares = np.array([0.0, 0.1, 0.3, 0.5])
    found = break_even_error(curve(3 - 10 * shares, half=0.5))
    assert found == pytest.approx((0.3, 0.25, 0.35))


def test_the_order_of_rows_does_not_matter():
    lifts = curve([2, 1, -1, -3], half=0.5)
    assert break_even_error(lifts[::-1]) == break_even_error(lifts)


OPEN = {
    "right labels do not help significantly": ([0.3, -1, -2, -3], 0.5, [False, True, False]),
    "no share hurts significantly": ([3, 2, 1, 0.1], 0.5, [True, False, True]),
    "right labels hurt": ([-2, -3, -4, -5], 0.5, [True, True, True]),
}


@pytest.mark.parametrize(("lift", "half", "is_open"), OPEN.values(), ids=OPEN)
def test_an_end_that_was_not_bracketed_is_open(lift, half, is_open):
    assert np.isnan(break_even_error(curve(lift, half))).tolist() == is_open


def test_labels_that_are_wrong_are_counted_in_a_fitted_world():
    """A logistic model on balanced mislabeled rows alone turns round at one half."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4_000, 1))
    rows = []
    for share in (0.3, 0.4, 0.6, 0.7):
        y = (x.ravel() > 0) ^ (rng.random(4_000) < share)
        slope = LogisticRegression().fit(x, y).coef_[0, 0]
        rows.append({"share": share, "lift": slope, "ci_low": slope - 0.1, "ci_high": slope + 0.1})
    assert break_even_error(pd.DataFrame(rows)).share == pytest.approx(0.5, abs=0.02)


def test_one_share_brackets_nothing():
    assert "expected two or more" in refusal(break_even_error, curve([1], shares=(0.0,)))
    assert "each once" in refusal(break_even_error, curve([1, 0], shares=(0.1, 0.1)))
