"""What becomes of a model's answers: rows to keep, and a count of what is dropped, by reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synthlab.llm.model import Completion, LanguageModel
from synthlab.llm.prompts import PlannedRow, PromptBook
from synthlab.llm.tasks import Task
from synthlab.text import ngrams

#: A row that shares more of its 5-grams with a real row, or of the real row's, is dropped.
MOST_COPIED = 0.3
_MIN_SHARED = 2


@dataclass(frozen=True)
class Examples:
    """Recorded rows that a prompt shows in place of real ones.

    Attributes
    ----------
    frame : pandas.DataFrame
        As `store.read_recorded` returns it.
    generation : int
        Of the loop that they close: 2 where they were made from real examples.
    """

    frame: pd.DataFrame
    generation: int


class Written:
    """Reads answers as rows of a task.

    Parameters
    ----------
    task : Task
    book : PromptBook
    real : pandas.DataFrame
        Of `Task.real_rows`: what copies these is dropped.
    model : LanguageModel
        Only its name and hash are used.
    parameters : mapping
        Of the sampling, recorded with every row.
    shown : Examples, optional
    """

    def __init__(
        self,
        task: Task,
        book: PromptBook,
        real: pd.DataFrame,
        model: LanguageModel,
        parameters: Mapping[str, Any],
        shown: Examples | None = None,
    ) -> None:
        self._task, self._repeats, self._real = task, task.repeats(real), task.texts(real)
        self._shown = shown
        self._parents = None if shown is None else shown.frame.set_index("id")["derived_from"]
        turn = f"-turn{shown.generation}" if shown else ""
        self._prefix = f"{model.name}-{book.style}{turn}"
        self._common = {
            "style": book.style,
            "model": model.name,
            "model_sha256": model.sha256,
            "parameters": json.dumps(dict(parameters)),
        }

    def read(
        self, planned: Mapping[int, PlannedRow], answers: Mapping[int, Completion]
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows worth keeping, and how many were dropped, by reason.

        Parameters
        ----------
        planned : mapping of int to PlannedRow
        answers : mapping of int to Completion
            To the same rows.
        """
        texts = {number: self._task.parse(answer.text) for number, answer in answers.items()}
        copied = self._copied(texts)
        kept, dropped = [], Counter()
        for number, fields in texts.items():
            copies = f"copies {self._task.real_name}" if number in copied else ""
            if reason := self._task.flaw(*fields) or copies or self._repeats(*fields):
                dropped[reason] += 1
            else:
                kept.append(self._row(planned[number], fields, answers[number]))
        columns = self._columns()
        return pd.DataFrame(kept, columns=list(columns)).astype(columns), dict(dropped)

    def _copied(self, texts: Mapping[int, tuple[str, ...]]) -> set[int]:
        """Return the rows that hold too much of a real row."""
        made, real = ngrams.index_grams(map("\n\n".join, texts.values()), self._real)
        pairs = ngrams.strongest_pairs(made, real, MOST_COPIED, _MIN_SHARED)
        too_much = pairs.first[pairs.containment > MOST_COPIED]
        return set(np.array(list(texts), dtype=int)[too_much].tolist())

    def _columns(self) -> dict[str, str]:
        before = ("id", "style", "prompt", "slots", "label", *self._task.fields)
        after = ("model", "model_sha256", "parameters")
        return {
            **dict.fromkeys(before, "str"),
            "derived_from": "object",
            "seed": "int64",
            **dict.fromkeys(after, "str"),
            "n_tokens": "int64",
            "finish": "str",
        }

    def _row(
        self, planned: PlannedRow, fields: tuple[str, ...], answer: Completion
    ) -> dict[str, Any]:
        slots = planned.slots
        if self._shown:
            slots = slots | {f"example_{i}": id for i, id in enumerate(planned.parents, 1)}
        return {
            **self._common,
            "id": f"{self._prefix}-{planned.number:06d}",
            "prompt": planned.template,
            "slots": json.dumps(slots) if slots else "",
            "label": planned.label,
            **dict(zip(self._task.fields, fields, strict=True)),
            "derived_from": self._real_ancestors(planned.parents),
            "seed": planned.request.seed,
            "n_tokens": answer.n_tokens,
            "finish": answer.finish,
        }

    def _real_ancestors(self, shown: tuple[str, ...]) -> list[str]:
        """Return the real rows behind what a prompt showed, however many generations ago."""
        if self._parents is None:
            return list(shown)
        return sorted({parent for id in shown for parent in self._parents[id]})


class Labels:
    """Reads answers as labels: one per real row that the model named a class for.

    Parameters
    ----------
    task : Task
    book : PromptBook
        Whose choices are answers, in the order of the task's labels.
    model : LanguageModel
        Only its hash is used.
    """

    def __init__(self, task: Task, book: PromptBook, model: LanguageModel) -> None:
        self._sha256, self._share = model.sha256, f"p_{task.labels[0]}"
        self._label_of = dict(zip(book.choices, task.labels, strict=True))

    def read(
        self, planned: Mapping[int, PlannedRow], answers: Mapping[int, Completion]
    ) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the labels, and how many rows have none because the answer named no class.

        Parameters
        ----------
        planned : mapping of int to PlannedRow
        answers : mapping of int to Completion
            To the same rows.
        """
        labels = [
            {
                "id": planned[number].parents[0],
                "label": self._label_of[answer.text],
                self._share: answer.probabilities[0] if answer.probabilities else np.nan,
                "prompt": planned[number].template,
                "model_sha256": self._sha256,
            }
            for number, answer in answers.items()
            if answer.text in self._label_of
        ]
        types = {"id": "str", "label": "str", self._share: "float64"}
        types |= {"prompt": "str", "model_sha256": "str"}
        unclear = len(answers) - len(labels)
        dropped = {"named no class": unclear} if unclear else {}
        return pd.DataFrame(labels, columns=list(types)).astype(types), dropped
