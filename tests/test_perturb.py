"""Perturbation stays near the row that it copies, within the class, and scales."""

import numpy as np
import pandas as pd
import pytest
from simulated import two_classes

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.oversample import OverSample
from synthlab.generators.perturb import Perturb

DTYPES = {
    "amount": "float64",
    "small": "float32",
    "age": "int16",
    "visits": "Int64",
    "ratio": "Float64",
    "owner": "bool",
    "known": "boolean",
    "town": "str",
    "code": "object",
    "colour": pd.CategoricalDtype(["red", "blue", "grey"]),
    "size": pd.CategoricalDtype(["s", "m", "l", "xl"], ordered=True),
    "day": "datetime64[us]",
}
NUMBERS = ["amount", "small", "age", "visits", "ratio"]


def mixed(n=200, seed=0) -> Dataset:
    """Every kind of column, with gaps; each row has an id, its position."""
    rng = np.random.default_rng(seed)
    gap = rng.random(n) < 0.2
    X = pd.DataFrame(
        {
            "amount": np.where(gap, np.nan, rng.lognormal(size=n)),
            "small": rng.normal(size=n),
            "age": rng.integers(18, 90, n),
            "visits": pd.array(np.where(gap, pd.NA, rng.poisson(3, n)), "Int64"),
            "ratio": pd.array(np.where(gap, pd.NA, rng.random(n)), "Float64"),
            "owner": rng.random(n) < 0.3,
            "known": pd.array(np.where(gap, pd.NA, rng.random(n) < 0.3), "boolean"),
            "town": pd.Series(rng.choice(["Ulm", "Bonn", "Kiel"], n)).mask(gap),
            "code": pd.Series([["a", 1, 2.5][i] for i in rng.integers(0, 3, n)], dtype=object),
            "colour": rng.choice(["red", "blue"], n),
            "size": rng.choice(["s", "m", "l"], n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D"),
        }
    ).astype(DTYPES)
    return Dataset(X, rng.choice(["a", "b"], n), "real", "mixed", ids=map(str, range(n)))


def sample(rows: Dataset, n=400, label=None, seed=1, **parameters) -> Dataset:
    fitted = Perturb(**parameters).fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def parents(rows: Dataset, made: Dataset) -> pd.DataFrame:
    """The rows that were copied, in the order of their copies."""
    return rows.X.iloc[[int(parent) for (parent,) in made.derived_from]].reset_index(drop=True)


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_every_kind_of_column_keeps_its_dtype():
    pd.testing.assert_series_equal(sample(mixed()).X.dtypes, mixed().X.dtypes)


def test_no_noise_and_no_switch_is_over_sampling():
    made = sample(mixed(), scale=0, switch=0)
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
    made = sample(rows, scale=1, switch=1)
    pd.testing.assert_frame_equal(made.X.isna(), parents(rows, made).isna())


def test_more_scale_moves_farther_and_more_switch_switches_oftener():
    rows, moved, switched = mixed(), [], []
    for strength in (0.01, 0.1, 0.4):
        made = sample(rows, scale=strength, switch=strength)
        before = parents(rows, made)
        moved.append((made.X["small"] - before["small"]).abs().mean())
        switched.append((made.X["day"] != before["day"]).mean())
    assert 0 < moved[0] < moved[1] < moved[2]
    assert 0 < switched[0] < switched[1] < switched[2]


def test_noise_is_scale_times_the_standard_deviation_of_the_class():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (2_000, 1)), rng.normal(0, 50, (2_000, 1))])
    rows = Dataset(X, np.repeat([0, 1], 2_000), "real", "spreads", ids=map(str, range(4_000)))
    for label, spread in {0: 1, 1: 50}.items():
        made = sample(rows, 5_000, label, scale=0.02)
        copied = X[[int(parent) for (parent,) in made.derived_from]]
        assert np.std(made.X - copied) == pytest.approx(0.02 * spread, rel=0.08)


@pytest.mark.parametrize("label", ["a", "b"])
def test_nothing_leaves_the_range_of_the_class(label):
    rows = mixed()
    seen, made = rows.X[rows.y == label], sample(rows, label=label, scale=5)
    for column in NUMBERS:
        assert made.X[column].min() >= seen[column].min()
        assert made.X[column].max() <= seen[column].max()


def test_counts_stay_whole_also_as_floats_beside_gaps():
    rows = mixed()
    rows = rows.replace(X=rows.X.assign(children=rows.X["visits"].astype("float64")))
    made = sample(rows, scale=0.7)
    children = made.X["children"].dropna()
    assert (children == children.round()).all()
    assert (made.X["visits"] != parents(rows, made)["visits"]).any()


def test_what_is_constant_in_the_class_stays_so():
    X = pd.DataFrame({"x": [0.1, 0.1, 0.1, 5.0, 9.0], "big": [2**53 + 1] * 5})
    rows = Dataset(X, ["a", "a", "a", "b", "b"], "real", "constants")
    made = sample(rows, scale=3)
    assert set(made.X["x"][made.y == "a"]) == {0.1}
    assert set(made.X["big"]) == {2**53 + 1}
    assert made.X["x"][made.y == "b"].nunique() > 2


def test_a_class_of_one_row_is_that_row():
    rows = two_classes(20, share=0.05)
    made = sample(rows, 5, "yes", scale=9, switch=1)
    assert (rows.X[rows.y == "yes"].iloc[0] == made.X).all(axis=None)


def test_categories_are_redrawn_by_the_shares_of_their_own_class():
    y = np.repeat(["a", "b"], 1_000)
    town = np.repeat(["Ulm", "Bonn", "Kiel"], [900, 100, 1_000])
    rows = Dataset(pd.DataFrame({"town": town}), y, "real", "towns")
    made = sample(rows, 8_000, "a", switch=1)
    assert made.X["town"].value_counts(normalize=True)["Bonn"] == pytest.approx(0.1, abs=0.015)
    assert set(made.X["town"]) == {"Ulm", "Bonn"}


def test_switch_is_how_often_a_category_is_redrawn():
    X = pd.DataFrame({"name": [f"n{i}" for i in range(2_000)]})
    rows = Dataset(X, np.zeros(2_000), "real", "names", ids=map(str, range(2_000)))
    made = sample(rows, 8_000, switch=0.2)
    differs = made.X["name"] != parents(rows, made)["name"]
    assert differs.mean() == pytest.approx(0.2, abs=0.02)


def test_columns_are_redrawn_one_at_a_time():
    X = pd.DataFrame({"one": ["a", "b"] * 200, "same": ["a", "b"] * 200})
    made = sample(Dataset(X, np.zeros(400), "real", "twins"), switch=1)
    assert (made.X["one"] != made.X["same"]).mean() == pytest.approx(0.5, abs=0.1)


def test_a_category_that_a_class_lacks_stays_missing_there():
    X = pd.DataFrame(
        {"town": pd.Series([None, None, "Ulm"], dtype="str"), "x": [np.nan, np.nan, 1]}
    )
    rows = Dataset(X, ["a", "a", "b"], "real", "gaps")
    assert sample(rows, 20, "a", switch=1).X.isna().all(axis=None)


def test_names_may_be_numbers_and_the_index_may_repeat():
    X = pd.DataFrame({0: [1.0, 2.0, 4.0], (1, 2): ["a", "b", "c"]}, index=[7, 7, 7])
    made = sample(Dataset(X, [0, 0, 0], "real", "odd"), 50)
    assert made.X.columns.tolist() == [0, (1, 2)]
    assert made.X[0].between(1, 4).all()


def test_an_array_of_truth_values_is_redrawn():
    X = np.random.default_rng(0).random((40, 2)) < 0.5
    made = sample(Dataset(X, np.zeros(40), "real", "bits"), switch=0.5)
    assert made.X.dtype == bool
    assert len(np.unique(made.X, axis=0)) == 4


@pytest.mark.parametrize("scale", [-0.1, np.inf, np.nan])
def test_a_scale_out_of_range_is_refused(scale):
    message = refusal(Perturb, scale=scale)
    assert f"scale={scale}: expected 0 or more, and finite" in message
    assert "No number could be moved by it. Leave it at 0.1." in message


@pytest.mark.parametrize("switch", [-0.1, 1.1, np.nan])
def test_a_switch_that_is_no_probability_is_refused(switch):
    message = refusal(Perturb, switch=switch)
    assert f"switch={switch}: expected 0 to 1, a probability" in message
    assert "No category could be redrawn by it. Leave it at 0.05." in message


def test_infinite_numbers_are_refused():
    rows = Dataset(pd.DataFrame({"x": [1.0, np.inf]}), [0, 0], "real", "two")
    message = refusal(sample, rows)
    assert "column 'x' of two holds 1 infinite numbers; expected finite ones" in message
    assert "Nothing lies between infinity and its neighbour. Replace them." in message
