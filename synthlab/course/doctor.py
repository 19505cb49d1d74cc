"""What is missing on this machine, and what to do about it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from synthlab.datasets import corpora, registry
from synthlab.errors import SynthlabError
from synthlab.paths import cache_dir, data_dir, matches_sidecar, notebooks_dir

_ROOM_NEEDED = 2 * 10**9


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    is_fine: bool
    detail: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything that the course needs; never raises for what it finds."""
    checks: list[Callable[[], Finding]] = [
        _python,
        _packages,
        _course_files,
        _recorded_data,
        *(partial(_corpus, corpus) for corpus in corpora.CORPORA),
        _derived_files,
        _npm,
        _kernel,
        _disk,
    ]
    return [check() for check in checks]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    return Finding("Python 3.11 or newer", fine, found, "make setup PYTHON=python3.11")


def _packages() -> Finding:
    missing = []
    for requirement in requires("synthlab") or []:
        name = re.match(r"[\w.-]+", requirement)[0]
        if "extra ==" not in requirement:
            try:
                version(name)
            except PackageNotFoundError:
                missing.append(name)
    detail = f"missing: {', '.join(missing)}" if missing else f"synthlab {version('synthlab')}"
    return Finding("packages", not missing, detail, "make setup")


def _course_files() -> Finding:
    try:
        detail = f"{len(list(notebooks_dir().glob('*.ipynb')))} notebooks, {data_dir().name}/"
    except SynthlabError as error:
        return Finding("course files", False, str(error), "install from a fresh clone")
    return Finding("course files", True, detail)


def _recorded_data() -> Finding:
    what = "recorded data"
    try:
        entries = {name: e for name, e in registry.load_registry().items() if "path" in e}
        for name, entry in entries.items():
            check = registry.recorded_shards if "shards" in entry else registry.recorded_file
            check(name)
    except SynthlabError as error:
        return Finding(what, False, str(error), "git checkout data")
    return Finding(what, True, f"{', '.join(entries)}: checksums right")


def _corpus(corpus: corpora.Corpus) -> Finding:
    what = corpus.name
    try:
        kept = corpus.path()
        if not kept.exists():
            remedy = f"make data ({corpus.megabytes:g} MB)"
            return Finding(what, False, f"not in {kept.parent}", remedy)
        found = corpus.verified()
    except SynthlabError as error:
        return Finding(what, False, str(error), "delete the file, then make data")
    return Finding(what, True, f"{len(found):,} {corpus.parts}, every checksum right")


def _derived_files() -> Finding:
    """Compare what was made from downloads with its checksums; nothing is parsed."""
    what = "derived files"
    try:
        files = [path.with_suffix("") for path in sorted(cache_dir().glob("*.sha256"))]
    except SynthlabError as error:
        return Finding(what, False, str(error), "set SYNTHLAB_CACHE to another folder")
    altered = ", ".join(path.name for path in files if not matches_sidecar(path))
    if altered:
        told = f"{altered}: not as written; the next run that needs it makes it anew"
        return Finding(what, False, told, "make data")
    names = ", ".join(path.name for path in files)
    return Finding(what, True, f"{names}: checksums right" if names else "none made yet")


def _npm() -> Finding:
    found = shutil.which("npm")
    detail = found or "not on PATH: a PyPI package brings one when the corpus is fetched"
    return Finding("npm (optional)", True, detail)


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    what, remedy = "Jupyter kernel", f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding(what, False, "no kernel named python3", remedy)
    command = spec.argv[0]
    mine = command in {"python", f"python{sys.version_info[0]}", sys.executable} or (
        Path(command).exists() and os.path.samefile(command, sys.executable)
    )
    detail = json.dumps(spec.argv[:1]) + ("" if mine else " is another Python than this one")
    return Finding(what, mine, detail, remedy)


def _disk() -> Finding:
    what, remedy = "cache folder", "set SYNTHLAB_CACHE to a folder with 2 GB free"
    try:
        folder = cache_dir()
    except SynthlabError as error:
        return Finding(what, False, str(error), remedy)
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        return Finding(what, False, f"{folder} is a file", remedy)
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    detail = f"{cache_dir()}: {free / 1e9:.0f} GB free" + ("" if writable else ", not writable")
    fine = writable and free >= _ROOM_NEEDED
    return Finding(what, fine, detail, remedy)
