"""Whose labels generated rows carry: the world's, a model's, or wrong ones in a known share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.errors import InputError
from synthlab.generators.base import Generator, Sampler, check_draw, check_fit

#: What a generated row does not bear.
_UNKNOWN = dict.fromkeys(("ids", "derived_from", "groups", "time"))
#: Rows and a random generator → a label per row.
Labeler = Callable[[Dataset, np.random.Generator], np.ndarray]


@dataclass(frozen=True, eq=False)
class HeldOutRows:
    """The ideal generator: new real rows with the labels that they have.

    Parameters
    ----------
    pool : Dataset
        Real rows kept apart from every training and every evaluation set.

    Raises
    ------
    InputError
        The pool is empty; in `fit`, the rows are of another kind; in `sample`, more rows are asked
        for than the pool has.

    Notes
    -----
    No generator that learns from the training rows can do better than this one: its rows are new,
    follow the world's law, and their labels are right.  They are called synthetic because they
    play that part, and bear no id.  Within a sample no row is drawn twice.
    """

    pool: Dataset

    def __post_init__(self) -> None:
        if not len(self.pool):
            raise InputError(f"{self.pool.name} is empty; nothing could be drawn. Hand in rows.")

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedHeldOutRows:
        """Keep the pool; nothing is learned of ``rows``, and nothing drawn from ``rng``."""
        check_fit(rows, self, is_text=self.pool.is_text)
        joined_features(rows.take([0]), self.pool.take([0]))  # refuses other columns
        pool = self.pool.replace(origin=SYNTHETIC, **_UNKNOWN)
        return FittedHeldOutRows(pool)


@dataclass(frozen=True, eq=False)
class FittedHeldOutRows:
    """What `HeldOutRows.fit` returns.

    Attributes
    ----------
    pool : Dataset
        Called synthetic.
    """

    pool: Dataset

    @property
    def n_rows(self) -> int:
        """How many rows there are; no sample can be larger."""
        return len(self.pool)

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows, none twice; see `base.Sampler`."""
        check_draw(n, self.pool.classes, label)
        rows = np.arange(len(self.pool)) if label is None else np.flatnonzero(self.pool.y == label)
        if n > len(rows):
            raise InputError(
                f"n={n:,}: {self.pool.name} holds {len(rows):,} such rows; expected no more. No "
                f"row is drawn twice, or copies would count as new. Hold out more rows."
            )
        return self.pool.take(rng.choice(rows, n, replace=False), f"{self.pool.name}, held out")


@dataclass(frozen=True, eq=False)
class Relabeled:
    """A generator whose rows get their labels from elsewhere.

    Parameters
    ----------
    generator : Generator
    labeler : callable
        (rows, rng) → a label per row; see `drawn_from`, `share_mislabeled`.

    Raises
    ------
    InputError
        In `sample`, a label is asked for: it would be overwritten.
    """

    generator: Generator
    labeler: Labeler

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedRelabeled:
        """Fit the generator."""
        return FittedRelabeled(self.generator.fit(rows, rng), self.labeler)


@dataclass(frozen=True, eq=False)
class FittedRelabeled:
    """What `Relabeled.fit` returns."""

    sampler: Sampler
    labeler: Labeler

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows and label them; see `base.Sampler`."""
        if label is not None:
            raise InputError(
                f"label={label!r}: the rows are labeled after they are drawn; expected None. They "
                f"would not all have that label. Ask for rows of any label, and pick."
            )
        rows = self.sampler.sample(n, rng)
        return rows.replace(y=self.labeler(rows, rng), name=f"{rows.name}, relabeled")

    @property
    def n_rows(self) -> float:
        """How many rows there are: as many as the sampler has, if that is a pool."""
        return getattr(self.sampler, "n_rows", np.inf)


def drawn_from(probabilities: Callable[[Dataset], np.ndarray], classes: np.ndarray) -> Labeler:
    """Return a labeler that draws each label by its probability.

    Parameters
    ----------
    probabilities : callable
        Rows → ndarray of shape (n_rows, n_classes).
    classes : ndarray of shape (n_classes,)

    Notes
    -----
    The likeliest label of each row would be right most often, but teach that nothing is ever in
    doubt; labels that are drawn keep P(y | x).
    """

    def label(rows: Dataset, rng: np.random.Generator) -> np.ndarray:
        reached = np.cumsum(probabilities(rows), axis=1)
        drawn = (rng.random((len(rows), 1)) * reached[:, -1:] >= reached).sum(axis=1)
        return classes[np.minimum(drawn, len(classes) - 1)]

    return label


def drawn_from_model(fitted: ClassifierMixin) -> Labeler:
    """Return a labeler that draws labels by a fitted classifier's probabilities."""
    return drawn_from(lambda rows: fitted.predict_proba(rows.X), fitted.classes_)


def share_mislabeled(share: float, classes: np.ndarray) -> Labeler:
    """Return a labeler that makes a known share of the labels wrong.

    Parameters
    ----------
    share : float in [0, 1]
        Of rows, exactly (rounded), chosen at random without looking at them.
    classes : ndarray of shape (n_classes,), two or more
        A wrong label is any of the others, each equally likely.

    Raises
    ------
    InputError
        The share is out of range, or there is one class alone.
    """
    if not 0 <= share <= 1 or len(classes) < 2:
        raise InputError(
            f"share={share} with {len(classes)} class(es): expected 0 to 1, and two classes or "
            f"more. No label could be made wrong. Change it."
        )

    def label(rows: Dataset, rng: np.random.Generator) -> np.ndarray:
        y, wrong = rows.y.copy(), rng.permutation(len(rows))[: round(share * len(rows))]
        at = np.searchsorted(classes, y[wrong])
        steps = rng.integers(1, len(classes), size=len(wrong))
        y[wrong] = classes[(at + steps) % len(classes)]
        return y

    return label


def equivalent_error(rows: Dataset, probabilities: np.ndarray) -> float:
    """Return the share of wrong labels that would agree with the world as seldom as these do.

    Parameters
    ----------
    rows : Dataset
        With labels of any origin.
    probabilities : ndarray of shape (n_rows, n_classes)
        Of each label that the rows have, sorted, by the world or a model that stands in for it.

    Returns
    -------
    float
        0 for labels that follow the probabilities (below by chance), 1 where every one is another.

    Raises
    ------
    InputError
        The probabilities are even, so that no label is more right than another, or they are of
        other labels.

    Notes
    -----
    Let a be the mean probability of the labels that the rows have, r that of labels drawn by the
    probabilities, Σ p², and w that of labels drawn and then made wrong, Σ p (1 − p) / (C − 1).
    A share s of wrong labels gives (1 − s) r + s w on average, which is a for s = (r − a)/(r − w).
    """
    classes = rows.classes
    if probabilities.shape != (len(rows), len(classes)):
        raise InputError(
            f"{rows.name}: probabilities of shape {probabilities.shape}; expected "
            f"{(len(rows), len(classes))}, one per row and label. They would be read off the wrong "
            f"label. Hand in those of its {len(classes)} labels."
        )
    own = probabilities[np.arange(len(rows)), np.searchsorted(classes, rows.y)].mean()
    right = (probabilities**2).sum(axis=1).mean()
    wrong = (probabilities * (1 - probabilities)).sum(axis=1).mean() / (len(classes) - 1)
    if right - wrong < 1e-9:
        raise InputError(
            f"{rows.name}: all labels are equally probable, so that none of them is wrong. Hand in "
            f"probabilities that tell labels apart."
        )
    return float((right - own) / (right - wrong))
