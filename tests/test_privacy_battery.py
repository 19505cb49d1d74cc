"""Several tries become one interval; the worst attack is told with all attacks' doubt."""

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.privacy import (
    EVERYONE,
    choose_people,
    describe_trade_off,
    pool_attacks,
    split_by_row,
    trade_off,
    try_attacks,
    worst_attack,
)
from synthlab.stats import wilson_interval


def record(attack, targets, controls, n=100, area=np.nan, **about):
    shares = {"targets": targets / n, "controls": controls / n}
    sizes = {"n_targets": n, "n_controls": n, "group": EVERYONE, "guess": 0.5}
    return {"attack": attack, "area": area} | shares | sizes | about


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.fixture(scope="module")
def tried():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.integers(20, 80, 2_000), "town": rng.choice(list("abc"), 2_000)})
    rows = Dataset(X.assign(wage=rng.normal(size=2_000)), rng.choice(["no", "yes"], 2_000), "real")
    train, held_out = split_by_row(rows, 800)
    people = choose_people(train, held_out, n_people=100)
    return try_attacks(Dataset(train.X, train.y, "synthetic", "copy"), people, secret="town")


def test_a_copy_is_found_by_all_attacks_that_claim_so(tried):
    of = tried[tried["group"] == EVERYONE].set_index("attack")["advantage"]
    assert len(of) == 4
    assert of[["exact copies", "membership by distance"]].min() > 0.9
    assert of["attribute town"] > 0.3


def test_one_try_pooled_is_that_try(tried):
    pooled = pool_attacks(tried)
    for column in ("targets_low", "advantage", "advantage_high", "area_low", "guess"):
        np.testing.assert_allclose(pooled[column], tried[column], atol=1e-12)


def test_tries_add_up_and_narrow_the_interval():
    tries = pd.DataFrame([record("a", 30, 20), record("a", 50, 40, area=0.6)])
    found = pool_attacks(tries).iloc[0]
    assert (found["n_targets"], found["n_tries"]) == (200, 2)
    assert (found["targets"], found["targets_low"]) == wilson_interval(80, 200)[:2]
    assert found["advantage"] == pytest.approx(0.1)
    assert "area" not in found  # one of the tries ranked nobody
    alone = pool_attacks(tries[:1]).iloc[0]
    width = found["advantage_high"] - found["advantage_low"]
    assert width < 0.8 * (alone["advantage_high"] - alone["advantage_low"])


def test_generators_are_kept_apart():
    tries = pd.DataFrame([record("a", 30, 20, kind="x"), record("a", 90, 10, kind="y")])
    assert pool_attacks(tries, ["kind"])["advantage"].tolist() == pytest.approx([0.1, 0.8])


def test_the_worst_attack_has_a_wider_interval_for_the_choice():
    tries = pd.DataFrame([record("a", 30, 20, kind="x"), record("b", 60, 20, kind="x")])
    worst = worst_attack(tries, ["kind"], group=EVERYONE).iloc[0]
    alone = pool_attacks(tries, ["kind"]).set_index("attack").loc["b"]
    assert (worst["attack"], worst["advantage"]) == ("b", alone["advantage"])
    assert worst["advantage_low"] < alone["advantage_low"]


def test_nothing_to_pool_is_refused(tried):
    assert "no column 'kind'" in refusal(pool_attacks, tried, ["kind"])
    assert "has no row" in refusal(pool_attacks, tried[:0])
    assert "confidence=1" in refusal(pool_attacks, tried, confidence=1)


def points():
    ends = {"score_low": 0.79, "score_high": 0.83, "advantage_low": -0.01, "advantage_high": 0.05}
    rows = [("DP", "ε 1", 0.81, 0.02), ("DP", "ε 10", 0.82, 0.03), ("copula", "", 0.80, 0.01)]
    names = ["generator", "dial", "score", "advantage"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) | ends for row in rows])
    return frame.assign(origin="synthetic")


def test_a_path_per_generator_is_drawn_where_its_numbers_are():
    ax = trade_off(points(), 0.86)
    lines = {line.get_label(): line for line in ax.get_lines() if line.get_label()[0] != "_"}
    assert set(lines) == {"DP", "copula"}
    assert lines["DP"].get_xdata().tolist() == [0.02, 0.03]
    assert lines["DP"].get_ydata().tolist() == [0.81, 0.82]
    assert {"ε 1", "ε 10"} <= {text.get_text() for text in ax.texts}


def test_alt_text_tells_every_path_from_end_to_end():
    told = describe_trade_off(points(), 0.86)
    assert "reaches 0.860" in told
    assert "DP: ε 1 AUC 0.810, advantage +0.020 [-0.010, +0.050] to ε 10 AUC 0.820" in told
    assert "copula: AUC 0.800" in told
