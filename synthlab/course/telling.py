"""Numbers as notebooks and README say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def points_text(lift: float, low: float, high: float, unit: str = " points") -> str:
    """Return a difference of scores with its interval, in points of 100.

    Examples
    --------
    >>> points_text(0.048, 0.026, 0.07)
    '+4.8 points [+2.6, +7.0]'
    >>> points_text(-0.0004, -0.01, 0.012, unit="")
    '+0.0 [-1.0, +1.2]'
    """
    told, *ends = (
        f"{round(100 * value, 1) + 0.0:+.1f}" for value in (lift, low, high)
    )  # no "-0.0"
    return f"{told}{unit} [{', '.join(ends)}]"


def points_of(metrics: Mapping[str, Any], name: str) -> str:
    """Return a run's lift of some name, without its unit; a dash where it has none.

    Parameters
    ----------
    metrics : mapping of str to number or str
        With ``lift_NAME``, ``ci_low_NAME`` and ``ci_high_NAME``, as `claims.name_metrics` names
        them.
    name : str
    """
    keys = [f"{end}_{name}" for end in ("lift", "ci_low", "ci_high")]
    return points_text(*(metrics[key] for key in keys), unit="") if keys[0] in metrics else "–"
