"""Drift is seen where it was planted, and nowhere else."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal
from simulated import MIXED, mixed_rows, two_classes, zipf_texts

from synthlab.checks.fidelity import NEIGHBOR, evenly, lens_of, measure_drift
from synthlab.dataset import Dataset
from synthlab.text.tokens import count_distinct


def mixed():
    return mixed_rows(400, {"a": 0.6, "b": 0.3, "c": 0.1})


def normal(n, seed=0, columns=3, scale=1.0, shift=0.0):
    X = np.random.default_rng(seed).normal(shift, scale, size=(n, columns))
    return numbers(X)


def numbers(X):
    return Dataset(X, np.zeros(len(X), int), "real", "numbers")


def texts(*some):
    return Dataset(pd.Series(list(some)), ["mail"] * len(some), "real", "texts")


def seen(reference, rows):
    return measure_drift(lens_of(reference), rows)


def same_rows(rows, at):
    """One row, as often as there are rows."""
    return rows.take(np.full(len(rows), at))


REPEATING = numbers(np.random.default_rng(0).integers(0, 2, size=(300, 4)).astype(float))
TWINS = normal(20, columns=8, shift=3.0).take(np.arange(400) % 20)  # distances of 0, nearly
BLANK = texts(*["!", "?", "a", "- -"], *zipf_texts(60).X)
KINDS = {
    "numbers": normal(200),
    "table": two_classes(200),
    "mixed table": mixed(),
    "rows that repeat": REPEATING,
    "numbers that repeat": TWINS,
    "texts that repeat": zipf_texts(20).take(np.arange(200) % 20),
    "texts": zipf_texts(200),
    "texts without a word": BLANK,
    "few rows": normal(6),
}


# --- all kinds -----------------------------------------------------------------------------


def test_rows_have_not_drifted_from_themselves_in_any_order_and_whatever_their_labels():
    def holds(reference):
        found = seen(reference, reference)
        assert found["coverage"] == 1
        assert found["variance"] == pytest.approx(1)
        shuffled = reference.take(np.random.default_rng(0).permutation(len(reference)))
        assert seen(reference, shuffled) == pytest.approx(found)
        relabeled = reference.replace(y=np.arange(len(reference)))
        assert seen(relabeled, relabeled) == found

    assert failing(holds, KINDS) == {}


def test_a_collapsed_pool_covers_little_and_has_no_variance():
    for kind in ("numbers", "table", "mixed table", "texts"):
        found = seen(KINDS[kind], same_rows(KINDS[kind], 3))
        assert found["coverage"] < 0.1
        assert found["variance"] == pytest.approx(0, abs=1e-9)


def test_a_row_covers_its_twins_and_no_other():
    for rows in (KINDS["numbers that repeat"], KINDS["texts that repeat"]):
        lens = lens_of(rows)
        covered = [measure_drift(lens, rows.take([at]))["coverage"] for at in range(20)]
        assert covered == [1 / 20] * 20


def test_fewer_rows_cover_less():
    def holds(reference):
        lens, n = lens_of(reference), len(reference)
        pools = [reference.take(range(k)) for k in (n, n // 2, 1)]
        covered = [measure_drift(lens, pool)["coverage"] for pool in pools]
        assert covered == sorted(covered, reverse=True)

    assert failing(holds, KINDS) == {}


def test_too_few_reference_rows_are_refused():
    for n in (0, 1, NEIGHBOR):
        message = refusal(lens_of, normal(NEIGHBOR + 1).take(range(n)))
        assert f"numbers: {n} rows: expected more than 5. Fewer do not show how far" in message
        assert "Use a few hundred" in message


def test_evenly_spaced_rows_are_different_and_reach_both_ends():
    for n, most in [(1, 5), (5, 5), (6, 5), (1_000, 7)]:
        at = evenly(n, most)
        assert len(set(at)) == len(at) == min(n, most)
        assert (at[0], at[-1]) == (0, n - 1)


def test_no_row_is_spaced_evenly_as_well():
    assert len(evenly(0, 5)) == 0


# --- coverage ------------------------------------------------------------------------------


def coverage_by_theory(n_reference, n_rows):
    """Chance that not all of n_rows lie beyond the fifth neighbor (Naeem et al., lemma 2)."""
    i = np.arange(1, NEIGHBOR + 1)
    return 1 - np.prod((n_reference - i) / (n_reference + n_rows - i))


def test_other_rows_of_the_same_kind_cover_as_theory_says():
    for (n, n_rows), columns in product([(400, 400), (300, 100), (60, 60)], (1, 4)):
        found = [
            seen(normal(n, seed, columns), normal(n_rows, 1_000 + seed, columns))["coverage"]
            for seed in range(20)
        ]
        error = np.std(found, ddof=1) / np.sqrt(len(found))
        assert error < 0.02
        assert np.mean(found) == pytest.approx(coverage_by_theory(n, n_rows), abs=4 * error)


def test_as_many_other_rows_cover_all_but_a_32nd():
    assert coverage_by_theory(500, 500) == pytest.approx(1 - 2**-5, abs=0.001)
    assert seen(normal(500), normal(500, 1))["coverage"] == pytest.approx(1 - 2**-5, abs=0.025)


def test_other_texts_of_the_same_source_cover_nearly_as_much():
    assert seen(zipf_texts(400), zipf_texts(400, seed=1))["coverage"] > 0.9


def test_a_lost_mode_shows_as_its_share():
    rng = np.random.default_rng(0)
    two_modes = numbers(rng.normal(size=(400, 2)) + 20 * (np.arange(400) < 100)[:, None])
    assert seen(two_modes, normal(400, 1, columns=2))["coverage"] == pytest.approx(0.75, abs=0.05)


def test_more_shift_covers_less():
    lens = lens_of(normal(300))
    covered = [measure_drift(lens, normal(300, 1, shift=s))["coverage"] for s in (0, 1, 2, 9)]
    assert covered == sorted(covered, reverse=True)
    assert covered[-1] == 0


def test_one_row_far_off_covers_nothing():
    X = normal(300).X.copy()
    X[0] = 1e6
    assert seen(normal(300), numbers(X[:1]))["coverage"] == 0


def test_a_text_without_a_known_word_covers_none():
    for reference in (zipf_texts(100), texts(*(f"one{i} two{i}" for i in range(9)))):
        for text in ("zzz qqq", "!?", "x"):
            assert seen(reference, texts(text, text))["coverage"] == 0


def test_texts_without_a_word_cover_each_other():
    assert seen(BLANK, texts("; ;"))["coverage"] == 4 / 64


# --- variance ------------------------------------------------------------------------------


def test_variance_goes_with_the_square_of_the_scale():
    rows = two_classes(100)
    for factor in (0.1, 0.5, 2.0):
        scaled = rows.replace(X=rows.X.mean() + factor * (rows.X - rows.X.mean()))
        assert seen(rows, scaled)["variance"] == pytest.approx(factor**2)


def test_a_shift_leaves_the_variance_alone():
    rows = normal(100)
    assert seen(rows, rows.replace(X=rows.X + 7))["variance"] == pytest.approx(1)


def test_columns_weigh_alike_whatever_their_unit():
    rows = normal(100, columns=2)
    meters = rows.replace(X=rows.X * [1, 1_000])
    half = rows.replace(X=rows.X * [1, 0])
    in_meters = meters.replace(X=meters.X * [1, 0])
    assert seen(rows, half)["variance"] == pytest.approx(0.5)
    assert seen(meters, in_meters)["variance"] == pytest.approx(0.5)


def test_of_constant_rows_any_spread_is_infinitely_more():
    constant = numbers(np.ones((20, 2)))
    assert seen(constant, constant)["variance"] == 1
    assert seen(constant, normal(20, columns=2))["variance"] == np.inf


# --- tails ---------------------------------------------------------------------------------


def test_a_tenth_of_numbers_lies_in_the_tails():
    lens = lens_of(normal(1_000))
    assert measure_drift(lens, normal(1_000))["tail_mass"] == pytest.approx(0.1, abs=0.002)
    assert measure_drift(lens, normal(1_000, 1))["tail_mass"] == pytest.approx(0.1, abs=0.03)


def test_clipped_numbers_have_no_tails_and_stretched_ones_have_more():
    rows = normal(1_000)
    clipped = rows.replace(X=np.clip(rows.X, -1.5, 1.5))
    assert seen(rows, clipped)["tail_mass"] == 0
    assert seen(rows, rows.replace(X=3 * rows.X))["tail_mass"] > 0.5


def categories(*counts):
    towns = np.repeat([f"town {i}" for i in range(len(counts))], counts)
    return Dataset(pd.DataFrame({"town": towns}), np.zeros(len(towns), int), "real", "towns")


def test_the_rare_categories_are_a_tail():
    reference = categories(60, 32, 5, 3)
    assert seen(reference, reference)["tail_mass"] == pytest.approx(0.08)
    assert seen(reference, categories(50, 50))["tail_mass"] == 0
    assert seen(reference, categories(0, 0, 50, 50))["tail_mass"] == 1


def test_categories_that_were_never_seen_are_tail_and_cover_nothing():
    found = seen(categories(60, 40), Dataset(pd.DataFrame({"town": ["new"] * 9}), [0] * 9, "real"))
    assert found["tail_mass"] == 1
    assert found["coverage"] == 0


def test_the_rare_words_are_a_tail():
    often = ["the cat sat"] * 30
    reference = texts(*often, *(f"rare{i}" for i in range(9)))
    assert seen(reference, reference)["tail_mass"] == pytest.approx(9 / 99)
    assert seen(reference, texts(*often))["tail_mass"] == 0
    assert seen(reference, texts("rare1 rare2 unheard"))["tail_mass"] == 1
    assert seen(reference, texts("!"))["tail_mass"] == 0


# --- mixed tables --------------------------------------------------------------------------


def test_every_kind_of_column_can_be_measured():
    def holds(column):
        rows = mixed().replace(X=mixed().X[[column]])
        found = seen(rows, rows)
        assert found["coverage"] == 1
        assert found["variance"] == pytest.approx(1)
        assert found["tail_mass"] <= 0.101

    assert failing(holds, {column: column for column in MIXED}) == {}


def test_gaps_are_no_tail_but_are_seen():
    rng = np.random.default_rng(0)
    gap = rng.random(400) < 0.5
    X = pd.DataFrame({"amount": rng.normal(size=400), "name": rng.choice(["a", "b"], 400)})
    rows = Dataset(X.mask(np.column_stack([gap, gap])), np.zeros(400, int), "real")
    assert seen(rows, rows)["tail_mass"] == pytest.approx(0.05, abs=0.005)
    filled = rows.replace(X=rows.X.fillna({"amount": 0.0, "name": "a"}))
    assert seen(rows, filled)["coverage"] == pytest.approx(1 - gap.mean())


def test_an_empty_column_is_measured_without_a_word():
    X = pd.DataFrame({"nothing": [np.nan] * 20, "v": range(20)})
    rows = Dataset(X, np.zeros(20, int), "real")
    assert seen(rows, rows)["variance"] == pytest.approx(1)
    assert seen(rows, rows)["tail_mass"] == pytest.approx(0.05, abs=0.01)


def test_gaps_that_the_reference_does_not_have_are_borne():
    rows = two_classes(50)
    X = rows.X.mask(np.random.default_rng(0).random(rows.X.shape) < 0.3)
    assert np.isfinite(list(seen(rows, rows.replace(X=X)).values())).all()


def test_dates_are_numbers():
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(100), "D")
    rows = Dataset(pd.DataFrame({"day": days}), np.zeros(100, int), "real")
    later = rows.replace(X=pd.DataFrame({"day": days + pd.Timedelta(hours=1)}))
    assert seen(rows, later)["coverage"] == 1
    assert seen(rows, later)["variance"] == pytest.approx(1)


def test_columns_are_found_by_name():
    rows = mixed()
    turned = rows.replace(X=rows.X[list(rows.X.columns)[::-1]])
    assert seen(rows, turned) == pytest.approx(seen(rows, rows))


def test_an_array_is_a_table():
    rows = normal(100)
    frame, other = (d.replace(X=pd.DataFrame(d.X)) for d in (rows, normal(100, 1)))
    assert seen(frame, other) == pytest.approx(seen(rows, normal(100, 1)))


# --- words ---------------------------------------------------------------------------------


def test_different_words_and_pairs_are_counted_in_texts_alone():
    found = seen(zipf_texts(50), zipf_texts(80, seed=1))
    assert found["vocabulary"] == count_distinct(zipf_texts(80, seed=1).X)
    assert found["distinct_bigrams"] == count_distinct(zipf_texts(80, seed=1).X, 2)
    assert "vocabulary" not in seen(normal(20), normal(20))
