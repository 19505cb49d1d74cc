"""Scores by the number of real and synthetic rows: one cell per task, writer and split.

A cell fits the course's text model on the first n real rows of a split, alone, with class weights,
and beside the first m rows that a language model wrote, at weight 1 and at a weight chosen by
cross-validation on these real rows.  Every model is scored on held-out real rows, and on held-out
rows of the same writer: the evaluation set that tempts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from synthlab.control.weights import choose_weight
from synthlab.dataset import SYNTHETIC, Dataset, fingerprint
from synthlab.datasets.text_tasks import TextTask, text_task
from synthlab.errors import is_whole, require
from synthlab.metrics.grading import METRICS
from synthlab.models import fit_with_seed
from synthlab.sweep import Sweep, grid, libraries, run_sweep
from synthlab.text.counted import CountedTexts, counted_model

REAL_ONLY, CLASS_WEIGHTS = "real only", "class weights"
WEIGHT_1, TUNED_WEIGHT = "weight 1", "tuned weight"
#: Evaluation sets, as columns of the scores: held-out real rows, and rows by the same writer.
REAL_EVAL, SYNTHETIC_EVAL = "real_eval", "synthetic_eval"
N_REAL = (50, 200, 1_000, 5_000)
#: Synthetic rows, as far as recorded; the largest number is what a team with a target of 50,000
#: would generate beside 5,000 real rows.
N_SYNTH = (100, 400, 1_500, 4_500, 15_000, 45_000)
#: Splits, those in which a weight is tuned, and up to how many synthetic rows (it takes 30 fits).
N_SEEDS, N_TUNED_SEEDS, MOST_TUNED = 20, 8, 4_500
#: Synthetic rows that evaluate: so many, or what is left beyond `MOST_TUNED` for training.
HELD_OUT = 860
#: Version of the cells, raised whenever their numbers change.
RECIPE = 1


def synthetic_split(written: Dataset, seed: int, n_eval: int = HELD_OUT) -> tuple[Dataset, Dataset]:
    """Split a writer's rows at random into those that train and those that evaluate.

    Parameters
    ----------
    written : Dataset
    seed : int ≥ 0
    n_eval : int, default 860
        Rows to evaluate on.  Where these leave fewer than 4,500 to train on, what is left beyond
        4,500, but half of ``n_eval`` at least, or half of all rows where there are fewer.
    """
    room = max(len(written) - MOST_TUNED, min(len(written) // 2, n_eval // 2))
    rows = np.random.default_rng(seed).permutation(len(written))
    n_held = min(n_eval, room)
    return written.take(rows[n_held:]), written.take(rows[:n_held], "synthetic eval")


def amounts_of(n_recorded: int) -> tuple[int, ...]:
    """Return the numbers of synthetic rows to measure: those of `N_SYNTH` and all that there are.

    Parameters
    ----------
    n_recorded : int
        Rows that may train.
    """
    all_of_them = min(n_recorded, N_SYNTH[-1])
    return (*(n for n in N_SYNTH if n < all_of_them), all_of_them)


def measure_split(task: str, writer: str, seed: int) -> list[dict[str, Any]]:
    """Split real and synthetic rows once, and score every number of them: one cell.

    Parameters
    ----------
    task : {"emails", "reviews"}
    writer : {"weak", "strong"}
    seed : int ≥ 0
        Of both splits, the tuning and the fits.

    Returns
    -------
    list of dict
        ``n_real``, ``n_synth``, ``arm``, ``weight`` of a synthetic row (0: none), and the
        accuracies ``real_eval`` and ``synthetic_eval``.  ``n_real`` = 0: synthetic rows alone.
    """
    real, written, counted = _texts(task, writer)
    train, held_out = real.split(random_state=seed)
    synth, synth_eval = synthetic_split(written, seed)
    evals = {REAL_EVAL: held_out, SYNTHETIC_EVAL: synth_eval}
    found = []
    for n_real, n_synth, arm, rows, weight in _arms(train, synth, counted, seed):
        settings = {"class_weight": "balanced"} if arm == CLASS_WEIGHTS else {}
        weights = np.where(rows.origin == SYNTHETIC, weight, 1.0) if n_real else None
        fitted = fit_with_seed(counted_model(counted, **settings), rows, seed, weights)
        scores = {name: float(fitted.score(on.X, on.y)) for name, on in evals.items()}
        about = {"n_real": n_real, "n_synth": n_synth, "arm": arm, "weight": weight}
        found.append(about | scores)
    return found


def measure_amounts(
    folder: Path | str, task: str, writer: str, *, n_seeds: int = N_SEEDS, n_jobs: int | None = 2
) -> Sweep:
    """Compute the cells of one task and writer that a folder lacks.

    Parameters
    ----------
    folder : path
        Holds one file per cell; see `sweep.run_sweep`.
    task : {"emails", "reviews"}
    writer : {"weak", "strong"}
    n_seeds : int ≥ 2, default 20
        Splits.
    n_jobs : int or None, default 2

    Raises
    ------
    InputError
        Unknown task or writer, or fewer than two splits.
    DataUnavailableError
        Real or recorded rows are missing or altered.
    """
    require(is_whole(n_seeds, 2), f"n_seeds={n_seeds}", "2 or more", "One shows no spread.")
    real = text_task(task)
    sets = [*real.split(), real.load_written(writer)]
    return run_sweep(
        measure_split,
        grid(task=task, writer=writer, seeds=range(n_seeds)),
        folder,
        data=[fingerprint(rows) for rows in sets],
        recipe=f"{libraries()}, recipe {RECIPE}",
        name="amounts",
        n_jobs=n_jobs,
        label=f"{task}, {writer} writer",
    )


@lru_cache(maxsize=1)
def _texts(task: str, writer: str) -> tuple[TextTask, Dataset, CountedTexts]:
    """Load and count the texts of a task; the cells of one task and writer follow each other."""
    real, written = text_task(task), text_task(task).load_written(writer)
    train, held_out = real.split()
    return real, written, CountedTexts([*train.X, *held_out.X, *written.X])


def _arms(
    train: Dataset, synth: Dataset, counted: CountedTexts, seed: int
) -> Iterator[tuple[int, int, str, Dataset, float]]:
    """Yield number of real rows, of synthetic rows, arm, training rows, and weight."""
    amounts = amounts_of(len(synth))
    for m in amounts:
        yield 0, m, WEIGHT_1, synth.take(range(m)), 1.0
    for n in N_REAL:
        real = train.take(range(n))
        yield n, 0, REAL_ONLY, real, 0.0
        yield n, 0, CLASS_WEIGHTS, real, 0.0
        for m in amounts:
            some = synth.take(range(m))
            yield n, m, WEIGHT_1, real + some, 1.0
            if m <= MOST_TUNED and seed < N_TUNED_SEEDS:
                model, metric = counted_model(counted), METRICS["accuracy"]
                weight = choose_weight(model, metric, real, some, seed)
                yield n, m, TUNED_WEIGHT, real + some, weight
