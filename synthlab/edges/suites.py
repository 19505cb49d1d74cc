"""A suite: generated inputs, and what each of them expects of a model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset, Features
from synthlab.edges import sizing
from synthlab.edges.expectations import Expectation
from synthlab.errors import InputError, first


@dataclass(frozen=True, eq=False, repr=False)
class Suite:
    """A named set of edge cases with one expectation.  It tests models and never trains one.

    Parameters
    ----------
    name : str
        What is done to a model here; the same for all doses.
    cases : Dataset
        The inputs, each with the label that it ought to get: synthetic, every row flagged as an
        edge case, and drawn independently of each other (one case per source row).
    expectation : Expectation
        See `minimum_functionality`, `invariance`, `direction`.
    originals : Dataset, optional
        Row by row, what the cases were made from; needed for *invariance* and *direction*.
    dose : float, optional
        How strongly the originals were changed, where that can be chosen.

    Raises
    ------
    InputError
        There is no case; a case is real, not flagged, or stands there twice; a source row made
        two cases; originals are missing, or are not one per case.

    Notes
    -----
    `rate_to_see` is the suite's power: a failure that is rarer may well stay unseen.

    Examples
    --------
    A suite for your own model takes three steps.  A model:

    >>> import pandas as pd
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> mail = ["win money now", "cheap pills now", "lunch at noon", "minutes of the meeting"]
    >>> model = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> model = model.fit(mail, ["spam", "spam", "ham", "ham"])

    Inputs that you generate, and what you expect of the model there.  *These must be ham*:

    >>> from synthlab import Dataset
    >>> from synthlab.edges import Suite, minimum_functionality, run_suite
    >>> def cases_of(texts, label, name):
    ...     flags = {"origin": "synthetic", "is_edge_case": True}
    ...     return Dataset(pd.Series(texts), [label] * len(texts), name=name, **flags)
    >>> wanted = ["minutes of the meeting, now online", "lunch money", "now or at noon"]
    >>> wanted = Suite("wanted", cases_of(wanted, "ham", "wanted mail"), minimum_functionality())
    >>> wanted
    Suite 'wanted': 3 cases, minimum functionality; sees a failure rate of 63.2% or more with \
95% probability

    Run it; what failed can be looked up:

    >>> found = run_suite(model, wanted)
    >>> found
    SuiteResult 'wanted': 1 of 3 cases failed, 33.3% [6.1%, 79.2%], 0 by a crash; it sees a \
failure rate of 63.2% or more with 95% probability
    >>> wanted.cases.X[found.failures].to_list()
    ['lunch money']

    *A disguise must not change the label* needs the originals too:

    >>> from synthlab.edges import invariance
    >>> spam = cases_of(["win money now", "cheap pills now"], "spam", "spam")
    >>> spelled = cases_of(["w1n m0ney n0w", "cheap p1lls n0w"], "spam", "leetspeak")
    >>> run_suite(model, Suite("leetspeak", spelled, invariance(), originals=spam)).n_failed
    1
    """

    name: str
    cases: Dataset
    expectation: Expectation
    originals: Dataset | None = None
    dose: float | None = None

    def __post_init__(self) -> None:
        _require_cases(self.cases, self.name)
        _require_originals(self)
        _refuse_repeats(self)
        _refuse_shared_sources(self.cases, self.name)

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def rate_to_see(self) -> float:
        """The smallest failure rate that shows at least one failure with 95 % probability."""
        return sizing.rate_to_see(len(self))

    @property
    def power(self) -> str:
        """The same, as part of a sentence."""
        return f"sees a failure rate of {self.rate_to_see:.1%} or more with 95% probability"

    @property
    def label(self) -> str:
        """The name with the dose, for tables and pictures."""
        return self.name if self.dose is None else f"{self.name} at {self.dose:g}"

    def __repr__(self) -> str:
        return f"Suite {self.label!r}: {len(self):,} cases, {self.expectation}; {self.power}"


def _require_cases(cases: Dataset, name: str) -> None:
    if not len(cases):
        raise InputError(f"suite {name!r} has no cases: it would pass every model. Add some.")
    strangers = np.flatnonzero(cases.origin != SYNTHETIC)
    if len(strangers):
        raise InputError(
            f"suite {name!r}: {len(strangers)} of {len(cases)} cases are real rows (rows "
            f"{first(strangers)}); expected generated or changed ones. Real rows belong in an eval "
            f"set, where their rate means something. Build the suite from synthetic rows."
        )
    unflagged = np.flatnonzero(~cases.is_edge_case)
    if len(unflagged):
        raise InputError(
            f"suite {name!r}: {len(unflagged)} of {len(cases)} cases are not flagged as edge cases "
            f"(rows {first(unflagged)}). Nothing would keep them out of a training set or a "
            f"score. Make them with Dataset(..., is_edge_case=True)."
        )


def _require_originals(suite: Suite) -> None:
    if suite.originals is None:
        if suite.expectation.needs_originals:
            raise InputError(
                f"suite {suite.name!r} expects {suite.expectation.kind}, but has no originals. "
                f"There is nothing to compare a case with. Hand in originals=, one per case."
            )
        return
    if len(suite.originals) != len(suite.cases):
        raise InputError(
            f"suite {suite.name!r}: {len(suite.originals)} originals for {len(suite.cases)} cases; "
            f"expected one per case. Cases would be compared with rows they were not made from."
        )


def _refuse_repeats(suite: Suite) -> None:
    """Equal cases are one draw, unless they were made from different rows."""
    sides = [suite.cases.X] + ([] if suite.originals is None else [suite.originals.X])
    keys = [pd.util.hash_pandas_object(_as_frame(side), index=False) for side in sides]
    keys = pd.DataFrame(dict(enumerate([*keys, pd.Series(suite.cases.derived_from)])))
    repeats = np.flatnonzero(keys.duplicated())
    if len(repeats):
        raise InputError(
            f"suite {suite.name!r}: {len(repeats)} of {len(suite.cases)} cases repeat others (rows "
            f"{first(repeats)}). A model answers them alike, so they would count as evidence "
            f"that they are not. Drop them."
        )


def _as_frame(X: Features) -> pd.DataFrame:
    return X.to_frame() if isinstance(X, pd.Series) else pd.DataFrame(X)


def _refuse_shared_sources(cases: Dataset, name: str) -> None:
    sources = pd.Series(list(chain(*cases.derived_from)), dtype=object)
    repeated = sources[sources.duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"suite {name!r}: {len(repeated)} source rows made more than one case (first: "
            f"{first(repeated)}). Such cases are no independent draws, and intervals would be too "
            f"short. Make one case per source row, or one suite per variant."
        )
