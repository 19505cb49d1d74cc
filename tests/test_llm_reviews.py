"""Recorded film reviews are complete, synthetic, and apart from the real ones by name."""

import pandas as pd
from cases import refusal

from synthlab.checks import check_contamination, roles
from synthlab.datasets import load_llm_reviews, load_reviews
from synthlab.datasets.llm_reviews import WRITERS

ROWS = {"naive": 4_992, "informed": 1_500}


def test_recorded_reviews_are_synthetic_and_complete():
    assert WRITERS["frontier"] == tuple(ROWS)
    for style, n_rows in ROWS.items():
        data = load_llm_reviews("frontier", style)
        assert len(data) == n_rows
        assert set(data.origin) == {"synthetic"}
        assert not pd.Series(data.X).duplicated().any()
        assert all(id.startswith(f"{style}_") for id in data.ids)
        assert abs((data.y == "positive").mean() - 0.5) < 0.001


def test_the_default_style_is_naive():
    assert list(load_llm_reviews().ids) == list(load_llm_reviews(style="naive").ids)


def test_they_may_train_beside_real_reviews():
    real_train, real_eval = load_reviews()
    for style in ROWS:
        roles.check_roles(real_train, load_llm_reviews(style=style), real_eval)


def test_no_recorded_review_is_a_real_one():
    """A frontier model may have read the corpus: whether it wrote rows of it is looked for."""
    real_train, real_eval = load_reviews()
    for style in ROWS:
        report = check_contamination(real_train, load_llm_reviews(style=style), real_eval)
        assert not report.is_contaminated


def test_what_was_not_recorded_is_an_error():
    told = refusal(load_llm_reviews, "gpt")
    assert "writer='gpt': expected one of frontier" in told
    told = refusal(load_llm_reviews, style="corner")
    assert "style='corner': expected one of naive, informed" in told
