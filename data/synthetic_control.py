#!/usr/bin/env python
"""The real-data control in twelve lines, runnable on three CSV files.

    python data/synthetic_control.py real_train.csv synth_train.csv real_eval.csv --target label

Train on real only, train on real + synthetic, compare on *real* eval data.  The twelve lines
give the three numbers; below them stands what they leave out, an interval and a verdict.
Exit codes: 0 a number, 2 bad input, 3 contaminated, 4 unexpected, 130 interrupted.
"""

# ruff: noqa: E402  (Ctrl-C is to be handled before libraries load)
from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys

UNEXPECTED, INTERRUPTED = 4, 130

if __name__ == "__main__":  # at once: the libraries below take seconds to load
    signal.signal(signal.SIGINT, lambda *_: sys.exit(INTERRUPTED))

from sklearn.base import clone

import synthlab as sl
from synthlab.checks.roles import check_roles
from synthlab.datasets.files import column_notes, require_different_files
from synthlab.errors import SynthlabError
from synthlab.models import default_model, with_seed


def evaluate_synthetic_lift(real_train, synth_train, real_eval, model):
    """Score on real eval rows, without and with the synthetic rows."""
    both = real_train + synth_train
    control = clone(model).fit(real_train.X, real_train.y)
    treated = clone(model).fit(both.X, both.y)
    real_only_score = control.score(real_eval.X, real_eval.y)
    real_plus_synth = treated.score(real_eval.X, real_eval.y)
    return {
        "real_only_score": real_only_score,
        "real_plus_synth": real_plus_synth,
        "lift": real_plus_synth - real_only_score,
    }


def main(arguments: list[str] | None = None) -> int:
    """Read three CSV files, check their roles, print the lift; return the exit code."""
    options = _parser().parse_args(arguments)
    paths = options.real_train, options.synth_train, options.real_eval
    columns = {"target": options.target, "text": options.text, "id": options.id}
    try:
        require_different_files(*paths)
        data = [
            sl.load_csv(path, origin=origin, **columns)
            for path, origin in zip(paths, ("real", "synthetic", "real"), strict=True)
        ]
        check_roles(*data)
        lift = evaluate_synthetic_lift(*data, with_seed(default_model(data[0]), seed=0))
        checked = sl.evaluate_synthetic_lift(*data, margin=options.margin)
    except SynthlabError as error:
        print(f"synthetic_control: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        print(f"synthetic_control: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        return UNEXPECTED
    for note in itertools.chain(*map(column_notes, data)):
        print(f"synthetic_control: {note}", file=sys.stderr)
    print(json.dumps(lift, indent=2))
    print(checked.summary())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Does adding synthetic rows lift the score on real eval rows?"
    )
    for name, what in (
        ("real_train", "real rows to train on"),
        ("synth_train", "synthetic rows on trial, with the same columns"),
        ("real_eval", "held-out real rows"),
    ):
        parser.add_argument(name, help=f"CSV file: {what}")
    parser.add_argument("--target", required=True, help="the column that holds the labels")
    parser.add_argument("--text", help="the column that holds the text; without it, a table")
    parser.add_argument("--id", help="the column that holds row ids")
    parser.add_argument("--margin", type=float, default=0.005, help="smallest lift worth having")
    return parser


if __name__ == "__main__":
    sys.exit(main())
