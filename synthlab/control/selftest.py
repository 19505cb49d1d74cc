"""Negative controls that ship: cases with a known answer, put to the control.

One positive case stands among them, since a control that never says *helps* is wrong too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from synthlab.control.lift import evaluate_synthetic_lift
from synthlab.control.result import LiftResult
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.errors import ContaminationError
from synthlab.stats.verdicts import HURTS, INCONCLUSIVE, NO_USEFUL_EFFECT

REFUSED = "refused"
_NO_LIFT = (NO_USEFUL_EFFECT, INCONCLUSIVE)
_N_TRAIN, _N_SYNTH, _N_EVAL, _N_COLUMNS = 40, 800, 2_000, 20
Sets = tuple[Dataset, Dataset, Dataset]


class Answer(NamedTuple):
    """What the control said in one case, beside what is right."""

    case: str
    right: str
    answered: str
    is_right: bool
    others: str


class _Case(NamedTuple):
    build: Callable[[np.random.Generator], Sets]
    right: tuple[str, ...]
    others: str = ""
    scoring: str = "balanced_accuracy"
    model: ClassifierMixin = LogisticRegression(max_iter=2_000)


def run_selftest(random_state: int = 0) -> list[Answer]:
    """Put every case to the control.

    Parameters
    ----------
    random_state : int, default 0

    Returns
    -------
    list of Answer
        A row a case; ``others`` quotes what other tools answered in such a case, measured for
        the project's design in 2026 and not run again here.
    """
    return [_put(name, case, random_state) for name, case in CASES.items()]


def selftest_frame(answers: list[Answer]) -> pd.DataFrame:
    """Return the answers as a table."""
    return pd.DataFrame(answers)


def _put(name: str, case: _Case, random_state: int) -> Answer:
    real_train, synth_train, real_eval = case.build(np.random.default_rng(random_state))
    try:
        result = evaluate_synthetic_lift(
            real_train,
            synth_train,
            real_eval,
            model=case.model,
            scoring=case.scoring,
            margin=0.01,
            baselines=False,
        )
        answered = _checked(result, real_eval)
    except ContaminationError:
        answered = REFUSED
    return Answer(name, " or ".join(case.right), answered, answered in case.right, case.others)


def _checked(result: LiftResult, real_eval: Dataset) -> str:
    """Return the verdict, provided that every eval row was scored."""
    scored = result.provenance["n_real_eval"]
    return result["verdict"] if scored == len(real_eval) else f"dropped {len(real_eval) - scored}"


def _rows(n: int, origin: str, name: str, rng: np.random.Generator, signal: float = 1.0) -> Dataset:
    """Draw two classes that differ by a little in each of several columns."""
    y = rng.permutation(np.arange(n) % 2)
    X = rng.normal(size=(n, _N_COLUMNS)) + signal * np.outer(y, np.ones(_N_COLUMNS)) * 0.4
    return Dataset(X, y, origin, name)


def _sets(rng: np.random.Generator, signal: float = 1.0) -> Sets:
    return (
        _rows(_N_TRAIN, REAL, "real train", rng, signal),
        _rows(_N_SYNTH, SYNTHETIC, "synthetic", rng, signal),
        _rows(_N_EVAL, REAL, "real eval", rng, signal),
    )


def _as_synthetic(data: Dataset) -> Dataset:
    return data.replace(origin=SYNTHETIC, name="synthetic", ids=None)


def _pure_noise(rng: np.random.Generator) -> Sets:
    return _sets(rng, signal=0.0)


def _copied_train(rng: np.random.Generator) -> Sets:
    real_train, _, real_eval = _sets(rng)
    return real_train, _as_synthetic(real_train), real_eval


def _leaked_eval(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    return real_train, synth + _as_synthetic(real_eval.take(np.arange(30))), real_eval


def _noisy_leak(rng: np.random.Generator) -> Sets:
    """Hand in the evaluation rows themselves, with noise that no test of equality sees through."""
    real_train, _, real_eval = _sets(rng)
    noise = rng.normal(scale=0.01, size=real_eval.X.shape)
    return real_train, _as_synthetic(real_eval.replace(X=real_eval.X + noise)), real_eval


def _eval_is_train(rng: np.random.Generator) -> Sets:
    real_train, synth, _ = _sets(rng)
    return real_train, synth, real_train


def _lost_class(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    return real_train, synth.take(synth.y == 0), real_eval


def _mode_collapse(rng: np.random.Generator) -> Sets:
    real_train, _, real_eval = _sets(rng)
    one_of_each = [int(np.flatnonzero(real_train.y == label)[0]) for label in (0, 1)]
    rows = np.resize(one_of_each, _N_SYNTH)
    jitter = rng.normal(scale=0.01, size=(_N_SYNTH, _N_COLUMNS))
    synth = Dataset(real_train.X[rows] + jitter, real_train.y[rows], SYNTHETIC, "synthetic")
    return real_train, synth, real_eval


def _relabelled_eval(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    labelled_by_a_machine = real_eval.replace(y=1 - real_eval.y, origin=SYNTHETIC)
    return real_train, synth, labelled_by_a_machine


def _few_evaluation_rows(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    return real_train, synth, real_eval.take(np.arange(12))


def _one_row_of_a_class(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    one = np.flatnonzero(real_eval.y == 1)[:1]
    return real_train, synth, real_eval.take(np.r_[np.flatnonzero(real_eval.y == 0), one])


def _same_rows_of_few_customers(rng: np.random.Generator) -> Sets:
    """Pure noise, each customer counted ten times: forty independent rows, not four hundred."""
    real_train, synth, real_eval = _sets(rng, signal=0.0)
    rows = np.repeat(np.arange(40), 10)
    groups = [f"customer {row}" for row in rows]
    jitter = rng.normal(scale=1e-6, size=(400, _N_COLUMNS))
    repeated = Dataset(real_eval.X[rows] + jitter, real_eval.y[rows], REAL, "visits", groups=groups)
    return real_train, synth, repeated


def _a_customer_on_both_sides(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    known = real_train.replace(groups=[f"customer {i}" for i in range(_N_TRAIN)])
    return known, synth, real_eval.replace(groups=[f"customer {i}" for i in range(_N_EVAL)])


def _wrong_labels(rng: np.random.Generator) -> Sets:
    real_train, synth, real_eval = _sets(rng)
    return real_train, synth.replace(y=1 - synth.y), real_eval


def _shifted_prior(rng: np.random.Generator) -> Sets:
    """Fresh rows of one class: what they lift a threshold at one half can give for free."""
    real_train, synth, real_eval = _sets(rng, signal=0.0)
    return real_train, synth.take(synth.y == 1), real_eval


def _fresh_rows(rng: np.random.Generator) -> Sets:
    return _sets(rng)


CASES = {
    "fresh rows of the same kind": _Case(_fresh_rows, ("helps",)),
    "pure noise": _Case(
        _pure_noise,
        _NO_LIFT,
        "SynthEval: a gap of 0.48 where the truth is 0; "
        "SDMetrics: 0.33 to 0.71 over draws of a null effect",
    ),
    "copied training rows": _Case(_copied_train, ("hurts", *_NO_LIFT)),
    "leaked eval rows": _Case(_leaked_eval, (REFUSED,), "SDMetrics: accepted"),
    "leaked eval rows, with noise": _Case(_noisy_leak, (REFUSED,)),
    "eval equal to train": _Case(_eval_is_train, (REFUSED,)),
    "synthetic rows lost a class": _Case(
        _lost_class, ("hurts",), "synthcity: drops the eval rows of that class"
    ),
    "mode collapse": _Case(_mode_collapse, ("hurts", *_NO_LIFT)),
    "eval relabelled by a machine": _Case(_relabelled_eval, (REFUSED,)),
    "twelve evaluation rows": _Case(_few_evaluation_rows, (INCONCLUSIVE,)),
    "one evaluation row of a class": _Case(_one_row_of_a_class, (INCONCLUSIVE,)),
    "forty customers, ten rows each": _Case(
        _same_rows_of_few_customers, _NO_LIFT, scoring="accuracy"
    ),
    "a customer on both sides": _Case(_a_customer_on_both_sides, (REFUSED,)),
    "wrong labels": _Case(_wrong_labels, (HURTS,)),
    "a shifted prior": _Case(_shifted_prior, (HURTS, *_NO_LIFT), scoring="accuracy"),
    "a stump, whose seeds may agree by chance": _Case(
        _pure_noise, _NO_LIFT, model=DecisionTreeClassifier(max_depth=1)
    ),
}
