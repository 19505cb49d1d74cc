"""Suites, run on models: what failed, what crashed, and how sure the rate is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset, Features
from synthlab.edges import sizing
from synthlab.edges.expectations import DIRECTION, INVARIANCE, Expectation
from synthlab.edges.suites import Suite
from synthlab.errors import InputError
from synthlab.stats.intervals import Interval


@dataclass(frozen=True, eq=False, repr=False)
class SuiteResult:
    """What `run_suite` returns.

    Attributes
    ----------
    suite : Suite
    outcomes : pandas.DataFrame of shape (n_cases, 5)
        Row by row: ``label`` (what the case ought to get), ``answer`` (the label that the model
        gave, or of *direction* the probability), ``before`` (the same for the original),
        ``failed``, and ``error`` (the exception, where the model raised one; else empty).
    """

    suite: Suite
    outcomes: pd.DataFrame

    @property
    def n_failed(self) -> int:
        """Cases that did not get what they expect, crashes among them."""
        return int(self.outcomes["failed"].sum())

    @property
    def n_crashed(self) -> int:
        """Cases on which the model raised an exception."""
        return int((self.outcomes["error"] != "").sum())

    @property
    def failures(self) -> np.ndarray:
        """Positions of the cases that failed, of shape (n_failed,)."""
        return np.flatnonzero(self.outcomes["failed"])

    @property
    def rate(self) -> Interval:
        """The failure rate with Wilson's 95 % interval."""
        return sizing.failure_rate(self.n_failed, len(self.suite))

    def to_frame(self) -> pd.DataFrame:
        """Return one row: suite, dose, expectation, counts, the rate with its interval, power."""
        row = {
            "suite": self.suite.name,
            "dose": np.nan if self.suite.dose is None else self.suite.dose,
            "expectation": self.suite.expectation.kind,
            "n_cases": len(self.suite),
            "n_failed": self.n_failed,
            "n_crashed": self.n_crashed,
            "failure_rate": self.rate.estimate,
            "ci_low": self.rate.low,
            "ci_high": self.rate.high,
            "rate_to_see": self.suite.rate_to_see,
        }
        return pd.DataFrame([row])

    def __repr__(self) -> str:
        rate = self.rate
        return (
            f"SuiteResult {self.suite.label!r}: {self.n_failed:,} of {len(self.suite):,} cases "
            f"failed, {rate.estimate:.1%} [{rate.low:.1%}, {rate.high:.1%}], {self.n_crashed:,} by "
            f"a crash; it {self.suite.power}"
        )


def run_suite(model: Any, suite: Suite) -> SuiteResult:
    """Run a suite on a fitted model.

    Parameters
    ----------
    model : classifier
        Fitted, as scikit-learn has them: ``predict`` and ``classes_``; for *direction*,
        ``predict_proba`` too.
    suite : Suite

    Returns
    -------
    SuiteResult

    Raises
    ------
    InputError
        The model is not fitted or has no such method; it does not know a label of the suite; it
        can read none of the originals, or gives another number of answers than it was asked for.

    Notes
    -----
    A model that raises an exception on some input has failed there: the exception is recorded,
    and the other cases are run one by one.
    """
    _require_known_labels(model, suite)
    ask = _question(model, suite.expectation)
    after = _answers(ask, suite.cases)
    before = None
    if suite.expectation.needs_originals:
        before = _answers(ask, suite.originals)
        _require_some_answer(before, model, suite)
    outcomes = pd.DataFrame(
        {
            "label": suite.cases.y,
            "answer": pd.Series(after.values, dtype=object),
            "before": None if before is None else pd.Series(before.values, dtype=object),
            "failed": _failed(suite, after, before),
            "error": _merged_errors(after, before),
        }
    )
    return SuiteResult(suite, outcomes)


def run_suites(models: Mapping[str, Any], suites: Iterable[Suite]) -> pd.DataFrame:
    """Run several suites on several fitted models.

    Parameters
    ----------
    models : mapping of str to classifier
        See `run_suite`.
    suites : iterable of Suite

    Returns
    -------
    pandas.DataFrame
        A row per model and suite, as `SuiteResult.to_frame` has it; ``model`` comes first.

    Raises
    ------
    InputError
        No model, no suite, or as `run_suite` does.
    """
    suites = list(suites)
    if not models or not suites:
        raise InputError(
            f"{len(models)} models and {len(suites)} suites: expected one or more of both. Nothing "
            f"would be run. Add what is missing."
        )
    frames = [
        run_suite(model, suite).to_frame().assign(model=name)
        for name, model in models.items()
        for suite in suites
    ]
    found = pd.concat(frames, ignore_index=True)
    return found[["model", *found.columns.drop("model")]]


class _Answers(NamedTuple):
    values: list  # by row; None where the model raised
    errors: list[str]  # by row; empty where it did not


def _require_known_labels(model: Any, suite: Suite) -> None:
    if not hasattr(model, "classes_"):
        raise InputError(
            f"{type(model).__name__} has no classes_: it is not fitted, or is no classifier. "
            f"Every case would count as a crash. Fit it first."
        )
    known = np.asarray(model.classes_).tolist()
    asked = suite.cases.classes.tolist()
    if suite.expectation.kind == DIRECTION:
        asked.append(suite.expectation.label)
    unknown = [label for label in asked if label not in known]
    if unknown:
        raise InputError(
            f"suite {suite.name!r} expects label {unknown[0]!r}, which the model does not know (it "
            f"knows {', '.join(map(repr, known))}). Every such case would fail, whatever the "
            f"model learned. Rename the label, or leave these cases out."
        )


def _question(model: Any, expectation: Expectation) -> Callable[[Features], np.ndarray]:
    """Return the call that answers a suite: labels, or the probability of one label."""
    method = "predict_proba" if expectation.kind == DIRECTION else "predict"
    if not hasattr(model, method):
        raise InputError(
            f"{type(model).__name__} has no {method}, which the expectation {expectation.kind!r} "
            f"needs. Nothing can be compared. Use a classifier that has it, or invariance()."
        )
    if expectation.kind != DIRECTION:
        return model.predict
    column = np.asarray(model.classes_).tolist().index(expectation.label)
    return lambda X: np.asarray(model.predict_proba(X))[:, column]


def _answers(ask: Callable[[Features], np.ndarray], rows: Dataset) -> _Answers:
    """Ask for all rows at once; where that raises, for one after the other."""
    try:
        values = list(ask(rows.X))
    except Exception:
        single = [_answer(ask, rows.take([row])) for row in range(len(rows))]
        return _Answers(*map(list, zip(*single, strict=True)))
    if len(values) != len(rows):
        raise InputError(
            f"{rows.name}: the model gave {len(values)} answers for {len(rows)} inputs; expected "
            f"one per input. Nobody could tell which is whose. Mend its predict."
        )
    return _Answers(values, [""] * len(rows))


def _answer(ask: Callable[[Features], np.ndarray], row: Dataset) -> tuple[Any, str]:
    try:
        (value,) = ask(row.X)
    except Exception as error:
        return None, shorten(f"{type(error).__name__}: {error}", 200)
    return value, ""


def _require_some_answer(before: _Answers, model: Any, suite: Suite) -> None:
    if all(before.errors):
        raise InputError(
            f"{type(model).__name__} raises on every original of suite {suite.name!r} (first: "
            f"{before.errors[0]}). It cannot read such inputs at all, so no case tests anything. "
            f"Hand in rows of the kind that it was trained on."
        )


def _failed(suite: Suite, after: _Answers, before: _Answers | None) -> np.ndarray:
    """Tell which cases failed; whatever can't be compared has."""
    kind = suite.expectation.kind
    has_error = np.array([error != "" for error in _merged_errors(after, before)])
    if kind == DIRECTION:
        moved = np.array(after.values, dtype=float) - np.array(before.values, dtype=float)
        return has_error | ~(moved >= suite.expectation.at_least)  # nan fails
    wanted = before.values if kind == INVARIANCE else suite.cases.y.tolist()
    passed = [bool(value == label) for value, label in zip(after.values, wanted, strict=True)]
    return has_error | ~np.array(passed)


def _merged_errors(after: _Answers, before: _Answers | None) -> list[str]:
    if before is None:
        return after.errors
    pairs = zip(after.errors, before.errors, strict=True)
    return [error or (f"on the original: {other}" if other else "") for error, other in pairs]
