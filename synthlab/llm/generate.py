"""E-mails by a language model, and its labels of real mail: what is asked, kept and dropped."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synthlab.datasets import emails
from synthlab.errors import InputError
from synthlab.llm import prompts, recorder, store
from synthlab.llm.model import DEFAULT_SAMPLING, Completion, LanguageModel, Request, Sampling
from synthlab.text import ngrams

#: Real messages that are labelled.
LABEL_ROWS = 1_500
#: A row that shares more of its 5-grams with a real message, or of the message's, is dropped.
MOST_COPIED = 0.3
_MIN_SHARED = 2
_MIN_EXAMPLES, _MOST_EXAMPLES = 20, 250
_SAMPLE_ROWS = 200
#: Addresses that a row may not share with any real message, and how long a subject may not be.
_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s<>\"')]+", re.IGNORECASE
)
_SUBJECT_WORDS = 4


def generate_emails(
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
    """Let a model write e-mails, or label real ones, and record them.

    Parameters
    ----------
    model : LanguageModel
    folder : Path
        Continued where it was left.
    n : int
        E-mails to keep, half spam, half ham; what is empty or a copy is dropped and replaced.
        Labels may be fewer: where the model named no class for some of all real messages.
    style : str, default "naive"
        One of `prompts.styles`.
    sampling : Sampling
        That of ``model``; it is recorded with every row.
    max_tokens : int, default 64
    seed : int, default 0
    examples : Path, optional
        A folder of recorded e-mails, for a style whose prompts show examples: the prompts show
        these and no real message.  So the loop closes: the model reads what it wrote.
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
        The real corpus, from which no row may copy, cannot be had.
    """
    if not 1 <= max_tokens <= 256:
        raise InputError(
            f"max_tokens={max_tokens}: expected 1 to 256. Longer answers don't fit beside a prompt "
            f"that shows real mail. Choose from that."
        )
    if seed < 0:
        raise InputError(f"seed={seed}: expected 0 or more. No row could be drawn. Choose another.")
    book = prompts.load_prompts(style)
    if book.choices and n > LABEL_ROWS:
        raise InputError(
            f"n={n:,}: {LABEL_ROWS:,} real messages are there to be labelled. None is labelled "
            f"twice. Ask for at most {LABEL_ROWS:,}."
        )
    kind = LabelPlan if book.choices else EmailPlan
    settings = {"max_tokens": max_tokens, "seed": seed}
    if examples is not None:
        settings["shown"] = read_examples(examples, book)
    plan = kind(book, emails.email_frame(), model, sampling, **settings)

    def approve_rows(rows: Sequence[int]) -> None:
        sample = rows[:: max(1, len(rows) // _SAMPLE_ROWS)]
        approve([plan.request(number) for number in sample], len(rows))

    return recorder.record(plan, model, folder, n, approve=approve_rows, watch=watch)


class Examples(NamedTuple):
    """Recorded e-mails that a prompt shows in place of real ones.

    Attributes
    ----------
    frame : pandas.DataFrame
        As `store.read_recorded` returns it.
    turn : int
        Of the loop that they close: 2 where they were made from real examples.
    """

    frame: pd.DataFrame
    turn: int


def read_examples(folder: Path, book: prompts.PromptBook) -> Examples:
    """Read the first e-mails of a folder, to be shown by the prompts of a book.

    Only the first of each class, so that the same are shown when the recording has grown.

    Raises
    ------
    InputError
        The book shows no examples, or the folder holds too few e-mails of a class.
    """
    if not book.n_examples or book.choices:
        raise InputError(
            f"examples={str(folder)!r}: prompts of style {book.style!r} show none. The loop would "
            f"not close. Use style 'few_shot'."
        )
    frame = store.read_recorded(folder).groupby("label").head(_MOST_EXAMPLES)
    counts = frame["label"].value_counts().reindex(list(emails.LABELS), fill_value=0)
    if counts.min() < _MIN_EXAMPLES:
        raise InputError(
            f"{folder}: {counts.min()} e-mails of class {counts.idxmin()!r}; expected "
            f"{_MIN_EXAMPLES} or more of each. A few would be shown again and again. Record more."
        )
    settings = json.loads((folder / "manifest.json").read_text("utf-8"))["settings"]
    return Examples(frame, settings.get("turn", 1) + 1)


class EmailPlan:
    """A `recorder.Plan` of e-mails.

    Parameters
    ----------
    book : PromptBook
    real : pandas.DataFrame
        From `emails.email_frame`: examples come from it, and copies of it are dropped.
    model : LanguageModel
        Only its name, hash and settings are used.
    sampling : Sampling
    max_tokens, seed : int
    shown : Examples, optional
        What prompts show in place of real messages.
    """

    n_rows: int | None = None

    def __init__(
        self,
        book: prompts.PromptBook,
        real: pd.DataFrame,
        model: LanguageModel,
        sampling: Sampling,
        *,
        max_tokens: int,
        seed: int,
        shown: Examples | None = None,
    ) -> None:
        self._shown = shown
        self._book, self._model, self._seed = book, model, seed
        self._max_tokens = max_tokens
        self._parameters = {**vars(sampling), "max_tokens": max_tokens}
        self._real = (real["subject"] + "\n\n" + real["body"]).tolist()
        self._addresses = _addresses("\n".join(self._real))
        self._subjects = {_key(subject) for subject in real["subject"]}
        self._pool = self._draw_pool(real) if book.n_examples else None
        self._ancestors = {} if shown is None else shown.frame.set_index("id")["derived_from"]
        self.settings = {
            "task": "emails",
            "style": book.style,
            "prompts_sha256": book.sha256,
            "model": model.name,
            "model_sha256": model.sha256,
            "seed": seed,
            "pool_sha256": _digest(self._pool) if self._pool else "",
            **({"turn": shown.turn} if shown else {}),
            **self._parameters,
            **model.settings,
        }

    def request(self, number: int) -> Request:
        """Return what row ``number`` asks."""
        return self._planned(number).request

    def rows(self, answers: Mapping[int, Completion]) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the e-mails worth keeping, and how many were dropped, by reason."""
        mails = {number: split_mail(answer.text) for number, answer in answers.items()}
        copied = self._copied({number: "\n\n".join(mail) for number, mail in mails.items()})
        kept, dropped = [], Counter()
        for number, (subject, body) in mails.items():
            reason = _flaw(subject, body) or self._repeats(subject, body, number in copied)
            if reason:
                dropped[reason] += 1
            else:
                kept.append(self._row(self._planned(number), subject, body, answers[number]))
        return pd.DataFrame(kept, columns=list(_COLUMNS)).astype(_COLUMNS), dict(dropped)

    def _planned(self, number: int) -> prompts.PlannedRow:
        return prompts.plan_row(
            self._book, number, seed=self._seed, max_tokens=self._max_tokens, pool=self._pool
        )

    def _row(
        self, planned: prompts.PlannedRow, subject: str, body: str, answer: Completion
    ) -> dict[str, Any]:
        turn = f"-turn{self._shown.turn}" if self._shown else ""
        slots = planned.slots
        if self._shown:
            slots = slots | {f"example_{i}": id for i, id in enumerate(planned.parents, 1)}
        return {
            "id": f"{self._model.name}-{self._book.style}{turn}-{planned.number:06d}",
            "style": self._book.style,
            "prompt": planned.template,
            "slots": json.dumps(slots) if slots else "",
            "label": planned.label,
            "subject": subject,
            "body": body,
            "derived_from": self._real_ancestors(planned.parents),
            "seed": planned.request.seed,
            "model": self._model.name,
            "model_sha256": self._model.sha256,
            "parameters": json.dumps(self._parameters),
            "n_tokens": answer.n_tokens,
            "finish": answer.finish,
        }

    def _real_ancestors(self, shown: tuple[str, ...]) -> list[str]:
        """Return the real messages behind what a prompt showed, however many turns ago."""
        if not self._shown:
            return list(shown)
        return sorted({parent for id in shown for parent in self._ancestors[id]})

    def _repeats(self, subject: str, body: str, is_copied: bool) -> str:
        """Say what of a real message a row repeats; nothing where it may be kept."""
        if is_copied:
            return "copies real mail"
        if _addresses(f"{subject}\n{body}") & self._addresses:
            return "repeats a real address"
        is_long = len(ngrams.words(subject)) >= _SUBJECT_WORDS
        return "repeats a real subject" if is_long and _key(subject) in self._subjects else ""

    def _copied(self, texts: Mapping[int, str]) -> set[int]:
        """Return the rows that hold too much of a real message."""
        made, real = ngrams.index_grams(texts.values(), self._real)
        pairs = ngrams.strongest_pairs(made, real, MOST_COPIED, _MIN_SHARED)
        too_much = pairs.first[pairs.containment > MOST_COPIED]
        numbers = np.array(list(texts), dtype=int)
        return set(numbers[too_much].tolist())

    def _draw_pool(self, real: pd.DataFrame) -> dict[str, pd.DataFrame]:
        pool = self._shown.frame if self._shown else emails.example_pool(real)
        return {label: pool[pool["label"] == label] for label in emails.LABELS}


class LabelPlan(EmailPlan):
    """A `recorder.Plan` of labels: row i is the model's label of message i of the pool."""

    n_rows = LABEL_ROWS

    def rows(self, answers: Mapping[int, Completion]) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return one label a message; where a model named neither class, there is none."""
        spam = self._book.choices.index(self._book.spam_choice)
        labels = [
            {
                "id": self._planned(number).parents[0],
                "label": emails.LABELS[0 if answer.text == self._book.spam_choice else 1],
                "p_spam": answer.probabilities[spam] if answer.probabilities else np.nan,
                "prompt": self._planned(number).template,
                "model_sha256": self._model.sha256,
            }
            for number, answer in answers.items()
            if answer.text in self._book.choices
        ]
        unclear = len(answers) - len(labels)
        dropped = {"named no class": unclear} if unclear else {}
        return pd.DataFrame(labels, columns=list(_LABEL_COLUMNS)).astype(_LABEL_COLUMNS), dropped

    def _draw_pool(self, real: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {"": emails.example_pool(real, LABEL_ROWS, is_balanced=False)}


_COLUMNS = {
    "id": "str",
    "style": "str",
    "prompt": "str",
    "slots": "str",
    "label": "str",
    "subject": "str",
    "body": "str",
    "derived_from": "object",
    "seed": "int64",
    "model": "str",
    "model_sha256": "str",
    "parameters": "str",
    "n_tokens": "int64",
    "finish": "str",
}
_LABEL_COLUMNS = {
    "id": "str",
    "label": "str",
    "p_spam": "float64",
    "prompt": "str",
    "model_sha256": "str",
}


def split_mail(answer: str) -> tuple[str, str]:
    """Split what followed "Subject:" into subject and body."""
    subject, _, body = answer.strip().partition("\n")
    body = body.strip()
    for mark in ("Body:", "Message:"):
        body = body.removeprefix(mark).strip()
    return subject.strip(), body


def _flaw(subject: str, body: str) -> str:
    """Say why an answer is no e-mail; nothing where it is one."""
    if not ngrams.words(subject) and not ngrams.words(body):
        return "empty"
    return "" if ngrams.words(body) else "no body"


def _addresses(text: str) -> set[str]:
    """Return the addresses in a text, of mail and of pages."""
    found = (address.casefold().rstrip(".,;:!?") for address in _ADDRESS.findall(text))
    return {address for address in found if "." in address}


def _key(subject: str) -> str:
    return " ".join(ngrams.words(subject))


def _digest(pool: Mapping[str, pd.DataFrame]) -> str:
    """Return a hash of the rows that may be shown: real ones never change, generated ones might."""
    ids = [id for part in pool.values() for id in part["id"]]
    if any("derived_from" in part for part in pool.values()):
        ids += [body for part in pool.values() for body in part["body"]]
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()
