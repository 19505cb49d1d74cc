"""No cluster is cut, no quota is missed, and the later mail repeats none of the earlier."""

import numpy as np
import pandas as pd
import pytest
from cases import refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.splits import (
    draw_like,
    require_seed,
    split_rows,
    stratified_cluster_split,
    time_split,
)

STEADY = settings(deadline=None, derandomize=True, max_examples=50)


@st.composite
def clustered_rows(draw):
    """Labels, clusters, and a quota that the odd rows, single all, can always fill."""
    counts = draw(st.lists(st.integers(6, 30), min_size=2, max_size=3))
    y = np.repeat(["bulk", "ham", "spam"][: len(counts)], counts)
    row = np.arange(len(y))
    together = draw(st.lists(st.integers(0, 9), min_size=len(y), max_size=len(y)))
    clusters = np.unique(np.where(row % 2, 10 + row, together), return_inverse=True)[1]
    return y, clusters, draw(st.integers(0, min(counts) // 2))


def split(y, clusters, n_eval, seed=0):
    return stratified_cluster_split(y, clusters, n_eval, np.random.default_rng(seed))


def singles(n):
    return np.arange(n)


@STEADY
@given(rows=clustered_rows())
def test_no_cluster_is_cut(rows):
    y, clusters, n_eval = rows
    is_eval = split(y, clusters, n_eval)
    assert not set(clusters[is_eval]) & set(clusters[~is_eval])


@STEADY
@given(rows=clustered_rows())
def test_as_many_rows_evaluate_as_were_asked_for(rows):
    assert split(*rows).sum() == rows[2]


def test_classes_keep_their_shares_to_the_row():
    y = np.repeat(["bulk", "ham", "spam"], [13, 60, 27])
    for n_eval in (7, 30, 61):
        is_eval = split(y, singles(100), n_eval)
        for label, share in (("bulk", 0.13), ("ham", 0.60), ("spam", 0.27)):
            assert abs((y[is_eval] == label).sum() - share * n_eval) < 1


def test_the_largest_remainders_get_the_odd_rows():
    y = np.repeat(["bulk", "ham", "spam"], [13, 60, 27])
    drawn = y[split(y, singles(100), 7)]  # shares of 0.91, 4.2 and 1.89 rows
    assert np.unique(drawn, return_counts=True)[1].tolist() == [1, 4, 2]


def test_the_same_seed_draws_the_same_rows():
    y = np.repeat(["ham", "spam"], 50)
    draws = [split(y, singles(100), 20, seed=3) for _ in range(2)]
    np.testing.assert_array_equal(*draws)


def test_another_seed_draws_other_rows():
    y = np.repeat(["ham", "spam"], 50)
    assert (split(y, singles(100), 20, seed=3) != split(y, singles(100), 20, seed=4)).any()


def test_every_single_row_evaluates_as_often_as_any_other():
    y, rng = np.repeat(["ham", "spam"], 20), np.random.default_rng(5)
    often = sum(stratified_cluster_split(y, singles(40), 10, rng) for _ in range(1_000))
    assert abs(often - 250).max() < 5 * (1_000 * 0.25 * 0.75) ** 0.5


def test_some_rows_may_be_lacking_where_that_is_allowed():
    y, clusters = np.repeat(["ham", "spam"], 6), np.repeat([0, 1, 2, 3], 3)
    rng = np.random.default_rng(0)
    is_eval = stratified_cluster_split(y, clusters, 8, rng, may_lack=2)  # 4 + 4; by threes 3 + 3
    assert is_eval.sum() == 6
    with pytest.raises(InputError, match="2 of 8 eval rows cannot be filled"):
        stratified_cluster_split(y, clusters, 8, rng, may_lack=1)


def test_clusters_too_coarse_for_the_quota_are_refused():
    y, clusters = np.repeat(["ham", "spam"], 6), np.repeat([0, 1], 6)
    message = refusal(split, y, clusters, 4)
    assert "4 of 4 eval rows cannot be filled by whole clusters" in message
    assert "Ask for another number of training rows" in message


def test_more_eval_rows_than_rows_are_refused():
    with pytest.raises(InputError, match="2 of 12 eval rows cannot be filled"):
        split(np.repeat(["ham", "spam"], 5), singles(10), 12)


def days(*numbers):
    return np.datetime64("2002-08-01") + np.array(numbers)


def test_the_earliest_rows_train_in_order_of_time():
    train, later = time_split(days(5, 1, 4, 2, 3), singles(5), n_train=3)
    assert (train.tolist(), later.tolist()) == ([1, 3, 4], [2, 0])


def test_a_later_row_that_repeats_an_earlier_one_is_on_neither_side():
    train, later = time_split(days(1, 2, 3, 4), np.array([0, 1, 0, 2]), n_train=2)
    assert (train.tolist(), later.tolist()) == ([0, 1], [3])


def test_later_rows_may_repeat_each_other():
    _, later = time_split(days(1, 2, 3), np.array([0, 1, 1]), n_train=1)
    assert later.tolist() == [1, 2]


def test_rows_of_one_instant_keep_their_order():
    train, later = time_split(days(*np.repeat([2, 1], 100)), singles(200), n_train=150)
    assert train.tolist() == [*range(100, 200), *range(50)]
    assert later.tolist() == [*range(50, 100)]


@STEADY
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=2, max_size=30),
    choice=st.data(),
)
def test_nothing_evaluates_before_it_could_have_trained(rows, choice):
    when, clusters = days(*(day for day, _ in rows)), np.array([cluster for _, cluster in rows])
    train, later = time_split(when, clusters, choice.draw(st.integers(1, len(rows) - 1)))
    assert not set(clusters[train]) & set(clusters[later])
    assert not later.size or when[train].max() <= when[later].min()


def test_a_seed_is_a_whole_number():
    assert require_seed(np.int64(3)) == 3
    for bad in (-1, 0.5, True, None, "1"):
        assert f"random_state={bad!r}: expected a whole number, 0 or more" in refusal(
            require_seed, bad
        )


# --- data sets -----------------------------------------------------------------------------


def grouped(n=400, per_group=4, **options):
    rows = np.arange(n)
    y = np.where(rows % 5 == 0, "yes", "no")
    groups = [f"g{row // per_group}" for row in rows]
    return Dataset(rows[:, None].astype(float), y, "real", "visits", groups=groups, **options)


def test_no_group_is_cut_in_two():
    train, held_out = split_rows(grouped(), 0.25)
    assert not set(train.groups) & set(held_out.groups)
    assert len(train) + len(held_out) == 400
    assert len(held_out) == pytest.approx(100, abs=20)


def test_class_shares_are_kept():
    train, held_out = split_rows(grouped(per_group=1), 0.25)
    assert [(d.y == "yes").mean() for d in (train, held_out)] == pytest.approx([0.2, 0.2], abs=0.01)


def test_the_latest_rows_evaluate_and_no_group_goes_on():
    days = pd.date_range("2024-01-01", periods=400)
    train, held_out = split_rows(grouped(per_group=7, time=days), 0.25, by="time")
    assert train.time.max() < held_out.time.min()
    assert not set(train.groups) & set(held_out.groups)
    assert len(train) == 300
    assert 90 <= len(held_out) <= 100


def test_the_same_random_state_gives_the_same_split():
    one, again, other = (split_rows(grouped(), random_state=s)[1].X.ravel() for s in (0, 0, 1))
    assert (one == again).all()
    assert len(one) != len(other) or (one != other).any()


def test_what_cannot_be_split_is_refused():
    for options, told in (
        ({"eval_share": 0}, "eval_share=0"),
        ({"eval_share": 1.0}, "eval_share=1.0"),
        ({"by": "group"}, "by='group'"),
        ({"by": "time"}, "has no time"),
    ):
        with pytest.raises(InputError, match=told):
            split_rows(grouped(), **options)


def test_rows_drawn_like_others_have_their_class_counts():
    rows = Dataset(np.arange(5.0)[:, None], [*"aabab"], "real", "rows")
    source = Dataset(np.arange(20.0)[:, None], [*"abcd"] * 5, "synthetic", "source")
    seen = [draw_like(rows, source, np.random.default_rng(seed)) for seed in range(20)]
    for drawn in seen:
        assert sorted(drawn.y) == sorted(rows.y)
        assert len(np.unique(drawn.X)) == len(drawn)
        assert set(drawn.origin) == {"synthetic"}
    assert {value for drawn in seen for value in drawn.X[:, 0]} == {
        value for value, label in zip(source.X[:, 0], source.y, strict=True) if label in "ab"
    }


def test_a_source_that_lacks_a_class_is_refused():
    rows = Dataset(np.arange(4.0)[:, None], [*"aaab"], "real", "rows")
    source = Dataset(np.arange(4.0)[:, None], [*"aabb"], "synthetic", "source")
    with pytest.raises(InputError, match=r"source: 2 rows labeled 'a': expected 3 or more"):
        draw_like(rows, source, np.random.default_rng(0))
