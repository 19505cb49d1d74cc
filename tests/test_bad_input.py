"""Nothing silent: what ``bad_input.toml`` lists gives the stated error, never a number.

A row has an ``id``, the ``call`` that builds it (`bad_input_calls`) with its arguments under
``with``, and what to ``expect``: an error class by name; ``recovers`` where what was spoilt is made
anew and the call returns True; ``inconclusive`` for a verdict; ``number`` where the input only
looks bad.  ``told`` lists what the message must name: the offender first, the remedy last.
``exit_code`` is that of the command line, where there is one.  A new case is a new row.
"""

import importlib.util
import math
import re
import tomllib
from pathlib import Path

import pytest
from bad_input_calls import BUILDERS

from synthlab import errors
from synthlab.cli import app

HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "bad_input.toml").read_text("utf-8"))["case"]
SILENT = {"recovers", "inconclusive", "number"}
FIELDS = {"id", "call", "with", "expect", "told", "exit_code"}


def control():
    """Return the artefact's main function."""
    path = HERE.parent / "data" / "synthetic_control.py"
    spec = importlib.util.spec_from_file_location("synthetic_control", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


PROGRAMS = {"synthlab": lambda: app.main, "control": control}


def test_the_table_is_whole():
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))
    assert {case["call"] for case in CASES} == set(BUILDERS)
    for case in CASES:
        assert set(case) <= FIELDS, case["id"]
        assert case["expect"] in SILENT or issubclass(
            getattr(errors, case["expect"]), errors.SynthlabError
        ), case["id"]
        if case["expect"] not in SILENT:
            assert len(case["told"]) >= 2, f"{case['id']}: name the offender and the remedy"


@pytest.mark.parametrize("builder", BUILDERS)
def test_bad_input_is_told(builder, tmp_path, monkeypatch, capsys):
    found = []
    for number, case in enumerate(case for case in CASES if case["call"] == builder):
        for way in ("api", "command"):
            place = tmp_path / f"{number}-{way}"
            place.mkdir()
            with monkeypatch.context() as patch:
                call = BUILDERS[builder](place, patch, **case.get("with", {}))
                capsys.readouterr()
                if way == "api" and call.api:
                    found += [f"{case['id']}: {text}" for text in through_api(case, call)]
                elif way == "command" and call.command:
                    found += [f"{case['id']}: {text}" for text in by_command(case, call, capsys)]
    assert not found, "\n".join(found)


def through_api(case, call):
    """Yield what is amiss with a call."""
    expected = case["expect"]
    try:
        answer = call.api()
    except errors.SynthlabError as error:
        if type(error).__name__ != expected:
            yield f"{type(error).__name__} in place of {expected}: {error}"
        yield from unclear(case, str(error))
    except Exception as error:
        yield f"{type(error).__name__}, no error of synthlab's: {error}"
    else:
        if not is_expected(expected, answer):
            yield f"{answer!r:.200} in place of {expected}"


def is_expected(expected, answer):
    if expected == "recovers":
        return answer is True
    if expected == "inconclusive":
        return answer["verdict"] == "inconclusive"
    return expected == "number" and math.isfinite(answer["lift"])


def by_command(case, call, capsys):
    """Yield what is amiss with a command line."""
    program, *arguments = call.command
    try:
        code = PROGRAMS[program]()(arguments)
    except SystemExit as stop:  # the parser of arguments
        code = stop.code
    out, err = capsys.readouterr()
    expected = case.get("exit_code", 0 if case["expect"] in SILENT else 2)
    if code != expected:
        yield f"exit code {code} in place of {expected}: {err}"
    if "Traceback" in out + err:
        yield f"a traceback: {err}"
    if code and re.search(r'"lift"|verdict|inconclusive|helps', out):
        yield f"a result beside an error: {out}"
    if code:
        yield from unclear(case, err)


def unclear(case, message):
    yield from (f"{part!r} is not in: {message}" for part in case["told"] if part not in message)
