"""Rows that a language model writes, and its labels of real rows: from settings to a recording."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from synthlab.errors import is_whole, require
from synthlab.llm import prompts, recorder, store
from synthlab.llm.answers import Examples, Labels, Written
from synthlab.llm.model import DEFAULT_SAMPLING, Completion, LanguageModel, Request, Sampling
from synthlab.llm.tasks import Task

_MIN_EXAMPLES, _MOST_EXAMPLES = 20, 250
_SAMPLE_ROWS = 200


def generate_rows(
    task: Task,
    model: LanguageModel,
    folder: Path,
    n: int,
    *,
    style: str = "naive",
    sampling: Sampling = DEFAULT_SAMPLING,
    max_tokens: int = 64,
    seed: int = 0,
    examples: Path | None = None,
    approve: Callable[[list[Request], int], None] = lambda sample, rows: None,
    watch: Callable[[recorder.Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Let a model write rows of a task, or label real ones, and record them.

    Parameters
    ----------
    task : Task
    model : LanguageModel
    folder : Path
        Continued where it was left.
    n : int
        Rows to keep, as many of each label; what is empty or a copy is dropped and replaced.
        Labels may be fewer: where the model named no class for some of all real rows.
    style : str, default "naive"
        One of `prompts.styles`.
    sampling : Sampling
        That of ``model``; it is recorded with every row.
    max_tokens : int, default 64
        Of an answer, 1 to 256.
    seed : int, default 0
        Of prompts and answers.
    examples : Path, optional
        A folder of recorded rows, for a style whose prompts show examples: the prompts show
        these and no real row.  So the loop closes: the model reads what it wrote.
    approve : callable, optional
        Called before anything is asked, with a sample of the requests to come and the number
        of rows that the folder lacks, replacements not counted; it stops the run by raising.
    watch : callable, optional
        See `recorder.record`.

    Returns
    -------
    dict
        The manifest, as in `recorder.record`.

    Raises
    ------
    InputError
        A parameter is out of range, or the folder holds another run.
    DataUnavailableError
        The real rows, which no written row may copy, cannot be had.
    """
    require(is_whole(n, 1), f"n={n}", "at least 1 row", "Nothing would be recorded.", "Try 200.")
    require(
        is_whole(max_tokens, 1) and max_tokens <= 256,
        f"max_tokens={max_tokens}",
        "1 to 256",
        "Longer answers do not fit beside a prompt that shows real rows.",
    )
    require(is_whole(seed), f"seed={seed}", "a whole number, 0 or more", "No row could be drawn.")
    book = prompts.load_prompts(task, style)
    shown = None if examples is None else read_examples(task, book, examples)
    plan = TaskPlan(task, book, model, sampling, max_tokens=max_tokens, seed=seed, shown=shown)
    require(
        plan.n_rows is None or n <= plan.n_rows,
        f"n={n}",
        f"at most {plan.n_rows or 0:,}, the real rows that are there to be labeled",
        "None is labeled twice.",
    )

    def approve_rows(rows: Sequence[int]) -> None:
        sample = rows[:: max(1, len(rows) // _SAMPLE_ROWS)]
        approve([plan.request(number) for number in sample], len(rows))

    return recorder.record(plan, model, folder, n, approve=approve_rows, watch=watch)


def read_examples(task: Task, book: prompts.PromptBook, folder: Path) -> Examples:
    """Read the first rows of a folder, to be shown by the prompts of a book.

    Only the first of each class, so that the same are shown when the recording has grown.

    Raises
    ------
    InputError
        The book shows no examples, or the folder holds too few rows of a class.
    """
    require(
        book.n_examples > 0 and not book.choices,
        f"examples={str(folder)!r}",
        f"a style whose prompts show examples; those of style {book.style!r} show none",
        "The loop would not close.",
        "Use style 'few_shot'.",
    )
    frame = store.read_recorded(folder).groupby("label").head(_MOST_EXAMPLES)
    counts = frame["label"].value_counts().reindex(list(task.labels), fill_value=0)
    require(
        counts.min() >= _MIN_EXAMPLES,
        f"{folder}: {counts.min()} rows of class {counts.idxmin()!r}",
        f"{_MIN_EXAMPLES} or more of each",
        "A few would be shown again and again.",
        "Record more.",
    )
    settings = json.loads((folder / store.MANIFEST).read_text("utf-8"))["settings"]
    return Examples(frame, settings.get("turn", 1) + 1)


class TaskPlan:
    """A `recorder.Plan` of a task: row i is written, or is the model's label of real row i.

    Parameters
    ----------
    task : Task
    book : PromptBook
        Where its answers are choices, the model labels.
    model : LanguageModel
        Only its name, hash and settings are used.
    sampling : Sampling
    max_tokens, seed : int
    shown : Examples, optional
        What prompts show in place of real rows.

    Attributes
    ----------
    settings, n_rows
        See `recorder.Plan`.
    """

    def __init__(
        self,
        task: Task,
        book: prompts.PromptBook,
        model: LanguageModel,
        sampling: Sampling,
        *,
        max_tokens: int,
        seed: int,
        shown: Examples | None = None,
    ) -> None:
        real, parameters = task.real_rows(), {**vars(sampling), "max_tokens": max_tokens}
        self._task, self._book, self._seed, self._max_tokens = task, book, seed, max_tokens
        self._pool = _pool(task, book, real, shown)
        self.n_rows = len(self._pool[""]) if book.choices else None
        if book.choices:
            self._answers: Labels | Written = Labels(task, book, model)
        else:
            self._answers = Written(task, book, real, model, parameters, shown)
        self.settings = {
            "task": task.name,
            "style": book.style,
            "prompts_sha256": book.sha256,
            "model": model.name,
            "model_sha256": model.sha256,
            "seed": seed,
            "pool_sha256": _digest(self._pool, task.fields[-1]) if self._pool else "",
            **({"turn": shown.generation} if shown else {}),
            **parameters,
            **model.settings,
        }

    def request(self, number: int) -> Request:
        """Return what row ``number`` asks."""
        return self._planned(number).request

    def rows(self, answers: Mapping[int, Completion]) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows worth keeping, and how many were dropped, by reason."""
        return self._answers.read({number: self._planned(number) for number in answers}, answers)

    def _planned(self, number: int) -> prompts.PlannedRow:
        return prompts.plan_row(
            self._task,
            self._book,
            number,
            seed=self._seed,
            max_tokens=self._max_tokens,
            pool=self._pool,
        )


def _pool(
    task: Task, book: prompts.PromptBook, real: pd.DataFrame, shown: Examples | None
) -> dict[str, pd.DataFrame]:
    """Return what the prompts show, by label; what is to be labeled has none."""
    if book.choices:
        return {"": task.to_label(real)}
    if not book.n_examples:
        return {}
    pool = shown.frame if shown else task.examples(real)
    return {label: pool[pool["label"] == label] for label in task.labels}


def _digest(pool: Mapping[str, pd.DataFrame], field: str) -> str:
    """Return a hash of the rows that may be shown: real ones never change, generated ones might."""
    hashed = [id for part in pool.values() for id in part["id"]]
    if any("derived_from" in part for part in pool.values()):
        hashed += [text for part in pool.values() for text in part[field]]
    return hashlib.sha256("\n".join(hashed).encode()).hexdigest()
