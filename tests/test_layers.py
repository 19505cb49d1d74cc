"""The layer map cannot lie: a module imports only from lower rows."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import synthlab

PACKAGE = Path(synthlab.__file__).parent

README = PACKAGE.parent / "README.md"


def rows_of_the_map() -> list[set[str]]:
    """Read the README's map, from the ground up."""
    rows = re.findall(r"^\| \d+ \| (.*?) \|", README.read_text("utf-8"), re.MULTILINE)
    return [set(re.findall(r"`(\w+)`", row)) for row in reversed(rows)]


# A module may import from rows below its own, never beside or above it.
ROWS = rows_of_the_map()
FLOOR = {module: floor for floor, row in enumerate(ROWS) for module in row}
FOLDERS = {path.parent.name: sorted(path.parent.glob("*.py")) for path in PACKAGE.glob("*/*.py")}
FILES = {path.stem: [path] for path in PACKAGE.glob("*.py") if path.stem != "__init__"} | FOLDERS
MODULES = sorted(FILES)  # a folder is one module of the map


def trees(module: str) -> list[ast.Module]:
    return [ast.parse(path.read_text("utf-8")) for path in FILES[module]]


def imported_modules(module: str) -> set[str]:
    """Names of synthlab's modules that a module imports, at its top or inside a function."""
    found = set()
    for node in (node for tree in trees(module) for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module == "synthlab":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("synthlab."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("synthlab.")}
    return found - {module} if module in FOLDERS else found


def test_every_module_has_a_row():
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downward(module):
    level_or_above = {m for m in imported_modules(module) if FLOOR[m] >= FLOOR[module]}
    assert not level_or_above


@pytest.mark.parametrize("module", [m for m in MODULES if m != "cli"])
def test_nothing_prints_but_the_command_line(module):
    calls = [
        node for tree in trees(module) for node in ast.walk(tree) if isinstance(node, ast.Call)
    ]
    calls = [call.func.id for call in calls if hasattr(call.func, "id")]
    assert "print" not in calls


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_small(module):
    assert max(len(path.read_text("utf-8").splitlines()) for path in FILES[module]) <= 400


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_is_light():
    heavy = {"matplotlib", "papermill", "pandas", "sklearn", "jax", "llama_cpp", "openai"}
    assert not heavy & loaded_after("import synthlab")


def test_control_needs_no_plots():
    heavy = {"matplotlib", "papermill", "IPython"}
    assert not heavy & loaded_after("import synthlab; synthlab.evaluate_synthetic_lift")


@pytest.mark.parametrize("name", synthlab.__all__)
def test_public_names_exist_and_are_documented(name):
    assert getattr(synthlab, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = synthlab.no_such_name
