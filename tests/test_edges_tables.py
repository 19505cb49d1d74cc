"""Edge cases of tables: the one cell that changes, and what stays."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.edges import (
    boundary_suite,
    minimum_functionality,
    missing_suite,
    out_of_range_suite,
    rare_combination_suite,
    unseen_category_suite,
)
from synthlab.edges.table_cases import UNSEEN
from synthlab.errors import InputError

N = 60


def table(seed, n=N, **about):
    rng = np.random.default_rng(seed)
    # Never red and large, never blue and small.
    size = rng.choice(["small", "large", "middle"], n)
    color = np.where(size == "small", "red", np.where(size == "large", "blue", "green"))
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "height": rng.normal(170.0, 10.0, n),
            "size": pd.Categorical(size),
            "color": color,
            "is_member": rng.random(n) < 0.5,
        }
    )
    return Dataset(X, rng.integers(0, 2, n), "real", "people", [f"p{seed}-{i}" for i in range(n)])


SEEN, ROWS = table(0), table(1)
ONE_CELL = {
    "boundary": lambda: boundary_suite(ROWS, SEEN),
    "out of range": lambda: out_of_range_suite(ROWS, SEEN, 0.5),
    "unseen category": lambda: unseen_category_suite(ROWS),
    "rare combination": lambda: rare_combination_suite(ROWS, SEEN),
}


def changed_cells(suite):
    before = suite.originals.X.astype(object).to_numpy()
    after = suite.cases.X.astype(object).to_numpy()
    return before != after, after


def test_one_cell_of_each_row_changes():
    for name, make in ONE_CELL.items():
        suite = make()
        is_changed, _ = changed_cells(suite)
        assert (is_changed.sum(axis=1) <= 1).all(), name
        assert is_changed.sum() > 0.9 * len(suite), name  # one may stand at the boundary already
        assert suite.cases.X.dtypes.map(lambda d: d.kind).equals(
            SEEN.X.dtypes.map(lambda d: d.kind)
        )
        assert [p for (p,) in suite.cases.derived_from] == suite.originals.ids.tolist(), name
        assert suite.name == name


def test_boundary_is_the_least_or_greatest_seen():
    ends = {name: (SEEN.X[name].min(), SEEN.X[name].max()) for name in ("age", "height")}
    suite = boundary_suite(ROWS, SEEN)
    is_changed, after = changed_cells(suite)
    columns = list(ROWS.X.columns)
    found = [(columns[c], after[r, c]) for r, c in zip(*np.nonzero(is_changed), strict=True)]
    assert {name for name, _ in found} == set(ends)
    assert all(value in ends[name] for name, value in found)


def test_out_of_range_lies_as_far_out_as_asked():
    suite = out_of_range_suite(ROWS, SEEN, 2.0)
    low, high = SEEN.X["height"].min(), SEEN.X["height"].max()
    heights = suite.cases.X["height"]
    outside = heights[(heights < low) | (heights > high)]
    moved = heights[heights != suite.originals.X["height"]]
    assert outside.index.isin(moved.index).any()
    for value in moved:
        assert value == pytest.approx(low - 2 * (high - low)) or value == pytest.approx(
            high + 2 * (high - low)
        )
    assert suite.cases.X["age"].dtype.kind == "i"


def test_unseen_category_is_in_no_row():
    suite = unseen_category_suite(ROWS)
    is_unseen = (suite.cases.X.astype(object) == UNSEEN).to_numpy()
    assert is_unseen.sum(axis=1).tolist() == [1] * len(suite)
    assert is_unseen.sum(axis=0)[[0, 1, 4]].tolist() == [0, 0, 0]


def test_rare_combinations_are_new_pairs_of_known_values():
    suite = rare_combination_suite(ROWS, SEEN)
    known = set(zip(SEEN.X["size"], SEEN.X["color"], strict=True))
    pairs = list(zip(suite.cases.X["size"], suite.cases.X["color"], strict=True))
    assert len(pairs) == N
    assert not known & set(pairs)
    assert {size for size, _ in pairs} <= set(SEEN.X["size"])


def test_missing_blanks_the_share_of_cells():
    rows = table(2, 400)
    shares = [missing_suite(rows, dose).cases.X.isna() for dose in (0.0, 0.25, 0.75, 1.0)]
    assert [blank.to_numpy().mean() for blank in shares] == pytest.approx(
        [0, 0.25, 0.75, 1], abs=0.03
    )
    for fewer, more in pairwise(shares):
        assert (fewer.to_numpy() <= more.to_numpy()).all()


def test_arrays_stay_arrays():
    numbers = np.random.default_rng(0).normal(size=(20, 3))
    rows = Dataset(numbers, [0, 1] * 10, "real", "numbers")
    suite = out_of_range_suite(rows, rows, 1.0, n_cases=8, random_state=3)
    assert isinstance(suite.cases.X, np.ndarray)
    assert suite.cases.X.shape == (8, 3)
    assert ((suite.cases.X != suite.originals.X).sum(axis=1) == 1).all()


def test_an_expectation_can_be_chosen():
    suite = boundary_suite(ROWS, SEEN, expectation=minimum_functionality())
    assert suite.expectation == minimum_functionality()


NUMBERS = Dataset(np.ones((3, 2)), [0, 1, 0], "real", "ones")
ONE_NAME = Dataset(pd.DataFrame({"a": ["x", "y"]}), [0, 1], "real", "names")
MAIL = Dataset(pd.Series(["hello", "bye"]), ["ham", "ham"], "real", "mail")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: missing_suite(MAIL, 0.5), "mail holds texts; expected a table"),
        (lambda: missing_suite(ROWS, 1.5), "dose=1.5: expected a share of cells"),
        (lambda: missing_suite(ROWS, 0.5, n_cases=N + 1), f"people has {N} rows"),
        (lambda: out_of_range_suite(NUMBERS, NUMBERS, 1.0), "no column holds numbers that vary"),
        (lambda: unseen_category_suite(NUMBERS), "no column holds categories"),
        (lambda: rare_combination_suite(ONE_NAME, ONE_NAME), "expected two columns or more"),
    ],
)
def test_bad_input_makes_no_suite(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)


def test_no_new_pair_is_refused():
    X = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "v"]})
    full = Dataset(X, [0, 1, 0, 1], "real", "every pair")
    with pytest.raises(InputError, match="can get a pair of categories that every pair never"):
        rare_combination_suite(full, full)
