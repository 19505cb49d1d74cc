"""Self-consuming loops: a generator and a classifier that are fitted on what the generator wrote.

Each *generation* has a pool of rows.  A share of the pool is held out for the system's own
evaluation, classifier and generator are fitted on the others, and the generator writes the next
pool.  The pool of generation 0 is real.  Real evaluation rows that no generation ever sees measure
the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from synthlab.checks import fidelity
from synthlab.control.arms import Fit, grade_model
from synthlab.control.evidence import Draw
from synthlab.dataset import REAL, Dataset
from synthlab.errors import SynthlabError, first, require
from synthlab.generators.base import Generator
from synthlab.loops.state import LoopPlan, LoopState
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model, fit_with_seed
from synthlab.stats import intervals
from synthlab.stats.influence import neg_log_loss
from synthlab.text.counted import CommonWords
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
    """Run a self-consuming loop; measure every generation on real rows and on its own.

    Parameters
    ----------
    real_train : Dataset
        The pool of generation 0: all real.  Every pool has its size, but for accumulated ones.
    generator : Generator
        Fitted anew in every generation.
    real_eval : Dataset
        All real; it shares no row with the training rows.
    mode : {"replace", "accumulate", "budget", "fresh"}, default "replace"
        What the next pool is.  *replace*: the rows written last.  *accumulate*: all pools so
        far and the rows written last.  *budget*: as many of these as the first pool has, drawn
        at random.  *fresh*: the rows written last, and a share of new real rows.
    n_generations : int ≥ 1, default 8
        Generations after the real one.
    real_fresh : Dataset, optional
        All real; for mode *fresh*, which uses its rows in order.
    fresh_share : float in (0, 1), default 0.1
        Share of new real rows in a pool, for mode *fresh*.
    model : classifier, optional
        Default: for texts TF-IDF over hashed words and logistic regression (C = 100), which
        reads no text twice; for tables `models.default_model`.
    scoring : str or callable, optional
        As for `lift.evaluate_synthetic_lift`; default accuracy.
    self_share : float in (0, 1), default 0.2
        Share of each pool that is held out for the system's own evaluation.
    seeds : sequence of int
        One loop per seed.
    n_jobs : int, default 1
        Processes; the result does not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row per seed and generation: ``mode``, ``seed``, ``generation``; ``n_train``,
        ``n_classes`` and ``real_share`` of the training rows; ``real_score`` and ``self_score``,
        more is better; on the real evaluation rows, ``log_loss`` and ``overconfidence`` (mean
        confidence − accuracy); the columns of `fidelity.measure_drift`, of as many training rows
        as generation 0 has, against the real evaluation rows; ``ended``, empty or why this seed's
        loop ended here: such a row has no numbers.

    Raises
    ------
    ContaminationError, InputError
        Roles are violated or a parameter is out of range; raised before anything is fitted.
        What goes wrong in a generation ends that seed's loop, with its reason, and no other.

    Notes
    -----
    The self-evaluation is measured because it misleads.  For the lift of rows that a loop wrote
    use `lift.evaluate_synthetic_lift`, which evaluates on real rows.
    """
    plan = LoopPlan(
        real_train, generator, real_eval, mode, n_generations, real_fresh, fresh_share, self_share
    )
    plan.check(seeds)
    judge = _judge_of(plan, model, scoring)
    from joblib import Parallel, delayed  # processes are started only when asked for

    loops = Parallel(n_jobs=n_jobs)(delayed(_rows_of)(plan, judge, seed) for seed in seeds)
    return pd.DataFrame([row for loop in loops for row in loop])


class Generation(NamedTuple):
    """One generation of a loop.

    Attributes
    ----------
    row : dict
        As in the frame of `run_loop`.
    written : Dataset or None
        The synthetic rows that entered this generation's pool; none in generation 0, and in one
        that ended.
    influence : ndarray of shape (n_real_eval,), or None
        How much each real evaluation row weighs in the score, for the interval of a change
        between two generations (`change_interval`); none in one that ended.
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
    random_state: int = 0,
) -> Iterator[Generation]:
    """Run one loop, and yield its generations with the rows that were written.

    Parameters and errors are those of `run_loop`; ``random_state`` is the seed.

    Yields
    ------
    Generation
    """
    plan = LoopPlan(
        real_train, generator, real_eval, mode, n_generations, real_fresh, fresh_share, self_share
    )
    plan.check([random_state])
    return _generations(plan, _judge_of(plan, model, scoring), random_state)


def change_interval(
    before: Sequence[Generation],
    after: Sequence[Generation],
    real_eval: Dataset,
    confidence: float = 0.95,
) -> intervals.Interval:
    """Return the change of the score on real rows between two generations, with its interval.

    Parameters
    ----------
    before, after : sequence of Generation
        One per seed, in the same order.  The loops share the real evaluation rows, and no real
        training row.
    real_eval : Dataset
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    Interval
        For another draw of evaluation rows and of loops: its variance is that of the rows'
        influence, averaged over loops, plus that of the loops' changes, as in
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
    """Return the default classifier of a loop; it reads each text once, however many fits."""
    if not data.is_text:
        return default_model(data)
    return make_pipeline(
        FunctionTransformer(word_counts),
        TfidfTransformer(sublinear_tf=True),
        CommonWords(min_texts=1),
        LogisticRegression(C=100, max_iter=2_000),
    )


class _Judge(NamedTuple):
    """What every generation is measured by."""

    model: ClassifierMixin
    metric: Metric
    lens: fidelity.Lens

    def measure(
        self, train: Dataset, own_eval: Dataset, plan: LoopPlan, seed: int
    ) -> tuple[dict[str, Any], np.ndarray]:
        """Fit and grade a classifier on the rows that train, and measure their drift."""
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
    return [generation.row for generation in _generations(plan, judge, seed)]


def _generations(plan: LoopPlan, judge: _Judge, seed: int) -> Iterator[Generation]:
    state, written = LoopState(plan, np.random.default_rng(seed)), None
    for number in range(plan.n_generations + 1):
        row = {"mode": plan.mode, "seed": seed, "generation": number}
        try:
            if number:
                written = state.advance()
            state.split()
            measured, influence = judge.measure(state.train, state.own_eval, plan, seed)
        except Exception as error:  # a generator may be anybody's, and fail in any way
            reason = str(error) if isinstance(error, SynthlabError) else repr(error)
            unmeasured = dict.fromkeys(_MEASURED, np.nan) | {"ended": reason}
            yield Generation(row | unmeasured, None, None)
            return
        yield Generation(row | measured | {"ended": ""}, written, influence)


def _of(train: Dataset) -> dict[str, float]:
    return {
        "n_train": len(train),
        "n_classes": len(train.classes),
        "real_share": float((train.origin == REAL).mean()),
    }


def _require_classes(train: Dataset, graded_on: set, metric: Metric) -> None:
    """Refuse a pool of one class; one that lost some is scored, where the metric can be."""
    require(
        len(train.classes) > 1,
        f"{train.name}: all {len(train)} rows are of class {str(train.classes[0])!r}",
        "two classes or more",
        "A classifier learns nothing from one class.",
        "The loop has lost the others.",
    )
    lost = sorted(map(str, graded_on - set(train.classes)))
    require(
        not lost or metric.needs == "classes",
        f"{train.name}: none of {len(train)} rows is of class {first(map(repr, lost))}",
        "every class that is evaluated",
        f"A model fitted on them gives that class no probability, and {metric.name} needs one.",
        "The loop has lost the class; with scoring='accuracy' it would go on.",
    )


def _scores(on_real: Fit, on_own: Fit) -> dict[str, float]:
    return {"real_score": on_real.score.value, "self_score": on_own.score.value}


def _calibration(on_real: Fit, truth: np.ndarray, fitted: ClassifierMixin) -> dict[str, float]:
    """Grade probabilities; nan for a model that gives none."""
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
