"""What became of the cells of a sweep: a frame of records, a frame of failures."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from synthlab.errors import SynthlabError
from synthlab.sweep.cells import Cell, Failure, Value


@dataclass(frozen=True, repr=False)
class Sweep:
    """The records and errors of cells, by their place; an earlier call had done ``n_found``."""

    cells: tuple[Cell, ...]
    records: Mapping[int, list[dict[str, Value]]]
    errors: Mapping[int, Failure]
    n_found: int
    label: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record: parameters, seed and values, in the order of the cells.

        Types hold all values exactly; what is missing is NaN among floats, ``<NA>`` among ints.
        """
        return self._table([(n, one) for n in sorted(self.records) for one in self.records[n]])

    @property
    def failures(self) -> pd.DataFrame:
        """One row per failed cell: parameters, seed, exception, message, traceback."""
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
        return pd.DataFrame({name: exact_column([row.get(name) for row in full]) for name in names})


def exact_column(values: list[Value]) -> pd.Series:
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
