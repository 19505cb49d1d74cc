"""Pseudo-labels: a classifier labels real, unlabeled rows, and its sure labels are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.errors import is_number, require
from synthlab.generators.base import check_draw, check_fit
from synthlab.models import fit_with_seed, output_of


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """A generator of labels: its rows are real, their labels come from a classifier.

    Parameters
    ----------
    pool : Dataset
        Real rows; their labels are ignored.
    model : classifier
        With ``predict_proba``; a copy is fitted, with a ``random_state`` that is drawn.
    threshold : float in (0, 1], default 0.9
        Least probability of a label that is used.

    Raises
    ------
    InputError
        ``threshold`` is out of range, the pool is empty, or the model gives no probabilities; in
        `fit`, the rows are of another kind than the pool, or the model cannot be fitted on them;
        in `sample`, the model is sure of fewer rows than were asked for.

    Notes
    -----
    One step of self-training (Yarowsky 1995, doi:10.3115/981658.981684).  Labels come in their
    shares among the rows that the model is sure of.
    """

    pool: Dataset
    model: ClassifierMixin
    threshold: float = 0.9

    def __post_init__(self) -> None:
        require(
            is_number(self.threshold, 0, 1) and self.threshold > 0,
            f"threshold={self.threshold}",
            "a probability above 0",
            "It could not decide which labels to use.",
            f"Try {PseudoLabels.threshold}.",
        )
        empty = f"{self.pool.name} is empty"
        require(len(self.pool) > 0, empty, "rows to label", "Nothing could be drawn.", "Pass some.")
        require(
            hasattr(self.model, "predict_proba"),
            f"{type(self.model).__name__} has no predict_proba",
            "a classifier with probabilities",
            "Without them the model does not say how sure it is.",
            "Use LogisticRegression, for example.",
        )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPseudoLabels:
        """Fit the classifier and label the whole pool with it.

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
        probability = output_of(fitted, self.pool, "probabilities")
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
        The labels that the classifier knows.
    rows : ndarray of int, shape (n_sure,)
        Positions in the pool that the classifier is sure of.
    labels : ndarray of shape (n_sure,)
        Their labels, by the classifier.
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
        pool, called = self.generator.pool, "" if label is None else f" of label {label!r}"
        require(
            n <= len(fitting),
            f"n={n}",
            f"at most {len(fitting):,}: the classifier is sure of so many of the {len(pool):,} rows"
            f" of {pool.name}{called}",
            "No row is drawn twice.",
            f"Ask for fewer, or lower the threshold ({self.generator.threshold:g}).",
        )
        drawn = rng.choice(fitting, size=n, replace=False)
        rows = pool.take(self.rows[drawn])
        return Dataset(rows.X, self.labels[drawn], SYNTHETIC, f"{pool.name}, pseudo-labeled")
