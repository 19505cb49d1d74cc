"""Word n-grams as sparse rows: how much of one text stands in another.

*Containment* of text a in text b is the share of a's distinct word 5-grams that occur in b:
1.0 for a copy, also for a short copy inside a long message, where the Jaccard index would
be small (Broder 1997, doi:10.1109/SEQUEN.1997.666900).
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
_BLOCK_CELLS = 4_000_000


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased."""
    return _WORD.findall(text.casefold())


def gram_matrix(
    texts: Iterable[str], n: int = WORDS_PER_GRAM, *, numbers: bool = True
) -> sparse.csr_matrix:
    """Mark which word n-grams occur in which text.

    Parameters
    ----------
    texts : iterable of str
    n : int, default 5
        Words a gram.  A text shorter than that has one gram: itself.
    numbers : bool, default True
        Whether grams without a single letter count.  Lists that number their lines share many
        of these and nothing else.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n_texts, n_grams), dtype float32
        1 where the gram occurs.  Columns are comparable only within one call.
    """
    number_of: dict[str, int] = defaultdict(count(1).__next__)
    rows = [_numbered(text, n, number_of) for text in texts]
    if not rows:
        return sparse.csr_matrix((0, 1), dtype=np.float32)
    length = np.array([len(row) for row in rows])
    tokens = np.concatenate(rows)
    starts = _gram_starts(length, n)
    if not numbers:
        has_letter = np.array([True, *(any(map(str.isalpha, word)) for word in number_of)])
        before = np.concatenate([[0], np.cumsum(has_letter[tokens])])
        starts = starts[before[starts + n] > before[starts]]
    columns, distinct = pd.factorize(_gram_codes(tokens, n)[starts])
    text_of = np.repeat(np.arange(len(length)), length)[starts]
    ones = np.ones(len(starts), dtype=np.float32)
    shape = (len(length), max(1, len(distinct)))
    grams = sparse.csr_matrix((ones, (text_of, columns)), shape=shape)
    grams.data[:] = 1  # building has added up the grams that a text repeats
    return grams


def _numbered(text: str, n: int, number_of: dict[str, int]) -> np.ndarray:
    """Number the words of a text from 1; zeros fill a text up to n words."""
    tokens = [number_of[word] for word in words(text)]
    return np.array(tokens + [0] * (n - len(tokens)), dtype=np.int32)


def _gram_starts(length: np.ndarray, n: int) -> np.ndarray:
    """Positions, in texts laid end to end, from which n words stay within one text."""
    is_start = np.ones(length.sum(), dtype=bool)
    ends = np.cumsum(length)
    for back in range(1, n):
        is_start[ends - back] = False
    return np.flatnonzero(is_start)


def _gram_codes(tokens: np.ndarray, n: int) -> np.ndarray:
    """Give equal runs of n words, and only those, the same number: no hash that could collide."""
    base = int(tokens.max()) + 1
    codes = tokens.astype(np.int64)
    for later in range(1, n):
        codes = pd.factorize(codes[:-1] * base + tokens[later:])[0]
    return codes


def containment_pairs(
    grams: sparse.csr_matrix, least: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Find the pairs of texts of which one stands in the other.

    Parameters
    ----------
    grams : scipy.sparse.csr_matrix of shape (n_texts, n_grams)
        From `gram_matrix`.
    least : float in (0, 1]
        Pairs of a smaller containment are left out.

    Yields
    ------
    first, second : ndarray of int
        Positions, ``first < second``; one triple of arrays a block of rows, so that memory
        stays bounded.
    containment : ndarray of float
        Share of the smaller text's grams that both have.
    """
    size = np.diff(grams.indptr)
    columns = grams.T.tocsr()
    for start in range(0, grams.shape[0], _BLOCK_ROWS):
        shared = (grams[start : start + _BLOCK_ROWS] @ columns).tocoo()
        first, second = shared.row + start, shared.col
        containment = shared.data / np.minimum(size[first], size[second])
        keep = (first < second) & (containment >= least)
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
    shared : ndarray of int
        Grams that both have.
    """

    first: np.ndarray
    second: np.ndarray
    containment: np.ndarray
    jaccard: np.ndarray
    shared: np.ndarray


def strongest_pairs(
    a: sparse.csr_matrix, b: sparse.csr_matrix, least: float, least_shared: int = 1
) -> StrongestPairs:
    """Find, for every text of two collections, the text of the other that is most like it.

    Parameters
    ----------
    a, b : scipy.sparse.csr_matrix of shapes (n_a, n_grams) and (n_b, n_grams)
        Rows of one `gram_matrix`.
    least : float in (0, 1]
        Pairs of a smaller containment are left out.
    least_shared : int, default 1
        So are pairs that share fewer grams, unless neither text has any other.

    Returns
    -------
    StrongestPairs
        At most n_a + n_b pairs, however many there are, so that memory stays bounded.  Of
        pairs of equal containment, that of the greater Jaccard index is the stronger.
    """
    columns = b.T.tocsr()
    size_a, size_b = np.diff(a.indptr), np.diff(b.indptr)
    n_rows = max(1, _BLOCK_CELLS // max(1, b.shape[0]))
    blocks = []
    for start in range(0, max(1, a.shape[0]), n_rows):
        rows = slice(start, start + n_rows)
        pairs = _sharing_pairs((a[rows] @ columns).tocoo(), size_a[rows], size_b)
        keep = (pairs.shared >= least_shared) | (pairs.jaccard == 1)
        pairs = _strongest(pairs, keep & (pairs.containment >= least))
        blocks.append(pairs._replace(first=pairs.first + start))
    pairs = StrongestPairs(*map(np.concatenate, zip(*blocks, strict=True)))
    return _strongest(pairs, np.full(len(pairs.first), True))


def _sharing_pairs(
    shared: sparse.coo_matrix, size_a: np.ndarray, size_b: np.ndarray
) -> StrongestPairs:
    """Return all pairs that share a gram, in no order."""
    sizes = size_a[shared.row], size_b[shared.col]
    n_shared = shared.data.astype(int)
    containment = n_shared / np.minimum(*sizes)
    jaccard = n_shared / (sizes[0] + sizes[1] - n_shared)
    return StrongestPairs(shared.row, shared.col, containment, jaccard, n_shared)


def _strongest(pairs: StrongestPairs, keep: np.ndarray) -> StrongestPairs:
    """Of the pairs to keep, return those that are the strongest of either text, in order."""
    pairs = StrongestPairs(*(part[keep] for part in pairs))
    order = np.lexsort((pairs.second, pairs.first, -pairs.jaccard, -pairs.containment))
    pairs = StrongestPairs(*(part[order] for part in pairs))
    is_best = np.zeros(len(order), dtype=bool)
    for texts in (pairs.first, pairs.second):
        is_best[np.unique(texts, return_index=True)[1]] = True
    return StrongestPairs(*(part[is_best] for part in pairs))


def duplicate_clusters(texts: pd.Series, least: float = 0.5) -> np.ndarray:
    """Group texts that are copies, near-copies or quotations of each other.

    Two texts belong together when at least ``least`` of the smaller one's 5-grams stand in
    the other; so do all that a chain of such pairs connects.

    Returns
    -------
    ndarray of int, shape (n_texts,)
        Cluster number of each text, from 0.
    """
    pairs = list(containment_pairs(gram_matrix(texts), least))
    first = np.concatenate([p[0] for p in pairs])
    second = np.concatenate([p[1] for p in pairs])
    shape = (len(texts), len(texts))
    links = sparse.coo_matrix((np.ones(len(first)), (first, second)), shape=shape)
    return connected_components(links, directed=False)[1]
