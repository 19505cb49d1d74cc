"""What a released table is worth and gives away: one split of real rows, one release, its record.

A *release* is what is published in place of the private rows.  It is judged on a split *by row*
(`people`), of which no part but ``train`` may have been seen by what made it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import Dataset
from synthlab.errors import is_number, is_whole, require
from synthlab.models import fit_with_seed, output_of
from synthlab.privacy.battery import try_attacks
from synthlab.privacy.coverage import lost_levels
from synthlab.privacy.people import People, choose_people, split_by_row
from synthlab.stats.influence import roc_auc


class PrivateSplit(NamedTuple):
    """Real rows in their roles.

    Attributes
    ----------
    train : Dataset
        Private: what a generator is fitted on.
    held_out : Dataset
        Real rows that score, and whom the controls of attacks come from.
    public : Dataset
        Further rows that may be seen; empty unless asked for.
    people : People
        Targets of the training rows, controls of the held-out ones.
    """

    train: Dataset
    held_out: Dataset
    public: Dataset
    people: People


def split_people(
    rows: Dataset,
    n_train: int,
    n_held_out: int,
    *,
    n_public: int = 0,
    n_people: int = 1_000,
    random_state: int = 0,
) -> PrivateSplit:
    """Split rows at random, row by row, and choose whom to attack.

    Parameters
    ----------
    rows : Dataset
        A table.
    n_train, n_held_out : int ≥ 1
    n_public : int ≥ 0, default 0
    n_people : int ≥ 20, default 1000
        Targets, and controls, per group; see `people.choose_people`.
    random_state : int ≥ 0, default 0

    Raises
    ------
    InputError
        There are not as many rows, or a parameter is out of range.
    """
    fine = is_whole(n_train, 1) and is_whole(n_held_out, 1) and is_whole(n_public)
    asked = n_train + n_held_out + n_public if fine else 0
    require(
        fine and asked <= len(rows),
        f"n_train={n_train}, n_held_out={n_held_out}, n_public={n_public}",
        f"whole numbers that sum to {len(rows):,} at most, the rows of {rows.name}",
        "A part would be empty, or share rows with another.",
        "Ask for fewer.",
    )
    train, rest = split_by_row(rows, n_train, random_state=random_state)
    public, held_out = np.split(np.arange(n_public + n_held_out), [n_public])
    held_out = rest.take(held_out, f"{rows.name} held out")
    people = choose_people(train, held_out, n_people=n_people, random_state=random_state)
    return PrivateSplit(train, held_out, rest.take(public, f"{rows.name} public"), people)


def auc_of(model: ClassifierMixin, rows: Dataset, held_out: Dataset, *, seed: int = 0) -> float:
    """Return the area under the ROC curve of a model trained on some rows, on others.

    Parameters
    ----------
    model : classifier
        A copy is fitted.
    rows, held_out : Dataset
        Of the same two labels.
    seed : int ≥ 0, default 0

    Raises
    ------
    InputError
        There are not two labels on either side, or the model takes no such rows.
    """
    for side in (rows, held_out):
        require(
            len(side.classes) == 2,
            f"{side.name}: {len(side.classes)} labels",
            "two",
            "Nothing could be ranked.",
            "Hand in rows of both labels.",
        )
    score = output_of(fit_with_seed(model, rows, seed), held_out, "ranking")
    return roc_auc(held_out.y == held_out.classes[1], score).value


def mislabel(rows: Dataset, share: float, rng: np.random.Generator) -> Dataset:
    """Return the rows, a random share of them with the other of two labels.

    Parameters
    ----------
    rows : Dataset
    share : float in [0, 1]
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        ``share`` is out of range, or there are not two labels.
    """
    require(
        is_number(share, 0, 1) and len(rows.classes) == 2,
        f"share={share} of {rows.name} with {len(rows.classes)} labels",
        "a share from 0 to 1, and two labels",
        "There is no other label.",
        "Hand in rows of two labels.",
    )
    one, other = rows.classes
    wrong = rng.random(len(rows)) < share
    return rows.replace(y=np.where(wrong, np.where(rows.y == one, other, one), rows.y))


def judge_release(
    release: Dataset,
    split: PrivateSplit,
    auc: float,
    *,
    secret: str | int | None = None,
    random_state: int = 0,
) -> list[dict[str, Any]]:
    """Return what is known of a release, as records for a sweep.

    Parameters
    ----------
    release : Dataset
        A table of the split's columns.
    split : PrivateSplit
    auc : float
        Of a model trained on the release (`auc_of`).
    secret : str or int, optional
        The column that attribute inference guesses; without it nobody is attacked.
    random_state : int ≥ 0, default 0

    Returns
    -------
    list of dict
        ``auc``, ``n_rows``, ``lost`` (the share of rare levels that the release lacks) and, where
        people are attacked, a record per attack and group as `battery.try_attacks` has them.

    Raises
    ------
    InputError
        The release has other columns, or there is no such secret.
    """
    about = {"auc": auc, "n_rows": len(release), "lost": lost_levels(release, split.train)}
    if secret is None:
        return [about]
    options = {"secret": secret, "with_copies": False, "random_state": random_state}
    return [about | row for row in try_attacks(release, split.people, **options).to_dict("records")]
