"""The smallest input that still fails, found by Hypothesis.

Hypothesis is used to *shrink* only.  How often its own draws fail is no failure rate: it looks
for trouble, so its draws are no sample of anything.

References
----------
MacIver & Donaldson (2020), "Test-case reduction via test-case generation: insights from the
Hypothesis reducer", ECOOP, doi:10.4230/LIPIcs.ECOOP.2020.13.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from typing import Any

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.edges.changes import Change, changed_text
from synthlab.edges.running import run_suite
from synthlab.edges.suites import Suite
from synthlab.errors import InputError

#: Which parts of an input are kept, by position.
Chosen = tuple[int, ...]

_WORD = re.compile(r"\s*\S+\s*")
_GROUPS = 16  # at once: more make Hypothesis slow, fewer make it coarse


@dataclass(frozen=True)
class Shrunk:
    """The smallest failing input that was found.

    Attributes
    ----------
    parts : tuple
        What is left of the parts, in order.
    n_before : int
        How many there were.
    n_calls : int
        Inputs that were tried.
    """

    parts: tuple
    n_before: int
    n_calls: int


def shrink_failure(
    parts: Sequence[Any],
    fails: Callable[[Sequence[Any]], bool],
    *,
    at_least: int = 1,
    max_calls: int = 500,
) -> Shrunk:
    """Find few parts of an input that still fail.

    Parameters
    ----------
    parts : sequence
        The parts of a failing input: words of a text, changed cells of a row.
    fails : callable
        (some of the parts, in order) → whether such an input fails.
    at_least : int ≥ 0, default 1
        Parts to keep: a single word that fails may say less than a short sentence.
    max_calls : int, default 500
        Inputs that Hypothesis may try at each of its steps; runs of parts come first.

    Returns
    -------
    Shrunk
        If one part more is left out, it passes, or is shorter than ``at_least``.  The same
        arguments give the same result.

    Raises
    ------
    InputError
        There are too few parts, or the whole input does not fail.

    Examples
    --------
    >>> shrink_failure("buy cheap pills today".split(), lambda words: "pills" in words).parts
    ('pills',)
    """
    parts, tried = tuple(parts), {}

    def still_fails(kept: Chosen) -> bool:
        if len(kept) < at_least:
            return False
        if kept not in tried:
            tried[kept] = bool(fails([parts[i] for i in kept]))
        return tried[kept]

    whole = tuple(range(len(parts)))
    if not parts or not still_fails(whole):
        raise InputError(
            f"the input of {len(parts)} parts (expected {at_least} or more) does not fail, so "
            f"nothing can be shrunk. Hand in one of result.failures, cut into parts."
        )
    kept = _without_spare_parts(_smallest(whole, still_fails, max_calls), still_fails)
    return Shrunk(tuple(parts[i] for i in kept), len(parts), len(tried))


def shrink_text(
    model: Any,
    suite: Suite,
    row: int,
    change: Change | None = None,
    *,
    at_least: int = 1,
    max_calls: int = 500,
    random_state: int = 0,
) -> Shrunk:
    """Find few words of a failing text that still fail.

    Parameters
    ----------
    model : classifier
        As for `run_suite`.
    suite : Suite
        Of texts.
    row : int
        One of the `failures` of its result.
    change : Change, optional
        What made the case of its original; it is made again, at the suite's dose, of fewer
        words.  Needed unless the expectation is minimum functionality.
    at_least : int, default 1
        Words to keep.
    max_calls : int, default 500
        See `shrink_failure`.
    random_state : int, default 0
        The one that the suite was made with.

    Returns
    -------
    Shrunk
        Its parts are words of the original (of the case, without a change).

    Raises
    ------
    InputError
        The case does not fail, or the change that made it is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from synthlab.edges import LEETSPEAK, changed_suite
    >>> mail = pd.Series(["win money now", "cheap pills now", "lunch at noon", "at the meeting"])
    >>> model = make_pipeline(CountVectorizer(), MultinomialNB())
    >>> model = model.fit(mail, ["spam", "spam", "ham", "ham"])
    >>> spam = Dataset(pd.Series(["please buy cheap pills at once"]), ["spam"], "real", "spam")
    >>> suite = changed_suite(LEETSPEAK, spam, 1.0)
    >>> shrink_text(model, suite, 0, LEETSPEAK).parts
    ('pills',)
    """
    if change is None and suite.expectation.needs_originals:
        raise InputError(
            f"suite {suite.name!r} expects {suite.expectation.kind}: fewer words must be changed "
            f"again to be compared. Hand in change=, what made its cases."
        )
    source = suite.cases if change is None else suite.originals
    label = suite.cases.y[row : row + 1]

    def fails(words: Sequence[str]) -> bool:
        text = "".join(words)
        if not text.strip():
            return False  # an empty text says nothing about the words
        made = text if change is None else changed_text(change, row, text, suite.dose, random_state)
        original = None if change is None else _row(text, label)
        one = replace(suite, cases=_row(made, label), originals=original)
        return run_suite(model, one).n_failed > 0

    words = _WORD.findall(source.X.iloc[row])
    found = shrink_failure(words, fails, at_least=at_least, max_calls=max_calls)
    return replace(found, parts=tuple(word.strip() for word in found.parts))


def _row(text: str, label: np.ndarray) -> Dataset:
    return Dataset(pd.Series([text], dtype=object), label, SYNTHETIC, "a case", is_edge_case=True)


def _smallest(whole: Chosen, still_fails: Callable[[Chosen], bool], max_calls: int) -> Chosen:
    """Leave out runs of parts, then shorter ones, down to single parts."""
    kept, size = whole, _ceil(len(whole), _GROUPS)
    while True:
        groups = [kept[start : start + size] for start in range(0, len(kept), size)]
        kept = _fewest(groups, still_fails, max_calls)
        if size == 1:
            return kept
        size = min(size // 2, _ceil(len(kept), _GROUPS))


def _fewest(groups: list[Chosen], still_fails: Callable[[Chosen], bool], max_calls: int) -> Chosen:
    """Return the smallest failing choice of groups that Hypothesis finds; all if it finds none."""
    import hypothesis  # takes a while to import
    from hypothesis import strategies

    def chosen(is_kept: list[bool]) -> Chosen:
        return tuple(chain(*compress(groups, is_kept)))

    keeps = strategies.lists(strategies.booleans(), min_size=len(groups), max_size=len(groups))
    settings = hypothesis.settings(
        derandomize=True,
        database=None,
        max_examples=max_calls,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        found = hypothesis.find(keeps, lambda kept: still_fails(chosen(kept)), settings=settings)
    except hypothesis.errors.NoSuchExample:
        return tuple(chain(*groups))
    return chosen(found)


def _without_spare_parts(kept: Chosen, still_fails: Callable[[Chosen], bool]) -> Chosen:
    """Leave out one part after the other, as long as what is left fails."""
    before = None
    while kept != before:
        before = kept
        for part in before:
            rest = tuple(i for i in kept if i != part)
            kept = rest if still_fails(rest) else kept
    return kept


def _ceil(n: int, by: int) -> int:
    return max(1, -(-n // by))
