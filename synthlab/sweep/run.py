"""Run the cells that a folder lacks.

What a cell's function *calls* does not name its file: where that changes within a version of the
package, change ``recipe``.  Killed at any moment, a sweep loses at most the cells in flight, and
its workers end with it.  Only this process writes, so a cluster needs no common disk; two sweeps
may share a folder.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib

from synthlab.errors import InputError, SynthlabError
from synthlab.paths import disk_errors
from synthlab.progress import track
from synthlab.sweep.cells import Cell, Failure, digest, encoded
from synthlab.sweep.results import Sweep
from synthlab.sweep.store import read_records, write_records
from synthlab.sweep.workers import attempt, function_named, one_thread


def run_sweep(
    function: Callable[..., Any],
    cells: Iterable[Cell],
    folder: Path | str,
    *,
    data: Iterable[str] = (),
    recipe: str = "",
    name: str = "",
    n_jobs: int | None = 2,
    label: str = "cells",
) -> Sweep:
    """Run the cells that the folder lacks, and return all of them.

    Parameters
    ----------
    function : callable
        ``function(**parameters, seed=seed)`` → a mapping of names to str, int, float, bool or
        None, or a list of such.
    cells : iterable of Cell
    folder : path
        Made if there is none.  Many sweeps may share it.
    data : iterable of str, default ()
        Fingerprints of what the function reads: other data, other cells.
    recipe : str, default ""
        Any text, to be changed where what the function calls has changed.
    name : str, default ""
        Identifies cells in place of the function and its source; then ``recipe`` tells of changes.
    n_jobs : int ≠ 0 or None, default 2
        Local workers; −1: one per core; None: as `joblib.parallel_config` says.  A cluster uses
        all.
    label : str, default "cells"

    Returns
    -------
    Sweep
        With the failures, which the next call tries again.

    Raises
    ------
    InputError
        Something handed in can't be used, or the folder can't be written.  What is done is kept.
    SynthlabError
        A worker died.  What is done is kept.

    Notes
    -----
    A cell sees one numerical thread and no parallel backend, whatever runs it.  Values are kept bit
    for bit, but for the sign of a NaN.  Joblib's Dask backend waits for ever for a cell that kills
    its worker four times: interrupt it.
    """
    cells, found_as = _checked_cells(cells), _name(function)
    sent = function if found_as.startswith("__main__:") else found_as  # that one can't be imported
    if n_jobs is not None and (type(n_jobs) is not int or n_jobs == 0):
        raise InputError(f"n_jobs={n_jobs!r}: expected 1 or more, −1 or None. No cell would run.")
    source = "" if name else digest(inspect.getsource(function))
    about, folder = _about(name or found_as, source, data, recipe), Path(folder).expanduser()
    identities = [{**about, "cell": encoded(cell.arguments)} for cell in cells]
    paths = [folder / f"{digest(identity)}.json" for identity in identities]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        records = {n: found for n, path in enumerate(paths) if (found := read_records(path))}
        missing = {n: cell for n, cell in enumerate(cells) if n not in records}
        n_found, errors = len(records), {}
        with one_thread, closing(_outcomes(sent, missing, n_jobs, label)) as outcomes:
            for n, answer in track(outcomes, label, len(cells), n_found):
                if isinstance(answer, Failure):
                    errors[n] = answer
                else:
                    write_records(paths[n], identities[n], answer)
                    records[n] = answer
    return Sweep(cells, records, errors, n_found, label)


def _outcomes(function: Any, cells: dict[int, Cell], n_jobs: int | None, label: str) -> Iterator:
    """Yield what becomes of the cells, as they end; no worker starts where none is missing."""
    calls = (joblib.delayed(attempt)(n, function, cell.arguments) for n, cell in cells.items())
    options = {"return_as": "generator_unordered", "batch_size": 1}
    try:
        if cells:
            yield from joblib.Parallel(n_jobs=n_jobs, **options)(calls)
    except Exception as error:  # a cell's own was caught where it ran
        told = f"{label}: the workers failed ({type(error).__name__}: {error})".partition("\n")[0]
        raise SynthlabError(
            f"{told}. What is done is kept. Was memory short? Repeat the call, with fewer workers."
        ) from error


def _about(name: str, source: str, data: Iterable[str], recipe: str) -> dict[str, Any]:
    """Return what decides all cells of a sweep alike."""
    about = {"function": name, "source": source}
    about |= {"data": [data] if isinstance(data, str) else list(data), "recipe": recipe}
    if not all(isinstance(text, str) for text in (*about["data"], recipe)):
        told = f"data={data!s:.60}, recipe={recipe!r}: expected strings"
        raise InputError(f"{told}. Nothing else tells old from new. Pass fingerprint(dataset).")
    return {**about, "version": version("synthlab")}


def _name(function: Callable) -> str:
    """Return ``module:function``, by which a worker finds it."""
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', function)}"
    with suppress(ImportError, AttributeError, ValueError, OSError):
        if inspect.isfunction(function) and function_named(name) is function:
            inspect.getsource(function)
            return name
    raise InputError(
        f"{name}: expected a function that a module or a notebook defines at its top. The next run "
        f"could not tell another one, or a changed one, from it. Write it with def in a file."
    )


def _checked_cells(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    cells = tuple(cells)
    if not cells or not all(isinstance(cell, Cell) for cell in cells):
        kinds = ", ".join(sorted({type(cell).__name__ for cell in cells}))
        raise InputError(f"Cells: {kinds or 'none'}; expected one Cell or more. Use grid(...).")
    digests = [digest(encoded(cell.arguments)) for cell in cells]
    most_common, n_times = Counter(digests).most_common(1)[0]
    if n_times > 1:
        told = f"Cell ({cells[digests.index(most_common)]}) occurs {n_times} times"
        raise InputError(f"{told} and would count so. Drop all but one.")
    return cells
