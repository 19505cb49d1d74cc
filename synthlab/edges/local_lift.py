"""Lift by where eval rows lie: in the corners, in the middle, and decile by decile of density.

The score of a region is that of its rows alone.  As a function of the weights of *all* eval rows,
its own rows have their influence on it and all others have none.  So the intervals of
`control.judge` hold here unchanged, even where a region holds other rows in every trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.control.arms import Fit
from synthlab.control.judge import compare_fits
from synthlab.dataset import Dataset
from synthlab.edges.density import SHARE, density_of, regions_of
from synthlab.errors import InputError
from synthlab.metrics.grading import Metric, grade
from synthlab.models import fit_with_seed, output_of
from synthlab.stats.influence import Score

REAL_ONLY = "real only"
#: The fewest eval rows that a region may hold.
MIN_ROWS = 20
COLUMNS = ("region", "n_rows", "real_only", "lift", "ci_low", "ci_high", "verdict", "margin")


@dataclass(frozen=True, eq=False)
class Trial:
    """Arms fitted on one real training set, and what they say of the eval rows.

    Attributes
    ----------
    percentiles : ndarray of shape (n_eval,)
        Of density among the real training rows; 1 is the farthest corner.
    outputs : dict of str to ndarray
        By arm, "real only" among them: what the metric is computed from.
    classes : ndarray of shape (n_classes,)
    """

    percentiles: np.ndarray
    outputs: dict[str, np.ndarray]
    classes: np.ndarray


def run_trial(
    real_train: Dataset,
    synth: Mapping[str, Dataset],
    real_eval: Dataset,
    model: ClassifierMixin,
    metric: Metric,
    seed: int = 0,
) -> Trial:
    """Fit real only, and real + synthetic for each set of synthetic rows.

    Parameters
    ----------
    real_train : Dataset
    synth : mapping of str to Dataset
        By arm.
    real_eval : Dataset
    model : classifier
    metric : Metric
        "neg_log_loss" or "neg_brier_score" of `grading.METRICS`: means over rows.
    seed : int, default 0
        Of all fits.

    Raises
    ------
    ContaminationError, InputError
        Roles are not kept: see `roles.check_roles`, but for overlap by content, which rows
        aimed at the middle of a table that repeats itself show by nature.
    """
    _check_metric(metric)
    _check_parts(real_train, synth, real_eval)
    outputs, classes = {}, real_train.classes
    for arm, rows in {REAL_ONLY: None, **synth}.items():
        train = real_train if rows is None else real_train + rows
        outputs[arm] = output_of(fit_with_seed(model, train, seed), real_eval, metric.needs)
    return Trial(density_of(real_train).percentiles(real_eval), outputs, classes)


def lift_by_region(
    trials: Sequence[Trial],
    real_eval: Dataset,
    arm: str,
    metric: Metric,
    *,
    control: str = REAL_ONLY,
    n_bins: int = 0,
    share: float = SHARE,
    margin: float | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare an arm with another, everywhere, in the corners, in the middle, and by bin.

    Parameters
    ----------
    trials : sequence of Trial, two or more
        On the same eval rows.  With one training set and several seeds the interval is that of
        these rows; with training sets that share no row, that of the recipe.
    real_eval : Dataset
    arm, control : str
        Names of arms; the lift is the first's score minus the second's.
    metric : Metric
    n_bins : int, default 0
        Bins of density of equal width in percentiles: 10 are deciles.
    share : float, default 0.2
        Of real rows in the corners, and in the middle.
    margin : float ≥ 0, optional
        See `judge.resolve_margin`.
    confidence : float, default 0.95
        Of each interval; for Bonferroni's correction of m of them, 1 − 0.05 / m.

    Returns
    -------
    pandas.DataFrame
        Columns ``region``, ``n_rows`` (mean over trials), ``real_only`` (score of the control),
        ``lift``, ``ci_low``, ``ci_high``, ``verdict``, ``margin``.

    Raises
    ------
    InputError
        A region holds fewer than 20 eval rows in some trial, or there is one trial alone.
    """
    _check_metric(metric)
    _check_trials(trials, (control, arm))
    about = {"margin": margin, "confidence": confidence}
    rows = []
    for region, masks in _masks(trials, n_bins, share).items():
        fits = (_graded(trials, name, masks, real_eval.y, metric) for name in (control, arm))
        found = compare_fits(*fits, real_eval, metric, **about)
        n_rows = float(np.mean([mask.sum() for mask in masks]))
        told = (found.baseline_score, found.lift, found.ci_low, found.ci_high, found.verdict)
        rows.append((region, n_rows, *told, found.margin))
    return pd.DataFrame(rows, columns=COLUMNS)


def lift_table(
    trials: Sequence[Trial], real_eval: Dataset, arms: Sequence[str], metric: Metric, **options
) -> pd.DataFrame:
    """Compare several arms, one after another; ``options`` as for `lift_by_region`.

    Returns
    -------
    pandas.DataFrame
        Column ``arm`` before those of `lift_by_region`.
    """
    found = {arm: lift_by_region(trials, real_eval, arm, metric, **options) for arm in arms}
    return pd.concat(found, names=["arm"]).reset_index("arm").reset_index(drop=True)


def interval_text(row: pd.Series) -> str:
    """Return a row's lift with its interval: "+0.034 [+0.026, +0.042]"."""
    return f"{row['lift']:+.3f} [{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"


def show_regions(lifts: pd.DataFrame) -> pd.DataFrame:
    """Return a row per arm, in order, and the lift with its interval in each of three regions."""
    shown = lifts.assign(text=lifts.apply(interval_text, axis=1))
    table = shown.pivot(index="arm", columns="region", values="text")
    return table.loc[lifts["arm"].unique(), ["everywhere", "middle", "corners"]]


def _check_metric(metric: Metric) -> None:
    if not metric.is_loss or metric.scorer:
        raise InputError(
            f"scoring={metric.name!r}: expected neg_log_loss or neg_brier_score. Regions differ in "
            f"their classes, and only a mean over rows can be split among them fairly. Use one of "
            f"these."
        )


def _check_parts(real_train: Dataset, synth: Mapping[str, Dataset], real_eval: Dataset) -> None:
    roles.check_train_and_eval(real_train, real_eval)
    roles.require_labels(real_train, real_eval)
    for arm, rows in synth.items():
        if arm == REAL_ONLY:
            raise InputError(f"an arm is called {arm!r}, as the control is. Name it otherwise.")
        roles.require_origin(rows, "synthetic", "is the synthetic training set")
        roles.refuse_edge_cases(rows, "train")
        roles.require_labels(real_train, rows)


def _check_trials(trials: Sequence[Trial], names: Sequence[str]) -> None:
    if len(trials) < 2:
        raise InputError(f"{len(trials)} trial(s): expected 2 or more, or chance cannot be seen.")
    missing = [name for name in names if name not in trials[0].outputs]
    if missing:
        raise InputError(
            f"no arm {missing[0]!r}; the trials have {', '.join(trials[0].outputs)}. There is "
            f"nothing to compare. Name one of these."
        )


def _masks(trials: Sequence[Trial], n_bins: int, share: float) -> dict[str, list[np.ndarray]]:
    """Return which eval rows each region holds, trial by trial."""
    by_trial = [regions_of(trial.percentiles, n_bins, share) for trial in trials]
    masks = {region: [found[region] for found in by_trial] for region in by_trial[0]}
    for region, found in masks.items():
        fewest = min(int(mask.sum()) for mask in found)
        if fewest < MIN_ROWS:
            raise InputError(
                f"{region}: only {fewest} eval rows; expected {MIN_ROWS} or more. A score of so "
                f"few says nothing. Ask for fewer bins, a larger share, or more eval rows."
            )
    return masks


class _Labels(NamedTuple):
    """All that grading looks at of eval rows."""

    y: np.ndarray


def _graded(
    trials: Sequence[Trial], arm: str, masks: list[np.ndarray], y: np.ndarray, metric: Metric
) -> list[Fit]:
    """Grade a region's rows in each trial; outside of it, nothing moves the score."""
    fits = []
    for trial, mask in zip(trials, masks, strict=True):
        output, influence = trial.outputs[arm], np.zeros(len(y))
        score = grade(output[mask], _Labels(y[mask]), metric, trial.classes)
        influence[mask] = score.influence
        inside = mask.reshape(-1, *[1] * (output.ndim - 1))
        fits.append(Fit(Score(score.value, influence), np.where(inside, output, 0)))
    return fits
