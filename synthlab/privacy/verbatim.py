"""The real table, published as it is: the release that every attack should find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import require
from synthlab.generators.base import check_draw, check_fit, lineage_of


@dataclass(frozen=True)
class VerbatimCopy:
    """A generator that hands out the fitted rows, each once: the positive control of attacks.

    Raises
    ------
    InputError
        In `fit`, the rows are none; in `sample`, there are fewer of the label.
    """

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedVerbatimCopy:
        """Keep the rows."""
        check_fit(rows, self, is_text=None)
        return FittedVerbatimCopy(rows)


@dataclass(frozen=True, eq=False)
class FittedVerbatimCopy:
    """What `VerbatimCopy.fit` returns.

    Attributes
    ----------
    rows : Dataset
        Those that were fitted.
    """

    rows: Dataset

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Return n of the rows in random order, none twice; see `base.Sampler`."""
        check_draw(n, self.rows.classes, label)
        of_label = np.arange(len(self.rows))
        if label is not None:
            of_label = np.flatnonzero(self.rows.y == label)
        require(
            n <= len(of_label),
            f"n={n:,}",
            f"at most the {len(of_label):,} rows that there are to copy",
            "A row would be published twice.",
            "Ask for fewer.",
        )
        chosen = self.rows.take(rng.permutation(of_label)[:n])
        name, parents = f"{self.rows.name}, verbatim", lineage_of(chosen)
        return Dataset(chosen.X, chosen.y, SYNTHETIC, name, derived_from=parents)
