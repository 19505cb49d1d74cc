"""C9's verdicts, the rows of notebook 08's arms, matched recall and pictures."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from sklearn.metrics import roc_curve

from synthlab import course, palette
from synthlab.edges.corner_rule import (
    LEARNED,
    TRUE_ROWS,
    Findings,
    corner_findings,
    judge_corners,
)
from synthlab.edges.labelers import HeldOutRows
from synthlab.edges.local_lift import lift_by_region, lift_table, run_trial, show_regions
from synthlab.edges.matched_recall import compare_specificity, specificity_at_recall
from synthlab.edges.pictures import (
    break_even_curve,
    decile_panels,
    describe_break_even,
    describe_deciles,
    describe_messages,
    message_dots,
    plane_panels,
)
from synthlab.edges.plane import draw_plane
from synthlab.edges.recipes import (
    aimed_arms,
    disjoint_sets,
    mean_intervals,
    mislabeled_arms,
    mislabeled_lifts,
    relabeled_arms,
    run_trials,
)
from synthlab.errors import InputError
from synthlab.metrics.grading import get_metric
from synthlab.models import table_boosting

YES = Findings(lifts=True, spares=True, idle=True, hardly_lifts=False)
BUSY = YES._replace(idle=False)
NOTHING = Findings(lifts=False, spares=True, idle=True, hardly_lifts=True)
UNSURE = Findings(lifts=False, spares=True, idle=True, hardly_lifts=False)
VERDICTS = {
    "all three for both": ((YES, YES, YES), course.SUPPORTED, ()),
    "own labels don't lift": ((YES, UNSURE, YES), course.PARTLY_SUPPORTED, (TRUE_ROWS,)),
    "own labels hurt the middle": (
        (YES, YES._replace(spares=False), YES),
        course.PARTLY_SUPPORTED,
        (TRUE_ROWS,),
    ),
    "middle rows lift until it is learned": (
        (BUSY, BUSY, YES),
        course.PARTLY_SUPPORTED,
        (LEARNED,),
    ),
    "both conditions": ((BUSY, NOTHING, YES), course.PARTLY_SUPPORTED, (TRUE_ROWS, LEARNED)),
    "middle rows always lift": ((BUSY, YES, BUSY), course.UNDECIDED, ()),
    "right labels don't lift": ((NOTHING, YES, YES), course.NOT_REPRODUCED, ()),
    "right labels can't be told": ((UNSURE, YES, YES), course.UNDECIDED, ()),
    "the middle is hurt": ((YES._replace(spares=False), YES, YES), course.UNDECIDED, ()),
}


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize(("found", "word", "conditions"), VERDICTS.values(), ids=VERDICTS)
def test_the_rule_gives_its_verdicts(found, word, conditions):
    verdict = judge_corners(*found)
    assert (verdict.word, verdict.conditions) == (word, conditions)
    assert str(verdict).startswith(word)
    assert all(condition in str(verdict) for condition in conditions)


def lifts(**intervals):
    """Name an interval "corners_middle": of corner rows, in the middle; the others are ±0.001."""
    rows = [
        {"arm": f"oracle, {at}", "region": region, "margin": 0.01}
        | dict(
            zip(
                ("ci_low", "ci_high"), intervals.get(f"{at}_{region}", (-0.001, 0.001)), strict=True
            )
        )
        for at in ("corners", "middle", "anywhere")
        for region in ("everywhere", "middle", "corners")
    ]
    return pd.DataFrame(rows)


FOUND = {
    "corner rows lift corners": ({"corners_corners": (0.011, 0.05)}, YES),
    "by the margin at least": ({"corners_corners": (0.01, 0.05)}, UNSURE),
    "by no more than the margin": ({"corners_corners": (0.001, 0.01)}, NOTHING),
    "at a price": (
        {"corners_corners": (0.02, 0.05), "corners_middle": (-0.011, 0)},
        YES._replace(spares=False),
    ),
    "middle rows lift the middle": (
        {"corners_corners": (0.02, 0.05), "middle_middle": (0.0, 0.011)},
        BUSY,
    ),
    "middle rows lift the whole": (
        {"corners_corners": (0.02, 0.05), "middle_everywhere": (0.0, 0.011)},
        BUSY,
    ),
    "what unaimed rows do is not asked": (
        {"corners_corners": (0.02, 0.05), "anywhere_middle": (0.2, 0.3)},
        YES,
    ),
}


@pytest.mark.parametrize(("intervals", "expected"), FOUND.values(), ids=FOUND)
def test_findings_are_read_off_the_ends_of_intervals(intervals, expected):
    assert corner_findings(lifts(**intervals), "oracle") == expected


# --- matched recall ------------------------------------------------------------------------


def spam_scores(rng, n=400, shift=1.0):
    is_spam = np.arange(n) % 3 == 0
    return rng.normal(size=(6, n)) + shift * is_spam, is_spam


def test_it_is_a_point_of_the_roc_curve():
    scores, is_spam = spam_scores(np.random.default_rng(0))
    for model, found in zip(scores, specificity_at_recall(scores, is_spam, 0.9), strict=True):
        false_alarms, recall, _ = roc_curve(is_spam, model, drop_intermediate=False)
        assert found == pytest.approx(1 - false_alarms[recall >= 0.9].min(), abs=0.01)


def test_a_moved_threshold_changes_nothing():
    scores, is_spam = spam_scores(np.random.default_rng(0))
    shifted = 3 * scores - 5
    expected = specificity_at_recall(scores, is_spam)
    assert (specificity_at_recall(shifted, is_spam) == expected).all()
    gain = compare_specificity(shifted, scores, is_spam)
    assert (gain.estimate, gain.low, gain.high) == (0, 0, 0)


def test_a_better_ranking_is_seen_and_the_signs_turn():
    rng = np.random.default_rng(0)
    (worse, is_spam), (better, _) = spam_scores(rng, 3_000), spam_scores(rng, 3_000, shift=2.0)
    there = compare_specificity(better, worse, is_spam)
    back = compare_specificity(worse, better, is_spam)
    assert there.low > 0.05
    assert back.estimate == pytest.approx(-there.estimate)


def test_its_interval_covers_the_truth_of_equals():
    rng, covered = np.random.default_rng(0), []
    for _ in range(30):
        (one, is_spam), (other, _) = spam_scores(rng, 150), spam_scores(rng, 150)
        gain = compare_specificity(one, other, is_spam, 0.8)
        covered.append(gain.low <= 0 <= gain.high)
    assert np.mean(covered) >= 0.86


SCORES, IS_SPAM = spam_scores(np.random.default_rng(0))
REFUSED = {
    "a recall of 1": (lambda: specificity_at_recall(SCORES, IS_SPAM, 1), "recall=1: expected"),
    "spam alone": (
        lambda: specificity_at_recall(SCORES, np.ones(400, bool)),
        "400 of 400 rows are positive; expected rows of both classes",
    ),
    "one split": (
        lambda: compare_specificity(SCORES[:1], SCORES[:1], IS_SPAM),
        "two splits or more",
    ),
    "other rows": (
        lambda: compare_specificity(SCORES, SCORES[:, 1:], IS_SPAM),
        "expected the same",
    ),
    "too few rows for two sets": (
        lambda: list(disjoint_sets(draw_plane(100, np.random.default_rng(0)), 40, 30, 9)),
        "100 rows make 1 sets of 40 + 30 rows; expected two or more",
    ),
}


@pytest.mark.parametrize(("call", "part"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_refused(call, part):
    assert part in refusal(call)


# --- arms ----------------------------------------------------------------------------------


def numbered(n):
    rows = draw_plane(n, np.random.default_rng(0))
    return rows.replace(ids=[str(number) for number in range(n)])


def test_sets_share_no_row_and_others_are_outside():
    sets = list(disjoint_sets(numbered(1_000), 60, 100, most=5, n_others=50))
    assert [len(one.train) for one in sets] == [60] * 5
    assert [len(one.pool) for one in sets] == [140] * 5
    own = [set(one.train.ids) | set(one.pool.ids) for one in sets]
    assert len(set().union(*own)) == 1_000
    assert all(not set(one.others.ids) & ids for one, ids in zip(sets, own, strict=True))
    assert [len(one.others) for one in sets] == [50] * 5


def test_arms_are_named_by_source_and_region_and_keep_their_rows():
    train, rng = numbered(200), np.random.default_rng(1)
    source = {"oracle": HeldOutRows(draw_plane(2_000, rng))}
    arms, landed = aimed_arms(source, train, 100, rng)
    assert list(arms) == ["oracle, corners", "oracle, middle", "oracle, anywhere"]
    assert landed["oracle, anywhere"].share == 1
    other = relabeled_arms(arms, lambda rows, rng: np.repeat("no", 100), rng, source="oracle")
    assert other["relabeled, corners"].X.equals(arms["oracle, corners"].X)
    wrong = mislabeled_arms(arms["oracle, corners"], [0.1, 0.5], rng)
    shares = [(rows.y != arms["oracle, corners"].y).mean() for rows in wrong.values()]
    assert shares == [0.1, 0.5]


def double(x):
    return 2 * x


def test_trials_come_back_in_order():
    assert run_trials(double, range(5), "doubling") == [0, 2, 4, 6, 8]


def test_means_have_the_interval_of_students_t():
    found = mean_intervals(pd.DataFrame({"x": [1.0, 2.0, 3.0]})).loc["x"]
    assert found["mean"] == 2
    assert found["high"] - 2 == pytest.approx(4.3027 / np.sqrt(3), abs=1e-4)  # t(2), 97.5 %


# --- tables and pictures -------------------------------------------------------------------


@pytest.fixture(scope="module")
def world():
    """Two trials of the plane, with corner rows right and wrong."""
    train, rng = numbered(200), np.random.default_rng(1)
    rows, _ = aimed_arms({"oracle": HeldOutRows(draw_plane(1_500, rng))}, train, 60, rng)
    rows |= mislabeled_arms(rows["oracle, corners"], [0.4], rng)
    eval, metric = draw_plane(1_500, rng), get_metric("neg_log_loss", train.classes)
    model = table_boosting().set_params(max_iter=10)
    return [run_trial(train, rows, eval, model, metric, seed) for seed in (0, 1)], eval, metric


def test_the_table_repeats_each_comparison(world):
    found = lift_table(*world[:2], ["oracle, corners", "oracle, middle"], world[2])
    single = lift_by_region(*world[:2], "oracle, middle", world[2])
    pd.testing.assert_frame_equal(found.iloc[3:, 1:].reset_index(drop=True), single)
    shown = show_regions(found)
    assert shown.index.tolist() == ["oracle, corners", "oracle, middle"]
    row = single.set_index("region").loc["corners"]
    assert shown.loc["oracle, middle", "corners"].startswith(f"{row['lift']:+.3f} [")


def test_wrong_labels_are_put_in_order_of_their_share(world):
    found = mislabeled_lifts(*world[:2], "oracle, corners", [0.4], world[2])
    right = lift_by_region(*world[:2], "oracle, corners", world[2]).set_index("region")
    assert found["share"].tolist() == [0, 0.4]
    assert found["lift"][0] == right.loc["corners", "lift"] > found["lift"][1]


def test_panels_of_rows_have_the_hue_of_their_origin():
    real = draw_plane(30, np.random.default_rng(0))
    ax = plane_panels({"real": real, "made": real.replace(origin="synthetic")})
    hues = [axes.collections[0].get_edgecolor()[0][:3] for axes in ax.figure.axes]
    expected = [to_rgb(palette.REAL), to_rgb(palette.SYNTHETIC)]
    assert np.allclose(hues, expected)


def test_deciles_are_drawn_and_told_from_the_same_numbers():
    bins = [f"bin {number}" for number in range(1, 11)]
    rows = pd.DataFrame({"region": bins, "lift": np.arange(10) / 100})
    rows = rows.assign(at="corners", ci_low=rows["lift"] - 0.01, ci_high=rows["lift"] + 0.01)
    ax = decile_panels({"right labels": rows}, 0.01, "log loss")
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 10)
    assert drawn.get_ydata().tolist() == rows["lift"].tolist()
    told = describe_deciles({"right labels": rows})
    assert "+0.000 in the densest decile, +0.090 in the sparsest" in told


def test_open_ends_of_the_break_even_are_told_and_drawn_to_the_edge():
    even = pd.DataFrame({"share": [0.3, 0.1], "low": [0.2, np.nan], "high": [np.nan, 0.15]})
    even.index = [100, 1_000]
    told = describe_break_even(even)
    assert "100 real rows: 30% [20%, open]" in told
    assert "1,000 real rows: 10% [open, 15%]" in told
    ends = break_even_curve(even).collections[0].get_segments()
    assert np.array(ends)[:, :, 1].tolist() == [[0.2, 1.0], [0.0, 0.15]]


def test_messages_are_drawn_in_order_with_the_hue_of_their_origin():
    gains = pd.DataFrame({"label": ["a", "b"], "lift": [0.1, 0.2]})
    gains = gains.assign(ci_low=gains["lift"] - 0.1, ci_high=gains["lift"] + 0.1)
    gains["origin"] = ["real", "synthetic"]
    ax = message_dots(gains, 0.95)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_color() for dot in dots] == [palette.REAL, palette.SYNTHETIC]
    assert "a: +0.100 [+0.000, +0.200]; b: +0.200" in describe_messages(gains)
