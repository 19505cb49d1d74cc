"""Progress of long loops, shown where somebody looks and kept out of notebook outputs.

Under ``synthlab run`` the loop runs in a kernel and the bar belongs in the terminal: the
kernel appends to the file named by ``$SYNTHLAB_PROGRESS``, and the runner reads it.  A terminal
and a notebook show a bar; a log gets a plain line every half minute.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")
CHANNEL = "SYNTHLAB_PROGRESS"
#: Seconds between two lines of a log.
LOG_SECONDS = 30.0


class Step(NamedTuple):
    """How far a loop has come."""

    label: str
    done: int
    total: int

    def __str__(self) -> str:
        return f"{self.label}: {self.done:,} of {self.total:,}"


def track(
    items: Iterable[Item], label: str, total: int | None = None, n_before: int = 0
) -> Iterator[Item]:
    """Yield items and show how many are done: as a bar, in a log, or by the runner.

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
    if channel:
        yield from _reported(items, label, total, n_before, Path(channel))
    elif can_redraw():
        from tqdm.auto import tqdm

        yield from tqdm(items, desc=label, total=total, initial=n_before, leave=False)
    else:
        yield from _logged(items, label, total, n_before)


def can_redraw() -> bool:
    """Whether a bar can be drawn over: in a terminal and in a notebook, but not in a log."""
    return sys.stderr.isatty() or _in_notebook()


class Log:
    """Plain lines in a log, at most one every `LOG_SECONDS`; what comes in between is left out."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def tell(self, line: object) -> None:
        """Write a line to the standard error stream, if it is time for one."""
        if time.monotonic() - self._last >= LOG_SECONDS:
            self._last = time.monotonic()
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def latest(channel: Path) -> Step | None:
    """Return the last whole step that a kernel reported, if any."""
    if not channel.exists():
        return None
    whole = channel.read_text("utf-8").rpartition("\n")[0]  # the last line may be half-written
    lines = whole.splitlines()
    return Step(*json.loads(lines[-1])) if lines else None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and "IPKernelApp" in shell.config


def _reported(
    items: Iterable[Item], label: str, total: int, n_before: int, channel: Path
) -> Iterator[Item]:
    for done, item in enumerate(items, start=n_before):
        _report(channel, Step(label, done, total))
        yield item
    _report(channel, Step(label, total, total))


def _logged(items: Iterable[Item], label: str, total: int, n_before: int) -> Iterator[Item]:
    log = Log()
    for done, item in enumerate(items, start=n_before):
        log.tell(Step(label, done, total))
        yield item


def _report(channel: Path, step: Step) -> None:
    with channel.open("a", encoding="utf-8") as file:
        file.write(json.dumps(step) + "\n")
