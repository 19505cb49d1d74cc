"""Density in worlds where it is known, and distances that hide nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from simulated import two_classes, zipf_texts
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from synthlab.dataset import Dataset
from synthlab.edges.density import density_of, in_region, landed_share, regions_of
from synthlab.edges.plane import draw_plane
from synthlab.edges.space import space_of
from synthlab.errors import InputError


def plane(n, seed=0):
    return draw_plane(n, np.random.default_rng(seed))


def table(**columns):
    X = pd.DataFrame(columns)
    return Dataset(X, np.zeros(len(X), int), "real", "table")


def distances(reference, rows):
    """All distances between rows in the space of a reference, by the library's own positions."""
    space = space_of(reference)
    gaps = space.positions(rows)[:, None, :] - space.positions(reference)[None, :, :]
    return np.sqrt((gaps**2).sum(axis=2))


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_the_distance_is_that_of_the_tenth_neighbor():
    train, rows = two_classes(300), two_classes(50, seed=1)
    scale = train.X.std(ddof=0)
    oracle = NearestNeighbors(n_neighbors=10, algorithm="kd_tree").fit(train.X / scale)
    expected = oracle.kneighbors(rows.X / scale)[0][:, 9]
    assert density_of(train).distances(rows) == pytest.approx(expected)


def test_the_distance_of_texts_is_one_minus_cosine_of_tfidf():
    train, rows = zipf_texts(200, words=90), zipf_texts(20, seed=1, words=90)
    words = TfidfVectorizer(sublinear_tf=True).fit(train.X)
    cosine = (words.transform(rows.X) @ words.transform(train.X).T).toarray()
    is_known = np.array([set(text.split()) <= set(words.vocabulary_) for text in rows.X])
    expected = np.sort(1 - cosine, axis=1)[:, 9]
    assert is_known.sum() > 3
    found = density_of(train).distances(rows)
    assert found[is_known] == pytest.approx(expected[is_known], abs=1e-6)


@pytest.mark.parametrize("draw", [plane, lambda n, seed: two_classes(n, seed=seed)])
def test_fresh_rows_of_the_same_law_are_spread_evenly(draw):
    percentiles = density_of(draw(2_000, 1)).percentiles(draw(2_000, 2))
    assert kstest(percentiles, "uniform").statistic < 0.06


def test_the_planted_corners_are_found():
    rows = plane(2_000, 1)
    is_corner = np.abs(rows.X).min(axis=1).to_numpy() > 1.8
    percentiles = density_of(plane(2_000)).percentiles(rows)
    assert 0.1 < is_corner.mean() < 0.25
    assert percentiles[is_corner].min() > 0.7
    assert in_region(percentiles, "corners")[is_corner].mean() > 0.85
    assert not in_region(percentiles, "middle")[is_corner].any()


def test_one_neighbor_is_fooled_by_a_copy_and_ten_are_not():
    train = plane(500)
    lonely = train.take([int((train.X**2).sum(axis=1).argmax())])
    assert density_of(train, n_neighbors=1).percentiles(lonely)[0] == 0
    assert density_of(train).percentiles(lonely)[0] > 0.95


def test_labels_are_not_looked_at():
    train, rows = plane(300), plane(50, 1)
    turned = train.replace(y=np.arange(300))
    assert (density_of(turned).distances(rows) == density_of(train).distances(rows)).all()


def test_units_do_not_matter():
    rng = np.random.default_rng(0)
    numbers = {"meters": rng.normal(size=200), "age": rng.integers(0, 90, 200)}
    in_kilometers = numbers | {"meters": numbers["meters"] / 1_000}
    one, other = (density_of(table(**columns)).own for columns in (numbers, in_kilometers))
    assert one == pytest.approx(other)


def test_columns_of_numbers_and_of_categories_weigh_alike():
    rng = np.random.default_rng(0)
    numbers = table(x=rng.normal(size=400))
    names = table(x=rng.permutation(np.arange(400) % 50).astype(str))
    means = [(distances(rows, rows) ** 2).mean() for rows in (numbers, names)]
    assert means == pytest.approx([2, 2], rel=0.03)


STRANGE = {
    "an unseen category": {"town": ["Oslo"], "size": [0.0]},
    "a missing category": {"town": [None], "size": [0.0]},
    "a missing number": {"town": ["Ulm"], "size": [np.nan]},
    "a far number": {"town": ["Ulm"], "size": [40.0]},
}


@pytest.mark.parametrize("columns", STRANGE.values(), ids=STRANGE)
def test_what_was_never_seen_is_far(columns):
    rng = np.random.default_rng(0)
    train = table(town=rng.choice(["Ulm", "Bonn"], 300), size=rng.normal(size=300))
    density = density_of(train)
    usual = density.distances(table(town=["Ulm"], size=[0.0]))[0]
    assert density.distances(table(**columns))[0] > max(0.9, 5 * usual)
    assert density.percentiles(table(**columns))[0] > 0.95


def test_a_gap_is_near_to_other_gaps():
    size = np.r_[np.random.default_rng(0).normal(size=280), np.full(20, np.nan)]
    assert density_of(table(size=size)).distances(table(size=[np.nan]))[0] == 0


def test_a_text_without_a_known_word_is_as_far_as_can_be():
    density = density_of(zipf_texts(200))
    odd = Dataset(pd.Series(["jabberwocky slithy", "?!"]), ["ham"] * 2, "real", "odd")
    assert density.distances(odd) == pytest.approx([1, 1])
    assert (density.percentiles(odd) > 0.99).all()


@pytest.mark.parametrize("kind", [float, "category", bool, "datetime64[ns]"])
def test_every_kind_of_column_can_be_placed(kind):
    values = pd.Series(np.arange(40) % 2).astype(kind)
    found = distances(table(x=values), table(x=values))
    assert (found[0] == 0).tolist() == (np.arange(40) % 2 == 0).tolist()


def test_arrays_are_placed_as_tables_are():
    rows = plane(200)
    array = rows.replace(X=rows.X.to_numpy())
    assert density_of(array).own == pytest.approx(density_of(rows).own)


def test_percentiles_count_ties_half():
    crowd = table(x=np.repeat([0.0, 5.0], [50, 11]))
    assert density_of(crowd).percentiles(crowd).tolist() == [0.5] * 61


def test_regions_hold_their_shares():
    percentiles = (np.arange(1_000) + 0.5) / 1_000
    masks = regions_of(percentiles, n_bins=10, share=0.1)
    sizes = {region: int(mask.sum()) for region, mask in masks.items()}
    bins = {f"bin {number}": 100 for number in range(1, 11)}
    assert sizes == {"everywhere": 1_000, "middle": 100, "corners": 100} | bins
    assert (masks["bin 1"] == masks["middle"]).all()
    assert (masks["bin 10"] == masks["corners"]).all()


def test_the_ends_of_percentiles_belong_to_the_end_bins():
    masks = regions_of(np.array([0.0, 1.0]), n_bins=4)
    assert masks["bin 1"].tolist() == [True, False]
    assert masks["bin 4"].tolist() == [False, True]


def test_the_interval_of_a_share_is_wilsons():
    found = landed_share(np.arange(50) < 5)  # by hand: Wilson (1927), z = 1.96
    assert (found.share, found.n_rows) == (0.1, 50)
    assert (found.low, found.high) == pytest.approx((0.0435, 0.2136), abs=1e-4)


REFUSED = {
    "too few rows": (
        lambda: density_of(plane(10)),
        ["plane: 10 rows for n_neighbors=10", "expected more rows than neighbors", "Hand in"],
    ),
    "no neighbor": (lambda: density_of(plane(50), 0), ["n_neighbors=0", "one or more"]),
    "no rows": (lambda: density_of(plane(50)).distances(plane(5).take([])), ["has no rows"]),
    "another kind": (
        lambda: density_of(plane(50)).distances(zipf_texts(5)),
        ["holds texts, plane a table", "expected the same kind", "Hand in rows of one kind"],
    ),
    "a missing column": (
        lambda: density_of(plane(50)).distances(table(u=[1.0])),
        ["rows lack 1 column(s) of plane (first: 'v')", "Hand in the same columns"],
    ),
    "an infinite number": (lambda: density_of(table(x=[np.inf] * 20)), ["infinite"]),
    "an id": (
        lambda: density_of(table(x=[f"row {i}" for i in range(1_001)])),
        ["column 'x' of table has 1,001 different values", "looks like an id", "Drop it"],
    ),
    "an unknown region": (
        lambda: in_region(np.zeros(3), "edges"),
        ["at='edges': expected one of corners, middle, anywhere", "Choose from these"],
    ),
    "a share that overlaps": (
        lambda: in_region(np.zeros(3), "corners", 0.6),
        ["share=0.6: expected more than 0 and at most 0.5", "overlap", "Leave it at 0.2"],
    ),
}


@pytest.mark.parametrize(("call", "parts"), REFUSED.values(), ids=REFUSED)
def test_errors_name_offender_expectation_consequence_and_remedy(call, parts):
    message = refusal(call)
    assert [part for part in parts if part not in message] == []
