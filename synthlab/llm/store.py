"""A recording on disk: answers in a database until their block is complete, then in a shard.

A folder holds ``part-00000.parquet``, … (rows, by blocks of 2,500 row numbers; each file's own
metadata has the numbers that it covers, and what was dropped), ``manifest.json`` (settings, counts
and the shards' checksums) and ``recording.sqlite`` (answers that no shard covers yet).

Killed at any moment, a run still has every answer that it was handed, once.  An answer enters the
database at once, and leaves it when its shard lies on disk under its final name.  The manifest
has a shard's checksum before the shard has that name: what lies there after a kill is the new
file or the one that it replaces, and any other was altered.  A power cut may take the last thirty
answers or so; they are asked again.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synthlab.errors import InputError, require
from synthlab.llm.model import Completion
from synthlab.paths import atomic_path, disk_errors, sha256_of

SHARD_ROWS = 2_500
DATABASE, MANIFEST = "recording.sqlite", "manifest.json"
#: What manifests of each format leave unsaid; the last is the one that is written.
_UNSAID: Mapping[int, Mapping[str, Any]] = {1: {"task": "emails"}, 2: {}}
_COVERS = b"synthlab"
_OF_DISK = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_SCHEMA = """
PRAGMA locking_mode = EXCLUSIVE;  -- one writer; the system frees it, however a process ends
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 64;  -- pages: some thirty answers, and they are on the disk
CREATE TABLE IF NOT EXISTS answers (row INTEGER PRIMARY KEY, answer TEXT, checksum INTEGER);
"""


@contextmanager
def opened(folder: Path, settings: Mapping[str, Any]) -> Iterator[Store]:
    """Lend the recording in a folder to its only writer.

    Parameters
    ----------
    folder : Path
        Made if there is none.
    settings : mapping
        All that decides the rows, as JSON has it.

    Raises
    ------
    InputError
        The folder is a file, cannot be written, or holds a run of other settings; another
        process is recording there; a shard or the database is damaged.
    """
    with disk_errors(folder), _database_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(folder / DATABASE, timeout=0, isolation_level=None)
        try:
            yield Store(folder, database, settings)
        finally:
            database.close()


def read_recorded(folder: Path) -> pd.DataFrame:
    """Return the rows of all shards of a folder, in order of their numbers.

    Raises
    ------
    InputError
        There are none, or they are not as they were recorded.
    """
    require(
        bool(_shards(folder)),
        f"{folder}: no part-*.parquet there",
        "recorded rows",
        "Nothing was recorded, or the first block is not complete.",
        "Run the synthlab generate command that records into it to its end.",
    )
    return pd.concat(map(pd.read_parquet, shard_covers(folder)), ignore_index=True)


def shard_covers(folder: Path) -> dict[Path, dict[str, Any]]:
    """Return what each shard of a folder covers, in order: empty where there is none yet.

    Returns
    -------
    dict of Path to dict
        Of each shard the row numbers that it covers, from ``start`` to before ``stop``, how many
        rows were ``kept``, and how many ``dropped``, by reason.

    Raises
    ------
    InputError
        There is no manifest, or the shards are not as they were recorded.
    """
    shards = _shards(folder)
    sums = _read_manifest(folder)[1]
    return {shard: _checked(shard, block, sums) for block, shard in shards.items()}


def recorded_settings(folder: Path) -> dict[str, Any]:
    """Return the settings that a folder was recorded with; `InputError` where none are stated."""
    return _read_manifest(folder)[0]


class Store:
    """The recording in a folder, as `opened` lends it.

    Attributes
    ----------
    folder : Path
    sealed : dict of int to dict
        Of each block that has a shard: the numbers that it covers (``start``, ``stop``), how
        many rows were ``kept``, and how many ``dropped``, by reason.
    """

    def __init__(
        self, folder: Path, database: sqlite3.Connection, settings: Mapping[str, Any]
    ) -> None:
        self.folder, self._database, self._settings = folder, database, dict(settings)
        database.executescript(_SCHEMA)
        if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise _damaged(folder, "it fails its own check")
        shards, known = _shards(folder), self._known_sums()
        self.sealed = {block: _checked(path, block, known) for block, path in shards.items()}
        self._sums = {path.name: sha256_of(path) for path in shards.values()}
        for covers in self.sealed.values():  # killed after the shard was written
            self._forget(covers)

    @property
    def kept(self) -> int:
        """How many rows the shards hold."""
        return sum(covers["kept"] for covers in self.sealed.values())

    def keep(self, row: int, answer: Completion) -> None:
        """Write an answer down."""
        text = json.dumps(vars(answer))
        fields = (row, text, _checksum(row, text))
        self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", fields)

    def answered(self) -> set[int]:
        """Return the rows whose answers stand in the database."""
        return {row for (row,) in self._database.execute("SELECT row FROM answers")}

    def answers(self, start: int, stop: int) -> dict[int, Completion]:
        """Return those answers of rows from start to before stop."""
        found = {}
        query = "SELECT * FROM answers WHERE row >= ? AND row < ? ORDER BY row"
        for row, text, checksum in self._database.execute(query, (start, stop)):
            if checksum != _checksum(row, text):
                raise _damaged(self.folder, f"the answer of row {row} was altered")
            fields = json.loads(text)
            found[row] = Completion(**fields | {"probabilities": tuple(fields["probabilities"])})
        return found

    def seal(self, block: int, stop: int, rows: pd.DataFrame, dropped: Mapping[str, int]) -> None:
        """Write a block's shard: what an earlier, shorter run sealed of it, and then these rows.

        Parameters
        ----------
        block : int
        stop : int
            The shard covers the block's numbers before this one.
        rows : pandas.DataFrame
            Made of the block's answers before ``stop``.
        dropped : mapping of str to int
            Of these answers, by reason.
        """
        path = self.folder / f"part-{block:05d}.parquet"
        if block in self.sealed:
            rows = pd.concat([pd.read_parquet(path), rows], ignore_index=True)
            dropped = Counter(dropped) + Counter(self.sealed[block]["dropped"])
        start = block * SHARD_ROWS
        covers = {"start": start, "stop": stop, "kept": len(rows), "dropped": dict(dropped)}
        with atomic_path(path) as partial:
            _write_shard(rows, covers, partial)
            replaced = {path.name: self._sums.get(path.name, "")}
            self.sealed[block], self._sums[path.name] = covers, sha256_of(partial)
            self.write_manifest(replaced)
        _sync(self.folder)
        self._forget(covers)

    def write_manifest(self, replaced: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Count anew from the shards, so that no kill can leave the counts behind the rows.

        Parameters
        ----------
        replaced : mapping of str to str, optional
            Shard → checksum that it may have too, until the new file has its name.
        """
        dropped = sum((Counter(covers["dropped"]) for covers in self.sealed.values()), Counter())
        manifest = {
            "format": max(_UNSAID),
            "settings": self._settings,
            "done": sum(covers["stop"] - covers["start"] for covers in self.sealed.values()),
            "kept": self.kept,
            "dropped": dict(sorted(dropped.items())),
            "shards": dict(sorted(self._sums.items())),
            **({"replaced": dict(replaced)} if replaced else {}),
        }
        with atomic_path(self.folder / MANIFEST) as partial:
            partial.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
            _sync(partial)
        return manifest

    def _forget(self, covers: Mapping[str, Any]) -> None:
        rows = (covers["start"], covers["stop"])
        self._database.execute("DELETE FROM answers WHERE row >= ? AND row < ?", rows)

    def _known_sums(self) -> dict[str, set[str]] | None:
        """Return the checksums that shards may have; refuse a recording of other settings."""
        if not (self.folder / MANIFEST).exists():
            require(
                not _shards(self.folder) and not self.answered(),
                f"{self.folder}: rows without a {MANIFEST}",
                "one beside them",
                "Nobody can tell how they were made.",
                "Restore it, or name another folder.",
            )
            return {}
        begun, known = _read_manifest(self.folder)
        wanted = json.loads(json.dumps(self._settings))
        keys = [key for key in {**begun, **wanted} if begun.get(key) != wanted.get(key)]
        was, now = (
            ", ".join(f"{key}={settings.get(key)!r}" for key in keys)
            for settings in (begun, wanted)
        )
        require(
            not keys,
            f"{self.folder}: asked for {now}",
            f"{was}, which it was begun with",
            "Rows of both would be mixed.",
            "Use those settings, or name another folder.",
        )
        return known


def _read_manifest(folder: Path) -> tuple[dict[str, Any], dict[str, set[str]] | None]:
    """Return the settings, and the checksums that each shard may have; format 1 has none."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text("utf-8"))
        settings = {**_UNSAID[manifest["format"]], **manifest["settings"]}
        if manifest["format"] == 1:
            return settings, None
        replaced = manifest.get("replaced", {})
        return settings, {k: {v, replaced.get(k, "")} for k, v in manifest["shards"].items()}
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a manifest of this recorder ({type(error).__name__}: {error}). "
            f"Nobody can tell how the rows beside it were made. Restore it, or name another folder."
        ) from error


def _shards(folder: Path) -> dict[int, Path]:
    """Return the shards of a folder by block, in order."""
    paths = sorted(folder.glob(f"part-{'[0-9]' * 5}.parquet"))
    return {int(path.stem.removeprefix("part-")): path for path in paths}


def _checked(shard: Path, block: int, known: Mapping[str, set[str]] | None) -> dict[str, Any]:
    """Return what a shard covers, once it is known to be the one that was recorded there."""
    try:
        covers = json.loads(pq.read_schema(shard).metadata[_COVERS])
        is_it = covers["start"] == block * SHARD_ROWS
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError):
        is_it = False
    if known is not None:
        is_it = is_it and sha256_of(shard) in known.get(shard.name, ())
    require(
        is_it,
        str(shard),
        f"the shard that was recorded there, with its checksum in {MANIFEST}",
        "It was altered, copied over or damaged, and its rows cannot be trusted.",
        "Restore it, or move it elsewhere: the command that recorded it records its rows anew.",
    )
    return covers


def _write_shard(frame: pd.DataFrame, covers: Mapping[str, Any], path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [
        field.with_type(pa.list_(pa.string())) if field.type == pa.list_(pa.null()) else field
        for field in table.schema  # where no row has a parent, Arrow cannot know what parents are
    ]
    table = table.cast(pa.schema(fields, table.schema.metadata))
    metadata = {**(table.schema.metadata or {}), _COVERS: json.dumps(covers).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")
    _sync(path)


def _sync(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk before what relies on it."""
    with suppress(PermissionError):  # Windows opens no folder
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _checksum(row: int, text: str) -> int:
    return zlib.crc32(f"{row} {text}".encode())


def _damaged(folder: Path, why: object) -> InputError:
    return InputError(
        f"{folder / DATABASE}: damaged ({why}). It holds the answers that are in no shard yet; "
        f"what is in part-*.parquet is safe. Move it elsewhere and repeat the command: the answers "
        f"that it held are asked again."
    )


@contextmanager
def _database_errors(folder: Path) -> Iterator[None]:
    """Say what to do where another process or damage is in the way; leave the disk to others."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "")
        if code.startswith(_OF_DISK):
            raise OSError(str(error)) from error
        if code.startswith("SQLITE_BUSY"):
            raise InputError(
                f"{folder}: another process is recording there. Both would write the same rows. "
                f"Wait for it, stop it, or name another folder."
            ) from error
        raise _damaged(folder, error) from error
