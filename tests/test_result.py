"""The result: a mapping, a card, strict JSON, and advice that follows from the numbers."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from synthlab.control.judge import Comparison
from synthlab.control.result import LiftResult

VALUES = {
    "real_only_score": 0.8,
    "real_plus_synth": 0.85,
    "lift": 0.05,
    "ci_low": 0.03,
    "ci_high": 0.07,
    "verdict": "helps",
    "margin": 0.01,
    "n_repeats": 5,
    "n_needed": None,
    "beats_baselines": None,
}


def comparison(**changed):
    values = {
        "score": 0.85,
        "baseline_score": 0.8,
        "lift": 0.05,
        "ci_low": 0.03,
        "ci_high": 0.07,
        "verdict": "helps",
        "margin": 0.01,
        "reason": "900 evaluation rows",
        "n_repeats": 5,
        "n_needed": None,
        "p_value": 0.001,
    }
    return Comparison(**values | changed)


def result(over=None, metric="accuracy", **changed):
    provenance = {"metric": metric, "confidence": 0.95, "versions": {"a": np.int64(1)}}
    arms = pd.DataFrame([{"arm": "real_only", "seed": 1, "score": np.float64(0.8)}])
    return LiftResult(comparison(**changed), over or {}, arms, provenance)


UNBEATEN = {"re-tuned": comparison(baseline_score=0.85, lift=0.0, verdict="inconclusive")}


def test_it_reads_like_the_artefact():
    found = result()
    assert dict(found) == VALUES
    assert found["lift"] == 0.05
    assert len(found) == len(VALUES)


def test_it_is_read_only():
    with pytest.raises(TypeError):
        result()["lift"] = 1.0


def test_the_summary_has_scores_interval_margin_and_reason():
    told = result().summary()
    assert told.startswith("helps: accuracy 0.800 → 0.850, lift +0.050 [+0.030, +0.070]")
    assert told.endswith("at margin 0.01 (900 evaluation rows)")


def test_every_baseline_must_be_beaten():
    beaten = {"class weights": comparison()}
    assert result(beaten)["beats_baselines"] is True
    assert result(beaten | UNBEATEN)["beats_baselines"] is False
    assert "every zero-cost baseline" in result(beaten).recommendation()


def test_an_unbeaten_baseline_is_recommended():
    assert result(UNBEATEN).recommendation() == (
        "No evidence of a gain over re-tuned, at no cost: use that instead."
    )


def test_what_a_clear_verdict_takes_is_told():
    found = result(verdict="inconclusive", n_needed={"eval_rows": (2400, 31000)})
    assert "2,400 evaluation rows, a 90 % chance 31,000" in found.recommendation()
    assert "unlikely" in result(verdict="inconclusive").recommendation()
    open_ended = result(verdict="inconclusive", n_needed={"splits": (40, None)})
    assert "40 splits; 90 % are out of reach" in open_ended.recommendation()


def test_json_is_strict_and_whole():
    found = json.loads(result(UNBEATEN).to_json())
    assert found["verdict"] == "helps"
    assert found["baselines"]["re-tuned"]["verdict"] == "inconclusive"
    assert {"reason", "recommendation", "provenance", "arms", *VALUES} <= set(found)


def test_json_refuses_a_number_that_is_none():
    with pytest.raises(ValueError, match="Out of range float"):
        result(lift=float("nan")).to_json()


def test_the_card_escapes_text_and_draws_every_comparison():
    card = result({"<b>sly</b>": comparison()}, reason="<script>x</script>")._repr_html_()
    assert "<script>" not in card
    assert "<b>sly" not in card
    assert card.count("<circle") == 2


def test_the_card_fits_a_narrow_page_and_keeps_words_off_the_plot():
    card = result(UNBEATEN)._repr_html_()
    assert "width:100%" in card
    assert not re.search(r"<svg[^>]* width='\d", card)
    places = re.findall(r"<text x='(\d+)'[^>]*>(?:helps|inconclusive)</text>", card)
    ends = [float(x) for x in re.findall(r"x2='([\d.]+)'", card)]
    assert len(places) == 2
    assert min(map(float, places)) > max(ends)


def test_the_plot_has_one_row_per_comparison():
    ax = result(UNBEATEN).plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "over real only",
        "over re-tuned",
    ]
