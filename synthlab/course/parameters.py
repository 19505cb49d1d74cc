"""What can be set in a notebook: its parameters cell, and what the profiles set of it."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from typing import Any

import nbformat

from synthlab.errors import InputError
from synthlab.paths import notebooks_dir

PROFILES = ("full", "fast")

_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "str": str,
    "bool": bool,
    "list": list,
    "list[int]": list,
    "list[float]": list,
    "list[str]": list,
}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: ``name: annotation = default``."""

    name: str
    annotation: str
    default: Any


def read_parameters(notebook: nbformat.NotebookNode, name: str) -> dict[str, Parameter]:
    """Return the parameters that a notebook declares in its cell tagged ``parameters``.

    Raises
    ------
    InputError
        No such cell, a line that is not ``name: type = literal``, or a parameter that no
        other cell uses.
    """
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise InputError(f"{name}: {len(tagged)} cells are tagged 'parameters'; expected one.")
    declared = dict(_parse_parameter(node, name) for node in ast.parse(tagged[0].source).body)
    used = {
        node.id
        for cell in cells
        if cell is not tagged[0]
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name)
    }
    unused = sorted(set(declared) - used)
    if unused:
        raise InputError(
            f"{name}: parameter {unused[0]!r} is declared but no cell uses it, so setting it "
            f"would change nothing. Use it or remove it."
        )
    return declared


def check_parameters(
    declared: dict[str, Parameter], given: dict[str, Any], name: str
) -> dict[str, Any]:
    """Return the given values, as the types that the notebook declares.

    Parameters
    ----------
    declared : dict of str to Parameter
    given : dict
        Values, or their texts from a command line.
    name : str
        The notebook's, for messages.

    Raises
    ------
    InputError
        Unknown name or wrong type.
    """
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise InputError(
            f"{name} has no parameter {unknown[0]!r}; it has "
            f"{', '.join(f'{p.name}: {p.annotation}' for p in declared.values())}. A value that "
            f"nothing reads would leave you with another run than you asked for."
        )
    return {key: _checked(declared[key], value, name) for key, value in given.items()}


def profile_parameters(profile: str, name: str) -> dict[str, Any]:
    """Return what ``profiles.toml`` sets for a notebook; nothing where it isn't listed."""
    profiles = tomllib.loads((notebooks_dir() / "profiles.toml").read_text("utf-8"))
    if profile not in PROFILES:
        raise InputError(f"no profile {profile!r}; there are {', '.join(PROFILES)}.")
    return profiles.get(name, {}).get(profile, {})


def _parse_parameter(node: ast.stmt, name: str) -> tuple[str, Parameter]:
    try:
        annotation = ast.unparse(node.annotation)
        parameter = Parameter(node.target.id, annotation, ast.literal_eval(node.value))
        _TYPES[annotation]
    except (AttributeError, ValueError, KeyError) as error:
        raise InputError(
            f"{name}: {ast.unparse(node)!r} in the parameters cell; expected 'name: type = "
            f"literal' with a type of {', '.join(_TYPES)}. It could not be set from outside."
        ) from error
    return parameter.name, parameter


def _checked(parameter: Parameter, value: Any, name: str) -> Any:
    if isinstance(value, str) and parameter.annotation != "str":
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            value = {"true": True, "false": False}.get(value.lower(), value)
    expected = _TYPES[parameter.annotation]
    if isinstance(value, bool) and parameter.annotation != "bool":
        expected = ()  # True is an int to Python, but not to a reader
    inner = parameter.annotation.removeprefix("list[").removesuffix("]")
    items = value if isinstance(value, list) and inner != parameter.annotation else []
    if not isinstance(value, expected) or not all(isinstance(i, _TYPES[inner]) for i in items):
        raise InputError(
            f"{name}: parameter {parameter.name}={value!r}; expected {parameter.annotation}, "
            f"such as {parameter.default!r}. Nothing was run."
        )
    return value
