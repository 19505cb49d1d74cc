"""Attacks: planted leaks are found, fresh rows leak nothing, and unfair controls are refused."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
from simulated import zipf_texts
from sklearn.metrics import roc_auc_score

from synthlab.dataset import Dataset
from synthlab.errors import ContaminationError, InputError
from synthlab.generators.trees import SequentialTrees
from synthlab.privacy import attacks
from synthlab.privacy.nearness import nearest, points_of, soft_count
from synthlab.privacy.people import EVERYONE, RARE, choose_people, split_by_row
from synthlab.stats.proportions import area_interval, difference, wilson_interval

TOWNS = ["Ulm", "Bonn", "Kiel", "Jena", "Hof"]


def persons(n, seed=0, ids=True, decimals=6):
    """Age, wage, town and illness; nobody equals another, unless wages are rounded a lot."""
    rng = np.random.default_rng(seed)
    town = rng.choice(TOWNS, n, p=[0.4, 0.3, 0.2, 0.07, 0.03])
    X = pd.DataFrame(
        {
            "age": rng.integers(20, 80, n),
            "wage": rng.normal(size=n).round(decimals),
            "town": town,
            "ill": rng.choice(["no", "flu", "cold"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    names = [f"p{i}" for i in range(n)] if ids else None
    return Dataset(X, rng.choice(["a", "b"], n), "real", f"persons {seed}", names)


@pytest.fixture(scope="module")
def sides():
    return split_by_row(persons(4_000), 1_500)


@pytest.fixture(scope="module")
def people(sides):
    return choose_people(*sides, n_people=400)


def copy_of(rows):
    return Dataset(rows.X, rows.y, "synthetic", "copies")


def fresh(n=1_500, seed=1):
    return copy_of(persons(n, seed, ids=False))


ATTACKS = {
    "exact copies": attacks.find_copies,
    "near copies": lambda made, people: attacks.find_copies(made, people, radius=0.2),
    "distance": attacks.infer_membership_by_distance,
    "density": attacks.infer_membership_by_density,
    "attribute": lambda made, people: attacks.infer_attribute(made, people, "ill"),
    "number": lambda made, people: attacks.infer_attribute(made, people, "age", tolerance=2),
}


@pytest.fixture(params=ATTACKS.values(), ids=ATTACKS)
def attack(request):
    return request.param


def refusal(call, *arguments, kind=InputError, **options):
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    return str(caught.value)


# --- intervals -----------------------------------------------------------------------------


def test_wilson_solves_its_own_equation():
    for hits, n in ((0, 10), (3, 10), (81, 263), (10, 10)):
        value, low, high = wilson_interval(hits, n)
        assert value == hits / n
        for end in (low, high):  # (p − p̂)² = z² p (1 − p) / n
            assert (end - value) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / n, abs=1e-6)
        assert 0 <= low <= value <= high <= 1


def test_differences_are_those_of_newcombes_table():
    one = difference(wilson_interval(56, 70), wilson_interval(48, 80))
    assert one == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    other = difference(wilson_interval(9, 10), wilson_interval(3, 10))
    assert other == pytest.approx((0.6, 0.1705, 0.8090), abs=5e-5)


def test_areas_are_covered_as_promised_and_keep_a_width_at_the_bounds():
    rng, n, truth = np.random.default_rng(0), 60, 0.8556  # Φ(1.5 / √2)
    is_target = np.repeat([True, False], n)
    hits = 0
    for _ in range(400):
        area = roc_auc_score(is_target, rng.normal(size=2 * n) + 1.5 * is_target)
        found = area_interval(area, n, n, 0.95)
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 400 <= 0.985
    assert area_interval(1.0, 20, 20, 0.95).low < 0.95
    assert area_interval(0.0, 20, 20, 0.95).high > 0.05
    low, high = area_interval(0.7, 30, 50, 0.95)[1:]
    assert area_interval(0.3, 50, 30, 0.95)[1:] == pytest.approx((1 - high, 1 - low))


# --- distances -----------------------------------------------------------------------------


def by_hand(columns, y):
    return Dataset(pd.DataFrame(columns), y, "synthetic", "few")


def test_distances_are_those_of_the_definition():
    made = by_hand({"age": [0.0, 4.0], "town": ["Ulm", "Bonn"]}, ["a", "b"])  # unit of age: 2
    rows = by_hand({"age": [0.0, 3.0, 5.0], "town": ["Ulm", "Bonn", "Kiel"]}, ["a", "b", "a"])
    others, points = points_of(made, rows)
    distance, place = nearest(points, others)
    assert distance == pytest.approx([0, 0.5, np.sqrt(0.25 + 1 + 1)])
    assert place.tolist() == [0, 1, 1]
    close = soft_count(points, others, np.array([1, 3]), 1.0)
    assert close[1] == pytest.approx(3 * np.exp(-0.125) + np.exp(-(1.5**2 + 2) / 2))


def test_a_gap_equals_a_gap_alone():
    made = by_hand({"age": [np.nan, 1.0], "town": [None, "Ulm"]}, ["a", "a"])
    rows = by_hand({"age": [np.nan, 0.0], "town": [None, "Ulm"]}, ["a", "a"])
    others, points = points_of(made, rows)
    assert nearest(points, others)[0] == pytest.approx([0, 1])


def test_rows_without_repeats_know_how_many_they_were():
    rows = by_hand({"age": [1.0, 2, 2, 1, 2], "town": ["Ulm"] * 5}, ["a"] * 5)
    points = points_of(rows)[0]
    distinct, counts, place = points.distinct()
    assert counts.tolist() == [3, 2]
    assert place.tolist() == [1, 0, 0, 1, 0]
    assert np.array_equal(distinct.take(place).numbers, points.numbers)


# --- people --------------------------------------------------------------------------------


def test_targets_trained_controls_did_not_and_the_reference_is_nobody(sides, people):
    train, held_out = (set(side.ids) for side in sides)
    for group in people.groups:
        assert len(set(group.targets.ids)) == len(set(group.controls.ids))
        assert set(group.targets.ids) <= train
        assert set(group.controls.ids) <= held_out
        assert not set(group.controls.ids) & set(people.reference.ids)
    assert [group.name for group in people.groups] == [EVERYONE, RARE]


def test_the_rare_are_those_of_rare_values(sides):
    rows = [
        side.X.assign(town=side.X["town"].where(np.arange(len(side)) % 20 > 0, "Nowhere"))
        for side in sides
    ]
    planted = [side.replace(X=X.assign(ill="no")) for side, X in zip(sides, rows, strict=True)]
    rare = choose_people(*planted, n_people=50, rare_share=0.04).groups[1]
    assert rare.targets.X["town"].isin(["Nowhere", "Hof"]).all()
    assert rare.controls.X["town"].isin(["Nowhere", "Hof"]).all()


def test_the_same_seed_draws_the_same_people(sides):
    one, same, other = (
        choose_people(*sides, n_people=50, random_state=seed).groups[0].targets.ids.tolist()
        for seed in (0, 0, 1)
    )
    assert one == same != other


def test_a_split_by_groups_of_repeats_is_refused_and_one_by_row_is_not():
    rows = persons(4_000, decimals=0)
    rows = rows.replace(X=rows.X.assign(age=rows.X["age"] // 20))
    key = pd.util.hash_pandas_object(rows.X.assign(y=rows.y), index=False).to_numpy()
    is_train = key % 2 == 0
    message = refusal(choose_people, rows.take(is_train), rows.take(~is_train))
    for part in ("equal another one there, 0% of ", "expected about as many", "split_by_row("):
        assert part in message
    assert len(choose_people(*split_by_row(rows, 2_000), n_people=100).groups) == 2


def test_controls_that_repeat_training_rows_more_often_than_these_themselves_are_refused(sides):
    train, _ = sides
    copies = train.replace(ids=None)
    assert "100% of persons 0 train do" in refusal(choose_people, train, copies)


def test_a_control_that_is_a_target_is_refused(sides):
    train, held_out = sides
    both = held_out.take(np.arange(100)) + train.take([3])
    message = refusal(choose_people, train, both, kind=ContaminationError)
    assert "1 ids of " in message
    assert "Such a control is a target" in message


REFUSED = {
    "few people": ({"n_people": 19}, "n_people=19: expected a whole number from 20"),
    "no one rare": ({"rare_share": 0}, "rare_share=0: expected more than 0"),
    "few rare ones": ({"rare_share": 0.001}, "people on the smaller side; expected 20 or more"),
}


@pytest.mark.parametrize(("options", "part"), REFUSED.values(), ids=REFUSED)
def test_parameters_out_of_range_are_refused(sides, options, part):
    assert part in refusal(choose_people, *sides, **options)


def test_texts_and_empty_sides_are_refused(sides):
    assert "holds texts; expected a table" in refusal(choose_people, zipf_texts(60), zipf_texts(60))
    for n_train in (0, 1_500):
        assert "A side would be empty" in refusal(split_by_row, sides[0], n_train)


# --- attacks -------------------------------------------------------------------------------


def test_a_verbatim_copy_is_found_by_every_attack(sides, people, attack):
    for outcome in attack(copy_of(sides[0]), people).outcomes:
        assert outcome.advantage.low > 0.2
        assert outcome.targets.value > 0.7
        assert outcome.targets.value > outcome.guess


def test_exact_copies_and_distances_separate_people_without_repeats_completely(sides, people):
    made = copy_of(sides[0])
    assert attacks.find_copies(made, people)[EVERYONE].advantage.value == 1
    found = attacks.infer_membership_by_distance(made, people)[EVERYONE]
    assert found.area.value == 1
    assert found.area.low < 1


def test_rows_of_nobody_in_training_give_no_advantage(people, attack):
    n_excluding = sum(
        not outcome.advantage.low <= 0 <= outcome.advantage.high
        for seed in range(1, 9)
        for outcome in attack(fresh(seed=seed), people).outcomes
    )
    assert n_excluding <= 3  # of 16, at 95 %


def test_areas_of_rows_of_nobody_lie_around_one_half(people):
    for attack in (attacks.infer_membership_by_distance, attacks.infer_membership_by_density):
        areas = [attack(fresh(seed=seed), people)[EVERYONE].area for seed in range(1, 9)]
        assert sum(area.low <= 0.5 <= area.high for area in areas) >= 6


def test_repeats_hide_a_verbatim_copy_by_half_their_share():
    rows = persons(6_000, decimals=0)
    rows = rows.replace(X=rows.X.assign(age=rows.X["age"] // 12))
    train, held_out = split_by_row(rows, 3_000)
    people = choose_people(train, held_out, n_people=1_000)
    made = copy_of(train)
    copies = attacks.find_copies(made, people)[EVERYONE]
    ranked = attacks.infer_membership_by_distance(made, people)[EVERYONE]
    assert 0.2 < copies.controls.value < 0.98
    assert ranked.area.value == pytest.approx(1 - copies.controls.value / 2)
    assert ranked.advantage.value == pytest.approx(1 - copies.controls.value)


def test_the_rare_are_reported_apart(sides, people):
    rare = people.groups[1].targets
    made = copy_of(Dataset(rare.X, rare.y, "real", "the rare")) + fresh(1_000)
    found = attacks.find_copies(made, people)
    assert found[RARE].advantage.value == 1
    assert found[EVERYONE].advantage.high < 0.5


def test_smaller_leaves_leak_more(sides, people):
    train = sides[0]
    found = []
    for min_leaf in (1, 50):
        rng = np.random.default_rng(0)
        made = SequentialTrees(min_leaf).fit(train, rng).sample(1_500, rng)
        frames = [attack(made, people).to_frame()["advantage"] for attack in ATTACKS.values()]
        found.append(pd.concat(frames).to_numpy())
    assert found[0].mean() > found[1].mean() + 0.05
    assert found[0].max() > found[1].max()


def test_guessing_names_the_most_frequent_secret(people):
    made = fresh()
    for group, outcome in zip(
        people.groups, attacks.infer_attribute(made, people, "ill").outcomes, strict=True
    ):
        assert outcome.guess == pytest.approx((group.targets.X["ill"] == "no").mean())


def test_guessing_copies_is_chance(people):
    made = fresh()
    constant = copy_of(
        made.replace(X=made.X.assign(age=30, wage=0.0, town="Ulm", ill="no"), y=["a"] * len(made))
    )
    for radius in (0.0, 50.0):  # shuffled or not, it is the same table
        found = attacks.find_copies(constant, people, radius=radius)[EVERYONE]
        assert found.guess == found.targets.value


def test_a_secret_that_follows_from_the_rest_is_named_and_owed_to_nobody():
    rows = persons(3_000)
    rows = rows.replace(X=rows.X.assign(ill=rows.X["town"].str.upper()))
    people = choose_people(*split_by_row(rows, 1_000), n_people=300)
    other = persons(1_500, 7, ids=False)
    made = copy_of(other.replace(X=other.X.assign(ill=other.X["town"].str.upper())))
    found = attacks.infer_attribute(made, people, "ill")[EVERYONE]
    assert found.targets.value > 0.9
    assert abs(found.advantage.value) < 0.05


def test_a_tolerance_lets_numbers_be_near(people):
    shares = [
        attacks.infer_attribute(fresh(), people, "age", tolerance=t)[EVERYONE] for t in (0, 5, 100)
    ]
    assert shares[0].targets.value < shares[1].targets.value < shares[2].targets.value == 1
    assert shares[0].guess < shares[1].guess < shares[2].guess == 1


def test_results_are_frozen_and_become_a_tidy_frame(people, attack):
    result = attack(fresh(), people)
    with pytest.raises(FrozenInstanceError):
        result.outcomes = ()
    frame = result.to_frame()
    assert frame["group"].tolist() == [EVERYONE, RARE]
    for name in ("targets", "controls", "advantage"):
        assert (frame[f"{name}_low"] <= frame[name]).all()
        assert (frame[name] <= frame[f"{name}_high"]).all()
    assert np.allclose(frame["advantage"], frame["targets"] - frame["controls"])
    assert frame["area"].isna().all() == (result.outcomes[0].area is None)


def test_the_same_seed_gives_the_same_result(people, attack):
    pd.testing.assert_frame_equal(
        attack(fresh(), people).to_frame(), attack(fresh(), people).to_frame()
    )


def test_columns_in_another_order_are_the_same_columns(people, attack):
    made = fresh()
    turned = made.replace(X=made.X[made.X.columns[::-1]])
    columns = ["group", "targets", "controls", "advantage"]  # the baseline shuffles anew
    frames = [attack(rows, people).to_frame()[columns] for rows in (made, turned)]
    pd.testing.assert_frame_equal(*frames)


def test_arrays_are_attacked_like_tables():
    rng = np.random.default_rng(0)
    rows = Dataset(rng.normal(size=(400, 3)), np.arange(400) % 2, "real", "numbers")
    train, held_out = split_by_row(rows, 200)
    people = choose_people(train, held_out, n_people=100, rare_share=0.2)
    assert attacks.find_copies(copy_of(train), people)[EVERYONE].advantage.value == 1
    found = attacks.infer_attribute(copy_of(train), people, 2)[EVERYONE]
    assert found.targets.value == 1


def test_what_cannot_be_attacked_is_refused(sides, people):
    made = fresh()
    infer = attacks.infer_attribute
    gap = made.X["ill"].where(made.X["ill"] != "flu")
    calls = {
        "radius=-1": lambda: attacks.find_copies(made, people, radius=-1),
        "bandwidth=0: expected more than 0": lambda: attacks.infer_membership_by_density(
            made, people, bandwidth=0
        ),
        "confidence=1: expected": lambda: attacks.find_copies(made, people, confidence=1),
        "tolerance=nan": lambda: infer(made, people, "ill", tolerance=np.nan),
        "secret='shoe': no column of copies": lambda: infer(made, people, "shoe"),
        "secret='ill' is missing in": lambda: infer(
            made.replace(X=made.X.assign(ill=gap)), people, "ill"
        ),
        "tolerance=1: secret='ill' is a category": lambda: infer(made, people, "ill", tolerance=1),
        "differ in 1 column(s): age": lambda: attacks.find_copies(
            made.replace(X=made.X.drop(columns="age")), people
        ),
        "none is left for reference": lambda: attacks.infer_membership_by_density(
            made, replace(people, reference=people.reference.take([]))
        ),
        "'nobody': no such group": lambda: attacks.find_copies(made, people)["nobody"],
    }
    for part, call in calls.items():
        assert part in refusal(call)
