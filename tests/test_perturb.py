"""Perturbation stays near the row that it copies, within the class, and scales."""

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from simulated import mixed_rows, two_classes

from synthlab.dataset import Dataset
from synthlab.generators.oversample import OverSample
from synthlab.generators.perturb import Perturb

NUMBERS = ["amount", "small", "age", "visits", "ratio"]


def mixed() -> Dataset:
    """Every kind of column, with gaps; each row has an id, its position."""
    return mixed_rows(200, {"a": 0.5, "b": 0.5}, ids=map(str, range(200)))


def sample(rows: Dataset, n=400, label=None, seed=1, **parameters) -> Dataset:
    fitted = Perturb(**parameters).fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def parents(rows: Dataset, made: Dataset) -> pd.DataFrame:
    """The rows that were copied, in the order of their copies."""
    return rows.X.iloc[[int(parent) for (parent,) in made.derived_from]].reset_index(drop=True)


def test_every_kind_of_column_keeps_its_dtype():
    pd.testing.assert_series_equal(sample(mixed()).X.dtypes, mixed().X.dtypes)


def test_no_noise_and_no_redraw_is_over_sampling():
    made = sample(mixed(), noise_sd=0, redraw_probability=0)
    copies = OverSample().fit(mixed(), None).sample(400, np.random.default_rng(1))
    pd.testing.assert_frame_equal(made.X, copies.X)
    assert (made.y == copies.y).all()
    assert (made.derived_from == copies.derived_from).all()


def test_parents_are_of_the_label():
    rows = mixed()
    made = sample(rows)
    assert (rows.y[[int(parent) for (parent,) in made.derived_from]] == made.y).all()


def test_missing_stays_missing_and_nothing_becomes_so():
    rows = mixed()
    made = sample(rows, noise_sd=1, redraw_probability=1)
    pd.testing.assert_frame_equal(made.X.isna(), parents(rows, made).isna())


def test_more_noise_moves_farther_and_a_higher_probability_redraws_more_often():
    rows, moved, redrawn = mixed(), [], []
    for strength in (0.01, 0.1, 0.4):
        made = sample(rows, noise_sd=strength, redraw_probability=strength)
        before = parents(rows, made)
        moved.append((made.X["small"] - before["small"]).abs().mean())
        redrawn.append((made.X["day"] != before["day"]).mean())
    assert 0 < moved[0] < moved[1] < moved[2]
    assert 0 < redrawn[0] < redrawn[1] < redrawn[2]


def test_noise_is_in_standard_deviations_of_the_class():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (2_000, 1)), rng.normal(0, 50, (2_000, 1))])
    rows = Dataset(X, np.repeat([0, 1], 2_000), "real", "spreads", ids=map(str, range(4_000)))
    for label, spread in {0: 1, 1: 50}.items():
        made = sample(rows, 5_000, label, noise_sd=0.02)
        copied = X[[int(parent) for (parent,) in made.derived_from]]
        assert np.std(made.X - copied) == pytest.approx(0.02 * spread, rel=0.08)


def test_nothing_leaves_the_range_of_the_class():
    rows = mixed()
    for label in ("a", "b"):
        seen, made = rows.X[rows.y == label], sample(rows, label=label, noise_sd=5)
        assert (made.X[NUMBERS].min() >= seen[NUMBERS].min()).all()
        assert (made.X[NUMBERS].max() <= seen[NUMBERS].max()).all()


def test_counts_stay_whole_also_as_floats_beside_gaps():
    rows = mixed()
    rows = rows.replace(X=rows.X.assign(children=rows.X["visits"].astype("float64")))
    made = sample(rows, noise_sd=0.7)
    children = made.X["children"].dropna()
    assert (children == children.round()).all()
    assert (made.X["visits"] != parents(rows, made)["visits"]).any()


def test_what_is_constant_in_the_class_stays_so():
    X = pd.DataFrame({"x": [0.1, 0.1, 0.1, 5.0, 9.0], "big": [2**53 + 1] * 5})
    rows = Dataset(X, ["a", "a", "a", "b", "b"], "real", "constants")
    made = sample(rows, noise_sd=3)
    assert set(made.X["x"][made.y == "a"]) == {0.1}
    assert set(made.X["big"]) == {2**53 + 1}
    assert made.X["x"][made.y == "b"].nunique() > 2


def test_a_class_of_one_row_is_that_row():
    rows = two_classes(20, share=0.05)
    made = sample(rows, 5, "yes", noise_sd=9, redraw_probability=1)
    assert (rows.X[rows.y == "yes"].iloc[0] == made.X).all(axis=None)


def test_categories_are_redrawn_by_the_shares_of_their_own_class():
    y = np.repeat(["a", "b"], 1_000)
    town = np.repeat(["Ulm", "Bonn", "Kiel"], [900, 100, 1_000])
    rows = Dataset(pd.DataFrame({"town": town}), y, "real", "towns")
    made = sample(rows, 8_000, "a", redraw_probability=1)
    assert made.X["town"].value_counts(normalize=True)["Bonn"] == pytest.approx(0.1, abs=0.015)
    assert set(made.X["town"]) == {"Ulm", "Bonn"}


def test_the_probability_is_how_often_a_category_is_redrawn():
    X = pd.DataFrame({"name": [f"n{i}" for i in range(2_000)]})
    rows = Dataset(X, np.zeros(2_000), "real", "names", ids=map(str, range(2_000)))
    made = sample(rows, 8_000, redraw_probability=0.2)
    differs = made.X["name"] != parents(rows, made)["name"]
    assert differs.mean() == pytest.approx(0.2, abs=0.02)


def test_columns_are_redrawn_one_at_a_time():
    X = pd.DataFrame({"one": ["a", "b"] * 200, "same": ["a", "b"] * 200})
    made = sample(Dataset(X, np.zeros(400), "real", "twins"), redraw_probability=1)
    assert (made.X["one"] != made.X["same"]).mean() == pytest.approx(0.5, abs=0.1)


def test_a_category_that_a_class_lacks_stays_missing_there():
    X = pd.DataFrame(
        {"town": pd.Series([None, None, "Ulm"], dtype="str"), "x": [np.nan, np.nan, 1]}
    )
    rows = Dataset(X, ["a", "a", "b"], "real", "gaps")
    assert sample(rows, 20, "a", redraw_probability=1).X.isna().all(axis=None)


def test_names_may_be_numbers_and_the_index_may_repeat():
    X = pd.DataFrame({0: [1.0, 2.0, 4.0], (1, 2): ["a", "b", "c"]}, index=[7, 7, 7])
    made = sample(Dataset(X, [0, 0, 0], "real", "odd"), 50)
    assert made.X.columns.tolist() == [0, (1, 2)]
    assert made.X[0].between(1, 4).all()


def test_an_array_of_truth_values_is_redrawn():
    X = np.random.default_rng(0).random((40, 2)) < 0.5
    made = sample(Dataset(X, np.zeros(40), "real", "bits"), redraw_probability=0.5)
    assert made.X.dtype == bool
    assert len(np.unique(made.X, axis=0)) == 4


def test_what_cannot_be_used_is_refused():
    rows = Dataset(pd.DataFrame({"x": [1.0, np.inf]}), [0, 0], "real", "two")
    calls = {
        "infinite": (
            lambda: sample(rows),
            "column 'x' of two holds 1 infinite numbers: expected finite ones. No number lies "
            "between infinity and the next one. Replace them.",
        )
    }
    for value in (-0.1, np.inf, np.nan, True, "1"):
        part = f"noise_sd={value}: expected a finite number, 0 or more. Rows could not be perturbed"
        calls["noise", value] = (lambda value=value: Perturb(noise_sd=value), [part, "it at 0.1."])
    for value in (-0.1, 1.1, np.nan, True):
        part = f"redraw_probability={value}: expected a probability, 0 to 1."
        calls["redraw", value] = (lambda v=value: Perturb(redraw_probability=v), [part, "at 0.05."])
    assert unclear(calls) == []
