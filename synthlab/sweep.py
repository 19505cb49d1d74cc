"""A grid of cells → one tidy frame: resumable, on local workers or on a Dask cluster.

A *cell* is a function at the top of a module or notebook, its parameters and a seed::

    def compare(dataset, share, seed):
        ...
        return {"lift": lift, "ci_low": low, "ci_high": high}       # or a list of such records

    cells = grid(dataset=["ecoli", "yeast"], share=[0.1, 0.5], seeds=5)
    result = run_sweep(compare, cells, "runs/atlas", data=[fingerprint(real)])
    result                               # 20 cells: 12 found done, 8 done now, 0 failed.
    result.require_complete().to_frame()    # a row a record: dataset, share, seed, lift, …

On a cluster the call stays as it is, inside ``with joblib.parallel_config("dask"):``.

A finished cell is a JSON file, named by the hash of what decides it: the function (or ``name``),
parameters, seed, fingerprints of the data, ``recipe`` and the package's version.  What the
function *calls* is not in it: where that changes within a version, change ``recipe``.  Killed at
any moment, a sweep loses at most the cells in flight.  Only this process writes, so a cluster
needs no common disk; two sweeps may share a folder.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import math
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from synthlab.errors import InputError, SynthlabError
from synthlab.paths import atomic_path
from synthlab.progress import track

Value = str | int | float | bool | None
_PLAIN = (str, int, float, bool, type(None))


class Failure(NamedTuple):
    """Why a cell has no record."""

    exception: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Cell:
    """One point of a grid; the function gets the parameters by name, and ``seed``."""

    parameters: Mapping[str, Value]
    seed: int

    def __post_init__(self) -> None:
        for name in self.parameters:
            if not str(name).isidentifier() or name in ("seed", *Failure._fields):
                told = f"expected an argument's name, not seed, {', '.join(Failure._fields)}"
                raise InputError(f"Parameter {name!r}: {told}. It can't head a column. Rename it.")
        parameters = {name: _plain(value, name) for name, value in self.parameters.items()}
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "seed", _checked_seed(self.seed))

    @property
    def arguments(self) -> dict[str, Value]:
        """What the function is called with."""
        return {**self.parameters, "seed": self.seed}

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())


@dataclass(frozen=True, repr=False)
class Sweep:
    """The records and errors of cells, by their place; an earlier call had done ``n_found``."""

    cells: tuple[Cell, ...]
    records: Mapping[int, list[dict[str, Value]]]
    errors: Mapping[int, Failure]
    n_found: int
    label: str

    def to_frame(self) -> pd.DataFrame:
        """Return a row a record: parameters, seed and values, in the order of the cells.

        Types hold all values exactly; what is missing is NaN among floats, ``<NA>`` among ints.
        """
        return self._table([(n, one) for n in sorted(self.records) for one in self.records[n]])

    @property
    def failures(self) -> pd.DataFrame:
        """A row a failed cell: parameters, seed, exception, message, traceback."""
        rows = [(n, self.errors[n]._asdict()) for n in sorted(self.errors)]
        return self._table(rows, Failure._fields)

    def require_complete(self) -> Sweep:
        """Return the sweep itself, or raise `SynthlabError` where a cell failed."""
        if self.errors:
            raise SynthlabError(
                f"{self} A table with holes compares unlike things. See .failures, mend the cause, "
                f"and repeat the call: what is done is kept."
            )
        return self

    def __repr__(self) -> str:
        n, done, failed = len(self.cells), len(self.records) - self.n_found, len(self.errors)
        told = f"{n} {self.label}: {self.n_found} found done, {done} done now, {failed} failed"
        if not self.errors:
            return f"{told}."
        number, first = min(self.errors.items())
        return f"{told} (first: {self.cells[number]}: {first.exception}: {first.message})."

    def _table(self, rows: list[tuple[int, dict]], values: Iterable[str] = ()) -> pd.DataFrame:
        full = [{**self.cells[number].arguments, **row} for number, row in rows]
        names = dict.fromkeys(itertools.chain(self.cells[0].arguments, values, *full))
        return pd.DataFrame({name: _column([row.get(name) for row in full]) for name in names})


def grid(
    *, seeds: int | Iterable[int] = 1, random_state: int = 0, **values: Value | Iterable[Value]
) -> list[Cell]:
    """Return a cell for every combination of values and seeds; the last varies fastest.

    Parameters
    ----------
    seeds : int or iterable of int, default 1
        How many cells of each combination, every cell with a child seed of its own; or the seeds
        that all combinations share, where they are to be compared in pairs.
    random_state : int ≥ 0, default 0
        What the child seeds derive from.
    **values
        All values of each parameter, or its only one.

    Notes
    -----
    A child seed is spawned (`numpy.random.SeedSequence`) under the hash of the cell's parameters
    and its number, not under its place: a grid that grows keeps the cells it had.

    Examples
    --------
    >>> grid(share=[0.1, 0.5], seeds=2)[2:] == grid(share=0.5, seeds=2)
    True
    """
    random_state = _checked_seed(random_state)
    lists = [[v] if isinstance(v, (*_PLAIN, np.generic)) else list(v) for v in values.values()]
    chosen = [dict(zip(values, point, strict=True)) for point in itertools.product(*lists)]
    if not isinstance(seeds, (int, np.integer)):
        shared = list(seeds)
        return [Cell(point, seed) for point in chosen for seed in shared]
    points = [Cell(point, 0).parameters for point in chosen]
    return [Cell(p, _child_seed(p, n, random_state)) for p in points for n in range(seeds)]


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
        Local workers; −1: one a core; None: as `joblib.parallel_config` says.  A cluster uses all.
    label : str, default "cells"

    Returns
    -------
    Sweep
        With the failures, which the next call tries again.

    Raises
    ------
    InputError, SynthlabError
        Something handed in can't be used; a worker died.  What is done is kept.

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
    source = "" if name else _digest(inspect.getsource(function))
    about, folder = _about(name or found_as, source, data, recipe), Path(folder)
    identities = [{**about, "cell": _encoded(cell.arguments)} for cell in cells]
    paths = [folder / f"{_digest(identity)}.json" for identity in identities]
    with _folder_errors(folder):
        records = {n: found for n, path in enumerate(paths) if (found := _read(path))}
        missing = {n: cell for n, cell in enumerate(cells) if n not in records}
        n_found, errors = len(records), {}
        with _one_thread(), closing(_outcomes(sent, missing, n_jobs, label)) as outcomes:
            for number, answer in track(outcomes, label, len(cells), n_found):
                if isinstance(answer, Failure):
                    errors[number] = answer
                else:
                    _write(paths[number], identities[number], answer)
                    records[number] = answer
    return Sweep(cells, records, errors, n_found, label)


def _outcomes(function: Any, cells: dict[int, Cell], n_jobs: int | None, label: str) -> Iterator:
    """Yield what becomes of the cells, as they end; no worker starts where none is missing."""
    calls = (joblib.delayed(_attempt)(n, function, cell.arguments) for n, cell in cells.items())
    options = {"return_as": "generator_unordered", "batch_size": 1}
    try:
        if cells:
            yield from joblib.Parallel(n_jobs=n_jobs, **options)(calls)
    except Exception as error:  # a cell's own was caught where it ran
        told = f"{label}: the workers failed ({type(error).__name__}: {error})".partition("\n")[0]
        raise SynthlabError(
            f"{told}. What is done is kept. Was memory short? Repeat the call, with fewer workers."
        ) from error


def _attempt(number: int, function: Any, arguments: dict[str, Value]) -> tuple[int, Any]:
    """Run one cell; what it raises is its outcome, and so is a name that a worker can't find."""
    try:
        call = _found(function) if isinstance(function, str) else function
        threadpool_limits(1)  # for good in a worker; the sweep restores its own process
        with joblib.parallel_config("sequential"):
            return number, _records(call(**arguments), set(arguments))
    except Exception as error:
        return number, Failure(type(error).__name__, str(error), traceback.format_exc())


def _records(answer: Any, taken: set[str]) -> list[dict[str, Value]]:
    """Check what a cell returned, and return it in plain values."""
    records = [answer] if isinstance(answer, Mapping) else answer
    whole = isinstance(records, list) and all(isinstance(one, Mapping) and one for one in records)
    if not whole or not records:
        raise InputError(
            f"The cell returned {answer!r:.80}: expected a dict of names to values, or a list of "
            f"such, none empty. No row can be made of it. Return one, or raise an error."
        )
    bad = [name for name in itertools.chain(*records) if type(name) is not str or name in taken]
    if bad:
        told = f"expected a str other than {', '.join(sorted(taken))}"
        raise InputError(f"The cell returned a value under {bad[0]!r}: {told}. Rename it.")
    return [{name: _plain(value, name) for name, value in one.items()} for one in records]


def _read(path: Path) -> list[dict[str, Value]] | None:
    """Return the records of a finished cell; a file that isn't whole is no file."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads(path.read_text("utf-8"))
        checksum = content.pop("sha256")
        if (_digest(content), f"{_digest(content['of'])}.json") == (checksum, path.name):
            return [
                {n: float(v["float"]) if isinstance(v, dict) else v for n, v in record.items()}
                for record in content["records"]
            ]
    return None


def _write(path: Path, identity: dict[str, Any], records: list[dict[str, Value]]) -> None:
    content = {"of": identity, "records": [_encoded(record) for record in records]}
    with atomic_path(path) as partial:
        partial.write_text(json.dumps({**content, "sha256": _digest(content)}, allow_nan=False))


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
        if inspect.isfunction(function) and _found(name) is function:
            inspect.getsource(function)
            return name
    raise InputError(
        f"{name}: expected a function that a module or a notebook defines at its top. The next run "
        f"could not tell another one, or a changed one, from it. Write it with def in a file."
    )


def _found(name: str) -> Callable:
    return getattr(import_module(name.partition(":")[0]), name.partition(":")[2])


def _checked_cells(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    cells = tuple(cells)
    if not cells or not all(isinstance(cell, Cell) for cell in cells):
        kinds = ", ".join(sorted({type(cell).__name__ for cell in cells}))
        raise InputError(f"Cells: {kinds or 'none'}; expected one Cell or more. Use grid(...).")
    digests = [_digest(_encoded(cell.arguments)) for cell in cells]
    digest, n_times = Counter(digests).most_common(1)[0]
    if n_times > 1:
        told = f"Cell ({cells[digests.index(digest)]}) occurs {n_times} times"
        raise InputError(f"{told} and would count so. Drop all but one.")
    return cells


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"Seed {seed!r}: expected a whole number ≥ 0. Nothing can start at it.")
    return int(seed)


def _child_seed(parameters: Mapping[str, Value], number: int, random_state: int) -> int:
    key = np.frombuffer(bytes.fromhex(_digest(_encoded(parameters))), "<u4").tolist()
    child = np.random.SeedSequence(random_state, spawn_key=(*key, number))
    return int(child.generate_state(1)[0])


def _plain(value: Any, name: str) -> Value:
    value = value.item() if isinstance(value, np.generic) else value
    if type(value) not in _PLAIN:
        told = f"expected str, int, float, bool or None, not {type(value).__name__}"
        raise InputError(f"{name}={value!r:.60}: {told}. It can't be written down. Convert it.")
    return math.nan if value != value else value


def _encoded(record: Mapping[str, Value]) -> dict[str, Any]:
    """Return a record as strict JSON, which knows neither NaN nor infinity, has it."""
    odd = [n for n, v in record.items() if isinstance(v, float) and not math.isfinite(v)]
    return {**record, **{name: {"float": repr(record[name])} for name in odd}}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _column(values: list[Value]) -> pd.Series:
    """Choose the type that holds all values exactly; pandas' own choice rounds large ints."""
    kinds = {type(value) for value in values if value is not None}
    limit = 2**53 if float in kinds else 2**63 - 1
    fits = all(abs(value) <= limit for value in values if type(value) is int)
    if None in values and fits and kinds in ({int}, {bool}):
        return pd.Series(values, dtype="Int64" if kinds == {int} else "boolean")
    if fits and (len(kinds) < 2 or kinds == {int, float}):
        with suppress(UnicodeEncodeError):  # half of a surrogate pair is no text to pandas
            return pd.Series(values)
    return pd.Series(values, dtype=object)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit numerical libraries: those loaded, and by settings those that load later."""
    names = joblib.parallel.ParallelBackendBase.MAX_NUM_THREADS_VARS
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        with threadpool_limits(1):
            yield
    finally:
        for name in names:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        told = f"{folder}: expected a folder that can be written ({error.strerror or error})"
        raise InputError(f"{told}. What is done is kept. Make room, or name another.") from error
