"""Whom attacks are tried on: rows that trained a generator, and held-out ones beside them.

A *target* is a row that a generator was fitted on, a *control* one that it never saw.  What an
attack achieves on controls it owes to what the synthetic rows tell about everybody; only what it
achieves on targets beyond that is a leak.

For that, targets and controls must differ in nothing else.  Discrete tables repeat themselves, and
a split that keeps repeats on one side, as `load_fars` does for the sake of scores, gives every
control away: it alone has no twin in training.  So attacks need a *split by row*.  A control may
then equal a training row, as happens to real people, and `choose_people` refuses anything else.
Leaving repeats out would also do, but would answer a question about odd people alone; these are
reported apart, as *the rare*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset, joined_features
from synthlab.errors import ContaminationError, InputError
from synthlab.generators.tables import columns_of, is_numeric
from synthlab.privacy.nearness import bare, points_of
from synthlab.stats.proportions import difference, wilson_interval

EVERYONE, RARE = "everyone", "the rare"
_FEWEST = 20  # people per group: an interval of fewer spans half of all shares
_SLACK = 0.01  # by which twins may be more frequent on one side
_SURE = 0.999  # confidence that they are
_BINS = 10  # of a number, when rarity is counted


class Group(NamedTuple):
    """People under attack."""

    name: str
    targets: Dataset
    controls: Dataset


@dataclass(frozen=True, eq=False)
class People:
    """Made by `choose_people`; see there.

    Attributes
    ----------
    groups : tuple of Group
        *Everyone* and *the rare*.
    reference : Dataset
        Held-out rows that are nobody's controls: what an attacker may know of the world.
    """

    groups: tuple[Group, ...]
    reference: Dataset


def split_by_row(rows: Dataset, n_train: int, *, random_state: int = 0) -> tuple[Dataset, Dataset]:
    """Split rows at random, one by one, whether they repeat or not: (train, held_out).

    Parameters
    ----------
    rows : Dataset
    n_train : int
        From 1 to one fewer than there are rows.
    random_state : int ≥ 0, default 0

    Raises
    ------
    InputError
        A side would be empty.
    """
    if not 1 <= n_train < len(rows):
        raise InputError(
            f"n_train={n_train:,}: expected 1 to {len(rows) - 1:,} of the {len(rows):,} rows of "
            f"{rows.name}. A side would be empty. Ask for another number."
        )
    order = np.random.default_rng(random_state).permutation(len(rows))
    train, held_out = order[:n_train], order[n_train:]
    return rows.take(train, f"{rows.name} train"), rows.take(held_out, f"{rows.name} held out")


def choose_people(
    train: Dataset,
    held_out: Dataset,
    *,
    n_people: int = 1_000,
    rare_share: float = 0.15,
    random_state: int = 0,
) -> People:
    """Draw targets from training rows, and as many controls from held-out ones.

    Parameters
    ----------
    train : Dataset
        A table: what the generator was fitted on.
    held_out : Dataset
        Rows of the same population that it never saw; see `split_by_row`.
    n_people : int ≥ 20, default 1000
        Targets, and controls, per group; fewer where there are not so many.
    rare_share : float in (0, 1), default 0.15
        How many count as rare: those with the largest sum over columns of −log(share of rows that
        have the value), label included, numbers cut at their deciles.
    random_state : int ≥ 0, default 0

    Returns
    -------
    People

    Raises
    ------
    InputError
        A parameter is out of range, the rows are texts or their columns differ, a group would
        have fewer than 20 people, or exact twins show that the split was not by row.
    ContaminationError
        An id is on both sides.
    """
    _check_parameters(train, n_people, rare_share)
    _check_split(train, held_out)
    rarity = _rarity(train, held_out)
    is_rare = rarity >= np.quantile(rarity, 1 - rare_share)
    rare_train, rare_held_out = np.split(np.flatnonzero(is_rare), [is_rare[: len(train)].sum()])
    pools = {
        EVERYONE: (np.arange(len(train)), np.arange(len(held_out))),
        RARE: (rare_train, rare_held_out - len(train)),
    }
    rng, groups, is_free = np.random.default_rng(random_state), [], np.ones(len(held_out), bool)
    for name, (members, others) in pools.items():
        n = min(n_people, len(members), len(others))
        _check_size(n, name)
        targets, controls = (rng.choice(pool, n, replace=False) for pool in (members, others))
        groups.append(Group(name, train.take(targets), held_out.take(controls)))
        is_free[controls] = False
    return People(tuple(groups), held_out.take(is_free, f"{held_out.name}, reference"))


def _rarity(train: Dataset, held_out: Dataset) -> np.ndarray:
    """Return how rare each row's values are, shape (n_train + n_held_out,)."""
    joined = bare(train) + bare(held_out)
    columns = [*columns_of(joined.X), pd.Series(joined.y)]
    return np.sum([_surprise(column) for column in columns], axis=0)


def _surprise(column: pd.Series) -> np.ndarray:
    if is_numeric(column) and column.nunique() > _BINS:
        column = pd.qcut(column, _BINS, labels=False, duplicates="drop")
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return -np.log(np.bincount(codes) / len(codes))[codes]


def _check_parameters(train: Dataset, n_people: int, rare_share: float) -> None:
    if train.is_text:
        raise InputError(
            f"{train.name} holds texts; expected a table. How near texts lie is not counted here. "
            f"Look for copies of texts with check_contamination."
        )
    if not (n_people >= _FEWEST and n_people == int(n_people)):
        raise InputError(
            f"n_people={n_people}: expected a whole number from {_FEWEST}. The interval of fewer "
            f"would tell nothing. Leave it at 1,000."
        )
    if not 0 < rare_share < 1:
        raise InputError(
            f"rare_share={rare_share}: expected more than 0 and less than 1. Nobody, or everybody, "
            f"would be rare. Leave it at 0.15."
        )


def _check_size(n: int, group: str) -> None:
    if n < _FEWEST:
        raise InputError(
            f"{group}: {n} people on the smaller side; expected {_FEWEST} or more. The interval "
            f"would tell nothing. Hand in more rows, or raise rare_share."
        )


def _check_split(train: Dataset, held_out: Dataset) -> None:
    joined_features(train, held_out)
    if train.ids is not None and held_out.ids is not None:
        both = set(train.ids) & set(held_out.ids) - {None}
        if both:
            raise ContaminationError(
                f"{len(both)} ids of {held_out.name} are also in {train.name} (first: "
                f"{min(both)}). Such a control is a target, and any leak would look smaller. Hold "
                f"out rows that the generator never saw."
            )
    _check_twins(train, held_out)


def _check_twins(train: Dataset, held_out: Dataset) -> None:
    """Refuse a split that equal rows give away: by row, both sides meet them equally often."""
    points = points_of(train, held_out)
    whole = points[0]._replace(
        codes=np.concatenate([p.codes for p in points]),
        numbers=np.concatenate([p.numbers for p in points]),
    )
    place = whole.distinct()[2]
    in_train = np.bincount(place[: len(train)], minlength=place.max() + 1)
    with_twin = {
        True: int((in_train[place[: len(train)]] > 1).sum()),
        False: int((in_train[place[len(train) :]] > 0).sum()),
    }
    shares = [
        wilson_interval(with_twin[side], n, _SURE)
        for side, n in ((True, len(train)), (False, len(held_out)))
    ]
    gap = difference(*shares)
    if gap.low > _SLACK or gap.high < -_SLACK:
        raise InputError(
            f"{shares[0].value:.0%} of the rows of {train.name} equal another one there, "
            f"{shares[1].value:.0%} of {held_out.name} do; expected about as many. Equal rows "
            f"alone would tell targets from controls, and any attack would seem to work or fail. "
            f"Join both and split them by row: split_by_row(train + held_out, n_train)."
        )
