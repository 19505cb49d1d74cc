"""The layer map cannot lie: imports point downward, between packages and inside each."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import synthlab

PACKAGE = Path(synthlab.__file__).parent

#: A package or file may import from rows below its own, never beside or above it.
ROWS = (
    "__main__",
    "cli",
    "course",
    "amounts atlas loops llm privacy edges",
    "control",
    "checks",
    "generators datasets",
    "models metrics splits plots",
    "dataset sweep",
    "stats text columns progress palette paths",
    "errors",
)
FLOOR = {name: -row for row, names in enumerate(ROWS) for name in names.split()}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
PACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def room_of(path: Path) -> str:
    """Return the package that a file is in, or the file's own name at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[tuple[str, ...]]:
    """Return what a file imports of synthlab, at its top or inside a function, as paths."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("synthlab"):
            found |= {(*node.module.split(".")[1:], alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            found |= {tuple(name[1:]) for name in names if name[0] == "synthlab" and name[1:]}
    return found


def problems(check) -> list[str]:
    """Return what a check finds in any file of the package, one line per finding."""
    return [
        f"{path.relative_to(PACKAGE)}: {found}" for path in FILES for found in sorted(check(path))
    ]


def test_every_package_and_file_has_a_row():
    assert {room_of(path) for path in FILES} == set(FLOOR)


def test_imports_point_downward():
    def upward(path):
        room = room_of(path)
        used = {target[0] for target in imports_of(path)} - {room}
        return {name for name in used if FLOOR.get(name, 99) >= FLOOR[room]}

    assert problems(upward) == []


def test_only_the_command_line_imports_language_models():
    def wing(path):
        outside = room_of(path) not in {"cli", "llm"}
        return {".".join(t) for t in imports_of(path) if t[0] == "llm" and outside}

    assert problems(wing) == []


def test_no_circle_of_imports_inside_a_package():
    for package in PACKAGES:
        files = {p.stem: p for p in (PACKAGE / package).glob("*.py") if p.stem != "__init__"}
        uses = {
            name: {t[1] for t in imports_of(path) if t[0] == package and len(t) > 1} & set(files)
            for name, path in files.items()
        }
        while leaves := {name for name, used in uses.items() if not used & set(uses)}:
            uses = {name: used for name, used in uses.items() if name not in leaves}
        assert uses == {}, f"{package}: a circle among {', '.join(uses)}"


def test_nothing_prints_but_the_command_line():
    def prints(path):
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        names = {getattr(call.func, "id", "") for call in calls}
        return {"print"} & names if room_of(path) != "cli" else set()

    assert problems(prints) == []


def test_modules_stay_small():
    assert problems(lambda p: {"long"} if len(p.read_text().splitlines()) > 400 else set()) == []


def test_no_file_bears_the_name_of_something_that_it_exports():
    """Where one does, a lazy face may hand out the module instead."""

    def defined(path):
        nodes = ast.parse(path.read_text("utf-8")).body
        return {path.stem} & {getattr(node, "name", "") for node in nodes}

    assert problems(defined) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_face_says_what_lives_there_and_every_name_of_it_exists(package):
    face = getattr(synthlab, package)
    assert len(face.__doc__.split()) > 10
    assert [name for name in face.__all__ if not hasattr(face, name)] == []


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_is_light():
    heavy = {"matplotlib", "papermill", "pandas", "sklearn", "jax", "llama_cpp", "openai"}
    assert not heavy & loaded_after("import synthlab")


def test_the_control_loads_no_pictures_notebooks_or_over_sampling():
    heavy = {"matplotlib", "papermill", "IPython", "imblearn", "llama_cpp", "openai", "jax"}
    assert not heavy & loaded_after("import synthlab; synthlab.evaluate_synthetic_lift")


@pytest.mark.parametrize("name", synthlab.__all__)
def test_public_names_exist_and_are_documented(name):
    assert getattr(synthlab, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = synthlab.no_such_name
