"""The copula keeps what it promises: columns, shares, marginals, correlations, gaps."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from scipy.stats import spearmanr
from simulated import mixed_rows

from synthlab.dataset import Dataset
from synthlab.generators.copula import GaussianCopula


def mixed(n=400) -> Dataset:
    """Every kind of column, with gaps, and a label of three classes."""
    return mixed_rows(n, {"a": 0.6, "b": 0.3, "c": 0.1})


@pytest.fixture(scope="module")
def many():
    """20,000 rows that were drawn of the mixed table."""
    return sample(mixed(), 20_000)


def numbers(X, y=None, **options) -> Dataset:
    return Dataset(X, np.zeros(len(X), int) if y is None else y, "real", "numbers", **options)


def sample(rows: Dataset, n=1_000, label=None, seed=1, **parameters) -> Dataset:
    fitted = GaussianCopula(**parameters).fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def latents(n, correlation, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)


# --- the contract --------------------------------------------------------------------------


def test_fit_draws_nothing_and_changes_nothing():
    rows, before, rng = mixed(), mixed(), np.random.default_rng(0)
    generator = GaussianCopula()
    generator.fit(rows, rng)
    pd.testing.assert_frame_equal(rows.X, before.X)
    assert (rows.y == before.y).all()
    assert generator == GaussianCopula()
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_labels_come_in_their_shares(many):
    for label in "abc":
        assert (many.y == label).mean() == pytest.approx((mixed().y == label).mean(), abs=0.015)


def test_it_can_be_fitted_on_its_own_rows_again_and_again():
    rows = mixed(200)
    for seed in range(10):
        rows = sample(rows, 200, seed=seed)
    pd.testing.assert_series_equal(rows.X.dtypes, mixed().X.dtypes)


def test_an_array_gives_an_array_of_its_dtype():
    for dtype in ("float64", "float32", "int64", "bool"):
        X = np.random.default_rng(0).normal(0, 3, (50, 3)).astype(dtype)
        synth = sample(numbers(X))
        assert isinstance(synth.X, np.ndarray)
        assert (synth.X.dtype, synth.X.shape) == (np.dtype(dtype), (1_000, 3))


# --- marginals -----------------------------------------------------------------------------


def test_shares_of_levels_are_kept(many):
    for column in ("owner", "town", "code", "color", "size", "visits"):
        real, made = (d.X[column].astype(object).map(repr) for d in (mixed(), many))
        assert set(made) == set(real)
        for level in set(real):
            assert (made == level).mean() == pytest.approx((real == level).mean(), abs=0.02)


def test_the_share_of_gaps_is_kept(many):
    columns = ["amount", "ratio", "visits", "known", "town"]
    real, made = (data.X[columns].isna().mean() for data in (mixed(), many))
    assert made.tolist() == pytest.approx(real.tolist(), abs=0.015)


def test_gaps_of_two_columns_lean_together(many):
    amount, ratio = many.X["amount"].isna(), many.X["ratio"].isna()
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


def test_a_planted_correlation_is_found_again():
    planted = [-0.7, 0.0, 0.5, 0.9]
    found = [norm_correlation(sample(numbers(latents(2_000, r)), 20_000).X) for r in planted]
    assert found == pytest.approx(planted, abs=0.05)


def norm_correlation(X) -> float:
    """The correlation of a Gaussian copula, of Spearman's rank correlation (Pearson 1907)."""
    return 2 * np.sin(np.pi / 6 * spearmanr(X[:, 0], X[:, 1]).statistic)


def test_a_correlation_shows_through_the_levels_that_blur_it():
    for cuts in ([0.0], [-1.0], [-0.5, 1.0]):
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


def test_what_cannot_be_used_is_refused():
    texts = Dataset(pd.Series(["hello", "bye"]), ["a", "b"], "real", "mail")
    infinite = numbers(pd.DataFrame({"v": [1.0, np.inf, 2.0]}))
    calls = {
        "texts": (lambda: sample(texts), "GaussianCopula: mail holds texts: expected a table"),
        "no rows": (lambda: sample(mixed().take([])), "has no rows"),
        "infinite": (lambda: sample(infinite), "column 'v' holds infinite numbers: expected"),
    }
    for prior in (0, -1, np.nan, np.inf, True):
        part = f"prior_rows={prior}: expected a positive, finite number"
        calls[prior] = (partial(GaussianCopula, prior), part)
    assert unclear(calls) == []
