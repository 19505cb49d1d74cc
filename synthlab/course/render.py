"""Notebooks as they are committed: executed in order, stripped of what differs by run."""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path

import nbformat

from synthlab.course.notebooks import run_notebook
from synthlab.course.pages import check_page
from synthlab.errors import NotebookError
from synthlab.paths import atomic_path

#: The tag of the cell whose figure stands for the notebook, in README and wherever it is listed.
HEADLINE = "headline"


def render_in_place(path: Path, golden: Path) -> None:
    """Execute a notebook with its defaults in place, and record its fast run as a golden.

    Both are stripped of whatever differs between two equal runs: times, paths, cell ids of
    the run.  Beside the notebook are kept the numbers of its full run (``metrics/``) and, but for
    solutions, its headline figure (``figures/``).

    Raises
    ------
    NotebookError
        A run failed, a figure has no alt text, or there is not one headline figure.
    """
    with tempfile.TemporaryDirectory() as folder:
        full = run_notebook(str(path), out=Path(folder) / "full")
        check_page(full.page)
        if path.parent.name != "solutions":
            _save_headline(full.notebook, path.parent / "figures" / f"{path.stem}.png")
        record_golden(path, golden)
        _write_stripped(full.notebook, path, keep_injected=False)
        _copy(full.page.with_name("metrics.json"), path.parent / "metrics" / f"{path.stem}.json")


def record_golden(path: Path, golden: Path) -> None:
    """Record a notebook's fast run, to which the tests compare theirs; the notebook stays.

    Raises
    ------
    NotebookError
        The run failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        fast = run_notebook(str(path), profile="fast", out=Path(folder))
        _write_stripped(fast.notebook, golden, keep_injected=True)
        _copy(fast.page.with_name("metrics.json"), golden.with_suffix(".json"))


def headline_figure(notebook: nbformat.NotebookNode, name: str) -> bytes:
    """Return the picture that stands for a notebook, as the bytes of a PNG.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed; one cell is tagged ``headline`` and shows one picture.
    name : str
        The notebook's, for messages.

    Raises
    ------
    NotebookError
        No such cell or picture, or several.
    """
    cells = [c for c in notebook.cells if HEADLINE in c.metadata.get("tags", [])]
    found = [o["data"] for c in cells for o in c.get("outputs", []) if "data" in o]
    pictures = [data["image/png"] for data in found if "image/png" in data]
    if len(cells) != 1 or len(pictures) != 1:
        raise NotebookError(
            f"{name}: {len(cells)} cells are tagged {HEADLINE!r}, with {len(pictures)} pictures; "
            f"expected one cell with one. README and pages could not show what the notebook "
            f"found. Tag the cell of the figure that carries it."
        )
    return base64.b64decode(pictures[0])


def _save_headline(executed: Path, target: Path) -> None:
    picture = headline_figure(nbformat.read(executed, as_version=4), executed.stem)
    with atomic_path(target) as partial:
        partial.write_bytes(picture)


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as partial:
        shutil.copyfile(source, partial)


def _write_stripped(executed: Path, target: Path, keep_injected: bool) -> None:
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata = {
        key: notebook.metadata[key]
        for key in ("kernelspec", "language_info")
        if key in notebook.metadata
    }
    kept = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "injected-parameters" in tags and not keep_injected:
            continue
        cell.metadata = {"tags": tags} if tags else {}
        kept.append(cell)
    notebook.cells = kept
    for number, cell in enumerate(kept):
        cell.id = f"cell-{number:02d}"
    for count, cell in enumerate((c for c in kept if c.cell_type == "code"), start=1):
        _renumber(cell, count)
    with atomic_path(target) as partial:
        nbformat.write(notebook, partial)


def _renumber(cell: nbformat.NotebookNode, count: int) -> None:
    cell.execution_count = count
    for output in cell.outputs:
        if "execution_count" in output:
            output.execution_count = count
