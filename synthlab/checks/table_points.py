"""Table rows as points, so that equal and nearly equal rows can be found fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.spatial import cKDTree
from scipy.stats import chi2

from synthlab.dataset import REAL, Dataset

#: Of rows that differ by noise of size jitter alone, the share that matches.
_FOUND_SHARE = 0.999


class Places(NamedTuple):
    """Rows as points, and a tree of their distinct places.

    Attributes
    ----------
    points : ndarray of shape (n_rows, 1 + n_numeric)
    tree : cKDTree
    row_at : ndarray of int
        The first row at each place of the tree.
    """

    points: np.ndarray
    tree: cKDTree
    row_at: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray) -> Places:
        """Equal rows share one place: thousands of equal points would make the tree slow."""
        row_at = np.flatnonzero(~pd.DataFrame(points).duplicated())
        return cls(points, cKDTree(points[row_at]), row_at)


def places_of(
    sets: Mapping[str, Dataset], table: pd.DataFrame, jitter: float
) -> tuple[dict[str, Places], float]:
    """Lay out several data sets in one space.

    Parameters
    ----------
    sets : mapping of str to Dataset
    table : pandas.DataFrame
        Their features, one set below the other.
    jitter : float > 0
        Noise on a copy's numbers that is seen through, in standard deviations of the real rows.

    Returns
    -------
    places : dict of str to Places
        The first coordinate keeps rows apart whose categorical values differ; the others are the
        numbers, in standard deviations of the real rows.
    radius : float
        Within which two rows match: 99.9 % of rows do that differ by such noise alone.
    """
    numeric = [column for column in table if is_numeric_dtype(table[column])]
    radius = jitter * np.sqrt(chi2.ppf(_FOUND_SHARE, max(1, len(numeric))))
    values = table[numeric].to_numpy(dtype=float, na_value=np.nan)
    finite = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
    is_real = np.concatenate([data.origin for data in sets.values()]) == REAL
    spread = finite[is_real].std(ddof=0).to_numpy()
    scaled = finite.fillna(0.0).to_numpy() / np.where(spread > 0, spread, 1.0)
    # Numbers that are not finite are categories of their own: missing matches missing.
    gaps = np.select([np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3], 0)
    keys = pd.concat([table.drop(columns=numeric).astype(str), pd.DataFrame(gaps)], axis=1)
    keys.columns = range(keys.shape[1])
    group = pd.factorize(pd.util.hash_pandas_object(keys, index=False))[0]
    points = np.column_stack([4 * radius * group, scaled]) + 0.0  # + 0.0: no minus zero
    parts = np.split(points, np.cumsum([len(data) for data in sets.values()])[:-1])
    return {name: Places.of(part) for name, part in zip(sets, parts, strict=True)}, radius
