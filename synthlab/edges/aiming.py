"""Generators aimed at the corners of real data, or at its middle: rows elsewhere are rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from synthlab.dataset import Dataset
from synthlab.edges.density import (
    REGIONS,
    SHARE,
    Density,
    Landed,
    check_region,
    density_of,
    in_region,
    landed_share,
)
from synthlab.errors import InputError
from synthlab.generators.base import Generator, Sampler, check_draw

#: Rows drawn for each one that is wanted, before the aim is given up.
MAX_DRAWS = 200


class AimedDraw(NamedTuple):
    """Rows in the region, and how often the generator hit it."""

    rows: Dataset
    landed: Landed


def aim(generator: Generator, at: str = "corners", *, share: float = SHARE) -> AimedGenerator:
    """Aim a generator at a region of the rows that it will be fitted on.

    Parameters
    ----------
    generator : Generator
        Any of the package's.
    at : {"corners", "middle", "anywhere"}
        *corners*: where real rows lie sparsest; *middle*: where they lie densest; see
        `density.density_of`.
    share : float in (0, 0.5], default 0.2
        Of real rows that count as the corners, and as the middle.

    Returns
    -------
    AimedGenerator
        A generator itself.

    Raises
    ------
    InputError
        Unknown region, or a share out of range; when sampling, the generator hardly ever reaches
        the region.

    Notes
    -----
    A row is accepted by its features alone.  Whoever picks rows by their labels changes P(y | x),
    and so teaches something that isn't true; whoever picks by x changes P(x) only (a covariate
    shift, Shimodaira 2000, doi:10.1016/S0378-3758(00)00115-4).  Asked for one label, the aimed
    generator passes the wish on, and the mixture of labels is then the caller's.

    Examples
    --------
    >>> from synthlab.generators.oversample import OverSample
    >>> X = np.concatenate([np.linspace(0, 1, 80), np.linspace(3, 9, 20)])[:, None]
    >>> rows, rng = Dataset(X, X.ravel() > 0.5, "real", "line"), np.random.default_rng(0)
    >>> rows = aim(OverSample(), "corners").fit(rows, rng).sample(50, rng)
    >>> bool(rows.X.min() >= 3)
    True
    """
    check_region(at, share)
    return AimedGenerator(generator, at, share)


def draw_aimed(
    generator: Generator,
    rows: Dataset,
    n: int,
    rng: np.random.Generator,
    *,
    at: Sequence[str] = REGIONS,
    share: float = SHARE,
) -> dict[str, AimedDraw]:
    """Fit a generator once, and draw n rows from each of several regions.

    Parameters
    ----------
    generator : Generator
    rows : Dataset
        To fit it on.
    n : int ≥ 1
        Rows from each region.
    rng : numpy.random.Generator
    at : sequence of str, default all three
    share : float in (0, 0.5], default 0.2

    Returns
    -------
    dict of str to AimedDraw
        By region.

    Raises
    ------
    InputError
        See `aim`.
    """
    aims = [aim(generator, one, share=share) for one in at]
    sampler, density = generator.fit(rows, rng), density_of(rows)
    return {one.at: FittedAim(one, sampler, density).draw(n, rng) for one in aims}


@dataclass(frozen=True, eq=False)
class AimedGenerator:
    """Made by `aim`; see there."""

    generator: Generator
    at: str
    share: float

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedAim:
        """Fit the generator, and learn where the rows lie dense.

        Parameters
        ----------
        rows : Dataset
            Of any origin.
        rng : numpy.random.Generator
        """
        sampler = self.generator.fit(rows, rng)
        return FittedAim(self, sampler, density_of(rows))


@dataclass(frozen=True, eq=False)
class FittedAim:
    """What `AimedGenerator.fit` returns.

    Attributes
    ----------
    generator : AimedGenerator
    sampler : Sampler
        The wrapped generator, fitted.
    density : Density
        Of the rows that were fitted.
    """

    generator: AimedGenerator
    sampler: Sampler
    density: Density

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows in the region; see `base.Sampler`."""
        return self.draw(n, rng, label).rows

    def draw(self, n: int, rng: np.random.Generator, label: Any = None) -> AimedDraw:
        """Draw n rows in the region, and say what share of the generator's rows landed there.

        Parameters
        ----------
        n : int ≥ 1
        rng : numpy.random.Generator
        label : optional
            Of all rows.

        Raises
        ------
        InputError
            Fewer than n of `MAX_DRAWS` · n rows landed there, or of all that there are.
        """
        check_draw(n, np.empty(0))
        n_drawn, most = self._first_and_most(n)
        while True:
            # Drawn anew each time, so that a sampler that repeats no row in a sample repeats none.
            rows = self.sampler.sample(n_drawn, rng, label)
            is_hit = self.is_hit(rows)
            if is_hit.sum() >= n:
                kept = np.sort(rng.choice(np.flatnonzero(is_hit), n, replace=False))
                name = f"{rows.name}, aimed at {self.generator.at}"
                return AimedDraw(rows.take(kept, name), landed_share(is_hit))
            if n_drawn >= most:
                self._refuse(n, landed_share(is_hit))
            n_drawn = min(2 * n_drawn, most)

    def is_hit(self, rows: Dataset) -> np.ndarray:
        """Return which rows lie in the region, by their features, shape (n_rows,)."""
        aim = self.generator
        if aim.at == "anywhere":
            return np.ones(len(rows), dtype=bool)
        return in_region(self.density.percentiles(rows), aim.at, aim.share)

    def _first_and_most(self, n: int) -> tuple[int, int]:
        if self.generator.at == "anywhere":
            return n, n
        most = min(MAX_DRAWS * n, getattr(self.sampler, "n_rows", np.inf))
        return min(ceil(1.2 * n / self.generator.share), most), most

    def _refuse(self, n: int, landed: Landed) -> None:
        aim = self.generator
        raise InputError(
            f"{type(aim.generator).__name__} does not reach the {aim.at} often enough: "
            f"{landed.share:.1%} of {landed.n_rows:,} rows landed there "
            f"[{landed.low:.1%}, {landed.high:.1%}]; expected {n:,} rows. What few rows there are "
            f"would be drawn from a sliver of the region. Ask for fewer, raise share={aim.share}, "
            f"or choose a generator with wider tails."
        )
