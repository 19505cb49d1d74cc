"""The errors that synthlab raises on purpose, each with the exit code of the command line."""

from __future__ import annotations


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
