"""Two positions are read off whatever lies between their digits."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from synthlab.generators.neighbors import Neighbors, digits_of, positions_between


@pytest.mark.parametrize("n", [1, 2, 3, 64, 1_000])
def test_positions_are_those_that_were_mixed(n):
    rng = np.random.default_rng(n)
    first, second = rng.integers(n, size=(2, 500))
    step, digits = rng.random((500, 1)), digits_of(n)
    mixed = digits[first] + step * (digits[second] - digits[first])
    found = positions_between(mixed)
    assert (np.sort(found, axis=1) == np.sort(np.stack([first, second], axis=1), axis=1)).all()


def test_a_position_mixed_with_nothing_is_itself_twice():
    assert positions_between(digits_of(9)).tolist() == [[at, at] for at in range(9)]


def test_neighbors_are_those_of_scikit_learn_and_are_repeated_on_other_rows():
    X = np.random.default_rng(0).normal(size=(40, 3))
    theirs = NearestNeighbors(n_neighbors=4).fit(X).kneighbors(X, return_distance=False)
    noted = Neighbors(4).fit(X)
    assert (noted.kneighbors(X) == theirs).all()
    repeated = Neighbors(4, noted.answers).fit(digits_of(40))
    assert (repeated.kneighbors(digits_of(40)) == theirs).all()
