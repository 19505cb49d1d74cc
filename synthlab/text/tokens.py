"""Texts as numbered words; each text is read once and kept.

A loop reads the same texts several times: its generator learns from them, its classifier counts
their words, its alarm compares them.  Numbers are hashes of words, so they mean the same in every
process, and no list of words has to be shared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from sys import intern
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

_TOKEN = re.compile(r"\w+|[^\w\s]")
#: Texts and words that are kept.
TEXTS_KEPT, WORDS_KEPT = 1 << 14, 1 << 18
_MIX = 0x5851F42D4C957F2D  # odd, so that no bit of an earlier word is lost
#: Columns of `word_counts`.
N_COLUMNS = 1 << 16


class Tokens(NamedTuple):
    """A text as words and marks.

    Attributes
    ----------
    words : tuple of str
        As in the text.
    codes : ndarray of int64, shape (n_tokens,)
        One number per spelling, never 0.
    counted : ndarray of int64, shape (n_counted,)
        One number per word of two letters or more, in any case; marks are left out.
    columns, counts : ndarray of shape (n_columns,)
        The text's row of `word_counts`: its columns that are not 0, in order, and their values.
    """

    words: tuple[str, ...]
    codes: np.ndarray
    counted: np.ndarray
    columns: np.ndarray
    counts: np.ndarray


class Vocabulary(NamedTuple):
    """Words to write texts with.

    Attributes
    ----------
    words : ndarray of str, shape (n_words,)
    codes, counted : ndarray of int64, shape (n_words,)
        As in `Tokens`; ``counted`` is 0 where a word is not counted.
    """

    words: np.ndarray
    codes: np.ndarray
    counted: np.ndarray

    @classmethod
    def of(cls, words: Iterable[str], codes: np.ndarray) -> Vocabulary:
        """Make a vocabulary of words and marks of `tokenize` and their codes."""
        words = [*words]
        return cls(np.array(words, dtype=object), codes, _numbered(_code_if_counted, words))

    def text_of(self, numbers: np.ndarray) -> str:
        """Join words, given by their positions here, with spaces; keep the text as read."""
        words = tuple(self.words[numbers])
        text = " ".join(words)
        if text not in _kept:
            _keep(text, words, self.codes[numbers], self.counted[numbers])
        return text


_kept: dict[str, Tokens] = {}  # the texts read last


def forget() -> None:
    """Forget all texts that were read; nothing but speed depends on it."""
    _kept.clear()


def tokenize(text: str) -> Tokens:
    """Return the words and marks of a text; if it has none, the text itself as one."""
    found = _kept.get(text)
    if found is None:
        words = tuple(map(intern, _TOKEN.findall(text))) or (text.strip(),)
        found = _keep(text, words, _numbered(_code, words), _numbered(_code_if_counted, words))
    return found


def _keep(text: str, words: tuple[str, ...], codes: np.ndarray, counted: np.ndarray) -> Tokens:
    counted = counted[counted != 0]
    every = np.sort((counted >> 1) % N_COLUMNS)
    is_first = np.ones(len(every), dtype=bool)  # np.unique would do, but takes three times as long
    is_first[1:] = every[1:] != every[:-1]
    starts = np.flatnonzero(is_first)
    columns, counts = every[starts], np.append(starts[1:], len(every))[: len(starts)] - starts
    if len(_kept) >= TEXTS_KEPT:
        _kept.pop(next(iter(_kept)), None)
    tokens = Tokens(words, codes, counted, columns.astype(np.int32), counts.astype(float))
    for shared in tokens[1:]:
        shared.flags.writeable = False
    return _kept.setdefault(text, tokens)


def _numbered(code: Callable[[str], int], words: Collection[str]) -> np.ndarray:
    return np.fromiter(map(code, words), np.int64, len(words))


@lru_cache(maxsize=WORDS_KEPT)
def _code(word: str) -> int:
    # A damaged text may hold lone surrogates; each is a word of its own.
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=7).digest()
    return int.from_bytes(digest, "big") | 1


@lru_cache(maxsize=WORDS_KEPT)
def _code_if_counted(word: str) -> int:
    return _code(word.casefold()) if len(word) > 1 else 0


def word_counts(texts: Iterable[str]) -> sparse.csr_matrix:
    """Count words by hashed column.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n_texts, N_COLUMNS), dtype float64

    Notes
    -----
    As scikit-learn's ``HashingVectorizer``, and for the same reason: nothing is fitted, so nothing
    of an evaluation set can leak through it.  A text that was read before costs nothing.
    """
    read = [tokenize(text) for text in texts]
    ends = np.cumsum([0, *(len(text.columns) for text in read)])
    columns = np.concatenate([np.empty(0, dtype=np.int32), *(text.columns for text in read)])
    counts = np.concatenate([np.empty(0), *(text.counts for text in read)])
    return sparse.csr_matrix((counts, columns, ends), shape=(len(read), N_COLUMNS))


def count_distinct(texts: Iterable[str], n: int = 1) -> int:
    """Count the different words, or runs of n words, of some texts; marks are left out.

    Parameters
    ----------
    texts : iterable of str
    n : int, default 1
    """
    runs = [np.empty(0, dtype=np.int64)]
    for text in texts:
        words = tokenize(text).counted
        code = np.zeros(max(0, len(words) - n + 1), dtype=np.int64)
        for later in range(n):
            code = code * _MIX + words[later : later + len(code)]  # overflows, evenly
        runs.append(code)
    return len(pd.unique(np.concatenate(runs)))
