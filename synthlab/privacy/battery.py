"""All attacks on one synthetic table, and what several tables' attacks come to.

Several splits give several tables, and each is attacked beside people of its own.  Their successes
are pooled: as many tries on targets, as many on controls, one interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.privacy.attacks import (
    find_copies,
    infer_attribute,
    infer_membership_by_density,
    infer_membership_by_distance,
)
from synthlab.privacy.people import People
from synthlab.stats.proportions import area_interval, difference, wilson_interval


def try_attacks(
    synthetic: Dataset,
    people: People,
    *,
    secret: str | int,
    with_copies: bool = True,
    random_state: int = 0,
) -> pd.DataFrame:
    """Try every attack of `attacks` with its defaults.

    Parameters
    ----------
    synthetic : Dataset
        A table of the people's columns.
    people : People
    secret : str, or int for an array
        The column that attribute inference guesses.
    with_copies : bool, default True
        Whether exact copies are counted too: what attacks by distance find first.
    random_state : int ≥ 0, default 0

    Returns
    -------
    pandas.DataFrame
        A row per attack and group, as `outcomes.AttackResult.to_frame` has them.

    Raises
    ------
    InputError
        See the attacks.
    """
    seed = {"random_state": random_state}
    results = [
        infer_membership_by_distance(synthetic, people, **seed),
        infer_membership_by_density(synthetic, people, **seed),
        infer_attribute(synthetic, people, secret),
    ]
    if with_copies:
        results.append(find_copies(synthetic, people, **seed))
    return pd.concat([result.to_frame() for result in results], ignore_index=True)


def pool_attacks(
    tried: pd.DataFrame, by: Sequence[str] = (), *, confidence: float = 0.95
) -> pd.DataFrame:
    """Pool what attacks achieved over several tries.

    Parameters
    ----------
    tried : pandas.DataFrame
        Rows of `try_attacks`, with further columns to tell generators apart.
    by : sequence of str, default ()
        Those columns; ``attack`` and ``group`` are always kept apart.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    pandas.DataFrame
        ``by``, ``attack``, ``group``, ``n_tries``, ``n_targets``, ``n_controls``, ``guess``;
        ``targets``, ``controls``, ``advantage`` and ``area``, each with ``_low`` and ``_high``.

    Raises
    ------
    InputError
        Nothing was tried, a column is missing, or confidence is out of range.

    Notes
    -----
    Shares get Wilson's intervals, advantages Newcombe's, areas Newcombe's of their mean.  People of
    one try share a table: what varies by table alone is in the intervals in so far as tries differ.
    """
    if not 0 < confidence < 1:
        raise InputError(
            f"confidence={confidence}: expected more than 0 and less than 1. No interval has it. "
            f"Leave it at 0.95."
        )
    keys = [*by, "attack", "group"]
    missing = [name for name in keys if name not in tried.columns]
    if missing or tried.empty:
        lack = f"no column {missing[0]!r}" if missing else "no row"
        raise InputError(
            f"what was tried has {lack}; expected rows of try_attacks, and columns that tell "
            f"generators apart. There is nothing to pool. Try the attacks first."
        )
    rows = [
        dict(zip(keys, key, strict=True)) | _pooled(group, confidence)
        for key, group in tried.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def worst_attack(
    tried: pd.DataFrame, by: Sequence[str], *, group: str, confidence: float = 0.95
) -> pd.DataFrame:
    """Return, per generator, the attack that gained most on a group.

    Parameters
    ----------
    tried : pandas.DataFrame
        See `pool_attacks`.
    by : sequence of str
        Columns that tell generators apart.
    group : str
        `people.EVERYONE` or `people.RARE`.
    confidence : float in (0, 1), default 0.95
        Of all attacks' intervals at once (Bonferroni): the worst was chosen after looking.

    Returns
    -------
    pandas.DataFrame
        As `pool_attacks`, one row per generator.
    """
    of_group = tried[tried["group"] == group]
    each = 1 - (1 - confidence) / max(1, of_group["attack"].nunique())
    pooled = pool_attacks(of_group, by, confidence=each)
    worst = pooled.groupby(list(by), sort=False)["advantage"].idxmax()
    return pooled.loc[worst].reset_index(drop=True)


def _pooled(rows: pd.DataFrame, confidence: float) -> dict[str, float]:
    n_targets, n_controls = int(rows["n_targets"].sum()), int(rows["n_controls"].sum())
    targets, controls = (
        wilson_interval(_hits(rows, side), n, confidence)
        for side, n in (("targets", n_targets), ("controls", n_controls))
    )
    found = {"targets": targets, "controls": controls, "advantage": difference(targets, controls)}
    if rows["area"].notna().all():
        area = float((rows["area"] * rows["n_targets"]).sum() / n_targets)
        found["area"] = area_interval(area, n_targets, n_controls, confidence)
    guess = float((rows["guess"] * rows["n_targets"]).sum() / n_targets)
    record = {"n_tries": len(rows), "n_targets": n_targets, "n_controls": n_controls}
    record["guess"] = guess
    for name, estimate in found.items():
        record |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return record


def _hits(rows: pd.DataFrame, side: str) -> int:
    return int((rows[side] * rows[f"n_{side}"]).round().sum())
