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

from pathlib import Path

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.cached import cached_frame
from synthlab.datasets.registry import registry_entry
from synthlab.datasets.sdist import sdist_files
from synthlab.errors import is_number, is_whole, require
from synthlab.paths import cache_dir
from synthlab.splits import require_seed, stratified_cluster_split
from synthlab.text import ngrams

#: Name of the corpus in ``data/registry.toml``.
CORPUS = "rated-reviews"
LABELS = ("positive", "negative")
NEUTRAL = "neutral"
LEAST_RATING, MOST_RATING = 0.5, 4
#: Sentences belong to one cluster when half of the shorter one's 5-grams stand in the other.
CLUSTER_CONTAINMENT = 0.5
#: Version of the parsing, part of the cached file's name: raised whenever the frame changes.
RECIPE = "reviews-1"
_FILMS, _PRODUCTS = "movieReviewSnippets", "amazonReviewSnippets"


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


# --- the files -----------------------------------------------------------------------------


def parse_snippets(raw: bytes, file: str) -> pd.DataFrame:
    """Parse lines of id, mean rating and text, with tabs between.

    Parameters
    ----------
    raw : bytes
    file : str
        Its name, for messages.

    Returns
    -------
    pandas.DataFrame
        Columns ``id``, ``rating`` and ``text``.

    Raises
    ------
    InputError
        A line has other fields, an id repeats, or a rating is no number from −4 to 4.
    """
    lines = _fields(raw, file, 3)
    rows = [
        (id, _rating(rating, file, number), text.strip())
        for number, (id, rating, text) in enumerate(lines, 1)
    ]
    return pd.DataFrame(rows, columns=["id", "rating", "text"])


def parse_ratings(raw: bytes, file: str) -> pd.DataFrame:
    """Parse lines of id, mean, standard deviation and a list of single ratings.

    Parameters
    ----------
    raw, file
        As for `parse_snippets`.

    Returns
    -------
    pandas.DataFrame
        Columns ``id`` and ``rating``, one row per single rating.

    Raises
    ------
    InputError
        A line has other fields, an id repeats, or a rating is no whole number from −4 to 4.
    """
    rows = []
    for number, (id, _, _, listed) in enumerate(_fields(raw, file, 4), 1):
        for rating in listed.strip().removeprefix("[").removesuffix("]").split(","):
            value = _rating(rating, file, number)
            require(value.is_integer(), *_complaint(rating, file, number, "a whole number"))
            rows.append((id, int(value)))
    return pd.DataFrame(rows, columns=["id", "rating"])


def _fields(raw: bytes, file: str, n_fields: int) -> list[list[str]]:
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n")
    lines = [line.split("\t") for line in text.split("\n")]
    for number, fields in enumerate(lines, 1):
        expected = f"{n_fields} fields with tabs between, none of them empty"
        is_whole_line = len(fields) == n_fields and all(map(str.strip, fields))
        require(is_whole_line, *_complaint(f"{len(fields)} fields", file, number, expected))
    repeated = pd.Series([fields[0] for fields in lines]).duplicated()
    if repeated.any():
        number = int(np.argmax(repeated)) + 1
        offender = f"id {lines[number - 1][0]!r}"
        require(False, *_complaint(offender, file, number, "an id that no line before it has"))
    return lines


def _rating(told: str, file: str, number: int) -> float:
    try:
        value = float(told)
    except ValueError:
        value = np.nan
    expected = f"a rating, a number from −{MOST_RATING} to {MOST_RATING}"
    is_fine = is_number(value, -MOST_RATING, MOST_RATING)
    require(is_fine, *_complaint(repr(told.strip()), file, number, expected))
    return value


def _complaint(found: str, file: str, number: int, expected: str) -> tuple[str, ...]:
    return (
        f"{file}, line {number}: {found}",
        expected,
        "Labels would be wrong, so nothing of the file is used.",
        "Restore the file, or delete the archive from the cache to download it anew.",
    )


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
