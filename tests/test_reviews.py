"""The rated sentences of reviews: what the card says of them, and how they are refused."""

import numpy as np
import pandas as pd
import pytest
from cases import unclear

from synthlab.dataset import fingerprint
from synthlab.datasets import (
    load_product_reviews,
    load_reviews,
    rate_by_words,
    review_frame,
    review_ratings,
    word_ratings,
)
from synthlab.datasets.review_files import parse_ratings, parse_snippets, parse_words
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


# --- words ---------------------------------------------------------------------------------


def test_words_have_the_ratings_of_the_list():
    words = word_ratings()
    assert (len(words), words.index.is_unique) == (7_506, True)
    assert words.between(-4, 4).all()
    assert (words != 0).all()
    assert words["good"] > 1 > -1 > words["bad"]
    assert words["excellent"] > words["good"]
    assert "the" not in words.index


def test_texts_are_rated_by_the_sum_of_their_words():
    of = word_ratings().to_dict()
    planted = {
        "good": of["good"],
        '"Good!", he said.': of["good"],
        "not good": of["good"],  # the list has no negation
        "Good and bad, BAD": of["good"] + 2 * of["bad"],
        "a film :) and :(": of[":)"] + of[":("],
        "a self-confident film": of["self-confident"],
        "goodbye": 0,
        "the film is 90 minutes long": 0,
        "": 0,
    }
    assert rate_by_words(list(planted)) == pytest.approx(list(planted.values()))
    assert rate_by_words(pd.Series(["bad", "good"], index=[7, 3])).tolist() == [
        of["bad"],
        of["good"],
    ]
    assert rate_by_words([]).shape == (0,)


def test_ratings_that_cancel_give_zero_exactly():
    words = word_ratings()
    words = words[words.index.str.fullmatch("[a-z]+")]
    by_tenths = (words * 10).round().astype(int).drop_duplicates()
    one, other = by_tenths.index[by_tenths == 19][0], by_tenths.index[by_tenths == 3][0]
    against = by_tenths.index[by_tenths == -22][0]
    assert words[one] + words[other] + words[against] != 0
    assert rate_by_words([f"{one} {other} {against}"]).tolist() == [0]


def test_words_tell_more_than_chance_and_much_less_than_people():
    frame = review_frame()
    clear = frame[frame["label"] != "neutral"]
    is_right = (rate_by_words(clear["text"]) > 0) == (clear["label"] == "positive")
    assert is_right.mean() == pytest.approx(0.638, abs=0.0005)


def test_what_is_no_list_of_texts_is_not_rated():
    calls = {
        "a text": (lambda: rate_by_words("good"), ["texts='good'", "a list of strings"]),
        "numbers": (lambda: rate_by_words(["good", 1, None]), ["rows 1, 2", "Pass the texts"]),
    }
    assert unclear(calls) == []


# --- what is refused -----------------------------------------------------------------------

SNIPPETS = b"\xef\xbb\xbf1\t2.5\tgood\r\n2\t-1\tbad\r\n"
WORDS = b":)\t2.0\t1.18\t[3, 1]\r\nbad\t-2.5\t0.5\t[-3, -2]\r\nbad\t-2\t0\t[-2]"
RATINGS = b"1\t2.5\t0.5\t[2, 3]\r\n2\t-1\t0\t[-1]"


def test_lines_are_parsed_whatever_ends_them():
    for raw in (SNIPPETS, SNIPPETS[3:-2], SNIPPETS.replace(b"\r", b"")):
        rows = parse_snippets(raw, "films.txt").to_dict("list")
        assert rows == {"id": ["1", "2"], "rating": [2.5, -1.0], "text": ["good", "bad"]}
    assert parse_ratings(RATINGS, "raters.txt").to_dict("list") == {
        "id": ["1", "1", "2"],
        "rating": [2, 3, -1],
    }
    assert parse_words(WORDS, "words.txt").to_dict("list") == {
        "word": [":)", "bad", "bad"],
        "rating": [2.0, -2.5, -2.0],
    }


def test_a_line_that_is_not_as_it_should_be_is_named():
    def snippets(old, new):
        return lambda: parse_snippets(SNIPPETS.replace(old, new), "films.txt")

    def ratings(old, new):
        return lambda: parse_ratings(RATINGS.replace(old, new), "raters.txt")

    def words(old, new):
        return lambda: parse_words(WORDS.replace(old, new), "words.txt")

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
        "word's mean": (words(b"-2.5", b"x"), ["words.txt, line 2: 'x'", number]),
        "mean too large": (words(b"2.0", b"20"), ["words.txt, line 1: '20'", number]),
        "word's rater": (words(b"3, 1", b"3, 1.5"), ["line 1: '1.5'", "a whole number"]),
        "word's raters": (words(b"[-2]", b"[]"), ["words.txt, line 3: ''", number]),
        "no word": (words(b":)", b""), ["line 1: 4 fields", "none of them empty"]),
        "a field less": (words(b"\t1.18", b""), ["words.txt, line 1: 3 fields"]),
    }
    assert unclear(calls) == []


def test_what_cannot_be_split_is_an_error():
    part = "expected a whole number, 2 to 10,070: 10,072 sentences have a label"
    calls = {
        n: (lambda n=n: load_reviews(n), f"n_train={n}: {part}") for n in (1, 10_071, 2.5, True)
    }
    calls["seed"] = lambda: load_reviews(random_state=-1), "random_state=-1: expected"
    assert unclear(calls) == []
