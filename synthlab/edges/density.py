"""How dense real rows lie where a row is: the distance to the tenth nearest real training row.

One neighbor would be fooled: a copy of a training row lies in the middle of a crowd of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from synthlab.dataset import Dataset
from synthlab.edges.space import Matrix, Space, neighbor_distances, space_of
from synthlab.errors import InputError

#: The neighbor whose distance stands for density.
N_NEIGHBORS = 10
#: Where rows may be wanted: the sparsest part, the densest, or all.
REGIONS = ("corners", "middle", "anywhere")
#: Share of real rows that belong to the corners, and share that belongs to the middle.
SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Density:
    """Made by `density_of`; see there.

    Attributes
    ----------
    space : Space
    rows : matrix of shape (n_rows, n_dimensions)
        The real training rows in that space.
    own : ndarray of shape (n_rows,)
        Their own distances, sorted; no row counts as a neighbor of itself.
    n_neighbors : int
    """

    space: Space
    rows: Matrix
    own: np.ndarray
    n_neighbors: int

    def distances(self, rows: Dataset) -> np.ndarray:
        """Return how far the tenth nearest training row is from each row, shape (n_rows,).

        Larger is sparser.  A row of the training set itself is its own nearest neighbor here.
        """
        return neighbor_distances(self.space.positions(rows), self.rows, self.n_neighbors)

    def percentiles(self, rows: Dataset) -> np.ndarray:
        """Return the share of training rows that lie denser than each row, in [0, 1].

        Ties count half.  New rows of the same source are spread evenly from 0 (the middle of
        the crowd) to 1 (the farthest corner).
        """
        found = self.distances(rows)
        below = np.searchsorted(self.own, found, "left") + np.searchsorted(self.own, found, "right")
        return below / (2 * len(self.own))


def density_of(real_train: Dataset, n_neighbors: int = N_NEIGHBORS) -> Density:
    """Learn from rows where they lie dense; their labels are not looked at.

    Parameters
    ----------
    real_train : Dataset
        Texts, a table or an array.
    n_neighbors : int ≥ 1, default 10

    Raises
    ------
    InputError
        There are not more rows than neighbors.

    Notes
    -----
    The distance to the k-th neighbor estimates density without a bandwidth (Loftsgaarden &
    Quesenberry 1965, doi:10.1214/aoms/1177700079).  50,000 e-mails against 5,863 take about 12
    seconds, and 10 more if they are read for the first time.

    Examples
    --------
    >>> crowd = Dataset(np.linspace(0, 1, 101)[:, None], np.zeros(101), "real", "crowd")
    >>> others = Dataset(np.array([[0.5], [1.0], [9.0]]), np.zeros(3), "real", "others")
    >>> density_of(crowd).percentiles(others).round(2).tolist()
    [0.15, 0.97, 1.0]
    """
    if not 1 <= n_neighbors < len(real_train):
        raise InputError(
            f"{real_train.name}: {len(real_train)} rows for n_neighbors={n_neighbors}; expected "
            f"more rows than neighbors, of which one or more. How dense they lie can't be told. "
            f"Hand in a few hundred."
        )
    space = space_of(real_train)
    rows = space.positions(real_train)
    own = np.sort(neighbor_distances(rows, rows, n_neighbors + 1))  # each is nearest to itself
    return Density(space, rows, own, n_neighbors)


def in_region(percentiles: np.ndarray, at: str, share: float = SHARE) -> np.ndarray:
    """Return which rows lie in a region, by their percentiles of density.

    Parameters
    ----------
    percentiles : ndarray of shape (n_rows,)
        From `Density.percentiles`.
    at : {"corners", "middle", "anywhere"}
    share : float in (0, 0.5], default 0.2
        Of real rows in the corners (the sparsest), and in the middle (the densest).

    Raises
    ------
    InputError
        Unknown region, or a share out of range.
    """
    check_region(at, share)
    if at == "anywhere":
        return np.ones(len(percentiles), dtype=bool)
    return percentiles >= 1 - share if at == "corners" else percentiles <= share


def regions_of(
    percentiles: np.ndarray, n_bins: int = 0, share: float = SHARE
) -> dict[str, np.ndarray]:
    """Return which rows lie everywhere, in the middle, in the corners, and in each bin.

    Parameters
    ----------
    percentiles : ndarray of shape (n_rows,)
    n_bins : int ≥ 0, default 0
        Of equal width in percentiles: 10 are deciles.  "bin 1" is the densest.
    share : float in (0, 0.5], default 0.2

    Returns
    -------
    dict of str to ndarray of bool, shape (n_rows,)
    """
    named = {"everywhere": "anywhere", "middle": "middle", "corners": "corners"}
    masks = {name: in_region(percentiles, at, share) for name, at in named.items()}
    bins = np.minimum((percentiles * n_bins).astype(int), n_bins - 1)
    return masks | {f"bin {number + 1}": bins == number for number in range(n_bins)}


class Landed(NamedTuple):
    """How many rows hit a region: their share, and its 95 % Wilson interval."""

    share: float
    low: float
    high: float
    n_rows: int


def landed_share(is_hit: np.ndarray) -> Landed:
    """Return the share of rows that hit a region; ``is_hit`` of shape (n_rows,), n_rows ≥ 1."""
    hits, n = int(np.sum(is_hit)), len(is_hit)
    ends = binomtest(hits, n).proportion_ci(method="wilson")
    return Landed(hits / n, float(ends.low), float(ends.high), n)


def check_region(at: str, share: float) -> None:
    """Raise `InputError` unless there is such a region, of such a share."""
    if at not in REGIONS:
        raise InputError(
            f"at={at!r}: expected one of {', '.join(REGIONS)}. No row lies in a region that is "
            f"not defined. Choose from these."
        )
    if not 0 < share <= 0.5:
        raise InputError(
            f"share={share}: expected more than 0 and at most 0.5. Corners and middle would "
            f"overlap, or hold nothing. Leave it at {SHARE}."
        )
