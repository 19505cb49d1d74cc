"""How the table of bad input is put to the package: a builder per kind of case.

Each builder gets a folder of its own, pytest's monkeypatch and what the row has under ``with``.
It returns how the API is called, and the command line that does the same, where there is one.
"""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from importlib import import_module
from typing import Any

import bad_input_lifts
import numpy as np
import pandas as pd
import sweep_cells

import synthlab as sl
from synthlab.datasets import corpora, download, emails, registry
from synthlab.datasets.files import load_csv, require_different_files
from synthlab.paths import CACHE, atomic_path, matches_sidecar
from synthlab.sweep import Cell, grid, run_sweep

ORIGINS = {"real_train": "real", "synth_train": "synthetic", "real_eval": "real"}


@dataclass(frozen=True)
class Call:
    """A case, ready to be run: through the API, and as arguments after a program's name."""

    api: Callable[[], Any] | None
    command: list[str] | None = None


# --- a user's files ------------------------------------------------------------------------


def zipped(raw):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("people.csv", raw)
    return target.getvalue()


def parquet(raw):
    target = io.BytesIO()
    pd.read_csv(io.BytesIO(raw)).to_parquet(target)
    return target.getvalue()


PACKED = {
    "": lambda raw: raw,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "parquet": parquet,
    "utf-16": lambda raw: raw.decode().encode("utf-16"),
    "latin-1": lambda raw: raw.decode().encode("latin-1"),
}


def good_rows(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(size=12).round(4), "town": ["Ulm", "Bonn"] * 6})
    return frame.assign(label=["yes", "no", "no"] * 4).to_csv(index=False)


def three_files(place, monkeypatch, target="label", text=None, id=None, pack="", **contents):
    """Three CSV files for the artefact; ``missing`` and ``folder`` are contents, too."""
    paths = {role: place / f"{role}.csv" for role in ORIGINS}
    for seed, (role, path) in enumerate(paths.items()):
        content = contents.get(role, good_rows(seed))
        if content == "folder":
            path.mkdir()
        elif content != "missing":
            path.write_bytes(PACKED[pack if role in contents else ""](content.encode()))
    named = {name: value for name, value in {"text": text, "id": id}.items() if value}

    def api():
        require_different_files(*paths.values())
        data = [
            load_csv(path, target=target, origin=ORIGINS[role], **named)
            for role, path in paths.items()
        ]
        return sl.evaluate_synthetic_lift(*data)

    options = [part for name, value in named.items() for part in (f"--{name}", value)]
    return Call(api, ["control", *map(str, paths.values()), "--target", target, *options])


# --- downloads and the cache ---------------------------------------------------------------

MAIL = {
    "easy-ham-1/00001": b"Subject: lunch\n\nshall we meet at noon by the old mill",
    "spam-1/00001": b"Subject: win\n\nyou have won a large sum of money",
}


def name_of(id, raw, named_for=None):
    digest = md5(named_for or raw, usedforsecurity=False).hexdigest()
    return f"package/data/{id}.{digest}.txt"


def tar_of(files, mode="w:gz"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as tar:
        for name, raw in files:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    return target.getvalue()


FILES = [(name_of(id, raw), raw) for id, raw in MAIL.items()]
HAM, SPAM = FILES
LONG = b"Subject: long\n\n" + b"word " * 100
ARCHIVES = {
    "whole": lambda: tar_of(FILES),
    "empty": lambda: b"",
    "html": lambda: b"<html>404</html>",
    "truncated": lambda: tar_of(FILES)[:200],
    "a flipped byte": lambda: tar_of(FILES)[:60] + b"\xff" + tar_of(FILES)[61:],
    "not compressed": lambda: tar_of(FILES, "w"),
    "compressed otherwise": lambda: tar_of(FILES, "w:xz"),
    "a zip": lambda: zipped(b"mail"),
    "a message altered": lambda: tar_of([(HAM[0], HAM[1] + b"!"), SPAM]),
    "a message missing": lambda: tar_of([HAM]),
    "a message twice": lambda: tar_of([HAM, SPAM, HAM]),
    "an unknown message": lambda: tar_of([*FILES, (name_of("spam-1/00002", b"x"), b"x")]),
    "a message renamed": lambda: tar_of([(name_of("spam-2/00007", HAM[1]), HAM[1]), SPAM]),
    "a message too long": lambda: tar_of([(name_of("easy-ham-1/00001", LONG), LONG), SPAM]),
    "a bomb": lambda: tar_of([("package/README.md", bytes(3_000_000)), *FILES]),
}


def small_registry(place, monkeypatch):
    """Let mail be the only corpus, of two messages, and the cache a folder of the case's own."""
    names = [name.removeprefix("package/data/").removesuffix(".txt") for name, _ in FILES]
    entry = registry.load_registry()["spam-assassin"] | {
        "messages": len(MAIL),
        "largest_bytes": 100,
        "unpacked_bytes": 100_000,
        "manifest_sha256": download.manifest_digest(names),
        "sources": [],
        "edited": {},
    }
    monkeypatch.setattr(registry, "load_registry", lambda: {"spam-assassin": entry})
    monkeypatch.setattr(corpora, "CORPORA", corpora.CORPORA[:1])
    monkeypatch.setenv(CACHE, str(place / "cache"))
    return place / "cache" / "spam-assassin-0.2.3.tgz"


def archive(place, monkeypatch, kind):
    kept = small_registry(place, monkeypatch)
    kept.parent.mkdir()
    if kind == "a folder":
        kept.mkdir()
    elif kind != "none":
        kept.write_bytes(ARCHIVES[kind]())
    return Call(emails.email_frame, ["synthlab", "data"])


def cache(place, monkeypatch, value):
    """The cache's folder is impossible; ``value`` is a path below the case's own folder, or ~x."""
    small_registry(place, monkeypatch)
    (place / "file").write_text("")
    (place / "dangling").symlink_to(place / "nowhere" / "at all")
    monkeypatch.chdir(place)
    monkeypatch.setenv(CACHE, value)
    return Call(emails.email_frame, ["synthlab", "data"])


def parsed_mail(place, monkeypatch, spoil):
    """The parsed corpus in the cache was spoilt: it must be made anew, not be trusted."""
    archive(place, monkeypatch, "whole")
    before = emails.email_frame()
    kept = emails.kept_path()
    sidecar = kept.with_name(f"{kept.name}.sha256")
    if spoil == "labels":
        before.assign(label="ham").to_parquet(kept)
    else:
        victim = sidecar if spoil.startswith("sidecar") else kept
        raw = victim.read_bytes()
        new = {"cut": raw[:-9], "emptied": b"", "flipped": raw[:50] + b"\xff" + raw[51:]}
        victim.unlink() if spoil.endswith("gone") else victim.write_bytes(new[spoil.split()[-1]])

    def api():
        return emails.email_frame().equals(before) and matches_sidecar(kept)

    return Call(api, ["synthlab", "data"])


def recorded(place, monkeypatch, spoil):
    """A recorded file, or one of two shards, isn't what the registry says."""
    (place / "few").mkdir()
    shards = [place / "few" / f"part-0000{n}.parquet" for n in range(2)]
    for n, path in enumerate(shards):
        path.write_text(f"rows {n}")
    entries = {
        "one": {"path": "few/part-00000.parquet", "sha256": registry.sha256_of(shards[0])},
        "two": {"path": "few", "shards": 2, "sha256": registry.shards_digest(shards)},
    }
    monkeypatch.setattr(registry, "load_registry", lambda: entries)
    monkeypatch.setattr(registry, "data_dir", lambda: place)
    what, how = spoil.split()
    victim = shards[0] if what == "file" else shards[1]
    if how == "gone":
        victim.unlink()
    elif how == "altered":
        victim.write_text("rows 9")
    else:  # swapped
        contents = [path.read_text() for path in shards]
        for path, content in zip(shards, reversed(contents), strict=True):
            path.write_text(content)
    if what == "file":
        return Call(partial(registry.recorded_file, "one"))
    return Call(partial(registry.recorded_shards, "two"))


def write(place, monkeypatch, name):
    """Something stands where a file is to be written."""
    (place / "file").write_text("old")
    (place / "folder").mkdir()

    def api():
        with atomic_path(place / name) as partial_path:
            partial_path.write_text("new")

    return Call(api)


# --- sweeps --------------------------------------------------------------------------------


def sweep(place, monkeypatch, function="where", folder="run", cells=None, times=1, **given):
    """A sweep of cells of ``sweep_cells``; ``cells`` holds the grid's values."""
    (place / "file").write_text("")
    functions = {"a lambda": lambda level, seed: {}, "a builtin": len, "a text": "where"}
    call = functions.get(function) or getattr(sweep_cells, function)
    options = {"n_jobs": 1} | given

    def api():
        made = grid(**({"level": 1} if cells is None else cells)) * times
        return run_sweep(call, made, place / folder, **options).require_complete()

    return Call(api)


def no_cells(place, monkeypatch, cells):
    """Something else than cells."""
    return Call(lambda: run_sweep(sweep_cells.where, cells, place, n_jobs=1))


def cell(place, monkeypatch, parameters, seed):
    return Call(lambda: Cell(parameters, seed))


def spoilt_cell(place, monkeypatch, spoil):
    """A finished cell's file was spoilt: it must be computed anew, not be trusted."""
    cells = grid(trace=str(place), method="one", share=0.5, seeds=[3])
    run = partial(run_sweep, sweep_cells.draw, cells, place / "run", n_jobs=1)
    before = run().to_frame()
    (path,) = (place / "run").iterdir()
    content = json.loads(path.read_text())
    if spoil == "value":
        content["records"][0]["n"] += 1
        path.write_text(json.dumps(content))
    elif spoil == "cell":
        content["of"]["cell"]["share"] = 0.25
        path.write_text(json.dumps(content))
    else:
        raw = path.read_bytes()
        new = {"cut": raw[:-9], "emptied": b"", "no text": b"\xff\xfe\x00", "a list": b"[1]"}
        path.write_bytes(new[spoil])

    def api():
        again = run()
        return again.n_found == 0 and again.to_frame().equals(before)

    return Call(api)


# --- the control ---------------------------------------------------------------------------


def lift(place, monkeypatch, rows="sound", model="", **options):
    """Rows and a model by name, of `bad_input_lifts`."""
    settings = {"model": bad_input_lifts.model_named(model), "baselines": False, "n_seeds": 2}
    parts = bad_input_lifts.SETS[rows]

    def api():
        with warnings.catch_warnings(action="ignore"):  # libraries warn of what synthlab must tell
            return sl.evaluate_synthetic_lift(**parts(), **(settings | options))

    return Call(api)


# --- anything else -------------------------------------------------------------------------


def call(place, monkeypatch, name, arguments=(), **options):
    """Call ``module:function`` of the package."""
    module, _, function = name.partition(":")
    return Call(
        partial(getattr(import_module(f"synthlab.{module}"), function), *arguments, **options)
    )


def command(place, monkeypatch, arguments):
    """Only the command line; ``{place}`` is the case's own folder."""
    (place / "file").write_text("")
    return Call(None, ["synthlab", *(part.format(place=place) for part in arguments)])


BUILDERS = {
    builder.__name__: builder
    for builder in (
        three_files,
        archive,
        cache,
        parsed_mail,
        recorded,
        write,
        sweep,
        no_cells,
        cell,
        spoilt_cell,
        lift,
        call,
        command,
    )
}
