"""Notebooks as they are committed: executed in order, stripped of what differs by run."""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path

import nbformat

from synthlab.course.notebooks import run_notebook
from synthlab.paths import atomic_path


def render_in_place(path: Path, golden: Path) -> None:
    """Execute a notebook with its defaults in place, and record its fast run as a golden.

    Both are stripped of whatever differs between two equal runs: times, paths, cell ids of
    the run.
    """
    with tempfile.TemporaryDirectory() as folder:
        full = run_notebook(str(path), out=Path(folder) / "full")
        fast = run_notebook(str(path), profile="fast", out=Path(folder) / "fast")
        _write_stripped(full.notebook, path, keep_injected=False)
        _write_stripped(fast.notebook, golden, keep_injected=True)
        _save_first_figure(path)
        shutil.copyfile(Path(folder) / "fast" / "metrics.json", golden.with_suffix(".json"))


def first_figure(notebook: nbformat.NotebookNode) -> bytes | None:
    """Return the first picture that a notebook shows, as the bytes of a PNG."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    return None


def _save_first_figure(path: Path) -> None:
    """Keep a notebook's first picture beside it, for the README."""
    figure = first_figure(nbformat.read(path, as_version=4))
    if figure:
        with atomic_path(path.parent / "figures" / f"{path.stem}.png") as partial:
            partial.write_bytes(figure)


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
