"""The alarm fires where something drifted, and no more often than it says where nothing did."""

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from simulated import two_classes, zipf_texts

from synthlab.dataset import Dataset
from synthlab.generators.copula import GaussianCopula
from synthlab.generators.ngram import NgramText
from synthlab.loops import alarm
from synthlab.loops.alarm import Limits, set_limits, watch_loop
from synthlab.loops.run import loop_generations
from synthlab.loops.state import first_pools

ROWS = 40


def pool(seed, n=ROWS, scale=1.0, shift=0.0, origin="synthetic"):
    X = np.random.default_rng(seed).normal(shift, scale, size=(n, 2))
    return Dataset(X, np.arange(n) % 2, origin, f"pool {seed}")


REFERENCE = pool(0, 60, origin="real")
STEADY = [pool(100 + seed) for seed in range(6)]
POOLS = [pool(200 + seed) for seed in range(3)]


def watched(pools=POOLS, steady=STEADY, reference=REFERENCE, **options):
    return watch_loop(reference, pools, steady, **options)


# --- false alarms --------------------------------------------------------------------------


DESIGNS = [(5, 4), (15, 6)]  # steady pools, generations
LOOPS = 200


@pytest.fixture
def _each_is_seen_once(monkeypatch):
    """Loops share their pools, so that what is seen of one is kept."""
    look, lens_of, seen = alarm.look, alarm.fidelity.lens_of, {}

    def look_once(lens, reference, pool):
        if id(pool) not in seen:
            seen[id(pool)] = look(lens, reference, pool)
        return seen[id(pool)]

    def lens_once(reference):
        if id(reference) not in seen:
            seen[id(reference)] = lens_of(reference)
        return seen[id(reference)]

    monkeypatch.setattr(alarm, "look", look_once)
    monkeypatch.setattr(alarm.fidelity, "lens_of", lens_once)


def false_alarms(world, n_steady, n_generations, allowed=0.1, n_loops=LOOPS):
    """Whether loops are stopped whose pools are of the same kind as the steady ones."""
    reference, *pools = world
    rng = np.random.default_rng(0)
    for _ in range(n_loops):
        drawn = [pools[at] for at in rng.permutation(len(pools))[: n_steady + n_generations]]
        found = watched(drawn[n_steady:], drawn[:n_steady], reference, false_alarm=allowed)
        yield found.decision != "continue"


def normal_world(n, columns, n_pools, seed):
    rng = np.random.default_rng(seed)
    origins = ["real", *["synthetic"] * n_pools]
    return [Dataset(rng.normal(size=(n, columns)), np.zeros(n, int), o) for o in origins]


def most_by_chance(allowed, n_loops=LOOPS):
    return allowed + 3 * np.sqrt(allowed * (1 - allowed) / n_loops)


@pytest.mark.usefixtures("_each_is_seen_once")
@pytest.mark.parametrize(("n", "columns"), [(30, 1), (60, 4)])
def test_where_nothing_drifts_it_fires_no_more_often_than_it_says(n, columns):
    worlds = [normal_world(n, columns, 40, seed) for seed in range(2)]
    for n_steady, n_generations in DESIGNS:
        fired = [list(false_alarms(w, n_steady, n_generations, n_loops=LOOPS // 2)) for w in worlds]
        assert np.mean(fired) <= most_by_chance(0.1)


@pytest.mark.usefixtures("_each_is_seen_once")
def test_a_generator_that_is_fitted_on_real_rows_in_every_generation_raises_no_alarm():
    train, reference = two_classes(60, columns=3), two_classes(60, seed=1, columns=3)
    world = [reference, *first_pools(train, GaussianCopula(), 40)]
    assert np.mean([*false_alarms(world, 8, 4)]) <= most_by_chance(0.1)


@pytest.mark.usefixtures("_each_is_seen_once")
def test_more_false_alarms_are_had_where_more_are_allowed():
    world = normal_world(60, 2, 40, 0)
    shares = [np.mean([*false_alarms(world, 15, 4, allowed, 100)]) for allowed in (0.02, 0.9)]
    assert shares[0] < 0.1 < shares[1]


# --- alarms --------------------------------------------------------------------------------


def test_a_loop_that_does_not_move_goes_on():
    found = watched()
    assert found.decision == "continue"
    assert set(found.first_alarm.values()) == {None}
    assert repr(found) == "DriftAlarm: continue"


def test_a_shifted_pool_is_separability():
    found = watched([*POOLS, pool(9, shift=3.0)])
    assert found.first_alarm["separability"] == 4
    reason = "the AUC of a classifier of synthetic against real rows is 1.000, above 0."
    assert found.decision.startswith(f"stop: because in generation 4 {reason}")


def test_a_shrunk_pool_has_lost_its_spread_and_its_reach():
    found = watched([POOLS[0], pool(9, scale=0.1), POOLS[1]])
    assert found.first_alarm == {"separability": None, "coverage": 2, "variance": 2}
    reason = "the share of real rows with a synthetic row nearby is 0."
    assert found.decision.startswith(f"stop: because in generation 2 {reason}")
    assert "; the variance relative to real rows is 0.0" in found.decision
    assert found.decision.count("below") == 2


def test_what_rises_is_no_alarm_where_a_loop_would_fall():
    found = watched([pool(9, scale=1.5)], steady=[pool(seed, scale=0.5) for seed in range(8)])
    alarms = found.first_alarm
    assert (alarms["coverage"], alarms["variance"]) == (None, None)


def test_the_first_alarm_is_the_first_generation_of_several():
    found = watched([POOLS[0], *(pool(seed, shift=4.0) for seed in range(3))])
    assert found.first_alarm["separability"] == 2
    assert "in generation 2" in found.decision
    assert "in generation 3" not in found.decision


def test_more_shrinking_is_seen_earlier_or_at_the_same_time():
    first = []
    for factor in (0.9, 0.6, 0.3):
        pools = [pool(300 + g, scale=factor**g) for g in range(1, 7)]
        first.append(watched(pools).first_alarm["variance"] or 7)
    assert first == sorted(first, reverse=True)
    assert first[-1] <= 2 < first[0]


def test_a_loop_of_texts_that_loses_its_words_is_stopped():
    train, reference = zipf_texts(60), zipf_texts(60, seed=1)
    _, *found = loop_generations(train, NgramText(), reference, n_generations=6)
    steady = first_pools(train, NgramText(), 6)
    found = watch_loop(reference, [generation.written for generation in found], steady)
    assert found.frame["statistic"].unique().tolist() == ["separability", "coverage", "vocabulary"]
    assert 1 < found.first_alarm["vocabulary"] <= 5
    assert found.decision.startswith("stop: because in generation ")


# --- the frame -----------------------------------------------------------------------------


def test_the_frame_has_one_row_per_generation_and_statistic():
    found = watched()
    assert list(found.frame.columns) == ["generation", "statistic", "value", "limit", "fires"]
    assert found.frame["generation"].tolist() == [1] * 3 + [2] * 3 + [3] * 3
    assert found.frame["statistic"].tolist() == ["separability", "coverage", "variance"] * 3
    assert (found.frame.groupby("statistic")["limit"].nunique() == 1).all()
    assert found.false_alarm == 0.05


def test_values_are_what_a_look_shows():
    limits = set_limits(REFERENCE, STEADY, n_generations=3)
    values = watched().frame.pivot(index="generation", columns="statistic", values="value")
    for generation, one in enumerate(POOLS, start=1):
        assert alarm.look(limits.lens, REFERENCE, one) == values.loc[generation].to_dict()


def test_the_limit_of_the_spread_is_a_normal_prediction_limit():
    """Student's t of 5 degrees of freedom at 0.95 is 2.015: one generation, 3 statistics, 0.15."""
    limits = set_limits(REFERENCE, STEADY, n_generations=1, false_alarm=0.15)
    seen = pd.Series([alarm.look(limits.lens, REFERENCE, s)["variance"] for s in STEADY])
    expected = seen.mean() - 2.01505 * seen.std() * (1 + 1 / 6) ** 0.5
    assert limits.limit["variance"] == pytest.approx(expected, rel=1e-5)


def test_where_all_real_rows_were_always_reached_one_that_is_not_is_no_alarm():
    reference = pool(0, 20, origin="real")
    limits = set_limits(reference, [pool(seed, 400) for seed in range(6)], n_generations=1)
    assert limits.limit["coverage"] < 1 - 1 / 20


def test_more_generations_and_fewer_false_alarms_mean_wider_limits():
    base, longer, stricter = (
        set_limits(REFERENCE, STEADY, n_generations=n, false_alarm=alarm).limit
        for n, alarm in ((2, 0.1), (9, 0.1), (2, 0.01))
    )
    for wider in (longer, stricter):
        assert wider["separability"] > base["separability"]
        assert wider["coverage"] < base["coverage"]
        assert wider["variance"] < base["variance"]


def test_labels_are_not_looked_at():
    def shuffled(rows):
        return rows.replace(y=np.random.default_rng(0).permutation(rows.y))

    as_they_are = watched()
    found = watched([*map(shuffled, POOLS)], [*map(shuffled, STEADY)], shuffled(REFERENCE))
    pd.testing.assert_frame_equal(found.frame, as_they_are.frame)


def test_limits_that_were_set_once_judge_as_a_watch_does():
    limits = set_limits(REFERENCE, STEADY, n_generations=3)
    assert isinstance(limits, Limits)
    pd.testing.assert_frame_equal(limits.judge(POOLS).frame, watched().frame)
    assert len(limits.judge(POOLS[:1]).frame) == 3


# --- what is refused -----------------------------------------------------------------------


def case(parts, **options):
    return lambda: watched(**options), parts


COUNTS = "Counts grow with the number of rows, so that sizes would look like drift. Take the same"
REFUSED = {
    "too few steady pools": case(
        "4 steady pools: expected 5 or more. Fewer do not show how far a statistic moves by "
        "chance. Draw more with first_pools.",
        steady=STEADY[:4],
    ),
    "pools of another size": case(
        ["pools of [40, 41] rows: expected 40 in each.", COUNTS], pools=[*POOLS, pool(9, 41)]
    ),
    "steady pools of another size": case(
        ["pools of [40, 41] rows: expected 40 in each.", COUNTS], steady=[*STEADY, pool(9, 41)]
    ),
    "pools of three rows": case(
        ["pools of 3 rows: expected 5 or more", "cross-validated", "pools of a few hundred rows"],
        pools=[pool(9, 3)],
        steady=[pool(seed, 3) for seed in range(5)],
    ),
    "no pool": case(["n_generations=0: expected a whole number, 1 or more"], pools=[]),
    "always an alarm": case("false_alarm=1.0: expected between 0 and 1", false_alarm=1.0),
    "never an alarm": case("false_alarm=0.0: expected between 0 and 1", false_alarm=0.0),
    "a truth value": case("false_alarm=True: expected between 0 and 1", false_alarm=True),
    "a small reference": case(["5 rows", "expected more than 5"], reference=pool(0, 5)),
}


def test_what_cannot_be_watched_is_refused():
    assert unclear(REFUSED) == []


def test_limits_judge_no_more_generations_than_they_were_set_for():
    judge = set_limits(REFERENCE, STEADY, n_generations=2).judge
    parts = "expected 1 to 2, as the limits", "more false alarms than 0.05. Set limits for more"
    cases = {n: (lambda n=n: judge(POOLS[:n]), [f"{n} pools", *parts]) for n in (0, 3)}
    assert unclear(cases) == []
