"""Pseudo-labels: a classifier that labels real, unlabelled rows and believes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.errors import InputError
from synthlab.generators.base import check_draw, check_fit
from synthlab.models import fit_with_seed


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """A generator that prints labels: its rows are real, what they are called is not.

    Parameters
    ----------
    pool : Dataset
        Real rows that nobody labelled; their ``y`` is not looked at.
    model : classifier
        With ``predict_proba``; a copy is fitted, its ``random_state`` drawn.
    threshold : float in (0, 1], default 0.9
        Least probability of a label that is believed.

    Raises
    ------
    InputError
        ``threshold`` is out of range, the pool is empty, or the model gives no probabilities; in
        `fit`, the rows are of another kind than the pool, or the model can't be fitted on them;
        in `sample`, the model is sure of fewer rows than were asked for.

    Notes
    -----
    One turn of self-training (Yarowsky 1995, doi:10.3115/981658.981684), taken by hand.  Labels
    come in their shares among the rows that the model is sure of.
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
        if not len(self.pool):
            raise InputError(
                f"{self.pool.name} is empty; expected rows to label. Nothing could be drawn. Hand "
                f"in some."
            )
        if not hasattr(self.model, "predict_proba"):
            raise InputError(
                f"{type(self.model).__name__} has no predict_proba; expected a classifier that "
                f"does. How sure it is can't be told. Use LogisticRegression, say."
            )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPseudoLabels:
        """Fit the classifier, and let it label the whole pool.

        Parameters
        ----------
        rows : Dataset
            Of the pool's kind.
        rng : numpy.random.Generator
            Seeds the classifier.
        """
        check_fit(rows, self, is_text=self.pool.is_text)
        joined_features(rows.take([0]), self.pool.take([0]))  # refuses other columns
        fitted = fit_with_seed(self.model, rows, int(rng.integers(2**31)))
        probability = fitted.predict_proba(self.pool.X)
        labels = fitted.classes_[probability.argmax(axis=1)]
        sure = np.flatnonzero(probability.max(axis=1) >= self.threshold)
        return FittedPseudoLabels(self, fitted.classes_, sure, labels[sure])


@dataclass(frozen=True, eq=False)
class FittedPseudoLabels:
    """What `PseudoLabels.fit` returns.

    Attributes
    ----------
    generator : PseudoLabels
    classes : ndarray of shape (n_classes,)
        That it could call a row.
    rows : ndarray of int, shape (n_sure,)
        Positions in the pool that the classifier is sure of.
    labels : ndarray of shape (n_sure,)
        What it calls them.
    """

    generator: PseudoLabels
    classes: np.ndarray
    rows: np.ndarray
    labels: np.ndarray

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows that the classifier is sure of, none twice; see `base.Sampler`."""
        check_draw(n, self.classes, label)
        fitting = np.arange(len(self.rows))
        if label is not None:
            fitting = np.flatnonzero(self.labels == label)
        if n > len(fitting):
            called = "" if label is None else f" and calls {label!r}"
            raise InputError(
                f"n={n}: of the {len(self.generator.pool):,} rows of {self.generator.pool.name} "
                f"the classifier is sure of {len(fitting):,}{called}; expected no more. No row is "
                f"drawn twice. Ask for fewer, or lower the threshold "
                f"({self.generator.threshold:g})."
            )
        drawn = rng.choice(fitting, size=n, replace=False)
        pool = self.generator.pool
        rows = pool.take(self.rows[drawn])
        return Dataset(rows.X, self.labels[drawn], SYNTHETIC, f"{pool.name}, pseudo-labelled")
