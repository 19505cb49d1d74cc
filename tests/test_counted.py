"""Counting once gives the same models as counting in every fit."""

import copy

import numpy as np
import pandas as pd
import pytest
from cases import refusal
from sklearn.base import clone

from synthlab.dataset import Dataset
from synthlab.models import default_model
from synthlab.text import CommonWords, CountedTexts, KnownCounts, counted_model

WORDS = ["good", "bad", "film", "plot", "Actor", "the", "dull", "bright", "ending", "music"]


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(60)]


def test_a_model_over_known_counts_is_the_default_model(texts):
    texts = [*texts, "only here", "good film"]
    y = np.array(["yes" if text.count("good") > text.count("dull") else "no" for text in texts])
    ours = counted_model(CountedTexts(texts)).fit(texts[:45] + texts[-2:], [*y[:45], *y[-2:]])
    rows = Dataset(pd.Series(texts[:45] + texts[-2:]), [*y[:45], *y[-2:]], "real", "rows")
    theirs = default_model(rows).fit(rows.X, rows.y)
    np.testing.assert_allclose(
        ours.predict_proba(texts[45:]), theirs.predict_proba(texts[45:]), atol=1e-3
    )


def test_words_of_one_training_text_have_no_column(texts):
    texts = [*texts, "only here", "only twice", "twice"]
    counted = CountedTexts([*texts, "good good film"])
    counts = KnownCounts(counted).fit_transform(texts)
    asked = counted.counts_of(["only here", "twice", "good good film"])
    for min_texts, n_words in {1: [2, 1, 3], 2: [1, 1, 3]}.items():
        kept = CommonWords(min_texts).fit(counts)
        assert kept.transform(asked).sum(axis=1).A1.tolist() == n_words
    assert CommonWords(min_texts=10**6).fit(counts).transform(counts).shape[1] == 1


def test_copies_of_a_model_share_the_counts(texts):
    counted = CountedTexts(texts)
    model = counted_model(counted, class_weight="balanced")
    assert clone(model)[0].counted is counted
    assert copy.deepcopy(counted) is counted
    assert clone(model)[-1].class_weight == "balanced"


def test_a_text_that_was_not_counted_is_refused(texts):
    told = refusal(CountedTexts(texts).counts_of, ["good", *texts[:2]])
    assert "1 of 3 texts: expected texts that were counted before" in told
