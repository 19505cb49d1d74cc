"""What language models are asked to write or to label: a task is a value.

To add one: a folder of prompts below ``data/``, its functions and its value here, and the value in
`TASKS`.  No other module knows what a task is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from synthlab.datasets import emails, reviews
from synthlab.errors import require
from synthlab.text import ngrams


@dataclass(frozen=True)
class Task:
    """What a language model is asked to write, or to label.

    Where a function takes texts, it takes one argument per field, in their order.

    Attributes
    ----------
    name : str
        As the command line and manifests have it, such as ``"emails"``.
    real_name : str
        What its real rows are called in messages, such as ``"real mail"``.
    labels : tuple of str
        The classes.  Row i asks for ``labels[i % len(labels)]``.
    prompts : str
        Folder of its prompts, below ``data/``.
    fields : tuple of str
        The text columns of a row, such as ``("subject", "body")``.
    parse : callable
        Answer → tuple of texts.
    flaw : callable
        Texts → why they are no row of this task; empty where they are.
    show : callable
        Texts → how a prompt shows such a row.
    real_rows : callable
        () → the real rows, with columns ``id``, ``label`` and the fields.  No written row may
        copy one.
    repeats : callable
        Real rows → (texts → what else of a real row they repeat; empty where nothing).
    examples, to_label : callable
        Real rows → those that prompts may show; those that a model labels, one request each.
    """

    name: str
    real_name: str
    labels: tuple[str, ...]
    prompts: str
    fields: tuple[str, ...]
    parse: Callable[[str], tuple[str, ...]]
    flaw: Callable[..., str]
    show: Callable[..., str]
    real_rows: Callable[[], pd.DataFrame]
    repeats: Callable[[pd.DataFrame], Callable[..., str]]
    examples: Callable[[pd.DataFrame], pd.DataFrame]
    to_label: Callable[[pd.DataFrame], pd.DataFrame]

    def texts(self, rows: pd.DataFrame) -> list[str]:
        """Return each row's fields as one text."""
        return ["\n\n".join(texts) for texts in rows[list(self.fields)].itertuples(index=False)]


def find_task(name: str) -> Task:
    """Return a task by its name.

    Raises
    ------
    InputError
        There is no such task.
    """
    known = ", ".join(TASKS)
    require(
        name in TASKS,
        f"task={name!r}",
        f"one of {known}",
        "Nothing was asked.",
        "A task is a value in synthlab/llm/tasks.py.",
    )
    return TASKS[name]


def split_mail(answer: str) -> tuple[str, str]:
    """Split what followed "Subject:" into subject and body."""
    subject, _, body = answer.strip().partition("\n")
    body = body.strip()
    for mark in ("Body:", "Message:"):
        body = body.removeprefix(mark).strip()
    return subject.strip(), body


def mail_flaw(subject: str, body: str) -> str:
    """Say why subject and body are no e-mail; nothing where they are."""
    if ngrams.words(body):
        return ""
    return "no body" if ngrams.words(subject) else "empty"


def show_mail(subject: str, body: str) -> str:
    """Return an e-mail as prompts show it, its body without line breaks."""
    return f"Subject: {subject}\n\n{' '.join(body.split())}"


def mail_repeats(real: pd.DataFrame) -> Callable[[str, str], str]:
    """Return a function that says which address or subject line of real mail an e-mail repeats.

    Subjects of fewer than four words, such as *lunch*, identify no message.
    """
    real_addresses = _addresses("\n".join([*real["subject"], *real["body"]]))
    real_subjects = {tuple(ngrams.words(subject)) for subject in real["subject"]}

    def repeats(subject: str, body: str) -> str:
        if _addresses(f"{subject}\n{body}") & real_addresses:
            return "repeats a real address"
        words = tuple(ngrams.words(subject))
        is_known = len(words) >= _SUBJECT_WORDS and words in real_subjects
        return "repeats a real subject" if is_known else ""

    return repeats


_SUBJECT_WORDS = 4
#: Of mail and of pages.
_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s<>\"')]+", re.IGNORECASE
)


def _addresses(text: str) -> set[str]:
    found = (address.casefold().rstrip(".,;:!?") for address in _ADDRESS.findall(text))
    return {address for address in found if "." in address}


EMAILS = Task(
    name="emails",
    real_name="real mail",
    labels=emails.LABELS,
    prompts="llm_emails/prompts",
    fields=("subject", "body"),
    parse=split_mail,
    flaw=mail_flaw,
    show=show_mail,
    real_rows=emails.email_frame,
    repeats=mail_repeats,
    examples=emails.example_pool,
    to_label=lambda real: emails.example_pool(real, 1_500, is_balanced=False),
)


def first_line(answer: str) -> tuple[str]:
    """Return the first line of what followed "Review:", without quotation marks around it."""
    line = answer.strip().partition("\n")[0].strip()
    return (line.strip('"“”').strip(),)


def review_flaw(text: str) -> str:
    """Say why a text is no review; nothing where it is."""
    return "" if ngrams.words(text) else "empty"


def shuffled_reviews(real: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return n labeled real reviews, the same each time; the corpus's order tells the label."""
    clear = real[real["label"].isin(reviews.LABELS)]
    return clear.sample(n, random_state=0)


REVIEWS = Task(
    name="reviews",
    real_name="real reviews",
    labels=reviews.LABELS,
    prompts="llm_reviews/prompts",
    fields=("text",),
    parse=first_line,
    flaw=review_flaw,
    show=lambda text: f"Review: {text}",
    real_rows=reviews.review_frame,
    repeats=lambda real: lambda text: "",
    examples=lambda real: shuffled_reviews(real, 500),
    to_label=lambda real: shuffled_reviews(real, 4_000),
)

TASKS = {task.name: task for task in (EMAILS, REVIEWS)}
