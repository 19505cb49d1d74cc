"""Words as numbers: counted as scikit-learn does, in every process, read once or often."""

import os
import re
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from synthlab.text import tokens
from synthlab.text.tokens import Vocabulary, count_distinct, tokenize, word_counts

ODD = [
    "Hello, hello WORLD!",
    "a I x",  # no word of two letters
    "?!… --",
    "naïve Ünïcode 日本語 Ωmega",
    "don't e-mail me@example.org 3,000 $5 __init__",
    "line\nbreaks\tand  spaces ",
    "🎉 party 🎉🎉",
    "again again again",
]


@pytest.fixture(autouse=True)
def _nothing_read():
    tokens.forget()


def random_texts(n=60, words=40, longest=12, seed=0):
    """Texts of few different words, some of them too short for a run of three."""
    rng = np.random.default_rng(seed)
    return [
        " ".join(f"Word{i}" if i % 2 else f"word{i}" for i in rng.integers(words, size=size))
        for size in rng.integers(1, longest, size=n)
    ]


def columns_of(counts):
    """The columns of a matrix that hold anything, in an order without names."""
    dense = counts.toarray()
    return sorted(map(tuple, dense[:, dense.any(axis=0)].T))


# --- words and marks -----------------------------------------------------------------------


def test_a_text_is_cut_into_words_and_marks():
    assert tokenize("Don't go, 3x!").words == ("Don", "'", "t", "go", ",", "3x", "!")


def test_only_white_space_is_lost():
    assert ["".join(tokenize(text).words) for text in ODD] == [re.sub(r"\s", "", t) for t in ODD]


def test_spellings_have_numbers_of_their_own_and_words_count_in_any_case():
    read = tokenize("Ham ham HAM h !")
    assert len(set(read.codes)) == len(read.codes) == 5
    assert len(read.counted) == 3
    assert len(set(read.counted)) == 1


def test_no_code_is_zero_and_nearly_as_many_codes_as_words():
    words = [f"word{i}" for i in range(50_000)]
    codes = tokenize(" ".join(words)).codes
    assert (codes > 0).all()
    assert len(set(codes.tolist())) == 50_000


def test_damaged_characters_are_not_taken_for_others():
    codes = tokenize("\ud800 \udfff ?").codes
    assert len(set(codes)) == 3


# --- counts against scikit-learn -----------------------------------------------------------


def test_counts_are_those_of_scikit_learn_up_to_names():
    for texts in (ODD, random_texts()):
        theirs = CountVectorizer(token_pattern=r"\w\w+").fit_transform(texts)
        assert columns_of(word_counts(texts)) == columns_of(theirs)


def test_words_that_share_a_column_are_added():
    texts = [
        " ".join(f"w{i}" for i in range(start, start + 300)) for start in range(0, 30_000, 300)
    ]
    theirs = CountVectorizer(token_pattern=r"\w\w+").fit_transform(texts)
    ours = word_counts(texts)
    assert (ours.sum(axis=1) == theirs.sum(axis=1)).all()
    n_columns = (ours.sum(axis=0) > 0).sum()
    by_chance = tokens.N_COLUMNS * (1 - np.exp(-30_000 / tokens.N_COLUMNS))  # balls in bins
    assert n_columns == pytest.approx(by_chance, rel=0.02)


def test_counts_of_no_text_and_of_a_text_without_words():
    assert word_counts([]).shape == (0, tokens.N_COLUMNS)
    assert word_counts(["?", "a"]).nnz == 0


def test_the_matrix_is_in_canonical_form():
    counts = word_counts(random_texts())
    checked = counts.copy()
    checked.has_canonical_format = False
    checked.sum_duplicates()
    assert checked.nnz == counts.nnz
    assert (checked.indices == counts.indices).all()


# --- distinct words and runs of them -------------------------------------------------------


def runs(text, n):
    words = re.findall(r"\w\w+", text.lower())
    return zip(*(words[later:] for later in range(n)), strict=False)


def test_distinct_runs_are_those_of_sets():
    for texts, n in product((ODD, random_texts()), (1, 2, 3)):
        assert count_distinct(texts, n) == len({run for text in texts for run in runs(text, n)})


def test_order_makes_a_difference_and_texts_do_not_run_on():
    assert count_distinct(["one two", "two one"], 2) == 2
    assert count_distinct(["one", "two"], 2) == 0


def test_nothing_is_distinct_in_nothing():
    assert count_distinct([]) == count_distinct(["!"], 2) == 0


# --- read once -----------------------------------------------------------------------------


def test_what_was_read_before_changes_nothing():
    texts = random_texts() + ODD
    once = word_counts(texts), count_distinct(texts, 2)
    again = word_counts(texts), count_distinct(texts, 2)
    assert (once[0] != again[0]).nnz == 0
    assert once[1] == again[1]
    assert tokenize(texts[0]) is tokenize(texts[0])


def test_what_was_forgotten_is_read_again(monkeypatch):
    texts = random_texts() + ODD
    before = word_counts(texts)
    first = tokenize(texts[0])
    monkeypatch.setattr(tokens, "TEXTS_KEPT", 3)
    tokens.forget()
    assert (word_counts(texts) != before).nnz == 0
    assert tokenize(texts[-1]) is tokenize(texts[-1])
    assert tokenize(texts[0]) is not first


def test_what_is_kept_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        tokenize("some text").codes[0] = 1


def same(one, other):
    return one.words == other.words and all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one[1:], other[1:], strict=True)
    )


def test_a_text_that_was_written_counts_as_it_would_be_read():
    for text in [*ODD, *random_texts(5), "\ud800 damaged"]:
        read = tokenize(text)
        vocabulary = Vocabulary.of(read.words, read.codes)
        numbers = np.random.default_rng(0).integers(len(read.words), size=30)
        tokens.forget()
        written = vocabulary.text_of(numbers)
        kept = tokenize(written)
        tokens.forget()
        assert same(kept, tokenize(written))


# --- every process -------------------------------------------------------------------------

PRINTED = """
import numpy as np
from synthlab.text.tokens import tokenize, word_counts
text = "Hello, wide WORLD of naïve Ünïcode 日本語"
print(tokenize(text).codes.tolist(), word_counts([text]).indices.tolist())
"""


def test_numbers_are_the_same_in_every_process():
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINTED],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("1", "2")
    }
    text = "Hello, wide WORLD of naïve Ünïcode 日本語"
    here = f"{tokenize(text).codes.tolist()} {word_counts([text]).indices.tolist()}\n"
    assert printed == {here}
