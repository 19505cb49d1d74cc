"""A user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from synthlab.dataset import Dataset
from synthlab.errors import InputError


def load_csv(path: str | Path, *, target: str, origin: str, **options: Any) -> Dataset:
    """Read a CSV file with a header line as a data set.

    Parameters
    ----------
    path : str or pathlib.Path
    target : str
        The column that holds the labels.
    origin : {"real", "synthetic"}
    **options
        As for `Dataset.from_frame`; without a ``name``, that of the file.

    Raises
    ------
    InputError
        The file cannot be read as comma-separated UTF-8 text, or a named column is missing.
    """
    path = Path(path)
    options = {"target": target, "origin": origin, "name": path.name, **options}
    return Dataset.from_frame(_frame_of(path), **options)


def _frame_of(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Name a CSV file.") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not readable as CSV ({error}). Expected comma-separated UTF-8 text with a "
            f"header line. Nothing was computed. Export the file again."
        ) from error
