"""The mixture finds the Gaussians that rows come from, and keeps what does not vary."""

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from simulated import two_classes
from test_smote import mixed, names, with_value

from synthlab.dataset import Dataset
from synthlab.generators.mixture import MixtureOfGaussians

COVARIANCE = np.array([[4.0, 1.5, 0], [1.5, 1, -0.2], [0, -0.2, 0.25]])
MEAN = np.array([10.0, -3, 0])


def fitted(rows: Dataset, seed=0, **parameters):
    return MixtureOfGaussians(**parameters).fit(rows, np.random.default_rng(seed))


def sample(rows: Dataset, n=400, label=None, seed=1, **parameters) -> Dataset:
    return fitted(rows, **parameters).sample(n, np.random.default_rng(seed), label)


def one_class(X, name="one class") -> Dataset:
    return Dataset(X, np.zeros(len(X), int), "real", name)


def gaussian(n=3_000, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, n)


# --- the truth ------------------------------------------------------------------------------


def test_one_gaussian_is_found_with_its_mean_and_covariance():
    rows = one_class(gaussian())
    made = sample(rows, 20_000)
    assert fitted(rows).n_components == {0: 1}
    np.testing.assert_allclose(made.X.mean(axis=0), MEAN, atol=0.15)
    np.testing.assert_allclose(np.cov(made.X.T), COVARIANCE, atol=0.3)


def test_two_clusters_are_two_components():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(12, 1, (100, 2))])
    made = sample(one_class(X), 8_000)
    assert fitted(one_class(X)).n_components == {0: 2}
    assert (made.X[:, 0] > 6).mean() == pytest.approx(0.25, abs=0.02)
    between = ((made.X > 4) & (made.X < 8)).all(axis=1)
    assert between.mean() < 0.001
    assert (made.X[made.X[:, 0] > 6, 1] > 6).all()


def test_one_gaussian_at_most_spreads_over_both_clusters():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (300, 1)), rng.normal(12, 1, (300, 1))])
    made = sample(one_class(X), 5_000, max_components=1).X
    assert ((made > 4) & (made < 8)).mean() > 0.15


def test_classes_are_kept_apart():
    rows = two_classes(4_000, signal=4, columns=2)
    for label, mean in {"yes": 2, "no": 0}.items():
        assert sample(rows, 4_000, label).X.to_numpy().mean() == pytest.approx(mean, abs=0.1)


def test_labels_come_in_their_shares():
    made = sample(two_classes(200, share=0.2), 5_000)
    assert (made.y == "yes").mean() == pytest.approx(0.2, abs=0.025)


def test_a_category_follows_the_component_of_its_numbers():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 200), rng.normal(20, 1, 200)])
    X = pd.DataFrame({"x": x, "town": np.repeat(["Ulm", "Bonn"], 200)})
    made = sample(one_class(X), 2_000).X
    assert ((made["x"] < 10) == (made["town"] == "Ulm")).mean() > 0.99


def test_levels_keep_their_shares_the_rare_ones_too():
    town = np.repeat(["Ulm", "Bonn"], [900, 100])
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=1_000), "town": town})
    made = sample(one_class(X), 20_000, max_components=1).X
    assert (made["town"] == "Bonn").mean() == pytest.approx(0.1, abs=0.01)


def test_nothing_leaves_the_range_of_the_class():
    rows = one_class(np.random.default_rng(0).lognormal(size=(300, 2)))
    made = sample(rows, 5_000)
    assert (rows.X.min(axis=0) <= made.X).all()
    assert (rows.X.max(axis=0) >= made.X).all()


def test_another_seed_of_the_fit_may_start_elsewhere_and_the_same_does_not():
    X = np.random.default_rng(0).random((80, 2))
    one, again = (fitted(one_class(X), seed=3).groups[0].fitted.mixture for _ in range(2))
    np.testing.assert_array_equal(one.means, again.means)


def test_a_class_is_fitted_when_it_is_first_asked_for_and_as_if_it_were_at_once():
    rows = two_classes(200)
    lazy, eager = fitted(rows), fitted(rows)
    assert eager.n_components
    lazy.sample(5, np.random.default_rng(0), "yes")
    is_fitted = ["fitted" in vars(group) for group in lazy.groups]
    assert is_fitted == [False, True]
    one, other = (each.sample(20, np.random.default_rng(1), "no").X for each in (lazy, eager))
    pd.testing.assert_frame_equal(one, other)


# --- kinds of columns -----------------------------------------------------------------------


def test_every_kind_of_column_keeps_its_dtype_and_its_levels():
    rows, made = mixed(), sample(mixed())
    pd.testing.assert_series_equal(made.X.dtypes, rows.X.dtypes)
    assert made.X["color"].cat.categories.tolist() == ["red", "blue", "gray"]
    assert set(made.X["color"]) == {"red", "blue"}
    assert made.X["size"].cat.ordered
    assert not made.X.isna().any(axis=None)


def test_a_level_that_a_class_lacks_is_never_drawn_there():
    X = pd.DataFrame({"x": np.arange(60) % 7 + 0.5, "town": ["Ulm", "Bonn", "Kiel"] * 20})
    rows = Dataset(X, np.where(X["town"] == "Kiel", "b", "a"), "real", "towns")
    assert set(sample(rows, 500, "a").X["town"]) == {"Ulm", "Bonn"}
    assert set(sample(rows, 500, "b").X["town"]) == {"Kiel"}


def test_columns_of_categories_alone_can_be_fitted():
    made = sample(names())
    assert set(made.X["town"]) == {"Ulm", "Bonn"}
    assert made.X["owner"].dtype == bool
    assert ((made.X["town"] == "Ulm") == made.X["owner"]).mean() > 0.9


def test_counts_stay_whole_as_floats_too():
    counts = np.random.default_rng(0).poisson(4, (200, 2)).astype(float)
    X = pd.DataFrame({"visits": counts[:, 0], "x": counts[:, 1] + 0.25})
    made = sample(one_class(X)).X
    assert (made["visits"] == made["visits"].round()).all()
    assert (made["x"] != made["x"].round()).mean() > 0.9


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_a_constant_column_stays_exactly_constant(dtype):
    rows = two_classes(100, columns=2)
    value = np.array(0.1 if dtype.startswith("float") else 7, dtype)
    made = sample(rows.replace(X=rows.X.assign(one=value)))
    assert set(made.X["one"]) == {value.item()}
    assert made.X["x0"].nunique() > 350  # some are clipped


def test_a_column_constant_in_one_class_alone_stays_so_there():
    rows = two_classes(100, columns=2)
    rows = rows.replace(X=rows.X.assign(x1=rows.X["x1"].where(rows.y == "no", 0.3)))
    assert set(sample(rows, label="yes").X["x1"]) == {0.3}
    assert sample(rows, label="no").X["x1"].nunique() > 350  # some are clipped


def test_a_class_of_one_row_is_that_row():
    rows = two_classes(20, share=0.05)
    made = sample(rows, 5, "yes")
    assert (rows.X[rows.y == "yes"].iloc[0] == made.X).all(axis=None)
    assert fitted(rows).n_components["yes"] == 0


@pytest.mark.parametrize("n", [2, 3, 6])
def test_a_class_of_few_rows_gets_few_gaussians(n):
    rows = one_class(np.random.default_rng(0).normal(size=(n, 4)))
    assert fitted(rows, max_components=50).n_components == {0: 1}
    assert len(np.unique(sample(rows, 100).X, axis=0)) > n


def test_rows_that_repeat_are_no_more_rows():
    X = np.repeat(np.random.default_rng(0).normal(size=(3, 1)), 50, axis=0)
    assert fitted(one_class(X), max_components=9).n_components == {0: 1}


def test_columns_that_depend_on_each_other_can_be_fitted():
    x = np.random.default_rng(0).normal(size=(200, 1))
    made = sample(one_class(np.hstack([x, 2 * x, 1 - x])), 2_000).X
    assert np.corrcoef(made.T)[0].round(2).tolist() == [1, 1, -1]


def test_names_may_be_numbers_and_the_index_may_repeat():
    X = pd.DataFrame({0: np.arange(9) / 2, (1, 2): ["a", "b", "c"] * 3}, index=[7] * 9)
    assert sample(one_class(X)).X.columns.tolist() == [0, (1, 2)]


# --- errors ---------------------------------------------------------------------------------


def test_what_cannot_be_used_is_refused():
    keep = "or choose GaussianCopula, Perturb or OverSample, which keep missing values"
    calls = {
        "missing": (
            lambda: sample(with_value(np.nan)),
            ["MixtureOfGaussians: 1 columns of spoilt have missing values (first: 'x1'", keep],
        ),
        "infinite": (
            lambda: sample(with_value(np.inf)),
            "column 'x1' of spoilt holds 1 infinite numbers: expected finite ones",
        ),
    }
    for most in (0, -1, 1.5, True):
        part = f"max_components={most}: expected a whole number, 1 or more"
        calls[most] = (lambda most=most: MixtureOfGaussians(most), [part, "Leave it at 5"])
    assert unclear(calls) == []
