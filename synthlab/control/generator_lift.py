"""The control for a generator: split again, fit the generator again, and compare again.

Where `lift` asks about *these* synthetic rows, this asks about the generator that made them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.control.arms import Arm, Fit, grade_model, plain_arm
from synthlab.control.baselines import zero_cost_baselines
from synthlab.control.evidence import count_discordant
from synthlab.control.judge import Comparison, RowInfluence, compare_splits, resolve_margin
from synthlab.control.result import REAL_ONLY, REAL_PLUS_SYNTH, LiftResult
from synthlab.control.settings import check_settings
from synthlab.dataset import REAL, Dataset, fingerprint
from synthlab.errors import is_number, require
from synthlab.generators.base import Generator, draw
from synthlab.metrics.grading import Metric, get_metric
from synthlab.models import default_model
from synthlab.splits import group_codes, repeated_folds, stratified_cluster_split


def evaluate_generator_lift(
    real: Dataset,
    generator: Generator,
    n_synth: int,
    *,
    label: Any = None,
    clusters: np.ndarray | None = None,
    eval_share: float = 0.2,
    n_splits: int = 10,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    baselines: bool = True,
    n_looks: int = 1,
    random_state: int = 0,
) -> LiftResult:
    """Repeat split, generator and both arms; return the lift of the *generator*.

    Parameters
    ----------
    real : Dataset
        All real; each split cuts it into training and evaluation.
    generator : Generator
        ``fit(rows, rng)`` returns a sampler; only training rows reach it.
    n_synth : int ≥ 1
        Rows to sample in each split.
    label : optional
        The class of the synthetic rows; without one they come in their shares.
    clusters : array-like of int, shape (n_rows,), optional
        Rows of one cluster stay on one side, such as near-duplicates; without it, the groups of
        ``real``, if it has any.
    eval_share : float in (0, 1), default 0.2
    n_splits : int ≥ 2, default 10
        Where they are two or more whole rounds of cross-validation (by default 2 × 5 folds), the
        interval is shorter; see Notes.
    model, scoring, margin, confidence, n_looks, random_state
        As for `lift.evaluate_synthetic_lift`.
    baselines : bool, default True
        In every split, also fit the zero-cost baselines, and say whether real + synthetic beats
        **every** one of them.

    Returns
    -------
    LiftResult
        ``n_repeats`` counts splits.

    Raises
    ------
    ContaminationError, InputError
        See `roles.check_roles`; also where the generator returns what was not asked for.

    Notes
    -----
    Splits of the same rows overlap.  Independent rows, a metric whose influence values are known,
    and splits that make up whole rounds of stratified cross-validation get the interval of
    `intervals.cross_validated_interval`; everything else, clusters and groups among it, is split at
    random and gets Nadeau and Bengio's, which covers 94 to 100 % and is mostly longer
    (``data/coverage.md``).  The provenance names the one used.  Rows are never bootstrapped:
    repeats in training would bias the lift.
    """
    check_settings(margin, confidence, random_state, n_looks=(n_looks, 1), n_splits=(n_splits, 2))
    roles.require_origin(real, REAL, "is an eval set")
    is_share = is_number(eval_share) and 0 < round(eval_share * len(real)) < len(real)
    require(is_share, f"eval_share={eval_share!r}", f"rows on both sides of {len(real)}")
    metric = get_metric(scoring, real.classes)
    model = default_model(real) if model is None else model
    trial = _Trial(
        real, _clusters(real, clusters), round(eval_share * len(real)), generator, n_synth, label
    )
    n_folds = trial.n_folds(n_splits, metric)
    seeds = np.random.SeedSequence(random_state).generate_state(n_splits).tolist()
    masks = repeated_folds(real.y, n_folds, seeds[::n_folds]) if n_folds else [None] * n_splits
    splits = [
        trial.split(seed, mask, model, metric, baselines)
        for seed, mask in zip(seeds, masks, strict=True)
    ]
    how = {"confidence": confidence, "n_looks": n_looks}
    margin = resolve_margin(margin, _mean(splits, REAL_ONLY), metric)
    lift = trial.compare(splits, REAL_ONLY, metric, margin, how)
    names = [arm.name for arm in splits[0].arms[2:]]
    over = {name: trial.compare(splits, name, metric, margin, how) for name in names}
    provenance = {
        "metric": metric.name,
        "estimand": "B: this generator, over splits with the generator fitted in each",
        **how,
        "interval": "cross-validated influence" if n_folds else "Nadeau-Bengio",
        "random_state": random_state,
        "n_real": len(real),
        "n_synth_train": n_synth,
        "n_real_eval": trial.n_eval,
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(real)],
    }
    return LiftResult(lift, over, _arms_frame(splits), provenance)


class _Split(NamedTuple):
    """What was fitted in one split: every arm, and its fit by name."""

    seed: int
    is_eval: np.ndarray
    arms: list[Arm]
    fits: dict[str, Fit]
    n_rarest: int


class _Trial(NamedTuple):
    """All that the splits have in common."""

    real: Dataset
    clusters: np.ndarray
    n_eval: int
    generator: Generator
    n_synth: int
    label: Any

    def n_folds(self, n_splits: int, metric: Metric) -> int:
        """Return the folds of repeated cross-validation; 0 where splits are drawn at random."""
        n, folds = len(self.real), round(len(self.real) / self.n_eval)
        is_whole = abs(n / folds - self.n_eval) < 1 and n_splits % folds == 0 and n_splits > folds
        is_independent = len(np.unique(self.clusters)) == n
        is_known = metric.scorer is None and self.n_rarest >= folds > 1
        return folds if is_whole and is_independent and is_known else 0

    @property
    def n_rarest(self) -> int:
        """Real rows of the rarest class."""
        return int(np.unique(self.real.y, return_counts=True)[1].min())

    def split(
        self,
        seed: int,
        is_eval: np.ndarray | None,
        model: ClassifierMixin,
        metric: Metric,
        baselines: bool,
    ) -> _Split:
        """Split, fit the generator on the training side, fit all arms; everything by one seed."""
        rng = np.random.default_rng(seed)
        if is_eval is None:
            may_lack = 0 if self.real.groups is None else self.n_eval // 5
            is_eval = stratified_cluster_split(
                self.real.y, self.clusters, self.n_eval, rng, may_lack=may_lack
            )
        train = self.real.take(~is_eval, "real train")
        held_out = self.real.take(is_eval, "real eval")
        synth = draw(self.generator, train, self.n_synth, rng, self.label)
        roles.check_roles(train, synth, held_out)
        arms = [
            plain_arm(REAL_ONLY, model, train),
            plain_arm(REAL_PLUS_SYNTH, model, train + synth),
        ]
        arms += zero_cost_baselines(model, metric, train, synth) if baselines else []
        fits = {arm.name: grade_model(arm.fit(seed), held_out, metric) for arm in arms}
        fits = {name: fit._replace(detail=None) for name, fit in fits.items()}
        rarest = int(np.unique(held_out.y, return_counts=True)[1].min())
        return _Split(seed, is_eval, arms, fits, rarest)

    def compare(
        self, splits: list[_Split], name: str, metric: Metric, margin: float, how: dict[str, Any]
    ) -> Comparison:
        """Judge real + synthetic against another arm."""
        pairs = [(split.fits[name], split.fits[REAL_PLUS_SYNTH]) for split in splits]
        return compare_splits(
            [baseline.score.value for baseline, _ in pairs],
            [treatment.score.value for _, treatment in pairs],
            eval_to_train=self.n_eval / (len(self.real) - self.n_eval),
            metric=metric,
            margin=margin,
            n_discordant=sum(count_discordant([pair]) for pair in pairs),
            n_eval=self.n_eval,
            n_rarest=min(split.n_rarest for split in splits),
            rows=self._influence(splits, pairs) if self.n_folds(len(splits), metric) else None,
            **how,
        )

    def _influence(self, splits: list[_Split], pairs: list[tuple[Fit, Fit]]) -> RowInfluence:
        """Return what each real row contributes to the mean lift over all folds."""
        values = np.zeros(len(self.real))
        for split, (baseline, treatment) in zip(splits, pairs, strict=True):
            difference = treatment.score.influence - baseline.score.influence
            values[split.is_eval] += difference / len(splits)
        return RowInfluence(values, self.n_rarest)


def _clusters(real: Dataset, clusters: np.ndarray | None) -> np.ndarray:
    """Return a number per row, equal where rows stay on one side: clusters, groups, or rows."""
    if clusters is None:
        return group_codes(real)
    return np.unique(np.asarray(clusters), return_inverse=True)[1]


def _mean(splits: list[_Split], name: str) -> float:
    return float(np.mean([split.fits[name].score.value for split in splits]))


def _arms_frame(splits: list[_Split]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": arm.name,
            "seed": split.seed,
            "score": split.fits[arm.name].score.value,
            "n_train": arm.n_train,
            "n_synth": arm.n_synth,
        }
        for split in splits
        for arm in split.arms
    )
