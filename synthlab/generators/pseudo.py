"""Pseudo-labels: a classifier that labels real, unlabelled rows and believes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, clone

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import InputError
from synthlab.generators.base import check_fit


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """A generator that prints labels: its rows are real, what they are called is not.

    Parameters
    ----------
    pool : Dataset
        Real rows that nobody labelled; their ``y`` is not looked at.
    model : classifier
        With ``predict_proba``; a copy is fitted.
    threshold : float in (0, 1], default 0.9
        Least probability of a label that is believed.

    Raises
    ------
    InputError
        ``threshold`` is out of range; in `fit`, the rows are of another kind than the pool; in
        `sample`, the model is sure of fewer rows than were asked for.

    Notes
    -----
    One turn of self-training (Yarowsky 1995, doi:10.3115/981658.981684), taken by hand.
    """

    pool: Dataset
    model: ClassifierMixin
    threshold: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise InputError(
                f"threshold={self.threshold}: expected more than 0, at most 1, a probability. No "
                f"label could be believed by it. Try {PseudoLabels.threshold}."
            )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPseudoLabels:
        """Fit the classifier, and let it label the whole pool.

        Parameters
        ----------
        rows : Dataset
            Of the pool's kind.
        rng : numpy.random.Generator
            Has no part in it.
        """
        check_fit(rows, self, is_text=self.pool.is_text)
        fitted = clone(self.model).fit(rows.X, rows.y)
        probability = fitted.predict_proba(self.pool.X)
        labels = fitted.classes_[probability.argmax(axis=1)]
        sure = np.flatnonzero(probability.max(axis=1) >= self.threshold)
        return FittedPseudoLabels(self, sure, labels[sure])


@dataclass(frozen=True, eq=False)
class FittedPseudoLabels:
    """What `PseudoLabels.fit` returns.

    Attributes
    ----------
    generator : PseudoLabels
    rows : ndarray of int, shape (n_sure,)
        Positions in the pool that the classifier is sure of.
    labels : ndarray of shape (n_sure,)
        What it calls them.
    """

    generator: PseudoLabels
    rows: np.ndarray
    labels: np.ndarray

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows that the classifier is sure of, none twice; see `base.Sampler`."""
        fitting = (
            np.arange(len(self.rows)) if label is None else np.flatnonzero(self.labels == label)
        )
        if not 1 <= n <= len(fitting):
            called = "" if label is None else f" and calls {label!r}"
            raise InputError(
                f"n={n}: of the {len(self.generator.pool):,} rows of {self.generator.pool.name} "
                f"the classifier is sure of {len(fitting):,}{called}. No row is drawn twice. Ask "
                f"for 1 to so many, or lower the threshold ({self.generator.threshold:g})."
            )
        drawn = rng.choice(fitting, size=n, replace=False)
        pool = self.generator.pool
        rows = pool.take(self.rows[drawn])
        return Dataset(rows.X, self.labels[drawn], SYNTHETIC, f"{pool.name}, pseudo-labelled")
