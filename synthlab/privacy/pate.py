"""PATE: private rows teach many models, and noisy votes of theirs label public rows.

*Sensitivity.*  Each private row goes to one of the teachers, drawn without looking at any other
row.  So neighbors (see `accounting`) differ in what one teacher was taught, and in that teacher's
votes alone.  For one public row, its vote moves from one class to another: two counts change by 1,
√2 in L2, and the greatest count changes by 1 at most.

*Cost.*  To check whether enough teachers agree, with noise of scale s, costs ρ = 1/(2s²); to answer
with noise of scale σ costs ρ = 2/(2σ²).  Their sum over all that is asked must stay within the ρ of
the promised (ε, δ): questions end before the next could exceed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.errors import InputError
from synthlab.generators.base import check_draw, check_fit
from synthlab.models import fit_with_seed
from synthlab.privacy.accounting import DELTA, check_delta, epsilon_of_rho, rho_of_epsilon
from synthlab.privacy.noise import DiscreteGaussian, l2_of_ones


@dataclass(frozen=True, eq=False)
class Pate:
    """A generator whose rows are public, and whose labels are voted on by private teachers.

    Parameters
    ----------
    public : Dataset
        Rows that may be seen, in the order in which they are asked about; their ``y`` is not looked
        at.
    classes : sequence
        The labels that there may be, known without the private rows.
    model : classifier
        Of a teacher; copies are fitted, their ``random_state`` drawn.
    n_teachers : int ≥ 2, default 250
    n_queries : int ≥ 1, default 500
        Public rows to ask about, at most.
    epsilon : float > 0, default 4.0
        What the whole costs, at most.
    delta : float in (0, 1), default 1e-6
    threshold : float in [0, 1), default 0.6
        Share of the teachers who must agree, but for noise, before a label is given.
    check_scale, answer_scale : float > 0, default 100.0 and 40.0
        Of the noise that decides whether to answer, and of that in the answer; in votes.

    Raises
    ------
    InputError
        A parameter is out of range, ε does not pay for one question, or there are more teachers
        than rows; in `fit`, the rows are of another kind than the public ones, a label is none of
        the classes, or the model can't be fitted; in `sample`, fewer rows were answered.
    ExtraMissingError
        In `fit`: OpenDP is not installed.

    Notes
    -----
    The *confident aggregator* of Papernot et al. (2018), with discrete noise and an account that
    does not look at the votes.  Their tighter one does; its ε is then itself private.  The
    questions adapt to earlier answers only through where they end, which a budget fixed beforehand
    allows (a Rényi filter; Feldman and Zrnic 2021).

    That ``public`` is public is an assumption: such rows are often the very thing that is missing.

    References
    ----------
    N. Papernot et al., "Semi-supervised Knowledge Transfer for Deep Learning from Private Training
    Data", ICLR 2017, arXiv:1610.05755.
    N. Papernot et al., "Scalable Private Learning with PATE", ICLR 2018, arXiv:1802.08908.
    V. Feldman, T. Zrnic, "Individual Privacy Accounting via a Rényi Filter", NeurIPS 2021,
    arXiv:2008.11193.
    """

    public: Dataset
    classes: Sequence[Any]
    model: ClassifierMixin
    n_teachers: int = 250
    n_queries: int = 500
    epsilon: float = 4.0
    delta: float = DELTA
    threshold: float = 0.6
    check_scale: float = 100.0
    answer_scale: float = 40.0

    def __post_init__(self) -> None:
        _check_settings(self)
        if self.n_affordable < 1:
            raise InputError(
                f"epsilon={self.epsilon:g} with noise of scale {self.check_scale:g} and "
                f"{self.answer_scale:g}: one question costs more than that. Nothing would be "
                f"labeled. Raise the scales, and the number of teachers with them."
            )

    @property
    def rho(self) -> float:
        """The budget."""
        return rho_of_epsilon(self.epsilon, self.delta)

    @property
    def costs(self) -> tuple[float, float]:
        """What a check costs, and an answer, in ρ."""
        check = DiscreteGaussian(self.check_scale).rho(1.0)
        return check, DiscreteGaussian(self.answer_scale).rho(l2_of_ones(2))

    @property
    def n_affordable(self) -> int:
        """How many questions the budget pays for if all are answered."""
        return int(self.rho / sum(self.costs))

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedPate:
        """Teach, and have the public rows labeled while the budget lasts.

        Parameters
        ----------
        rows : Dataset
            Private; of the public rows' kind.
        rng : numpy.random.Generator
            Draws each row's teacher, and seeds the models.
        """
        self._check_rows(rows)
        asked = self.public.take(np.arange(min(self.n_queries, len(self.public))))
        votes = teacher_votes(rows, asked, self.classes, self.model, self.n_teachers, rng)
        return self.answer(votes)

    def answer(self, votes: np.ndarray) -> FittedPate:
        """Return the noisy answers to questions, from first to last while the budget lasts.

        Parameters
        ----------
        votes : ndarray of int, shape (n_queries, n_classes)
            How many teachers chose each class.
        """
        noisy_best = DiscreteGaussian(self.check_scale).add(votes.max(axis=1))
        agreed = noisy_best >= self.threshold * self.n_teachers
        check, answer = self.costs
        spent = np.cumsum(check + answer * agreed)
        # Whether the next would be answered is not known before it is paid for.
        n_asked = 1 + int(np.searchsorted(spent[:-1] + check + answer, self.rho, side="right"))
        answered = np.flatnonzero(agreed[:n_asked])
        noisy = DiscreteGaussian(self.answer_scale).add(votes[answered])
        labels = np.array(list(self.classes))[noisy.argmax(axis=1)]
        return FittedPate(self, n_asked, answered, labels)

    def _check_rows(self, rows: Dataset) -> None:
        check_fit(rows, self, is_text=self.public.is_text)
        check_delta(self.delta, len(rows))
        joined_features(rows.take([0]), self.public.take([0]))  # refuses other columns
        if self.n_teachers > len(rows):
            raise InputError(
                f"n_teachers={self.n_teachers:,} for {len(rows):,} rows of {rows.name}: expected "
                f"no more teachers than rows. Some would be taught by nobody. Ask for fewer."
            )
        others = np.setdiff1d(rows.y, list(self.classes))
        if len(others):
            raise InputError(
                f"{rows.name} has the label {others[0]!r}, which is none of the public classes; "
                f"expected {', '.join(map(repr, self.classes))}. Read off the private rows, it "
                f"would be published without paying. Declare it, or leave such rows out."
            )


@dataclass(frozen=True, eq=False)
class FittedPate:
    """What `Pate.fit` returns.

    Attributes
    ----------
    generator : Pate
    n_asked : int
        Public rows that were asked about.
    rows : ndarray of int, shape (n_answered,)
        Their positions among the public ones, where the teachers agreed.
    labels : ndarray of shape (n_answered,)
        What they were called.
    """

    generator: Pate
    n_asked: int
    rows: np.ndarray
    labels: np.ndarray

    @property
    def spent(self) -> float:
        """The ε of what was asked and answered; the *promise* is the generator's ε, fixed before.

        It is what papers report, and computed without looking at the votes.
        """
        check, answer = self.generator.costs
        rho = self.n_asked * check + len(self.rows) * answer
        return epsilon_of_rho(rho, self.generator.delta)

    @property
    def answered(self) -> Dataset:
        """All labeled rows, to train a student on; of origin synthetic, as the labels are."""
        return self._labeled(np.arange(len(self.rows)))

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n labeled rows, none twice; see `base.Sampler`."""
        check_draw(n, np.array(list(self.generator.classes)), label)
        fitting = np.arange(len(self.rows))
        if label is not None:
            fitting = np.flatnonzero(self.labels == label)
        if n > len(fitting):
            called = "" if label is None else f" as {label!r}"
            raise InputError(
                f"n={n}: of {self.n_asked:,} public rows asked about, {len(fitting):,} were "
                f"answered{called}; expected no more. No row is drawn twice. Ask for fewer, or "
                f"allow a larger ε."
            )
        return self._labeled(rng.choice(fitting, size=n, replace=False))

    def _labeled(self, at: np.ndarray) -> Dataset:
        public = self.generator.public
        rows = public.take(self.rows[at])
        return Dataset(rows.X, self.labels[at], SYNTHETIC, f"{public.name}, labeled by PATE")


def teacher_votes(
    private: Dataset,
    asked: Dataset,
    classes: Sequence[Any],
    model: ClassifierMixin,
    n_teachers: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return how many teachers choose each class for each row, shape (n_asked, n_classes).

    Each private row teaches one teacher, drawn independently of all other rows.  A teacher of one
    class alone always votes for it; one without rows votes for the first.

    Parameters
    ----------
    private, asked : Dataset
    classes : sequence
    model : classifier
    n_teachers : int
    rng : numpy.random.Generator
    """
    votes = np.zeros((len(asked), len(classes)), dtype=np.int64)
    seeds = rng.integers(2**31, size=n_teachers).tolist()  # first: no seed hangs on the row count
    teacher = rng.integers(n_teachers, size=len(private))
    for number, seed in enumerate(seeds):
        taught = private.take(teacher == number)
        chosen = _choices(taught, asked, classes, model, seed)
        votes[np.arange(len(asked)), chosen] += 1
    return votes


def _choices(
    taught: Dataset, asked: Dataset, classes: Sequence[Any], model: ClassifierMixin, seed: int
) -> np.ndarray:
    if len(taught.classes) < 2:
        only = list(classes).index(taught.y[0]) if len(taught) else 0
        return np.full(len(asked), only)
    predicted = fit_with_seed(model, taught, seed).predict(asked.X)
    return pd.Index(list(classes)).get_indexer(predicted)


def _check_settings(pate: Pate) -> None:
    counts = {"n_teachers": (pate.n_teachers, 2), "n_queries": (pate.n_queries, 1)}
    for name, (value, least) in counts.items():
        if value != int(value) or value < least:
            raise InputError(
                f"{name}={value}: expected a whole number from {least}. There would be no vote. "
                f"Try {getattr(Pate, name)}."
            )
    for name in ("check_scale", "answer_scale"):
        if not 0 < getattr(pate, name) < np.inf:
            raise InputError(
                f"{name}={getattr(pate, name)}: expected a finite number above 0. Without noise a "
                f"vote is no secret. Try {getattr(Pate, name):g}."
            )
    if not 0 <= pate.threshold < 1:
        raise InputError(
            f"threshold={pate.threshold}: expected a share from 0, less than 1. No question would "
            f"be answered by it as meant. Try {Pate.threshold}."
        )
    if not len(pate.public):
        raise InputError(
            f"{pate.public.name} is empty; expected public rows. There is nothing to label. Hand "
            f"in some."
        )
    if len(set(pate.classes)) < max(2, len(list(pate.classes))):
        raise InputError(
            f"classes={list(pate.classes)}: expected two or more, each once. There would be "
            f"nothing to vote on. List the labels."
        )
