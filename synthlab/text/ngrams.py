"""Word n-grams as sparse rows: how much of one text another one contains.

*Containment* of text a in text b is the share of a's distinct word 5-grams that occur in b.  It is
1 for a copy, also for a short copy inside a long message, where the Jaccard index would be small
(Broder 1997, doi:10.1109/SEQUEN.1997.666900).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

WORDS_PER_GRAM = 5
_WORD = re.compile(r"\w+")
_BLOCK_ROWS = 512
#: Most pairs of texts that are compared at once.
BLOCK_CELLS = 4_000_000


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.casefold())


class Grams(NamedTuple):
    """The grams of some texts.

    Attributes
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n_texts, n_grams), dtype float32
        1 where the gram occurs.
    has_letter : ndarray of bool, shape (n_grams,)
        False for runs of numbers, which numbered lists share by chance.
    """

    matrix: sparse.csr_matrix
    has_letter: np.ndarray


def gram_matrix(texts: Iterable[str], n: int = WORDS_PER_GRAM) -> sparse.csr_matrix:
    """Mark which word n-grams occur in which text.

    Parameters
    ----------
    texts : iterable of str
    n : int, default 5
        Words per gram.  A shorter text has one gram: itself.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n_texts, n_grams), dtype float32
        1 where the gram occurs.  Columns have the same meaning only within one call.
    """
    (grams,) = index_grams(texts, n=n)
    return grams.matrix


def index_grams(*collections: Iterable[str], n: int = WORDS_PER_GRAM) -> list[Grams]:
    """Return the grams of several collections of texts, with the same columns for all."""
    number_of: dict[str, int] = defaultdict(count(1).__next__)
    rows = [[_numbered(text, n, number_of) for text in texts] for texts in collections]
    length = np.array([len(row) for part in rows for row in part], dtype=int)
    if not len(length):
        return [Grams(sparse.csr_matrix((0, 1), dtype=np.float32), np.array([True])) for _ in rows]
    tokens = np.concatenate([row for part in rows for row in part])
    starts = _gram_starts(length, n)
    columns, codes = pd.factorize(_gram_codes(tokens, n)[starts])
    text_of = np.repeat(np.arange(len(length)), length)[starts]
    ones = np.ones(len(starts), dtype=np.float32)
    matrix = sparse.csr_matrix((ones, (text_of, columns)), shape=(len(length), len(codes)))
    matrix.data[:] = 1  # building adds up the grams that a text repeats
    lettered = np.array([True, *(any(map(str.isalpha, word)) for word in number_of)])
    before = np.concatenate([[0], np.cumsum(lettered[tokens])])
    has_letter = np.zeros(len(codes), dtype=bool)
    has_letter[columns] = before[starts + n] > before[starts]
    ends = np.cumsum([len(part) for part in rows])
    parts = zip(ends, rows, strict=True)
    return [Grams(matrix[end - len(part) : end], has_letter) for end, part in parts]


def _numbered(text: str, n: int, number_of: dict[str, int]) -> np.ndarray:
    """Return a number from 1 for each word; zeros fill a short text up to n words."""
    tokens = [number_of[word] for word in words(text)]
    return np.array(tokens + [0] * (n - len(tokens)), dtype=np.int32)


def _gram_starts(length: np.ndarray, n: int) -> np.ndarray:
    """Return positions, in texts laid end to end, from which n words stay within one text."""
    is_start = np.ones(length.sum(), dtype=bool)
    ends = np.cumsum(length)
    for back in range(1, n):
        is_start[ends - back] = False
    return np.flatnonzero(is_start)


def _gram_codes(tokens: np.ndarray, n: int) -> np.ndarray:
    """Give equal runs of n words, and only those, the same number; no hash that could collide."""
    base = int(tokens.max()) + 1
    codes = tokens.astype(np.int64)
    for later in range(1, n):
        codes = pd.factorize(codes[:-1] * base + tokens[later:])[0]
    return codes


def containment_pairs(
    grams: sparse.csr_matrix, min_containment: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Find the pairs of texts of which one contains much of the other.

    Parameters
    ----------
    grams : scipy.sparse.csr_matrix of shape (n_texts, n_grams)
        From `gram_matrix`.
    min_containment : float in (0, 1]
        Pairs of a smaller containment are left out.

    Yields
    ------
    first, second : ndarray of int
        Positions, ``first < second``; one triple of arrays per block of rows, so that memory stays
        bounded.
    containment : ndarray of float
        Share of the smaller text's grams that both have.
    """
    size = np.diff(grams.indptr)
    columns = grams.T.tocsr()
    for start in range(0, grams.shape[0], _BLOCK_ROWS):
        shared = (grams[start : start + _BLOCK_ROWS] @ columns).tocoo()
        first, second = shared.row + start, shared.col
        containment = shared.data / np.minimum(size[first], size[second])
        keep = (first < second) & (containment >= min_containment)
        yield first[keep], second[keep], containment[keep]


class StrongestPairs(NamedTuple):
    """Pairs of texts of two collections, strongest first; arrays of shape (n_pairs,).

    Attributes
    ----------
    first, second : ndarray of int
        Positions in the first and in the second collection.
    containment : ndarray of float
        Share of the smaller text's grams that both have.
    jaccard : ndarray of float
        Share of the grams of either that both have; 1 where neither has any other.
    shared, lettered : ndarray of int
        Grams that both have, and how many of them have a letter.
    """

    first: np.ndarray
    second: np.ndarray
    containment: np.ndarray
    jaccard: np.ndarray
    shared: np.ndarray
    lettered: np.ndarray


def strongest_pairs(
    a: Grams, b: Grams, min_containment: float, min_shared: int = 1
) -> StrongestPairs:
    """Find for every text of two collections the most similar text of the other.

    Parameters
    ----------
    a, b : Grams
        Rows of one `index_grams`: matrices of shapes (n_a, n_grams) and (n_b, n_grams).
    min_containment : float in (0, 1]
        Pairs of a smaller containment are left out.
    min_shared : int, default 1
        Pairs that share fewer grams with a letter are left out, too, unless neither text has any
        other.

    Returns
    -------
    StrongestPairs
        At most n_a + n_b pairs, so that memory stays bounded.  Of pairs of equal containment, the
        one with the greater Jaccard index is the stronger.
    """
    # One product counts both: all shared grams in its real part, lettered ones in the other.
    weights = sparse.diags_array(1 + 1j * a.has_letter, dtype=np.complex64)
    columns = (weights @ b.matrix.T).tocsr()
    size_a, size_b = np.diff(a.matrix.indptr), np.diff(b.matrix.indptr)
    n_rows = max(1, BLOCK_CELLS // max(1, len(size_b)))
    blocks = []
    for start in range(0, max(1, len(size_a)), n_rows):
        rows = slice(start, start + n_rows)
        pairs = _sharing_pairs((a.matrix[rows] @ columns).tocoo(), size_a[rows], size_b)
        keep = (pairs.lettered >= min_shared) | (pairs.jaccard == 1)
        pairs = _strongest(pairs, keep & (pairs.containment >= min_containment))
        blocks.append(pairs._replace(first=pairs.first + start))
    pairs = StrongestPairs(*map(np.concatenate, zip(*blocks, strict=True)))
    return _strongest(pairs, np.full(len(pairs.first), True))


def _sharing_pairs(
    shared: sparse.coo_array, size_a: np.ndarray, size_b: np.ndarray
) -> StrongestPairs:
    """Return all pairs that share a gram, in no order."""
    sizes = size_a[shared.row], size_b[shared.col]
    n_shared, lettered = shared.data.real.astype(int), shared.data.imag.astype(int)
    containment = n_shared / np.minimum(*sizes)
    jaccard = n_shared / (sizes[0] + sizes[1] - n_shared)
    return StrongestPairs(shared.row, shared.col, containment, jaccard, n_shared, lettered)


def _strongest(pairs: StrongestPairs, keep: np.ndarray) -> StrongestPairs:
    """Return those pairs to keep that are the strongest of either text, in order."""
    pairs = StrongestPairs(*(part[keep] for part in pairs))
    order = np.lexsort((pairs.second, pairs.first, -pairs.jaccard, -pairs.containment))
    pairs = StrongestPairs(*(part[order] for part in pairs))
    is_best = np.zeros(len(order), dtype=bool)
    for texts in (pairs.first, pairs.second):
        is_best[np.unique(texts, return_index=True)[1]] = True
    return StrongestPairs(*(part[is_best] for part in pairs))


def count_twins(grams: sparse.csr_matrix, below: int) -> int:
    """Count the texts of fewer than ``below`` grams that share all of them with another."""
    few = grams[np.diff(grams.indptr) < below]
    rows = [tuple(row) for row in np.split(few.indices, few.indptr[1:-1]) if len(row)]
    return int(pd.Series(rows, dtype=object).duplicated(keep=False).sum())


def duplicate_clusters(texts: pd.Series, min_containment: float = 0.5) -> np.ndarray:
    """Group texts that are copies, near-copies or quotations of each other.

    Two texts belong together if the other contains at least the share ``min_containment`` of the
    smaller one's 5-grams; so do all texts that a chain of such pairs connects.

    Returns
    -------
    ndarray of int, shape (n_texts,)
        Cluster number of each text, from 0.
    """
    if not len(texts):
        return np.array([], dtype=np.int32)
    pairs = list(containment_pairs(gram_matrix(texts), min_containment))
    first = np.concatenate([p[0] for p in pairs])
    second = np.concatenate([p[1] for p in pairs])
    shape = (len(texts), len(texts))
    links = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape=shape)
    return connected_components(links, directed=False)[1]
