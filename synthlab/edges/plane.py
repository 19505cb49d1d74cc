r"""A two-dimensional world whose truth is known: a crowded middle and four sparse corners.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
u, v       the two features of a row; r² = u² + v²
p(u, v)    probability of the label "yes"
=========  ==================================================================================

Four rows in five lie in the *middle*: u and v are independent N(0, 0.5²).  The fifth lies about one
of four *corners*, (±3, ±3), each coordinate off by N(0, 0.7²).  The log odds of "yes" are

    3 u exp(−r²/4) + 2.2 tanh(u v):

in the middle they follow u, in the corners they depend on which one it is: "yes" in two opposite
ones, "no" in the others.  What is learned in the middle is of no use in the corners.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from synthlab.dataset import REAL, Dataset

CLASSES = np.array(["no", "yes"])
CORNER_SHARE = 0.2


def draw_plane(n: int, rng: np.random.Generator, name: str = "plane") -> Dataset:
    """Draw n ≥ 1 rows of the world, of origin real.

    Parameters
    ----------
    n : int
    rng : numpy.random.Generator
    name : str, default "plane"

    Returns
    -------
    Dataset
        A table of columns ``u`` and ``v``, labeled "yes" or "no".
    """
    is_corner = rng.random(n) < CORNER_SHARE
    center = np.where(is_corner[:, None], 3.0 * rng.choice([-1, 1], size=(n, 2)), 0.0)
    spread = np.where(is_corner, 0.7, 0.5)[:, None]
    X = pd.DataFrame(center + spread * rng.standard_normal((n, 2)), columns=["u", "v"])
    y = CLASSES[(rng.random(n) < _probability(X)).astype(int)]
    return Dataset(X, y, REAL, name)


def true_probabilities(rows: Dataset) -> np.ndarray:
    """Return the probabilities of "no" and "yes", shape (n_rows, 2)."""
    yes = _probability(rows.X)
    return np.column_stack([1 - yes, yes])


def _probability(X: pd.DataFrame) -> np.ndarray:
    u, v = X["u"].to_numpy(), X["v"].to_numpy()
    return expit(3 * u * np.exp(-(u**2 + v**2) / 4) + 2.2 * np.tanh(u * v))
