"""Word n-grams as sparse rows: how much of one text stands in another.

*Containment* of text a in text b is the share of a's distinct word 5-grams that occur in b:
1.0 for a copy, also for a short copy inside a long message, where the Jaccard index would
be small (Broder 1997, doi:10.1109/SEQUEN.1997.666900).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

WORDS_PER_GRAM = 5
_WORD = re.compile(r"\w+")
_BLOCK_ROWS = 512


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased."""
    return _WORD.findall(text.casefold())


def gram_matrix(texts: Iterable[str], n: int = WORDS_PER_GRAM) -> sparse.csr_matrix:
    """Mark which word n-grams occur in which text.

    Parameters
    ----------
    texts : iterable of str
    n : int, default 5
        Words a gram.  A text shorter than that has one gram: itself.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n_texts, n_grams), dtype float32
        1 where the gram occurs.  Columns are comparable only within one call.
    """
    column_of: dict[int, int] = {}
    indptr, indices = [0], []
    for text in texts:
        tokens = words(text)
        grams = {hash(tuple(tokens[i : i + n])) for i in range(max(1, len(tokens) - n + 1))}
        indices.extend(column_of.setdefault(gram, len(column_of)) for gram in sorted(grams))
        indptr.append(len(indices))
    shape = (len(indptr) - 1, max(1, len(column_of)))
    data = np.ones(len(indices), dtype=np.float32)
    return sparse.csr_matrix((data, indices, indptr), shape=shape)


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
