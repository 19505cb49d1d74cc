"""Over-sampling copies rows exactly, and says of which."""

import numpy as np
import pandas as pd
import pytest
from simulated import two_classes, zipf_texts

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.oversample import OverSample


def sample(rows: Dataset, n=200, label=None, seed=0) -> Dataset:
    fitted = OverSample().fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def table(n=30, **options) -> Dataset:
    """A table whose first column tells the row; every third is of the class *yes*."""
    X = pd.DataFrame(
        {
            0: np.arange(n) * 1.5,
            "town": pd.Series(["Ulm", "Bonn", None] * n)[:n],
            "size": pd.Categorical(["s", "m"] * n, ["s", "m", "l"], ordered=True)[:n],
            "owner": [True, False, False] * (n // 3),
        },
        index=np.zeros(n, int),
    )
    return Dataset(X, np.where(np.arange(n) % 3 == 0, "yes", "no"), "real", "table", **options)


def ids(n=30) -> list[str]:
    return [f"row-{i}" for i in range(n)]


def test_rows_are_exact_copies_and_no_other_than_the_parent():
    rows = table(ids=ids())
    made = sample(rows)
    parents = [int(parent.removeprefix("row-")) for (parent,) in made.derived_from]
    pd.testing.assert_frame_equal(made.X, rows.X.iloc[parents].reset_index(drop=True))
    assert (made.y == rows.y[parents]).all()
    assert len(set(parents)) == 30


@pytest.mark.parametrize("label", ["yes", "no"])
def test_parents_are_of_the_label(label):
    rows = table(ids=ids())
    parents = {parent for row in sample(rows, 500, label).derived_from for parent in row}
    assert parents == set(rows.ids[rows.y == label])


def test_every_row_of_a_label_comes_equally_often():
    made = sample(table(ids=ids()), 10_000, "yes")
    counts = pd.Series([parent for (parent,) in made.derived_from]).value_counts()
    assert len(counts) == 10
    assert ((counts - 1_000).abs() < 4 * np.sqrt(900)).all()


def test_labels_come_in_their_shares():
    assert (sample(table(), 10_000).y == "yes").mean() == pytest.approx(1 / 3, abs=0.02)


def test_rows_without_ids_have_no_parents():
    assert set(sample(table()).derived_from) == {()}


def test_some_rows_may_lack_an_id():
    made = sample(table(ids=["a", *[None] * 29]), 500)
    assert set(made.derived_from) == {("a",), ()}


def test_a_row_that_was_derived_passes_its_own_parents_on():
    rows = table(ids=ids(), derived_from=[("p", "q"), *[()] * 29])
    parents = set(sample(rows, 500).derived_from)
    assert ("p", "q") in parents
    assert ("row-0",) not in parents
    assert ("row-1",) in parents


def test_copies_of_copies_name_the_first_parent():
    once = sample(table(ids=ids()))
    assert set(sample(once, 500).derived_from) <= set(once.derived_from)


def test_the_copy_of_an_edge_case_is_one():
    rows = table(is_edge_case=np.arange(30) == 4)
    made = sample(rows, 500)
    assert made.is_edge_case.any()
    assert (made.is_edge_case == (made.X[0] == 6)).all()


def test_texts_are_copied_as_they_are():
    rows = zipf_texts(20)
    made = sample(rows, 100, "ham")
    assert set(made.X) <= set(rows.X[rows.y == "ham"])


def test_a_class_of_one_row_is_that_row():
    rows = two_classes(20, share=0.05)
    made = sample(rows, 5, "yes")
    only = rows.X[rows.y == "yes"].iloc[0]
    assert (only == made.X).all(axis=None)


def test_no_rows_are_refused():
    with pytest.raises(InputError, match="OverSample: table has no rows: expected one or more"):
        sample(table().take([]))
