"""The best of several generators, without the luck of having tried many.

Of ten useless generators the best looks good on one evaluation set.  Here all are fitted in the
same splits, and all intervals hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.control.generator_lift import evaluate_generator_lift
from synthlab.control.judge import Comparison, compare_splits
from synthlab.control.result import REAL_PLUS_SYNTH, LiftResult
from synthlab.dataset import Dataset
from synthlab.errors import require
from synthlab.generators.base import Generator


@dataclass(frozen=True)
class GeneratorRanking:
    """Several generators on trial, in the same splits.

    Attributes
    ----------
    results : dict of str to LiftResult
        Each generator's lift over real only; all intervals hold together.
    behind : dict of str to Comparison
        How far each falls behind the one with the greatest lift (a negative lift), over the same
        splits; all intervals hold together.  The best itself is left out.
    """

    results: Mapping[str, LiftResult]
    behind: Mapping[str, Comparison]

    @property
    def best(self) -> str:
        """The generator with the greatest lift; not necessarily better than the others."""
        return next(name for name in self.results if name not in self.behind)

    @property
    def not_worse(self) -> tuple[str, ...]:
        """All that are not significantly worse than the best, itself first."""
        near = [name for name, c in self.behind.items() if c.ci_high >= 0]
        return (self.best, *near)

    def summary(self) -> str:
        """Return the ranking in one sentence."""
        helping = [name for name, result in self.results.items() if result["verdict"] == "helps"]
        told = f"{len(helping)} of {len(self.results)} generators help over real only"
        others = ", ".join(self.not_worse[1:]) or "none"
        return f"{told}; not significantly worse than {self.best}: {others}."

    def to_frame(self) -> pd.DataFrame:
        """Return one row per generator, the greatest lift first.

        Columns ``generator``, ``lift``, ``ci_low``, ``ci_high``, ``verdict``, ``behind_best``,
        ``behind_low``, ``behind_high`` and ``is_not_worse``.
        """
        rows = []
        for name, result in self.results.items():
            c = self.behind.get(name)
            ends = (0.0, 0.0, 0.0) if c is None else (c.lift, c.ci_low, c.ci_high)
            row = {key: result[key] for key in ("lift", "ci_low", "ci_high", "verdict")}
            row |= dict(zip(("behind_best", "behind_low", "behind_high"), ends, strict=True))
            rows.append({"generator": name, **row, "is_not_worse": name in self.not_worse})
        return pd.DataFrame(rows).sort_values("lift", ascending=False, ignore_index=True)


def compare_generators(
    real: Dataset,
    generators: Mapping[str, Generator],
    n_synth: int,
    *,
    label: Any = None,
    eval_share: float = 0.2,
    n_splits: int = 10,
    model: ClassifierMixin | None = None,
    scoring: str | Callable | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    random_state: int = 0,
) -> GeneratorRanking:
    """Put several generators on trial in the same splits, with simultaneous intervals.

    Parameters
    ----------
    real : Dataset
    generators : mapping of str to Generator
        Two or more, by name.
    n_synth, label, eval_share, n_splits, model, scoring, margin, confidence, random_state
        As for `generator_lift.evaluate_generator_lift`.

    Returns
    -------
    GeneratorRanking

    Notes
    -----
    Bonferroni over the generators, and over the differences from the best: the best of ten
    without effect is then called helpful in at most 2.5 % of all trials, not in one of five.
    """
    expected = "two generators or more, by name"
    require(len(generators) > 1, f"generators: {len(generators)}", expected, "Nothing to rank.")
    how = {"label": label, "eval_share": eval_share, "n_splits": n_splits, "model": model}
    how |= {"scoring": scoring, "margin": margin, "confidence": confidence}
    results = {
        name: evaluate_generator_lift(
            real,
            generator,
            n_synth,
            baselines=False,
            n_looks=len(generators),
            random_state=random_state,
            **how,
        )
        for name, generator in generators.items()
    }
    best = max(results, key=lambda name: results[name]["lift"])
    looks, share = len(generators) - 1, results[best].provenance
    behind = {
        name: compare_splits(
            _scores(results[best]),
            _scores(result),
            eval_to_train=share["n_real_eval"] / (len(real) - share["n_real_eval"]),
            margin=result["margin"],
            confidence=confidence,
            n_looks=looks,
        )
        for name, result in results.items()
        if name != best
    }
    return GeneratorRanking(results, behind)


def _scores(result: LiftResult) -> list[float]:
    arms = result.arms
    return arms.loc[arms["arm"] == REAL_PLUS_SYNTH, "score"].tolist()
