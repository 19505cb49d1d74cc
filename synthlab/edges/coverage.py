"""What synthetic rows cover of the real ones, and where they lift: one report.

Each set of rows gets a ball per row, as wide as its k-th nearest neighbor in the set is far.

=========  ==================================================================================
measure    meaning
=========  ==================================================================================
precision  share of synthetic rows that lie in a real row's ball (Kynkäänniemi et al. 2019)
recall     share of real rows that lie in a synthetic row's ball (the same)
density    real balls that a synthetic row lies in, over k: 1 for rows of the same law (Naeem
           et al. 2020); not fooled by one far-off real row
coverage   share of real balls that hold a synthetic row (the same); 1 − 2⁻ᵏ or so at best
=========  ==================================================================================

References
----------
T. Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models",
NeurIPS 2019, arXiv:1904.06991.
M. F. Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020,
arXiv:2002.09797.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.checks.fidelity import evenly
from synthlab.control.settings import check_settings
from synthlab.dataset import Dataset
from synthlab.edges.density import SHARE, density_of, landed_share, regions_of
from synthlab.edges.local_lift import lift_by_region, run_trial
from synthlab.edges.space import Matrix, Space, distance_blocks, neighbor_distances, space_of
from synthlab.errors import InputError
from synthlab.metrics.grading import get_metric
from synthlab.models import default_model

#: The neighbor that sets the radius of a ball, as Naeem et al. chose it.
N_NEIGHBORS = 5
_ROUNDING = 1e-6  # of distances
MEASURES = ("precision", "recall", "density", "coverage")


@dataclass(frozen=True, eq=False)
class CoverageReport:
    """Made by `coverage_report`; see there.

    Attributes
    ----------
    measures : pandas.DataFrame
        Index ``precision``, ``recall``, ``density``, ``coverage``; columns ``synthetic``, and
        ``real_eval``: what as many other real rows would give.
    landed : pandas.DataFrame
        Columns ``region``, ``synthetic``, ``low``, ``high`` (95 % Wilson interval) and
        ``real_eval``: share of rows in each region.
    lift : pandas.DataFrame
        See `local_lift.lift_by_region`.
    """

    measures: pd.DataFrame
    landed: pd.DataFrame
    lift: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a row per region: what landed there, and the lift."""
        return self.landed.merge(self.lift, on="region")


def coverage_report(
    real_train: Dataset,
    synth_train: Dataset,
    real_eval: Dataset,
    *,
    model: ClassifierMixin | None = None,
    scoring: str = "neg_log_loss",
    n_bins: int = 10,
    share: float = SHARE,
    n_seeds: int = 5,
    margin: float | None = None,
    confidence: float = 0.95,
    random_state: int = 0,
) -> CoverageReport:
    """Say where synthetic rows lie, what they cover, and where they lift the score.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
    model : classifier, optional
        See `models.default_model`.
    scoring : {"neg_log_loss", "neg_brier_score"}
    n_bins : int ≥ 1, default 10
        Bins of density; 10 are deciles.
    share : float in (0, 0.5], default 0.2
        Of real rows in the corners, and in the middle.
    n_seeds : int ≥ 2, default 5
    margin, confidence, random_state
        As for `lift.evaluate_synthetic_lift`.

    Returns
    -------
    CoverageReport

    Raises
    ------
    ContaminationError, InputError
        Roles are not kept (see `roles.check_roles`), or a bin holds too few eval rows.

    Notes
    -----
    Intervals of the lift are those of estimand A: these training rows, fresh eval rows and seeds.
    """
    check_settings(margin, confidence, random_state, n_seeds=(n_seeds, 2))
    roles.check_roles(real_train, synth_train, real_eval)
    metric = get_metric(scoring, real_train.classes, by_influence=True)
    model = default_model(real_train) if model is None else model
    seeds = np.random.SeedSequence(random_state).generate_state(n_seeds).tolist()
    parts = (real_train, {"real + synthetic": synth_train}, real_eval, model, metric)
    trials = [run_trial(*parts, seed) for seed in seeds]
    about = {"n_bins": n_bins, "share": share, "margin": margin, "confidence": confidence}
    lift = lift_by_region(trials, real_eval, "real + synthetic", metric, **about)
    density = density_of(real_train)
    places = [density.percentiles(synth_train), trials[0].percentiles]
    measures = measure_coverage(real_train, synth_train, real_eval)
    return CoverageReport(measures, _landed(*places, n_bins, share), lift)


def measure_coverage(
    real_train: Dataset, synth: Dataset, real_eval: Dataset, n_neighbors: int = N_NEIGHBORS
) -> pd.DataFrame:
    """Return precision, recall, density and coverage, beside those of other real rows.

    Parameters
    ----------
    real_train, synth, real_eval : Dataset
        As many rows of ``synth`` as of ``real_eval`` are compared: recall and coverage grow with
        their number.  Labels are not looked at.
    n_neighbors : int ≥ 1, default 5

    Returns
    -------
    pandas.DataFrame of shape (4, 2)
        See `CoverageReport`.

    Raises
    ------
    InputError
        One of them has not more rows than neighbors.
    """
    parts = (real_train, synth, real_eval)
    short = [rows for rows in parts if len(rows) <= n_neighbors]
    if short:
        raise InputError(
            f"{short[0].name}: {len(short[0])} rows; expected more than {n_neighbors}, the "
            f"neighbors that a ball reaches to. No ball can be drawn. Hand in more rows."
        )
    space = space_of(real_train)
    real = space.positions(real_train)
    n = min(len(synth), len(real_eval))
    compared = {"synthetic": synth, "real_eval": real_eval}
    found = {
        name: _measures(real, space.positions(rows.take(evenly(len(rows), n))), n_neighbors, space)
        for name, rows in compared.items()
    }
    return pd.DataFrame(found, index=MEASURES)


def _measures(real: Matrix, others: Matrix, k: int, space: Space) -> list[float]:
    # Texts without a word in common are at a distance of 1, and no ball reaches so far.
    reach = 1 - _ROUNDING if space.is_text else np.inf
    radii = [
        np.minimum(neighbor_distances(rows, rows, k + 1) + _ROUNDING, reach)
        for rows in (real, others)
    ]
    in_real = np.zeros(others.shape[0])
    covered, recalled = [], []
    for block, width in _with_radii(distance_blocks(real, others), radii[0]):
        holds = block <= width[:, None]
        in_real += holds.sum(axis=0)
        covered.append(holds.any(axis=1))
        recalled.append((block <= radii[1]).any(axis=1))
    shares = [(in_real > 0).mean(), np.concatenate(recalled).mean(), in_real.mean() / k]
    return [float(value) for value in (*shares, np.concatenate(covered).mean())]


def _with_radii(
    blocks: Iterator[np.ndarray], radii: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    start = 0
    for block in blocks:
        yield block, radii[start : start + len(block)]
        start += len(block)


def _landed(synth: np.ndarray, real: np.ndarray, n_bins: int, share: float) -> pd.DataFrame:
    of_synth, of_real = (regions_of(percentiles, n_bins, share) for percentiles in (synth, real))
    rows = [
        (region, *landed_share(is_hit)[:3], float(of_real[region].mean()))
        for region, is_hit in of_synth.items()
    ]
    return pd.DataFrame(rows, columns=["region", "synthetic", "low", "high", "real_eval"])
