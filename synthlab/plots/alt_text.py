"""What a picture shows, in a sentence: for readers who can't see it, from the numbers drawn."""

from __future__ import annotations

import pandas as pd

_NAMED = 4  # names in a row that a listener can keep


def describe_dots(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `eval_dots`: which model is best and worst on each evaluation set."""
    parts = []
    for name, rows in frame.groupby("eval", sort=False):
        worst, best = _ends(rows, "score")
        parts.append(
            f"on {_flat(name)} from {worst['score']:.3f} ({_flat(worst['model'])}) to "
            f"{best['score']:.3f} ({_flat(best['model'])})"
            if len(rows) > 1
            else f"on {_flat(name)} {best['score']:.3f} ({_flat(best['model'])})"
        )
    return _sentence(f"{metric}: {'; '.join(parts)}")


def describe_curves(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `curves`: where each curve goes, from its first size to its last."""
    return _describe_lines(frame, "n", "{:,} rows", f"{metric} by number of rows")


def describe_panels(panels: dict[str, pd.DataFrame], metric: str = "accuracy") -> str:
    """Return alt text for `curve_panels`: a sentence per panel, as of `describe_curves`."""
    told = (f"{title}. {describe_curves(frame, metric)}" for title, frame in panels.items())
    return " ".join(told)


def describe_trajectories(frame: pd.DataFrame, metric: str = "accuracy") -> str:
    """Return alt text for `trajectories`: where each line goes, first generation to last."""
    return _describe_lines(frame, "generation", "generation {}", f"{metric} by generation")


def describe_lifts(frame: pd.DataFrame, metric: str = "score") -> str:
    """Return alt text for `lift_interval`: who gets which verdict, and how far lifts range."""
    words = []
    for verdict, rows in frame.groupby("verdict", sort=False):
        words.append(f"{verdict} for {_who([*map(_flat, rows['label'])], len(frame))}")
    lowest, highest = _ends(frame, "lift")
    ends = f"from {lowest['lift']:+.3f} ({_flat(lowest['label'])}) "
    ends += f"to {highest['lift']:+.3f} ({_flat(highest['label'])})"
    return f"Lift in {metric}, {ends}: {'; '.join(words)}."


def describe_grid(frame: pd.DataFrame, metric: str = "score") -> str:
    """Return alt text for `lift_grid`: how many pairs help or hurt, and the range of medians."""
    helped, hurt = ((frame["verdict"] == word).sum() for word in ("helps", "hurts"))
    medians = frame.groupby("column", sort=False)["lift"].median()
    return (
        f"Lift in {metric} of {len(medians)} recipes on {frame['row'].nunique()} data sets: of "
        f"{len(frame)} pairs {helped} help and {hurt} hurt; the medians of the recipes range from "
        f"{medians.min():+.3f} ({medians.idxmin()}) to {medians.max():+.3f} ({medians.idxmax()})."
    )


def _describe_lines(frame: pd.DataFrame, x: str, place: str, what: str) -> str:
    parts = []
    for label, rows in frame.groupby("label", sort=False):
        rows = rows.sort_values(x)
        first, last = rows.iloc[0], rows.iloc[-1]
        parts.append(
            f"{_flat(label)} {_movement(first, last)} at {place.format(int(last[x]))}"
            if len(rows) > 1
            else f"{_flat(label)} is {last['score']:.3f} at {place.format(int(last[x]))}"
        )
    return _sentence(f"{what}: {'; '.join(parts)}")


def _movement(first: pd.Series, last: pd.Series) -> str:
    """Say whether a line rises or falls; where the intervals of its ends overlap, neither."""
    ends = f"{first['score']:.3f} to {last['score']:.3f}"
    if last["low"] > first["high"]:
        return f"rises from {ends}"
    if last["high"] < first["low"]:
        return f"falls from {ends}"
    return f"shows no clear change, {ends}"


def _ends(frame: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    """Return the rows with the lowest and the highest value of a column."""
    values = frame[column].to_numpy()
    return frame.iloc[values.argmin()], frame.iloc[values.argmax()]


def _who(names: list[str], n_all: int) -> str:
    """Name a few; count many, or all."""
    if 1 < len(names) == n_all:
        return f"all {n_all}"
    if len(names) > _NAMED:
        return f"{len(names)} of {n_all}"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _flat(label: object) -> str:
    """Return a label on one line: a tick may have two."""
    return str(label).replace("\n", " ")
