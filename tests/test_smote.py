"""SMOTE's rows lie between two of their class, are imbalanced-learn's, and exactly as many."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE
from simulated import mixed_table, two_classes

from synthlab.dataset import Dataset
from synthlab.generators import smote
from synthlab.generators.smote import Smote

KINDS = ["smote", "borderline", "adasyn"]


def sample(rows: Dataset, n=100, label=None, seed=1, **parameters) -> Dataset:
    fitted = Smote(**parameters).fit(rows, np.random.default_rng(0))
    return fitted.sample(n, np.random.default_rng(seed), label)


def mixed(n=90) -> Dataset:
    """Every kind of column without a gap; a third of the rows are *yes*."""
    return Dataset(mixed_table(n, gaps=0), np.where(np.arange(n) % 3, "no", "yes"), "real", "mixed")


def gap_to_segments(points: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How far each point is from the nearest line between any two of the ends."""
    starts, ways = ends[:, None], ends[None] - ends[:, None]
    lengths = np.maximum((ways**2).sum(axis=2), 1e-300)
    gaps = []
    for point in points:
        share = np.clip(((point - starts) * ways).sum(axis=2) / lengths, 0, 1)
        feet = starts + share[..., None] * ways
        gaps.append(np.sqrt(((point - feet) ** 2).sum(axis=2)).min())
    return np.array(gaps)


# --- the truth ------------------------------------------------------------------------------


def test_a_row_lies_between_two_of_its_class_and_is_neither():
    rows = two_classes(60, columns=3)
    for kind, label in product(KINDS, ["yes", "no"]):
        own = rows.X[rows.y == label].to_numpy()
        made = sample(rows, 50, label, kind=kind).X.to_numpy()
        assert gap_to_segments(made, own).max() < 1e-9
        assert not (made[:, None] == own[None]).all(axis=2).any()
        assert gap_to_segments(made, rows.X[rows.y != label].to_numpy()).min() > 1e-6


ORACLES = {
    "smote": lambda **options: SMOTE(k_neighbors=4, **options),
    "borderline": lambda **options: BorderlineSMOTE(k_neighbors=4, **options),
    "adasyn": lambda **options: ADASYN(n_neighbors=4, **options),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_those_of_imbalanced_learn_on_the_whole_table(kind):
    rows, n = two_classes(200, share=0.2), 80
    seed = int(np.random.default_rng(1).integers(2**31))
    oracle = ORACLES[kind](sampling_strategy={"yes": 40 + n}, random_state=seed)
    expected = oracle.fit_resample(rows.X, rows.y)[0][200:]
    made = sample(rows, n, "yes", kind=kind, n_neighbors=4, standardize=False).X
    known = (made.to_numpy()[:, None] == expected.to_numpy()[None]).all(axis=2).any(axis=1)
    assert known.sum() >= min(n, len(expected))  # ADASYN's are topped up, or trimmed
    if kind != "adasyn":
        pd.testing.assert_frame_equal(made, expected.reset_index(drop=True))


def test_rows_with_categories_are_those_of_imbalanced_learn_on_the_whole_table():
    rows = mixed()
    X = rows.X[["amount", "small", "town", "color"]].astype({"small": "float64", "town": object})
    rows = rows.replace(X=X)
    seed = int(np.random.default_rng(1).integers(2**31))
    oracle = SMOTENC([2, 3], sampling_strategy={"yes": 130}, random_state=seed)
    expected = oracle.fit_resample(X, rows.y)[0][90:].reset_index(drop=True)
    made = sample(rows, 100, "yes", standardize=False).X
    numbers = ["amount", "small"]
    np.testing.assert_allclose(made[numbers], expected[numbers].astype(float), rtol=1e-12)
    # Ties are broken by lot among levels in another order, so that some of them differ.
    for column in ("town", "color"):
        assert (made[column].astype(str) == expected[column].astype(str)).mean() > 0.6


def test_a_category_is_the_most_frequent_among_the_near_rows():
    x = np.concatenate([np.linspace(0, 1, 10), np.linspace(100, 101, 10)])
    X = pd.DataFrame({"x": x, "town": np.repeat(["Ulm", "Bonn"], 10)})
    made = sample(Dataset(X, np.zeros(20), "real", "towns"), 100)
    assert set(made.X["town"]) == {"Ulm", "Bonn"}
    assert ((made.X["x"] < 50) == (made.X["town"] == "Ulm")).all()


def test_with_one_neighbor_rows_lie_towards_the_nearest_only():
    rows = Dataset(np.array([[0.0], [1], [10], [11]]), np.zeros(4), "real", "pairs")
    made = sample(rows, 200, n_neighbors=1).X
    assert not ((made > 1) & (made < 10)).any()
    assert ((sample(rows, 200, n_neighbors=3).X > 1.5) & (made < 12)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_near_does_not_depend_on_units(kind):
    rows = two_classes(200, share=0.2, columns=3)
    metres = rows.replace(X=rows.X.assign(x0=rows.X["x0"] * 1_000))
    one, other = (sample(each, 50, "yes", kind=kind).X for each in (rows, metres))
    np.testing.assert_allclose(other["x1"], one["x1"], rtol=1e-9)
    np.testing.assert_allclose(other["x0"], one["x0"] * 1_000, rtol=1e-9)
    as_it_comes = sample(metres, 50, "yes", kind=kind, standardize=False).X
    assert not np.allclose(as_it_comes["x1"], one["x1"])


def test_borderline_starts_at_rows_in_danger_only():
    rng = np.random.default_rng(0)
    safe, border = rng.normal(0, 0.1, (40, 2)), rng.normal(20, 1, (12, 2))
    rest = rng.normal(20, 1, (40, 2))
    y = np.repeat(["yes", "no"], [52, 40])
    rows = Dataset(np.concatenate([safe, border, rest]), y, "real", "border")
    made = {kind: sample(rows, 100, "yes", kind=kind).X for kind in ("smote", "borderline")}
    assert (made["borderline"] > 10).all()
    assert (made["smote"] < 1).all(axis=1).mean() > 0.6


def test_adasyn_makes_more_where_more_of_the_rest_is_near():
    rng = np.random.default_rng(0)
    safe, hard = rng.normal(0, 1, (40, 2)), rng.normal(20, 1, (40, 2))
    rest = rng.normal(20, 1, (200, 2))
    y = np.repeat(["yes", "no"], [80, 200])
    rows = Dataset(np.concatenate([safe, hard, rest]), y, "real", "hard")
    assert (sample(rows, 200, "yes", kind="adasyn").X > 10).all(axis=1).mean() > 0.95


def test_adasyn_makes_exactly_as_many_as_asked_for():
    rows, sizes = two_classes(120, share=0.25), [1, 2, 29, 30, 31, 97, 1_000]
    for label in ("yes", None):
        assert [len(sample(rows, n, label, kind="adasyn")) for n in sizes] == sizes


def test_adasyn_alone_would_not():
    rows = two_classes(120, share=0.25)
    sizes = [
        len(ADASYN(sampling_strategy={"yes": 30 + n}).fit_resample(rows.X, rows.y)[0]) - 120
        for n in (29, 31, 97)
    ]
    assert sizes != [29, 31, 97]


def test_labels_come_in_their_shares():
    made = sample(two_classes(200, share=0.2), 5_000)
    assert (made.y == "yes").mean() == pytest.approx(0.2, abs=0.025)


def test_runs_in_parts_are_put_together(monkeypatch):
    monkeypatch.setattr(smote, "CELLS", 10_000)
    made = sample(mixed(), 301, "yes")
    assert len(made) == 301
    assert made.X["amount"].nunique() == 301


def with_ids(rows: Dataset) -> Dataset:
    return rows.replace(ids=[f"row-{i}" for i in range(len(rows))])


def gap_to_parents(rows: Dataset, made: Dataset, columns: list[str]) -> float:
    """How far any row is from the line between the rows that it says it is derived from."""
    seen, points = (data.X[columns].to_numpy(float) for data in (rows, made))
    parents = [[int(id.removeprefix("row-")) for id in ids] for ids in made.derived_from]
    return max(
        gap_to_segments(point[None], seen[ends])[0]
        for point, ends in zip(points, parents, strict=True)
    )


def test_a_row_lies_between_the_two_rows_that_it_is_derived_from():
    rows = with_ids(two_classes(60, columns=3))
    for kind, label in product(KINDS, ["yes", "no"]):
        made = sample(rows, 100, label, kind=kind)
        assert {len(ids) for ids in made.derived_from} == {2}
        assert gap_to_parents(rows, made, ["x0", "x1", "x2"]) < 1e-9
        assert {id for ids in made.derived_from for id in ids} <= set(rows.ids[rows.y == label])


def test_beside_categories_too_the_numbers_lie_between_the_parents():
    made = sample(with_ids(mixed()), 200)
    assert gap_to_parents(mixed(), made, ["amount", "small"]) < 1e-6  # one is a float32
    assert len({id for ids in made.derived_from for id in ids}) > 50


def test_ids_change_no_row():
    for rows in (two_classes(60), mixed()):
        pd.testing.assert_frame_equal(sample(rows).X, sample(with_ids(rows)).X)


def test_without_ids_there_are_no_parents():
    assert set(sample(two_classes(60)).derived_from) == {()}


def test_a_row_that_was_derived_passes_its_own_parents_on():
    once = sample(with_ids(two_classes(60)), 60)
    twice = sample(once, 60)
    assert {len(ids) for ids in twice.derived_from} <= {2, 3, 4}
    known, passed_on = ({id for ids in made.derived_from for id in ids} for made in (once, twice))
    assert passed_on <= known


# --- kinds of columns -----------------------------------------------------------------------


def test_every_kind_of_column_keeps_its_dtype_and_its_levels():
    rows, made = mixed(), sample(mixed())
    pd.testing.assert_series_equal(made.X.dtypes, rows.X.dtypes)
    assert set(made.X["code"]) <= {"a", 1, 2.5}
    assert made.X["color"].cat.categories.tolist() == ["red", "blue", "gray"]
    assert made.X["size"].cat.ordered
    assert not made.X.isna().any(axis=None)


def test_integers_are_rounded_not_cut():
    X = pd.DataFrame({"x": np.arange(10), "y": np.zeros(10)})
    made = sample(Dataset(X, np.zeros(10), "real", "steps"), 2_000, n_neighbors=1)
    # Cut, all but a step's lower end would be lost: nothing would ever be 9.
    assert (made.X["x"] == 9).any()
    assert made.X["x"].dtype == X["x"].dtype


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_column_stays_constant(kind):
    rows = two_classes(80, columns=2)
    rows = rows.replace(X=rows.X.assign(one=0.1, two=np.int64(7)))
    made = sample(rows, kind=kind)
    assert set(made.X["one"]) == {0.1}
    assert set(made.X["two"]) == {7}


def test_constant_numbers_beside_categories_stay_so():
    X = pd.DataFrame({"x": [3.0] * 12, "town": ["Ulm", "Bonn"] * 6})
    made = sample(Dataset(X, np.zeros(12), "real", "flat"))
    assert set(made.X["x"]) == {3.0}
    assert set(made.X["town"]) <= {"Ulm", "Bonn"}


def test_one_class_is_enough_for_smote():
    rows = two_classes(60)
    only = rows.take(rows.y == "yes")
    assert set(sample(only).y) == {"yes"}


def test_names_may_be_numbers_and_the_index_may_repeat():
    X = pd.DataFrame({0: np.arange(9.0), (1, 2): ["a", "b", "c"] * 3}, index=[7] * 9)
    made = sample(Dataset(X, np.zeros(9), "real", "odd"))
    assert made.X.columns.tolist() == [0, (1, 2)]


# --- errors ---------------------------------------------------------------------------------


def few(n_yes: int) -> Dataset:
    return two_classes(40, share=n_yes / 40, columns=2, name="few")


def far() -> Dataset:
    """Two classes that are nowhere near each other."""
    return two_classes(60, signal=1_000).replace(name="far")


def names() -> Dataset:
    X = pd.DataFrame({"town": ["Ulm", "Bonn"] * 10, "owner": [True, False] * 10})
    return Dataset(X, np.zeros(20), "real", "names")


def with_value(value: float) -> Dataset:
    rows = two_classes(40, columns=2, name="spoilt")
    return rows.replace(X=rows.X.assign(x1=rows.X["x1"].where(np.arange(40) != 3, value)))


def alone() -> Dataset:
    rows = few(20)
    return rows.take(rows.y == "yes")


FAILS = {
    "a class too small": (
        lambda: sample(few(4), label="yes"),
        ["label 'yes' has 4 of the rows of few: expected 6 or more", "n_neighbors=3 or less, Over"],
    ),
    "any class too small": (
        lambda: sample(few(4), 1),
        ["label 'yes' has 4 of the rows", "It has too few neighbors"],
    ),
    "a class of one row": (
        lambda: sample(few(1), label="yes", n_neighbors=1),
        ["label 'yes' has 1 of the rows of few: expected 2 or more", "Choose OverSample, or"],
    ),
    "categories alone": (
        lambda: sample(names()),
        ["none of the 2 columns of names holds numbers", "OverSample, Perturb or GaussianCopula"],
    ),
    "categories at the border": (
        lambda: sample(mixed(), kind="borderline"),
        ["kind='borderline': 7 columns of mixed hold no numbers ('owner', ", "Choose kind='smote'"],
    ),
    "categories for ADASYN": (
        lambda: sample(mixed(), kind="adasyn"),
        ["kind='adasyn': 7 columns", "expected numbers only", "or drop them"],
    ),
    "missing": (
        lambda: sample(with_value(np.nan)),
        [
            "Smote: 1 columns of spoilt have missing values (first: 'x1', 1 of 40): expected none",
            "SimpleImputer",
            "or choose GaussianCopula, Perturb or OverSample, which keep missing values",
        ],
    ),
    "infinite": (
        lambda: sample(with_value(-np.inf)),
        ["column 'x1' of spoilt holds 1 infinite numbers: expected finite ones", "Replace them"],
    ),
    "one class at the border": (
        lambda: sample(alone(), kind="borderline"),
        ["few has one class, 'yes': expected two", "no border to start at. Choose kind='smote'"],
    ),
    "one class for ADASYN": (
        lambda: sample(alone(), kind="adasyn"),
        ["kind='adasyn': few has one class", "add rows of another class"],
    ),
    "no row in danger": (
        lambda: sample(far(), label="yes", kind="borderline"),
        ["no row of label 'yes' of far has half or more, but not all, of its 10", "'smote'"],
    ),
    "no neighbor outside": (
        lambda: sample(far(), label="yes", kind="adasyn"),
        ["no row of label 'yes' of far has one or more of its 5 nearest", "There is nowhere"],
    ),
    "too few rows to tell danger": (
        lambda: sample(two_classes(10, name="ten"), kind="borderline", n_neighbors=1),
        ["kind='borderline': ten has 10 rows: expected more than 10", "Choose kind='smote'"],
    ),
    "an unknown kind": (
        lambda: Smote("svm"),
        ["kind='svm': expected one of 'smote', 'borderline', 'adasyn'", "Leave it at 'smote'"],
    ),
    "no neighbors": (
        lambda: Smote(n_neighbors=0),
        ["n_neighbors=0: expected a whole number, 1 or more", "Leave it at 5"],
    ),
}


def test_errors_name_offender_expectation_consequence_and_remedy():
    assert unclear(FAILS) == []


def test_another_class_may_be_too_small():
    assert len(sample(few(4), 30, "no")) == 30


def test_the_remedy_for_a_small_class_works():
    assert len(sample(few(4), 30, "yes", n_neighbors=3)) == 30
