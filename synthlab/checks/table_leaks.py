"""Do synthetic table rows hit evaluation rows more often than training rows explain?

Rows of a table match by nature, so a match proves nothing.  Counted are the distinct synthetic rows
that no training row explains (none lies within twice the radius: generators fill the gaps between
whole numbers), and those of them that match an evaluation row: the *hits*.  Three baselines saw
training rows alone:

- a *permutation* of every column, and a Gaussian *copula*, sampled to the size of the synthetic
  set, again and again, since a larger sample of a discrete table holds rarer rows;
- *fresh rows*: training rows that no other training row explains are what a perfect generator would
  write.  A copula misses what columns have in common beyond pairs, and hits too seldom.

References
----------
Giomi et al. (2023), A unified framework for quantifying privacy risk in synthetic data,
doi:10.56553/popets-2023-0055: attack, control and baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.stats import binom

from synthlab.checks.table_points import Points, Space
from synthlab.dataset import Dataset, Features
from synthlab.errors import InputError
from synthlab.generators.copula import GaussianCopula

#: How much more often than a baseline synthetic rows may hit evaluation rows.
FACTOR = 1.5
#: Rows that a baseline draws in all, at least, and in one sample, at most.
_DRAWN, _SAMPLE = 6_000, 20_000
_MEASURED = 100


class Hits(NamedTuple):
    """Synthetic rows that hit evaluation rows.

    Attributes
    ----------
    rows : ndarray of int
        The first row of each kind.
    n_unexplained : int
        Distinct rows that no training row explains; the hits are among them.
    """

    rows: np.ndarray
    n_unexplained: int

    def p_value(self, share: float) -> float:
        """Return how likely are so many hits at `FACTOR` times a baseline's share."""
        chance = min(1.0, FACTOR * share)
        return float(binom.sf(len(self.rows) - 1, self.n_unexplained, chance))


def find_hits(rows: Points, train: Points, held_out: Points, radius: float) -> Hits:
    """Return the distinct rows that match an evaluation row, and that no training row explains."""
    distinct = rows.take(rows.distinct)
    is_new = np.isinf(distinct.distance_to(train, 2 * radius))
    new = rows.distinct[is_new]
    distance = distinct.take(is_new).distance_to(held_out, radius)
    return Hits(new[np.isfinite(distance)], len(new))


def baseline_share(
    space: Space,
    real_train: Dataset,
    train: Points,
    held_out: Points,
    n_synth: int,
    rng: np.random.Generator,
) -> float:
    """Return the largest share of hits among the new rows of any baseline.

    Parameters
    ----------
    space : Space
    real_train : Dataset
    train, held_out : Points
        Real training and evaluation rows in that space.
    n_synth : int
        Rows of the synthetic set.
    rng : numpy.random.Generator

    Notes
    -----
    Shares of the drawn baselines are cautious: of two more hits among four more rows.
    """
    shares = [_share_of_fresh_rows(train, held_out, space.radius)]
    n_rows = min(n_synth, _SAMPLE)
    sample = np.repeat(np.arange(-(-_DRAWN // n_rows)), n_rows)
    for X in _drawn(real_train, len(sample), rng):
        rows = space.points(X).apart(sample)
        hits = find_hits(rows, train, held_out, space.radius)
        shares.append((len(hits.rows) + 2) / (hits.n_unexplained + 4))
    return max(shares)


def _share_of_fresh_rows(train: Points, held_out: Points, radius: float) -> float:
    """Hold every training row against the others: what these do not explain is new."""
    is_new = ~train.has_neighbor(2 * radius)
    distance = train.take(is_new).distance_to(held_out, radius)
    return float(np.isfinite(distance).mean()) if is_new.any() else 0.0


def _drawn(real_train: Dataset, n: int, rng: np.random.Generator) -> Iterator[Features]:
    """Yield rows of generators that saw the training rows alone."""
    table = pd.DataFrame(real_train.X)
    columns = (table.iloc[rng.integers(len(table), size=n), at] for at in range(table.shape[1]))
    yield pd.concat([column.reset_index(drop=True) for column in columns], axis=1)
    try:
        yield GaussianCopula().fit(real_train, rng).sample(n, rng).X
    except InputError:  # infinite numbers, say: the others stand without it
        return


def matched_rows(
    hits: Hits, synth: Points, held_out: Points, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return every synthetic row that equals a hit, and every evaluation row that a hit matches."""
    hit = synth.take(hits.rows)
    is_hit = np.isfinite(held_out.distance_to(hit, radius))
    return np.flatnonzero(synth.equals_one_of(hit)), np.flatnonzero(is_hit)


def median_distance(hits: Hits, synth: Points, others: Points) -> float:
    """Return how far hits are from their nearest other row, in standard deviations.

    The median over the first hits; inf where no other row has their categories.
    """
    hit = synth.places[hits.rows[:_MEASURED]]
    distance = cdist(hit[:, 1:], others.places[:, 1:])
    distance[hit[:, :1] != others.places[:, 0]] = np.inf
    return float(np.median(distance.min(axis=1)))
