"""Which two rows each row of imbalanced-learn's over-samplers lies between.

The samplers do not say, but they accept the object that finds neighbors, and draw the same numbers
for the same seed.  So a sampler runs twice: first on the rows, where `Neighbors` notes what it
found; then on the *binary digits of the rows' positions*, where `Neighbors` repeats its notes.
What the second run returns lies between the digits of two positions exactly as the first run's row
lies between the two rows, and two positions can be read off digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.neighbors import NearestNeighbors


class Neighbors(NearestNeighbors):
    """Nearest neighbors that are noted, or repeated.

    Parameters
    ----------
    n_neighbors : int
    notes : sequence of ndarray of int, optional
        Answers to repeat, in order; without them neighbors are found, as by the base class.

    Attributes
    ----------
    answers : list of ndarray of int
        What was answered so far.
    """

    def __init__(self, n_neighbors: int = 5, notes: Sequence[np.ndarray] | None = None) -> None:
        super().__init__(n_neighbors=n_neighbors)
        self.notes = notes
        self.answers: list[np.ndarray] = []

    def kneighbors(
        self, X: np.ndarray | sparse.csr_matrix, return_distance: bool = False
    ) -> np.ndarray:
        """Return the positions of the neighbors of each row, shape (n_rows, n_neighbors)."""
        if self.notes is None:
            self.answers.append(super().kneighbors(X, return_distance=False))
        else:
            self.answers.append(self.notes[len(self.answers)])
        return self.answers[-1]


def digits_of(n: int) -> np.ndarray:
    """Return the binary digits of 0 to n − 1, shape (n, n_digits), as floats; lowest first."""
    return (np.arange(n)[:, None] >> np.arange(max(1, (n - 1).bit_length())) & 1).astype(float)


def positions_between(mixed: np.ndarray) -> np.ndarray:
    """Return the two positions whose digits each row mixes.

    Parameters
    ----------
    mixed : ndarray of shape (n_rows, n_digits)
        (1 − s) a + s b, digit by digit, for digits a and b of two positions, and any s in [0, 1).

    Returns
    -------
    ndarray of int, shape (n_rows, 2)
        In no order; the same twice where only one row took part.

    Notes
    -----
    Where a and b have the same digit it stays as it is.  Elsewhere there is s or 1 − s, and all
    digits of the one kind are 1 in the same position.
    """
    is_mixed = (mixed > 0) & (mixed < 1)
    step = np.take_along_axis(mixed, is_mixed.argmax(axis=1)[:, None], axis=1)
    is_like_first = np.abs(mixed - step) < np.abs(mixed - (1 - step))
    both = [(mixed == 1) | is_mixed & side for side in (is_like_first, ~is_like_first)]
    return np.stack(both, axis=1) @ (1 << np.arange(mixed.shape[1]))
