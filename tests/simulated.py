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
        rows = rng.integers(len(self.rows), size=n - self.short)
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
