"""Which rows each arm of notebook 08 trains on: aimed, mislabeled, from sets without overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from synthlab.dataset import Dataset
from synthlab.edges.aiming import draw_aimed
from synthlab.edges.density import REGIONS, SHARE, Landed
from synthlab.edges.labelers import Labeler, share_mislabeled
from synthlab.edges.local_lift import Trial, lift_by_region
from synthlab.errors import InputError
from synthlab.generators.base import Generator
from synthlab.metrics.grading import Metric
from synthlab.progress import track
from synthlab.stats.intervals import repeated_split_interval


class RealSet(NamedTuple):
    """Real rows of one training set, and what is kept apart from it."""

    number: int
    train: Dataset
    pool: Dataset
    others: Dataset


def disjoint_sets(
    real: Dataset, n_train: int, n_pool: int, most: int, n_others: int = 0
) -> Iterator[RealSet]:
    """Cut real rows into training sets that share none, each with a pool of its own.

    Parameters
    ----------
    real : Dataset
        In random order.
    n_train : int
        Rows of each training set.
    n_pool : int
        The fewest rows of each pool.
    most : int
        Sets, where there are rows enough.
    n_others : int, default 0
        Rows that are in neither, evenly taken from the other sets.

    Yields
    ------
    RealSet

    Raises
    ------
    InputError
        There are rows for fewer than two sets.
    """
    count = min(most, len(real) // (n_train + n_pool))
    if count < 2:
        raise InputError(
            f"{real.name}: {len(real):,} rows make {count} sets of {n_train:,} + {n_pool:,} rows; "
            f"expected two or more. Chance could not be seen. Ask for fewer rows per set."
        )
    size = len(real) // count
    for number in range(count):
        start, end = number * size, (number + 1) * size
        outside = np.r_[0:start, end : len(real)]
        kept = outside[np.linspace(0, len(outside) - 1, n_others).astype(int)]
        train = real.take(np.arange(start, start + n_train), "real train")
        pool = real.take(np.arange(start + n_train, end), "real pool")
        yield RealSet(number, train, pool, real.take(kept, "other real rows"))


def aimed_arms(
    sources: Mapping[str, Generator],
    train: Dataset,
    n: int,
    rng: np.random.Generator,
    at: Sequence[str] = REGIONS,
    share: float = SHARE,
) -> tuple[dict[str, Dataset], dict[str, Landed]]:
    """Draw n rows of each source at each region.

    Parameters
    ----------
    sources : mapping of str to Generator
    train : Dataset
        Rows that the generators are fitted on.
    n : int
    rng : numpy.random.Generator
    at : sequence of str
    share : float, default 0.2

    Returns
    -------
    arms : dict of str to Dataset
        By "source, region".
    landed : dict of str to Landed
        How often each source hit each region.
    """
    arms, landed = {}, {}
    for name, generator in sources.items():
        for region, draw in draw_aimed(generator, train, n, rng, at=at, share=share).items():
            arms[f"{name}, {region}"], landed[f"{name}, {region}"] = draw
    return arms, landed


def relabeled_arms(
    arms: Mapping[str, Dataset],
    labeler: Labeler,
    rng: np.random.Generator,
    at: Sequence[str] = ("corners",),
    source: str = "own",
) -> dict[str, Dataset]:
    """Return the rows of a source with labels from elsewhere, by "relabeled, region"."""
    rows = {region: arms[f"{source}, {region}"] for region in at}
    return {f"relabeled, {one}": own.replace(y=labeler(own, rng)) for one, own in rows.items()}


def run_trials(
    trial: Callable[[Any], Any], jobs: Iterable[Any], label: str, total: int | None = None
) -> list:
    """Run a function of one argument on many, two at a time, with a bar; return what it returns.

    Parameters
    ----------
    trial : callable
    jobs : iterable
    label : str
        Beside the bar.
    total : int, optional
        Jobs in all.
    """
    found = Parallel(n_jobs=2, return_as="generator")(delayed(trial)(job) for job in jobs)
    return list(track(found, label, total=total))


def mislabeled_arms(
    rows: Dataset, shares: Sequence[float], rng: np.random.Generator
) -> dict[str, Dataset]:
    """Return the same rows with each share of wrong labels, by "wrong labels, share"."""
    classes = rows.classes
    return {
        _wrong(share): rows.replace(y=share_mislabeled(share, classes)(rows, rng))
        for share in shares
    }


def mislabeled_lifts(
    trials: Sequence[Trial],
    real_eval: Dataset,
    right: str,
    shares: Sequence[float],
    metric: Metric,
    region: str = "corners",
) -> pd.DataFrame:
    """Return the lift in a region by share of wrong labels, for `break_even.break_even_error`.

    Parameters
    ----------
    trials : sequence of Trial
        With arms from `mislabeled_arms`.
    real_eval : Dataset
    right : str
        The arm whose labels are right: share 0.
    shares : sequence of float
    metric : Metric
    region : str, default "corners"

    Returns
    -------
    pandas.DataFrame
        Columns ``share``, ``lift``, ``ci_low``, ``ci_high``.
    """
    arms = {0.0: right} | {share: _wrong(share) for share in shares}
    rows = []
    for share, arm in arms.items():
        found = lift_by_region(trials, real_eval, arm, metric).set_index("region").loc[region]
        rows.append({"share": share, **found[["lift", "ci_low", "ci_high"]]})
    return pd.DataFrame(rows)


def _wrong(share: float) -> str:
    return f"wrong labels, {share:g}"


def mean_intervals(by_set: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each column over training sets without overlap, with its interval.

    Parameters
    ----------
    by_set : pandas.DataFrame of shape (n_sets, n_columns), n_sets ≥ 2

    Returns
    -------
    pandas.DataFrame
        By column of ``by_set``: ``mean``, ``low``, ``high`` (95 % t interval).
    """
    found = {name: repeated_split_interval(values, 0.0)[:3] for name, values in by_set.items()}
    return pd.DataFrame(found, index=["mean", "low", "high"]).T
