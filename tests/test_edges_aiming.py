"""Aimed generators hit what they are aimed at, look at no label, and say when they can't."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.edges.aiming import MAX_DRAWS, aim
from synthlab.edges.density import density_of, in_region
from synthlab.edges.labelers import (
    HeldOutRows,
    Relabeled,
    drawn_from,
    equivalent_error,
    share_mislabeled,
)
from synthlab.edges.plane import CLASSES, draw_plane, true_probabilities
from synthlab.errors import InputError
from synthlab.generators.copula import GaussianCopula
from synthlab.generators.ngram import NgramText
from synthlab.generators.oversample import OverSample
from synthlab.generators.smote import Smote

SIDES = ("corners", "middle")
TRAIN = draw_plane(500, np.random.default_rng(0))


@dataclass
class World:
    """A generator that draws from the plane itself: new rows, right labels, no end."""

    def fit(self, rows, rng):
        return self

    def sample(self, n, rng, label=None):
        return draw_plane(n, rng, "world").replace(origin="synthetic")


@dataclass
class Constant:
    """A generator of one row alone."""

    at: float

    def fit(self, rows, rng):
        return self

    def sample(self, n, rng, label=None):
        X = pd.DataFrame({"u": np.full(n, self.at), "v": np.full(n, self.at)})
        return Dataset(X, np.repeat("yes", n), "synthetic", "constant")


def drawn(generator, at, n=300, seed=0, rows=TRAIN, **options):
    rng = np.random.default_rng(seed)
    return aim(generator, at, **options).fit(rows, rng).draw(n, rng)


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize("at", SIDES)
@pytest.mark.parametrize("generator", [World(), GaussianCopula(), Smote(), OverSample()])
def test_every_row_lands_in_the_region(generator, at):
    rows = drawn(generator, at).rows
    assert len(rows) == 300
    assert in_region(density_of(TRAIN).percentiles(rows), at).all()


@pytest.mark.parametrize("at", SIDES)
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_rows_of_the_world_itself_land_by_the_share(at, share):
    landed = drawn(World(), at, n=1_500, share=share).landed
    assert landed.share == pytest.approx(share, abs=0.03)
    assert landed.low < landed.share < landed.high


def test_anywhere_rejects_nothing():
    rng = np.random.default_rng(5)
    found = drawn(World(), "anywhere", seed=5)
    assert found.landed.share == 1
    assert found.rows.X.equals(World().sample(300, rng).X)


def test_smote_stays_inside_and_reaches_the_corners_less_often_than_real_rows():
    crowd = np.random.default_rng(0).normal(size=(500, 4))
    rows = Dataset(crowd, crowd[:, 0] > 0, "real", "crowd")
    landed = drawn(Smote(), "corners", rows=rows).landed
    assert landed.high < 0.15


@pytest.mark.parametrize("at", SIDES)
def test_labels_are_not_looked_at(at):
    def turned(rows, rng):
        return np.where(rows.y == "yes", "no", "yes")

    one, other = drawn(World(), at).rows, drawn(Relabeled(World(), turned), at).rows
    assert one.X.equals(other.X)
    assert (one.y != other.y).all()
    swapped = TRAIN.replace(y=TRAIN.y[::-1])
    assert drawn(World(), at, rows=swapped).rows.X.equals(one.X)


@pytest.mark.parametrize("at", SIDES)
def test_aiming_by_features_keeps_the_probabilities_of_labels(at):
    rows = drawn(World(), at, n=4_000).rows
    yes = true_probabilities(rows)[:, 1]
    for part in np.array_split(np.argsort(yes), 4):
        error = np.sqrt((yes[part] * (1 - yes[part])).sum()) / len(part)
        assert abs((rows.y[part] == "yes").mean() - yes[part].mean()) < 4 * error


def test_a_pool_is_drawn_from_without_repeats_and_to_its_last_row():
    pool = draw_plane(400, np.random.default_rng(1))
    n = int(in_region(density_of(TRAIN).percentiles(pool), "corners").sum())
    rows = drawn(HeldOutRows(pool), "corners", n).rows
    assert len(rows.X.drop_duplicates()) == n
    assert set(rows.X["u"]) <= set(pool.X["u"])
    assert set(rows.origin) == {"synthetic"}
    message = refusal(drawn, HeldOutRows(pool), "corners", n + 1)
    assert f"{n / 400:.1%} of 400 rows landed there" in message


def test_an_aim_out_of_reach_is_refused_with_what_landed():
    message = refusal(drawn, Constant(0.0), "corners", 10)
    parts = [
        "Constant does not reach the corners",
        f"0.0% of {10 * MAX_DRAWS:,} rows landed there [0.0%, 0.2%]",
        "expected 10 rows",
        "a sliver of the region",
        "raise share=0.2",
    ]
    assert [part for part in parts if part not in message] == []
    assert len(drawn(Constant(9.0), "corners", 10).rows) == 10


def test_the_same_seed_gives_the_same_rows_and_another_gives_others():
    one, again, other = (drawn(World(), "corners", seed=seed).rows for seed in (1, 1, 2))
    assert one.X.equals(again.X)
    assert not one.X.equals(other.X)


def test_texts_can_be_aimed():
    rng = np.random.default_rng(0)
    usual = [" ".join(rng.choice(["aa", "bb", "cc", "dd"], 8)) for _ in range(200)]
    odd = [" ".join(f"w{i}" for i in rng.integers(0, 50, 8)) for _ in range(40)]
    rows = Dataset(pd.Series(usual + odd), ["mail"] * 240, "real", "mail")
    corners, middle = (drawn(NgramText(), at, 50, rows=rows).rows.X for at in SIDES)
    assert corners.str.contains("w").mean() > 0.2
    assert not middle.str.contains("w").any()


@pytest.mark.parametrize("options", [{"at": "edges"}, {"share": 0}, {"share": 0.7}])
def test_regions_that_do_not_exist_are_refused(options):
    assert "expected" in refusal(aim, World(), **options)


# --- whose labels --------------------------------------------------------------------------


def labeled(labeler, n=4_000, seed=0):
    rng = np.random.default_rng(seed)
    return Relabeled(World(), labeler).fit(TRAIN, rng).sample(n, rng)


def test_labels_are_drawn_by_their_probabilities():
    shares = np.array([0.5, 0.2, 0.3])
    rows = labeled(drawn_from(lambda rows: np.tile(shares, (len(rows), 1)), np.array(list("abc"))))
    found = np.array([(rows.y == one).mean() for one in "abc"])
    assert found == pytest.approx(shares, abs=0.03)


def test_a_sure_probability_is_always_followed():
    def sure(rows):
        return np.column_stack([rows.X["u"] <= 0, rows.X["u"] > 0]).astype(float)

    rows = labeled(drawn_from(sure, CLASSES))
    assert ((rows.y == "yes") == (rows.X["u"] > 0)).all()


@pytest.mark.parametrize("share", [0, 0.1, 1])
def test_a_known_share_of_labels_is_wrong(share):
    right, wrong = labeled(lambda rows, rng: rows.y), labeled(share_mislabeled(share, CLASSES))
    assert right.X.equals(wrong.X)
    assert (right.y != wrong.y).mean() == share


@pytest.mark.parametrize("share", [0, 0.1, 0.4])
def test_the_equivalent_error_finds_the_share_that_was_made_wrong(share):
    rows = labeled(share_mislabeled(share, CLASSES), n=20_000)
    assert equivalent_error(rows, true_probabilities(rows)) == pytest.approx(share, abs=0.02)


def test_the_equivalent_error_of_likeliest_labels_is_below_zero():
    rows = labeled(lambda rows, rng: CLASSES[true_probabilities(rows).argmax(axis=1)])
    assert equivalent_error(rows, true_probabilities(rows)) < -0.1


def test_wrong_labels_of_three_classes_are_either_of_the_others():
    rows = TRAIN.replace(y=np.repeat(list("abc"), [200, 200, 100]))
    y = share_mislabeled(0.9, rows.classes)(rows, np.random.default_rng(0))
    of_a = [(y[:200] == one).sum() for one in "bc"]
    assert (y != rows.y).sum() == 450
    assert min(of_a) > 60


def test_labels_that_would_be_overwritten_cannot_be_asked_for():
    fitted = Relabeled(World(), share_mislabeled(0.1, CLASSES)).fit(TRAIN, None)
    assert "labeled after they are drawn" in refusal(fitted.sample, 5, None, "yes")


def test_a_pool_behind_other_labels_is_still_a_pool():
    pool = HeldOutRows(draw_plane(400, np.random.default_rng(1)))
    generator = Relabeled(pool, share_mislabeled(0.2, CLASSES))
    assert len(drawn(generator, "corners", 40).rows) == 40


POOL = draw_plane(60, np.random.default_rng(2))
REFUSED = {
    "an empty pool": (lambda: HeldOutRows(POOL.take([])), "is empty"),
    "more rows than the pool": (
        lambda: drawn(HeldOutRows(POOL), "anywhere", 61),
        "holds 60 such rows; expected no more",
    ),
    "other columns": (
        lambda: HeldOutRows(POOL).fit(TRAIN.replace(X=TRAIN.X[["u"]]), None),
        "differ in 1 column(s)",
    ),
    "a share above 1": (lambda: share_mislabeled(1.2, CLASSES), "share=1.2"),
    "labels that are all as probable": (
        lambda: equivalent_error(POOL, np.full((60, 2), 0.5)),
        "all labels are equally probable",
    ),
    "probabilities of other labels": (
        lambda: equivalent_error(POOL, np.full((60, 3), 1 / 3)),
        "probabilities of shape (60, 3); expected (60, 2)",
    ),
    "one class alone": (lambda: share_mislabeled(0.2, CLASSES[:1]), "1 class(es)"),
}


@pytest.mark.parametrize(("call", "part"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_is_refused(call, part):
    assert part in refusal(call)
