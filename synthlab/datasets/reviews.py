"""Sentences of film and product reviews, each rated by many people (Hutto & Gilbert 2014).

The label is the sign of the mean rating, which is between −4 and 4; a sentence whose mean rating
is below `LEAST_RATING` in size is *neutral*.  A row's number in the corpus is no feature: the film
sentences are sorted by the polarity of the review that they come from.

References
----------
Hutto & Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text, ICWSM-14.  Their sources: Pang & Lee (2004), ACL; Hu & Liu (2004), KDD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.cached import cached_frame
from synthlab.datasets.registry import registry_entry
from synthlab.datasets.review_files import parse_ratings, parse_snippets, parse_words
from synthlab.datasets.sdist import sdist_files
from synthlab.errors import first, is_whole, require
from synthlab.paths import cache_dir
from synthlab.splits import require_seed, stratified_cluster_split
from synthlab.text import ngrams

#: Name of the corpus in ``data/registry.toml``.
CORPUS = "rated-reviews"
LABELS = ("positive", "negative")
NEUTRAL = "neutral"
LEAST_RATING = 0.5
#: Sentences belong to one cluster when half of the shorter one's 5-grams stand in the other.
CLUSTER_CONTAINMENT = 0.5
#: Version of the parsing, part of the cached file's name: raised whenever the frame changes.
RECIPE = "reviews-1"
_FILMS, _PRODUCTS, _WORDS = "movieReviewSnippets", "amazonReviewSnippets", "vader_lexicon.txt"
_AROUND = re.compile(r"^\W+|\W+$")


def load_reviews(n_train: int = 5_000, *, random_state: int = 0) -> tuple[Dataset, Dataset]:
    """Load the sentences of film reviews as (real_train, real_eval).

    The first call downloads 2.5 MB and verifies every byte; the parsed rows are kept in the
    cache.  See the card in ``data/README.md``.

    Parameters
    ----------
    n_train : int, default 5000
        Sentences to train on; the others are for evaluation.
    random_state : int ≥ 0, default 0

    Returns
    -------
    real_train, real_eval : Dataset
        Texts, labels "positive" and "negative", one id per sentence; neutral ones (533 of 10,605)
        are left out.  In random order, stratified by class; clusters of near-duplicates stay whole.

    Raises
    ------
    DataUnavailableError
        The corpus is not in the cache and could not be downloaded, or it is not as registered.
    InputError
        ``n_train`` leaves one side empty, or ``random_state`` is no seed.
    """
    frame = review_frame()
    frame = frame[frame["label"] != NEUTRAL]
    require(
        is_whole(n_train, 2) and n_train <= len(frame) - 2,
        f"n_train={n_train}",
        f"a whole number, 2 to {len(frame) - 2:,}: {len(frame):,} sentences have a label",
        "One side of the split would be empty.",
        "Choose from that.",
    )
    rng = np.random.default_rng(require_seed(random_state))
    is_train = _is_train(frame, n_train, rng)
    sides = rng.permutation(np.flatnonzero(is_train)), rng.permutation(np.flatnonzero(~is_train))
    train, held_out = (frame.iloc[rows] for rows in sides)
    return _dataset(train, "real reviews"), _dataset(held_out, "real eval")


def review_frame() -> pd.DataFrame:
    """Return all sentences of film reviews, in the corpus's order.

    Returns
    -------
    pandas.DataFrame of shape (10605, 5)
        Columns ``id`` ("film-00001"), ``rating`` (mean, −4 to 4), ``text``, ``label`` ("positive",
        "negative" or "neutral") and ``cluster`` (of near-duplicates).
    """
    return cached_frame(kept_path(), _make_review_frame)


def kept_path() -> Path:
    """Return where the cache keeps the parsed sentences: by the corpus and the parsing's recipe."""
    return cache_dir() / f"{RECIPE}-{registry_entry(CORPUS)['sha256'][:12]}.parquet"


def review_ratings() -> pd.DataFrame:
    """Return every single rating of the film sentences: 15 to 29 per sentence.

    Returns
    -------
    pandas.DataFrame of shape (198810, 2)
        Columns ``id``, as in `review_frame`, and ``rating``, a whole number from −4 to 4.  Raters
        are anonymous: nothing tells which of them rated which sentences.
    """
    file = f"{_FILMS}_anonDataRatings.txt"
    ratings = parse_ratings(sdist_files(CORPUS)[file], file)
    return ratings.assign(id=_film_ids(ratings["id"]))


def load_product_reviews() -> Dataset:
    """Load 3,708 sentences of 300 product reviews; those of one review are one group.

    Returns
    -------
    Dataset
        Texts, in the corpus's order, labeled "positive", "negative" or, unlike `load_reviews`,
        "neutral" (723 of them); ``groups`` names the review.
    """
    file = f"{_PRODUCTS}_GroundTruth.txt"
    frame = _labeled(parse_snippets(sdist_files(CORPUS)[file], file))
    groups = "product-" + frame["id"].str.partition("_")[0]
    return _dataset(frame.assign(id="product-" + frame["id"]), "product reviews", groups)


# --- words ---------------------------------------------------------------------------------


def word_ratings() -> pd.Series:
    """Return the words of the corpus's authors, VADER's, with people's mean rating of each.

    Returns
    -------
    pandas.Series of shape (7506,)
        Word → mean of ten people's ratings, −4 to 4 and never 0.  Words are as the list has them:
        in lower case but for some emoticons; a few are of two words.  Of a word that it has twice,
        the last line counts.

    References
    ----------
    Hutto & Gilbert (2014), as above.
    """
    rated = parse_words(sdist_files(CORPUS)[_WORDS], _WORDS)
    return rated.drop_duplicates("word", keep="last").set_index("word")["rating"]


def rate_by_words(texts: Iterable[str]) -> np.ndarray:
    """Rate texts by the sum of their words' ratings: a baseline that needs no label.

    This is the word list alone, without VADER's rules for negation and emphasis, which are code:
    "not good" rates as "good" does.  A word is what stands between white space, in lower case, as
    it is, which finds emoticons, or else without the punctuation around it; entries of two words
    are not found.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    ndarray of shape (n_texts,)
        0 where no word is listed, or where ratings cancel (sums are rounded to 9 decimals).

    Raises
    ------
    InputError
        ``texts`` is a single text, or one of them is no string.

    References
    ----------
    Hutto & Gilbert (2014), as above.
    """
    known = word_ratings().to_dict()
    sums = [sum(_listed_ratings(text, known)) for text in _require_texts(texts)]
    return np.round(np.array(sums, dtype=float), 9)


def _listed_ratings(text: str, known: dict[str, float]) -> Iterator[float]:
    for word in text.lower().split():
        yield known[word] if word in known else known.get(_AROUND.sub("", word), 0.0)


def _require_texts(texts: Iterable[str]) -> list[str]:
    listed = [texts] if isinstance(texts, str) else list(texts)
    strangers = [row for row, text in enumerate(listed) if not isinstance(text, str)]
    require(
        not isinstance(texts, str) and not strangers,
        f"texts={texts!r}" if isinstance(texts, str) else f"texts: rows {first(strangers)}",
        "a list of strings",
        "Nothing else has words to be rated.",
        "Pass the texts, such as Dataset.X.",
    )
    return listed


# --- rows ----------------------------------------------------------------------------------


def _make_review_frame() -> pd.DataFrame:
    file = f"{_FILMS}_GroundTruth.txt"
    frame = _labeled(parse_snippets(sdist_files(CORPUS)[file], file))
    clusters = ngrams.duplicate_clusters(frame["text"], CLUSTER_CONTAINMENT)
    return frame.assign(id=_film_ids(frame["id"]), cluster=clusters)


def _film_ids(numbers: pd.Series) -> pd.Series:
    return "film-" + numbers.str.zfill(5)


def _labeled(frame: pd.DataFrame) -> pd.DataFrame:
    is_clear = frame["rating"].abs() >= LEAST_RATING
    sign = np.where(frame["rating"] > 0, *LABELS)
    return frame.assign(label=np.where(is_clear, sign, NEUTRAL))


def _is_train(frame: pd.DataFrame, n_train: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the smaller side, whose quotas are filled while many clusters are left."""
    y, n_smaller = frame["label"].to_numpy(), min(n_train, len(frame) - n_train)
    clusters = np.unique(frame["cluster"], return_inverse=True)[1]
    is_drawn = stratified_cluster_split(y, clusters, n_smaller, rng)
    return is_drawn if n_smaller == n_train else ~is_drawn


def _dataset(frame: pd.DataFrame, name: str, groups: pd.Series | None = None) -> Dataset:
    return Dataset(frame["text"], frame["label"], REAL, name, frame["id"], groups=groups)
