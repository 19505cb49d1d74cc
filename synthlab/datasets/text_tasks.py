"""The course's two text tasks, real mail and film reviews, in one shape; and their two writers.

Notebooks 00, 05 and 06 run on either task: they ask here for rows and for the words that figures
show.  To add a task: its loaders in files of their own, and its value here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthlab.dataset import Dataset
from synthlab.datasets import emails, llm_emails, llm_reviews, reviews
from synthlab.errors import require_one_of

WEAK, STRONG = "weak", "strong"
#: Language models by how well they write: SmolLM2-135M-Instruct, and a frontier model.
WRITERS = (WEAK, STRONG)


@dataclass(frozen=True)
class TextTask:
    """Real texts of two classes, and texts that language models wrote for the same task.

    Attributes
    ----------
    name : str
        ``"emails"`` or ``"reviews"``.
    real_name : str
        What real rows are called, such as ``"real mail"``.
    texts_name : str
        What texts of the task are called, such as ``"e-mails"``.
    labels : tuple of str
        Both classes; the second is the more frequent one among real rows.
    split : callable
        ``(n_train, random_state)`` → real_train, real_eval: clusters of near-duplicates stay
        whole.  By default 5,000 e-mails or 8,000 reviews may train, and the others evaluate.
    split_by_time : callable or None
        (n_train) → earlier rows and later ones; None where rows have no dates.
    clusters : callable
        () → pandas.Series, id → cluster of near-duplicates.
    written : callable
        (writer, style, real_train, name) → texts by a language model.
    styles : dict of str to tuple of str
        Writer → recorded styles, *naive* first.
    """

    name: str
    real_name: str
    texts_name: str
    labels: tuple[str, str]
    split: Callable[..., tuple[Dataset, Dataset]]
    split_by_time: Callable[[int], tuple[Dataset, Dataset]] | None
    clusters: Callable[[], pd.Series]
    written: Callable[[str, str, Dataset | None, str | None], Dataset]
    styles: dict[str, tuple[str, ...]]

    def load_written(
        self,
        writer: str = WEAK,
        style: str = "naive",
        *,
        real_train: Dataset | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Load the texts that a language model wrote for this task.

        Parameters
        ----------
        writer : {"weak", "strong"}, default "weak"
            SmolLM2-135M-Instruct or a frontier model, all that is recorded.
        style : str, default "naive"
            One of ``styles[writer]``.
        real_train : Dataset, optional
            Needed for styles that were made from real rows; see `llm_emails.load_llm_email`.
        name : str, optional
            Of the data set; default "weak writer" or "strong writer", with the style unless naive.

        Raises
        ------
        DataUnavailableError
            The recorded files are missing or altered.
        InputError
            Unknown writer or style.
        """
        require_writer(writer)
        meaning = f"The {writer} writer has recorded no other {self.texts_name}."
        require_one_of("style", style, self.styles[writer], meaning)
        told = f"{writer} writer" if style == "naive" else f"{writer} writer, {style}"
        return self.written(writer, style, real_train, name or told)

    def majority_share(self, rows: Dataset) -> float:
        """Return the accuracy of always answering the more frequent class of real rows."""
        return float(np.mean(rows.y == self.labels[1]))


def text_task(name: str) -> TextTask:
    """Return a text task by its name.

    Parameters
    ----------
    name : {"emails", "reviews"}

    Raises
    ------
    InputError
        There is no such task.
    """
    require_one_of("task", name, _TASKS, "No rows belong to it.")
    return _TASKS[name]


def require_writer(writer: str) -> str:
    """Return the writer's name; raise `InputError` unless it is one of `WRITERS`."""
    meaning = "No other language model has written for both tasks."
    require_one_of("writer", writer, WRITERS, meaning)
    return writer


def _emails_by(writer: str, style: str, real_train: Dataset | None, name: str | None) -> Dataset:
    model = {WEAK: "smollm2", STRONG: "frontier-all"}[writer]
    return llm_emails.load_llm_email(model, style=style, real_train=real_train, name=name)


def _reviews_by(writer: str, style: str, real_train: Dataset | None, name: str | None) -> Dataset:
    model = {WEAK: "smollm2", STRONG: "frontier"}[writer]
    return llm_reviews.load_llm_reviews(model, style, name=name)


_TASKS = {
    task.name: task
    for task in (
        TextTask(
            name="emails",
            real_name="real mail",
            texts_name="e-mails",
            labels=emails.LABELS,
            split=lambda n_train=5_000, **options: emails.load_email(n_train=n_train, **options),
            split_by_time=lambda n_train: emails.load_email("time", n_train=n_train),
            clusters=lambda: emails.email_frame().set_index("id")["cluster"],
            written=_emails_by,
            styles={
                WEAK: ("naive", "informed", "few_shot", "variants"),
                STRONG: ("naive", "informed"),
            },
        ),
        TextTask(
            name="reviews",
            real_name="real reviews",
            texts_name="reviews",
            labels=reviews.LABELS,
            split=lambda n_train=8_000, **options: reviews.load_reviews(n_train, **options),
            split_by_time=None,
            clusters=lambda: reviews.review_frame().set_index("id")["cluster"],
            written=_reviews_by,
            styles={
                WEAK: llm_reviews.WRITERS.get("smollm2", ()),
                STRONG: llm_reviews.WRITERS["frontier"],
            },
        ),
    )
}
#: By the names that `text_task` takes.
TEXT_TASKS = tuple(_TASKS)
