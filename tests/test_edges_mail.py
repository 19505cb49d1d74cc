"""The course's suites for a spam filter, the hard mail that judges them, and the panel."""

import numpy as np
import pandas as pd
import pytest

from synthlab import edges, palette
from synthlab.checks.roles import overlapping_rows
from synthlab.dataset import Dataset
from synthlab.datasets.emails import email_frame
from synthlab.edges import (
    HardMail,
    Suite,
    load_hard_email,
    mail_suites,
    minimum_functionality,
    panel_failures,
    panel_scores,
)
from synthlab.edges.panel import CLASSIFIERS, FEATURES
from synthlab.errors import InputError


@pytest.fixture(scope="module")
def mail():
    return load_hard_email(1_000, random_state=3)


def test_hard_mail_is_in_no_other_part(mail):
    cluster = email_frame().set_index("id")["cluster"]
    train, eval, hard = (set(cluster[part.ids]) for part in mail)
    assert not train & eval
    assert not (train | eval) & hard
    assert set(mail.hard.y) == {"ham"}
    assert len(mail.real_train) == 1_000
    assert len(overlapping_rows(mail.real_train, mail.hard)) == 0


def test_another_seed_splits_otherwise(mail):
    again, other = (load_hard_email(1_000, random_state=seed).real_train.ids for seed in (3, 4))
    assert again.tolist() == mail.real_train.ids.tolist()
    assert other.tolist() != again.tolist()
    with pytest.raises(InputError, match="Nothing would be left on one side"):
        load_hard_email(9_999)


def test_fourteen_families_each_with_its_expectation(mail):
    suites = mail_suites(mail.real_eval, n_cases=20, random_state=1)
    assert len({suite.name for suite in suites}) == len(suites) == 14
    for suite in suites:
        assert suite.cases.is_edge_case.all()
        assert len(suite.cases.classes) == 1
        changes = suite.originals is not None
        assert suite.expectation.kind == ("invariance" if changes else "minimum functionality")
    sources = {id for s in suites for row in s.cases.derived_from for id in row}
    assert sources <= set(mail.real_eval.ids)
    with pytest.raises(InputError, match="messages labeled 'spam'; expected 9000 or more"):
        mail_suites(mail.real_eval, n_cases=9_000)


WORDS = np.array(["buy", "cheap", "pills", "lunch", "noon", "minutes", "the", "of", "now"])


def draw(n, seed):
    """Draw toy mail: only spam has the first three words."""
    rng = np.random.default_rng(seed)
    is_spam = rng.random(n) < 0.4
    picks = np.where(is_spam[:, None], rng.integers(0, 9, (n, 8)), rng.integers(3, 9, (n, 8)))
    texts = pd.Series([" ".join(WORDS[row]) for row in picks])
    return Dataset(texts, np.where(is_spam, "spam", "ham"), "real", "mail")


def test_the_panel_is_large_and_its_scores_agree_with_its_calls():
    train, eval = draw(200, 0), draw(100, 1)
    found = list(panel_scores(train, [100, 200], {"eval": eval.X}))
    assert len(found) == len(FEATURES) * len(CLASSIFIERS) * 2 == 42
    assert len({(m["features"], m["classifier"], m["n_train"]) for m in found}) == 42
    for model in found:
        calls, scores = model["calls"]["eval"], model["scores"]["eval"]
        assert (calls == (scores > 0)).mean() > 0.98, model["classifier"]
        assert scores[eval.y == "spam"].mean() > scores[eval.y == "ham"].mean()


def test_panel_failures_are_shares_at_one_recall():
    eval = draw(400, 2)
    hard = eval.take(eval.y == "ham")
    mail = HardMail(draw(200, 0), eval, hard)
    spam = eval.take(eval.y == "spam")
    cases = Dataset(spam.X + " ", spam.y, "synthetic", "same", is_edge_case=True)
    same = Suite("the same spam", cases, minimum_functionality())
    found = panel_failures(mail, [same], [200], recall=0.9)
    matched = found[found["threshold"] == "matched"]
    assert len(found) == 2 * len(matched) == 42
    # The cases are the real spam again, of which at least nine in ten are found.
    assert (matched["the same spam"] <= 0.1).all()
    assert matched["hard mail"].to_numpy() == pytest.approx(matched["ordinary mail"].to_numpy())
    default = found[found["threshold"] == "default"]
    assert default["the same spam"].nunique() > 1


def test_pictures_show_the_numbers_that_they_tell():
    frame = pd.DataFrame(
        {
            "label": ["zero-width", "other languages"],
            "rate": [0.4, 0.0],
            "low": [0.3, -0.01],
            "high": [0.5, 0.03],
            "real_error": [0.08, 0.01],
            "verdict": ["above", "not above"],
            "example": ["p-ills", ""],
        }
    )
    ax = edges.failure_dots(frame)
    shown = [text.get_text() for text in ax.texts]
    assert shown == ["above", "p-ills", "not above"]
    dots = ax.containers[0].lines[0]
    assert dots.get_xdata().tolist() == [40.0, 0.0]
    told = edges.describe_failures(frame)
    assert "zero-width: 40.0% [30.0%, 50.0%] against 8.0% on real mail, above" in told


def test_dose_panels_have_a_panel_per_family_and_a_line_per_model():
    rows = [
        {"suite": f, "unit": "share of words", "model": m, "dose": d, "failure_rate": d / 2}
        for f in ("a", "b", "c", "d")
        for m in ("one", "two")
        for d in (0.5, 1.0)
    ]
    frame = pd.DataFrame(rows).assign(ci_low=0.0, ci_high=1.0)
    figure = edges.dose_panels(frame)
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["a", "b", "c", "d"]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [25.0, 50.0]
    assert "a, two: 25% at 0.5, 50% at 1 share of words" in edges.describe_doses(frame)


def test_agreement_is_drawn_by_origin():
    frame = pd.DataFrame(
        {
            "label": ["wanted bulk mail", "ordinary mail"],
            "origin": ["synthetic", "real"],
            "correlation": [0.7, 0.4],
            "low": [0.5, -0.1],
            "high": [0.8, 0.7],
            "verdict": ["agrees", "not significant"],
        }
    )
    ax = edges.agreement_dots(frame)
    assert [text.get_text() for text in ax.texts] == ["agrees", "not significant"]
    ends = [line.get_color() for line in ax.lines[1::2]]
    assert ends == [palette.SYNTHETIC, palette.REAL]
    assert "ordinary mail: +0.40 [-0.10, +0.70], not significant" in edges.describe_agreement(frame)
