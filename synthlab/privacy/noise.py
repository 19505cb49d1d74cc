"""Discrete Gaussian noise for counts, drawn and accounted for by OpenDP.

The noise has no seed: who knew it could subtract it.  So nothing that it touched repeats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from synthlab.errors import InputError
from synthlab.privacy.accounting import DELTA, check_delta, check_epsilon, gaussian_rho
from synthlab.privacy.extra import require_extra


@dataclass(frozen=True)
class DiscreteGaussian:
    """Noise for vectors of counts, independent for each.

    Parameters
    ----------
    scale : float ≥ 0
        σ: nearly the standard deviation where it is above 1.  At 0 there is no noise.

    Raises
    ------
    InputError
        ``scale`` is negative or infinite.
    ExtraMissingError
        In a method: OpenDP is not installed.

    References
    ----------
    C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS
    2020, arXiv:2004.00010.  Floating-point noise can be told apart by its last bits; whole numbers
    drawn exactly cannot (I. Mironov, CCS 2012, doi:10.1145/2382196.2382264).
    """

    scale: float

    def __post_init__(self) -> None:
        if not 0 <= self.scale < math.inf:
            raise InputError(
                f"scale={self.scale}: expected a finite number from 0. No count would be left. Use "
                f"DiscreteGaussian.calibrated."
            )

    @classmethod
    def calibrated(
        cls, sensitivity: float, epsilon: float, delta: float = DELTA
    ) -> DiscreteGaussian:
        """Return the least noise for which OpenDP certifies (ε, δ).

        Parameters
        ----------
        sensitivity : float > 0
            How far, in L2, the counts of neighbors can be apart.
        epsilon : float > 0
            Infinity means no noise, and no promise.
        delta : float in (0, 1), default 1e-6
        """
        check_epsilon(epsilon)
        check_delta(delta)
        return cls(0.0 if epsilon == math.inf else _least_scale(sensitivity, epsilon, delta))

    def rho(self, sensitivity: float) -> float:
        """Return ρ of zCDP that OpenDP certifies; infinite without noise."""
        if self.scale == 0:
            return gaussian_rho(sensitivity, 0.0)
        return _measurement(self.scale).map(float(sensitivity))

    def epsilon(self, sensitivity: float, delta: float = DELTA) -> float:
        """Return ε at δ that OpenDP certifies; infinite without noise."""
        check_delta(delta)
        if self.scale == 0:
            return gaussian_rho(sensitivity, 0.0)
        return _with_delta(self.scale, delta).map(float(sensitivity))[0]

    def add(self, counts: np.ndarray) -> np.ndarray:
        """Return whole numbers with noise, of the same shape; about 20 µs each.

        Parameters
        ----------
        counts : ndarray of int
        """
        if counts.dtype.kind not in "iu":
            raise InputError(
                f"counts of dtype {counts.dtype}: expected whole numbers. The last bits of a "
                f"fraction would give the noise away. Convert them."
            )
        if self.scale == 0 or not counts.size:
            return counts.copy()
        noisy = _measurement(self.scale)(counts.ravel().tolist())
        return np.array(noisy, dtype=np.int64).reshape(counts.shape)


def l2_of_ones(n_counts: int) -> float:
    """Return √n, rounded up: the L2 distance of vectors that differ by 1 in n places."""
    return math.nextafter(math.sqrt(n_counts), math.inf)


@cache
def _opendp() -> Any:
    require_extra("opendp")
    import opendp.prelude as opendp

    # "contrib" is what OpenDP calls all that its own team has not vetted twice.
    opendp.enable_features("contrib")
    return opendp


@cache
def _measurement(scale: float) -> Any:
    opendp = _opendp()
    counts = opendp.vector_domain(opendp.atom_domain(T="i64"))
    return opendp.m.make_gaussian(counts, opendp.l2_distance(T="f64"), scale=scale)


@cache
def _least_scale(sensitivity: float, epsilon: float, delta: float) -> float:
    return _opendp().binary_search_param(
        lambda scale: _with_delta(scale, delta), d_in=float(sensitivity), d_out=(epsilon, delta)
    )


def _with_delta(scale: float, delta: float) -> Any:
    opendp = _opendp()
    return opendp.c.make_fix_delta(opendp.c.make_zCDP_to_approxDP(_measurement(scale)), delta)
