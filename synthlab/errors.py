"""The errors that synthlab raises on purpose, each with the exit code of the command line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from numbers import Integral, Real


class SynthlabError(Exception):
    """Base of all errors below; its text names offender, expectation, consequence and remedy."""

    exit_code = 4


class InputError(SynthlabError, ValueError):
    """Something handed in cannot be used: a missing column, a NaN label, an unknown parameter."""

    exit_code = 2


class ContaminationError(SynthlabError, ValueError):
    """A row stands where its origin or its past forbids it, so that a score would be wrong."""

    exit_code = 3


class DataUnavailableError(SynthlabError, OSError):
    """A data set could not be had, or what was had is not what the registry promises."""

    exit_code = 2


class ExtraMissingError(SynthlabError, ImportError):
    """An optional part of synthlab is asked for, and what it needs is not installed."""

    exit_code = 2


class EndpointError(SynthlabError, RuntimeError):
    """A language model behind a URL did not answer, or refused to."""

    exit_code = 2


class SpendingError(SynthlabError, RuntimeError):
    """A run would cost more than it may, or has cost what it may."""

    exit_code = 2


class NotebookError(SynthlabError, RuntimeError):
    """A notebook failed while it ran.

    Parameters
    ----------
    message : str
    exit_code : int, default 4
        That of the error which stopped the notebook.
    """

    def __init__(self, message: str, exit_code: int = 4) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def require(
    is_fine: bool, offender: str, expected: str, meaning: str = "", remedy: str = ""
) -> None:
    """Raise `InputError` with one sentence each on offender, expectation, meaning and remedy.

    Parameters
    ----------
    is_fine : bool
        Nothing happens where this is true.
    offender : str
        What was handed in, such as ``"margin=-1"``.
    expected : str
        What would be fine, such as ``"0 or more"``.
    meaning, remedy : str
        Whole sentences.
    """
    if not is_fine:
        parts = (f"{offender}: expected {expected}.", meaning, remedy)
        raise InputError(" ".join(part for part in parts if part))


def require_one_of(name: str, value: object, known: Iterable[str], meaning: str) -> None:
    """Raise `InputError` unless a parameter's value is one of those that are known.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
    known : iterable of str
        All are told.
    meaning : str
        A whole sentence.
    """
    known = list(known)
    told = f"one of {', '.join(known)}"
    require(value in known, f"{name}={value!r}", told, meaning, "Choose one of these.")


def is_whole(value: object, least: int = 0) -> bool:
    """Whether a value is a whole number from ``least`` on; truth values are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= least


def is_number(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    """Whether a value is a finite number in [low, high]; truth values are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value) and low <= value <= high
    except OverflowError:  # an int beyond any float
        return False


def first(rows: Iterable[object], limit: int = 5) -> str:
    """Name the first few of some rows, for messages."""
    shown = [str(row) for row in islice(rows, limit + 1)]
    return ", ".join(shown[:limit]) + (", …" if len(shown) > limit else "")
