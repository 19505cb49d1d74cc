"""SMOTE and two variants, as imbalanced-learn has them: rows between rows of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, BorderlineSMOTE
from imblearn.over_sampling.base import BaseOverSampler

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.errors import InputError, first, is_whole, require
from synthlab.generators.base import check_fit, draw_labels, lineage_of
from synthlab.generators.neighbors import Neighbors, digits_of, positions_between
from synthlab.generators.tables import Coded

_KINDS = ("smote", "borderline", "adasyn")
_DANGER = 10  # neighbors by which Borderline-SMOTE finds rows in danger; imbalanced-learn's own
#: Most numbers that SMOTE-NC may hold in memory at once.
CELLS = 2**25


@dataclass(frozen=True)
class Smote:
    """A generator of tables: rows on the line between a row and a near row of its class.

    Parameters
    ----------
    kind : {"smote", "borderline", "adasyn"}, default "smote"
        Where new rows start.  *smote*: at any row of the class.  *borderline*: at rows of which
        half or more, but not all, of the ten nearest rows lie outside the class.  *adasyn*: more
        often at rows with more of their nearest rows outside the class.
    n_neighbors : int ≥ 1, default 5
        How many near rows of the class a new row may lie towards.
    standardize : bool, default True
        Measure distances in standard deviations of each column of numbers.  Without, as in
        imbalanced-learn, the column of the largest numbers decides which rows are near.

    Raises
    ------
    InputError
        A parameter is out of range; in `fit`, the rows are texts or none, a value is missing or
        infinite, no column holds numbers, or ``kind`` needs numbers only or a second class; in
        `sample`, a class has too few rows, or none to start at.

    Notes
    -----
    With categories among the columns (truth values, texts and dates count as such), ``"smote"``
    is SMOTE-NC: a category is the most frequent one among the near rows.  Distances are Euclidean.
    Integers are rounded, which moves a row off its line; no number leaves the class's range.  Each
    label is compared with all others together.

    *Lineage*: a row is derived from the two rows that it lies between, where these have ids; not
    from the other near rows, whose categories may have decided its own.

    References
    ----------
    N. V. Chawla et al., "SMOTE", JAIR 16 (2002), doi:10.1613/jair.953: also SMOTE-NC.
    H. Han, W.-Y. Wang, B.-H. Mao, "Borderline-SMOTE", ICIC 2005, doi:10.1007/11538059_91: the
    first of its two variants.
    H. He et al., "ADASYN", IJCNN 2008, doi:10.1109/IJCNN.2008.4633969.

    Examples
    --------
    >>> X = np.array([[0.0, 0], [1, 1], [2, 2], [9, 0]])
    >>> rows = Dataset(X, ["yes", "yes", "yes", "no"], "real", "a line")
    >>> fitted = Smote(n_neighbors=1).fit(rows, np.random.default_rng(0))
    >>> made = fitted.sample(100, np.random.default_rng(0), "yes")
    >>> np.allclose(made.X[:, 0], made.X[:, 1]), made.X.max() <= 2
    (True, np.True_)
    """

    kind: str = "smote"
    n_neighbors: int = 5
    standardize: bool = True

    def __post_init__(self) -> None:
        require(
            self.kind in _KINDS,
            f"kind={self.kind!r}",
            f"one of {', '.join(map(repr, _KINDS))}",
            "No other SMOTE is known.",
            f"Leave it at {Smote.kind!r}.",
        )
        require(
            is_whole(self.n_neighbors, 1),
            f"n_neighbors={self.n_neighbors}",
            "a whole number, 1 or more",
            "A new row lies between a row and a neighbor.",
            f"Leave it at {Smote.n_neighbors}.",
        )

    def fit(self, rows: Dataset, rng: np.random.Generator) -> FittedSmote:
        """Keep the rows as numbers.  Nothing is drawn from ``rng``.

        Parameters
        ----------
        rows : Dataset
            A table without missing values, of any origin.
        rng : numpy.random.Generator
        """
        check_fit(rows, self, is_text=False)
        table = Coded.of(rows, self)
        _check_columns(table, self, rows)
        classes, label = np.unique(rows.y, return_inverse=True)
        if self.kind != "smote":
            _check_rest(classes, self, rows)
        lineage = lineage_of(rows) if any(lineage_of(rows)) else None
        return FittedSmote(self, classes, label, table, self._units(table), rows.name, lineage)

    def _units(self, table: Coded) -> np.ndarray:
        """Return in which unit each column is measured; 1 where nothing varies."""
        spread = table.numbers.std(axis=0)
        is_used = table.is_number & (spread > 0) & self.standardize
        return np.where(is_used, spread, 1.0)


@dataclass(frozen=True, eq=False)
class FittedSmote:
    """What `Smote.fit` returns.

    Attributes
    ----------
    generator : Smote
    classes : ndarray of shape (n_classes,)
    label : ndarray of int, shape (n_rows,)
        Each row's place among the classes.
    table : Coded
    units : ndarray of shape (n_columns,)
        In which each column is measured.
    name : str
        Of the rows that were fitted.
    lineage : list of tuple of str, or None
        What a row made from each of them is derived from, if that is known of any.
    """

    generator: Smote
    classes: np.ndarray
    label: np.ndarray
    table: Coded
    units: np.ndarray
    name: str
    lineage: list[tuple[str, ...]] | None

    def sample(self, n: int, rng: np.random.Generator, label: Any = None) -> Dataset:
        """Draw n rows between others; see `base.Sampler`."""
        counts = np.bincount(self.label)
        labels = draw_labels(self.classes, counts / len(self.label), n, rng, label)
        _check_counts(self, counts, label)
        numbers = np.empty((n, len(self.table.levels)))
        parents = np.empty((n, 2), dtype=int)
        for number, one in enumerate(self.classes):
            at = np.flatnonzero(labels == one)
            numbers[at], parents[at] = self._exactly(len(at), number, rng)
        X, name = self.table.features(numbers), f"{self.name}, {self.generator.kind}"
        return Dataset(X, labels, SYNTHETIC, name, derived_from=self._derived_from(parents))

    def _derived_from(self, parents: np.ndarray) -> list[tuple[str, ...]] | None:
        if self.lineage is None:
            return None
        pairs = ((self.lineage[one], self.lineage[other]) for one, other in parents.tolist())
        return [tuple(dict.fromkeys((*one, *other))) for one, other in pairs]

    def _exactly(
        self, n: int, number: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return n rows of a class and the places of the two rows that each lies between.

        A run of imbalanced-learn may yield more or fewer.
        """
        X, is_one = self._against_rest(number)
        own = np.flatnonzero(self.label == number)
        # ADASYN rounds each row's share of the new ones: of few, every share may be rounded to 0.
        least = is_one.sum() if self.generator.kind == "adasyn" else 1
        made, parents = np.empty((0, X.shape[1])), np.empty((0, 2), dtype=int)
        while len(made) < n:
            asked = max(least, min(n - len(made), self._at_once()))
            more, between = self._resampled(X, is_one, asked, rng)
            if not len(more):
                raise _nowhere(self.generator, self.classes[number], self.name)
            if len(more) > n - len(made):
                kept = rng.choice(len(more), n - len(made), replace=False)
                more, between = more[kept], between[kept]
            made, parents = np.concatenate([made, more]), np.concatenate([parents, between])
        # Units may leave a rounding error; what is constant within the class stays so exactly.
        low, high = (bound(self.table.numbers[own], axis=0) for bound in (np.min, np.max))
        # The class's rows come in order among those that are sampled from.
        return np.clip(made * self.units, low, high), own[is_one.cumsum()[parents] - 1]

    def _against_rest(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows as numbers, and which of them are of the class."""
        numbers, is_one = self.table.numbers / self.units, self.label == number
        if self.generator.kind != "smote":
            return numbers, is_one
        # SMOTE and SMOTE-NC use only the class's rows: for neighbors, spread, and categories (a
        # level that none of them has is never the most frequent).  imbalanced-learn asks for a
        # second class; a copy of one row serves as that.
        own = numbers[is_one]
        return np.concatenate([own, own[:1]]), np.arange(len(own) + 1) < len(own)

    def _at_once(self) -> int:
        """How many rows a run may make: SMOTE-NC holds all levels of all their neighbors."""
        if self.table.is_number.all():
            return np.iinfo(int).max
        width = sum(max(1, len(levels)) for levels in self.table.levels)
        return max(1, CELLS // (width * self.generator.n_neighbors))

    def _resampled(
        self, X: np.ndarray, is_one: np.ndarray, n: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return about n new rows, and the positions in X of the two that each lies between."""
        y, wanted = is_one.astype(int), {1: is_one.sum() + n}
        seed = int(rng.integers(2**31))
        is_nominal = not self.table.is_number.all()
        sampler = self._sampler(wanted, seed, is_nominal)
        try:
            made = sampler.fit_resample(X, y)[0][len(X) :]
        except RuntimeError:  # ADASYN: every neighbor is of the class
            return X[:0], np.empty((0, 2), dtype=int)
        if self.lineage is None:
            return made, np.zeros((len(made), 2), dtype=int)
        again = self._sampler(wanted, seed, False, _notes(sampler))
        return made, positions_between(again.fit_resample(digits_of(len(X)), y)[0][len(X) :])

    def _sampler(
        self,
        wanted: dict[int, int],
        seed: int,
        is_nominal: bool,
        notes: dict[str, list[np.ndarray]] | None = None,
    ) -> BaseOverSampler:
        """Return imbalanced-learn's sampler, whose neighbors are noted, or those of the notes."""
        notes, k = notes or {}, self.generator.n_neighbors + 1  # the nearest is the row itself
        options = {"sampling_strategy": wanted, "random_state": seed}
        if self.generator.kind == "adasyn":
            return ADASYN(n_neighbors=Neighbors(k, notes.get("nn_")), **options)
        options["k_neighbors"] = Neighbors(k, notes.get("nn_k_"))
        if self.generator.kind == "borderline":
            in_danger = Neighbors(_DANGER + 1, notes.get("nn_m_"))
            return BorderlineSMOTE(m_neighbors=in_danger, **options)
        if is_nominal:
            return SMOTENC(np.flatnonzero(~self.table.is_number).tolist(), **options)
        return SMOTE(**options)


def _notes(sampler: BaseOverSampler) -> dict[str, list[np.ndarray]]:
    """Return what the neighbors of a sampler answered, by the sampler's attribute."""
    found = {name: getattr(sampler, name, None) for name in ("nn_", "nn_k_", "nn_m_")}
    return {name: one.answers for name, one in found.items() if one is not None}


def _check_columns(table: Coded, generator: Smote, rows: Dataset) -> None:
    names = [repr(column.name) for column in table.levels]
    others = [name for name, number in zip(names, table.is_number, strict=True) if not number]
    require(
        len(others) < len(names),
        f"Smote: none of the {len(names)} columns of {rows.name} holds numbers",
        "one or more",
        "No row lies between two categories.",
        "Choose OverSample, Perturb or GaussianCopula.",
    )
    require(
        not others or generator.kind == "smote",
        f"kind={generator.kind!r}: {len(others)} columns of {rows.name} hold no numbers "
        f"({first(others)})",
        "numbers only",
        "It defines no distance between categories.",
        "Choose kind='smote', which is SMOTE-NC there, or drop them.",
    )


def _check_rest(classes: np.ndarray, generator: Smote, rows: Dataset) -> None:
    kind = f"kind={generator.kind!r}: {rows.name}"
    require(
        len(classes) > 1,
        f"{kind} has one class, {classes.tolist()[0]!r}",
        "two or more",
        "There is no border to start at.",
        "Choose kind='smote', or add rows of another class.",
    )
    require(
        generator.kind != "borderline" or len(rows) > _DANGER,
        f"{kind} has {len(rows)} rows",
        f"more than {_DANGER}",
        "Whether a row is near the border is decided by that many neighbors.",
        "Choose kind='smote', or add rows.",
    )


def _check_counts(fitted: FittedSmote, counts: np.ndarray, label: Any) -> None:
    """Refuse a class too small for its neighbors, though chance might draw none of it."""
    k = fitted.generator.n_neighbors
    for one, count in zip(fitted.classes.tolist(), counts.tolist(), strict=True):
        smaller = f"n_neighbors={count - 1} or less, " if count > 1 else ""
        require(
            count > k or (label is not None and one != label),
            f"label {one!r} has {count} of the rows of {fitted.name}",
            f"{k + 1} or more, a row and its n_neighbors={k}",
            "It has too few neighbors.",
            f"Choose {smaller}OverSample, or another label.",
        )


def _nowhere(generator: Smote, label: Any, name: str) -> InputError:
    where = {
        "borderline": f"half or more, but not all, of its {_DANGER} nearest",
        "adasyn": f"one or more of its {generator.n_neighbors} nearest",
    }
    return InputError(
        f"kind={generator.kind!r}: no row of label {label.item()!r} of {name} has "
        f"{where[generator.kind]} rows in another class: expected some that do. There is nowhere "
        f"to start. Choose kind='smote'."
    )
