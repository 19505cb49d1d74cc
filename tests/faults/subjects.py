"""What is interrupted: four ways in which synthlab keeps results, each small and of known outcome.

A subject does its whole work in a folder, or what is missing there.  ``units_done`` and
``units_begun`` tell which parts of it are kept, and how often each was begun: a part that was kept
and is begun again was lost.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Protocol

import nbformat
import numpy as np
import pandas as pd
from scripted import ScriptedModel
from small_notebooks import make_notebook

from synthlab.course.notebooks import run_notebook
from synthlab.datasets import download, emails, registry
from synthlab.llm import prompts, recorder, store
from synthlab.llm.generate import TaskPlan
from synthlab.llm.model import Sampling
from synthlab.llm.tasks import EMAILS
from synthlab.paths import CACHE, matches_sidecar
from synthlab.sweep import grid, run_sweep

Outcome = list[list[str]]
#: The environment variable that names a folder for traces of the work.
TRACES = "FAULTS_TRACES"


class Subject(Protocol):
    """Something that keeps results in a folder.

    Attributes
    ----------
    name : str
    room : str
        A file system of this size is too small for it.
    """

    name: str
    room: str

    def prepare(self, folder: Path) -> None:
        """Put in place what the work starts from."""
        ...

    def work(self, folder: Path) -> None:
        """Do what is missing."""
        ...

    def outcome(self, folder: Path) -> Outcome:
        """Finish the work, and return [key, content] of every result that a user would read."""
        ...

    def units_done(self, folder: Path) -> set[Any]:
        """Return which parts of the work are kept."""
        ...

    def units_begun(self, folder: Path) -> Counter:
        """Return how often each part was begun."""
        ...


def cell(trace: str, n_letters: int, seed: int) -> dict[str, Any]:
    """Take a moment, and return numbers and a text that the seed decides."""
    os.close(mkstemp(dir=trace, prefix=f"{seed}-")[0])
    time.sleep(0.05)
    value = float(np.random.default_rng(seed).normal())
    return {"value": value, "text": chr(97 + seed % 26) * n_letters}


class SweepSubject:
    """Forty cells on two workers."""

    name, room = "sweep", "128k"

    def prepare(self, folder: Path) -> None:
        """Nothing is needed."""

    def work(self, folder: Path) -> None:
        self._run(folder)

    def outcome(self, folder: Path) -> Outcome:
        frame = self._run(folder).require_complete().to_frame()
        return list(
            zip(frame["seed"], zip(frame["value"], frame["text"], strict=True), strict=True)
        )

    def units_done(self, folder: Path) -> set[Any]:
        files = (folder / "cells").glob("*.json")
        return {json.loads(file.read_text("utf-8"))["of"]["cell"]["seed"] for file in files}

    def units_begun(self, folder: Path) -> Counter:
        return Counter(int(path.name.partition("-")[0]) for path in _trace(folder).iterdir())

    def _run(self, folder: Path) -> Any:
        cells = grid(trace=str(_trace(folder)), n_letters=5_000, seeds=range(40))
        return run_sweep(cell, cells, folder / "cells", n_jobs=2)


def _outcome(frame: pd.DataFrame, key: str) -> Outcome:
    frame = frame.drop(columns="trace", errors="ignore")
    return [[str(row[key]), repr(row)] for row in frame.to_dict("records")]


def _trace(folder: Path) -> Path:
    """Return a folder for traces, on a disk that is neither full nor read-only."""
    trace = Path(os.environ[TRACES]) / folder.as_posix().strip("/").replace("/", "_")
    trace.mkdir(exist_ok=True, parents=True)
    return trace


class _TracedModel(ScriptedModel):
    """Notes which rows it was asked, and which answers the recorder has taken."""

    def __init__(self, trace: Path) -> None:
        super().__init__(seconds=0.001)
        self._trace = trace

    def complete(self, requests: Iterable) -> Iterator:
        def noted() -> Iterator:
            for key, request in requests:
                self._note("asked", key)
                yield key, request

        for key, answer in super().complete(noted()):
            yield key, answer
            self._note("kept", key)  # the recorder came back for the next

    def _note(self, what: str, key: int) -> None:
        with (self._trace / what).open("a") as file:
            file.write(f"{key}\n")


class RecorderSubject:
    """Three hundred e-mails by a model that answers at once, in shards of forty."""

    name, room = "recorder", "256k"
    n_rows = 300

    def prepare(self, folder: Path) -> None:
        """Nothing is needed."""

    def work(self, folder: Path) -> None:
        store.SHARD_ROWS = 40
        model = _TracedModel(_trace(folder))
        book, sampling = prompts.load_prompts(EMAILS, "naive"), Sampling(0.8)
        task = replace(EMAILS, real_rows=lambda: _NO_MAIL)
        plan = TaskPlan(task, book, model, sampling, max_tokens=64, seed=0)
        recorder.record(plan, model, folder / "rows", self.n_rows)

    def outcome(self, folder: Path) -> Outcome:
        self.work(folder)
        return _outcome(store.read_recorded(folder / "rows"), "id")

    def units_done(self, folder: Path) -> set[Any]:
        return set(self._noted(folder, "kept"))

    def units_begun(self, folder: Path) -> Counter:
        return Counter(self._noted(folder, "asked"))

    def _noted(self, folder: Path, what: str) -> list[str]:
        path = _trace(folder) / what
        return path.read_text().split() if path.exists() else []


_NO_MAIL = pd.DataFrame(
    {
        "id": ["ham/1", "spam/1"],
        "subject": ["lunch", "win"],
        "body": ["shall we meet at noon by the old mill", "you have won a large sum of money"],
        "label": ["ham", "spam"],
        "cluster": [0, 1],
    }
)


class NotebookSubject:
    """A run of a small notebook; a run that is killed must leave the result of the one before."""

    name, room = "run", "64k"

    def prepare(self, folder: Path) -> None:
        saves = "import synthlab as sl\nsl.save_metrics('small', {'n': n, 'square': n * n})"
        cells = ("print('n is', n)", saves)
        make_notebook(_trace(folder) / "small.ipynb", *cells, parameters="n: int = 7")

    def work(self, folder: Path) -> None:
        run_notebook(str(_trace(folder) / "small.ipynb"), out=folder / "out")

    def outcome(self, folder: Path) -> Outcome:
        self.work(folder)
        return self._results(folder / "out")

    def units_done(self, folder: Path) -> set[Any]:
        out = folder / "out"
        return {key for key, _ in self._results(out)} if (out / "metrics.json").exists() else set()

    def units_begun(self, folder: Path) -> Counter:
        return Counter()

    def _results(self, out: Path) -> Outcome:
        """Read all three files, so that half a file is an error."""
        notebook = nbformat.read(out / "small.ipynb", as_version=4)
        outputs = [cell.outputs[0].text for cell in notebook.cells if cell.get("outputs")]
        page = (out / "small.html").read_text("utf-8")
        is_whole = "n is 7" in page and page.rstrip().endswith("</html>")
        numbers = json.loads((out / "metrics.json").read_text("utf-8"))
        return [["notebook", str(outputs)], ["page", str(is_whole)], ["metrics", str(numbers)]]


class MailSubject:
    """The cache of parsed mail, of a corpus of three hundred made-up messages."""

    name, room = "mail cache", "24k"

    def prepare(self, folder: Path) -> None:
        archive = _trace(folder) / "small.tgz"
        _write_small_archive(archive)
        self._use(folder)
        source = download.archive_path("spam-assassin")
        source.parent.mkdir(parents=True, exist_ok=True)
        source.symlink_to(archive)

    def work(self, folder: Path) -> None:
        self._use(folder)
        emails.email_frame()

    def _use(self, folder: Path) -> None:
        os.environ[CACHE] = str(folder)
        registry.load_registry = lambda: {"spam-assassin": _small_entry()}

    def outcome(self, folder: Path) -> Outcome:
        self.work(folder)
        return _outcome(emails.email_frame(), "id")

    def units_done(self, folder: Path) -> set[Any]:
        return {path.name for path in folder.glob("*.parquet") if matches_sidecar(path)}

    def units_begun(self, folder: Path) -> Counter:
        return Counter()


def _small_mails() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    ids = [f"{group}/{n:05d}" for group in ("easy-ham-1", "spam-1") for n in range(150)]
    texts = {id: " ".join(f"w{word}" for word in rng.integers(9_999, size=60)) for id in ids}
    return {id: f"Subject: {text[:20]}\n\n{text}\n".encode() for id, text in texts.items()}


def _small_names() -> dict[str, bytes]:
    mails = _small_mails().items()
    return {f"{id}.{md5(raw, usedforsecurity=False).hexdigest()}": raw for id, raw in mails}


def _small_entry() -> dict[str, Any]:
    """Return what the registry says of the corpus, as it would of this one."""
    names = _small_names()
    return {
        "version": "small",
        "messages": len(names),
        "largest_bytes": max(map(len, names.values())),
        "unpacked_bytes": 2_000_000,
        "member": r"data/(?P<group>[\w-]+)/(?P<number>\d{5})\.(?P<md5>[0-9a-f]{32})\.txt$",
        "manifest_sha256": download.manifest_digest(list(names)),
        "by_hand": "nothing",
        "sources": [],
        "edited": {},
    }


def _write_small_archive(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, raw in _small_names().items():
            member = tarfile.TarInfo(f"package/data/{name}.txt")
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))


SUBJECTS: tuple[Subject, ...] = (
    SweepSubject(),
    RecorderSubject(),
    NotebookSubject(),
    MailSubject(),
)
