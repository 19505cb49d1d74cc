"""What a case expects of a model, in CheckList's three terms.

=====================  =======================================================================
minimum functionality  the model gives the case's own label
invariance             the model gives the label that it gave the original
direction              the probability of a label moves by at least so much (it may be < 0)
=====================  =======================================================================

References
----------
Ribeiro, Wu, Guestrin & Singh (2020), "Beyond accuracy: behavioral testing of NLP models with
CheckList", doi:10.18653/v1/2020.acl-main.442.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synthlab.errors import InputError

MINIMUM_FUNCTIONALITY, INVARIANCE, DIRECTION = "minimum functionality", "invariance", "direction"


@dataclass(frozen=True)
class Expectation:
    """What each case of a suite expects; made by the three functions below.

    Attributes
    ----------
    kind : {"minimum functionality", "invariance", "direction"}
    label : optional
        Of *direction*: the label whose probability is watched.
    at_least : float in [-1, 1]
        Of *direction*: probability(case) − probability(original) must not be below it.
    """

    kind: str
    label: Any = None
    at_least: float = 0.0

    @property
    def needs_originals(self) -> bool:
        """Whether a case is compared with the input that it was made from."""
        return self.kind != MINIMUM_FUNCTIONALITY

    def __str__(self) -> str:
        if self.kind != DIRECTION:
            return self.kind
        return f"{self.kind}: P({self.label}) changes by {self.at_least:+g} or more"


def minimum_functionality() -> Expectation:
    """Expect that a case gets its own label."""
    return Expectation(MINIMUM_FUNCTIONALITY)


def invariance() -> Expectation:
    """Expect that a case gets the label of its original, right or wrong."""
    return Expectation(INVARIANCE)


def direction(label: Any, at_least: float = 0.0) -> Expectation:
    """Expect that the probability of a label moves in one direction.

    Parameters
    ----------
    label
        One of the labels that the model knows.
    at_least : float in [-1, 1], default 0
        The smallest change from the original that passes; −0.1 allows a fall by 10 points.

    Raises
    ------
    InputError
        ``at_least`` is no such number.

    Examples
    --------
    >>> print(direction("spam", at_least=-0.1))
    direction: P(spam) changes by -0.1 or more
    """
    if not -1 <= at_least <= 1:
        raise InputError(
            f"at_least={at_least!r}: expected a change of a probability, from -1 to 1. Every case "
            f"would fail, or none. Write 10 points as 0.1."
        )
    return Expectation(DIRECTION, label, float(at_least))
