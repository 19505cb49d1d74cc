"""Any scikit-learn scorer, asked again about some of the eval rows without predicting again."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils.metaestimators import available_if

from synthlab.errors import InputError

METHODS = ("predict", "predict_proba", "decision_function")
_PROBE_ROWS = 4  # of each class: enough for every scorer of scikit-learn's to give a number
#: Beginnings of the names that take labels for quantities.
_OF_QUANTITIES = ("neg_mean_", "neg_median_", "neg_root_", "neg_max_", "r2", "explained_variance")


def _model_has(method: str) -> Callable[[Replay], bool]:
    return available_if(lambda replay: method in replay.answers)


class Replay(ClassifierMixin, BaseEstimator):
    """A classifier that repeats what another said of some rows; its X are row numbers.

    Parameters
    ----------
    answers : dict of str to ndarray
        What ``predict``, ``predict_proba`` or ``decision_function`` gave for every row.
    classes : ndarray of shape (n_classes,)

    Attributes
    ----------
    asked : set of str
        The methods that were called.
    """

    def __init__(self, answers: dict[str, np.ndarray], classes: np.ndarray) -> None:
        self.answers = answers
        self.classes = classes
        self.classes_ = classes
        self.asked: set[str] = set()

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any = None) -> Replay:
        """Do nothing: it is there because scikit-learn takes no classifier without it."""
        return self

    @_model_has("predict")
    def predict(self, X: np.ndarray) -> np.ndarray:
        """Repeat the labels given to rows X."""
        return self._repeat("predict", X)

    @_model_has("predict_proba")
    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Repeat the probabilities given to rows X."""
        return self._repeat("predict_proba", X)

    @_model_has("decision_function")
    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Repeat the scores given to rows X."""
        return self._repeat("decision_function", X)

    def _repeat(self, method: str, rows: np.ndarray) -> np.ndarray:
        self.asked.add(method)
        return self.answers[method][np.asarray(rows)]


class Scorer:
    """A scorer by name or callable, for classes that are known.

    Parameters
    ----------
    scoring : str or callable
        scikit-learn's name of a scorer, or ``scorer(estimator, X, y)`` such as `make_scorer`
        returns.  Under a name labels become codes, so that of two classes the second in sorted
        order is positive, as everywhere here.
    classes : ndarray of shape (n_classes,)
        Sorted.

    Attributes
    ----------
    name : str
    asks : set of str
        The methods of a model that it calls, found by a trial on made-up answers.

    Raises
    ------
    InputError
        No such scorer, or not one for such labels.
    """

    def __init__(self, scoring: str | Callable, classes: np.ndarray) -> None:
        self.name = scoring if isinstance(scoring, str) else _name_of(scoring)
        self._classes, self._scoring = classes, scoring
        probe = self._probe()
        self._score = _checked(probe, scoring, self.name)
        self.of(probe, np.repeat(classes, _PROBE_ROWS))()
        self.asks = probe.asked

    def __call__(self, fitted: ClassifierMixin, X: Any, y: np.ndarray) -> float:
        """Score a fitted classifier as scikit-learn's scorers do."""
        return self.of(replay_of(fitted, X), np.asarray(y))()

    def of(self, replay: Replay, y: np.ndarray) -> Callable[..., float]:
        """Return a function of row numbers (all without any) to the score of a replay on them.

        It raises `InputError` where the scorer gives no finite number.
        """
        if isinstance(self._scoring, str):
            replay, y = self._coded(replay), self._codes(y)

        def score(rows: np.ndarray | None = None) -> float:
            rows = np.arange(len(y)) if rows is None else rows
            return self._number(replay, rows, y[rows])

        return score

    def _number(self, replay: Replay, rows: np.ndarray, y: np.ndarray) -> float:
        try:
            with warnings.catch_warnings():  # undefined: scikit-learn's convention gives a number
                warnings.simplefilter("ignore", UndefinedMetricWarning)
                number = self._score(replay, rows, y)
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"scoring={self.name!r} gives no score for labels {self._classes.tolist()[:5]}: "
                f"{error}. Without a score there is no lift. Hand in a scorer for such labels, "
                f"such as make_scorer(..., pos_label=...), or a model that has what it asks for."
            ) from error
        if np.ndim(number) or not np.isfinite(number):
            raise InputError(
                f"scoring={self.name!r} returned {number!r}; expected a finite number. No interval "
                f"can be drawn around that. Mend the scorer, or use another."
            )
        return float(number)

    def _codes(self, labels: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._classes, labels)

    def _coded(self, replay: Replay) -> Replay:
        answers = dict(replay.answers)
        if "predict" in answers:
            answers["predict"] = self._codes(answers["predict"])
        coded = Replay(answers, self._codes(replay.classes))
        coded.asked = replay.asked  # shared: what is asked of the one was asked of the other
        return coded

    def _probe(self) -> Replay:
        n = len(self._classes)
        chances = np.repeat(np.eye(n) * 0.5 + 0.5 / n, _PROBE_ROWS, axis=0)
        scores = chances[:, 1] if n == 2 else chances
        labels = np.repeat(self._classes, _PROBE_ROWS)
        answers = dict(zip(METHODS, (labels, chances, scores), strict=True))
        return Replay(answers, self._classes)


def replay_of(fitted: ClassifierMixin, X: Any) -> Replay:
    """Return all that a fitted classifier says of rows, to be repeated."""
    answers = {m: np.asarray(getattr(fitted, m)(X)) for m in METHODS if hasattr(fitted, m)}
    return Replay(answers, fitted.classes_)


def _checked(probe: Replay, scoring: Any, name: str) -> Callable:
    """Return scikit-learn's scorer, or raise `InputError` if that is none for classes."""
    if isinstance(scoring, str) and scoring not in get_scorer_names():
        near = get_close_matches(scoring, get_scorer_names(), 3) or ["accuracy", "f1_macro"]
        raise InputError(
            f"scoring={name!r}: expected the name of a scorer of scikit-learn. Without a scorer "
            f"there is no lift. Did you mean {' or '.join(near)}?"
        )
    if isinstance(scoring, str) and scoring.startswith(_OF_QUANTITIES):
        raise InputError(
            f"scoring={name!r} takes labels for quantities; expected a scorer of classes. How far "
            f"apart two classes are has no meaning. Use accuracy or f1_macro, or a make_scorer."
        )
    try:
        if isinstance(scoring, str) or callable(scoring):
            return check_scoring(probe, scoring=scoring)
    except ValueError:  # a metric function
        pass
    raise InputError(
        f"scoring={name!r}: expected one scorer, called with (estimator, X, y). This is none, and "
        f"without one there is no lift. Wrap a metric function: make_scorer(f1_score, ...)."
    )


def _name_of(scoring: Any) -> str:
    if not callable(scoring):
        return repr(scoring)
    return getattr(scoring, "__name__", None) or str(scoring)
