"""Real mail that a filter finds hard, kept out of training: the judge of an edge suite.

The corpus's makers set one group of legitimate mail apart because filters took it for spam
(``hard-ham-1``: newsletters, mail in HTML, wanted offers).  It is hard *by selection*, so that
its error is higher proves nothing.  What it can judge is whether models that do badly on a suite
also do badly there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.emails import email_frame
from synthlab.errors import is_whole, require
from synthlab.splits import require_seed, stratified_cluster_split

HARD_GROUP = "hard-ham-1"


class HardMail(NamedTuple):
    """Real mail in three parts, none of which repeats another.

    Attributes
    ----------
    real_train, real_eval : Dataset
        Without any hard message.
    hard : Dataset
        All hard messages, legitimate without exception.
    """

    real_train: Dataset
    real_eval: Dataset
    hard: Dataset


def load_hard_email(n_train: int = 4_000, *, random_state: int = 0) -> HardMail:
    """Load the SpamAssassin corpus with its hard messages apart.

    Parameters
    ----------
    n_train : int, default 4000
        Messages to train on, in random order; all others that are not hard evaluate.
    random_state : int, default 0
        Of the split, which never cuts through a cluster of near-duplicates.

    Returns
    -------
    HardMail

    Raises
    ------
    DataUnavailableError
        See `load_email`.
    InputError
        ``n_train`` leaves nothing on one side, or ``random_state`` is no seed.

    Notes
    -----
    Messages that share a cluster with a hard one are left out (nine).
    """
    frame = email_frame()
    is_hard = (frame["group"] == HARD_GROUP).to_numpy()
    is_kin = frame["cluster"].isin(frame["cluster"][is_hard]).to_numpy()
    others = frame[~is_kin].reset_index(drop=True)
    require(
        is_whole(n_train, 2) and n_train <= len(others) - 2,
        f"n_train={n_train!r}",
        f"2 to {len(others) - 2:,}, since {len(others):,} messages are not hard",
        "Nothing would be left on one side.",
        "Choose from that.",
    )
    rng = np.random.default_rng(require_seed(random_state))
    clusters = np.unique(others["cluster"], return_inverse=True)[1]
    n_eval = len(others) - n_train
    is_eval = stratified_cluster_split(others["label"].to_numpy(), clusters, n_eval, rng)
    train = rng.permutation(np.flatnonzero(~is_eval))
    return HardMail(
        _mail(others.iloc[train], "real mail"),
        _mail(others[is_eval], "real eval"),
        _mail(frame[is_hard], "hard mail"),
    )


def _mail(frame, name: str) -> Dataset:
    texts = (frame["subject"] + "\n\n" + frame["body"]).str.strip()
    return Dataset(texts, frame["label"], REAL, name, frame["id"])
