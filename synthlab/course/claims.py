"""The claims that the course puts to the test, and the numbers that answer them."""

from __future__ import annotations

import json
import math
import os
import re
import tomllib
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from synthlab.errors import InputError, require
from synthlab.paths import atomic_path, data_dir

SUPPORTED, PARTLY_SUPPORTED = "supported", "partly supported"
NOT_REPRODUCED, UNDECIDED = "not reproduced", "undecided"


def load_claim(name: str) -> MappingProxyType:
    """Return a claim of ``data/claims.toml``: its rule, margin, sizes and seeds, read-only.

    Parameters
    ----------
    name : str
        C1 to C10.
    """
    claims = tomllib.loads((data_dir() / "claims.toml").read_text("utf-8"))
    if name not in claims:
        raise InputError(f"no claim {name!r} in data/claims.toml; it lists {', '.join(claims)}.")
    return MappingProxyType(claims[name])


def verdict_on(criteria: pd.DataFrame, needed: Sequence[str]) -> str:
    """Turn what a rule asks for into one of the four verdicts on a claim.

    Parameters
    ----------
    criteria : pandas.DataFrame
        A row per criterion: the ends ``low`` and ``high`` of its interval, and the ``line`` that
        it must not be below.
    needed : sequence of str
        Criteria, by index, without which nothing of the claim is left.

    Returns
    -------
    str
        *Not reproduced* where a needed criterion is surely below its line, *undecided* where an
        interval holds a line, *supported* where all criteria are met, else *partly supported*.

    Raises
    ------
    InputError
        A needed criterion is not there, or an end is missing.
    """
    absent = [name for name in needed if name not in criteria.index]
    require(
        not absent and not criteria[["low", "high", "line"]].isna().any(axis=None),
        f"criteria {list(criteria.index)}",
        f"a number in each cell, and all of {list(needed)}",
        "No verdict would follow.",
        "Measure them first.",
    )
    met = criteria["low"] >= criteria["line"]
    is_open = ~met & (criteria["high"] >= criteria["line"])
    if (~met & ~is_open)[list(needed)].any():
        return NOT_REPRODUCED
    if is_open.any():
        return UNDECIDED
    return SUPPORTED if met.all() else PARTLY_SUPPORTED


def name_metrics(prefix: str, values: pd.Series) -> dict[str, float]:
    """Return a series as flat metrics: ``prefix_index_level`` → number.

    Examples
    --------
    >>> name_metrics("lift", pd.Series([0.5], index=["real eval"]))
    {'lift_real_eval': 0.5}
    """
    levels = [key if isinstance(key, tuple) else (key,) for key in values.index]
    names = ["_".join(map(str, (prefix, *level))) for level in levels]
    slugs = [re.sub(r"\W+", "_", name.replace("+", "plus")) for name in names]
    if len(set(slugs)) < len(slugs):
        raise InputError(
            f"metrics of {prefix!r} share a name once blanks and signs are gone ({slugs}). One "
            f"would overwrite the other. Give the index other labels."
        )
    return dict(zip(slugs, map(float, values), strict=True))


def _is_finite(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, Real) and math.isfinite(value))


def save_metrics(notebook: str, metrics: dict[str, Any]) -> None:
    """Write a notebook's numbers, and its verdict, as ``metrics.json``.

    Parameters
    ----------
    notebook : str
        File name without its ending; by hand, the file goes to ``out/<notebook>/``.  Under
        ``synthlab run`` it goes to the folder that was asked for.
    metrics : dict of str to number, bool or str
        Flat.

    Raises
    ------
    InputError
        A value is nested, or not finite.
    """
    for name, value in metrics.items():
        if not _is_finite(value):
            raise InputError(
                f"metric {name!r} is {value!r}; expected a finite number or a text. What can't "
                f"be compared can't be regression-tested. Leave it out or mend it."
            )
    folder = Path(os.environ.get("SYNTHLAB_OUT") or Path("out") / notebook)
    with atomic_path(folder / "metrics.json") as partial:
        text = json.dumps(metrics, indent=2, sort_keys=True, default=lambda number: number.item())
        partial.write_text(text + "\n", "utf-8")
