"""Notebook 12's parts: C10's verdicts, audits of a labeler, and curves side by side."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from synthlab import course, palette, plots
from synthlab.course.reading_rule import INFORMED, NAIVE_PROMPTS, READS, WRITES, judge_reading
from synthlab.errors import InputError
from synthlab.stats import audit_size, share_at_least

MET = {READS: (-0.005, 0.01), WRITES: (0.05, 0.1), INFORMED: (0.03, 0.08)}
ENDS_OF = {
    "met": {},
    "labels cost": {READS: (-0.08, -0.03)},
    "labels may cost": {READS: (-0.02, 0.01)},
    "texts cost no more": {WRITES: (-0.02, 0.01)},
    "texts may cost no more": {WRITES: (0.0, 0.05)},
    "informed texts may not cost": {INFORMED: (0.01, 0.05)},
}
VERDICTS = [
    ("met", "met", course.SUPPORTED, ""),
    ("met", "informed texts may not cost", course.PARTLY_SUPPORTED, NAIVE_PROMPTS),
    ("met", "labels cost", course.PARTLY_SUPPORTED, "on films alone"),
    ("met", "labels may cost", course.PARTLY_SUPPORTED, "on films alone"),
    ("texts cost no more", "met", course.PARTLY_SUPPORTED, "on mail alone"),
    ("texts cost no more", "labels cost", course.NOT_REPRODUCED, ""),
    ("texts cost no more", "labels may cost", course.NOT_REPRODUCED, ""),
    ("texts may cost no more", "labels may cost", course.UNDECIDED, ""),
]


def cells(films, mail):
    rows = {
        (task, what): ends
        for task, state in (("films", films), ("mail", mail))
        for what, ends in (MET | ENDS_OF[state]).items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"]).set_axis(
        pd.MultiIndex.from_tuples(rows)
    )


@pytest.mark.parametrize(("films", "mail", "word", "condition"), VERDICTS)
def test_c10_verdict_follows_the_rule(films, mail, word, condition):
    assert judge_reading(cells(films, mail), 0.01) == (word, condition)


def test_c10_verdict_names_its_condition():
    told = str(judge_reading(cells("met", "informed texts may not cost"), 0.01))
    assert told == f"partly supported: {NAIVE_PROMPTS}"
    assert "naive prompts" in told
    assert "informed" in told
    assert str(judge_reading(cells("met", "met"), 0.01)) == "supported"


def test_c10_verdict_needs_every_interval():
    whole = cells("met", "met")
    for lacking in (whole.drop(index=("mail", WRITES)), whole.loc[["films"]], whole * np.nan):
        with pytest.raises(InputError, match="for each of two tasks"):
            judge_reading(lacking, 0.01)


def test_an_audit_passes_exactly_when_its_bound_reaches_the_floor():
    for share_right in (0.97, 0.98, 0.99, 1.0):
        n, n_wrong = audit_size(0.95, share_right)
        assert share_at_least(n - n_wrong, n) >= 0.95
        assert share_at_least(n - n_wrong - 1, n) < 0.95


def test_a_labeler_at_the_floor_seldom_passes_and_a_good_one_mostly_does():
    n, n_wrong = audit_size(0.95, 0.98, power=0.9)
    assert stats.binom.cdf(n_wrong, n, 0.05) <= 0.05
    assert stats.binom.cdf(n_wrong, n, 0.02) >= 0.9


def test_no_smaller_audit_would_do():
    n, _ = audit_size(0.9, 0.97)
    for fewer in range(1, n):
        allowed = max(
            (k for k in range(fewer) if share_at_least(fewer - k, fewer) >= 0.9), default=-1
        )
        assert stats.binom.cdf(allowed, fewer, 0.03) < 0.9


def test_a_better_labeler_needs_a_smaller_audit():
    sizes = [audit_size(0.95, share).n_labels for share in (0.96, 0.97, 0.98, 0.99, 1.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 5


def test_audits_that_cannot_be_are_refused():
    for floor, share in ((0.95, 0.95), (0.95, 0.45), (0, 0.5), (1, 1), (0.95, 1.1), (0.95, np.nan)):
        with pytest.raises(InputError):
            audit_size(floor, share)
    with pytest.raises(InputError, match="1,000,000"):
        audit_size(0.95, 0.9501)
    for right, n in ((2, 1), (-1, 5), (0, 0), (1.5, 3)):
        with pytest.raises(InputError):
            share_at_least(right, n)


def test_panels_share_a_score_axis_and_have_one_legend():
    frame = pd.DataFrame(
        [("people", 10, 0.6, 0.5, 0.7, "real"), ("texts", 10, 0.5, 0.4, 0.6, "synthetic")],
        columns=["label", "n", "score", "low", "high", "origin"],
    )
    frame = pd.concat([frame, frame.assign(n=100, score=0.8, low=0.75, high=0.85)])
    panels = {"films": frame, "mail": frame.assign(score=frame["score"] - 0.3)}
    figure = plots.curve_panels(panels).figure
    assert [ax.get_title() for ax in figure.axes] == list(panels)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["people", "texts"]
    colors = [line.get_color() for line in figure.axes[1].lines]
    assert colors == [palette.REAL, palette.SYNTHETIC]


def test_panels_are_told_one_by_one():
    frame = pd.DataFrame([("x", 10, 0.6, 0.5, 0.7)], columns=["label", "n", "score", "low", "high"])
    told = plots.describe_panels({"films": frame, "mail": frame})
    assert told.startswith("films. Accuracy by number of rows: x is 0.600")
    assert " mail. " in told
