"""Edge cases for tables: rows of which one cell or more was made odd.

=================  ===========================================================================
family             what is done to a row
=================  ===========================================================================
missing            a share of its cells is blanked; the share is the dose
out of range       one number moves past what training showed; the dose is in ranges
boundary           one number moves to the least or the greatest that training showed
unseen category    one category becomes a value that training never showed
rare combination   one category becomes another row's, so that training never showed the pair
=================  ===========================================================================

The expectation is invariance without another one: an odd cell should not turn a decision.  Where
it should (an age of 300 *is* a reason to refuse), hand in the expectation that you have.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.edges.changes import sources_of
from synthlab.edges.expectations import Expectation, invariance
from synthlab.edges.suites import Suite
from synthlab.errors import InputError

UNSEEN = "unseen value"
_ATTEMPTS = 50  # to find a value that makes a new pair, by row

_Make = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def missing_suite(rows: Dataset, dose: float, **options) -> Suite:
    """Blank a share of the cells of each row.

    Parameters
    ----------
    rows : Dataset
        A table that the tested models were not trained on.
    dose : float in [0, 1]
        The share of cells; higher doses blank a superset.
    **options
        ``n_cases`` (all rows without it), ``expectation``, ``random_state``.

    Raises
    ------
    InputError
        The rows are no table, or too few; the dose is out of range.
    """
    _require_dose(dose, 1.0, "a share of cells")

    def make(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        is_blank = rng.random(frame.shape) < dose
        return pd.DataFrame(
            {name: _blanked(frame[name], is_blank[:, i]) for i, name in enumerate(frame.columns)}
        )

    return _suite("missing", rows, make, dose, **options)


def out_of_range_suite(rows: Dataset, seen: Dataset, dose: float, **options) -> Suite:
    """Move one number of each row past the range that training showed.

    Parameters
    ----------
    rows : Dataset
        See `missing_suite`.
    seen : Dataset
        The training rows.
    dose : float ≥ 0
        How far past the end, in lengths of the range.
    **options
        As for `missing_suite`.

    Raises
    ------
    InputError
        As `missing_suite` does, or no column holds numbers that vary.
    """
    _require_dose(dose, np.inf, "lengths of the range")

    def beyond(low: float, high: float) -> tuple[float, float]:
        return low - dose * (high - low), high + dose * (high - low)

    make = _moves(rows, seen, beyond)
    return _suite("out of range", rows, make, dose, **options)


def boundary_suite(rows: Dataset, seen: Dataset, **options) -> Suite:
    """Move one number of each row to an end of the range that training showed.

    Parameters and errors as for `out_of_range_suite`, without a dose.
    """
    return _suite("boundary", rows, _moves(rows, seen, lambda low, high: (low, high)), **options)


def unseen_category_suite(rows: Dataset, **options) -> Suite:
    """Give one category of each row a value that no row has (`UNSEEN`).

    Parameters and errors as for `missing_suite`, or no column holds categories.
    """
    columns = _categories(rows)

    def make(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        chosen = rng.integers(0, len(columns), len(frame))
        return _with_cells(frame, [(columns[c], UNSEEN) for c in chosen])

    return _suite("unseen category", rows, make, **options)


def rare_combination_suite(rows: Dataset, seen: Dataset, **options) -> Suite:
    """Give one category of each row a known value that it never had beside another of the row's.

    Rows for which no such value was found are left out.

    Parameters
    ----------
    rows, seen : Dataset
        See `out_of_range_suite`.
    **options
        As for `missing_suite`.

    Raises
    ------
    InputError
        As `missing_suite` does; there are fewer than two columns of categories; or no new pair
        was found in any row.
    """
    columns = _categories(rows)
    pairs = _Pairs(_table(seen), columns)

    def make(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        swaps = [pairs.new(row, rng) for row in frame[columns].to_dict("records")]
        found = np.array([swap is not None for swap in swaps])
        if not found.any():
            raise InputError(
                f"rare combination: no row of {rows.name} can get a pair of categories that "
                f"{seen.name} never showed. There would be no case. Leave this suite out."
            )
        kept, swaps = frame[found], [swap for swap in swaps if swap is not None]
        return _with_cells(kept, swaps)

    return _suite("rare combination", rows, make, **options)


def _suite(
    name: str,
    rows: Dataset,
    make: _Make,
    dose: float | None = None,
    *,
    n_cases: int | None = None,
    expectation: Expectation | None = None,
    random_state: int = 0,
) -> Suite:
    chosen = _drawn(rows, n_cases, random_state)
    made = make(_table(chosen), np.random.default_rng(random_state))
    originals = chosen.take(made.index.to_numpy())
    X = made.to_numpy() if isinstance(rows.X, np.ndarray) else made
    about = {"derived_from": sources_of(originals), "is_edge_case": True}
    cases = Dataset(X, originals.y, SYNTHETIC, f"{rows.name}, {name}", **about)
    return Suite(name, cases, expectation or invariance(), originals, dose)


def _drawn(rows: Dataset, n_cases: int | None, random_state: int) -> Dataset:
    n = len(rows) if n_cases is None else n_cases
    if not 1 <= n <= len(rows):
        raise InputError(
            f"n_cases={n_cases}, and {rows.name} has {len(rows)} rows. A row that is drawn twice "
            f"would count twice. Ask for 1 to {len(rows)}."
        )
    order = np.random.default_rng(random_state).permutation(len(rows))
    return rows.take(np.sort(order[:n]))


def _table(rows: Dataset) -> pd.DataFrame:
    if rows.is_text:
        raise InputError(
            f"{rows.name} holds texts; expected a table. There are no cells to change. Use "
            f"changed_suite for texts."
        )
    return pd.DataFrame(rows.X)


def _blanked(column: pd.Series, is_blank: np.ndarray) -> pd.Series:
    """Integers become floats, as they do when a file with gaps is read."""
    if column.dtype.kind in "iub":
        column = column.astype(float if column.dtype.kind != "b" else object)
    return column.mask(is_blank)


def _moves(
    rows: Dataset, seen: Dataset, ends: Callable[[float, float], tuple[float, float]]
) -> _Make:
    joined_features(rows.take([0]), seen.take([0]))
    numbers = _table(seen).select_dtypes("number")
    ranges = {}
    for name in numbers.columns:
        low, high = float(numbers[name].min()), float(numbers[name].max())
        if low < high:
            whole = numbers[name].dtype.kind in "iu"
            ranges[name] = tuple(_outward(ends(low, high)) if whole else ends(low, high))
    if not ranges:
        raise InputError(
            f"{seen.name}: no column holds numbers that vary, so there is no range to leave. Leave "
            f"this suite out."
        )

    columns = list(ranges)

    def make(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        chosen = rng.integers(0, len(columns), len(frame))
        sides = rng.integers(0, 2, len(frame))
        cells = [
            (columns[c], ranges[columns[c]][side]) for c, side in zip(chosen, sides, strict=True)
        ]
        return _with_cells(frame, cells)

    return make


def _outward(ends: tuple[float, float]) -> tuple[int, int]:
    return math.floor(ends[0]), math.ceil(ends[1])


def _with_cells(frame: pd.DataFrame, cells: list[tuple[object, object]]) -> pd.DataFrame:
    """Give one cell of each row, named by its column, another value; columns keep their kind."""
    values = {column: frame[column].astype(object).to_numpy(copy=True) for column, _ in cells}
    for row, (column, value) in enumerate(cells):
        values[column][row] = value
    made = frame.copy()
    for column, cell in values.items():
        series = pd.Series(cell, index=frame.index, dtype=object)
        made[column] = _of_kind(series, frame[column].dtype)
    return made


def _of_kind(column: pd.Series, dtype: np.dtype | pd.api.extensions.ExtensionDtype) -> pd.Series:
    if isinstance(dtype, pd.CategoricalDtype):
        known = dtype.categories.tolist()
        new = [value for value in column.dropna().unique() if value not in known]
        return column.astype(pd.CategoricalDtype([*known, *new], dtype.ordered))
    return column.astype("int64" if dtype.kind in "iu" else dtype)


def _categories(rows: Dataset) -> list:
    frame = _table(rows)
    columns = [name for name in frame.columns if frame[name].dtype.kind == "O"]
    if not columns:
        raise InputError(
            f"{rows.name}: no column holds categories, so none can be new. Leave this suite out."
        )
    return columns


class _Pairs:
    """Which values of two columns of a table stand in one row."""

    def __init__(self, frame: pd.DataFrame, columns: list) -> None:
        if len(columns) < 2:
            raise InputError(
                f"rare combination: only {columns[0]!r} holds categories; expected two columns or "
                f"more. One value makes no pair. Leave this suite out."
            )
        self._columns = columns
        self._values = {name: frame[name].astype(object) for name in columns}
        self._known: dict[tuple, set] = {}

    def new(self, row: dict, rng: np.random.Generator) -> tuple[object, object] | None:
        """Return a column and a known value of it that makes a pair the table never showed."""
        for _ in range(_ATTEMPTS):
            one, other = (self._columns[i] for i in rng.permutation(len(self._columns))[:2])
            known = self._together(one, other)
            values = sorted({value for value, _ in known}, key=str)
            value = values[int(rng.integers(len(values)))]
            if value != row[one] and (value, row[other]) not in known:
                return one, value
        return None

    def _together(self, one: object, other: object) -> set:
        if (one, other) not in self._known:
            both = pd.DataFrame({0: self._values[one], 1: self._values[other]}).dropna()
            self._known[one, other] = set(both.drop_duplicates().itertuples(index=False, name=None))
        return self._known[one, other]


def _require_dose(dose: float, largest: float, unit: str) -> None:
    if not 0 <= dose <= largest or not np.isfinite(dose):
        raise InputError(
            f"dose={dose!r}: expected {unit}, from 0 to {largest:g}. No cell could be changed by "
            f"it. Choose from that."
        )
