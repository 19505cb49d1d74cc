"""Private tables: ε as another library has it, √k by brute force, and rows as the counts say."""

import json
import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.paths import data_dir
from synthlab.privacy import (
    DiscreteGaussian,
    PrivateMarginals,
    PublicTree,
    count_marginals,
    epsilon_of_rho,
    gaussian_epsilon,
    rho_of_epsilon,
)
from synthlab.privacy.consistency import consistent, nearest_counts

pytest.importorskip("opendp", reason="opendp is missing: make setup-privacy")

REFERENCE = json.loads((data_dir() / "dp_reference.json").read_text("utf-8"))["gaussian"]
TREE = PublicTree(
    labels=("no", "yes"),
    parents={"town": None, "owner": "town", "age": "town"},
    levels={"town": ("Bonn", "Kiel", "Ulm"), "owner": (False, True)},
    edges={"age": (0, 18, 65, 100)},
)


def people(n=400, seed=0):
    """Owners live in Ulm, the old in Kiel where the label is yes, the young where it is no."""
    rng = np.random.default_rng(seed)
    town, y = rng.choice(["Bonn", "Ulm", "Kiel"], n, p=[0.5, 0.3, 0.2]), rng.integers(2, size=n)
    is_old = (town == "Kiel") == (y == 1)
    X = pd.DataFrame(
        {
            "age": np.where(is_old, rng.integers(65, 100, n), rng.integers(0, 18, n)),
            "town": pd.Categorical(town, categories=["Bonn", "Kiel", "Ulm"]),
            "owner": town == "Ulm",
        }
    )
    return Dataset(X, np.where(y, "yes", "no"), "real", "people")


def fitted(rows=None, epsilon=math.inf, **options):
    generator = PrivateMarginals(options.pop("tree", TREE), epsilon, **options)
    return generator.fit(people() if rows is None else rows, np.random.default_rng(0))


def draw(n=3_000, label=None, seed=0, **options):
    return fitted(**options).sample(n, np.random.default_rng(seed), label)


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def flat(counts):
    return np.concatenate([cells.ravel() for cells in counts.values()])


# --- accounting, against dp-accounting ------------------------------------------------------


def test_epsilon_of_rho_is_that_of_renyi_divergence_over_many_orders():
    for row in REFERENCE:
        ours = epsilon_of_rho(row["rho"], row["delta"])
        assert ours == pytest.approx(row["rdp"], rel=1e-6)
        assert ours <= row["rdp"] * (1 + 1e-9)  # the best order is at least as good as any
        assert ours <= row["rdp_default_orders"]


def test_opendp_certifies_the_same():
    for row in REFERENCE:
        scale = 1 / math.sqrt(2 * row["rho"])
        noise = DiscreteGaussian(scale)
        assert noise.rho(1.0) == pytest.approx(row["rho"], rel=1e-9)
        assert noise.epsilon(1.0, row["delta"]) == pytest.approx(row["rdp"], rel=1e-6)


def test_the_exact_epsilon_of_a_gaussian_is_less_than_what_zcdp_promises():
    for row in REFERENCE:
        exact = gaussian_epsilon(row["rho"], row["delta"])
        assert exact == pytest.approx(row["exact"], rel=1e-9)
        assert exact == pytest.approx(row["pld"], rel=1e-4)
        assert exact < epsilon_of_rho(row["rho"], row["delta"])


def test_rho_of_epsilon_is_the_inverse_and_never_promises_too_much():
    for epsilon, delta in product([0.01, 0.1, 1, 3, 10, 100], [1e-3, 1e-6, 1e-12]):
        rho = rho_of_epsilon(epsilon, delta)
        assert epsilon_of_rho(rho, delta) <= epsilon
        assert epsilon_of_rho(rho * (1 + 1e-8), delta) > epsilon


def test_no_order_on_a_grid_beats_the_one_that_is_found():
    orders = 1 + np.logspace(-6, 9, 100_001)
    for rho, delta in product([1e-8, 1e-4, 0.1, 50], [0.1, 1e-6, 1e-15]):
        share = (math.log(1 / delta) - np.log(orders)) / (orders - 1)
        by_order = orders * rho + share + np.log1p(-1 / orders)
        assert epsilon_of_rho(rho, delta) == pytest.approx(max(0, by_order.min()), rel=1e-6)


def test_nothing_released_costs_nothing_and_no_noise_promises_nothing():
    assert epsilon_of_rho(0) == gaussian_epsilon(0) == 0
    assert epsilon_of_rho(math.inf) == rho_of_epsilon(math.inf) == math.inf
    bare = DiscreteGaussian(0.0)
    assert bare.rho(1.0) == bare.epsilon(1.0) == math.inf
    assert (bare.add(np.arange(5)) == np.arange(5)).all()


# --- sensitivity ----------------------------------------------------------------------------


def every_row():
    ages = {"young": 5, "grown": 30, "old": 80}
    cells = list(product(TREE.levels["town"], TREE.levels["owner"], ages.values(), TREE.labels))
    X = pd.DataFrame([cell[:3] for cell in cells], columns=["town", "owner", "age"])
    return Dataset(X, [cell[3] for cell in cells], "real", "every row")


def test_neighbors_are_sqrt_k_apart_whatever_the_rows_are():
    rows, rng, k = every_row(), np.random.default_rng(0), len(TREE.columns)
    for size in (1, 2, 7, 40):
        table = rng.integers(len(rows), size=size)
        counts = flat(count_marginals(rows.take(table), TREE))
        for row in range(len(rows)):
            larger = flat(count_marginals(rows.take(np.append(table, row)), TREE))
            assert np.linalg.norm(larger - counts) == pytest.approx(math.sqrt(k), rel=1e-15)
            assert PrivateMarginals(TREE).sensitivity >= np.linalg.norm(larger - counts)


def test_a_replaced_row_changes_counts_by_sqrt_2k_at_most():
    rows, k = every_row(), len(TREE.columns)
    alone = [flat(count_marginals(rows.take([row]), TREE)) for row in range(len(rows))]
    apart = [np.linalg.norm(one - other) for one, other in product(alone, alone)]
    assert max(apart) == pytest.approx(math.sqrt(2 * k))


def test_the_noise_is_what_k_marginals_need():
    for epsilon in (0.1, 1, 10):
        model = fitted(epsilon=epsilon)
        k = len(TREE.columns)
        assert model.rho == pytest.approx(k / (2 * model.noise.scale**2), rel=1e-9)
        assert epsilon_of_rho(model.rho) == pytest.approx(epsilon, rel=1e-6)
        assert model.epsilon <= epsilon
        assert DiscreteGaussian(model.noise.scale * 0.999).epsilon(math.sqrt(k)) > epsilon


def test_noise_is_whole_centered_and_of_its_scale():
    noisy = DiscreteGaussian(5.0).add(np.full((100, 200), 7))
    assert noisy.shape == (100, 200)
    assert noisy.dtype.kind == "i"
    assert noisy.mean() == pytest.approx(7, abs=0.25)  # seven standard errors
    assert noisy.std() == pytest.approx(5, rel=0.04)  # eight


def test_every_released_count_is_noisy():
    exact, model = flat(count_marginals(people(), TREE)), fitted(epsilon=0.01)
    assert (flat(model.counts) != exact).mean() > 0.9
    assert np.std(flat(model.counts) - exact) == pytest.approx(model.noise.scale, rel=0.7)


# --- the truth ------------------------------------------------------------------------------


def shares_of(rows, columns):
    frame = pd.DataFrame(rows.X).assign(label=rows.y, age=pd.cut(rows.X["age"], [-1, 17, 64, 99]))
    return frame.astype(str).groupby(columns).size() / len(rows)


def test_without_noise_every_marginal_of_the_tree_is_kept():
    for is_consistent in (True, False):
        made = draw(40_000, is_consistent=is_consistent)
        for column in ("owner", "age"):
            pair = ["label", "town", column]
            gap = shares_of(made, pair).sub(shares_of(people(), pair), fill_value=0)
            assert gap.abs().max() < 0.01


def test_label_and_parent_together_decide():
    made = draw(2_000)
    is_kiel = (made.X["town"] == "Kiel").to_numpy()
    np.testing.assert_array_equal(made.X["age"] >= 65, is_kiel == (made.y == "yes"))
    np.testing.assert_array_equal(made.X["owner"], made.X["town"] == "Ulm")


def test_less_privacy_is_nearer_to_the_truth():
    truth = shares_of(people(4_000), ["label", "town"])
    gaps = [
        np.mean(
            [
                shares_of(draw(8_000, rows=people(4_000), epsilon=epsilon), ["label", "town"])
                .sub(truth, fill_value=0)
                .abs()
                .sum()
                for _ in range(3)
            ]
        )
        for epsilon in (0.003, 10)
    ]
    assert gaps[0] > 2 * gaps[1]


def test_numbers_lie_in_their_public_bins():
    rows = people()
    outside = rows.replace(X=rows.X.assign(age=rows.X["age"] * 10 - 50))
    made = draw(rows=outside)
    assert made.X["age"].between(0, 99).all()
    assert made.X["age"].dtype == rows.X["age"].dtype
    floats = draw(rows=rows.replace(X=rows.X.assign(age=rows.X["age"] + 0.5)))
    assert floats.X["age"].dtype == float
    assert floats.X["age"].between(0, 100).all()


def test_categories_that_nobody_has_are_drawn_as_well_under_noise():
    tree = PublicTree(("no", "yes"), {"town": None}, {"town": range(100)})
    rows = Dataset(pd.DataFrame({"town": [7] * 100}), ["no", "yes"] * 50, "real", "one town")
    made = draw(rows=rows, tree=tree, epsilon=0.05, is_consistent=False)
    assert made.X["town"].nunique() > 20


def test_levels_of_a_private_dtype_are_not_released():
    rows = people()
    secret = rows.X.assign(town=rows.X["town"].cat.add_categories(["Atlantis"]))
    assert "Atlantis" not in draw(rows=rows.replace(X=secret)).X["town"].cat.categories


# --- consistency ----------------------------------------------------------------------------


def noisy_counts(scale, seed=0, n=400):
    rng = np.random.default_rng(seed)
    exact = count_marginals(people(n), TREE)
    return {c: m + np.rint(rng.normal(0, scale, m.shape)).astype(int) for c, m in exact.items()}


def test_consistent_counts_agree_and_are_not_negative():
    agreed = consistent(noisy_counts(60), TREE.parents, 60)
    assert all((cells >= 0).all() for cells in agreed.values())
    for child in ("owner", "age"):
        np.testing.assert_allclose(agreed[child].sum(axis=2), agreed["town"].sum(axis=1))


def test_what_agrees_already_stays():
    exact = count_marginals(people(), TREE)
    agreed = consistent(exact, TREE.parents, 0.0)
    np.testing.assert_allclose(flat(agreed), flat(exact), atol=1e-9)


def gap(counts, exact):
    return np.linalg.norm(flat(counts) - flat(exact))


def test_consistent_counts_are_nearer_to_the_truth_than_clipped_ones():
    exact, ratios = count_marginals(people(), TREE), []
    for scale, seed in product((20, 60, 200), range(20)):
        noisy = noisy_counts(scale, seed)
        clipped = {column: np.maximum(cells, 0) for column, cells in noisy.items()}
        ratios.append(gap(consistent(noisy, TREE.parents, scale), exact) / gap(clipped, exact))
    assert np.mean(ratios) < 0.8
    assert np.mean(np.array(ratios) < 1) > 0.9


def test_knowing_the_noise_helps_where_the_parent_says_little():
    parents, rng = {"a": None, "b": "a"}, np.random.default_rng(0)
    a, b = np.arange(1, 9) / 36, np.arange(10, 0, -1) / 55
    exact = {"a": 1_000 * a[None, None, :], "b": 1_000 * np.outer(a, b)[None]}
    for _ in range(10):
        noisy = {column: cells + rng.normal(0, 15, cells.shape) for column, cells in exact.items()}
        assert gap(consistent(noisy, parents, 15), exact) < gap(
            consistent(noisy, parents, 0), exact
        )


def test_what_noise_can_not_explain_is_not_shrunk_away():
    diagonal = {"a": np.full((1, 1, 6), 1_000.0), "b": 1_000.0 * np.eye(6)[None]}
    agreed = consistent(diagonal, {"a": None, "b": "a"}, 5.0)
    np.testing.assert_allclose(agreed["b"], diagonal["b"], rtol=0.001, atol=1)


def test_no_other_counts_of_the_same_sum_are_nearer():
    rng = np.random.default_rng(0)
    values, totals = rng.normal(0, 10, (50, 6)), rng.uniform(0, 30, 50)
    nearest = nearest_counts(values, totals)
    np.testing.assert_allclose(nearest.sum(axis=1), totals)
    assert (nearest >= 0).all()
    for _ in range(500):
        others = rng.dirichlet(np.ones(6), 50) * totals[:, None]
        step = nearest + rng.uniform(0, 1, (50, 1)) * (others - nearest)
        distance = np.linalg.norm(step - values, axis=1)
        assert (distance >= np.linalg.norm(nearest - values, axis=1) - 1e-12).all()


# --- the contract ---------------------------------------------------------------------------


def test_a_sample_has_the_table_s_form_and_the_label_that_is_asked_for():
    rows, model = people(), fitted(epsilon=1.0)
    before = rows.X.copy()
    made = model.sample(57, np.random.default_rng(3), "yes")
    assert len(made) == 57
    assert set(made.y) == {"yes"}
    assert set(made.origin) == {"synthetic"}
    assert all(parents == () for parents in made.derived_from)
    pd.testing.assert_series_equal(made.X.dtypes, rows.X.dtypes)
    pd.testing.assert_frame_equal(rows.X, before)
    again = model.sample(57, np.random.default_rng(3), "yes")
    assert made.X.equals(again.X)
    assert not made.X.equals(model.sample(57, np.random.default_rng(4), "yes").X)


def test_two_fits_of_one_seed_differ_because_noise_has_none():
    assert (flat(fitted(epsilon=0.1).counts) != flat(fitted(epsilon=0.1).counts)).any()


def test_an_array_becomes_an_array():
    X = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    tree = PublicTree((0, 1), {0: None, 1: 0}, edges={0: (-3, 0, 3), 1: (-3, -1, 1, 3)})
    made = draw(50, rows=Dataset(X, np.arange(200) % 2, "real", "array"), tree=tree, epsilon=1.0)
    assert made.X.shape == (50, 2)
    assert made.X.dtype == np.float32
    assert np.abs(made.X).max() <= 3


def test_a_canary_is_counted_in_each_of_its_cells():
    rows, one = people(), people().take([0])
    with_it = fitted(rows=rows).cell_counts(one)
    without = fitted(rows=rows.take(np.arange(1, len(rows)))).cell_counts(one)
    np.testing.assert_array_equal(with_it - without, np.ones((1, 3)))


# --- bad input ------------------------------------------------------------------------------


def test_a_promise_that_is_none_is_refused():
    for epsilon in (0, -1, math.nan):
        assert "expected more than 0" in refusal(PrivateMarginals, TREE, epsilon)
    for delta in (0, 1, -1e-6):
        assert "a probability" in refusal(PrivateMarginals, TREE, delta=delta)
    assert "less than 1/400" in refusal(fitted, epsilon=1.0, delta=1 / 400)
    assert "finite number" in refusal(DiscreteGaussian, -1.0)
    assert "whole numbers" in refusal(DiscreteGaussian(1.0).add, np.array([0.5]))
    assert "rho=-1" in refusal(epsilon_of_rho, -1)


def test_values_are_not_taken_from_the_private_rows():
    message = refusal(PublicTree, ("no", "yes"), {"town": None})
    assert "neither levels nor edges" in message
    assert "without paying" in message
    undeclared = people().replace(X=people().X.assign(street="x"))
    assert "column 'street'" in refusal(fitted, rows=undeclared)
    assert "without paying" in refusal(fitted, rows=undeclared)
    moved = people().replace(X=people().X.assign(town="Rome"))
    assert "'Rome'" in refusal(fitted, rows=moved)
    assert "label" in refusal(fitted, rows=people().replace(y=["maybe"] * 400))


def test_bounds_are_finite_and_increase():
    for edges in ((0, math.inf), (3, 2), (1,), (0, math.nan, 2)):
        assert "finite numbers that increase" in refusal(
            PublicTree, ("a",), {"x": None}, edges={"x": edges}
        )


def test_a_tree_without_order_is_refused():
    levels = {"a": (1,), "b": (1,)}
    assert "not listed before it" in refusal(PublicTree, ("y",), {"a": "b", "b": None}, levels)
    assert "not listed before it" in refusal(PublicTree, ("y",), {"a": "a"}, {"a": (1,)})
    assert "parents is empty" in refusal(PublicTree, ("y",), {})
    assert "not in parents" in refusal(PublicTree, ("y",), {"a": None}, levels)
    assert "distinct" in refusal(PublicTree, ("y", "y"), {"a": None}, {"a": (1,)})
    assert "both" in refusal(PublicTree, ("y",), {"a": None}, {"a": (1,)}, {"a": (0, 1)})


def test_rows_that_fit_no_cell_are_refused():
    gap = people().X.astype({"age": float})
    gap.loc[3, "age"] = np.nan
    assert "missing values (rows 3)" in refusal(fitted, rows=people().replace(X=gap))
    hole = people().X.astype({"town": object})
    hole.loc[5, "town"] = None
    assert "missing values (rows 5)" in refusal(fitted, rows=people().replace(X=hole))
    assert "no column 'age'" in refusal(
        fitted, rows=people().replace(X=people().X.drop(columns="age"))
    )
    assert "expected numbers" in refusal(
        fitted, rows=people().replace(X=people().X.astype({"age": str}))
    )
    texts = Dataset(pd.Series(["one", "two"]), ["no", "yes"], "real", "texts")
    assert "a table" in refusal(fitted, rows=texts)
    assert "a label of the fitted rows" in refusal(draw, label="maybe")
