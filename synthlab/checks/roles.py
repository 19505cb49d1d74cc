"""Roles, enforced: what may train, what may evaluate.  A violation raises, it never warns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from synthlab.dataset import (
    REAL,
    SYNTHETIC,
    Dataset,
    Features,
    joined_features,
    require_same_labels,
)
from synthlab.errors import ContaminationError, InputError, first

#: An overlap is called contamination when chance would give as much this rarely.
OVERLAP_P = 0.001


def check_roles(real_train: Dataset, synth_train: Dataset, real_eval: Dataset) -> None:
    """Refuse a comparison whose number would be wrong.

    Parameters
    ----------
    real_train, synth_train, real_eval : Dataset
        The control's rows, the synthetic rows on trial, the rows that both are scored on.

    Raises
    ------
    ContaminationError
        A synthetic row evaluates or sits among the real rows; an edge case trains or is scored; a
        row, or a row of a group, evaluates that trained; a synthetic row was made from an
        evaluation row, or from a real row that the baseline never had.
    InputError
        The training labels are all one class, or eval holds a label that they don't.
    """
    for data in (real_train, synth_train, real_eval):
        _require_rows(data)
    require_origin(real_eval, REAL, "is an eval set")
    require_origin(real_train, REAL, "is the control's training set")
    require_origin(synth_train, SYNTHETIC, "is the synthetic training set")
    for data, role in ((real_train, "train"), (synth_train, "train"), (real_eval, "be scored")):
        refuse_edge_cases(data, role)
    require_same_labels(real_train, real_eval)
    require_labels(real_train, real_eval)
    _require_known_labels(synth_train, real_train)
    for data in (synth_train, real_eval):
        joined_features(real_train.take([0]), data.take([0]))
    _require_lineage(synth_train, real_train, real_eval)
    _check_groups(real_train, real_eval)
    for train in (real_train, synth_train):
        _refuse_shared_ids(train, real_eval)
        _refuse_shared_groups(train, real_eval)
    _refuse_overlap(real_train, real_train, real_eval)
    if real_eval.is_text:  # rows of tables repeat by nature: `leaks.find_leaks` tells these apart
        _refuse_overlap(synth_train, real_train, real_eval)


def check_train_and_eval(train: Dataset, real_eval: Dataset) -> None:
    """Refuse real rows to train on, and real rows to evaluate on, that are not apart.

    Parameters
    ----------
    train, real_eval : Dataset

    Raises
    ------
    ContaminationError
        A row of either is synthetic or an edge case, or evaluates and trains.
    InputError
        One of them is empty, or of another kind than the other.
    """
    for data in (train, real_eval):
        _require_rows(data)
    require_origin(real_eval, REAL, "is an eval set")
    require_origin(train, REAL, "is the control's training set")
    for data, role in ((train, "train"), (real_eval, "be scored")):
        refuse_edge_cases(data, role)
    require_same_labels(train, real_eval)
    joined_features(train.take([0]), real_eval.take([0]))
    _check_groups(train, real_eval)
    _refuse_shared_ids(train, real_eval)
    _refuse_shared_groups(train, real_eval)
    _refuse_overlap(train, train, real_eval)


def _require_rows(data: Dataset) -> None:
    if not len(data):
        raise InputError(f"{data.name} is empty: nothing can be compared. Hand in rows.")


def require_origin(data: Dataset, origin: str, role: str) -> None:
    """Raise `ContaminationError` unless all rows have one origin."""
    strangers = np.flatnonzero(data.origin != origin)
    if len(strangers):
        why = {
            "is an eval set": "A score on generated rows measures likeness to the generator",
            "is the control's training set": "A control that has seen synthetic rows controls "
            "for nothing",
            "is the synthetic training set": "Real rows there would be credited to the generator",
        }[role]
        raise ContaminationError(
            f"{data.name} {role}, but {len(strangers)} of {len(data)} rows are not {origin} "
            f"(rows {first(strangers)}). {why}. Keep {origin} rows alone: "
            f"data.take(data.origin == {origin!r})."
        )


def require_labels(train: Dataset, eval: Dataset) -> None:
    """Raise `InputError` unless training has two classes or more, and all those of eval."""
    if len(train.classes) < 2:
        raise InputError(
            f"{train.name}: all {len(train)} labels are {str(train.classes[0])!r}; expected two "
            f"classes or more. A classifier of one class is never wrong and learns nothing. "
            f"Add rows of another class."
        )
    unseen = sorted(set(eval.classes) - set(train.classes), key=str)
    if unseen:
        rows = np.flatnonzero(np.isin(eval.y, unseen))
        raise InputError(
            f"{eval.name}: label {str(unseen[0])!r} stands in {len(rows)} eval rows (rows "
            f"{first(rows)}), but {train.name} never shows it. The model can't predict it, so "
            f"these rows are lost for every arm. Relabel or drop them, or train on that class."
        )


def _require_known_labels(synth: Dataset, real_train: Dataset) -> None:
    unseen = sorted(set(synth.classes) - set(real_train.classes), key=str)
    if unseen:
        raise InputError(
            f"{synth.name}: label {str(unseen[0])!r} is none of {real_train.name}'s "
            f"({', '.join(map(str, real_train.classes))}). The arms would predict different "
            f"classes, so their scores could not be compared. Relabel or drop these rows."
        )


def overlapping_rows(train: Dataset, eval: Dataset) -> np.ndarray:
    """Return the positions of eval rows whose features stand, exactly, in train.

    Texts are compared without regard to case and white space.
    """
    X = eval.X
    if train.is_text and eval.is_text:
        return _overlapping_texts(train.X.to_list(), X.to_list())
    if isinstance(X, pd.DataFrame) and set(X.columns) == set(train.X.columns):
        X = X[list(train.X.columns)]
    return np.flatnonzero(np.isin(_row_keys(X), _row_keys(train.X)))


def _overlapping_texts(train: list[str], eval: list[str]) -> np.ndarray:
    """Compare whole texts only where they begin alike, which few of many do."""
    openings = set(map(_opening, eval))
    known = {_normal(text) for text in train if _opening(text) in openings}
    return np.flatnonzero([_normal(text) in known for text in eval])


def drop_overlap(eval: Dataset, train: Dataset) -> Dataset:
    """Return the eval rows that occur in train neither by id nor by content."""
    shared = np.zeros(len(eval), dtype=bool)
    shared[overlapping_rows(train, eval)] = True
    shared[_shared_ids(train, eval)] = True
    return eval.take(~shared)


def refuse_edge_cases(data: Dataset, role: str) -> None:
    """Raise `ContaminationError` where a row is an edge case, which may not play such a role."""
    rows = np.flatnonzero(data.is_edge_case)
    if len(rows):
        raise ContaminationError(
            f"{data.name}: {len(rows)} rows are edge cases (rows {first(rows)}) and may not "
            f"{role}. They are one-sided by design, so a score or a fit that counts them is "
            f"skewed. Leave them out: data.take(~data.is_edge_case)."
        )


def _require_lineage(synth: Dataset, real_train: Dataset, real_eval: Dataset) -> None:
    parents = {parent for row in synth.derived_from for parent in row}
    if not parents:
        return
    for known, data in ((real_train.ids, real_train), (real_eval.ids, real_eval)):
        if known is None:
            raise InputError(
                f"{synth.name} names the real rows that it was made from, but {data.name} has "
                f"no ids, so nobody can check that none of them evaluates. Load it with ids."
            )
    _refuse_parents(synth, parents & set(real_eval.ids), f"stand in {real_eval.name}")
    _refuse_parents(
        synth, parents - set(real_train.ids) - set(real_eval.ids), f"are not in {real_train.name}"
    )


def _refuse_parents(synth: Dataset, forbidden: set, where: str) -> None:
    rows = [i for i, parents in enumerate(synth.derived_from) if forbidden.intersection(parents)]
    if rows:
        raise ContaminationError(
            f"{len(rows)} of {len(synth)} rows of {synth.name} (rows {first(np.array(rows))}) "
            f"were made from real rows that {where} (first: {first(sorted(forbidden))}). Such "
            f"rows carry in what the control was not given, so a lift would be borrowed. Keep "
            f"the rows whose derived_from lies in real_train."
        )


def _refuse_shared_ids(train: Dataset, eval: Dataset) -> None:
    rows = _shared_ids(train, eval)
    if len(rows):
        raise ContaminationError(
            f"{len(rows)} of {len(eval)} eval rows of {eval.name} also stand in {train.name}, by "
            f"id (rows {first(rows)}). Scores on them measure memory. Drop them: "
            f"sl.drop_overlap(eval, train)."
        )


def _shared_ids(train: Dataset, eval: Dataset) -> np.ndarray:
    if train.ids is None or eval.ids is None:
        return np.array([], dtype=int)
    known = {i for i in train.ids if i is not None}
    return np.flatnonzero([i in known for i in eval.ids])


def _check_groups(train: Dataset, real_eval: Dataset) -> None:
    """Refuse groups that would make an interval too narrow, or none at all."""
    if real_eval.groups is None:
        if train.groups is None:
            return
        raise InputError(
            f"{train.name} has groups, {real_eval.name} has none; expected them in both. Rows of "
            f"one group would count as independent, and the interval would be too narrow. Give "
            f"the evaluation rows their groups."
        )
    gaps = np.flatnonzero(pd.isna(real_eval.groups))
    n_groups = pd.Series(real_eval.groups).nunique()
    if len(gaps) or n_groups < 2:
        raise InputError(
            f"{real_eval.name}: {n_groups} group(s), and {len(gaps)} rows without one (rows "
            f"{first(gaps) or 'none'}); expected 2 groups or more and one for every row. How much "
            f"groups differ could not be seen. Add groups, or leave them out."
        )


def _refuse_shared_groups(train: Dataset, real_eval: Dataset) -> None:
    if train.groups is None or real_eval.groups is None:
        return
    known = {group for group in train.groups if group is not None}
    rows = np.flatnonzero([group in known for group in real_eval.groups])
    if len(rows):
        raise ContaminationError(
            f"{len(rows)} of {len(real_eval)} rows of {real_eval.name} (rows {first(rows)}) belong "
            f"to groups that {train.name} holds too (first: {first(real_eval.groups[rows], 1)}). "
            f"Scores on them measure how well a group is remembered. Split by whole groups: "
            f"splits.split_rows(data)."
        )


def _refuse_overlap(train: Dataset, real_train: Dataset, eval: Dataset) -> None:
    if train is real_train and _has_all_ids(train) and _has_all_ids(eval):
        return  # ids were compared: equal rows of different ids are nature's repeats
    rows = overlapping_rows(train, eval)
    if not len(rows):
        return
    repeats = _self_repeats(real_train)
    can_repeat = repeats or not eval.is_text
    if can_repeat and _chance_of(len(rows), len(eval), repeats, real_train, train) >= OVERLAP_P:
        return
    raise ContaminationError(
        f"{len(rows)} of {len(eval)} eval rows of {eval.name} also occur in {train.name} (rows "
        f"{first(rows)}), while {repeats} of {len(real_train)} rows of {real_train.name} occur "
        f"there twice: more than such data repeats itself (p < {OVERLAP_P}). Scores on them "
        f"measure memory. Drop them: sl.drop_overlap(eval, train). If they are different "
        f"rows that look alike, give every row its id."
    )


def _has_all_ids(data: Dataset) -> bool:
    return data.ids is not None and all(i is not None for i in data.ids)


def _self_repeats(data: Dataset) -> int:
    """How many rows of a data set have a twin in it."""
    return int(pd.Series(_row_keys(data.X)).duplicated(keep=False).sum())


def _chance_of(
    matched: int, n_eval: int, repeats: int, real_train: Dataset, train: Dataset
) -> float:
    """Probability of so many matches, were eval rows repeated no more often than train rows.

    A row of real_train finds a twin among the other rows as often as a fresh row would, so
    both are draws of one share (Fisher's exact test, one-sided).  A training set that is
    larger than real_train gets more chances to match, and the share is scaled up, but not
    beyond the share of real_train rows that it matches.  Twins come
    in clumps, so that the test errs a little on the strict side: on 300 random splits each of
    FARS at three sizes it refused 0 to 0.7 %, where 0.1 % was meant.
    """
    expected = repeats
    if train is not real_train:
        more_chances = max(1.0, len(train) / len(real_train))
        expected = min(round(repeats * more_chances), len(overlapping_rows(train, real_train)))
    rows = len(real_train) + n_eval
    return float(hypergeom.sf(matched - 1, rows, expected + matched, n_eval))


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _opening(text: str) -> tuple[str, ...]:
    """Return the first words: equal wherever `_normal` is."""
    return tuple(word.casefold() for word in text.split(None, 3)[:3])


def _row_keys(X: Features) -> np.ndarray:
    """Hash every row, so that 1 and 1.0, or "A  b" and "a b", are the same."""
    if isinstance(X, pd.Series):
        return pd.util.hash_pandas_object(
            pd.Series([_normal(text) for text in X]), index=False
        ).to_numpy()
    frame = pd.DataFrame(X)
    keys = {}
    for number, column in enumerate(frame.columns):
        values = frame[column]
        numeric = pd.api.types.is_numeric_dtype(values)
        keys[number] = values.astype(float) if numeric else values.astype(str)
    return pd.util.hash_pandas_object(pd.DataFrame(keys), index=False).to_numpy()
