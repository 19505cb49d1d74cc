"""KEEL's file format for tables."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pandas as pd


def read_keel(path: Path) -> pd.DataFrame:
    """Read a table in KEEL's format: a header of ``@attribute`` lines, then ``@data``.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    pandas.DataFrame
        A nominal attribute becomes a category column with the levels that the header declares, in
        that order; any other becomes integers where all values are, otherwise floats.

    References
    ----------
    J. Alcalá-Fdez et al., "KEEL Data-Mining Software Tool: Data Set Repository, Integration of
    Algorithms and Experimental Analysis Framework", J. of Multiple-Valued Logic and Soft
    Computing 17 (2011), 255-287.
    """
    with path.open(encoding="utf-8") as file:
        header = list(takewhile(lambda line: line.strip().lower() != "@data", file))
    columns = dict(map(_attribute, (line for line in header if line.startswith("@attribute"))))
    return pd.read_csv(
        path,
        skiprows=len(header) + 1,
        header=None,
        names=list(columns),
        dtype={name: dtype for name, dtype in columns.items() if dtype is not None},
        keep_default_na=False,  # "None" may be a level
        na_values=["?", "<null>"],
        skipinitialspace=True,
    )


def _attribute(line: str) -> tuple[str, pd.CategoricalDtype | None]:
    """Parse ``@attribute NAME {level,level}`` or ``@attribute NAME real [low,high]``."""
    name, kind = re.match(r"@attribute\s+'?([^\s'{]+)'?\s*(.*)", line.strip()).groups()
    if not kind.startswith("{"):
        return name, None
    levels = (level.strip() for level in kind.strip("{}").split(","))
    return name, pd.CategoricalDtype(list(dict.fromkeys(levels)))  # FARS declares one twice
