"""Shrinking: planted causes are found, and nothing is left that could go."""

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.edges import (
    ZERO_WIDTH,
    Suite,
    changed_suite,
    minimum_functionality,
    run_suite,
    shrink_failure,
    shrink_text,
)
from synthlab.errors import InputError


def test_the_planted_parts_are_found_among_many():
    parts = list(range(3_000))
    for planted in ([17], [0, 1_500, 2_999], [5, 6, 7]):
        found = shrink_failure(parts, lambda kept, wanted=planted: set(wanted) <= set(kept))
        assert list(found.parts) == planted
        assert found.n_before == 3_000


def test_no_part_can_be_spared():
    def fails(kept):
        return sum(kept) >= 50 and sum(kept) % 2 == 0

    found = shrink_failure([4, 9, 13, 26, 30, 2, 40], fails).parts
    assert fails(found)
    assert not any(fails(found[:i] + found[i + 1 :]) for i in range(len(found)))


def test_the_order_of_the_parts_stays():
    found = shrink_failure("d b a c".split(), lambda kept: {"a", "d"} <= set(kept))
    assert found.parts == ("d", "a")


def test_the_same_input_gives_the_same_result():
    parts = np.random.default_rng(0).integers(0, 100, 200).tolist()
    runs = [shrink_failure(parts, lambda kept: sum(kept) > 300) for _ in range(2)]
    assert runs[0] == runs[1]


def test_as_many_parts_are_kept_as_asked():
    found = shrink_failure("a b c d e f".split(), lambda kept: "d" in kept, at_least=3)
    assert len(found.parts) == 3
    assert "d" in found.parts


def test_a_passing_input_is_refused():
    for parts in ([], ["a"]):
        with pytest.raises(InputError, match="does not fail, so nothing can be shrunk"):
            shrink_failure(parts, lambda kept: False)


class Words:
    """Call a text spam when it holds *pills*."""

    classes_ = np.array(["ham", "spam"])

    def predict(self, X):
        return np.array(["spam" if "pills" in text.split() else "ham" for text in X])


def test_a_disguise_shrinks_to_the_word_that_matters():
    texts = pd.Series(["dear all please\nbuy cheap pills at once", "no harm done"])
    mail = Dataset(texts, ["spam", "spam"], "real", "mail")
    suite = changed_suite(ZERO_WIDTH, mail, 1.0)
    (row,) = run_suite(Words(), suite).failures
    assert shrink_text(Words(), suite, int(row), ZERO_WIDTH).parts == ("pills",)
    with pytest.raises(InputError, match="Hand in change=, what made its cases"):
        shrink_text(Words(), suite, int(row))
    with pytest.raises(InputError, match="does not fail"):
        shrink_text(Words(), suite, 1 - int(row), ZERO_WIDTH)


def test_a_written_case_shrinks_without_a_change():
    wanted = pd.Series(["the chemist says that your pills are ready"])
    cases = Dataset(wanted, ["ham"], "synthetic", "wanted", is_edge_case=True)
    suite = Suite("wanted", cases, minimum_functionality())
    found = shrink_text(Words(), suite, 0, at_least=2)
    assert len(found.parts) == 2
    assert "pills" in found.parts
