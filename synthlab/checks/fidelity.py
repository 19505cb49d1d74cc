"""How far rows have drifted from real ones, without labels: coverage, spread, tails, words.

A `Lens` is fitted once, to real rows (the *reference*), and then measures any other rows.  Its
measurements of two pools can be compared, because the reference stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from synthlab.dataset import Dataset, Features
from synthlab.errors import require
from synthlab.text import tokens

#: Rows of either side that coverage compares, and the neighbor that sets a row's radius.
N_COMPARED, NEIGHBOR = 500, 5
#: Share of a distribution that counts as its head; the rest is its tail.
HEAD = 0.9
#: Of the cross-validation in `two_sample_auc`.
FOLDS = 5
_ROUNDING = 1e-6  # of distances
Matrix = np.ndarray | sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Lens:
    """A fixed view of rows; made by `lens_of`.

    Attributes
    ----------
    view : callable
        Rows of the reference's kind → matrix of shape (n_rows, n_features).
    some_rows : matrix of shape (n_compared, n_features)
        Reference rows in that view.
    radii : ndarray of shape (n_compared,)
        The distance of each of them to its neighbor, see `NEIGHBOR`.
    total_variance : float
        Of the reference.
    tail_share : callable
        Rows → share of them in the reference's tails.
    is_text : bool
    """

    view: Callable[[Features], Matrix]
    some_rows: Matrix
    radii: np.ndarray
    total_variance: float
    tail_share: Callable[[Features], float]
    is_text: bool


def lens_of(reference: Dataset) -> Lens:
    """Fit a lens to real rows; their labels are ignored.

    Parameters
    ----------
    reference : Dataset
        Texts, a table or an array.

    Returns
    -------
    Lens
        Texts become TF-IDF vectors of length 1, weighted by the reference, with one more column
        for texts without a word.  Columns of tables are standardized by the reference; categories
        become one column per level.

    Raises
    ------
    InputError
        The reference has too few rows to estimate how far apart real rows lie.
    """
    require(
        len(reference) > NEIGHBOR,
        f"{reference.name}: {len(reference)} rows",
        f"more than {NEIGHBOR}",
        "Fewer do not show how far apart real rows lie.",
        "Use a few hundred.",
    )
    view = _text_view(reference.X) if reference.is_text else _table_view(reference.X)
    tail_share = _text_tail(reference.X) if reference.is_text else _table_tail(reference.X)
    rows = view(reference.X)
    some = rows[evenly(rows.shape[0], N_COMPARED)]
    neighbor = min(NEIGHBOR, some.shape[0] - 1)
    radii = np.sort(_distances(some, some), axis=1)[:, neighbor]  # the nearest one is itself
    return Lens(view, some, radii, _spread(rows), tail_share, reference.is_text)


def measure_drift(lens: Lens, rows: Dataset) -> dict[str, float]:
    """Measure how far rows are from a lens's reference.

    Parameters
    ----------
    lens : Lens
    rows : Dataset
        Of the reference's kind.  Only pools of the same size can be compared: counts grow with it.

    Returns
    -------
    dict
        ``coverage``: share of reference rows with one of ``rows`` nearer than their own
        fifth-nearest neighbor (about 1 − 2⁻⁵ for other real rows).  ``variance``: mean squared
        distance to the center, divided by the reference's.  ``tail_mass``: share of words (for
        tables: of values that are not missing, averaged over columns) outside those that make up
        nine tenths of the reference.  For texts, ``vocabulary`` and ``distinct_bigrams``: the
        number of different words, and of different pairs of successive words.

    References
    ----------
    Coverage: Naeem et al. (2020), ICML, arXiv:2002.09797; of their four measures the one that
    detects lost modes and is robust against outliers.
    """
    seen = lens.view(rows.X)
    found = {
        "coverage": _coverage(lens, seen),
        "variance": _ratio(_spread(seen), lens.total_variance),
        "tail_mass": lens.tail_share(rows.X),
    }
    if lens.is_text:
        found["vocabulary"] = float(tokens.count_distinct(rows.X))
        found["distinct_bigrams"] = float(tokens.count_distinct(rows.X, 2))
    return found


def two_sample_auc(lens: Lens, reference: Dataset, rows: Dataset) -> float:
    """Return how well a classifier separates rows from the reference.

    Parameters
    ----------
    lens : Lens
        Of the reference.
    reference, rows : Dataset
        The same number of each is compared, at most 500.

    Returns
    -------
    float
        The cross-validated area under the ROC curve of a logistic regression: about 0.5 where the
        two cannot be separated, 1 where they always can.

    References
    ----------
    The classifier two-sample test: Lopez-Paz & Oquab (2017), arXiv:1610.06545.
    """
    n = min(len(reference), len(rows), N_COMPARED)
    sides = [lens.view(side.take(evenly(len(side), n)).X) for side in (reference, rows)]
    X = _used(sparse.vstack(sides)) if sparse.issparse(sides[0]) else np.concatenate(sides)
    is_new = np.repeat([0, 1], n)
    model = LogisticRegression(max_iter=1_000)
    scores = cross_val_predict(model, X, is_new, cv=FOLDS, method="decision_function")
    return float(roc_auc_score(is_new, scores))


def _used(X: sparse.spmatrix) -> sparse.csr_matrix:
    """Return the columns that any row uses; a thousand texts use few words of a language."""
    X = X.tocsr()
    return X[:, np.unique(X.indices)]


def evenly(n_rows: int, most: int) -> np.ndarray:
    """Return at most ``most`` positions, evenly spaced: a sample without a seed."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, most)).astype(int))


def _coverage(lens: Lens, seen: Matrix) -> float:
    some = seen[evenly(seen.shape[0], lens.some_rows.shape[0])]
    nearest = _distances(lens.some_rows, some).min(axis=1)
    is_reached = nearest <= lens.radii + _ROUNDING  # of rows that are equal, too
    if lens.is_text:
        is_reached &= nearest < 1 - _ROUNDING  # a word in common
    return float(is_reached.mean())


def _distances(some: Matrix, others: Matrix) -> np.ndarray:
    """Return distances of all pairs: Euclidean for tables; for texts 1 − cosine.

    By Euclidean distance a text without a known word, a row of zeros, would be near all others.
    """
    if sparse.issparse(some):
        return 1 - (some @ others.T).toarray()
    return euclidean_distances(some, others)


def _spread(rows: Matrix) -> float:
    """Return the mean squared distance of rows to their center."""
    squares = rows.multiply(rows).sum() if sparse.issparse(rows) else (rows**2).sum()
    center = np.asarray(rows.mean(axis=0)).ravel()
    return max(0.0, float(squares / rows.shape[0] - center @ center))


def _ratio(found: float, of_reference: float) -> float:
    """Return a ratio; of two zeros, 1, since nothing has changed."""
    if of_reference == 0:
        return 1.0 if found == 0 else np.inf
    return found / of_reference


def _text_view(texts: pd.Series) -> Callable[[Features], Matrix]:
    weights = TfidfTransformer(sublinear_tf=True).fit(tokens.word_counts(texts))

    def view(rows: pd.Series) -> sparse.csr_matrix:
        counts = tokens.word_counts(rows)
        is_blank = sparse.csr_matrix(counts.getnnz(axis=1)[:, None] == 0)
        return sparse.hstack([weights.transform(counts), is_blank], format="csr")

    return view


def _text_tail(texts: pd.Series) -> Callable[[Features], float]:
    counts = np.asarray(tokens.word_counts(texts).sum(axis=0)).ravel()
    order = np.argsort(-counts, kind="stable")
    reached = counts[order].cumsum() - counts[order]
    is_head = np.zeros(len(counts), dtype=bool)
    is_head[order[reached < HEAD * counts.sum()]] = True

    def share(rows: Features) -> float:
        found = np.asarray(tokens.word_counts(rows).sum(axis=0)).ravel()
        return float(found[~is_head].sum() / max(1.0, found.sum()))

    return share


def _table_view(X: Features) -> Callable[[Features], Matrix]:
    plain = _plain_columns_of(X)
    frame = plain(X)
    is_number = frame.dtypes.map(pd.api.types.is_float_dtype)
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (numbers, [*frame.columns[is_number]]), (categories, [*frame.columns[~is_number]])
    )
    columns.fit(frame)
    return lambda rows: columns.transform(plain(rows))


def _table_tail(X: Features) -> Callable[[Features], float]:
    plain = _plain_columns_of(X)
    heads = {column: _head_of(values) for column, values in plain(X).items()}

    def share(rows: Features) -> float:
        found = plain(rows)
        tails = [1 - in_head(found[column].dropna()).mean() for column, in_head in heads.items()]
        return float(np.nan_to_num(tails).mean())  # a column without a value has no tail

    return share


def _plain_columns_of(X: Features) -> Callable[[Features], pd.DataFrame]:
    """Return a function that makes tables floats and texts, with the columns of this one."""
    names = X.columns if isinstance(X, pd.DataFrame) else range(X.shape[1])

    def plain(rows: Features) -> pd.DataFrame:
        frame = pd.DataFrame(rows)
        return pd.DataFrame({str(at): _plain(frame[name]) for at, name in enumerate(names)})

    return plain


def _plain(values: pd.Series) -> pd.Series:
    """Return numbers, truth values and dates as floats, others as texts; missing stays missing."""
    if values.dtype.kind in "mM":
        values = values.astype("int64").where(values.notna())
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pd.Series(values.to_numpy(dtype=float, na_value=np.nan))
    return values.astype(str).astype(object).where(values.notna(), None)


def _head_of(values: pd.Series) -> Callable[[pd.Series], pd.Series]:
    """Return a function that says which values belong to a column's head."""
    if pd.api.types.is_float_dtype(values.dtype):
        low, high = values.quantile([(1 - HEAD) / 2, (1 + HEAD) / 2])
        return lambda found: found.between(low, high)
    shares = values.value_counts(normalize=True)
    head = set(shares.index[shares.cumsum() - shares < HEAD])
    return lambda found: found.isin(head)
