"""FARS, a real table: persons in fatal road accidents, split without separating repeated rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets import registry
from synthlab.datasets.keel import read_keel
from synthlab.errors import is_whole, require
from synthlab.splits import repeat_clusters, require_seed, stratified_cluster_split

FARS_TARGET = "INJURY_SEVERITY"

#: Recorded only for the dead, so that they reveal whether an injury was fatal.
FARS_GIVEAWAYS = ("HISPANIC_ORIGIN", "RACE")
_SHORT = "A side of the split would be too small."


def load_fars(
    n_train: int = 67_000,
    *,
    n_eval: int | None = None,
    random_state: int = 0,
    drop: Sequence[str] = (),
) -> tuple[Dataset, Dataset]:
    """Load persons in fatal US road accidents as (real_train, real_eval).

    Both sides have the class shares of all rows, as near as whole rows allow, and no two exact
    repeats (same features, same label) stand on different sides.  Takes one to two seconds.  See
    the card in ``data/README.md``.

    Parameters
    ----------
    n_train : int, default 67000
        Rows to train on.
    n_eval : int, optional
        Rows to evaluate on; by default all others.
    random_state : int ≥ 0, default 0
        Chooses the rows, and the order of those that train.
    drop : sequence of str, optional
        Columns to leave out.  `FARS_GIVEAWAYS` reveal whether an injury was fatal.

    Returns
    -------
    real_train, real_eval : Dataset
        A table of 29 columns (integers and categories); per row one of 8 labels and an id such as
        "fars-000123", the row's place in the file.

    Raises
    ------
    DataUnavailableError
        The package that brings the file is not installed, or the file is altered.
    InputError
        There are not as many rows, a column to drop is no feature, or ``random_state`` is no seed.

    Notes
    -----
    All rows are first split in the ratio asked for; groups of repeated rows stay whole.  For a
    smaller draw, each side is then thinned row by row, so that it repeats itself as rarely as a
    sample of its size.  A small draw may miss a class: nine of 100,968 rows have the rarest label.
    """
    frame = fars_frame()
    n_eval = len(frame) - n_train if n_eval is None and is_whole(n_train) else n_eval
    _check_sizes(n_train, n_eval, len(frame))
    features = _features(frame, drop)
    y = frame[FARS_TARGET].astype(str).to_numpy()
    rng = np.random.default_rng(require_seed(random_state))
    is_eval = _evaluates(y, repeat_clusters(frame), n_eval / (n_train + n_eval), rng)
    train = _thinned(y, rng.permutation(np.flatnonzero(~is_eval)), n_train, rng)
    held_out = _thinned(y, np.flatnonzero(is_eval), n_eval, rng)
    return _fars(features, y, train, "FARS train"), _fars(features, y, held_out, "FARS eval")


def load_rare_fars(
    *,
    n_rare: int = 100,
    n_train: int = 67_000,
    label: str = "Injured_Severity_Unknown",
    random_state: int = 0,
    drop: Sequence[str] = FARS_GIVEAWAYS,
) -> tuple[Dataset, Dataset]:
    """Load FARS as a rare class against all others: (real_train, real_eval).

    Parameters
    ----------
    n_rare : int, default 100
        Rows of the rare class to train on; its other rows are for evaluation.
    n_train : int, default 67000
        Rows to train on in all; the others are for evaluation.
    label : str, default "Injured_Severity_Unknown"
        The rare class; its 299 rows are called "rare", all others "other".
    random_state : int ≥ 0, default 0
    drop : sequence of str, default `FARS_GIVEAWAYS`
        Columns to leave out.

    Returns
    -------
    real_train, real_eval : Dataset
        See `load_fars`.  The rare class has another share of the evaluation rows than of the
        training rows.

    Raises
    ------
    DataUnavailableError
        The package that brings the file is not installed, or the file is altered.
    InputError
        There is no such label, a column to drop is no feature, a side would miss a class, or
        ``random_state`` is no seed.
    """
    frame = fars_frame()
    is_rare = (frame[FARS_TARGET] == label).to_numpy()
    require(
        is_rare.any(),
        f"label={label!r}",
        f"one of {', '.join(frame[FARS_TARGET].cat.categories)}",
        "No row of FARS has it.",
        "Choose one of these.",
    )
    are_whole = is_whole(n_rare) and is_whole(n_train)
    require(are_whole, f"n_rare={n_rare}, n_train={n_train}", "two whole numbers", _SHORT)
    sizes = {True: n_rare, False: n_train - n_rare}
    for side, n in sizes.items():
        _check_sizes(n, int((is_rare == side).sum()) - n, int((is_rare == side).sum()))
    y = np.where(is_rare, "rare", "other")
    features, rng = _features(frame, drop), np.random.default_rng(require_seed(random_state))
    clusters = repeat_clusters(features.assign(label=y))
    is_eval = np.zeros(len(y), dtype=bool)
    for side, n in sizes.items():
        rows = np.flatnonzero(is_rare == side)
        of_side = np.unique(clusters[rows], return_inverse=True)[1]
        is_eval[rows] = _evaluates(y[rows], of_side, 1 - n / len(rows), rng)
    train = rng.permutation(np.flatnonzero(~is_eval))
    rest = np.flatnonzero(is_eval)
    return _fars(features, y, train, "FARS train"), _fars(features, y, rest, "FARS eval")


def fars_frame() -> pd.DataFrame:
    """Return all of FARS, in the file's order.

    Returns
    -------
    pandas.DataFrame of shape (100968, 30)
        25 columns are categories, with all levels that the file's header declares; 5 are integers,
        some of which are codes for "unknown".  The last column is the label.

    Raises
    ------
    DataUnavailableError
        The package that brings the file is not installed, or the file is altered.
    """
    return read_keel(registry.installed_file("fars"))


def _features(frame: pd.DataFrame, drop: Sequence[str]) -> pd.DataFrame:
    drop = [drop] if isinstance(drop, str) else list(drop)
    X = frame.drop(columns=FARS_TARGET)
    unknown = sorted(set(drop) - set(X.columns))
    require(
        not unknown,
        f"drop={unknown}",
        f"features of FARS ({', '.join(X.columns)})",
        "A column that should be left out would stay in.",
        "Correct the name.",
    )
    return X.drop(columns=drop)


def _fars(X: pd.DataFrame, y: np.ndarray, rows: np.ndarray, name: str) -> Dataset:
    return Dataset(X.iloc[rows], y[rows], REAL, name, [f"fars-{row:06d}" for row in rows])


def _check_sizes(n_train: int, n_eval: int, n_rows: int) -> None:
    are_fine = is_whole(n_train, 2) and is_whole(n_eval, 2) and n_train + n_eval <= n_rows
    offender = f"n_train={n_train} and n_eval={n_eval}"
    expected = f"whole numbers from 2 that sum to at most {n_rows:,}, the rows of FARS"
    require(are_fine, offender, expected, _SHORT, "Ask for fewer.")


def _evaluates(
    y: np.ndarray, clusters: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Split all rows by whole clusters; True where the row is for evaluation."""
    n_eval = round(len(y) * share)
    n_smaller = min(n_eval, len(y) - n_eval)  # its quotas are filled while many clusters are left
    is_chosen = stratified_cluster_split(y, clusters, n_smaller, rng)
    return is_chosen if n_smaller == n_eval else ~is_chosen


def _thinned(y: np.ndarray, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n of the rows, in their order, with their class shares."""
    if n == len(rows):
        return rows
    return rows[stratified_cluster_split(y[rows], np.arange(len(rows)), n, rng)]
