"""Splits into training and evaluation rows that keep clusters of near-duplicates whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from synthlab.dataset import Dataset
from synthlab.errors import InputError, is_number, is_whole, require


def stratified_cluster_split(
    y: np.ndarray,
    clusters: np.ndarray,
    n_eval: int,
    rng: np.random.Generator,
    *,
    may_lack: int = 0,
) -> np.ndarray:
    """Draw evaluation rows by whole clusters, with the class shares of all rows.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
    clusters : ndarray of int, shape (n_rows,)
        Rows of one cluster stay on one side.
    n_eval : int
        Rows to evaluate on, in all.
    rng : numpy.random.Generator
    may_lack : int, default 0
        How many evaluation rows may be missing where no cluster is small enough for the last ones.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        True for evaluation rows: ``n_eval`` of them, or at most ``may_lack`` fewer.

    Raises
    ------
    InputError
        The clusters are too coarse to give that many rows in these shares.
    """
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    room = _quotas(counts, n_eval)
    n_clusters = clusters.max() + 1
    members = np.zeros((n_clusters, len(counts)), dtype=int)
    np.add.at(members, (clusters, codes), 1)
    chosen = np.zeros(n_clusters, dtype=bool)
    for cluster in rng.permutation(n_clusters):
        if (members[cluster] <= room).all():
            chosen[cluster] = True
            room = room - members[cluster]
    require(
        room.sum() <= may_lack,
        f"{room.sum()} of {n_eval} eval rows cannot be filled by whole clusters of near-duplicates",
        "enough single rows to fill the quota",
        "The split would be smaller than promised.",
        "Ask for another number of training rows.",
    )
    return chosen[clusters]


def split_rows(
    data: Dataset, eval_share: float = 0.2, *, by: str = "random", random_state: int = 0
) -> tuple[Dataset, Dataset]:
    """Split rows into (training, evaluation); a group is never cut in two.

    Parameters
    ----------
    data : Dataset
    eval_share : float in (0, 1), default 0.2
    by : {"random", "time"}, default "random"
        *random*: with the class shares of all rows, as near as whole groups allow.  *time*: the
        latest rows evaluate; later rows of a group that has earlier ones are left out.
    random_state : int ≥ 0, default 0

    Returns
    -------
    train, evaluation : Dataset

    Raises
    ------
    InputError
        A side would be empty, the rows have no time, or the groups are too large for the share.
    """
    n_eval = round(eval_share * len(data)) if is_number(eval_share, 0, 1) else 0
    expected = f"a share that leaves rows on both sides of {len(data)}"
    require(0 < n_eval < len(data), f"eval_share={eval_share!r}", expected, "Nothing was split.")
    require(by in ("random", "time"), f"by={by!r}", "'random' or 'time'", "Nothing was split.")
    clusters = group_codes(data)
    if by == "time":
        if data.time is None:
            raise InputError(
                f"{data.name} has no time, so its rows cannot be put in order. Give it: "
                f"Dataset(..., time=...)."
            )
        train, held_out = time_split(data.time, clusters, len(data) - n_eval)
        return data.take(train, f"{data.name} train"), data.take(held_out, f"{data.name} eval")
    rng = np.random.default_rng(random_state)
    may_lack = 0 if data.groups is None else n_eval // 5
    is_eval = stratified_cluster_split(data.y, clusters, n_eval, rng, may_lack=may_lack)
    return data.take(~is_eval, f"{data.name} train"), data.take(is_eval, f"{data.name} eval")


def draw_like(rows: Dataset, source: Dataset, rng: np.random.Generator) -> Dataset:
    """Draw as many rows of each class from a source as some rows have.

    Two training sets of one size then have the same class shares, too, and a difference of their
    scores is no shift of the threshold.

    Parameters
    ----------
    rows, source : Dataset
    rng : numpy.random.Generator

    Returns
    -------
    Dataset
        Rows of ``source``, none of them twice, class by class.

    Raises
    ------
    InputError
        The source has fewer rows of a class.
    """
    order = rng.permutation(len(source))
    drawn = []
    for label in rows.classes:
        n, places = int((rows.y == label).sum()), order[source.y[order] == label]
        require(
            n <= len(places),
            f"{source.name}: {len(places):,} rows labeled {str(label)!r}",
            f"{n:,} or more, as many as {rows.name} has",
            "The classes could not be matched.",
            "Hand in more rows of it, or fewer to match.",
        )
        drawn.append(places[:n])
    return source.take(np.concatenate(drawn))


def repeated_folds(y: np.ndarray, n_folds: int, seeds: Sequence[int]) -> list[np.ndarray]:
    """Return who is held out in repeated stratified cross-validation.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
    n_folds : int ≥ 2
    seeds : sequence of int, shape (n_repeats,)

    Returns
    -------
    list of ndarray of bool, shape (n_rows,)
        n_repeats · n_folds masks; every row is held out once per repeat.
    """
    masks = []
    for seed in seeds:
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
        for _, held_out in folds.split(np.zeros(len(y)), y):
            masks.append(np.isin(np.arange(len(y)), held_out))
    return masks


def group_codes(data: Dataset) -> np.ndarray:
    """Return a number per row, shape (n_rows,): equal in one group; without groups all differ."""
    if data.groups is None:
        return np.arange(len(data))
    codes, groups = pd.factorize(data.groups)
    return pd.factorize(groups.astype(str), sort=True)[0][codes]


def time_split(
    when: np.ndarray, clusters: np.ndarray, n_train: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split by time: train on the earliest rows, evaluate on later ones that repeat none of them.

    Parameters
    ----------
    when : ndarray of datetime64, shape (n_rows,)
    clusters : ndarray of int, shape (n_rows,)
        A later row that shares a cluster with an earlier one is left out of both sides.
    n_train : int

    Returns
    -------
    train, later : ndarray of int
        Positions of training and of evaluation rows, in order of time.
    """
    order = np.argsort(when, kind="stable")
    earlier, later = order[:n_train], order[n_train:]
    return earlier, later[~np.isin(clusters[later], clusters[earlier])]


def _quotas(counts: np.ndarray, n_eval: int) -> np.ndarray:
    """Share ``n_eval`` among classes by size; the largest remainders get the odd rows."""
    exact = counts * n_eval / counts.sum()
    quotas = np.floor(exact).astype(int)
    odd = n_eval - quotas.sum()
    quotas[np.argsort(exact - quotas)[::-1][:odd]] += 1
    return quotas


def repeat_clusters(frame: pd.DataFrame) -> np.ndarray:
    """Return one number per row, shape (n_rows,): the same where all columns are equal."""
    by = [frame.iloc[:, column] for column in range(frame.shape[1])]
    return frame.groupby(by, observed=True, sort=False, dropna=False).ngroup().to_numpy()


def require_seed(random_state: int) -> int:
    """Return a seed; raise `InputError` unless it is a whole number, 0 or more."""
    expected = "a whole number, 0 or more"
    meaning = "Rows could not be drawn repeatably."
    require(is_whole(random_state), f"random_state={random_state!r}", expected, meaning)
    return random_state
