"""The rows of a self-consuming loop: what trains in each turn, and what is held out.

See `loops`, which fits and measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from synthlab.checks import roles
from synthlab.dataset import REAL, Dataset
from synthlab.errors import InputError
from synthlab.generators.base import Generator, draw

#: What a turn's pool is made of; see `run.run_loop`.
MODES = ("replace", "accumulate", "budget", "fresh")


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
        """Fresh real rows a turn."""
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
        are_seeds = len(seeds) > 0 and all(_is_whole(seed, 0) for seed in seeds)
        turns = self.n_generations
        _require("mode", self.mode, self.mode in MODES, f"one of {', '.join(MODES)}")
        _require("n_generations", turns, _is_whole(turns, 1), "a whole number of turns, 1 or more")
        _require("seeds", list(seeds), are_seeds, "one or more whole numbers, 0 or more")
        _require("fresh_share", self.fresh_share, 0 < self.fresh_share < 1, "between 0 and 1")
        _require_held_out(self.self_share, self.real_train)
        if self.mode == "fresh":
            n, needed = len(self.real_train), self.n_fresh * turns
            of_a_pool = f"some of a pool's {n} rows, and not all"
            at_hand = 0 if self.real_fresh is None else len(self.real_fresh)
            _require("fresh_share", self.fresh_share, 0 < self.n_fresh < n, of_a_pool)
            _require("real_fresh", at_hand, needed <= at_hand, f"{needed:,} rows for all turns")


@dataclass(eq=False)
class LoopState:
    """The state of one loop: the pool of the present turn, and what came before."""

    plan: LoopPlan
    rng: np.random.Generator
    pool: Dataset = field(init=False)
    seen: Dataset = field(init=False)
    train: Dataset = field(init=False)
    own_eval: Dataset = field(init=False)
    turn: int = 0

    def __post_init__(self) -> None:
        self.pool = self.seen = self.plan.real_train

    def split(self) -> None:
        """Hold a share of the pool out for the system's own evaluation."""
        order = self.rng.permutation(len(self.pool))
        cut = round(self.plan.self_share * len(order))
        self.train = self.pool.take(order[cut:], "the pool")
        self.own_eval = self.pool.take(order[:cut], "own eval")

    def turn_on(self) -> Dataset:
        """Let the generator learn from the rows that train, and make the next pool."""
        n, n_fresh = len(self.plan.real_train), self.plan.n_fresh
        written = draw(self.plan.generator, self.train, n - n_fresh, self.rng)
        if self.plan.mode in ("accumulate", "budget"):
            self.seen = self.seen + written
        if self.plan.mode == "accumulate":
            self.pool = self.seen
        elif self.plan.mode == "budget":
            self.pool = self.seen.take(self.rng.permutation(len(self.seen))[:n])
        else:
            fresh = range(self.turn * n_fresh, (self.turn + 1) * n_fresh)
            self.pool = written + self.plan.real_fresh.take(fresh) if n_fresh else written
        self.turn += 1
        return written


def first_pools(
    generator: Generator,
    real_train: Dataset,
    n_pools: int,
    *,
    self_share: float = 0.2,
    seed: int = 0,
) -> list[Dataset]:
    """Write what a loop's first turn could have written: pools of a loop that does not drift.

    Parameters
    ----------
    generator : Generator
        Fitted for each pool anew, on real rows alone, of which another share is held out.
    real_train : Dataset
    n_pools : int ≥ 1
    self_share : float in (0, 1), default 0.2
    seed : int, default 0

    Returns
    -------
    list of Dataset
        Each of as many rows as ``real_train``; what `alarm.watch_loop` calls steady.
    """
    _require("n_pools", n_pools, _is_whole(n_pools, 1), "a whole number, 1 or more")
    _require("seed", seed, _is_whole(seed, 0), "a whole number, 0 or more")
    _require_held_out(self_share, real_train)
    roles.require_origin(real_train, REAL, "is the control's training set")
    rng, n = np.random.default_rng(seed), len(real_train)
    kept = n - round(self_share * n)
    fitted_on = (real_train.take(rng.permutation(n)[:kept]) for _ in range(n_pools))
    return [draw(generator, rows, n, rng) for rows in fitted_on]


def _require_held_out(self_share: float, real_train: Dataset) -> None:
    """Refuse a share that leaves no row to train on, or none to hold out."""
    n = len(real_train)
    _require("self_share", self_share, 0 < self_share < 1, "between 0 and 1")
    some = f"some of {real_train.name}'s {n} rows, and not all"
    _require("self_share", self_share, 0 < round(self_share * n) < n, some)


def _require(name: str, value: object, is_fine: bool, expected: str) -> None:
    if not is_fine:
        raise InputError(
            f"{name}={value}: expected {expected}. No loop could be run by it, and none was. "
            f"Change {name}."
        )


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and value >= least
