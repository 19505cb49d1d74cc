"""One notebook, run once with checked parameters, into a folder: notebook, page, numbers."""

from __future__ import annotations

import ast
import json
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from synthlab import errors, progress
from synthlab.course.pages import export_page
from synthlab.errors import InputError, NotebookError
from synthlab.paths import notebooks_dir

Watch = Callable[[Path], AbstractContextManager]

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

#: Threads of one kernel wait for each other by spinning: with anything beside them, on small
#: matrices, they cost many times what they save.
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: ``name: annotation = default``."""

    name: str
    annotation: str
    default: Any


@dataclass(frozen=True)
class Run:
    """What one run left behind."""

    notebook: Path
    page: Path
    metrics: dict[str, Any]


def list_notebooks() -> list[Path]:
    """Return the course's notebooks in reading order, then the solutions."""
    folder = notebooks_dir()
    return [
        path
        for part in (folder, folder / "solutions")
        for path in sorted(part.glob("[0-9][0-9]_*.ipynb"))
    ]


def find_notebook(name: str) -> Path:
    """Return a notebook by its number ("00"), its name, or its path."""
    for path in list_notebooks():
        if name in {path.stem, path.stem.partition("_")[0], path.name}:
            return path
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    raise InputError(
        f"no notebook {name!r}; there are {', '.join(p.stem for p in list_notebooks())}. Nothing "
        f"was run. Give a number, a name, or a path that ends in .ipynb."
    )


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


def run_notebook(
    name: str,
    parameters: dict[str, Any] | None = None,
    *,
    profile: str = "full",
    out: Path | None = None,
    watch: Watch | None = None,
) -> Run:
    """Execute a notebook; leave notebook, page and ``metrics.json`` in a folder, or nothing.

    Parameters
    ----------
    name : str
        Number, name or path.
    parameters : dict, optional
        Override those of the profile.
    profile : {"full", "fast"}, default "full"
    out : pathlib.Path, optional
        The folder; ``out/<notebook>`` without one.
    watch : callable, optional
        Called with the progress channel; returns a context manager that is open while cells
        run.  With it, a bar of cells is shown too.

    Raises
    ------
    InputError
        No such notebook, or a parameter that it doesn't have or can't take.
    NotebookError
        A cell failed; the partial notebook is left in the folder.
    """
    source = find_notebook(name)
    stem = source.stem
    notebook = nbformat.read(source, as_version=4)
    declared = read_parameters(notebook, stem)
    wanted = {**profile_parameters(profile, stem), **(parameters or {})}
    values = check_parameters(declared, wanted, stem)
    # Absolute, since the kernel works in the notebook's folder.
    out = (Path("out") / stem if out is None else Path(out)).resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".run-", dir=out) as folder:
        work = Path(folder)
        executed = work / f"{stem}.ipynb"
        told = {"SYNTHLAB_OUT": str(work), progress.CHANNEL: str(work / "progress")}
        told |= {_BLAS_THREADS: os.environ.get(_BLAS_THREADS, "1")}
        with _environment(**told):
            _execute(source, executed, values, out, watch)
        page = export_page(executed, work / f"{stem}.html")
        metrics = _read_metrics(work / "metrics.json", stem)
        for made in (executed, page, work / "metrics.json"):
            os.replace(made, out / made.name)
    (out / f"{stem}.partial.ipynb").unlink(missing_ok=True)
    return Run(out / executed.name, out / page.name, metrics)


def _execute(
    source: Path, executed: Path, values: dict[str, Any], out: Path, watch: Watch | None
) -> None:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    channel = Path(os.environ[progress.CHANNEL])
    try:
        with watch(channel) if watch else nullcontext():
            papermill.execute_notebook(
                source,
                executed,
                values,
                kernel_name="python3",
                progress_bar={"desc": source.stem} if watch else False,
                cwd=source.parent,
                autosave_cell_every=0,
                extra_arguments=["--log-level=ERROR"],  # of the kernel, to the terminal
            )
    except PapermillExecutionError as error:
        raise _failure(error, executed, out) from error
    except KeyboardInterrupt:
        _keep_partial(executed, out)
        raise


def _failure(error: Any, executed: Path, out: Path) -> NotebookError:
    """Tell which cell failed and why, with the exit code of the error inside."""
    partial = _keep_partial(executed, out)
    kind = getattr(errors, error.ename, None)
    code = kind.exit_code if kind is not None else NotebookError.exit_code
    return NotebookError(
        f"{executed.stem}: cell {error.exec_count} raised {error.ename}: {error.evalue}\n"
        f"No page and no metrics were written. What had run is in {partial}.",
        code,
    )


def _keep_partial(executed: Path, out: Path) -> Path:
    partial = out / f"{executed.stem}.partial.ipynb"
    if executed.exists():
        os.replace(executed, partial)
    return partial


def _read_metrics(path: Path, name: str) -> dict[str, Any]:
    if not path.exists():
        raise NotebookError(
            f"{name} wrote no metrics.json, so that its numbers can't be checked later. Call "
            f"synthlab.save_metrics at its end."
        )
    return json.loads(path.read_text("utf-8"))


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set environment variables for the kernels that start inside the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
