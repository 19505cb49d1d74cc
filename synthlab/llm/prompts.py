"""Prompts as data, and what row number i of a style asks the model.

A row is a pure function of its style, its number and the run's seed: whoever stops a run and
continues it, tomorrow or elsewhere, asks the same questions.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from synthlab.errors import require
from synthlab.llm.model import Request
from synthlab.llm.tasks import Task
from synthlab.paths import data_dir

# Tokens are unknown here: no piece of these is less than one, so that few texts exceed 200.
_PIECE, _MOST_PIECES = re.compile(r"[A-Za-z]{1,6}|[^A-Za-z\s]"), 200


@dataclass(frozen=True)
class Template:
    """One wording of a style's prompt.

    Attributes
    ----------
    id : str
        Unique in its style.
    label : str
        The class that it asks for; empty where the model is to name it.
    text : str
        With fields in braces, filled from the style's slots and from real examples.
    """

    id: str
    label: str
    text: str


@dataclass(frozen=True)
class PromptBook:
    """All prompts of a style, read from ``STYLE.toml`` in the task's folder of prompts.

    Attributes
    ----------
    style, system, start : str
        Of every prompt: its style, the system message, and how the answer begins.
    templates : tuple of Template
    slots : mapping of str to mapping of str to list of str
        Field → label → what it can be filled with.
    n_examples : int
        Real rows that each prompt shows.
    choices : tuple of str
        The answers to choose from, in the order of the task's labels; empty where a row is to
        be written.
    sha256 : str
        Of the file.
    """

    style: str
    system: str
    start: str
    templates: tuple[Template, ...]
    sha256: str
    slots: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    n_examples: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedRow:
    """What one row asks.

    Attributes
    ----------
    number : int
        From 0.
    label : str
        The class that is asked for; empty where the model is to name it.
    template : str
        Id of the wording.
    slots : dict of str to str
        What its fields were filled with; never real rows.
    parents : tuple of str
        Ids of the rows that the prompt shows.
    request : Request
    """

    number: int
    label: str
    template: str
    slots: dict[str, str]
    parents: tuple[str, ...]
    request: Request


def styles(task: Task) -> list[str]:
    """Return the styles of a task: each has a file of prompts."""
    return sorted(path.stem for path in (data_dir() / task.prompts).glob("*.toml"))


def load_prompts(task: Task, style: str) -> PromptBook:
    """Read the prompts of a style.

    Raises
    ------
    InputError
        There is no such style, or its file lacks a label of the task.
    """
    known = styles(task)
    require(
        style in known,
        f"style={style!r}",
        f"one of {', '.join(known)}, which have prompts in data/{task.prompts}",
        "Nothing was asked.",
    )
    raw = (data_dir() / task.prompts / f"{style}.toml").read_bytes()
    fields = tomllib.loads(raw.decode("utf-8"))
    fields.pop("spam_choice", None)  # the order of the choices says it too
    fields["templates"] = tuple(Template(**entry) for entry in fields["templates"])
    fields["choices"] = tuple(fields.get("choices", ()))
    book = PromptBook(**fields, sha256=hashlib.sha256(raw).hexdigest())
    asked = {template.label for template in book.templates}
    require(
        len(book.choices) == len(task.labels) if book.choices else asked == set(task.labels),
        f"{style}.toml in data/{task.prompts}: choices {book.choices}, templates for {asked}",
        f"one choice, or a template, per label of {', '.join(task.labels)}",
        "Not every label could be asked for.",
    )
    return book


def plan_row(
    task: Task,
    book: PromptBook,
    number: int,
    *,
    seed: int,
    max_tokens: int,
    pool: Mapping[str, pd.DataFrame] | None = None,
) -> PlannedRow:
    """Decide what a row asks.

    Parameters
    ----------
    task : Task
    book : PromptBook
    number : int
        Of the row, from 0; labels alternate by it.
    seed : int
        Of the run.
    max_tokens : int
    pool : mapping of str to pandas.DataFrame, optional
        Label → rows to show; for a book whose answers are choices, ``""`` → the real rows to be
        labeled, one per request.
    """
    of_row = np.random.SeedSequence(seed, spawn_key=(_style_number(book.style), number))
    rng, of_answer = np.random.default_rng(of_row), int(of_row.generate_state(1)[0])
    label = "" if book.choices else task.labels[number % len(task.labels)]
    fitting = [template for template in book.templates if template.label == label]
    template = fitting[rng.integers(len(fitting))]
    slots = {
        name: str(rng.choice(values[label]))
        for name, values in book.slots.items()
        if f"{{{name}}}" in template.text
    }
    parents, texts = (), {}
    if book.n_examples:
        shown = _shown(book, label, number, rng, pool or {})
        parents = tuple(shown["id"])
        rows = zip(*(shown[field] for field in task.fields), strict=True)
        texts = {f"example_{i}": _cut(task.show(*row)) for i, row in enumerate(rows, 1)}
    request = Request(
        system=book.system,
        user=template.text.format(**slots, **texts),
        start=book.start,
        seed=of_answer,
        max_tokens=max_tokens,
        choices=book.choices,
    )
    return PlannedRow(number, label, template.id, slots, parents, request)


def _shown(
    book: PromptBook,
    label: str,
    number: int,
    rng: np.random.Generator,
    pool: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    if book.choices:  # each row is labeled once
        return pool[label].iloc[[number]]
    return pool[label].iloc[rng.choice(len(pool[label]), book.n_examples, replace=False)]


def _cut(text: str) -> str:
    """Return the beginning of a text, as much of it as has room in a prompt."""
    pieces = list(_PIECE.finditer(text))
    return text if len(pieces) <= _MOST_PIECES else text[: pieces[_MOST_PIECES].start()].rstrip()


def _style_number(style: str) -> int:
    return int.from_bytes(hashlib.sha256(style.encode()).digest()[:4], "big")
