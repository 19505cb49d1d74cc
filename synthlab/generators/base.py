"""What every generator of the package has in common: fit on rows, then sample others.

`draw` does both and checks what comes back; whoever needs synthetic rows asks it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Protocol

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset, joined_features
from synthlab.errors import InputError, first, is_whole, require


class Sampler(Protocol):
    """A fitted generator."""

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Return n rows of origin synthetic, all of one label if it is given.

        Without a label, labels are drawn in the shares that they have among the fitted rows.
        """
        ...


class Generator(Protocol):
    """The parameters of a generator; fitting does not change them."""

    def fit(self, rows: Dataset, rng: np.random.Generator) -> Sampler:
        """Learn from rows of any origin; return what can sample."""
        ...


def draw(
    generator: Generator, rows: Dataset, n: int, rng: np.random.Generator, label: Any = None
) -> Dataset:
    """Fit a copy of a generator, sample from it, and check what it returned.

    Parameters
    ----------
    generator : Generator
        Stays as it is.
    rows : Dataset
        What it learns from.
    n : int ≥ 1
        How many rows to draw.
    rng : numpy.random.Generator
        For fitting and sampling.
    label : optional
        Of all drawn rows; one of the labels of ``rows``.

    Returns
    -------
    Dataset
        n synthetic rows of the columns of ``rows``, with labels that these have.

    Raises
    ------
    InputError
        ``n`` or ``label`` is unusable, the generator refuses the rows, or what it returned is no
        such data set; the message names the generator and the step.

    Examples
    --------
    >>> from synthlab.generators import OverSample
    >>> rows = Dataset(np.array([[1.0], [2.0]]), ["no", "yes"], "real", "two")
    >>> draw(OverSample(), rows, 3, np.random.default_rng(0), "yes").X.ravel().tolist()
    [2.0, 2.0, 2.0]
    """
    name = type(generator).__name__
    check_fit(rows, generator, is_text=None)
    check_draw(n, rows.classes, label)
    fitted = deepcopy(generator).fit(rows, rng)
    require(
        hasattr(fitted, "sample"),
        f"{name}.fit returned {type(fitted).__name__}",
        "an object with sample(n, rng, label)",
        "No row can be drawn from it.",
        "Return the fitted generator.",
    )
    drawn = fitted.sample(n, rng) if label is None else fitted.sample(n, rng, label)
    _check_drawn(drawn, f"{name}.sample", rows, n, label)
    return drawn


def _check_drawn(drawn: Dataset, step: str, rows: Dataset, n: int, label: Any) -> None:
    """Raise `InputError` unless a generator returned the rows that it was asked for."""
    require(
        isinstance(drawn, Dataset),
        f"{step} returned {type(drawn).__name__}",
        "a Dataset",
        "Rows without origin and labels can be neither trained on nor checked.",
        "Mend the generator.",
    )
    require(
        len(drawn) == n,
        f"{step} returned {len(drawn)} rows where {n} were asked for",
        "as many as asked for",
        "Scores of another number of rows would answer another question.",
        "Mend the generator.",
    )
    _check_facts(drawn, step, rows)
    _check_labels(drawn, step, rows, label)
    try:
        joined_features(rows.take([0]), drawn.take([0]))
    except InputError as error:
        raise InputError(f"{step} returned other columns than it was fitted on: {error}") from error


def _check_facts(drawn: Dataset, step: str, rows: Dataset) -> None:
    real = np.flatnonzero(drawn.origin != SYNTHETIC)
    require(
        not len(real),
        f"{step}: {len(real)} of {len(drawn)} rows are not synthetic (rows {first(real)})",
        "all of them synthetic",
        "They would be taken for real data.",
        "Return rows of origin 'synthetic'.",
    )
    edges = np.flatnonzero(drawn.is_edge_case)
    require(
        not len(edges) or bool(rows.is_edge_case.any()),
        f"{step}: {len(edges)} rows are edge cases (rows {first(edges)})",
        "none, as none of the fitted rows is one",
        "Edge cases may neither train nor be scored.",
        "Mend the generator.",
    )


def _check_labels(drawn: Dataset, step: str, rows: Dataset, label: Any) -> None:
    known = set(rows.classes.tolist()) if label is None else {label}
    wrong = sorted(set(drawn.classes.tolist()) - known, key=repr)
    expected = f"{label!r} alone" if label is not None else "labels of the fitted rows"
    require(
        not wrong,
        f"{step} returned rows of label {first(map(repr, wrong))}",
        expected,
        "A model would learn something else from them than was asked.",
        "Mend the generator.",
    )


def lineage_of(rows: Dataset) -> list[tuple[str, ...]]:
    """Return what a row made from each of the rows is derived from.

    Returns
    -------
    list of tuple of str, one per row
        The row's own id; where the row was derived from others itself, their ids; without either,
        nothing.
    """
    ids = [None] * len(rows) if rows.ids is None else rows.ids
    own = [() if id is None else (id,) for id in ids]
    return [given or id for given, id in zip(rows.derived_from, own, strict=True)]


def check_fit(rows: Dataset, generator: Generator, *, is_text: bool | None) -> None:
    """Raise `InputError` unless there are rows, of a kind that the generator can learn.

    With ``is_text=None`` it can learn texts and tables.
    """
    name, kinds = type(generator).__name__, {True: "texts", False: "a table"}
    require(
        len(rows) > 0,
        f"{name}: {rows.name} has no rows",
        "one or more",
        "Nothing can be learned.",
        "Pass some.",
    )
    require(
        is_text in (None, rows.is_text),
        f"{name}: {rows.name} holds {kinds[rows.is_text]}",
        kinds.get(is_text, ""),
        "The generator cannot learn them.",
        f"Choose a generator for {kinds[rows.is_text]}.",
    )


def draw_labels(
    classes: np.ndarray, shares: np.ndarray, n: int, rng: np.random.Generator, label: Any = None
) -> np.ndarray:
    """Return n labels, drawn by their shares, or all the one that is asked for.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    shares : ndarray of shape (n_classes,)
        Summing to 1.
    n : int ≥ 1
    rng : numpy.random.Generator
    label : optional
        One of the classes.

    Raises
    ------
    InputError
        ``n`` is no whole number from 1, or ``label`` is none of the classes.
    """
    check_draw(n, classes, label)
    if label is None:
        return rng.choice(classes, size=n, p=shares)
    return np.repeat(classes[classes == label], n)


def check_draw(n: int, classes: np.ndarray, label: Any = None) -> None:
    """Raise `InputError` unless rows are asked for, of a label that is one of the classes."""
    require(
        is_whole(n, 1),
        f"n={n}",
        "a whole number of rows, at least 1",
        "Nothing would be drawn.",
        "Ask for more.",
    )
    require(
        label is None or label in classes.tolist(),
        f"label={label!r}",
        f"a label of the fitted rows ({', '.join(map(repr, classes.tolist()))})",
        "The generator has learned nothing about any other.",
        "Name one of these.",
    )
