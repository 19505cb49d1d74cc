"""119 real imbalanced tables: verified, read, and with the rarer class marked.

A *source* is one collection of data.  Several sets share a source (fourteen are from yeast), so an
analysis over sets should weigh each source once.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from synthlab.dataset import REAL, Dataset
from synthlab.datasets.keel import read_keel
from synthlab.datasets.registry import verified_member
from synthlab.errors import InputError
from synthlab.paths import data_dir

#: The labels of every set, in numpy's order: metrics take the last as the positive class.
MAJORITY, MINORITY = "majority", "minority"


def imbalanced_registry() -> dict:
    """Return ``data/imbalanced.toml``: the package, and under ``sets`` name → files and facts."""
    return tomllib.loads((data_dir() / "imbalanced.toml").read_text("utf-8"))


def imbalanced_names(min_minority: int = 0) -> tuple[str, ...]:
    """Return the names of the sets, in the order of the registry: source by source.

    Parameters
    ----------
    min_minority : int, default 0
        Leave out sets that have fewer minority rows.

    Examples
    --------
    >>> len(imbalanced_names()), len(imbalanced_names(min_minority=60))
    (119, 39)
    """
    entries = imbalanced_registry()["sets"].items()
    return tuple(name for name, entry in entries if entry["n_minority"] >= min_minority)


def load_imbalanced(name: str) -> Dataset:
    """Load one imbalanced table, all of its rows, in the order of its files.

    Parameters
    ----------
    name : str
        One of `imbalanced_names`.

    Returns
    -------
    Dataset
        Features are numbers or categories, missing where the file has a "?" or "<null>".  Labels
        are "minority" (always the rarer class) and "majority".  Ids such as "ecoli4-0012" name the
        row's place.

    Raises
    ------
    InputError
        There is no such set.
    DataUnavailableError
        The package that brings the files is not installed, or a file is altered.

    Notes
    -----
    Many sets repeat rows, and many are sorted by class.  Split them at random and by clusters:
    ``splits.repeat_clusters(data.X)`` numbers rows so that those of equal features share a number,
    and `evaluate_generator_lift` takes it as ``clusters``.

    Examples
    --------
    >>> load_imbalanced("iris0")
    Dataset 'iris0': 150 rows (150 real, 0 synthetic), 2 classes
    """
    found = imbalanced_registry()
    entry = _entry(name, found["sets"])
    frame = _joined([_parser(entry)(path) for path in _verified(name, entry, found)], entry)
    is_minority = frame[entry["target"]].astype(str).isin(entry["minority"])
    y = np.where(is_minority, MINORITY, MAJORITY)
    ids = [f"{name}-{row:04d}" for row in range(len(frame))]
    return Dataset(frame.drop(columns=entry["target"]), y, REAL, name, ids)


def imbalanced_frame() -> pd.DataFrame:
    """Return what is known of every set, one row per set, without reading a data file.

    Returns
    -------
    pandas.DataFrame
        name; source; n_rows; n_columns and, of these, n_categories (the others are numbers);
        n_missing (cells); n_minority (rows); imbalance_ratio (majority rows per minority row);
        repeats (share of rows that equal an earlier one, label included); conflicts (share of rows
        whose features a row of the other class has, too).
    """
    sets = imbalanced_registry()["sets"]
    facts = pd.DataFrame(sets.values())
    n = facts["n_rows"]
    return pd.DataFrame(
        {
            "name": list(sets),
            **facts[["source", "n_rows", "n_columns", "n_categories", "n_missing", "n_minority"]],
            "imbalance_ratio": (n - facts["n_minority"]) / facts["n_minority"],
            "repeats": facts["n_repeats"] / n,
            "conflicts": facts["n_conflicts"] / n,
        }
    )


def _entry(name: str, sets: dict[str, dict]) -> dict:
    if name not in sets:
        near = difflib.get_close_matches(str(name).lower().removeprefix("load_"), sets, n=3)
        choice = f"Did you mean {' or '.join(near)}?" if near else "imbalanced_names() lists them."
        raise InputError(
            f"no imbalanced set {name!r}: expected one of {len(sets)} names. Nothing was loaded. "
            f"{choice}"
        )
    return sets[name]


def _verified(name: str, entry: dict, package: dict) -> list[Path]:
    """Return where the installed files of a set lie, after checking their bytes."""
    source = {key: package[key] for key in ("package", "requirement")}
    members = zip(entry["members"], entry["sha256"], strict=True)
    return [verified_member(name, member=m, sha256=digest, **source) for m, digest in members]


def _parser(entry: dict) -> Callable[[Path], pd.DataFrame]:
    """Return a reader of the files: KEEL's format, or values with a separator."""
    if "separator" not in entry:
        return read_keel
    return partial(
        pd.read_csv,
        sep=entry["separator"],
        header=None,
        names=entry.get("columns"),
        dtype=dict.fromkeys(entry.get("categories", ()), "category"),
        keep_default_na=False,
        na_values="?",
    )


def _joined(frames: list[pd.DataFrame], entry: dict) -> pd.DataFrame:
    """Join the files of a set, and number its columns where nothing names them."""
    axis = "columns" if entry.get("join") == "beside" else "index"
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, axis=axis)
    frame = frame.reset_index(
        drop=True
    ).copy()  # in one block, so that adding columns costs nothing
    if "separator" in entry and "columns" not in entry:
        frame.columns = [*(f"x{i}" for i in range(1, frame.shape[1])), entry["target"]]
    return frame
