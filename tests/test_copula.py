"""The copula keeps what it promises: columns, shares, marginals, correlations, gaps."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.copula import GaussianCopula

MIXED = {
    "amount": "float64",
    "small": "float32",
    "age": "int64",
    "visits": "Int64",
    "ratio": "Float64",
    "owner": "bool",
    "known": "boolean",
    "town": "str",
    "code": "object",
    "colour": "category",
    "size": pd.CategoricalDtype(["s", "m", "l", "xl"], ordered=True),
    "day": "datetime64[us]",
}


def mixed(n=400, seed=0) -> Dataset:
    """Every kind of column, with gaps, and a label of three classes."""
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
    ).astype(MIXED)
    return Dataset(X, rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]), "real", "mixed")


def numbers(X, y=None, **options) -> Dataset:
    return Dataset(X, np.zeros(len(X), int) if y is None else y, "real", "numbers", **options)


def sample(rows: Dataset, n=1_000, label=None, seed=1, **parameters) -> Dataset:
    fitted = GaussianCopula(**parameters).fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def latents(n, correlation, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)


# --- the contract --------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 1_000])
def test_as_many_rows_as_asked_for_of_the_same_columns(n):
    rows, synth = mixed(), sample(mixed(), n)
    assert len(synth) == n
    pd.testing.assert_series_equal(synth.X.dtypes, rows.X.dtypes)
    assert synth.y.dtype == rows.y.dtype


def test_rows_are_synthetic():
    synth = sample(mixed())
    assert set(synth.origin) == {"synthetic"}
    assert synth.ids is None


def test_the_same_seed_gives_the_same_rows_and_another_others():
    one, same, other = (sample(mixed(), seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one.X, same.X)
    assert (one.y == same.y).all()
    assert not one.X.equals(other.X)


def test_fit_draws_nothing_and_changes_nothing():
    rows, before, rng = mixed(), mixed(), np.random.default_rng(0)
    generator = GaussianCopula()
    generator.fit(rows, rng)
    pd.testing.assert_frame_equal(rows.X, before.X)
    assert (rows.y == before.y).all()
    assert generator == GaussianCopula()
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_a_label_is_honoured():
    assert set(sample(mixed(), 50, "c").y) == {"c"}


def test_labels_come_in_their_shares():
    rows, synth = mixed(), sample(mixed(), 20_000)
    for label in "abc":
        assert (synth.y == label).mean() == pytest.approx((rows.y == label).mean(), abs=0.015)


def test_it_can_be_fitted_on_its_own_rows_again_and_again():
    rows = mixed(200)
    for seed in range(10):
        rows = sample(rows, 200, seed=seed)
    pd.testing.assert_series_equal(rows.X.dtypes, mixed().X.dtypes)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
def test_an_array_gives_an_array(dtype):
    X = np.random.default_rng(0).normal(0, 3, (50, 3)).astype(dtype)
    synth = sample(numbers(X))
    assert isinstance(synth.X, np.ndarray)
    assert (synth.X.dtype, synth.X.shape) == (np.dtype(dtype), (1_000, 3))


def test_column_names_may_repeat():
    X = pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"])
    assert list(sample(numbers(X)).X.columns) == ["x", "x"]


# --- marginals -----------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["owner", "town", "code", "colour", "size", "visits"])
def test_shares_of_levels_are_kept(column):
    rows, synth = mixed(), sample(mixed(), 20_000)
    real, made = (d.X[column].astype(object).map(repr) for d in (rows, synth))
    assert set(made) == set(real)
    for level in set(real):
        assert (made == level).mean() == pytest.approx((real == level).mean(), abs=0.02)


@pytest.mark.parametrize("column", ["amount", "ratio", "visits", "known", "town"])
def test_the_share_of_gaps_is_kept(column):
    rows, synth = mixed(), sample(mixed(), 20_000)
    assert synth.X[column].isna().mean() == pytest.approx(rows.X[column].isna().mean(), abs=0.015)


def test_gaps_of_two_columns_lean_together():
    synth = sample(mixed(), 5_000)
    amount, ratio = synth.X["amount"].isna(), synth.X["ratio"].isna()
    assert (amount & ratio).mean() > 1.5 * amount.mean() * ratio.mean()


def test_quantiles_of_numbers_are_kept_and_their_range_is_not_left():
    rows, synth = mixed(2_000), sample(mixed(2_000), 20_000)
    at = np.linspace(0.05, 0.95, 10)
    real, made = (d.X["amount"].dropna() for d in (rows, synth))
    np.testing.assert_allclose(made.quantile(at), real.quantile(at), rtol=0.06)
    assert real.min() <= made.min()
    assert made.max() <= real.max()


def test_numbers_with_fractions_are_new_and_integers_are_old():
    rows, synth = mixed(), sample(mixed())
    assert not set(synth.X["small"]) & set(rows.X["small"])
    assert set(synth.X["age"]) <= set(rows.X["age"])


def test_an_atom_stays_an_atom():
    amount = np.where(np.arange(500) % 5 < 3, 0.0, np.random.default_rng(0).random(500))
    made = sample(numbers(pd.DataFrame({"amount": amount})), 10_000).X["amount"]
    assert (made == 0).mean() == pytest.approx(0.6, abs=0.02)
    assert made[made > 0].min() >= amount[amount > 0].min() / 2


def test_floats_that_are_integers_stay_so():
    X = pd.DataFrame({"age": [20.0, 30.0, np.nan, 50.0]})
    assert set(sample(numbers(X)).X["age"].dropna()) == {20.0, 30.0, 50.0}


def test_a_column_constant_in_one_class_stays_so_there():
    X = pd.DataFrame({"v": [7] * 20 + list(range(20)), "w": np.random.default_rng(0).random(40)})
    rows = numbers(X, ["calm"] * 20 + ["wild"] * 20)
    assert set(sample(rows, label="calm").X["v"]) == {7}
    assert len(set(sample(rows, label="wild").X["v"])) == 20


def test_empty_columns_and_unseen_levels_are_kept_as_they_are():
    town = pd.Categorical(["Ulm", "Bonn", "Ulm"], categories=["Bonn", "Kiel", "Ulm"])
    X = pd.DataFrame({"nothing": [np.nan] * 3, "town": town})
    synth = sample(numbers(X)).X
    assert synth["nothing"].isna().all()
    assert list(synth["town"].cat.categories) == ["Bonn", "Kiel", "Ulm"]
    assert set(synth["town"]) == {"Bonn", "Ulm"}


# --- correlations --------------------------------------------------------------------------


@pytest.mark.parametrize("planted", [-0.7, 0.0, 0.5, 0.9])
def test_a_planted_correlation_is_found_again(planted):
    made = sample(numbers(latents(2_000, planted)), 20_000).X
    assert norm_correlation(made) == pytest.approx(planted, abs=0.05)


def norm_correlation(X) -> float:
    """The correlation of a Gaussian copula, of Spearman's rank correlation (Pearson 1907)."""
    return 2 * np.sin(np.pi / 6 * spearmanr(X[:, 0], X[:, 1]).statistic)


@pytest.mark.parametrize("cuts", [[0.0], [-1.0], [-0.5, 1.0]])
def test_a_correlation_shows_through_the_levels_that_blur_it(cuts):
    levels = np.digitize(latents(5_000, 0.5), cuts)
    frame = pd.DataFrame(levels, columns=["one", "other"])
    made = sample(numbers(frame), 20_000).X
    assert made.corr().iloc[0, 1] == pytest.approx(frame.corr().iloc[0, 1], abs=0.04)


def test_categories_hang_together_when_the_frequent_ones_do():
    rng = np.random.default_rng(0)
    one = rng.choice(["often", "seldom", "rarely"], 3_000, p=[0.6, 0.3, 0.1])
    other = np.where(rng.random(3_000) < 0.8, one, "often")
    made = sample(numbers(pd.DataFrame({"one": one, "other": other})), 20_000).X
    assert (made["one"] == made["other"]).mean() == pytest.approx((one == other).mean(), abs=0.05)


def test_each_class_has_correlations_of_its_own():
    X = np.concatenate([latents(1_000, 0.8), latents(1_000, -0.8)])
    rows = numbers(X, ["up"] * 1_000 + ["down"] * 1_000)
    for label, planted in {"up": 0.8, "down": -0.8}.items():
        assert norm_correlation(sample(rows, 5_000, label).X) == pytest.approx(planted, abs=0.06)


def test_a_small_class_borrows_correlations_but_no_values():
    few = latents(4, 0.0, seed=5) / 10 + 100
    rows = numbers(np.concatenate([latents(1_000, 0.9), few]), ["many"] * 1_000 + ["few"] * 4)
    made = sample(rows, 5_000, "few").X
    assert norm_correlation(made) > 0.5
    assert made.min() > 99


def test_more_prior_rows_mean_less_correlation():
    rows = numbers(latents(200, 0.8))
    found = [norm_correlation(sample(rows, 5_000, prior_rows=k).X) for k in (1, 200, 20_000)]
    assert found[0] > found[1] > found[2] > 0


def test_equal_columns_stay_equal():
    column = np.random.default_rng(0).integers(0, 5, 300)
    X = pd.DataFrame({"one": column, "same": column, "third": column})
    made = sample(numbers(X), prior_rows=1e-9).X
    assert (made["one"] == made["same"]).mean() > 0.98


def test_more_columns_than_rows_can_be_fitted():
    made = sample(numbers(np.random.default_rng(0).normal(size=(10, 40))))
    assert np.isfinite(made.X).all()


def test_a_class_of_one_row_is_that_row():
    rows = numbers(pd.DataFrame({"v": [1.5, 2.5, 9.5]}), ["a", "a", "b"])
    assert set(sample(rows, label="b").X["v"]) == {9.5}


# --- errors --------------------------------------------------------------------------------


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_texts_are_refused():
    texts = Dataset(pd.Series(["hello", "bye"]), ["a", "b"], "real", "mail")
    assert "GaussianCopula: mail holds texts; expected a table" in refusal(sample, texts)


def test_no_rows_are_refused():
    assert "has no rows" in refusal(sample, mixed().take([]))


@pytest.mark.parametrize("prior_rows", [0, -1, np.nan, np.inf])
def test_no_prior_is_refused(prior_rows):
    assert "expected a positive, finite number" in refusal(GaussianCopula, prior_rows)


def test_infinite_numbers_are_refused():
    X = pd.DataFrame({"v": [1.0, np.inf, 2.0]})
    assert "column 'v' holds infinite numbers" in refusal(sample, numbers(X))


def test_values_that_cannot_be_compared_are_refused():
    X = pd.DataFrame({"v": [[1], [2]]})
    assert "column 'v' holds values that can't be compared" in refusal(sample, numbers(X))


def test_an_unknown_label_is_refused():
    assert "label='z'" in refusal(sample, mixed(), 10, "z")
