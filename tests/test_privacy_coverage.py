"""Rare levels that a synthetic table lost are counted; frequent ones and numbers are not."""

import math

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.privacy import lost_levels


def table(towns, name="real"):
    X = pd.DataFrame({"town": pd.Categorical(towns, list("ABCD")), "age": np.arange(len(towns))})
    return Dataset(X, ["x"] * len(towns), name, name)


REAL = table([*"A" * 600, *"B" * 390, *"C" * 9, "D"])


def test_of_two_rare_levels_one_is_lost():
    assert lost_levels(table([*"A" * 5, "D"], "synthetic"), REAL) == 0.5


def test_a_copy_loses_nothing_and_a_frequent_level_does_not_count():
    assert lost_levels(REAL, REAL) == 0
    assert lost_levels(table([*"CD"], "synthetic"), REAL) == 0


def test_a_larger_share_makes_more_levels_rare():
    made = table(["A"], "synthetic")
    assert lost_levels(made, REAL, rare_share=0.5) == 1  # B, C and D
    assert lost_levels(table(["B"], "synthetic"), REAL, rare_share=0.5) == pytest.approx(2 / 3)


def test_without_a_rare_level_there_is_no_share():
    assert math.isnan(lost_levels(REAL, table([*"AABB"])))


def test_other_columns_and_a_share_of_none_are_refused():
    with pytest.raises(InputError, match="rare_share=0"):
        lost_levels(REAL, REAL, rare_share=0)
    with pytest.raises(InputError, match="town"):
        lost_levels(REAL.replace(X=REAL.X.drop(columns="town")), REAL)
