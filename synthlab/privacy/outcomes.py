"""What attacks achieved: on targets, on controls, beyond guessing; with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthlab.errors import InputError
from synthlab.privacy.people import Group, People
from synthlab.stats.proportions import Estimate, area_interval, difference, wilson_interval


@dataclass(frozen=True)
class Outcome:
    """What an attack achieved on a group of people.

    Attributes
    ----------
    attack, group : str
    n_targets, n_controls : int
    targets, controls : Estimate
        Share of each on whom it succeeded, with Wilson's interval.
    guess : float
        What guessing achieves on the targets.
    advantage : Estimate
        ``targets`` less ``controls``, in [−1, 1], with Newcombe's interval: the risk.
    area : Estimate or None
        Of an attack that ranks people: the area under the ROC curve of targets against controls.
    """

    attack: str
    group: str
    n_targets: int
    n_controls: int
    targets: Estimate
    controls: Estimate
    guess: float
    advantage: Estimate
    area: Estimate | None = None


@dataclass(frozen=True)
class AttackResult:
    """What an attack achieved on everyone, and on the rare.

    Attributes
    ----------
    outcomes : tuple of Outcome
        One per group.
    """

    outcomes: tuple[Outcome, ...]

    def __getitem__(self, group: str) -> Outcome:
        """Return the outcome of a group, by name."""
        for outcome in self.outcomes:
            if outcome.group == group:
                return outcome
        names = ", ".join(repr(outcome.group) for outcome in self.outcomes)
        raise InputError(f"{group!r}: no such group was attacked. Choose from {names}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group.

        Returns
        -------
        pandas.DataFrame
            ``attack``, ``group``, ``n_targets``, ``n_controls``, ``guess``; ``targets``,
            ``controls``, ``advantage`` and ``area``, each with its ``_low`` and ``_high``, which
            are nan where the attack ranks nobody.
        """
        return pd.DataFrame([_record(outcome) for outcome in self.outcomes])


class Tried(NamedTuple):
    """On whom of a group an attack succeeded.

    Attributes
    ----------
    targets, controls : ndarray of bool, shape (n_targets,) and (n_controls,)
    guess : float
        See `Outcome`.
    area : float, optional
    """

    targets: np.ndarray
    controls: np.ndarray
    guess: float
    area: float | None = None


def judged(
    name: str, people: People, attack: Callable[[Group], Tried], confidence: float
) -> AttackResult:
    """Try an attack on each group, and put intervals around what it achieved.

    Parameters
    ----------
    name : str
        Of the attack.
    people : People
    attack : callable
        From a `Group` to what was `Tried` on it.
    confidence : float in (0, 1)
    """
    outcomes = (_outcome(name, group, attack(group), confidence) for group in people.groups)
    return AttackResult(tuple(outcomes))


def _outcome(name: str, group: Group, tried: Tried, confidence: float) -> Outcome:
    n = len(tried.targets), len(tried.controls)
    targets = wilson_interval(tried.targets.sum(), n[0], confidence)
    controls = wilson_interval(tried.controls.sum(), n[1], confidence)
    area = None if tried.area is None else area_interval(tried.area, *n, confidence)
    advantage = difference(targets, controls)
    return Outcome(name, group.name, *n, targets, controls, float(tried.guess), advantage, area)


def _record(outcome: Outcome) -> dict[str, Any]:
    record = {}
    for field, value in vars(outcome).items():
        if field in ("targets", "controls", "advantage", "area"):
            value, low, high = value or Estimate(np.nan, np.nan, np.nan)
            record |= {field: value, f"{field}_low": low, f"{field}_high": high}
        else:
            record[field] = value
    return record
