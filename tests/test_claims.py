"""The rules are complete and cannot be changed by who reads them; the numbers are kept."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from synthlab.course import claims
from synthlab.errors import InputError
from synthlab.metrics.grading import METRICS

NAMES = [f"C{number}" for number in range(1, 11)]


def wrong(check) -> list[str]:
    """Return the claims that fail a check."""
    return [name for name in NAMES if not check(claims.load_claim(name))]


def test_every_claim_is_complete():
    needed = {"title", "notebook", "claim", "estimand", "metric", "margin", "seeds", "rule"}
    assert wrong(lambda claim: needed <= set(claim)) == []


def test_every_rule_says_when_each_verdict_falls():
    for verdict in (claims.SUPPORTED, claims.PARTLY_SUPPORTED, claims.NOT_REPRODUCED):
        falls = re.compile(rf"(?<!partly ){verdict}: ")
        assert wrong(lambda claim, falls=falls: len(falls.findall(claim["rule"])) == 1) == []


def test_verdicts_on_claims_are_four_words_of_their_own():
    words = {claims.SUPPORTED, claims.PARTLY_SUPPORTED, claims.NOT_REPRODUCED, claims.UNDECIDED}
    assert words == {"supported", "partly supported", "not reproduced", "undecided"}


def test_every_claim_is_measured_by_a_metric_that_has_an_interval():
    assert wrong(lambda claim: claim["metric"] in METRICS) == []


def test_every_margin_is_a_useful_size():
    assert wrong(lambda claim: 0 <= claim["margin"] <= 0.1) == []


def test_every_claim_has_a_notebook_of_its_own():
    assert len({claims.load_claim(name)["notebook"] for name in NAMES}) == len(NAMES)


def test_a_claim_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        claims.load_claim("C1")["margin"] = 0.5


@pytest.mark.parametrize("name", ["C0", "c1", "", "C11"])
def test_an_unknown_claim_is_refused(name):
    with pytest.raises(InputError) as caught:
        claims.load_claim(name)
    assert f"no claim {name!r} in data/claims.toml; it lists C1, C2" in str(caught.value)


# --- verdicts ------------------------------------------------------------------------------


def criteria(**intervals):
    return pd.DataFrame(intervals, index=["low", "high", "line"]).T


@pytest.mark.parametrize(
    ("core", "extra", "verdict"),
    [
        ((0.2, 0.4, 0.1), (0.0, 0.1, 0.0), claims.SUPPORTED),
        ((0.2, 0.4, 0.1), (-0.3, -0.2, 0.0), claims.PARTLY_SUPPORTED),
        ((0.2, 0.4, 0.1), (-0.3, 0.2, 0.0), claims.UNDECIDED),
        ((0.0, 0.4, 0.1), (0.0, 0.1, 0.0), claims.UNDECIDED),
        ((0.0, 0.05, 0.1), (0.0, 0.1, 0.0), claims.NOT_REPRODUCED),
        ((0.0, 0.05, 0.1), (-0.3, 0.2, 0.0), claims.NOT_REPRODUCED),
    ],
)
def test_a_verdict_follows_from_where_the_intervals_lie(core, extra, verdict):
    assert claims.verdict_on(criteria(core=core, extra=extra), ["core"]) == verdict


def test_a_criterion_that_was_not_measured_is_refused():
    with pytest.raises(InputError, match="all of"):
        claims.verdict_on(criteria(core=(0, 1, 0)), ["other"])
    with pytest.raises(InputError, match="a number in each cell"):
        claims.verdict_on(criteria(core=(0, np.nan, 0)), ["core"])


# --- metrics -------------------------------------------------------------------------------


def saved(tmp_path, monkeypatch, metrics):
    monkeypatch.setenv("SYNTHLAB_OUT", str(tmp_path))
    claims.save_metrics("00_some_notebook", metrics)
    return json.loads((tmp_path / "metrics.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "value", [0, 3, -0.25, 1e-9, True, "not reproduced", np.float64(0.5), np.int64(3)]
)
def test_what_is_saved_can_be_read_back(tmp_path, monkeypatch, value):
    assert saved(tmp_path, monkeypatch, {"lift": value}) == {"lift": value}


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), None, [1.0], {"a": 1}, np.ones(2)],
    ids=repr,
)
def test_what_cannot_be_compared_is_refused(tmp_path, monkeypatch, value):
    with pytest.raises(InputError) as caught:
        saved(tmp_path, monkeypatch, {"fine": 1.0, "lift": value})
    assert "metric 'lift' is" in str(caught.value)
    assert "Leave it out or mend it" in str(caught.value)


def test_a_refusal_leaves_the_earlier_numbers_alone(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, {"lift": 0.5})
    with pytest.raises(InputError):
        claims.save_metrics("00_some_notebook", {"lift": float("nan")})
    assert json.loads((tmp_path / "metrics.json").read_text("utf-8")) == {"lift": 0.5}


def test_saving_again_replaces_all_numbers(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, {"old": 1})
    assert saved(tmp_path, monkeypatch, {"new": 2}) == {"new": 2}


def test_saving_leaves_one_file(tmp_path, monkeypatch):
    saved(tmp_path, monkeypatch, {"lift": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_by_hand_the_numbers_go_to_a_folder_of_the_notebook(tmp_path, monkeypatch):
    monkeypatch.delenv("SYNTHLAB_OUT", raising=False)
    monkeypatch.chdir(tmp_path)
    claims.save_metrics("00_some_notebook", {"lift": 0.5})
    assert (tmp_path / "out" / "00_some_notebook" / "metrics.json").is_file()


def test_names_hold_prefix_and_all_levels():
    index = pd.MultiIndex.from_tuples([("real + synth", "later mail"), ("real only", "eval-2")])
    named = claims.name_metrics("score", pd.Series([0.5, 0.75], index=index))
    assert named == {"score_real_plus_synth_later_mail": 0.5, "score_real_only_eval_2": 0.75}


def test_named_numbers_can_be_saved(tmp_path, monkeypatch):
    named = claims.name_metrics("n", pd.Series([1, 2], index=["real", "synthetic"]))
    assert saved(tmp_path, monkeypatch, named) == {"n_real": 1.0, "n_synthetic": 2.0}
