r"""How many human labels show that a labeler is right often enough?

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
p          share of a labeler's labels that are right
p₀         the floor: the share that it must reach
n, k       audited rows, drawn at random, and how many of their labels are wrong
α          1 − confidence: the chance that a labeler at the floor passes
=========  ==================================================================================

An audit *passes* when the exact lower bound of p, one-sided, reaches p₀; that is when k or fewer
wrong labels among n would be seen with probability α at most if p were p₀.

References
----------
Clopper & Pearson (1934), Biometrika 26:404, doi:10.1093/biomet/26.4.404.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from scipy import stats

from synthlab.errors import is_number, is_whole, require

_MOST_LABELS = 1_000_000


class Audit(NamedTuple):
    """A plan: label ``n_labels`` rows; the labeler passes with ``n_wrong`` wrong ones or fewer."""

    n_labels: int
    n_wrong: int


def audit_size(
    floor: float, share_right: float = 1.0, *, power: float = 0.9, confidence: float = 0.95
) -> Audit:
    """Return the smallest audit that a labeler of a given quality is likely to pass.

    Parameters
    ----------
    floor : float in (0, 1)
        p₀.
    share_right : float in (floor, 1], default 1
        p, as it is expected: a labeler that is hardly better than the floor needs a large audit.
    power : float in (0, 1), default 0.9
        Least probability of passing.
    confidence : float in (0, 1), default 0.95
        Of the one-sided bound.

    Returns
    -------
    Audit

    Raises
    ------
    InputError
        An argument is out of range, or more than a million labels would be needed.

    Examples
    --------
    >>> audit_size(0.95)
    Audit(n_labels=59, n_wrong=0)
    >>> audit_size(0.95, 0.98)
    Audit(n_labels=311, n_wrong=9)
    """
    _require_share("floor", floor)
    _require_share("power", power)
    _require_share("confidence", confidence)
    meaning = "No audit would show what is not so."
    expected = f"a share above the floor, {floor}, and up to 1"
    is_above = is_number(share_right, 0, 1) and share_right > floor
    require(is_above, f"share_right={share_right!r}", expected, meaning, "Lower the floor.")
    counts, n_wrong, n = range(1, _MOST_LABELS + 1), 0, 0
    while n < _MOST_LABELS:
        # For so many wrong labels, the fewest rows are also those that pass most easily.
        n = 1 + bisect_left(
            counts, confidence, key=lambda n, k=n_wrong: stats.binom.sf(k, n, 1 - floor)
        )
        if stats.binom.cdf(n_wrong, n, 1 - share_right) >= power:
            return Audit(n, n_wrong)
        n_wrong += 1
    require(
        False,
        f"floor={floor} and share_right={share_right}",
        f"shares that {_MOST_LABELS:,} labels can tell apart",
        "Nobody would label as many rows.",
        "Lower the floor.",
    )


def share_at_least(n_right: int, n_labels: int, *, confidence: float = 0.95) -> float:
    """Return the exact one-sided lower bound of the share of right labels.

    Parameters
    ----------
    n_right : int from 0 to n_labels
        Audited rows on which the labeler agrees with people.
    n_labels : int ≥ 1
        Drawn at random from all that it labeled.
    confidence : float in (0, 1), default 0.95

    Raises
    ------
    InputError
        An argument is out of range.

    Examples
    --------
    >>> round(share_at_least(59, 59), 4)
    0.9505
    """
    _require_share("confidence", confidence)
    is_count = is_whole(n_labels, 1) and is_whole(n_right) and n_right <= n_labels
    expected = "as many right labels as rows, or fewer, and one row or more"
    require(is_count, f"n_right={n_right!r} of n_labels={n_labels!r}", expected, "No share.")
    test = stats.binomtest(int(n_right), int(n_labels), alternative="greater")
    return float(test.proportion_ci(confidence, "exact").low)


def _require_share(name: str, value: float) -> None:
    is_share = is_number(value, 0, 1) and 0 < value < 1
    expected = "a share between 0 and 1, neither of them"
    require(is_share, f"{name}={value!r}", expected, "No audit would follow.", "Write 5 % as 0.05.")
