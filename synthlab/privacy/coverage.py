"""Who is missing from a synthetic table: levels that few real rows have, and no synthetic one."""

from __future__ import annotations

import pandas as pd

from synthlab.dataset import Dataset, joined_features
from synthlab.errors import is_number, require
from synthlab.generators.tables import columns_of, is_numeric


def lost_levels(synthetic: Dataset, real: Dataset, *, rare_share: float = 0.01) -> float:
    """Return the share of rare levels that no synthetic row has; nan where there are none.

    Parameters
    ----------
    synthetic, real : Dataset
        Tables of the same columns.
    rare_share : float in (0, 1], default 0.01
        The largest share of real rows that a rare level has.  Columns of numbers do not count.

    Raises
    ------
    InputError
        ``rare_share`` is out of range, or the columns differ.
    """
    require(
        is_number(rare_share, 0, 1) and rare_share > 0,
        f"rare_share={rare_share}",
        "more than 0 and at most 1",
        "No level would be rare.",
        "Leave it at 0.01.",
    )
    joined_features(synthetic, real)  # refuses other columns
    pairs = zip(columns_of(synthetic.X), columns_of(real.X), strict=True)
    is_lost = [
        level not in set(made.unique())
        for made, column in pairs
        if not is_numeric(column)
        for level in _rare(column, rare_share)
    ]
    return float(pd.Series(is_lost, dtype=float).mean())


def _rare(column: pd.Series, rare_share: float) -> list:
    shares = column.value_counts(normalize=True)
    return list(shares.index[(shares > 0) & (shares <= rare_share)])
