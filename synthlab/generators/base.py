"""What every generator of the package has in common: fit on rows, then sample others."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from synthlab.dataset import Dataset
from synthlab.errors import InputError


class Sampler(Protocol):
    """A fitted generator."""

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Return n rows of origin synthetic, of one label if it is given.

        Without a label, labels are drawn by their shares among the rows that were fitted.
        """
        ...


class Generator(Protocol):
    """The parameters of a generator; fitting changes nothing of it."""

    def fit(self, rows: Dataset, rng: np.random.Generator) -> Sampler:
        """Learn from rows of any origin; return what can sample."""
        ...


def check_fit(rows: Dataset, generator: Generator, *, is_text: bool) -> None:
    """Raise `InputError` unless there are rows, and of the kind that a generator can learn."""
    name = type(generator).__name__
    if not len(rows):
        raise InputError(
            f"{name}: {rows.name} has no rows; expected one or more. Nothing can be learned. Hand "
            f"in some."
        )
    if rows.is_text != is_text:
        kinds = {True: "texts", False: "a table"}
        raise InputError(
            f"{name}: {rows.name} holds {kinds[rows.is_text]}; expected {kinds[is_text]}. It could "
            f"not be learned. Choose a generator for {kinds[rows.is_text]}."
        )


def draw_labels(
    classes: np.ndarray, shares: np.ndarray, n: int, rng: np.random.Generator, label: Any = None
) -> np.ndarray:
    """Return n labels: drawn by their shares, or all the one that is asked for.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    shares : ndarray of shape (n_classes,)
        Summing to 1.
    n : int ≥ 1
    rng : numpy.random.Generator
    label : optional
        One of the classes.

    Raises
    ------
    InputError
        ``n`` is not positive, or ``label`` is none of the classes.
    """
    check_draw(n, classes, label)
    if label is None:
        return rng.choice(classes, size=n, p=shares)
    return np.repeat(classes[classes == label], n)


def check_draw(n: int, classes: np.ndarray, label: Any = None) -> None:
    """Raise `InputError` unless rows are asked for, of a label that is one of the classes."""
    if n < 1:
        raise InputError(f"n={n}: expected at least 1 row. Nothing would be drawn. Ask for more.")
    if label is not None and label not in classes:
        raise InputError(
            f"label={label!r}: none of the rows that were fitted has it (they have "
            f"{', '.join(map(repr, classes.tolist()))}). Nobody taught the generator such rows. "
            f"Name one of these."
        )
