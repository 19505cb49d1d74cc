"""Word counts for hundreds of fits on the same texts: each text is counted once.

Hashed counts need no fitting, so that nothing of an evaluation row can leak through them; weights
of words are fitted anew with every model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from synthlab.errors import require

N_COLUMNS = 1 << 16


class CountedTexts:
    """Word counts of texts, by text; copies of a model share them.

    Parameters
    ----------
    texts : iterable of str
    """

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = list(dict.fromkeys(texts))
        hashing = HashingVectorizer(n_features=N_COLUMNS, alternate_sign=False, norm=None)
        self._rows = {text: row for row, text in enumerate(distinct)}
        self._counts = hashing.transform(distinct).astype(np.float64)

    def __deepcopy__(self, memo: dict) -> CountedTexts:
        """Return these counts themselves: scikit-learn copies what a model was made with."""
        return self

    def counts_of(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Return the counts of known texts, one row per text.

        Raises
        ------
        InputError
            A text was not among those that were counted.
        """
        rows = [self._rows.get(text, -1) for text in texts]
        n_unknown = rows.count(-1)
        require(
            n_unknown == 0,
            f"{n_unknown:,} of {len(rows):,} texts",
            "texts that were counted before",
            "They have no features.",
            "Pass all texts to CountedTexts first.",
        )
        return self._counts[rows]


class KnownCounts(TransformerMixin, BaseEstimator):
    """Texts → their rows of `CountedTexts`; nothing is learned.

    Parameters
    ----------
    counted : CountedTexts
    """

    def __init__(self, counted: CountedTexts) -> None:
        self.counted = counted

    def fit(self, X: Iterable[str], y: Any = None) -> KnownCounts:
        """Do nothing."""
        return self

    def transform(self, X: Iterable[str]) -> sparse.csr_matrix:
        """Return the counts of texts."""
        return self.counted.counts_of(X)


class CommonWords(TransformerMixin, BaseEstimator):
    """Counts → the columns of words that several training texts have.

    Parameters
    ----------
    min_texts : int ≥ 1, default 2
        As ``min_df`` of scikit-learn's vectorizers.  With 1, only columns that are 0 in all
        training texts are left out: a penalized regression gives them no weight in any case, but
        would take longer.
    """

    def __init__(self, min_texts: int = 2) -> None:
        self.min_texts = min_texts

    def fit(self, X: sparse.csr_matrix, y: Any = None) -> CommonWords:
        """Find the columns to keep; where there is none, the first."""
        found = np.flatnonzero(X.getnnz(axis=0) >= self.min_texts)
        self.columns_ = found if len(found) else np.array([0])
        return self

    def transform(self, X: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return these columns."""
        return X[:, self.columns_]


def counted_model(counted: CountedTexts, **settings: Any) -> Pipeline:
    """Return the course's text model over known counts, unfitted.

    TF-IDF of words that two training texts or more have, and logistic regression (C = 100):
    `models.default_model`, but that words are hashed to column numbers.

    Parameters
    ----------
    counted : CountedTexts
        Holds every text that the model will meet.
    **settings
        Of the logistic regression, such as ``class_weight="balanced"``.
    """
    linear = LogisticRegression(C=100, max_iter=2_000).set_params(**settings)
    return make_pipeline(
        KnownCounts(counted), CommonWords(), TfidfTransformer(sublinear_tf=True), linear
    )
