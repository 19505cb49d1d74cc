"""Sequential trees: whose values they pass on, with which chances, and what leaves remember."""

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.trees import SequentialTrees


def table(n=600, seed=0, ids=True):
    """A town, its region (known from the town), a wage that depends on both, and a label."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Ulm", "Bonn", "Kiel", "Jena"], n, p=[0.4, 0.3, 0.2, 0.1])
    region = pd.Series(town).map({"Ulm": "S", "Bonn": "W", "Kiel": "N", "Jena": "E"})
    wage = rng.normal(size=n) + 3 * (town == "Ulm")
    y = np.where(rng.random(n) < np.where(town == "Ulm", 0.8, 0.2), "yes", "no")
    X = pd.DataFrame({"town": town, "region": region, "wage": wage.round(6)})
    return Dataset(X, y, "real", "towns", [f"r{i}" for i in range(n)] if ids else None)


def made_of(rows, min_leaf=5, n=2_000, label=None, seed=0):
    rng = np.random.default_rng(seed)
    return SequentialTrees(min_leaf).fit(rows, rng).sample(n, rng, label)


def as_tuples(rows):
    return [
        (*row, label) for row, label in zip(rows.X.itertuples(index=False), rows.y, strict=True)
    ]


def share_of_copies(rows, min_leaf):
    real = set(as_tuples(rows))
    return np.mean([row in real for row in as_tuples(made_of(rows, min_leaf))])


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


def test_no_value_is_new():
    rows = table()
    for min_leaf in (1, 5, 100):
        made = made_of(rows, min_leaf)
        for column in rows.X:
            assert set(made.X[column]) <= set(rows.X[column])


def test_what_follows_from_a_column_still_does():
    made = made_of(table())
    assert made.X.groupby("town")["region"].nunique().eq(1).all()


def test_shares_of_combinations_are_those_of_the_rows():
    rows, n = table(4_000), 20_000
    made = made_of(rows, n=n)
    shares = [pd.crosstab(d.X["town"], d.y, normalize=True) for d in (rows, made)]
    assert np.abs(shares[0] - shares[1]).to_numpy().max() < 4 * 0.5 / np.sqrt(n)


def test_a_number_keeps_its_mean_within_each_town():
    rows, made = table(4_000), made_of(table(4_000), n=20_000)
    means = [d.X.groupby("town")["wage"].mean() for d in (rows, made)]
    assert np.abs(means[0] - means[1]).max() < 0.1


def test_any_row_of_a_leaf_is_as_likely_a_donor():
    X = pd.DataFrame({"age": [30, 31, 32, 70, 71, 72]})
    rows = Dataset(X, ["no"] * 3 + ["yes"] * 3, "real", "six")
    counts = made_of(rows, 3, 9_000, "yes").X["age"].value_counts()
    assert set(counts.index) == {70, 71, 72}
    assert np.abs(counts - 3_000).max() < 4 * np.sqrt(9_000 * 2 / 9)


def test_a_leaf_that_holds_all_rows_breaks_all_ties():
    rows = table(2_000)
    made = made_of(rows, 2_000, 20_000)
    joint = pd.crosstab(made.X["town"], made.X["region"], normalize=True).to_numpy()
    shares = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    assert np.abs(joint - shares).max() < 4 * 0.5 / np.sqrt(20_000)


def test_with_leaves_of_one_row_a_value_that_is_unique_brings_its_row_along():
    rows = table()
    assert share_of_copies(rows.replace(X=rows.X[["wage", "town", "region"]]), 1) == 1


def test_larger_leaves_remember_less():
    rows = table()
    rows = rows.replace(X=rows.X[["wage", "town", "region"]])
    shares = [share_of_copies(rows, min_leaf) for min_leaf in (1, 5, 40)]
    assert shares[0] > shares[1] > shares[2]


def test_every_value_comes_from_a_row_that_the_lineage_names():
    rows = table()
    made, by_id = made_of(rows), rows.X.set_axis(rows.ids)
    for at, parents in enumerate(made.derived_from[:300]):
        assert 1 <= len(set(parents)) == len(parents) <= 3
        for column in rows.X:
            assert made.X[column].iloc[at] in set(by_id.loc[list(parents), column])


def test_rows_without_ids_leave_no_lineage():
    assert not any(made_of(table(ids=False)).derived_from)


def test_rows_that_were_derived_pass_on_their_parents():
    rows = table(60)
    again = rows.replace(origin="synthetic", derived_from=[("p", "q")] * 60)
    assert set(made_of(again).derived_from) == {("p", "q")}


def test_columns_that_are_missing_together_stay_so():
    rows = table(2_000)
    is_gap = rows.X["town"].eq("Kiel")
    X = rows.X.assign(wage=rows.X["wage"].mask(is_gap), region=rows.X["region"].mask(is_gap))
    made = made_of(rows.replace(X=X), n=5_000)
    at = made.X["town"].eq("Kiel")
    assert (made.X["wage"].isna() == at).all()
    assert (made.X["region"].isna() == at).all()


def test_a_column_that_is_missing_altogether_stays_so():
    rows = table(60)
    made = made_of(rows.replace(X=rows.X.assign(empty=np.nan)))
    assert made.X["empty"].isna().all()


def test_a_category_of_hundreds_of_levels_keeps_what_depends_on_it():
    rng = np.random.default_rng(0)
    code = rng.integers(300, size=6_000)
    X = pd.DataFrame({"code": [f"c{c}" for c in code], "odd": code % 2 == 1})
    rows = Dataset(X, np.where(rng.random(6_000) < 0.5, "a", "b"), "real", "codes")
    made = made_of(rows, 1)
    assert (made.X["odd"] == made.X["code"].str[1:].astype(int) % 2).mean() > 0.99


def test_the_order_of_rows_and_the_size_of_numbers_do_not_matter():
    rows = table()
    huge = rows.replace(X=rows.X.assign(wage=np.exp(100 * rows.X["wage"])))
    made, other = made_of(rows), made_of(huge)
    assert np.allclose(np.exp(100 * made.X["wage"]), other.X["wage"], rtol=1e-12, atol=0)


@pytest.mark.parametrize("min_leaf", [0, -1, 1.5, np.nan])
def test_a_leaf_out_of_range_is_refused(min_leaf):
    message = refusal(SequentialTrees, min_leaf)
    for part in (f"min_leaf={min_leaf}", "expected a whole number from 1", "Leave it at 5"):
        assert part in message


def test_infinite_numbers_are_refused():
    rows = table(60)
    infinite = rows.replace(X=rows.X.assign(wage=np.inf))
    assert "'wage' of towns holds 60 infinite numbers" in refusal(made_of, infinite)
