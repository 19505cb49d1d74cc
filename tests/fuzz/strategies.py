"""Random input of every kind that users and models come up with: CSV dialects, frames, outputs.

``FUZZ_EXAMPLES`` sets how many examples each test tries.  Without it there are few, always the
same; with it they are new in every run (``make fuzz``).
"""

import codecs
import csv
import io
import os
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from synthlab.errors import SynthlabError

N_EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
fuzzed = settings(
    max_examples=int(N_EXAMPLES or 60),
    derandomize=N_EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def attempted(call, *arguments, **options):
    """Return what a call gives, and an empty text; or None, and the text of synthlab's error."""
    try:
        return call(*arguments, **options), ""
    except SynthlabError as error:
        return None, str(error)


# --- CSV files -----------------------------------------------------------------------------

#: Signs that mean something to one reader of CSV or another.
ODD = "\"',;\t|\n\r #=+-.\\0é€NAna1\u2028\ufeff"
names = st.text(st.sampled_from("abcdefgh_"), min_size=1, max_size=5)
cells = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(st.sampled_from("abcxyz"), min_size=1, max_size=6),
    st.text(st.sampled_from(ODD), max_size=6),
    st.sampled_from(["", "NA", "nan", "None", "3,5", "1e5", "true", "0x1f", "2020-01-01"]),
)


@dataclass(frozen=True)
class Table:
    """What a CSV file is to say: a header, and rows of texts."""

    header: list[str]
    rows: list[list[str]]


@st.composite
def tables(draw):
    """Draw a table whose last column, ``label``, holds two classes."""
    header = [*draw(st.lists(names, min_size=1, max_size=3, unique=True)), "label"]
    n_rows = draw(st.integers(2, 6))
    rows = [
        [draw(cells) for _ in header[1:]] + [draw(st.sampled_from("uv"))] for _ in range(n_rows)
    ]
    return Table(header, rows)


@dataclass(frozen=True)
class Dialect:
    """How a program writes CSV; all but the defaults of the first three lines is refused."""

    quoting: int = csv.QUOTE_MINIMAL
    line_end: str = "\n"
    mark: bytes = b""
    delimiter: str = ","
    encoding: str = "utf-8"
    with_index: bool = False
    extra_comma: bool = False

    @property
    def is_ours(self):
        return (self.delimiter, self.encoding, self.with_index, self.extra_comma) == (
            ",",
            "utf-8",
            False,
            False,
        )

    def write(self, table):
        """Return the bytes of a table."""
        target = io.StringIO(newline="")
        writer = csv.writer(
            target, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.line_end
        )
        for number, row in enumerate([table.header, *table.rows]):
            index = [] if not self.with_index else ["" if number == 0 else str(number - 1)]
            writer.writerow([*index, *row, *([""] if self.extra_comma and number else [])])
        return self.mark + target.getvalue().encode(self.encoding, errors="replace")


ours = st.builds(
    Dialect,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from([b"", codecs.BOM_UTF8]),
)
dialects = st.one_of(
    ours,
    st.builds(
        Dialect,
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        line_end=st.sampled_from(["\n", "\r\n", "\r"]),
        delimiter=st.sampled_from([",", ";", "\t", "|", ":"]),
        encoding=st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-7", "cp1252"]),
        with_index=st.booleans(),
        extra_comma=st.booleans(),
    ),
)

# --- frames --------------------------------------------------------------------------------

KINDS = {
    "float": st.floats(width=64),
    "whole": st.integers(-(2**40), 2**40),
    "huge": st.integers(-(2**90), 2**90),
    "bool": st.booleans(),
    "text": st.text(max_size=8),
    "word": st.sampled_from(["a", "b", "c"]),
    "gap": st.one_of(st.none(), st.just(float("nan")), st.just(pd.NA), st.integers(0, 3)),
    "day": st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(pd.Timestamp),
    "bytes": st.binary(max_size=3),
    "decimal": st.decimals(-9, 9, places=2).map(Decimal),
    "complex": st.complex_numbers(max_magnitude=9),
    "list": st.lists(st.integers(0, 2), max_size=2),
    "mixed": st.one_of(st.integers(0, 3), st.sampled_from(["a", "b"]), st.booleans()),
}
column_names = st.one_of(names, st.integers(0, 3), st.sampled_from(["a", "a", "", None, ("a", 1)]))


def columns(n_rows, kind):
    """Return a strategy for columns of one kind, of whatever type pandas makes of them."""
    values = st.lists(KINDS[kind], min_size=n_rows, max_size=n_rows)
    made = values.map(lambda found: pd.Series(found, dtype=None if kind != "list" else object))
    return st.one_of(made, made.map(as_category)) if kind == "word" else made


def as_category(column):
    return column.astype("category")


@st.composite
def frames(draw, n_rows, schema):
    """Draw a frame of the given (name, kind) columns."""
    made = [draw(columns(n_rows, kind)) for _, kind in schema]
    frame = pd.concat(made, axis=1)
    frame.columns = pd.Index([name for name, _ in schema], dtype=object, tupleize_cols=False)
    return frame


schemas = st.lists(st.tuples(column_names, st.sampled_from(sorted(KINDS))), min_size=1, max_size=3)


@st.composite
def labels(draw, n_rows):
    """Draw labels: most often two classes, sometimes of a kind that can't be any."""
    kind = draw(st.sampled_from(["two"] * 4 + sorted(KINDS)))
    if kind == "two":
        names = draw(st.sampled_from([("no", "yes"), (0, 1), (False, True), (1.0, 2.0)]))
        return [names[n % 2] for n in range(n_rows)]
    return draw(st.lists(KINDS[kind], min_size=n_rows, max_size=n_rows))


# --- what models say -----------------------------------------------------------------------


@st.composite
def probabilities(draw, n_rows, n_classes):
    """Draw sound probabilities, often with ties and of either float type."""
    weights = draw(
        arrays.arrays(float, (n_rows, n_classes), elements=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
    )
    weights[weights.sum(axis=1) == 0] = 1.0
    kind = draw(st.sampled_from([np.float64, np.float32]))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(kind)


@st.composite
def rubbish(draw, n_rows, n_classes):
    """Draw what no classifier of so many classes can say of so many rows."""
    sound = draw(probabilities(n_rows, n_classes)).astype(float)
    place = draw(st.integers(0, n_rows - 1)), draw(st.integers(0, n_classes - 1))
    spoilt = sound.copy()
    spoilt[place] = draw(st.sampled_from([np.nan, np.inf, -np.inf, -0.1, 1.1, 7.0]))
    texts = np.array([["a"] * n_classes] * n_rows)
    return draw(
        st.sampled_from(
            [
                spoilt,
                sound[:-1],
                sound[:, :-1],
                np.hstack([sound, sound]),
                sound[None],
                sound.ravel(),
                sound[:, 0],
                sound * 0,
                -sound,
                sound * 1.5,
                sound.astype(object) * np.nan,
                texts,
                texts.astype(object),
                sound.astype(complex) * 1j,
                None,
                "0.5",
                0.5,
                [],
                {},
                [[0.5] * n_classes] * (n_rows - 1) + [[0.5]],
            ]
        )
    )
