"""The rows of a self-consuming loop: what trains in each generation, and what is held out.

`run` fits models on them and measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from synthlab.checks import roles
from synthlab.dataset import REAL, Dataset
from synthlab.errors import is_number, is_whole, require
from synthlab.generators.base import Generator, draw

#: What the pool of a generation is made of; see `run.run_loop`.
MODES = ("replace", "accumulate", "budget", "fresh")
_WHOLE = "a whole number,"


@dataclass(frozen=True, eq=False)
class LoopPlan:
    """The parameters of a loop, checked together; see `run.run_loop`."""

    real_train: Dataset
    generator: Generator
    real_eval: Dataset
    mode: str
    n_generations: int
    real_fresh: Dataset | None
    fresh_share: float
    self_share: float

    @property
    def n_fresh(self) -> int:
        """Fresh real rows per generation."""
        return round(self.fresh_share * len(self.real_train)) if self.mode == "fresh" else 0

    @property
    def n_train(self) -> int:
        """Rows of generation 0 that train."""
        n = len(self.real_train)
        return n - round(self.self_share * n)

    def check(self, seeds: Sequence[int]) -> None:
        """Raise before anything is fitted."""
        self._check_numbers(seeds)
        roles.check_train_and_eval(self.real_train, self.real_eval)
        roles.require_labels(self.real_train, self.real_eval)
        if self.mode == "fresh":
            roles.check_train_and_eval(self.real_fresh, self.real_eval)
            _ = self.real_train + self.real_fresh  # refuses an id that stands in both

    def _check_numbers(self, seeds: Sequence[int]) -> None:
        n_generations = self.n_generations
        are_seeds = len(seeds) > 0 and all(is_whole(seed) for seed in seeds)
        _require("mode", self.mode, self.mode in MODES, f"one of {', '.join(MODES)}")
        _require("n_generations", n_generations, is_whole(n_generations, 1), f"{_WHOLE} 1 or more")
        _require("seeds", list(seeds), are_seeds, "one or more whole numbers, 0 or more")
        _require("fresh_share", self.fresh_share, _is_share(self.fresh_share), "between 0 and 1")
        _require_held_out(self.self_share, self.real_train)
        if self.mode == "fresh":
            n, needed = len(self.real_train), self.n_fresh * n_generations
            of_a_pool = f"some of a pool's {n} rows, and not all"
            at_hand = 0 if self.real_fresh is None else len(self.real_fresh)
            _require("fresh_share", self.fresh_share, 0 < self.n_fresh < n, of_a_pool)
            enough = f"{needed:,} rows for all generations"
            _require("real_fresh", at_hand, needed <= at_hand, enough)


@dataclass(eq=False)
class LoopState:
    """The state of one loop: the pool of the present generation, and all rows before it."""

    plan: LoopPlan
    rng: np.random.Generator
    pool: Dataset = field(init=False)
    seen: Dataset = field(init=False)
    train: Dataset = field(init=False)
    own_eval: Dataset = field(init=False)
    generation: int = 0

    def __post_init__(self) -> None:
        self.pool = self.seen = self.plan.real_train

    def split(self) -> None:
        """Hold a share of the pool out for the system's own evaluation."""
        order = self.rng.permutation(len(self.pool))
        cut = round(self.plan.self_share * len(order))
        self.train = self.pool.take(order[cut:], "the pool")
        self.own_eval = self.pool.take(order[:cut], "own eval")

    def advance(self) -> Dataset:
        """Fit the generator on the rows that train, and make the next pool of what it writes.

        Returns
        -------
        Dataset
            The synthetic rows that were written.
        """
        n, n_fresh = len(self.plan.real_train), self.plan.n_fresh
        written = draw(self.plan.generator, self.train, n - n_fresh, self.rng)
        if self.plan.mode in ("accumulate", "budget"):
            self.seen = self.seen + written
        if self.plan.mode == "accumulate":
            self.pool = self.seen
        elif self.plan.mode == "budget":
            self.pool = self.seen.take(self.rng.permutation(len(self.seen))[:n])
        else:
            fresh = range(self.generation * n_fresh, (self.generation + 1) * n_fresh)
            self.pool = written + self.plan.real_fresh.take(fresh) if n_fresh else written
        self.generation += 1
        return written


def first_pools(
    real_train: Dataset,
    generator: Generator,
    n_pools: int,
    *,
    self_share: float = 0.2,
    random_state: int = 0,
) -> list[Dataset]:
    """Draw pools as generation 1 of a loop could have written them: nothing has drifted yet.

    Parameters
    ----------
    real_train : Dataset
        All real.
    generator : Generator
        Fitted anew for each pool, on real rows alone, of which another share is held out.
    n_pools : int ≥ 1
    self_share : float in (0, 1), default 0.2
        Of the real rows, held out each time, as in `run.run_loop`.
    random_state : int ≥ 0, default 0

    Returns
    -------
    list of Dataset
        Each of as many rows as ``real_train``; `alarm.watch_loop` calls them steady.

    Raises
    ------
    ContaminationError
        ``real_train`` holds synthetic rows.
    InputError
        A parameter is out of range, or the generator fails.
    """
    _require("n_pools", n_pools, is_whole(n_pools, 1), f"{_WHOLE} 1 or more")
    _require("random_state", random_state, is_whole(random_state), f"{_WHOLE} 0 or more")
    _require_held_out(self_share, real_train)
    roles.require_origin(real_train, REAL, "is the control's training set")
    rng, n = np.random.default_rng(random_state), len(real_train)
    kept = n - round(self_share * n)
    fitted_on = (real_train.take(rng.permutation(n)[:kept]) for _ in range(n_pools))
    return [draw(generator, rows, n, rng) for rows in fitted_on]


def _require_held_out(self_share: float, real_train: Dataset) -> None:
    """Refuse a share that leaves no row to train on, or none to hold out."""
    n = len(real_train)
    _require("self_share", self_share, _is_share(self_share), "between 0 and 1")
    some = f"some of {real_train.name}'s {n} rows, and not all"
    _require("self_share", self_share, 0 < round(self_share * n) < n, some)


def _require(name: str, value: object, is_fine: bool, expected: str) -> None:
    require(is_fine, f"{name}={value}", expected, "No loop was run.", f"Change {name}.")


def _is_share(value: object) -> bool:
    return is_number(value) and 0 < value < 1
