"""The points of a grid, in values that can be written down exactly and told apart by a hash."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from synthlab.errors import InputError

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
        parameters = {name: plain(value, name) for name, value in self.parameters.items()}
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "seed", _checked_seed(self.seed))

    @property
    def arguments(self) -> dict[str, Value]:
        """What the function is called with."""
        return {**self.parameters, "seed": self.seed}

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())


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

    Raises
    ------
    InputError
        A value can't be written down, a parameter can't head a column, a seed is no seed.

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


def plain(value: Any, name: str) -> Value:
    """Return a value as Python has it; raise `InputError` where it can't be written down."""
    value = value.item() if isinstance(value, np.generic) else value
    if type(value) not in _PLAIN:
        told = f"expected str, int, float, bool or None, not {type(value).__name__}"
        raise InputError(f"{name}={value!r:.60}: {told}. It can't be written down. Convert it.")
    return math.nan if value != value else value


def encoded(record: Mapping[str, Value]) -> dict[str, Any]:
    """Return a record as strict JSON, which knows neither NaN nor infinity, has it."""
    odd = [n for n, v in record.items() if isinstance(v, float) and not math.isfinite(v)]
    return {**record, **{name: {"float": repr(record[name])} for name in odd}}


def digest(content: Any) -> str:
    """Return the SHA-256 of something as JSON has it; the order of names is no difference."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"Seed {seed!r}: expected a whole number ≥ 0. Nothing can start at it.")
    return int(seed)


def _child_seed(parameters: Mapping[str, Value], number: int, random_state: int) -> int:
    key = np.frombuffer(bytes.fromhex(digest(encoded(parameters))), "<u4").tolist()
    child = np.random.SeedSequence(random_state, spawn_key=(*key, number))
    return int(child.generate_state(1)[0])
