"""Attacks on synthetic tables, each with a control group.

An attack makes a guess about people: *a synthetic row is a copy of yours*, *you were in the
training rows*, *your secret is this*.  It is tried on targets, whom the generator was fitted on,
and on controls, whom it never saw (`people`).  Its *advantage* is its success on targets less that
on controls.  Beside it stands a *guessing baseline*: the success on targets of somebody who did
not look at how the synthetic rows combine their values.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
d(x)       distance of a person's row x to the closest synthetic row (`nearness`)
p(x)       density of synthetic rows at x; q(x): that of real rows, from a reference sample
=========  ==================================================================================

A small advantage is no proof of privacy: it says that *these* attacks gained little.

References
----------
M. Giomi et al., "A unified framework for quantifying privacy risk in synthetic data", PoPETs
2023(2), doi:10.56553/popets-2023-0055: attack, control and baseline.
S. Yeom et al., "Privacy risk in machine learning", CSF 2018, arXiv:1709.01604: the advantage.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.generators.tables import as_features, columns_of, is_numeric
from synthlab.privacy.nearness import Points, bare, nearest, points_of, soft_count
from synthlab.privacy.outcomes import AttackResult, Tried, judged
from synthlab.privacy.people import Group, People


def find_copies(
    synthetic: Dataset,
    people: People,
    *,
    radius: float = 0.0,
    confidence: float = 0.95,
    random_state: int = 0,
) -> AttackResult:
    """Claim of each person that a synthetic row copies theirs: d(x) ≤ radius.

    Parameters
    ----------
    synthetic : Dataset
        A table of the people's columns.
    people : People
    radius : float ≥ 0, default 0
        0 finds exact copies.  1 finds near ones too: one category differs, or a number by a
        standard deviation.
    confidence : float in (0, 1), default 0.95
    random_state : int ≥ 0, default 0
        Of the baseline: the synthetic rows with every column shuffled, which keeps each value's
        share and breaks all rows.

    Raises
    ------
    InputError
        A parameter is out of range, or the tables' columns differ.
    """
    _check(synthetic, confidence, radius=radius)
    shuffled = _shuffled(synthetic, np.random.default_rng(random_state))

    def attack(group: Group) -> Tried:
        def is_near(rows: Dataset, made: Dataset) -> np.ndarray:
            others, points = points_of(made, rows)
            return nearest(points, others.distinct()[0])[0] <= radius

        guess = is_near(group.targets, shuffled).mean()
        return Tried(is_near(group.targets, synthetic), is_near(group.controls, synthetic), guess)

    return judged("near copies" if radius else "exact copies", people, attack, confidence)


def infer_membership_by_distance(
    synthetic: Dataset, people: People, *, confidence: float = 0.95, random_state: int = 0
) -> AttackResult:
    """Take for a target whoever is near a synthetic row: a small d(x).

    Parameters
    ----------
    synthetic : Dataset
    people : People
    confidence : float in (0, 1), default 0.95
    random_state : int ≥ 0, default 0
        Halves the people; see Notes.

    Raises
    ------
    InputError
        ``confidence`` is out of range, or the tables' columns differ.

    Notes
    -----
    From which distance on a person is called a target is chosen where it gains most on one half
    of the people, and judged on the other half, both ways.  Guessing calls as many at random.

    A person in a dense spot has a near synthetic row in any case, member or not.  That is why a
    distance says little, and an area of 0.50 proves nothing.

    References
    ----------
    Z. Yao et al., "The DCR delusion: measuring the privacy risk of synthetic data",
    arXiv:2505.01524.
    """
    _check(synthetic, confidence)

    def scores(group: Group) -> tuple[np.ndarray, np.ndarray]:
        made, targets, controls = points_of(synthetic, group.targets, group.controls)
        made = made.distinct()[0]
        return -nearest(targets, made)[0], -nearest(controls, made)[0]

    attack = _ranking(scores, np.random.default_rng(random_state))
    return judged("membership by distance", people, attack, confidence)


def infer_membership_by_density(
    synthetic: Dataset,
    people: People,
    *,
    bandwidth: float = 0.1,
    confidence: float = 0.95,
    random_state: int = 0,
) -> AttackResult:
    """Take for a target whoever lies where synthetic rows are too dense: a large p(x) / q(x).

    Parameters
    ----------
    synthetic : Dataset
    people : People
        Their reference sample gives q.
    bandwidth : float > 0, default 0.1
        Of both densities' Gaussian kernel.  At 0.1 rows count as near whose categories agree, and
        whose numbers do to about a tenth of a standard deviation.
    confidence : float in (0, 1), default 0.95
    random_state : int ≥ 0, default 0
        Halves the people, as in `infer_membership_by_distance`.

    Raises
    ------
    InputError
        A parameter is out of range, the tables' columns differ, or nobody is left for reference.

    Notes
    -----
    Both densities are sums of kernels plus 1: where neither the synthetic rows nor the reference
    come near, the ratio is 1, and not one of two small numbers.

    References
    ----------
    B. van Breugel et al., "Membership inference attacks against synthetic data through
    overfitting detection", AISTATS 2023, arXiv:2302.12580 (DOMIAS).
    """
    _check(synthetic, confidence, bandwidth=bandwidth)
    _check_reference(people)

    def scores(group: Group) -> tuple[np.ndarray, np.ndarray]:
        tables = (group.targets, group.controls, people.reference)
        made, targets, controls, real = points_of(synthetic, *tables)
        (made, n_made, _), (real, n_real, _) = made.distinct(), real.distinct()

        def log_ratio(points: Points) -> np.ndarray:
            p = 1 + soft_count(points, made, n_made, bandwidth)
            q = 1 + soft_count(points, real, n_real, bandwidth)
            return np.log(p / q)

        return log_ratio(targets), log_ratio(controls)

    attack = _ranking(scores, np.random.default_rng(random_state))
    return judged("membership by density", people, attack, confidence)


def infer_attribute(
    synthetic: Dataset,
    people: People,
    secret: str | int,
    *,
    tolerance: float = 0.0,
    confidence: float = 0.95,
) -> AttackResult:
    """Name a person's secret by the synthetic row that is nearest in all other columns.

    Parameters
    ----------
    synthetic : Dataset
    people : People
    secret : str, or int for an array
        The column that the attacker does not know; the others and the label they know.
    tolerance : float ≥ 0, default 0
        How far from the truth a number may be named.
    confidence : float in (0, 1), default 0.95

    Raises
    ------
    InputError
        A parameter is out of range, the tables' columns differ, there is no such column, a secret
        is missing, or it is a category and there is a tolerance.

    Notes
    -----
    Where several synthetic rows equal the nearest one in the known columns, the secret that most
    of them have is named.  Guessing names the secret that most synthetic rows have.
    """
    _check(synthetic, confidence, tolerance=tolerance)
    at = _position(synthetic, secret)

    def attack(group: Group) -> Tried:
        tables = (synthetic, group.targets, group.controls)
        known, truth = points_of(*tables, without=at), _secrets(tables, at, tolerance)
        rows, _, place = known[0].distinct()
        order = np.argsort(place, kind="stable")
        same = np.split(truth[0][order], np.bincount(place).cumsum()[:-1])

        def is_right(points: Points, secrets: np.ndarray) -> np.ndarray:
            found, back = np.unique(nearest(points, rows)[1], return_inverse=True)
            named = np.array([_most_frequent(same[row], tolerance) for row in found])[back]
            return np.abs(named - secrets) <= tolerance

        guess = np.abs(_most_frequent(truth[0], tolerance) - truth[1]) <= tolerance
        return Tried(is_right(known[1], truth[1]), is_right(known[2], truth[2]), guess.mean())

    return judged(f"attribute {secret}", people, attack, confidence)


def _ranking(
    scores: Callable[[Group], tuple[np.ndarray, np.ndarray]], rng: np.random.Generator
) -> Callable[[Group], Tried]:
    """Return the attack that takes people with large scores for targets."""

    def attack(group: Group) -> Tried:
        of_targets, of_controls = scores(group)
        is_target = np.repeat([True, False], [len(of_targets), len(of_controls)])
        score = np.concatenate([of_targets, of_controls])
        called = _called(is_target, score, rng)
        area = roc_auc_score(is_target, score)
        return Tried(called[is_target], called[~is_target], called.mean(), float(area))

    return attack


def _called(is_target: np.ndarray, score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Call people targets, each half of them from the score on that gains most on the other."""
    half = np.empty(len(score), dtype=int)
    for side in (True, False):  # as many targets, and controls, in both
        members = np.flatnonzero(is_target == side)
        half[members] = rng.permutation(np.arange(len(members)) % 2)
    called = np.empty(len(score), dtype=bool)
    for one in (0, 1):
        missed, hit, least = roc_curve(is_target[half == 1 - one], score[half == 1 - one])
        called[half == one] = score[half == one] >= least[np.argmax(hit - missed)]
    return called


def _most_frequent(values: np.ndarray, tolerance: float) -> float:
    """Return the value with most of them within a tolerance; the least of several."""
    ordered = np.sort(values)
    up_to = np.searchsorted(ordered, ordered + tolerance, "right")
    return ordered[np.argmax(up_to - np.searchsorted(ordered, ordered - tolerance, "left"))]


def _shuffled(rows: Dataset, rng: np.random.Generator) -> Dataset:
    columns = (column.iloc[rng.permutation(len(rows))] for column in columns_of(rows.X))
    X = as_features((column.reset_index(drop=True) for column in columns), rows.X[:0])
    return Dataset(X, rng.permutation(rows.y), rows.origin, f"{rows.name}, shuffled")


def _position(rows: Dataset, secret: str | int) -> int:
    names = list(rows.X.columns if isinstance(rows.X, pd.DataFrame) else range(rows.X.shape[1]))
    if secret not in names:
        raise InputError(
            f"secret={secret!r}: no column of {rows.name}. Nothing could be guessed. Choose from "
            f"{', '.join(map(repr, names))}."
        )
    return names.index(secret)


def _secrets(tables: tuple[Dataset, ...], at: int, tolerance: float) -> list[np.ndarray]:
    """Return each table's secrets as numbers: of a category, the number of its level."""
    column = columns_of(sum((bare(rows) for rows in tables[1:]), bare(tables[0])).X)[at]
    if column.isna().any():
        raise InputError(
            f"secret={column.name!r} is missing in {int(column.isna().sum())} rows; expected none. "
            f"There is nothing to guess about them. Drop these rows before a generator is fitted."
        )
    if tolerance and not is_numeric(column):
        raise InputError(
            f"tolerance={tolerance}: secret={column.name!r} is a category; expected a number. No "
            f"level is nearly another. Leave the tolerance at 0."
        )
    values = column if is_numeric(column) else pd.Series(pd.factorize(column)[0])
    return np.split(values.to_numpy(float), np.cumsum([len(rows) for rows in tables])[:-1])


def _check(synthetic: Dataset, confidence: float, **sizes: float) -> None:
    if synthetic.is_text or not len(synthetic):
        raise InputError(
            f"{synthetic.name}: expected a table of one row or more. Nobody's row could lie near "
            f"it. Hand in the synthetic table."
        )
    if not 0 < confidence < 1:
        raise InputError(
            f"confidence={confidence}: expected more than 0 and less than 1. No interval has it. "
            f"Leave it at 0.95."
        )
    for name, size in sizes.items():
        if not 0 <= size < np.inf or (name == "bandwidth" and size == 0):
            least = "more than 0" if name == "bandwidth" else "0 or more"
            raise InputError(
                f"{name}={size}: expected {least}, and finite. No distance could be judged by it. "
                f"Leave it out."
            )


def _check_reference(people: People) -> None:
    if not len(people.reference):
        raise InputError(
            "people: every held-out row is a control, and none is left for reference. The density "
            "of real rows can't be told. Choose fewer people, or hold out more rows."
        )
