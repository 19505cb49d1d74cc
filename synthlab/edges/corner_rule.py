"""C9's rule: do corner rows lift corners, spare the middle, and do middle rows lift nothing?"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

TRUE_ROWS = "the corner rows are real, not a copula's"
LEARNED = "the middle is learned"


class Findings(NamedTuple):
    """What the rule asks of one kind of labels, at one number of real rows.

    Attributes
    ----------
    lifts : bool
        Corner rows lift the corners by more than the margin, with the whole interval.
    spares : bool
        They don't hurt the middle by more than the margin.
    idle : bool
        Middle rows lift nothing by more than the margin: no interval's upper end exceeds it.
    hardly_lifts : bool
        Corner rows lift the corners by no more than the margin, with the whole interval.
    """

    lifts: bool
    spares: bool
    idle: bool
    hardly_lifts: bool


class CornerVerdict(NamedTuple):
    """The verdict on the claim, and the conditions that it names."""

    word: str
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the verdict as a sentence would have it."""
        named = " and ".join(self.conditions)
        return f"{self.word}: where {named}" if named else self.word


def corner_findings(lifts: pd.DataFrame, source: str) -> Findings:
    """Hold the intervals of a source's two arms against the rule.

    Parameters
    ----------
    lifts : pandas.DataFrame
        From `local_lift.lift_table`, with the arms "source, corners" and "source, middle".
    source : str
    """
    by_arm = lifts.set_index(["arm", "region"])
    corner, middle = (by_arm.loc[f"{source}, {at}"] for at in ("corners", "middle"))
    margin = corner["margin"]
    regions = ["everywhere", "middle", "corners"]
    is_idle = (middle["ci_high"] <= middle["margin"]).loc[regions].all()
    return Findings(
        lifts=bool(corner["ci_low"]["corners"] > margin["corners"]),
        spares=bool(corner["ci_low"]["middle"] >= -margin["middle"]),
        idle=bool(is_idle),
        hardly_lifts=bool(corner["ci_high"]["corners"] <= margin["corners"]),
    )


def judge_corners(oracle: Findings, own: Findings, oracle_learned: Findings) -> CornerVerdict:
    """Turn findings into C9's verdict.

    Parameters
    ----------
    oracle, own : Findings
        With right labels, and with those of the generator.
    oracle_learned : Findings
        With right labels, at so many real rows that the middle counts as learned.

    Examples
    --------
    >>> lifted = Findings(lifts=True, spares=True, idle=True, hardly_lifts=False)
    >>> print(judge_corners(lifted, lifted._replace(lifts=False), lifted))
    partly supported: where the corner rows are real, not a copula's
    """
    if oracle.hardly_lifts:
        return CornerVerdict("not reproduced")
    if not (oracle.lifts and oracle.spares and (oracle.idle or oracle_learned.idle)):
        return CornerVerdict("undecided")
    conditions = () if oracle.idle else (LEARNED,)
    if not (own.lifts and own.spares and (own.idle or not oracle.idle)):
        conditions = (TRUE_ROWS, *conditions)
    return CornerVerdict("partly supported" if conditions else "supported", conditions)
