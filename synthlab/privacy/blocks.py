"""A mixed table as blocks of numbers in [−1, 1], for a network to make; and back.

A *category* becomes a block as wide as it has levels: 1 for the row's own level, 0 for the others.
A *number* becomes a block of width 1: its rank among the fitted numbers, from −1 to 1.  Ranks make
odd shapes uniform (skew, codes such as 999 for "unknown"), and what is read back lies in the range
that was seen; a column without fractions gives back numbers that were seen, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from synthlab.dataset import Dataset, Features
from synthlab.generators.base import Generator
from synthlab.generators.tables import Coded, are_whole


class Span(NamedTuple):
    """Where a column's block lies among all numbers of a row."""

    start: int
    end: int
    is_category: bool


@dataclass(frozen=True, eq=False)
class Blocks:
    """How a table becomes blocks, and blocks a table.

    Attributes
    ----------
    table : Coded
        Its levels and form; no rows.
    spans : tuple of Span
        One per column.
    seen : tuple of ndarray or None
        A number's fitted values in order; None for a category.
    """

    table: Coded
    spans: tuple[Span, ...]
    seen: tuple[np.ndarray | None, ...]

    @classmethod
    def of(cls, rows: Dataset, generator: Generator) -> tuple[Blocks, np.ndarray]:
        """Return how rows become blocks, and the blocks, shape (n_rows, width).

        Raises
        ------
        InputError
            A value is missing or infinite, or can't be compared.
        """
        table = Coded.of(rows, generator)
        widths = [1 if number else len(levels) for number, levels in _kinds(table)]
        ends = np.cumsum(widths).tolist()
        spans = tuple(
            Span(end - width, end, not number)
            for end, width, (number, _) in zip(ends, widths, _kinds(table), strict=True)
        )
        seen = tuple(
            None if span.is_category else np.sort(column)
            for span, column in zip(spans, table.numbers.T, strict=True)
        )
        blocks = cls(replace(table, numbers=table.numbers[:0]), spans, seen)
        return blocks, blocks.encode(table.numbers)

    @property
    def width(self) -> int:
        """How many numbers a row becomes."""
        return self.spans[-1].end

    def encode(self, numbers: np.ndarray) -> np.ndarray:
        """Return blocks of float32, shape (n_rows, width), for numbers as `Coded` has them."""
        made = np.zeros((len(numbers), self.width), dtype=np.float32)
        for span, seen, column in zip(self.spans, self.seen, numbers.T, strict=True):
            if span.is_category:
                made[np.arange(len(column)), span.start + column.astype(int)] = 1
            else:
                below, up_to = (np.searchsorted(seen, column, side) for side in ("left", "right"))
                made[:, span.start] = (below + up_to) / len(seen) - 1
        return made

    def decode(self, made: np.ndarray) -> Features:
        """Return rows of the table's form, for blocks of shape (n_rows, width).

        Of a category, the level with the largest number; of a number, the quantile.
        """
        columns = []
        for span, seen in zip(self.spans, self.seen, strict=True):
            block = made[:, span.start : span.end]
            columns.append(
                block.argmax(axis=1) if span.is_category else _quantile(seen, block[:, 0])
            )
        return self.table.features(np.column_stack(columns).astype(float))


def _kinds(table: Coded) -> list[tuple[bool, np.ndarray]]:
    return list(zip(table.is_number.tolist(), table.levels, strict=True))


def _quantile(seen: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Return the numbers at ranks in [−1, 1]; between two of them where there are fractions."""
    place = np.clip((rank.astype(float) + 1) / 2 * len(seen) - 0.5, 0, len(seen) - 1)
    if are_whole(seen):
        return seen[np.rint(place).astype(int)]
    return np.interp(place, np.arange(len(seen)), seen)
