"""C1's rule on planted lifts, and the four recorded runs."""

import json

import pandas as pd
import pytest
from cases import refusal

from synthlab.course import four_runs, trap_rule
from synthlab.course.claims import NOT_REPRODUCED, PARTLY_SUPPORTED, SUPPORTED, load_claim
from synthlab.errors import DataUnavailableError
from synthlab.paths import data_dir, notebooks_dir

RULE = {"margin": 0.01, "looks_great": 0.95}


def lifts(tempting=(0.3, 0.4), **on_real):
    rows = {trap_rule.TEMPTING: tempting} | {k.replace("_", " "): v for k, v in on_real.items()}
    return pd.DataFrame(rows, index=["ci_low", "ci_high"]).T


@pytest.mark.parametrize(
    ("found", "great_from", "verdict"),
    [
        (lifts(real_eval=(-0.05, -0.03)), 0.96, SUPPORTED),
        (lifts(real_eval=(-0.05, 0.01), later_mail=(-0.2, -0.1)), 0.96, SUPPORTED),
        (lifts(real_eval=(-0.05, -0.03)), 0.95, PARTLY_SUPPORTED),
        (lifts(real_eval=(-0.05, 0.02)), 0.96, PARTLY_SUPPORTED),
        (lifts(real_eval=(-0.05, -0.03), later_mail=(-0.1, 0.02)), 0.96, PARTLY_SUPPORTED),
        (lifts(real_eval=(0.011, 0.02)), 0.96, NOT_REPRODUCED),
        (lifts(real_eval=(-0.05, -0.03), later_mail=(0.02, 0.03)), 0.96, NOT_REPRODUCED),
        (lifts((0.01, 0.4), real_eval=(-0.05, -0.03)), 0.96, NOT_REPRODUCED),
    ],
)
def test_one_combination(found, great_from, verdict):
    assert trap_rule.judge_trap(found, great_from, **RULE).partition(":")[0] == verdict


def test_what_is_missing_is_named():
    told = trap_rule.judge_trap(lifts(real_eval=(-0.05, 0.02)), 0.9, **RULE)
    assert "reaches below 0.95 and real eval can't exclude a gain" in told


def test_the_claim_needs_all_four():
    names = ("a", "b", "c", "d")
    some = f"{PARTLY_SUPPORTED}: but"
    assert trap_rule.judge_four(dict.fromkeys(names, SUPPORTED)) == SUPPORTED
    assert trap_rule.judge_four(dict.fromkeys(names, NOT_REPRODUCED)) == NOT_REPRODUCED
    mixed = dict(zip(names, (SUPPORTED, some, NOT_REPRODUCED, SUPPORTED), strict=True))
    expected = f"{PARTLY_SUPPORTED}: in full for a and d, in part for b"
    assert trap_rule.judge_four(mixed) == expected
    assert "3 combinations: expected four" in refusal(
        trap_rule.judge_four, dict.fromkeys(names[:3], SUPPORTED)
    )


@pytest.mark.parametrize(
    "found",
    [
        lifts(),
        lifts(real_eval=(0.0, float("nan"))),
        lifts(real_eval=(0, 0.1)).drop(trap_rule.TEMPTING),
    ],
)
def test_a_missing_lift_gives_no_verdict(found):
    assert "Measure them first" in refusal(trap_rule.judge_trap, found, 0.96, **RULE)


def test_all_four_full_runs_are_recorded():
    found = four_runs.load_combinations()
    assert len(found) == 4
    for (task, writer), numbers in found.items():
        assert (numbers["task"], numbers["writer"]) == (task, writer)
        assert ("lift_later_mail" in numbers) == (task == "emails")
        assert numbers["lift_real_eval"] <= numbers["ci_high_real_eval"]


def test_in_every_recorded_run_synthetic_eval_tempts_and_real_rows_gain_nothing():
    margin = load_claim("C1")["margin"]
    for numbers in four_runs.load_combinations().values():
        assert numbers["ci_low_synthetic_eval_tempting_"] > margin
        assert numbers["ci_high_real_eval"] <= margin


def test_the_notebooks_own_run_is_the_recorded_one():
    own = json.loads((notebooks_dir() / "metrics/00_expensive_trap.json").read_text("utf-8"))
    recorded = four_runs.load_combinations()["emails", "weak"]
    numbers = {key: value for key, value in recorded.items() if not isinstance(value, str)}
    assert {key: own[key] for key in numbers} == pytest.approx(numbers, abs=0.003)


def test_runs_of_notebooks_05_and_06_are_recorded_and_their_defaults_are_the_committed_ones():
    fours = {"05_substituting_labels": 4, "06_contaminated_eval": 2}
    defaults = {"05_substituting_labels": "emails-weak", "06_contaminated_eval": "emails-both"}
    for name, n_runs in fours.items():
        runs = sorted((data_dir() / "combinations" / name).glob("*.json"))
        assert len(runs) == n_runs
        own = (notebooks_dir() / f"metrics/{name}.json").read_text("utf-8")
        recorded = (data_dir() / "combinations" / name / f"{defaults[name]}.json").read_text(
            "utf-8"
        )
        assert json.loads(own) == json.loads(recorded)


def test_a_missing_run_is_an_error_with_the_remedy():
    told = refusal(four_runs.load_combinations, "05_no_such", kind=DataUnavailableError)
    assert "make combinations" in told


def test_the_table_says_the_lifts_of_each_run_in_points():
    table = four_runs.trap_table(four_runs.load_combinations())
    assert list(table.index) == [
        f"{texts} by the {writer} writer"
        for texts in ("e-mails", "reviews")
        for writer in ("weak", "strong")
    ]
    for (task, writer), numbers in four_runs.load_combinations().items():
        row = table.loc[four_runs.combination_name(task, writer)]
        assert row["real eval"].startswith(f"{100 * numbers['lift_real_eval']:+.1f} [")
        assert (row["later mail"] == "–") == (task == "reviews")
        assert all("[" in row[f"real eval, {n} real"] for n in ("50", "200", "1,000"))
