"""How much of one text stands in another, against sets of tuples counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from synthlab.text import ngrams
from synthlab.text.ngrams import (
    containment_pairs,
    count_twins,
    duplicate_clusters,
    gram_matrix,
    index_grams,
    strongest_pairs,
    words,
)

STEADY = settings(deadline=None, derandomize=True, max_examples=50)
# A tiny vocabulary, so that grams meet.
TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=12).map(" ".join), max_size=8)


def message(start, n=20):
    """Return n words that no message with a start further than n away shares."""
    return " ".join(f"w{i}" for i in range(start, start + n))


def half_quoted():
    """Return two texts of ten grams each, five of which are the same."""
    return [message(0, 14), f"{message(0, 9)} {message(100, 5)}"]


def grams_by_hand(text, n):
    tokens = text.split()
    return {tuple(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1))}


def containment_by_hand(texts, n=5):
    grams = [grams_by_hand(text, n) for text in texts]
    return {
        (i, j): len(grams[i] & grams[j]) / min(len(grams[i]), len(grams[j]))
        for i in range(len(texts))
        for j in range(i + 1, len(texts))
        if grams[i] & grams[j]
    }


def likeness_by_hand(texts, others, n):
    """Return containment, Jaccard index and counts for all pairs that share a gram."""
    found = {}
    for i, a in enumerate(grams_by_hand(text, n) for text in texts):
        for j, b in enumerate(grams_by_hand(text, n) for text in others):
            if shared := len(a & b):
                likeness = shared / min(len(a), len(b)), shared / len(a | b)
                found[i, j] = (*likeness, shared, shared)  # every word has a letter
    return found


def found_strongest(texts, others, n=2, **options):
    grams = index_grams(texts, others, n=n)
    first, second, *likeness = strongest_pairs(*grams, **{"min_containment": 1e-9, **options})
    return dict(zip(zip(first, second, strict=True), zip(*likeness, strict=True), strict=True))


def best_by_text(likeness, side):
    """Return the greatest (containment, Jaccard index) of every text of one side."""
    best = {}
    for pair, (containment, jaccard, *_) in likeness.items():
        best[pair[side]] = max(best.get(pair[side], (0, 0)), (containment, jaccard))
    return best


def found_pairs(texts, least, n=5):
    blocks = containment_pairs(gram_matrix(texts, n), least)
    return {(int(i), int(j)): c for block in blocks for i, j, c in zip(*block, strict=True)}


def clusters_of(texts, min_containment=0.5):
    """Return the clusters as a set of sets of positions, whatever their numbers."""
    labels = duplicate_clusters(pd.Series(texts, dtype="str"), min_containment)
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels}


def test_words_are_lower_case_without_punctuation():
    assert words("Hello, WORLD!") == ["hello", "world"]
    assert words("don't\n\tstop") == ["don", "t", "stop"]
    assert words("Straße 12") == ["strasse", "12"]
    assert words("... !?") == []


@STEADY
@given(texts=TEXTS, n=st.integers(1, 5))
def test_grams_of_a_text_are_counted_once(texts, n):
    sizes = np.diff(gram_matrix(texts, n).indptr)
    assert sizes.tolist() == [len(grams_by_hand(text, n)) for text in texts]


@STEADY
@given(texts=TEXTS, n=st.integers(1, 5))
def test_all_pairs_that_share_a_gram_are_found_with_their_containment(texts, n):
    assert found_pairs(texts, 1e-9, n) == pytest.approx(containment_by_hand(texts, n))


@STEADY
@given(texts=TEXTS, least=st.sampled_from([0.25, 0.5, 1.0]))
def test_pairs_below_the_least_containment_are_left_out(texts, least):
    expected = {pair for pair, c in containment_by_hand(texts, 2).items() if c >= least}
    assert set(found_pairs(texts, least, 2)) == expected


def test_a_copy_in_other_case_and_punctuation_is_contained():
    assert found_pairs([message(0), message(0).upper().replace(" ", ", ")], 0.9) == {(0, 1): 1.0}


def test_a_short_copy_inside_a_long_message_is_contained():
    assert found_pairs([message(0, n=500), message(200, n=10)], 0.9) == {(0, 1): 1.0}


def test_a_message_half_of_which_is_quoted_is_contained_by_half():
    assert found_pairs(half_quoted(), 0.1) == {(0, 1): 0.5}


def test_unrelated_messages_make_no_pair():
    assert found_pairs([message(0), message(100)], 1e-9) == {}


def test_pairs_are_found_across_blocks_of_rows():
    texts = [message(100 * i, n=6) for i in range(700)]
    texts[650] = texts[3]
    assert found_pairs(texts, 0.5) == {(3, 650): 1.0}


def test_a_chain_of_quotations_is_one_cluster():
    chain = [message(0), f"{message(0)} {message(100)}", message(100)]
    assert clusters_of([*chain, message(500)]) == {frozenset({0, 1, 2}), frozenset({3})}


def test_unrelated_texts_are_clusters_of_one():
    assert len(clusters_of([message(100 * i) for i in range(4)])) == 4


def test_a_higher_bar_leaves_a_quotation_alone():
    assert len(clusters_of(half_quoted(), min_containment=0.4)) == 1
    assert len(clusters_of(half_quoted(), min_containment=0.6)) == 2


def test_clusters_are_numbered_from_zero():
    labels = duplicate_clusters(pd.Series([message(0), message(100), message(0)]))
    assert sorted(set(labels.tolist())) == [0, 1]
    assert labels.shape == (3,)


def test_no_texts_have_no_clusters():
    assert duplicate_clusters(pd.Series([], dtype="str")).shape == (0,)


# --- several collections -------------------------------------------------------------------


@STEADY
@given(texts=TEXTS, others=TEXTS, n=st.integers(1, 3))
def test_collections_indexed_together_have_the_grams_of_one(texts, others, n):
    together = gram_matrix([*texts, *others], n)
    parts = sparse.vstack([grams.matrix for grams in index_grams(texts, others, n=n)])
    assert (parts != together).nnz == 0


def test_runs_of_numbers_are_distinguished_from_words():
    (grams,) = index_grams(["1 2 3 4 5 6 go"])
    assert sorted(grams.has_letter) == [False, False, True]


@STEADY
@given(texts=TEXTS, below=st.integers(1, 6))
def test_short_texts_with_the_same_grams_are_counted(texts, below):
    grams = [grams_by_hand(text, 2) for text in texts]
    by_hand = sum(len(g) < below and grams.count(g) > 1 for g in grams)
    assert count_twins(gram_matrix(texts, 2), below) == by_hand


# --- strongest pairs -----------------------------------------------------------------------


@STEADY
@given(texts=TEXTS, others=TEXTS, n=st.integers(1, 3))
def test_strongest_pairs_carry_their_likeness(texts, others, n):
    by_hand = likeness_by_hand(texts, others, n)
    found = found_strongest(texts, others, n)
    assert found == {pair: by_hand[pair] for pair in found}


@STEADY
@given(texts=TEXTS, others=TEXTS, n=st.integers(1, 3), side=st.sampled_from([0, 1]))
def test_every_text_finds_its_strongest_partner(texts, others, n, side):
    by_hand = best_by_text(likeness_by_hand(texts, others, n), side)
    assert best_by_text(found_strongest(texts, others, n), side) == by_hand


@STEADY
@given(texts=TEXTS, others=TEXTS)
def test_no_more_pairs_than_texts_are_kept_and_the_strongest_lead(texts, others):
    found = list(found_strongest(texts, others).values())
    assert len(found) <= len(texts) + len(others)
    assert found == sorted(found, key=lambda likeness: likeness[:2], reverse=True)


def test_pairs_that_share_too_few_grams_are_left_out():
    quotation = [f"{message(0, 6)} {message(100, 4)}"]  # five grams of two words
    assert found_strongest([message(0, 6)], quotation, min_shared=5)
    assert not found_strongest([message(0, 6)], quotation, min_shared=6)


def test_a_short_copy_counts_however_few_its_grams():
    assert list(found_strongest(["win now"], ["Win, now!"], min_shared=9)) == [(0, 0)]


def test_pairs_that_share_numbers_alone_are_left_out():
    lists = [f"1 2 3 4 5 6 {message(100 * i)}" for i in range(2)]
    assert found_strongest(lists[:1], lists[1:], min_shared=0)
    assert not found_strongest(lists[:1], lists[1:], min_shared=1)


def test_blocks_of_rows_change_no_pair(monkeypatch):
    texts = [f"{message(7 * i, 12)}" for i in range(9)]
    whole = found_strongest(texts, texts)
    monkeypatch.setattr(ngrams, "BLOCK_CELLS", 2 * len(texts))
    assert found_strongest(texts, texts) == whole
