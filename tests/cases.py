"""Many cases in one test, with one list of failures at its end."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from synthlab.errors import InputError


def refusal(call: Callable, *arguments, kind: type[Exception] = InputError, **options) -> str:
    """Return the text of the error that a call raises."""
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


def unclear(cases: Mapping[str, tuple[Callable, str | Iterable[str]]], kind=InputError) -> list:
    """Name the cases whose error lacks a part that it should have.

    Parameters
    ----------
    cases : mapping of name to (call without arguments, text or texts that the error must hold)
    kind : exception type or types
    """
    found = []
    for name, (call, parts) in cases.items():
        message = refusal(call, kind=kind)
        wanted = [parts] if isinstance(parts, str) else parts
        found += [(name, part, message) for part in wanted if part not in message]
    return found


def failing(check: Callable[[Any], None], cases: Mapping[str, Any]) -> dict[str, str]:
    """Return the cases for which a check's asserts fail, each with what the assert said."""
    found = {}
    for name, case in cases.items():
        try:
            check(case)
        except AssertionError as error:
            found[name] = str(error)
    return found
