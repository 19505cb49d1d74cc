"""Counting once gives the same models as counting in every fit."""

import copy

import numpy as np
import pytest
from cases import refusal
from sklearn.base import clone
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from synthlab.text import CountedTexts, KnownCounts, counted_model

WORDS = ["good", "bad", "film", "plot", "Actor", "the", "dull", "bright", "ending", "music"]


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 8)) for _ in range(60)]


def test_a_model_over_known_counts_is_the_model_that_counts_anew(texts):
    y = np.array(["yes" if text.count("good") > text.count("dull") else "no" for text in texts])
    counted = CountedTexts(texts)
    ours = counted_model(counted).fit(texts[:40], y[:40])
    theirs = make_pipeline(
        HashingVectorizer(n_features=1 << 16, alternate_sign=False, norm=None),
        TfidfTransformer(sublinear_tf=True),
        LogisticRegression(C=100, max_iter=2_000),
    ).fit(texts[:40], y[:40])
    np.testing.assert_allclose(
        ours.predict_proba(texts[40:]), theirs.predict_proba(texts[40:]), atol=1e-3
    )


def test_words_that_training_texts_lack_have_no_column(texts):
    known = KnownCounts(CountedTexts([*texts, "unheard of", "good good film"])).fit(texts)
    assert known.transform(["unheard of"]).nnz == 0
    assert known.transform(["good good film"]).sum() == 3


def test_copies_of_a_model_share_the_counts(texts):
    counted = CountedTexts(texts)
    model = counted_model(counted, class_weight="balanced")
    assert clone(model)[0].counted is counted
    assert copy.deepcopy(counted) is counted
    assert clone(model)[-1].class_weight == "balanced"


def test_a_text_that_was_not_counted_is_refused(texts):
    told = refusal(CountedTexts(texts).counts_of, ["good", *texts[:2]])
    assert "1 of 3 texts: expected texts that were counted before" in told
