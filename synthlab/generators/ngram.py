"""One word n-gram language model per class: texts by a walk over the texts that were read.

All texts of a class are laid end to end as tokens.  A *position* is a place in that row of
tokens, its *context* the n − 1 tokens before it.  To write, stand at a position and go to any
position with the same context, chosen evenly: that draws the next token by its share among the
tokens which followed this context, without ever counting them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import is_whole, require
from synthlab.generators.base import check_fit, draw_labels
from synthlab.text.tokens import Tokens, Vocabulary, tokenize

_END = 0


@dataclass(frozen=True)
class NgramText:
    """A generator of texts: each word is drawn by its share after the same n − 1 words.

    Parameters
    ----------
    n : int ≥ 2, default 2
        Words per gram: 2 looks back one word.
    max_tokens : int ≥ 1, default 1000, keyword only
        Words and punctuation marks per text; a text that has not ended by then is cut off.

    Raises
    ------
    InputError
        A parameter is out of range; in `fit`, the rows are no texts.

    Notes
    -----
    The maximum-likelihood model, unsmoothed (Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x,
    section 3).  It writes no word and no pair of words that it has not read, so a loop that is fed
    its own texts can lose words but never regain one.  Case is kept; white space becomes single
    blanks.

    Examples
    --------
    >>> mail = Dataset(pd.Series(["win a prize", "win a car"]), ["spam"] * 2, "real", "mail")
    >>> fitted = NgramText().fit(mail, np.random.default_rng(0))
    >>> fitted.sample(2, np.random.default_rng(0)).X.tolist()
    ['win a car', 'win a car']
    """

    n: int = 2
    max_tokens: int = field(default=1_000, kw_only=True)

    def __post_init__(self) -> None:
        for name, least in {"n": 2, "max_tokens": 1}.items():
            require(
                is_whole(getattr(self, name), least),
                f"{name}={getattr(self, name)}",
                f"a whole number, {least} or more",
                "No text could be written.",
                f"Leave it at {getattr(NgramText, name)}.",
            )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedNgramText:
        """Read texts, class by class.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            Texts, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=True)
        classes, counts = np.unique(rows.y, return_counts=True)
        walks = {label: _read(rows.X[rows.y == label].tolist(), self.n) for label in classes}
        dtype = object if rows.X.dtype == object else "str"
        return FittedNgramText(self, classes, counts / counts.sum(), walks, dtype)


@dataclass(frozen=True, eq=False)
class FittedNgramText:
    """What `NgramText.fit` returns.

    Attributes
    ----------
    generator : NgramText
    classes, shares : ndarray of shape (n_classes,)
    walks : dict of label to Walk
    dtype : type or str
        Of the texts, as they were handed in.
    """

    generator: NgramText
    classes: np.ndarray
    shares: np.ndarray
    walks: dict[Any, Walk]
    dtype: type | str

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Write n texts; see `base.Sampler`."""
        labels = draw_labels(self.classes, self.shares, n, rng, label)
        texts = np.empty(n, dtype=object)
        for one in self.classes:
            places = np.flatnonzero(labels == one)
            texts[places] = _write(self.walks[one], len(places), self.generator.max_tokens, rng)
        name = f"{self.generator.n}-gram texts"
        return Dataset(pd.Series(texts, dtype=self.dtype), labels, SYNTHETIC, name)


@dataclass(frozen=True, eq=False)
class Walk:
    """The texts of a class as positions to walk over.

    Attributes
    ----------
    tokens : ndarray of int, shape (n_positions,)
        Places in ``vocabulary``, counted from 1; 0 ends a text.
    vocabulary : Vocabulary
    context : ndarray of int, shape (n_positions + 1,)
        Of each position; the last belongs to a text that would follow.
    by_context : ndarray of int, shape (n_positions,)
        Positions, sorted by context.
    starts : ndarray of int, shape (n_contexts + 1,)
        Where each context's positions begin in ``by_context``.
    """

    tokens: np.ndarray
    vocabulary: Vocabulary
    context: np.ndarray
    by_context: np.ndarray
    starts: np.ndarray


def _read(texts: Sequence[str], n: int) -> Walk:
    read = [tokenize(text) for text in texts]
    ends = np.cumsum([len(text.codes) + 1 for text in read]) - 1
    is_word = np.ones(ends[-1] + 1, dtype=bool)
    is_word[ends] = False
    numbers, known = pd.factorize(np.concatenate([text.codes for text in read]))
    tokens = np.full(len(is_word), _END)
    tokens[is_word] = numbers + 1
    context = _contexts(tokens, n)
    positions = np.arange(len(tokens))
    ones, shape = np.ones(len(tokens), dtype=bool), (context.max() + 1, len(tokens))
    # A sparse matrix is filled row by row, which sorts positions by context in linear time.
    sorted_ = sparse.csr_matrix((ones, (context[:-1], positions)), shape=shape)
    vocabulary = Vocabulary.of(_first_words(read, numbers, len(known)), known)
    return Walk(tokens, vocabulary, context, sorted_.indices, sorted_.indptr)


def _first_words(read: Sequence[Tokens], numbers: np.ndarray, n_known: int) -> Iterator[str]:
    """Yield the spelling of each number, from the text that has it first."""
    reached = np.cumsum([len(text.codes) for text in read])
    place = np.searchsorted(np.maximum.accumulate(numbers), np.arange(n_known))
    text = np.searchsorted(reached, place, side="right")
    offset = place - np.concatenate([[0], reached])[text]
    for one, at in zip(text.tolist(), offset.tolist(), strict=True):
        yield read[one].words[at]


def _contexts(tokens: np.ndarray, n: int) -> np.ndarray:
    """Return a number for the n − 1 tokens before each position; equal runs have the same one.

    Before a text's first word stand as many ends as are needed, so that a beginning is never
    taken for a middle.
    """
    base = int(tokens.max()) + 1
    before = np.concatenate([[_END], tokens])  # the token before each position
    context = before
    for back in range(1, n - 1):
        context = pd.factorize(context * base + _shifted(before, back))[0]
    return context


def _shifted(before: np.ndarray, back: int) -> np.ndarray:
    """Return the token ``back`` places earlier; an end where the text had not begun."""
    shifted = np.concatenate([np.full(back, _END), before[: len(before) - back]])
    since_end = np.arange(len(before)) - np.maximum.accumulate(
        np.where(before == _END, np.arange(len(before)), 0)
    )
    shifted[since_end < back] = _END
    return shifted


def _write(walk: Walk, n: int, max_tokens: int, rng: np.random.Generator) -> list[str]:
    """Write n texts side by side, one token each per step."""
    columns, at, writing = [], np.zeros(n, dtype=int), np.arange(n)
    while len(writing) and len(columns) < max_tokens:
        context = walk.context[at[writing]]
        first, last = walk.starts[context], walk.starts[context + 1]
        chosen = walk.by_context[first + (rng.random(len(writing)) * (last - first)).astype(int)]
        at[writing] = chosen + 1
        step = np.full(n, _END)
        step[writing] = walk.tokens[chosen]
        columns.append(step)
        writing = writing[walk.tokens[chosen] != _END]
    rows = np.column_stack(columns) if columns else np.empty((n, 0), dtype=int)
    written = (rows != _END).sum(axis=1)
    return [
        walk.vocabulary.text_of(row[:count] - 1) for row, count in zip(rows, written, strict=True)
    ]
