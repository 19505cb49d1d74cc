"""One execution of every golden serves three checks: its outputs, its metrics, its claim.

nbval re-executes the recorded fast run of each notebook and compares the cells marked
``NBVAL_CHECK_OUTPUT``; the ``metrics.json`` of that same execution is compared with the
recorded one, and the notebook's claim is asserted on it, seed by seed.  All tests of one notebook
are one group, so that they meet on one worker and the notebooks spread over all.
"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest

from synthlab.course.claims import load_claim
from synthlab.course.notebooks import find_notebook, list_notebooks
from synthlab.course.pages import check_page, export_page
from synthlab.course.parameters import (
    PROFILES,
    check_parameters,
    profile_parameters,
    read_parameters,
)
from synthlab.course.render import headline_figure
from synthlab.datasets import emails
from synthlab.paths import notebooks_dir
from synthlab.text import ngrams

GOLDEN = Path(__file__).parent / "golden"
NOTEBOOKS = list_notebooks()
COMMITTED = [*NOTEBOOKS, *sorted(GOLDEN.glob("*.ipynb"))]
PROFILE_FILE = tomllib.loads((notebooks_dir() / "profiles.toml").read_text("utf-8"))
PASSAGE_WORDS = 8
on_worker = pytest.mark.xdist_group
every_notebook = pytest.mark.parametrize(
    "name", [pytest.param(path.stem, marks=on_worker(path.stem)) for path in NOTEBOOKS]
)


def code_cells(path: Path) -> list:
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def recorded_metrics(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


@functools.cache
def execution(name: str) -> tuple[int, str, dict]:
    """Let nbval re-execute a golden; return its exit code, its report and the metrics."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=600"]
        command += ["-p", "no:cacheprovider", "-W", "ignore", str(GOLDEN / f"{name}.ipynb")]
        variables = {"SYNTHLAB_OUT": folder, "SYNTHLAB_PROGRESS": f"{folder}/progress"}
        done = subprocess.run(
            command, env=os.environ | variables, capture_output=True, text=True, check=False
        )
        metrics = Path(folder) / "metrics.json"
        found = json.loads(metrics.read_text("utf-8")) if metrics.exists() else {}
    return done.returncode, done.stdout[-4000:], found


def tolerance(name: str, metric: str) -> float:
    """Return how far a metric may move: what the longest prefix of it says."""
    known = PROFILE_FILE["tolerances"] | PROFILE_FILE.get(name, {}).get("tolerances", {})
    return known[max((prefix for prefix in known if metric.startswith(prefix)), key=len)]


@every_notebook
def test_marked_outputs_are_reproduced(name):
    code, output, _ = execution(name)
    assert code == 0, output


@every_notebook
def test_metrics_are_reproduced(name):
    _, _, found = execution(name)
    recorded = recorded_metrics(name)
    assert set(found) == set(recorded)
    numbers = {key: value for key, value in recorded.items() if not isinstance(value, str)}
    moved = {
        key: (value, found[key])
        for key, value in numbers.items()
        if abs(found[key] - value) > tolerance(name, key)
    }
    assert moved == {}


@every_notebook
def test_every_picture_of_the_page_is_described(name, tmp_path):
    check_page(export_page(find_notebook(name), tmp_path / f"{name}.html"))


@on_worker("00_expensive_trap")
def test_c1_synthetic_eval_tempts_while_real_mail_gains_nothing():
    _, _, found = execution("00_expensive_trap")
    margin = load_claim("C1")["margin"]
    by_seed = [value for key, value in found.items() if key.startswith("lift_by_seed")]
    assert len(by_seed) == 3
    assert max(by_seed) <= margin
    assert found["ci_low_synthetic_eval_tempting_"] > margin
    assert found["ci_high_later_mail"] <= margin


@on_worker("00_expensive_trap")
def test_c1_synthetic_eval_ranks_the_models_wrongly():
    _, _, found = execution("00_expensive_trap")
    on_synthetic = {
        k: found[f"accuracy_{k}_synthetic_eval"] for k in ("real_only", "synthetic_only")
    }
    on_real = {k: found[f"accuracy_{k}_real_eval"] for k in ("real_only", "synthetic_only")}
    assert on_synthetic["synthetic_only"] > on_synthetic["real_only"] + 0.1
    assert on_real["synthetic_only"] < on_real["real_only"] - 0.1


@on_worker("01_real_data_control")
def test_c2_few_real_labels_gain_many_do_not_and_one_draw_tells_little():
    _, _, found = execution("01_real_data_control")
    draws = [value for key, value in found.items() if key.startswith("lift_of_draw")]
    assert len(draws) == 3
    assert np.median(draws) > 0
    assert max(draws) - min(draws) > 0.05
    assert found["many_ci_high"] < found["few_ci_low"]


@on_worker("09_half_the_time")
def test_c2_smote_surely_helps_the_ranking_in_less_than_half_of_all_sources():
    _, _, found = execution("09_half_the_time")
    assert found["ci_low_surprise"] > 0.5
    assert found["discovered_average_precision"] == found["discovered_roc_auc"] == 0
    assert found["discovered_balanced_accuracy"] > 0.05
    assert max(v for k, v in found.items() if k.startswith("mean_lift")) < 0.005


@on_worker("02_rare_class")
def test_c3_smote_helps_an_untuned_boosting_and_tuning_helps_it_without():
    _, _, found = execution("02_rare_class")
    assert found["ci_low_cards_untuned_boosting_real_only"] > load_claim("C3")["margin"]
    assert found["tuning_cards"] > 0.1
    assert found["ci_low_cards_gradient_boosting_real_only"] <= load_claim("C3")["margin"]


@on_worker("02_rare_class")
def test_c3_balancing_before_the_split_promises_what_the_world_does_not_keep():
    _, _, found = execution("02_rare_class")
    for world in ("cards", "crash"):
        promised = found[f"ci_promised_{world}_balance_then_split"]
        assert promised > found[f"ci_promised_{world}_split_then_balance"] + 0.2


@on_worker("04_edge_cases")
def test_c5_wanted_bulk_mail_is_blocked_and_ordinary_mail_is_not():
    _, _, found = execution("04_edge_cases")
    assert found["rate_wanted_bulk_mail"] > 0.3
    assert found["ci_excess_low_wanted_bulk_mail"] > load_claim("C5")["margin"]


@on_worker("04_edge_cases")
def test_c5_one_suite_ranks_models_as_hard_mail_does_and_one_the_other_way():
    _, _, found = execution("04_edge_cases")
    assert found["ci_agreement_low"] > 0
    assert found["agreement_good_words"] < 0


@on_worker("04_edge_cases")
def test_c5_a_suite_that_trained_turns_green_while_hard_mail_moves_less():
    _, _, found = execution("04_edge_cases")
    for model in ("logistic_regression", "naive_Bayes"):
        suite, hard = (found[f"ci_trained_{model}_{kind}"] for kind in ("suite", "hard_mail"))
        assert suite < -0.15
        assert abs(hard) < -suite / 2


@on_worker("03_privacy")
def test_c4_a_mechanism_without_noise_is_caught_and_one_with_all_of_it_is_not():
    _, _, found = execution("03_privacy")
    assert found["caught_inf_1000"] == found["caught_inf_10000"] == 1
    assert found["caught_1_0_1000"] == found["caught_1_0_10000"] == 0
    assert found["bound_DP_1_0"] <= 1 < found["bound_DP_inf"]


@on_worker("03_privacy")
def test_c4_a_copula_that_the_attack_by_distance_passes_is_proven_to_leak():
    _, _, found = execution("03_privacy")
    assert abs(found["area_copula"] - 0.5) < 0.05
    assert found["bound_copula_0_0"] > 1


@on_worker("03_privacy")
def test_c4_no_synthetic_table_beats_the_real_one_and_larger_leaves_leak_less():
    _, _, found = execution("03_privacy")
    areas = {key: value for key, value in found.items() if key.startswith("auc_")}
    assert max(areas, key=areas.get) == "auc_real_table_0_0"
    assert found["advantage_trees_20_0"] < found["advantage_trees_1_0"] / 2
    assert found["advantage_real_table_0_0"] > found["advantage_trees_1_0"]


@on_worker("05_substituting_labels")
def test_c6_generated_mail_does_not_stand_in_for_5000_real_labels():
    _, _, found = execution("05_substituting_labels")
    assert found["substitute_high"] < -load_claim("C6")["margin"]
    assert found["added_low"] <= load_claim("C6")["margin"]


@on_worker("05_substituting_labels")
def test_c6_a_machines_labels_of_real_mail_cost_more_than_any_generated_mail():
    _, _, found = execution("05_substituting_labels")
    lifts = {k: v for k, v in found.items() if k.startswith("lift_by_source")}
    assert min(lifts, key=lifts.get) == "lift_by_source_labels_by_weak"


@on_worker("06_contaminated_eval")
def test_c7_an_eval_set_from_the_generator_promises_more_than_real_mail_delivers():
    _, _, found = execution("06_contaminated_eval")
    for writer in ("weak_naive", "strong_naive"):
        assert found[f"gap_{writer}_same_prompt"] > load_claim("C7")["margin"]
        assert found[f"ci_low_gap_{writer}_same_prompt"] > 0


@on_worker("07_closing_loop")
def test_c8_real_mail_falls_in_every_loop_that_is_fed_its_own_output():
    _, _, found = execution("07_closing_loop")
    by_seed = [value for key, value in found.items() if key.startswith("real_change_by_seed")]
    assert len(by_seed) == 3
    assert max(by_seed) < 0
    assert found["ci_high_replace_real"] < 0


@on_worker("07_closing_loop")
def test_c8_its_own_evaluation_hides_it():
    _, _, found = execution("07_closing_loop")
    for kind in ("text", "table"):
        assert found[f"change_{kind}_self_replace"] > found[f"change_{kind}_real_replace"] + 0.03
    assert found["llm_self_turn_5"] > found["llm_self_turn_1"]
    assert found["llm_real_turn_5"] < found["llm_real_turn_1"]


@on_worker("07_closing_loop")
def test_c8_keeping_the_real_rows_holds_the_loop():
    _, _, found = execution("07_closing_loop")
    assert found["change_text_real_accumulate"] > found["change_text_real_replace"] + 0.03


@on_worker("08_corners")
def test_c9_corner_rows_lift_corners_and_middle_rows_do_not():
    _, _, found = execution("08_corners")
    for world in ("plane", "persons", "cards"):
        corner, middle = (f"lift_{world}_oracle_{at}" for at in ("corners", "middle"))
        assert found[f"{corner}_corners"] > found[f"{middle}_corners"] + 0.02
        assert found[f"{corner}_corners"] > found[f"lift_{world}_own_corners_corners"]


@on_worker("08_corners")
def test_c9_more_real_rows_bear_fewer_wrong_labels():
    _, _, found = execution("08_corners")
    assert found["even_100"] > found["even_1000"] + 0.05


@on_worker("12_let_it_read")
def test_c10_labels_of_real_text_train_like_human_ones_and_generated_texts_do_not():
    _, _, found = execution("12_let_it_read")
    margin = load_claim("C10")["margin"]
    for task in ("reviews", "emails"):
        assert abs(found[f"lift_{task}_labels_human_400"]) < margin
        assert found[f"lift_{task}_labels_written_400"] > 2 * margin
    assert found["ci_low_reviews_labels_written_400"] > margin


@on_worker("12_let_it_read")
def test_c10_a_bad_labeler_is_caught_by_an_audit_and_by_the_control():
    _, _, found = execution("12_let_it_read")
    assert found["right_emails_smollm2"] < 0.6
    assert min(found["right_emails_frontier"], found["right_reviews_frontier"]) > 0.95
    assert found["weak_ci_high_emails"] < -0.2
    assert found["control_smollm2"] < -0.1
    assert found["control_frontier"] > load_claim("C10")["margin"]


@on_worker("12_let_it_read")
def test_c10_generated_eval_rows_bias_a_score_more_than_machine_labels_do():
    _, _, found = execution("12_let_it_read")
    for task in ("reviews", "emails"):
        for arm in ("human", "labels"):
            by_model, generated = (
                found[f"bias_{task}_{arm}_{who}"] for who in ("model", "generated")
            )
            assert abs(by_model) < 0.02
            assert abs(generated) > 0.05


# --- as committed --------------------------------------------------------------------------


def problems(check, paths=COMMITTED) -> dict:
    """Return what a check finds in any of the notebooks and goldens."""
    return {f"{path.parent.name}/{path.name}": found for path in paths if (found := check(path))}


def test_golden_has_the_code_of_its_notebook():
    def other_code(path):
        golden = [
            c.source
            for c in code_cells(GOLDEN / path.name)
            if "injected-parameters" not in c.metadata.get("tags", [])
        ]
        return golden != [c.source for c in code_cells(path)]

    assert problems(other_code, NOTEBOOKS) == {}


def test_every_notebook_has_one_headline_figure():
    found = [
        headline_figure(nbformat.read(path, as_version=4), path.stem)
        for path in NOTEBOOKS
        if path.parent.name != "solutions"
    ]
    assert len(set(found)) == len(found) > 0


def test_notebooks_were_executed_in_order_without_errors():
    def out_of_order(path):
        cells = code_cells(path)
        kinds = {output.output_type for c in cells for output in c.outputs}
        counts = [c.execution_count for c in cells]
        return "error" in kinds or counts != list(range(1, len(cells) + 1))

    assert problems(out_of_order) == {}


def test_outputs_hold_nothing_of_this_machine():
    def of_this_machine(path):
        told = json.dumps([text_outputs(cell) for cell in code_cells(path)])
        return re.findall(r"/(?:home|root|tmp|usr|work)/|0x[0-9a-f]{6,}|\d\d:\d\d:\d\d", told)

    assert problems(of_this_machine) == {}


def test_warnings_do_not_reach_the_reader():
    def warned(path):
        return [o.text for c in code_cells(path) for o in c.outputs if o.get("name") == "stderr"]

    assert problems(warned, NOTEBOOKS) == {}


def test_cells_are_short():
    def long_cells(path):
        lines = [sum(map(bool, map(str.strip, c.source.splitlines()))) for c in code_cells(path)]
        return np.percentile(lines, 90) > 10 or np.median(lines) > 8

    assert problems(long_cells, NOTEBOOKS) == {}


def test_profiles_set_only_what_the_notebook_declares():
    def changed(path):
        declared = read_parameters(nbformat.read(path, as_version=4), path.stem)
        wanted = [profile_parameters(profile, path.stem) for profile in PROFILES]
        return [given for given in wanted if check_parameters(declared, given, path.stem) != given]

    assert problems(changed, NOTEBOOKS) == {}


def test_profiles_name_notebooks_that_exist_and_metrics_that_they_record():
    for name in set(PROFILE_FILE) - {"tolerances"}:
        assert set(PROFILE_FILE[name]) <= {*PROFILES, "tolerances"}
        for prefix in PROFILE_FILE[name].get("tolerances", {}):
            assert any(metric.startswith(prefix) for metric in recorded_metrics(name)), prefix


def test_no_passage_of_real_mail_is_shown():
    frame = emails.email_frame()
    shown = {path: shown_passages(path) for path in NOTEBOOKS}
    everything = set().union(*shown.values())
    texts = frame["subject"] + " " + frame["body"]
    real = set().union(*(everything & passages(ngrams.words(text)) for text in texts))
    assert problems(lambda path: sorted(shown[path] & real)[:1], NOTEBOOKS) == {}


def shown_passages(path: Path) -> set[tuple[str, ...]]:
    told = " ".join(text for cell in code_cells(path) for text in text_outputs(cell))
    return passages(ngrams.words(told))


def passages(words: list[str]) -> set[tuple[str, ...]]:
    starts = range(len(words) - PASSAGE_WORDS + 1)
    return {tuple(words[i : i + PASSAGE_WORDS]) for i in starts}


def text_outputs(cell) -> list[str]:
    """Everything that a cell shows as text: streams, plain text, HTML tables."""
    texts = []
    for output in cell.outputs:
        data = {"stream": output.get("text", "")} | dict(output.get("data", {}))
        texts += ["".join(v) for kind, v in data.items() if not kind.startswith("image/")]
    return texts
