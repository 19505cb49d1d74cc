"""Changes of a text with a dose, and the suites that they make.

A change is a function of a text, a dose and a random generator.  Higher doses change a superset
of what lower ones change: the same words are hit in the same places, so that a dose curve is not
blurred by new draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.edges.expectations import Expectation, invariance
from synthlab.edges.suites import Suite
from synthlab.errors import InputError


@dataclass(frozen=True)
class Change:
    """A change of a text, with a dose.

    Attributes
    ----------
    name : str
        The family's, and its suites'.
    apply : callable
        (text, dose, rng) → text.  At dose 0 the text comes back as it was.
    unit : str
        What the dose counts.
    doses : tuple of float
        Of a curve.
    largest : float
        The largest dose that means something: 1 for a share.

    Examples
    --------
    >>> def shout(text, dose, rng):
    ...     is_loud = rng.random(len(text.split())) < dose
    ...     return " ".join(w.upper() if l else w for w, l in zip(text.split(), is_loud))
    >>> shouting = Change("shouting", shout, "share of words", (0.25, 0.5, 1.0))
    >>> shouting.apply("see you at noon", 1.0, np.random.default_rng(0))
    'SEE YOU AT NOON'
    """

    name: str
    apply: Callable[[str, float, np.random.Generator], str]
    unit: str
    doses: tuple[float, ...]
    largest: float = 1.0


def changed_suite(
    change: Change,
    originals: Dataset,
    dose: float,
    *,
    n_cases: int | None = None,
    expectation: Expectation | None = None,
    random_state: int = 0,
) -> Suite:
    """Draw texts and change each of them once.

    Parameters
    ----------
    change : Change
    originals : Dataset
        Texts with their labels, real or synthetic, which the tested models were not trained on.
    dose : float in [0, change.largest]
    n_cases : int, optional
        Texts to draw, without replacement; all of them without it.
    expectation : Expectation, optional
        `invariance` without one.
    random_state : int, default 0
        The same draws the same texts, hit in the same places, at every dose.

    Returns
    -------
    Suite
        Its cases are synthetic, flagged, and derived from the real texts that they change.

    Raises
    ------
    InputError
        The originals are no texts, or too few; the dose is out of range.

    Examples
    --------
    >>> from synthlab.edges import ZERO_WIDTH
    >>> spam = Dataset(pd.Series(["win money", "cheap pills"]), ["spam"] * 2, "real", "spam")
    >>> changed_suite(ZERO_WIDTH, spam, 1.0).cases.X.str.len().tolist()
    [11, 13]
    """
    _require_texts(change, originals, n_cases)
    _require_dose(change, dose)
    n = len(originals) if n_cases is None else n_cases
    rows = np.random.default_rng(random_state).permutation(len(originals))[:n]
    chosen = originals.take(np.sort(rows))
    texts = [changed_text(change, *case, dose, random_state) for case in enumerate(chosen.X)]
    cases = Dataset(
        pd.Series(texts, dtype=object),
        chosen.y,
        SYNTHETIC,
        f"{chosen.name}, {change.name} at {dose:g}",
        derived_from=sources_of(chosen),
        is_edge_case=True,
    )
    return Suite(change.name, cases, expectation or invariance(), chosen, float(dose))


def changed_text(change: Change, row: int, text: str, dose: float, random_state: int) -> str:
    """Change one text as `changed_suite` changes that of a row, by the row's own draws."""
    return change.apply(text, dose, np.random.default_rng([random_state, row]))


def dose_suites(
    change: Change, originals: Dataset, doses: Iterable[float] | None = None, **options
) -> list[Suite]:
    """Return one suite per dose, of the same texts; ``options`` as for `changed_suite`.

    Parameters
    ----------
    change : Change
    originals : Dataset
    doses : iterable of float, optional
        Those of the change without them.
    """
    chosen = change.doses if doses is None else doses
    return [changed_suite(change, originals, dose, **options) for dose in chosen]


def with_expectation(suite: Suite, expectation: Expectation) -> Suite:
    """Return the same cases under another expectation."""
    return replace(suite, expectation=expectation)


def sources_of(rows: Dataset) -> list[tuple[str, ...]]:
    """Return, by row, the ids of the real rows that a change of it is made from."""
    ids = [None] * len(rows) if rows.ids is None else rows.ids
    return [
        (str(id),) if origin == REAL and id is not None else parents
        for id, origin, parents in zip(ids, rows.origin, rows.derived_from, strict=True)
    ]


def _require_texts(change: Change, originals: Dataset, n_cases: int | None) -> None:
    if not originals.is_text:
        raise InputError(
            f"{change.name}: {originals.name} holds a table; expected texts. There are no words "
            f"to change. Use the table's suites, or hand in texts."
        )
    n = len(originals) if n_cases is None else n_cases
    if not 1 <= n <= len(originals):
        raise InputError(
            f"{change.name}: n_cases={n_cases}, and {originals.name} has {len(originals)} texts. A "
            f"text that is drawn twice would count twice. Ask for 1 to {len(originals)}."
        )


def _require_dose(change: Change, dose: float) -> None:
    if not 0 <= dose <= change.largest or not np.isfinite(dose):
        raise InputError(
            f"{change.name}: dose={dose!r}; expected {change.unit} from 0 to {change.largest:g}. "
            f"Nothing could be changed by it. Choose from {', '.join(map(str, change.doses))}."
        )
