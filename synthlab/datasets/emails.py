"""Real e-mails: loaded, split by cluster of near-duplicates, cached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets import download, email_parser, registry
from synthlab.datasets.cached import cached_frame
from synthlab.errors import is_whole, require
from synthlab.paths import cache_dir
from synthlab.splits import require_seed, stratified_cluster_split, time_split
from synthlab.text import ngrams

#: Messages belong to one cluster when half of the shorter one stands in the other.
CLUSTER_CONTAINMENT = 0.5
LABELS = ("spam", "ham")
#: Real messages that few-shot prompts and variants may show, and how many words they have.
POOL_ROWS, EXAMPLE_WORDS = 500, (20, 150)
#: Version of the parsing, part of the cached file's name: raised whenever the frame changes.
RECIPE = "email-2"


def load_email(
    split: str = "random", *, n_train: int = 5_000, random_state: int = 0
) -> tuple[Dataset, Dataset]:
    """Load the SpamAssassin corpus as (real_train, real_eval).

    The first call downloads 20 MB, verifies every message and parses them (about 20 s); the
    result is kept in the cache.  See the card in ``data/README.md``.

    Parameters
    ----------
    split : {"random", "time", "pool"}
        *random*: at random, stratified by class; clusters of near-duplicates stay whole.
        *time*: train on the earliest ``n_train`` messages and evaluate on the later ones that
        repeat none of them, as in production.  *pool*: train on the 500 messages that language
        models were shown, evaluate on all others that repeat none of them.  Only *random* uses
        ``random_state``; *pool* does not use ``n_train``.
    n_train : int, default 5000
        Messages to train on; the others are for evaluation.
    random_state : int ≥ 0, default 0

    Returns
    -------
    real_train, real_eval : Dataset
        Texts (subject, empty line, body), labels "ham" and "spam", one id per message.

    Raises
    ------
    DataUnavailableError
        The corpus is not in the cache and no source could be reached, or it is corrupt.
    InputError
        Unknown split, ``n_train`` leaves one side empty, or ``random_state`` is no seed.
    """
    frame = email_frame()
    require(
        is_whole(n_train, 2) and n_train <= len(frame) - 2,
        f"n_train={n_train}",
        f"a whole number, 2 to {len(frame) - 2:,}: the corpus has {len(frame):,} messages",
        "One side of the split would be empty.",
        "Choose from that.",
    )
    require_seed(random_state)
    clusters = frame["cluster"].to_numpy()
    if split == "time":
        train, later = time_split(frame["received"].to_numpy(), clusters, n_train)
        return _email(frame, train, "earlier mail"), _email(frame, later, "later mail")
    if split == "pool":
        is_shown = frame["id"].isin(example_pool(frame)["id"]).to_numpy()
        is_apart = ~np.isin(clusters, clusters[is_shown])
        train, others = np.flatnonzero(is_shown), np.flatnonzero(is_apart)
        return _email(frame, train, "shown mail"), _email(frame, others, "other mail")
    require(split == "random", f"split={split!r}", "'random', 'time' or 'pool'")
    rng = np.random.default_rng(random_state)
    is_eval = stratified_cluster_split(
        frame["label"].to_numpy(), clusters, len(frame) - n_train, rng
    )
    train = rng.permutation(np.flatnonzero(~is_eval))
    return _email(frame, train, "real mail"), _email(frame, np.flatnonzero(is_eval), "real eval")


def email_frame() -> pd.DataFrame:
    """Return the parsed, de-duplicated corpus, one row per message, by id.

    Returns
    -------
    pandas.DataFrame
        Columns ``id`` ("group/number"), ``group``, ``label``, ``subject``, ``body``,
        ``received`` (UTC) and ``cluster`` (of near-duplicates).
    """
    return cached_frame(kept_path(), lambda: parse_messages(download.messages("spam-assassin")))


def kept_path() -> Path:
    """Return where the cache keeps the parsed corpus: by the corpus and by the parsing's recipe."""
    manifest = registry.load_registry()["spam-assassin"]["manifest_sha256"]
    return cache_dir() / f"{RECIPE}-{manifest[:12]}.parquet"


def parse_messages(raw: dict[str, bytes]) -> pd.DataFrame:
    """Turn raw messages into the frame of `email_frame`: parse, clean, drop copies, cluster."""
    parsed = {
        id: email_parser.strip_collection_marks(email_parser.parse_mail(raw[id]))
        for id in sorted(raw)
    }
    frame = pd.DataFrame(
        {
            "id": list(parsed),
            "group": [id.partition("/")[0] for id in parsed],
            "subject": [m.subject for m in parsed.values()],
            "body": [m.body for m in parsed.values()],
            "received": pd.to_datetime([m.received for m in parsed.values()], utc=True),
        }
    )
    frame["label"] = np.where(frame["group"].str.startswith("spam"), "spam", "ham")
    frame = frame[[bool(ngrams.words(body)) for body in frame["body"]]]
    normal = [" ".join(ngrams.words(text)) for text in _texts(frame)]
    frame = frame[~pd.Series(normal, index=frame.index).duplicated()].reset_index(drop=True)
    frame["cluster"] = ngrams.duplicate_clusters(_texts(frame), CLUSTER_CONTAINMENT)
    return frame


def example_pool(
    frame: pd.DataFrame, n: int = POOL_ROWS, *, is_balanced: bool = True, random_state: int = 0
) -> pd.DataFrame:
    """Draw the real messages that prompts may show: short, and no two near-duplicates.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `email_frame`.
    n : int, default 500
    is_balanced : bool, default True
        Half spam and half ham; otherwise the classes have their shares among all short messages.
    random_state : int ≥ 0, default 0

    Returns
    -------
    pandas.DataFrame
        n rows of ``frame``, shuffled; the same rows for the same frame and seed.

    Raises
    ------
    InputError
        There are fewer, or ``random_state`` is no seed.
    """
    require_seed(random_state)
    n_words = frame["body"].str.split().str.len()
    short = frame[n_words.between(*EXAMPLE_WORDS)].sort_values("id")
    mixed = short.iloc[np.random.default_rng(random_state).permutation(len(short))]
    mixed = mixed[~mixed["cluster"].duplicated()]
    if is_balanced:
        counts = {label: n // 2 + (n % 2) * (label == LABELS[0]) for label in LABELS}
        parts = [mixed[mixed["label"] == label].head(count) for label, count in counts.items()]
        pool = mixed.loc[mixed.index.isin(pd.concat(parts).index)]
    else:
        pool = mixed.head(n)
    require(
        len(pool) >= n,
        f"n={n}",
        f"at most {len(pool):,}, the messages of {EXAMPLE_WORDS[0]} to {EXAMPLE_WORDS[1]} words",
        "No message is shown twice.",
        "Ask for fewer.",
    )
    return pool


def _email(frame: pd.DataFrame, rows: np.ndarray, name: str) -> Dataset:
    part = frame.iloc[rows]
    return Dataset(_texts(part), part["label"], REAL, name, part["id"])


def _texts(frame: pd.DataFrame) -> pd.Series:
    return (frame["subject"] + "\n\n" + frame["body"]).str.strip()
