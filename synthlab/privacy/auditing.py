"""An audit that can fail: does a generator keep the ε that it promises?

One fit is enough.  m *canaries* are rows that differ in one column alone, each with a public level
of its own.  Each is put among the fitted rows with probability ½.  Whoever sees the outcome guesses
of r of them, where the sign is clearest, whether they were in.  If the generator is (ε, δ)-DP, each
guess is right with probability at most e^ε/(1 + e^ε), nearly; more right guesses than that allows
refute the promise.

No refutation proves nothing: `detection.audit_power` tells what such an audit could have found.

References
----------
T. Steinke, M. Nasr, M. Jagielski, "Privacy Auditing with One (1) Training Run", NeurIPS 2023,
arXiv:2305.08846.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.base import Generator, Sampler
from synthlab.privacy.accounting import DELTA, check_delta, check_epsilon
from synthlab.privacy.guesses import CONFIDENCE, check_sizes, epsilon_bound, n_right_guesses

AUDIT_COLUMN = "audit"
#: The level of all rows that are no canaries.
NO_CANARY = "none"

Score = Callable[[Sampler, Dataset, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class AuditResult:
    """What an audit found.

    Attributes
    ----------
    epsilon_lower : float ≥ 0
        With the given confidence, the generator is (ε, δ)-DP for no smaller ε.  0: nothing found.
    n_guesses, n_right : int
    n_canaries : int
    delta, confidence : float
    """

    epsilon_lower: float
    n_guesses: int
    n_right: int
    n_canaries: int
    delta: float
    confidence: float

    def refutes(self, epsilon: float) -> bool:
        """Whether a promise of ε, at this δ, is refuted; False is no evidence that it is kept."""
        check_epsilon(epsilon)
        return self.epsilon_lower > epsilon

    def to_frame(self) -> pd.DataFrame:
        """Return one row, a column per attribute."""
        return pd.DataFrame([asdict(self)])


def audit(
    generator: Generator,
    rows: Dataset | None = None,
    *,
    n_canaries: int = 1_000,
    n_guesses: int | None = None,
    score: Score | None = None,
    n_sampled: int | None = None,
    delta: float = DELTA,
    confidence: float = CONFIDENCE,
    random_state: int = 0,
) -> AuditResult:
    """Fit a generator once, on rows and canaries, and bound its ε from below.

    Parameters
    ----------
    generator : Generator
        Of tables that have a column `AUDIT_COLUMN` as well; a public tree must know its levels
        (`audit_levels`).
    rows : Dataset, optional
        A table; every canary is a copy of its first row but for the audit column, in which all its
        rows have `NO_CANARY`.  Without it the audit column is all there is.
    n_canaries : int ≥ 2, default 1000
        m.
    n_guesses : int, optional
        r, even and at most m; half of m by default.  Half of the guesses say *in*, of the highest
        scores, half say *out*.  It must be fixed before any outcome is seen.
    score : callable, optional
        ``score(fitted, canaries, rng)`` returns a number per canary, higher where it was more
        likely in.  By default `count_score` where the fitted generator publishes noisy counts
        (``cell_counts``), else `sample_score`.
    n_sampled : int, optional
        Rows that `sample_score` draws; 50 m by default.
    delta : float in (0, 1), default 1e-6
        Of the promise.
    confidence : float in (0, 1), default 0.999
    random_state : int, default 0
        Decides which canaries are in, and seeds the generator.

    Returns
    -------
    AuditResult

    Raises
    ------
    InputError
        A parameter is out of range, the rows are no table, or have such a column already, or a
        score is missing.

    Notes
    -----
    A canary that is in is one row more: neighbors as in `accounting`.  The bound holds for any
    score, however poor; a poor one finds less.
    """
    n_guesses = n_canaries // 4 * 2 if n_guesses is None else n_guesses
    check_sizes(n_canaries, n_guesses, confidence)
    check_delta(delta)
    score = score or _default_score(n_sampled or 50 * n_canaries)
    rng = np.random.default_rng(random_state)
    base, canaries = planted(rows, n_canaries)
    is_in = rng.random(n_canaries) < 0.5
    members = canaries.take(is_in)
    fitted = generator.fit(members if base is None else base + members, rng)
    n_right = n_right_guesses(score(fitted, canaries, rng), is_in, n_guesses)
    bound = epsilon_bound(n_right, n_guesses, n_canaries, delta=delta, confidence=confidence)
    return AuditResult(bound, n_guesses, n_right, n_canaries, delta, confidence)


def audit_levels(n_canaries: int) -> tuple[str, ...]:
    """Return the public levels of the audit column: one per canary, and `NO_CANARY`."""
    return (NO_CANARY, *(f"canary {number:06d}" for number in range(n_canaries)))


def planted(rows: Dataset | None, n_canaries: int) -> tuple[Dataset | None, Dataset]:
    """Return the rows with an audit column, and all canaries, each in its own level.

    Raises
    ------
    InputError
        The rows are texts, an array or none, or have such a column already.
    """
    levels = audit_levels(n_canaries)
    if rows is None:
        X = pd.DataFrame({AUDIT_COLUMN: _category(levels[1:], levels)})
        return None, Dataset(X, ["canary"] * n_canaries, "real", "canaries")
    _check_table(rows)
    base = rows.X.assign(**{AUDIT_COLUMN: _category([NO_CANARY] * len(rows), levels)})
    copies = rows.X.iloc[np.zeros(n_canaries, dtype=int)].reset_index(drop=True)
    X = copies.assign(**{AUDIT_COLUMN: _category(levels[1:], levels)})
    labels = rows.y[np.zeros(n_canaries, dtype=int)]
    return (
        Dataset(base, rows.y, rows.origin, rows.name, rows.ids),
        Dataset(X, labels, rows.origin[0], f"{rows.name}, canaries"),
    )


def count_score(fitted: Any, canaries: Dataset, rng: np.random.Generator) -> np.ndarray:
    """Return the sum of the noisy counts of all cells that each canary falls into.

    Where all have the same noise, no other sum tells *in* from *out* better.
    """
    return fitted.cell_counts(canaries).sum(axis=1)


def sample_score(n_sampled: int) -> Score:
    """Return a score: how many of so many sampled rows have each canary's level."""

    def score(fitted: Sampler, canaries: Dataset, rng: np.random.Generator) -> np.ndarray:
        sampled = fitted.sample(n_sampled, rng).X[AUDIT_COLUMN].astype(str)
        found = sampled.value_counts()
        return found.reindex(canaries.X[AUDIT_COLUMN].astype(str), fill_value=0).to_numpy()

    return score


def _category(values: Sequence[str], levels: Sequence[str]) -> pd.Categorical:
    return pd.Categorical(values, categories=levels)


def _default_score(n_sampled: int) -> Score:
    sampled = sample_score(n_sampled)

    def score(fitted: Sampler, canaries: Dataset, rng: np.random.Generator) -> np.ndarray:
        of_kind = count_score if hasattr(fitted, "cell_counts") else sampled
        return of_kind(fitted, canaries, rng)

    return score


def _check_table(rows: Dataset) -> None:
    if not isinstance(rows.X, pd.DataFrame) or not len(rows):
        raise InputError(
            f"{rows.name}: {len(rows)} rows of a {type(rows.X).__name__}; expected a DataFrame of "
            f"one row or more. There is no place for an audit column. Convert it first."
        )
    if AUDIT_COLUMN in rows.X.columns:
        raise InputError(
            f"{rows.name} has a column {AUDIT_COLUMN!r}; expected none. It would be overwritten. "
            f"Rename it."
        )
