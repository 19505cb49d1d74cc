"""The atlas's cells: scores of every generator on every imbalanced table.

One cell is a data set and a split.  It fits every model on the real training rows, on these with
class weights (a zero-cost baseline), and, per generator, on these with as many synthetic rows of
the rarer class as make both classes equal.  All are scored on the same real evaluation rows.
`run_atlas` computes the cells and keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from synthlab import generators
from synthlab.dataset import Dataset
from synthlab.datasets.imbalanced import (
    MINORITY,
    imbalanced_names,
    imbalanced_registry,
    load_imbalanced,
)
from synthlab.errors import InputError, is_whole, require
from synthlab.generators.base import Generator, draw
from synthlab.metrics.grading import METRICS, grade
from synthlab.models import fit_with_seed, output_of, table_boosting
from synthlab.splits import repeat_clusters, stratified_cluster_split
from synthlab.sweep import Sweep, grid, libraries, run_sweep

REAL_ONLY, CLASS_WEIGHTS = "real only", "class weights"

#: Generators by the names that figures show.
GENERATORS: MappingProxyType[str, Generator] = MappingProxyType(generators.catalog())
MODELS = ("logistic regression", "gradient boosting", "random forest")

SCORES = (
    "average_precision",
    "roc_auc",
    "balanced_accuracy",
    "f1",
    "neg_brier_score",
    "neg_log_loss",
)

#: Sets with as many rows of the rarer class get verdicts (20 of the rows evaluate), others a lift.
MIN_MINORITY = 60

EVAL_SHARE = 1 / 3

N_SPLITS = 5
#: Version of the cells, raised whenever their numbers change; a test recomputes a recorded cell.
RECIPE = 1

#: n_eval / n_train, which the interval over splits needs.
EVAL_TO_TRAIN = EVAL_SHARE / (1 - EVAL_SHARE)

_N_TREES = 50


def build_model(name: str) -> ClassifierMixin:
    """Return an unfitted classifier for tables of numbers and categories, with missing values.

    Parameters
    ----------
    name : str
        One of `MODELS`.  Gradient boosting has the course's settings for tables (slow learning
        rate, small leaves), the others scikit-learn's defaults; forests have 50 trees.
    """
    if name == "gradient boosting":
        return table_boosting()
    last = {
        "logistic regression": LogisticRegression(max_iter=2_000),
        "random forest": RandomForestClassifier(_N_TREES),
    }
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(encoder, last[name])


def compare_on(dataset: str, seed: int) -> list[dict[str, Any]]:
    """Split a set once and score every model and arm: one cell of the atlas.

    Parameters
    ----------
    dataset : str
        One of `imbalanced.imbalanced_names`.
    seed : int ≥ 0
        Of the split, the generated rows and the fits.

    Returns
    -------
    list of dict
        One per model and arm: ``model``, ``arm``, ``n_synth``, ``n_minority_eval``, the scores by
        name (more is better), and ``refused``: why a generator cannot learn such rows.
    """
    rows = load_imbalanced(dataset)
    clusters = repeat_clusters(rows.X)
    rng = np.random.default_rng([seed, 0])
    n_eval = round(EVAL_SHARE * len(rows))
    may_lack = n_eval // 50  # a table of few distinct rows has few single ones
    is_eval = stratified_cluster_split(rows.y, clusters, n_eval, rng, may_lack=may_lack)
    train, held_out = rows.take(~is_eval, f"{dataset} train"), rows.take(is_eval, f"{dataset} eval")
    is_primary = (rows.y == MINORITY).sum() >= MIN_MINORITY
    arms = list(_arms(train, seed))
    return [
        _record(model, arm, train, synth, held_out, seed)
        for model in (MODELS if is_primary else MODELS[:-1])
        for arm, synth in arms
    ]


def run_atlas(
    folder: Path | str,
    names: Iterable[str] | None = None,
    *,
    n_splits: int = N_SPLITS,
    n_jobs: int | None = 2,
) -> Sweep:
    """Compute the atlas's cells that a folder lacks.

    Parameters
    ----------
    folder : path
        Holds one file per cell; see `sweep.run_sweep`.
    names : iterable of str, optional
        Sets; default all.
    n_splits : int ≥ 2, default 5
    n_jobs : int or None, default 2

    Returns
    -------
    Sweep
        The largest sets come first, so that no worker ends with one.

    Raises
    ------
    InputError
        An unknown set, or fewer than two splits.
    """
    require(is_whole(n_splits, 2), f"n_splits={n_splits}", "2 or more", "One shows no spread.")
    sets = imbalanced_registry()["sets"]
    names = imbalanced_names() if names is None else tuple(names)
    unknown = [name for name in names if name not in sets]
    if unknown:
        load_imbalanced(unknown[0])  # raises the error that suggests a name
    by_size = sorted(names, key=lambda n: -sets[n]["n_rows"] * sets[n]["n_columns"])
    cells = grid(dataset=by_size, seeds=range(n_splits))
    digests = [digest for name in sorted(names) for digest in sets[name]["sha256"]]
    return run_sweep(
        compare_on, cells, folder, data=digests, recipe=_recipe(), n_jobs=n_jobs, name="atlas"
    )


def _arms(train: Dataset, seed: int) -> Iterator[tuple[str, Dataset | str | None]]:
    """Yield each arm's name with its synthetic rows, or with the reason why there are none."""
    yield REAL_ONLY, None
    yield CLASS_WEIGHTS, None
    n_synth = len(train) - 2 * int((train.y == MINORITY).sum())
    for number, (name, generator) in enumerate(GENERATORS.items(), start=1):
        rng = np.random.default_rng([seed, number])  # another generator changes no other's rows
        try:
            yield name, draw(generator, train, n_synth, rng, MINORITY)
        except InputError as refusal:
            yield name, str(refusal)


def _record(
    name: str, arm: str, train: Dataset, synth: Dataset | str | None, held_out: Dataset, seed: int
) -> dict[str, Any]:
    n_minority = int((held_out.y == MINORITY).sum())
    record = {"model": name, "arm": arm, "n_synth": 0, "n_minority_eval": n_minority}
    if isinstance(synth, str):
        return record | dict.fromkeys(SCORES) | {"refused": synth}
    rows = train if synth is None else train + synth
    model = build_model(name)
    if arm == CLASS_WEIGHTS:
        weight = next(key for key in model.get_params() if key.endswith("class_weight"))
        model.set_params(**{weight: "balanced"})
    scores = _scores(fit_with_seed(model, rows, seed), held_out)
    return record | {"n_synth": len(rows) - len(train)} | scores | {"refused": None}


def _scores(fitted: ClassifierMixin, held_out: Dataset) -> dict[str, float]:
    probability = output_of(fitted, held_out, "probabilities")
    outputs = {
        "probabilities": probability,
        "ranking": probability[:, 1],
        "classes": fitted.classes_[probability.argmax(axis=1)],
    }
    metrics = (METRICS[name] for name in SCORES)
    return {m.name: grade(outputs[m.needs], held_out, m, fitted.classes_).value for m in metrics}


def _recipe() -> str:
    """Name everything but the data that changes the numbers: libraries and our own code."""
    return f"{libraries()}, recipe {RECIPE}"
