"""Self-consuming loops: a generator and a classifier that are fitted on what the generator wrote.

A *turn* takes a pool of rows, holds a share of it out for the system's own evaluation, fits
classifier and generator on the others, and lets the generator write the next pool.  Generation 0
is the real pool.  All the while real eval rows, which no turn ever sees, tell the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from synthlab.checks import fidelity
from synthlab.control.arms import Fit, grade_model
from synthlab.control.judge import Draw
from synthlab.dataset import REAL, Dataset
from synthlab.errors import InputError, SynthlabError
from synthlab.generators.base import Generator
from synthlab.loops.state import LoopPlan, LoopState
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model, fit_with_seed
from synthlab.stats import intervals
from synthlab.stats.influence import neg_log_loss
from synthlab.text.tokens import word_counts

_MEASURED = ("real_score", "self_score", "log_loss", "overconfidence")


def run_loop(
    real_train: Dataset,
    generator: Generator,
    real_eval: Dataset,
    *,
    mode: str = "replace",
    n_generations: int = 8,
    real_fresh: Dataset | None = None,
    fresh_share: float = 0.1,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    self_share: float = 0.2,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Close a loop, and measure every generation on real rows and on its own.

    Parameters
    ----------
    real_train : Dataset
        Generation 0: all real.  Its size is that of every pool but the accumulated ones.
    generator : Generator
        Fitted anew in every turn.
    real_eval : Dataset
        All real; it shares no row with any that trains.
    mode : {"replace", "accumulate", "budget", "fresh"}, default "replace"
        What the next pool is: what was written last; all pools so far and what was written
        last; as many rows as in the beginning, drawn from those; what was written last, but a
        share of it real rows that nobody has used.
    n_generations : int ≥ 1, default 8
        Turns.
    real_fresh : Dataset, optional
        All real; for mode *fresh*, which takes its rows in order.
    fresh_share : float in (0, 1), default 0.1
        Of a pool, for mode *fresh*.
    model : classifier, optional
        For texts: TF-IDF over hashed words and logistic regression (C = 100), which reads no
        text twice; for tables `models.default_model`.
    scoring : str or callable, optional
        As for `lift.evaluate_synthetic_lift`; accuracy without one.
    self_share : float in (0, 1), default 0.2
        Of each pool, held out for the system's own evaluation.
    seeds : sequence of int
        A loop each.
    n_jobs : int, default 1
        Processes; the result does not depend on it.

    Returns
    -------
    pandas.DataFrame
        A row a seed and generation: ``mode``, ``seed``, ``generation``; ``n_train``,
        ``n_classes`` and ``real_share`` of the training rows; ``real_score`` and ``self_score``,
        more is better; on real eval, ``log_loss`` and ``overconfidence`` (mean confidence −
        accuracy); the columns of `fidelity.measure_drift`, of as many training rows as generation
        0 has, through a lens ground from real eval; ``ended``, empty or why this seed's loop
        ended here: such a row has no numbers.

    Raises
    ------
    ContaminationError, InputError
        Roles are violated or a parameter is out of range; raised before anything is fitted.
        What goes wrong in a turn ends that seed, with its reason, and not the others.

    Notes
    -----
    The self-evaluation is measured here because it is what deceives; for the lift of rows that a
    loop wrote, `lift.evaluate_synthetic_lift` asks real rows.
    """
    plan = LoopPlan(
        real_train, generator, real_eval, mode, n_generations, real_fresh, fresh_share, self_share
    )
    plan.check(seeds)
    judge = _judge_of(plan, model, scoring)
    from joblib import Parallel, delayed  # processes are started only when asked for

    loops = Parallel(n_jobs=n_jobs)(delayed(_rows_of)(plan, judge, seed) for seed in seeds)
    return pd.DataFrame([row for loop in loops for row in loop])


class Turn(NamedTuple):
    """One generation of a loop.

    Attributes
    ----------
    row : dict
        As in the frame of `run_loop`.
    written : Dataset or None
        The synthetic rows that entered this generation's pool; none in generation 0, and in one
        that ended.
    influence : ndarray of shape (n_real_eval,), or None
        The gradient of the score on real eval by row, for the interval of a change between two
        generations (`change_interval`); none in one that ended.
    """

    row: dict[str, Any]
    written: Dataset | None
    influence: np.ndarray | None


def loop_generations(
    real_train: Dataset,
    generator: Generator,
    real_eval: Dataset,
    *,
    mode: str = "replace",
    n_generations: int = 8,
    real_fresh: Dataset | None = None,
    fresh_share: float = 0.1,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    self_share: float = 0.2,
    seed: int = 0,
) -> Iterator[Turn]:
    """Close one loop, and yield it turn by turn, with the rows that were written.

    Parameters and errors are those of `run_loop`.

    Yields
    ------
    Turn
    """
    plan = LoopPlan(
        real_train, generator, real_eval, mode, n_generations, real_fresh, fresh_share, self_share
    )
    plan.check([seed])
    return _turns(plan, _judge_of(plan, model, scoring), seed)


def change_interval(
    before: Sequence[Turn], after: Sequence[Turn], real_eval: Dataset, confidence: float = 0.95
) -> intervals.Interval:
    """Return the change of the score on real eval between two generations, with its interval.

    Parameters
    ----------
    before, after : sequence of Turn
        One a seed, in the same order; the loops share real_eval, and no real training row.
    real_eval : Dataset
    confidence : float, default 0.95

    Returns
    -------
    Interval
        Over a fresh draw of eval rows and of loops: the variance is that of the eval rows'
        contributions, averaged over loops, and of the loops' changes, as in
        `lift.evaluate_synthetic_lift`.
    """
    pairs = list(zip(before, after, strict=True))
    changes = np.array([b.row["real_score"] - a.row["real_score"] for a, b in pairs])
    influence = np.mean([b.influence - a.influence for a, b in pairs], axis=0)
    draw = Draw.of(real_eval)
    rows = intervals.row_variance(influence, draw.strata, draw.groups)
    terms = [*rows, intervals.seed_variance(changes)]
    return intervals.components_interval(float(changes.mean()), terms, confidence)


def loop_model(data: Dataset) -> ClassifierMixin:
    """Return the default classifier of a loop: one that reads a text once, however often asked."""
    if not data.is_text:
        return default_model(data)
    return make_pipeline(
        FunctionTransformer(word_counts),
        TfidfTransformer(sublinear_tf=True),
        SeenColumns(),
        LogisticRegression(C=100, max_iter=2_000),
    )


class SeenColumns(TransformerMixin, BaseEstimator):
    """Leaves out columns that are 0 in all rows of training: no weight could be learned for them.

    A regression with a penalty gives them none in any case, but takes its time.
    """

    def fit(self, X: sparse.csr_matrix, y: Any = None) -> SeenColumns:
        """Find them; where all are, the first stays."""
        self.columns_ = np.union1d([0], np.flatnonzero(X.getnnz(axis=0)))
        return self

    def transform(self, X: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return the others."""
        return X[:, self.columns_]


class _Judge(NamedTuple):
    """What every generation is measured by."""

    model: ClassifierMixin
    metric: Metric
    lens: fidelity.Lens

    def measure(
        self, train: Dataset, own_eval: Dataset, plan: LoopPlan, seed: int
    ) -> tuple[dict[str, Any], np.ndarray]:
        """Fit a classifier on the rows that train; grade it, and look at these rows."""
        _require_classes(train, {*plan.real_eval.y, *own_eval.y}, self.metric)
        fitted = fit_with_seed(self.model, train, seed)
        on_real = grade_model(fitted, plan.real_eval, self.metric)
        scores = _scores(on_real, grade_model(fitted, own_eval, self.metric))
        calibration = _calibration(on_real, plan.real_eval.y, fitted)
        some = train.take(fidelity.evenly(len(train), plan.n_train))
        seen = fidelity.measure_drift(self.lens, some)
        return _of(train) | scores | calibration | seen, on_real.score.influence


def _judge_of(
    plan: LoopPlan, model: ClassifierMixin | None, scoring: str | Callable | None
) -> _Judge:
    model = loop_model(plan.real_train) if model is None else model
    metric = get_metric(scoring, plan.real_train.classes)
    return _Judge(model, metric, fidelity.lens_of(plan.real_eval))


def _rows_of(plan: LoopPlan, judge: _Judge, seed: int) -> list[dict[str, Any]]:
    return [turn.row for turn in _turns(plan, judge, seed)]


def _turns(plan: LoopPlan, judge: _Judge, seed: int) -> Iterator[Turn]:
    pools, written = LoopState(plan, np.random.default_rng(seed)), None
    for generation in range(plan.n_generations + 1):
        about = {"mode": plan.mode, "seed": seed, "generation": generation}
        try:
            if generation:
                written = pools.turn_on()
            pools.split()
            measured, influence = judge.measure(pools.train, pools.own_eval, plan, seed)
        except Exception as error:  # a generator may be anybody's, and fail in any way
            reason = str(error) if isinstance(error, SynthlabError) else repr(error)
            yield Turn(about | dict.fromkeys(_MEASURED, np.nan) | {"ended": reason}, None, None)
            return
        yield Turn(about | measured | {"ended": ""}, written, influence)


def _of(train: Dataset) -> dict[str, float]:
    return {
        "n_train": len(train),
        "n_classes": len(train.classes),
        "real_share": float((train.origin == REAL).mean()),
    }


def _require_classes(train: Dataset, graded_on: set, metric: Metric) -> None:
    """Refuse a pool of one class; one that lost some is scored, where the metric can be."""
    if len(train.classes) < 2:
        raise InputError(
            f"{train.name}: all {len(train)} rows are of class {str(train.classes[0])!r}; expected "
            f"two classes or more. A classifier of one is never wrong and learns nothing. The loop "
            f"has lost the others."
        )
    lost = sorted(graded_on - set(train.classes), key=str)
    if lost and metric.needs != "classes":
        raise InputError(
            f"{train.name}: {len(train)} rows, and none of class {str(lost[0])!r} is left to train "
            f"on. What is fitted on it gives that class no probability, and {metric.name} asks for "
            f"one. The loop has lost it; scoring='accuracy' would go on."
        )


def _scores(on_real: Fit, on_own: Fit) -> dict[str, float]:
    return {"real_score": on_real.score.value, "self_score": on_own.score.value}


def _calibration(on_real: Fit, truth: np.ndarray, fitted: ClassifierMixin) -> dict[str, float]:
    """Grade probabilities; a model that gives none gets no grade."""
    if not hasattr(fitted, "predict_proba"):
        return {"log_loss": np.nan, "overconfidence": np.nan}
    detail, classes = np.asarray(on_real.detail(), dtype=float), fitted.classes_
    column = {label: number for number, label in enumerate(classes)}
    padded = np.column_stack([detail, np.zeros(len(detail))])  # for a class that was lost
    codes = np.array([column.get(label, len(classes)) for label in truth])
    is_right = classes[detail.argmax(axis=1)] == truth
    return {
        "log_loss": -neg_log_loss(codes, padded).value,
        "overconfidence": float(detail.max(axis=1).mean() - is_right.mean()),
    }
