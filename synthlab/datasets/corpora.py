"""The corpora that are downloaded: `synthlab data` fetches them, `synthlab doctor` looks for them.

To add one: its loaders in a file of its own, and its value here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthlab.datasets import download, emails, reviews, sdist


@dataclass(frozen=True)
class Corpus:
    """Real texts that the cache keeps.

    Attributes
    ----------
    name : str
        As messages have it, such as ``"mail corpus"``.
    megabytes : float
        Of the download.
    parts, rows : str
        What its checksums are of, and what its parsed rows are called.
    path : callable
        () → where the cache keeps what is downloaded.
    verified : callable
        () → part → its bytes, each verified; downloads what the cache lacks.
    frame : callable
        () → the parsed rows, with a column ``label``; downloads what the cache lacks.
    """

    name: str
    megabytes: float
    parts: str
    rows: str
    path: Callable[[], Path]
    verified: Callable[[], Mapping[str, bytes]]
    frame: Callable[[], pd.DataFrame]


CORPORA = (
    Corpus(
        name="mail corpus",
        megabytes=20,
        parts="messages",
        rows="messages",
        path=lambda: download.archive_path("spam-assassin"),
        verified=download.messages,
        frame=emails.email_frame,
    ),
    Corpus(
        name="rated reviews",
        megabytes=2.5,
        parts="files",
        rows="film sentences",
        path=lambda: sdist.sdist_path(reviews.CORPUS),
        verified=lambda: sdist.sdist_files(reviews.CORPUS),
        frame=reviews.review_frame,
    ),
)
