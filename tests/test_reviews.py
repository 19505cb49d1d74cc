"""The rated sentences of reviews: what the card says of them, and how they are refused."""

import numpy as np
import pandas as pd
import pytest
from cases import unclear

from synthlab.dataset import fingerprint
from synthlab.datasets import load_product_reviews, load_reviews, review_frame, review_ratings
from synthlab.datasets.reviews import parse_ratings, parse_snippets
from synthlab.splits import split_rows


def test_the_corpus_is_what_the_card_says():
    frame = review_frame()
    counts = {"positive": 4_996, "negative": 5_076, "neutral": 533}
    assert frame["label"].value_counts().to_dict() == counts
    assert frame["id"].is_unique
    is_neutral = frame["label"] == "neutral"
    assert (frame["rating"].abs() < 0.5).equals(is_neutral)
    assert ((frame["rating"] > 0) == (frame["label"] == "positive"))[~is_neutral].all()


def test_single_ratings_have_the_means_that_the_other_file_states():
    mean = review_ratings().groupby("id")["rating"].mean()
    stated = review_frame().set_index("id")["rating"]
    assert len(mean) == len(stated)
    assert (mean - stated).abs().max() < 1e-9
    assert review_ratings()["id"].value_counts().agg(["min", "max"]).tolist() == [15, 29]


def test_ids_give_the_label_away_and_are_no_feature():
    """Sorted by polarity: the number alone, cut once, is nearly always right."""
    frame = review_frame()
    clear = frame[frame["label"] != "neutral"]
    is_early = clear["id"].str[5:].astype(int) < 5_155
    assert (is_early == (clear["label"] == "positive")).mean() == pytest.approx(0.973, abs=0.0005)
    real_train, _ = load_reviews()
    assert real_train.is_text
    assert not pd.Series(real_train.X).str.contains("film-0").any()


def test_neither_side_is_in_the_order_of_ids():
    for side in load_reviews():
        number = pd.Series(side.ids).str[5:].astype(int)
        assert abs(np.corrcoef(number, np.arange(len(number)))[0, 1]) < 0.05


def test_a_split_has_the_promised_size_and_class_shares():
    for n_train in (50, 200, 1_000, 5_000, 9_000):
        train, held_out = load_reviews(n_train, random_state=1)
        assert (len(train), len(train) + len(held_out)) == (n_train, 10_072)
        assert abs((train.y == "positive").mean() - 4_996 / 10_072) <= 1 / n_train
        assert set(train.origin) == set(held_out.origin) == {"real"}


def test_no_cluster_of_near_duplicates_is_split():
    cluster = review_frame().set_index("id")["cluster"]
    assert cluster.duplicated().any()
    for seed in (0, 1, 2):
        train, held_out = load_reviews(5_000, random_state=seed)
        assert not set(cluster[train.ids]) & set(cluster[held_out.ids])


def test_seeds_give_other_splits_and_the_same_seed_the_same():
    first, again, other = (fingerprint(load_reviews(random_state=seed)[1]) for seed in (0, 0, 1))
    assert first == again != other


def test_sentences_of_one_product_review_are_a_group():
    data = load_product_reviews()
    assert (len(data), len(set(data.groups))) == (3_708, 300)
    assert all(id.startswith(f"{g}_") for id, g in zip(data.ids, data.groups, strict=True))
    counts = {"positive": 1_750, "negative": 1_235, "neutral": 723}
    assert pd.Series(data.y).value_counts().to_dict() == counts
    train, held_out = split_rows(data)
    assert not set(train.groups) & set(held_out.groups)


# --- what is refused -----------------------------------------------------------------------

SNIPPETS = b"\xef\xbb\xbf1\t2.5\tgood\r\n2\t-1\tbad\r\n"
RATINGS = b"1\t2.5\t0.5\t[2, 3]\r\n2\t-1\t0\t[-1]"


def test_lines_are_parsed_whatever_ends_them():
    for raw in (SNIPPETS, SNIPPETS[3:-2], SNIPPETS.replace(b"\r", b"")):
        rows = parse_snippets(raw, "films.txt").to_dict("list")
        assert rows == {"id": ["1", "2"], "rating": [2.5, -1.0], "text": ["good", "bad"]}
    assert parse_ratings(RATINGS, "raters.txt").to_dict("list") == {
        "id": ["1", "1", "2"],
        "rating": [2, 3, -1],
    }


def test_a_line_that_is_not_as_it_should_be_is_named():
    def snippets(old, new):
        return lambda: parse_snippets(SNIPPETS.replace(old, new), "films.txt")

    def ratings(old, new):
        return lambda: parse_ratings(RATINGS.replace(old, new), "raters.txt")

    number = "a number from −4 to 4"
    calls = {
        "word": (snippets(b"-1", b"n/a"), ["films.txt, line 2: 'n/a'", number]),
        "nan": (snippets(b"2.5", b"nan"), ["films.txt, line 1: 'nan'", number]),
        "too large": (snippets(b"2.5", b"25"), ["line 1: '25'", number]),
        "no rating": (snippets(b"-1", b""), ["line 2: 3 fields", "none of them empty"]),
        "no text": (snippets(b"\tbad", b""), ["line 2: 2 fields: expected 3 fields"]),
        "empty line": (snippets(b"2\t-1\tbad", b""), ["line 2: 1 fields"]),
        "a tab too many": (snippets(b"good", b"go\tod"), ["line 1: 4 fields"]),
        "id twice": (snippets(b"2\t-1", b"1\t-1"), ["line 2: id '1'", "no line before it"]),
        "rater's word": (ratings(b"3]", b"x]"), ["raters.txt, line 1: 'x'", number]),
        "rater's half": (ratings(b"3]", b"2.5]"), ["line 1: '2.5'", "a whole number"]),
        "no raters": (ratings(b"[-1]", b"[]"), ["line 2: ''", number]),
    }
    assert unclear(calls) == []


def test_what_cannot_be_split_is_an_error():
    part = "expected a whole number, 2 to 10,070: 10,072 sentences have a label"
    calls = {
        n: (lambda n=n: load_reviews(n), f"n_train={n}: {part}") for n in (1, 10_071, 2.5, True)
    }
    calls["seed"] = lambda: load_reviews(random_state=-1), "random_state=-1: expected"
    assert unclear(calls) == []
