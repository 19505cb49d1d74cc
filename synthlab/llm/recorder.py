"""A resumable recorder: asks for the rows that a folder lacks, and keeps every answer.

A run is a plan, a model and a number of rows to keep.  What it was handed is on disk at once
(`store`), so that a run which was stopped, however it was stopped, goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from synthlab.errors import InputError, is_whole, require
from synthlab.llm import store
from synthlab.llm.model import Completion, LanguageModel, Request

#: Rows asked per row that is wanted, until a model is given up that writes nothing to keep.
MOST_ASKED = 10


class Plan(Protocol):
    """What is asked in each row, and what becomes of the answers.

    Attributes
    ----------
    settings : mapping
        All that decides the rows, as JSON has it: two runs with the same settings are one run.
    n_rows : int or None
        How many there are to ask; None where they have no end.
    """

    settings: Mapping[str, Any]
    n_rows: int | None

    def request(self, number: int) -> Request:
        """Return what row ``number`` asks."""
        ...

    def rows(self, answers: Mapping[int, Completion]) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the rows worth keeping, by number, and how many were dropped, by reason."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    done, total : int
        Rows asked, and to be asked; the total grows by what is dropped.
    n_tokens : int
        Drawn since this process began.
    """

    done: int
    total: int
    n_tokens: int


def record(
    plan: Plan,
    model: LanguageModel,
    folder: Path,
    n: int,
    *,
    approve: Callable[[Sequence[int]], None] = lambda rows: None,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Record rows until n are kept: for each that is dropped, one more is asked.

    Rows are asked in the order of their numbers, from 0, and only those that the folder lacks.

    Parameters
    ----------
    plan : Plan
    model : LanguageModel
    folder : Path
        Made if there is none.
    n : int
        Rows to keep.  More than a finished run had continues it.
    approve : callable, optional
        Called once, before anything is asked, with the numbers of the rows that the folder
        lacks, replacements not counted; it stops the run by raising.
    watch : callable, optional
        Called with the progress, at the start and after every row.

    Returns
    -------
    dict
        The manifest: settings, rows ``done`` (asked) and ``kept``, ``dropped`` by reason, and
        the checksums of the ``shards``.  Fewer than ``n`` rows are kept only where the plan has
        no more.

    Raises
    ------
    InputError
        ``n`` is not positive, the folder cannot be used (see `store.opened`), or of
        ``MOST_ASKED`` rows not even one can be kept.
    """
    require(is_whole(n, 1), f"n={n}", "at least 1 row", "Nothing would be recorded.", "Try 200.")
    with store.opened(folder, plan.settings) as recording:
        run = _Run(plan, n, recording)
        rows = run.next_rows()
        approve(rows)
        return run.finish(rows, model, watch)


class _Run:
    """Rows before ``_stop`` are asked; it moves on by what was dropped."""

    def __init__(self, plan: Plan, n: int, recording: store.Store) -> None:
        self._plan, self._n, self._store = plan, n, recording
        self._most = MOST_ASKED * n if plan.n_rows is None else plan.n_rows
        self._stop = min(n, self._most)

    def finish(
        self, rows: list[int], model: LanguageModel, watch: Callable[[Progress], None]
    ) -> dict[str, Any]:
        self._store.write_manifest()
        n_tokens = 0
        watch(Progress(self._stop - len(rows), self._stop, n_tokens))
        while rows:
            left = Counter(map(_block, rows))
            requests = ((row, self._plan.request(row)) for row in rows)
            for row, answer in model.complete(requests):
                self._store.keep(row, answer)
                left[_block(row)] -= 1
                if not left[_block(row)]:
                    self._seal(_block(row))
                n_tokens += answer.n_tokens
                watch(Progress(self._stop - left.total(), self._stop, n_tokens))
            rows = self.next_rows()
        return self._require_enough(self._store.write_manifest())

    def next_rows(self) -> list[int]:
        """Return what to ask next; once no row is missing, as many more as were dropped."""
        while True:
            missing = self._missing()
            # A run may have been killed between a block's last answer and its shard.
            answered = {_block(row) for row in self._store.answered() if row < self._stop}
            for block in sorted(answered - {_block(row) for row in missing}):
                self._seal(block)
            n_lacking = self._n - self._store.kept
            if missing or n_lacking <= 0 or self._stop >= self._most:
                return missing
            self._stop = min(self._stop + n_lacking, self._most)

    def _missing(self) -> list[int]:
        """Return the rows that are neither in a shard nor in the database."""
        known = self._store.answered()
        for covers in self._store.sealed.values():
            known.update(range(covers["start"], covers["stop"]))
        return [row for row in range(self._stop) if row not in known]

    def _seal(self, block: int) -> None:
        start, stop = block * store.SHARD_ROWS, min((block + 1) * store.SHARD_ROWS, self._stop)
        rows, dropped = self._plan.rows(self._store.answers(start, stop))
        self._store.seal(block, stop, rows, dropped)

    def _require_enough(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if manifest["kept"] < self._n and self._plan.n_rows is None:
            dropped = ", ".join(f"{n:,} {reason}" for reason, n in manifest["dropped"].items())
            raise InputError(
                f"{self._store.folder}: only {manifest['kept']:,} of {manifest['done']:,} rows "
                f"could be kept ({dropped}); {self._n:,} were wanted. This model writes hardly "
                f"anything to keep with these prompts. What it did is recorded; take another "
                f"style or model."
            )
        return manifest


def _block(row: int) -> int:
    return row // store.SHARD_ROWS
