"""Film reviews that language models wrote, recorded in ``data/llm_reviews/``."""

from __future__ import annotations

import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets.registry import recorded_file
from synthlab.errors import require

#: Recorded styles by writer, of which the first is the default.
WRITERS = {"frontier": ("naive", "informed")}


def load_llm_reviews(
    writer: str = "frontier", style: str | None = None, *, name: str | None = None
) -> Dataset:
    """Load sentences of film reviews that a language model wrote.

    Parameters
    ----------
    writer : {"frontier"}
        A frontier model: 4,992 *naive* and 1,500 *informed* sentences.
    style : {"naive", "informed"}, optional
        What its prompts said.  *naive* (the default): the names of the classes; *informed*: which
        critics of which years.
    name : str, optional
        Of the data set.

    Returns
    -------
    Dataset
        Texts of origin synthetic, labeled "positive" and "negative".

    Raises
    ------
    DataUnavailableError
        The recorded file is missing or altered.
    InputError
        Unknown writer or style.
    """
    _require_one_of(WRITERS, writer=writer)
    style = WRITERS[writer][0] if style is None else style
    _require_one_of(WRITERS[writer], style=style)
    frame = pd.read_json(recorded_file(f"llm-{writer}-reviews"), lines=True, dtype={"id": str})
    frame = frame[frame["style"] == style]
    return Dataset(
        frame["text"], frame["label"], SYNTHETIC, name or f"{writer} reviews", frame["id"]
    )


def _require_one_of(known, **given: str) -> None:
    ((parameter, value),) = given.items()
    require(
        value in known,
        f"{parameter}={value!r}",
        f"one of {', '.join(known)}",
        "No other film reviews were recorded.",
        "Choose one of these.",
    )
