"""Small data whose truth is known, for tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset


def two_classes(n, origin="real", seed=0, signal=1.0, share=0.5, columns=6, name=None):
    """Two Gaussian classes, a little apart in every column; ``share`` of them positive."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) < round(share * n)).astype(int)
    X = rng.normal(size=(n, columns)) + signal * np.outer(y, np.full(columns, 0.5))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(columns)])
    return Dataset(frame, np.where(y, "yes", "no"), origin, name or f"{origin} {seed}")


@dataclass
class Copier:
    """A generator that repeats its training rows, with a little noise."""

    noise: float = 0.5
    short: int = 0

    def fit(self, real_train, rng):
        self.rows = real_train
        return self

    def sample(self, n, rng, label=None):
        of_label = (
            np.arange(len(self.rows)) if label is None else np.flatnonzero(self.rows.y == label)
        )
        rows = rng.choice(of_label, size=n - self.short)
        X = self.rows.X.iloc[rows] + self.noise * rng.normal(size=(len(rows), self.rows.X.shape[1]))
        return Dataset(X, self.rows.y[rows], "synthetic", "copies")


def tied_rows(rng, n_positive, n_negative, signal=1.0):
    """Which rows are positive, and scores of one digit, so that ties abound."""
    truth = np.repeat([True, False], [n_positive, n_negative])
    return truth, np.round(rng.normal(size=len(truth)) + signal * truth, 1)


def zipf_texts(n, origin="real", seed=0, words=400, length=20, name=None):
    """Texts of two classes; the r-th word comes 1/r as often, and every third is a class's own."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, words + 1)
    ranks = rng.choice(words, size=(n, length), p=shares / shares.sum())
    y = rng.permutation(np.arange(n) % 2)
    prefixes = np.where(ranks % 3 == 0, np.where(y, "s", "h")[:, None], "w")
    texts = [
        " ".join(f"{prefix}{rank}" for prefix, rank in zip(*row, strict=True))
        for row in zip(prefixes, ranks, strict=True)
    ]
    return Dataset(pd.Series(texts), np.where(y, "spam", "ham"), origin, name or f"{origin} {seed}")


#: Every kind of column that a table may have.
MIXED = {
    "amount": "float64",
    "small": "float32",
    "age": "int64",
    "visits": "Int64",
    "ratio": "Float64",
    "owner": "bool",
    "known": "boolean",
    "town": "str",
    "code": "object",
    "color": pd.CategoricalDtype(["red", "blue", "gray"]),
    "size": pd.CategoricalDtype(["s", "m", "l", "xl"], ordered=True),
    "day": "datetime64[us]",
}


def mixed_table(n, seed=0, gaps=0.2):
    """A table of every kind of column, a share of several columns missing, rows independent."""
    rng = np.random.default_rng(seed)
    gap = rng.random(n) < gaps
    columns = {
        "amount": np.where(gap, np.nan, rng.lognormal(size=n)),
        "small": rng.normal(size=n),
        "age": rng.integers(18, 90, n),
        "visits": pd.array(np.where(gap, pd.NA, rng.poisson(3, n)), "Int64"),
        "ratio": pd.array(np.where(gap, pd.NA, rng.random(n)), "Float64"),
        "owner": rng.random(n) < 0.3,
        "known": pd.array(np.where(gap, pd.NA, rng.random(n) < 0.3), "boolean"),
        "town": pd.Series(rng.choice(["Ulm", "Bonn", "Kiel"], n)).mask(gap),
        "code": pd.Series([["a", 1, 2.5][i] for i in rng.integers(0, 3, n)], dtype=object),
        "color": rng.choice(["red", "blue"], n),
        "size": rng.choice(["s", "m", "l"], n),
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D"),
    }
    return pd.DataFrame(columns).astype(MIXED)


def mixed_rows(n, shares, seed=0, gaps=0.2, **options):
    """A mixed table with labels drawn by their shares."""
    rng = np.random.default_rng([seed, 1])
    y = rng.choice(list(shares), n, p=list(shares.values()))
    return Dataset(mixed_table(n, seed, gaps), y, "real", "mixed", **options)
