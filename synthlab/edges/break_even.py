"""How many labels may be wrong before rows stop helping."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from synthlab.errors import InputError


class LabelError(NamedTuple):
    """A share of wrong labels, from 0 to 1, with the ends of its interval.

    An end is nan where the shares that were tried don't bracket it: ``low`` if not even right
    labels help significantly, ``high`` if no share that was tried hurts significantly.
    """

    share: float
    low: float
    high: float


def break_even_error(lifts: pd.DataFrame) -> LabelError:
    """Return the share of wrong labels at which the lift is 0.

    Parameters
    ----------
    lifts : pandas.DataFrame
        Columns ``share`` (of wrong labels), ``lift``, ``ci_low``, ``ci_high``; two shares or more.

    Returns
    -------
    LabelError
        ``low``: up to there the whole interval lies above 0; ``high``: from there on it lies below.

    Raises
    ------
    InputError
        Fewer than two shares, or one of them twice.

    Notes
    -----
    Each curve is followed, in straight lines, to its first crossing of 0 from above.  The ends
    hold the set of shares whose lift has 0 in its interval (as for the value of labels, and never
    ±): each interval holds for its own share, so the set has their confidence.

    Examples
    --------
    >>> lifts = pd.DataFrame({"share": [0.0, 0.2, 0.4], "lift": [2.0, 0.0, -2.0]})
    >>> lifts = lifts.assign(ci_low=lifts["lift"] - 1, ci_high=lifts["lift"] + 1)
    >>> break_even_error(lifts)
    LabelError(share=0.2, low=0.1, high=0.3)
    """
    ordered = lifts.sort_values("share")
    if len(ordered) < 2 or ordered["share"].duplicated().any():
        raise InputError(
            f"shares {ordered['share'].tolist()}: expected two or more, each once. Between them "
            f"the break-even is looked for. Try some from 0 to 0.5."
        )
    shares = ordered["share"].to_numpy(float)
    curves = (ordered[column].to_numpy(float) for column in ("lift", "ci_low", "ci_high"))
    return LabelError(*(_crossing(shares, curve) for curve in curves))


def _crossing(shares: np.ndarray, curve: np.ndarray) -> float:
    """Return where a curve first falls to 0; nan if it begins below, or never does."""
    fallen = np.flatnonzero(curve <= 0)
    if curve[0] < 0 or not len(fallen):
        return float("nan")
    at = fallen[0]
    if at == 0:
        return float(shares[0])
    before, after = curve[at - 1], curve[at]
    return float(
        round(shares[at - 1] + (shares[at] - shares[at - 1]) * before / (before - after), 12)
    )
