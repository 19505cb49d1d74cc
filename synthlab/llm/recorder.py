"""A resumable recorder: rows go to a journal one by one, and in blocks to parquet shards.

A folder holds ``manifest.json`` (the run's settings, written first), ``journal.jsonl`` (rows
whose block is not complete) and ``part-00000.parquet``, … (blocks of 2,500 row numbers).  Each
shard tells, in its own metadata, which numbers it covers and how many rows it dropped and why.

Killed at any moment, a run loses at most the rows in flight.  A row enters the journal before
anything else, and leaves it only after its shard lies on disk under its final name; a row that
is found in both belongs to the shard.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthlab.errors import InputError, SynthlabError
from synthlab.llm.model import Completion, LanguageModel, Request
from synthlab.paths import atomic_path

SHARD_ROWS = 2_500
#: Rows asked for each one that is wanted, until a model is given up that writes nothing to keep.
MOST_ASKED = 10
_SYNC_ROWS = 32
_FORMAT = 1
_COVERS = b"synthlab"


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
    watch : callable, optional
        Called with the progress, at the start and after every row.

    Returns
    -------
    dict
        The manifest: settings, rows ``done`` (asked) and ``kept``, and ``dropped`` by reason.
        Fewer than ``n`` are kept only where the plan has no more rows.

    Raises
    ------
    InputError
        ``n`` is not positive, the folder is a file or holds a run of other settings, another
        process is recording there, or of ``MOST_ASKED`` rows not even one can be kept.
    """
    if n <= 0:
        raise InputError(f"n={n}: expected at least 1 row. Nothing would be recorded. Ask for 200.")
    with _folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _sole_writer(folder):
            _check_settings(folder, plan.settings)
            return _Recorder(plan, folder, n).run(model, watch)


def missing_rows(plan: Plan, folder: Path, n: int) -> list[int]:
    """Return which rows will be asked next, so that n are kept; nothing is written."""
    with _folder_errors(folder):
        if not folder.is_dir():
            return list(range(n))
        recorder = _Recorder(plan, folder, n)
        recorder.move_on(seal=False)
        return list(recorder.missing())


def read_recorded(folder: Path) -> pd.DataFrame:
    """Return the rows of all shards of a folder, in order of their numbers."""
    shards = sorted(folder.glob("part-*.parquet"))
    if not shards:
        raise InputError(
            f"{folder}: no part-*.parquet there. Nothing was recorded, or its first block is not "
            f"complete. Run synthlab generate emails --out {folder} to its end."
        )
    return pd.concat([pd.read_parquet(shard) for shard in shards], ignore_index=True)


class _Recorder:
    """The state of one run: which rows are sealed in shards, which stand in the journal.

    Rows before ``_stop`` are asked; it moves on by what was dropped.
    """

    def __init__(self, plan: Plan, folder: Path, n: int) -> None:
        self._plan, self._folder, self._n = plan, folder, n
        self._most = MOST_ASKED * n if plan.n_rows is None else plan.n_rows
        self._sealed = {block: _covered(path) for block, path in _shards(folder).items()}
        self._journal = _Journal(folder / "journal.jsonl")
        self._answers = {
            row: answer
            for row, answer in self._journal.read().items()
            if not self._is_sealed(row)  # killed after the shard was written
        }
        self._ask_before(n)

    def run(self, model: LanguageModel, watch: Callable[[Progress], None]) -> dict[str, Any]:
        self._journal.replace(self._answers)  # without a torn line
        self.move_on()
        n_tokens = 0
        watch(self._progress(n_tokens))
        while self._left.total():
            requests = ((number, self._plan.request(number)) for number in self.missing())
            for number, completion in model.complete(requests):
                self._take(number, completion)
                n_tokens += completion.n_tokens
                watch(self._progress(n_tokens))
            self.move_on()
        return self._require_enough(self._write_manifest())

    def move_on(self, *, seal: bool = True) -> None:
        """Once no row is missing, let as many more be asked as were dropped."""
        while True:
            if seal:
                self._seal_what_is_complete()
            if self._left.total() or self._kept >= self._n or self._stop >= self._most:
                return
            self._ask_before(min(self._stop + self._n - self._kept, self._most))

    def _seal_what_is_complete(self) -> None:
        """Write the shards whose answers all were in the journal when a run was killed."""
        for block in sorted({row // SHARD_ROWS for row in self._answers if row < self._stop}):
            if not self._left[block]:
                self._seal(block)

    def _ask_before(self, stop: int) -> None:
        self._stop = stop
        self._left = Counter(number // SHARD_ROWS for number in self.missing())

    @property
    def _kept(self) -> int:
        return sum(shard["kept"] for shard in self._sealed.values())

    def _progress(self, n_tokens: int) -> Progress:
        return Progress(self._stop - self._left.total(), self._stop, n_tokens)

    def _require_enough(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if manifest["kept"] < self._n and self._plan.n_rows is None:
            dropped = ", ".join(f"{n:,} {reason}" for reason, n in manifest["dropped"].items())
            raise InputError(
                f"{self._folder}: only {manifest['kept']:,} of {manifest['done']:,} rows could be "
                f"kept ({dropped}); {self._n:,} were wanted. This model writes hardly an e-mail "
                f"with these prompts. What it did is recorded; take another style or model."
            )
        return manifest

    def _take(self, number: int, completion: Completion) -> None:
        self._journal.append(number, completion)
        self._answers[number] = completion
        block = number // SHARD_ROWS
        self._left[block] -= 1
        if not self._left[block]:
            self._seal(block)

    def missing(self) -> Iterator[int]:
        known = set(self._answers)
        return (row for row in range(self._stop) if row not in known and not self._is_sealed(row))

    def _is_sealed(self, row: int) -> bool:
        covers = self._sealed.get(row // SHARD_ROWS)
        return covers is not None and row < covers["stop"]

    def _seal(self, block: int) -> None:
        """Write a block's shard; what an earlier, shorter run sealed of it goes in first."""
        path = self._folder / f"part-{block:05d}.parquet"
        start, stop = block * SHARD_ROWS, min((block + 1) * SHARD_ROWS, self._stop)
        answers = {row: self._answers[row] for row in sorted(self._answers) if start <= row < stop}
        frame, dropped = self._plan.rows(answers)
        if block in self._sealed:
            frame = pd.concat([pd.read_parquet(path), frame], ignore_index=True)
            dropped = Counter(dropped) + Counter(self._sealed[block]["dropped"])
        covers = {"start": start, "stop": stop, "kept": len(frame), "dropped": dict(dropped)}
        _write_shard(frame, covers, path)
        self._sealed[block] = covers
        for row in answers:
            del self._answers[row]
        self._journal.replace(self._answers)
        self._write_manifest()

    def _write_manifest(self) -> dict[str, Any]:
        """Count anew from the shards, so that no kill can leave the counts behind the rows."""
        covers = self._sealed.values()
        dropped = sum((Counter(shard["dropped"]) for shard in covers), Counter())
        manifest = {
            "format": _FORMAT,
            "settings": dict(self._plan.settings),
            "done": sum(shard["stop"] - shard["start"] for shard in covers),
            "kept": self._kept,
            "dropped": dict(sorted(dropped.items())),
        }
        _write_json(manifest, self._folder / "manifest.json")
        return manifest


class _Journal:
    """Answers by row, one JSON line each; every line is handed to the system at once."""

    def __init__(self, path: Path) -> None:
        self._path, self._n_unsynced = path, 0

    def read(self) -> dict[int, Completion]:
        """Return the whole lines; the last one may have been torn by a kill."""
        found = {}
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):  # that row is asked again
                entry = json.loads(line)
                row, entry["probabilities"] = entry.pop("row"), tuple(entry["probabilities"])
                found[row] = Completion(**entry)
        return found

    def append(self, row: int, answer: Completion) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(row, answer))
            file.flush()
            self._n_unsynced += 1
            if self._n_unsynced >= _SYNC_ROWS:  # a power cut loses no more than these
                os.fsync(file.fileno())
                self._n_unsynced = 0

    def replace(self, answers: Mapping[int, Completion]) -> None:
        with atomic_path(self._path) as partial, partial.open("w", encoding="utf-8") as file:
            file.writelines(_line(row, answer) for row, answer in answers.items())
            file.flush()
            os.fsync(file.fileno())


def _line(row: int, answer: Completion) -> str:
    return json.dumps({"row": row, **vars(answer)}) + "\n"


def _shards(folder: Path) -> dict[int, Path]:
    found = {re.fullmatch(r"part-(\d{5})\.parquet", path.name): path for path in folder.iterdir()}
    return {int(match[1]): path for match, path in found.items() if match}


def _covered(shard: Path) -> dict[str, Any]:
    """Return which numbers a shard covers, from its own metadata."""
    try:
        return json.loads(pq.read_schema(shard).metadata[_COVERS])
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{shard}: not a shard that this recorder wrote ({error}). Its rows can't be told from "
            f"missing ones. Move it elsewhere; its block is then recorded anew."
        ) from error


def _write_shard(frame: pd.DataFrame, covers: Mapping[str, Any], path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [
        field.with_type(pa.list_(pa.string())) if field.type == pa.list_(pa.null()) else field
        for field in table.schema  # where no row has a parent, Arrow can't tell what parents are
    ]
    table = table.cast(pa.schema(fields, table.schema.metadata))
    told = {**(table.schema.metadata or {}), _COVERS: json.dumps(covers).encode()}
    with atomic_path(path) as partial:
        pq.write_table(table.replace_schema_metadata(told), partial, compression="zstd")
        with partial.open("rb") as file:  # on disk before its rows leave the journal
            os.fsync(file.fileno())


def _write_json(content: Mapping[str, Any], path: Path) -> None:
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def _check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings down before any row; refuse a folder that has others."""
    path = folder / "manifest.json"
    if not path.exists():
        if _shards(folder) or (folder / "journal.jsonl").exists():
            raise InputError(
                f"{folder}: rows without a manifest.json. Nobody can tell how they were made. "
                f"Restore it, or name another folder."
            )
        return _write_json({"format": _FORMAT, "settings": dict(settings)}, path)
    try:
        begun = json.loads(path.read_text("utf-8"))["settings"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not a manifest ({error}). Nobody can tell how the rows beside it were made. "
            f"Restore it, or name another folder."
        ) from error
    wanted = json.loads(json.dumps(dict(settings)))
    keys = [key for key in {**begun, **wanted} if begun.get(key) != wanted.get(key)]
    if keys:
        raise InputError(
            f"{folder}: begun with {_told(begun, keys)}; asked for {_told(wanted, keys)}. Rows of "
            f"two runs would mix under one name. Repeat the first settings, or name another folder."
        )


def _told(settings: Mapping[str, Any], keys: list[str]) -> str:
    return ", ".join(f"{key}={str(settings.get(key))[:40]}" for key in keys)


@contextmanager
def _sole_writer(folder: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows has none; two runs in one folder are then up to the user
        yield
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{folder}: another process is recording there. Both would write the same rows. "
                f"Wait for it, stop it, or name another folder."
            ) from error
        yield


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise InputError(
            f"{folder}: expected a folder that can be written ({error.strerror}). Nothing can be "
            f"recorded there. Name another one."
        ) from error
    except OSError as error:
        if isinstance(error, SynthlabError):
            raise
        raise InputError(
            f"{folder}: the disk refused ({error.strerror or error}). What was recorded is kept. "
            f"Make room, and continue with the same command."
        ) from error
