"""Random over-sampling: the rows that were fitted, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.generators.base import check_draw, check_fit, lineage_of


@dataclass(frozen=True)
class OverSample:
    """A generator that only repeats: it draws fitted rows, with replacement.

    Raises
    ------
    InputError
        In `fit`, there are no rows.

    Notes
    -----
    The simplest generator, for tables and texts: others must do better than this one.  A row is an
    *exact copy* of a fitted one; only its origin says synthetic.  Where the fitted row has an id,
    the copy is derived from it; where that row was derived from others, the copy is too.  The copy
    of an edge case is an edge case.

    References
    ----------
    H. He, E. A. Garcia, "Learning from imbalanced data", IEEE TKDE 21 (2009),
    doi:10.1109/TKDE.2008.239: section 3.1.1.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [3.0]])
    >>> rows = Dataset(X, ["no", "yes", "yes"], "real", "three", ids=["a", "b", "c"])
    >>> made = OverSample().fit(rows, np.random.default_rng(0)).sample(
    ...     4, np.random.default_rng(0), "yes"
    ... )
    >>> made.X.ravel().tolist(), made.derived_from.tolist()
    ([3.0, 3.0, 3.0, 2.0], [('c',), ('c',), ('c',), ('b',)])
    """

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedOverSample:
        """Keep the rows.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            A table or texts, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=None)
        return FittedOverSample(as_copies(rows, f"{rows.name}, over-sampled"))


@dataclass(frozen=True, eq=False)
class FittedOverSample:
    """What `OverSample.fit` returns.

    Attributes
    ----------
    copies : Dataset
        A copy of each row that was fitted.
    """

    copies: Dataset

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n copies; see `base.Sampler`."""
        return self.copies.take(draw_rows(self.copies, n, rng, label))


def as_copies(rows: Dataset, name: str) -> Dataset:
    """Return the rows as synthetic ones that know what they are derived from.

    Parameters
    ----------
    rows : Dataset
    name : str
        Of the copies.
    """
    return rows.replace(origin=SYNTHETIC, name=name, ids=None, derived_from=lineage_of(rows))


def draw_rows(rows: Dataset, n: int, rng: np.random.Generator, label: Any = None) -> np.ndarray:
    """Return n positions of rows, drawn with replacement: of one label, or of any.

    Raises
    ------
    InputError
        ``n`` is no whole number from 1, or no row has the label.
    """
    check_draw(n, rows.classes, label)
    return rng.choice(len(rows) if label is None else np.flatnonzero(rows.y == label), size=n)
