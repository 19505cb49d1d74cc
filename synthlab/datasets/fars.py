"""Real tables, ready to use: installed with the package, verified, parsed, split by repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets import registry
from synthlab.datasets.keel import read_keel
from synthlab.errors import InputError
from synthlab.splits import repeat_clusters, stratified_cluster_split

FARS_TARGET = "INJURY_SEVERITY"

#: Recorded for the dead alone, so that they tell a fatal injury from any other.
FARS_GIVEAWAYS = ("HISPANIC_ORIGIN", "RACE")


def load_fars(
    n_train: int = 67_000,
    *,
    n_eval: int | None = None,
    seed: int = 0,
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
        Rows to evaluate on; all the others without it.
    seed : int, default 0
        Chooses the rows, and the order of those that train.
    drop : sequence of str, optional
        Columns to leave out.  With `FARS_GIVEAWAYS` in, *fatal or not* can be read off.

    Returns
    -------
    real_train, real_eval : Dataset
        A table of 29 columns (integers and categories), one of 8 labels and an id a row, such as
        "fars-000123": the row's place in the file.

    Raises
    ------
    DataUnavailableError
        The package that brings the file is not installed, or the file is altered.
    InputError
        There are not as many rows, or a column to drop is no feature.

    Notes
    -----
    All rows are first cut in two by whole groups of repeats, in the ratio asked for.  A smaller
    draw then thins each side row by row, so that it repeats itself as seldom as a sample of its
    size would.  Few rows may miss a class: nine of 100,968 have the rarest label.
    """
    frame = fars_frame()
    n_eval = len(frame) - n_train if n_eval is None else n_eval
    _check_sizes(n_train, n_eval, len(frame))
    features = _features(frame, drop)
    y = frame[FARS_TARGET].astype(str).to_numpy()
    rng = np.random.default_rng(seed)
    is_eval = _evaluates(y, repeat_clusters(frame), n_eval / (n_train + n_eval), rng)
    train = _thinned(y, rng.permutation(np.flatnonzero(~is_eval)), n_train, rng)
    eval = _thinned(y, np.flatnonzero(is_eval), n_eval, rng)
    return _fars(features, y, train, "FARS train"), _fars(features, y, eval, "FARS eval")


def load_rare_fars(
    n_rare: int = 100,
    n_train: int = 67_000,
    *,
    label: str = "Injured_Severity_Unknown",
    seed: int = 0,
    drop: Sequence[str] = FARS_GIVEAWAYS,
) -> tuple[Dataset, Dataset]:
    """Load FARS as a rare class against all others: (real_train, real_eval).

    Parameters
    ----------
    n_rare : int, default 100
        Rows of the rare class to train on; all its others evaluate.
    n_train : int, default 67000
        Rows to train on in all; all others evaluate.
    label : str, default "Injured_Severity_Unknown"
        The rare class; its 299 rows are called "rare", all others "other".
    seed : int, default 0
    drop : sequence of str, default `FARS_GIVEAWAYS`
        Columns to leave out.

    Returns
    -------
    real_train, real_eval : Dataset
        See `load_fars`.  The rare class's share in eval is its own, not that in train.

    Raises
    ------
    DataUnavailableError
        The package that brings the file is not installed, or the file is altered.
    InputError
        There is no such label, a column to drop is no feature, or a side would miss a class.
    """
    frame = fars_frame()
    is_rare = (frame[FARS_TARGET] == label).to_numpy()
    if not is_rare.any():
        raise InputError(
            f"label={label!r}: no row of FARS has it. There would be nothing rare. Choose from "
            f"{', '.join(frame[FARS_TARGET].cat.categories)}."
        )
    sizes = {True: n_rare, False: n_train - n_rare}
    for side, n in sizes.items():
        _check_sizes(n, int((is_rare == side).sum()) - n, int((is_rare == side).sum()))
    y = np.where(is_rare, "rare", "other")
    features, rng = _features(frame, drop), np.random.default_rng(seed)
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
    """Return all of FARS as the file has it, in its order.

    Returns
    -------
    pandas.DataFrame of shape (100968, 30)
        25 columns are categories, whose levels are those that the file's header declares, seen
        or not; 5 are integers, codes for "unknown" among them.  The last column is the label.

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
    if unknown:
        raise InputError(
            f"drop={unknown}: no feature of FARS. A column that you meant to leave out would stay "
            f"in. Choose from {', '.join(X.columns)}."
        )
    return X.drop(columns=drop)


def _fars(X: pd.DataFrame, y: np.ndarray, rows: np.ndarray, name: str) -> Dataset:
    return Dataset(X.iloc[rows], y[rows], REAL, name, [f"fars-{row:06d}" for row in rows])


def _check_sizes(n_train: int, n_eval: int, n_rows: int) -> None:
    if n_train < 2 or n_eval < 2 or n_train + n_eval > n_rows:
        raise InputError(
            f"n_train={n_train:,} and n_eval={n_eval:,}: FARS has {n_rows:,} rows, and each side "
            f"needs two or more. A side would be short. Ask for fewer."
        )


def _evaluates(
    y: np.ndarray, clusters: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Cut all rows in two by whole clusters; True where the row may evaluate."""
    n_eval = round(len(y) * share)
    n_smaller = min(n_eval, len(y) - n_eval)  # its quotas are filled while many clusters are left
    is_chosen = stratified_cluster_split(y, clusters, n_smaller, rng)
    return is_chosen if n_smaller == n_eval else ~is_chosen


def _thinned(y: np.ndarray, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n of the rows, in their order, with their class shares."""
    if n == len(rows):
        return rows
    return rows[stratified_cluster_split(y[rows], np.arange(len(rows)), n, rng)]
