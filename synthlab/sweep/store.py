"""Finished cells on disk: one JSON file each, named by the hash of what decides it.

That is the function (or the sweep's ``name``), parameters, seed, fingerprints of the data,
``recipe`` and the package's version.  Each file holds its own checksum: what isn't whole is no
file, and is computed again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from synthlab.paths import atomic_path
from synthlab.sweep.cells import Value, digest, encoded

Records = list[dict[str, Value]]


def read_records(path: Path) -> Records | None:
    """Return the records of a finished cell; None where the file is missing or isn't whole."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads(path.read_text("utf-8"))
        checksum = content.pop("sha256")
        if (digest(content), f"{digest(content['of'])}.json") == (checksum, path.name):
            return [
                {n: float(v["float"]) if isinstance(v, dict) else v for n, v in record.items()}
                for record in content["records"]
            ]
    return None


def write_records(path: Path, identity: Mapping[str, Any], records: Records) -> None:
    """Write what a cell returned, beside what decided it."""
    content = {"of": identity, "records": [encoded(record) for record in records]}
    with atomic_path(path) as partial:
        partial.write_text(json.dumps({**content, "sha256": digest(content)}, allow_nan=False))
