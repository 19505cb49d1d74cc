"""Progress of long loops, shown where somebody looks and kept out of notebook outputs.

Under ``synthlab run`` the loop runs in a kernel and the bar belongs in the terminal: the
kernel appends to the file named by ``$SYNTHLAB_PROGRESS``, and the runner reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")
CHANNEL = "SYNTHLAB_PROGRESS"


class Step(NamedTuple):
    """How far a loop has come."""

    label: str
    done: int
    total: int


def track(
    items: Iterable[Item], label: str, total: int | None = None, n_before: int = 0
) -> Iterator[Item]:
    """Yield items and show how many are done; a bar in Jupyter, or the runner's own.

    Parameters
    ----------
    items : iterable
    label : str
    total : int, optional
        How many there are in all, where items come one by one; without it they are listed first.
    n_before : int, default 0
        How many of the total an earlier run had done: shown as done, left out of the pace.
    """
    if total is None:
        items = list(items)
        total = len(items)
    channel = os.environ.get(CHANNEL)
    if not channel:
        from tqdm.auto import tqdm

        yield from tqdm(items, desc=label, total=total, initial=n_before, leave=False)
        return
    for done, item in enumerate(items, start=n_before):
        _report(Path(channel), Step(label, done, total))
        yield item
    _report(Path(channel), Step(label, total, total))


def latest(channel: Path) -> Step | None:
    """Return the last whole step that a kernel reported, if any."""
    if not channel.exists():
        return None
    whole = channel.read_text("utf-8").rpartition("\n")[0]  # the last line may be half-written
    lines = whole.splitlines()
    return Step(*json.loads(lines[-1])) if lines else None


def _report(channel: Path, step: Step) -> None:
    with channel.open("a", encoding="utf-8") as file:
        file.write(json.dumps(step) + "\n")
