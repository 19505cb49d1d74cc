"""One notebook, run once with checked parameters, into a folder: notebook, page, numbers."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from synthlab import errors, progress
from synthlab.course.pages import export_page
from synthlab.course.parameters import check_parameters, profile_parameters, read_parameters
from synthlab.course.scratch import scratch_folder
from synthlab.errors import InputError, NotebookError
from synthlab.paths import notebooks_dir

Watch = Callable[[Path], AbstractContextManager]

#: As in ``02_rare_class``; an appendix to it is ``02a_...``.
_NUMBERED = re.compile(r"\d\d[a-z]?_")

#: Threads of one kernel wait for each other by spinning: with anything beside them, on small
#: matrices, they cost many times what they save.
_BLAS_THREADS = "OPENBLAS_NUM_THREADS"

#: A folder that is a file, read-only or full; errors of other kinds are bugs and stay as they are.
_REFUSALS = {
    getattr(errno, name)
    for name in "EACCES EDQUOT EEXIST EFBIG EISDIR ENOSPC ENOTDIR EPERM EROFS".split()
    if hasattr(errno, name)
}


@dataclass(frozen=True)
class Run:
    """What one run left behind."""

    notebook: Path
    page: Path
    metrics: dict[str, Any]


def list_notebooks() -> list[Path]:
    """Return the course's notebooks in reading order, then the solutions.

    An appendix (``02a_...``) follows its notebook (``02_...``).
    """
    folder = notebooks_dir()
    return [
        path
        for part in (folder, folder / "solutions")
        for path in sorted(part.glob("*.ipynb"))
        if _NUMBERED.match(path.name)
    ]


def find_notebook(name: str) -> Path:
    """Return a notebook by its number ("00", of an appendix "02a"), its name, or its path."""
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
        run.  With it, and in a terminal, a bar of cells is shown too.

    Raises
    ------
    InputError
        No such notebook, a parameter that it doesn't have or can't take, or a folder that can't
        be written to.
    NotebookError
        A cell failed, or the kernel died; the partial notebook is left in the folder.
    """
    source = find_notebook(name)
    declared = read_parameters(nbformat.read(source, as_version=4), source.stem)
    wanted = {**profile_parameters(profile, source.stem), **(parameters or {})}
    values = check_parameters(declared, wanted, source.stem)
    # Absolute, since the kernel works in the notebook's folder.
    out = (Path("out") / source.stem if out is None else Path(out)).resolve()
    with _clear_refusals(out), scratch_folder(out) as work:
        executed = work / source.name
        told = {"SYNTHLAB_OUT": str(work), progress.CHANNEL: str(work / "progress")}
        told |= {_BLAS_THREADS: os.environ.get(_BLAS_THREADS, "1")}
        with _environment(**told):
            _execute(source, executed, values, out, watch)
        page = export_page(executed, work / f"{source.stem}.html")
        metrics = _read_metrics(work / "metrics.json", source.stem)
        for made in (executed, page, work / "metrics.json"):
            os.replace(made, out / made.name)
        _partial(out, executed).unlink(missing_ok=True)
    return Run(out / executed.name, out / page.name, metrics)


def _execute(
    source: Path, executed: Path, values: dict[str, Any], out: Path, watch: Watch | None
) -> None:
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    channel = Path(os.environ[progress.CHANNEL])
    bar = {"desc": source.stem} if watch and progress.can_redraw() else False
    try:
        with watch(channel) if watch else nullcontext():
            papermill.execute_notebook(
                source,
                executed,
                values,
                kernel_name="python3",
                progress_bar=bar,
                cwd=source.parent,
                autosave_cell_every=0,
                # A kernel that is stopped tells the terminal of sockets that closed under it.
                extra_arguments=["--log-level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        raise _failure(error, executed, out) from error
    except DeadKernelError as error:
        raise _death(executed, out) from error
    except KeyboardInterrupt:
        _keep_partial(executed, out)
        raise


def _failure(error: Any, executed: Path, out: Path) -> NotebookError:
    """Tell which cell failed and why, with the exit code of the error inside."""
    kind = getattr(errors, error.ename, None)
    code = kind.exit_code if kind is not None else NotebookError.exit_code
    return NotebookError(
        f"{executed.stem}: cell {error.exec_count} raised {error.ename}: {error.evalue}\n"
        f"{_keep_partial(executed, out)}",
        code,
    )


def _death(executed: Path, out: Path) -> NotebookError:
    """Tell in which cell the kernel was when it died."""
    cells = nbformat.read(executed, as_version=4).cells
    # A busy machine may hear of the kernel's death before it hears that the cell had begun.
    n_begun = sum(cell.get("execution_count") is not None for cell in cells)
    return NotebookError(
        f"{executed.stem}: the kernel died in cell {n_begun} or the next; expected it to run to "
        f"the end. Most often the machine was out of memory. Close other programs, or take "
        f"smaller sizes (--profile fast, or -p).\n{_keep_partial(executed, out)}"
    )


def _keep_partial(executed: Path, out: Path) -> str:
    """Keep what had run, and say where."""
    if executed.exists():
        os.replace(executed, _partial(out, executed))
    return f"No page and no metrics were written. What had run is in {_partial(out, executed)}."


def _partial(out: Path, executed: Path) -> Path:
    return out / f"{executed.stem}.partial.ipynb"


@contextmanager
def _clear_refusals(out: Path) -> Iterator[None]:
    """Say what to do where the system refuses to write into a folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise InputError(
            f"out {out}: {error.strerror}; expected a folder that can be written to, with room "
            f"for a notebook and its page. No result was left. Make room, or name another folder."
        ) from error


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
