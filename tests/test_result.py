"""The result: a mapping, a card, strict JSON, and advice that follows from the numbers."""

import json

import numpy as np
import pandas as pd
import pytest

from synthlab.control.result import LiftResult

ANSWER = {
    "real_only_score": 0.8,
    "real_plus_synth": 0.85,
    "lift": 0.05,
    "ci_low": 0.03,
    "ci_high": 0.07,
    "verdict": "helps",
    "margin": 0.01,
    "n_seeds": 5,
    "n_needed": None,
    "beats_baselines": False,
}
COLUMNS = ["control", "score", "gain", "ci_low", "ci_high", "is_beaten"]


def result(controls=(), reason="900 eval rows", metric="accuracy", **changed):
    about = {"metric": metric, "confidence": 0.95, "versions": {"a": np.int64(1)}}
    arms = pd.DataFrame([{"arm": "real_only", "seed": 1, "score": np.float64(0.8)}])
    rivals = pd.DataFrame(list(controls), columns=COLUMNS)
    return LiftResult(ANSWER | changed, arms, reason, about, rivals)


def test_it_reads_like_the_artefact():
    found = result()
    assert dict(found) == ANSWER
    assert found["lift"] == 0.05
    assert len(found) == len(ANSWER)


def test_it_is_read_only():
    with pytest.raises(TypeError):
        result()["lift"] = 1.0


def test_sentence_tells_scores_interval_margin_and_reason():
    told = result().summary()
    assert told.startswith("helps: accuracy 0.800 → 0.850, lift +0.050 [+0.030, +0.070]")
    assert told.endswith("at margin 0.01 (900 eval rows)")


def test_threshold_shift_is_called_what_it_is():
    found = result([("tuned threshold", 0.85, 0.0, -0.01, 0.01, False)])
    assert (
        found.recommendation()
        == "The gain is a threshold shift you can have for free (tuned threshold)."
    )


def test_unbeaten_control_is_named():
    found = result([("re-tuned", 0.85, 0.0, -0.01, 0.01, False)])
    assert "re-tuned" in found.recommendation()


def test_gain_over_every_free_control_is_said():
    found = result([("re-tuned", 0.8, 0.05, 0.03, 0.07, True)])
    assert "every free control is beaten" in found.recommendation()


def test_what_is_needed_is_told():
    found = result(verdict="inconclusive", n_needed={"eval_rows": 2400, "eval_positives": 310})
    assert "2,400 eval rows and 310 eval positives" in found.recommendation()
    assert "No number" in result(verdict="inconclusive").recommendation()


def test_json_is_strict_and_whole():
    found = json.loads(result([("re-tuned", 0.8, 0.05, 0.03, 0.07, np.True_)]).to_json())
    assert set(found) == {"answer", "reason", "advice", "about", "arms", "controls"}
    assert found["controls"][0]["is_beaten"] is True


def test_json_refuses_a_number_that_is_none():
    with pytest.raises(ValueError, match="Out of range float"):
        result(lift=float("nan")).to_json()


def test_card_escapes_text_and_draws_every_comparison():
    free = [("<b>sly</b>", 0.8, 0.05, 0.03, 0.07, True)]
    card = result(free, reason="<script>x</script>")._repr_html_()
    assert "<script>" not in card
    assert "<b>sly" not in card
    assert card.count("<circle") == 2


def test_plot_has_a_row_a_comparison():
    ax = result([("re-tuned", 0.8, 0.05, 0.03, 0.07, True)]).plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["real only", "re-tuned"]
