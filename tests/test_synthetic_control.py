"""The artefact: twelve lines, runnable on three CSV files, and the same as the notebook's."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import synthlab as sl
from synthlab.models import default_model, with_seed

SCRIPT = Path(__file__).parent.parent / "data" / "synthetic_control.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("synthetic_control", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(n, seed, noise=1.0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n), "kind": rng.choice(["x", "y"], n)})
    signal = frame["a"] + (frame["kind"] == "x") + noise * rng.normal(size=n)
    return frame.assign(label=np.where(signal > 0.5, "yes", "no"))


@pytest.fixture
def files(tmp_path):
    """Write three sound CSV files; return a function that overwrites one by name."""
    frames = {"real_train": rows(60, 1), "synth_train": rows(300, 2), "real_eval": rows(400, 3)}

    def write(**changed):
        for name, frame in (frames | changed).items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return [str(tmp_path / f"{name}.csv") for name in frames]

    return write


def texts(n, seed):
    rng = np.random.default_rng(seed)
    words = {"yes": ["buy", "win", "cash"], "no": ["meet", "code", "bug"]}
    labels = rng.choice(["yes", "no"], n)
    lines = [" ".join(rng.choice(words[y], 3)) + f" {seed} {i}" for i, y in enumerate(labels)]
    return pd.DataFrame({"body": lines, "label": labels})


@pytest.fixture
def text_command(files):
    """Arguments for three files of texts, on which a model takes a moment."""
    paths = files(real_train=texts(20, 1), synth_train=texts(20, 2), real_eval=texts(40, 3))
    return [*paths, "--target", "label", "--text", "body"]


def answer(told):
    """Return the three numbers and the verdict of what was printed."""
    numbers, _, sentence = told.partition("}\n")
    return json.loads(numbers + "}"), sentence.partition(":")[0]


def test_three_files_give_the_three_keys_and_a_verdict(script, text_command, capsys):
    assert script.main(text_command) == 0
    numbers, verdict = answer(capsys.readouterr().out)
    assert list(numbers) == ["real_only_score", "real_plus_synth", "lift"]
    assert verdict in {"helps", "hurts", "no useful effect", "inconclusive"}


def test_same_files_give_the_same_numbers(script, text_command, capsys):
    told = [(script.main(text_command), capsys.readouterr().out) for _ in range(2)]
    assert told[0] == told[1]


def test_tables_run_as_the_readme_says_and_odd_columns_are_told_beside_the_number(files):
    def odd(frame):
        return frame.assign(same=1, key=range(len(frame)), copy=frame["label"].map(str.upper))

    frames = {"real_train": rows(60, 1), "synth_train": rows(300, 2), "real_eval": rows(400, 3)}
    paths = files(**{name: odd(frame) for name, frame in frames.items()})
    command = [sys.executable, str(SCRIPT), *paths, "--target", "label"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    numbers, verdict = answer(done.stdout)
    assert numbers["lift"] == 0
    assert verdict
    assert done.stderr.count("synthetic_control: ") == 9
    for name, what in (("same", "same value"), ("key", "as an id"), ("copy", "tells the label")):
        lines = [line for line in done.stderr.splitlines() if f"column {name!r}" in line]
        assert [what in line for line in lines] == [True] * 3


def test_artefact_and_library_agree(script):
    data = [
        sl.Dataset.from_frame(
            texts(n, seed), target="label", text="body", origin=origin, name=origin
        )
        for n, seed, origin in ((20, 1, "real"), (30, 2, "synthetic"), (60, 3, "real"))
    ]
    artefact = script.evaluate_synthetic_lift(*data, with_seed(default_model(data[0]), 0))
    result = sl.evaluate_synthetic_lift(*data)
    assert artefact == pytest.approx({key: result[key] for key in artefact}, abs=1e-12)


def test_the_function_has_twelve_lines_and_stands_in_the_notebook(script):
    source = SCRIPT.read_text("utf-8")
    function = source[source.index("def evaluate") : source.index("def main")].strip()
    assert len(function.splitlines()) == 12
    notebook = nbformat.read(SCRIPT.parent.parent / "notebooks/01_real_data_control.ipynb", 4)
    assert function in [cell.source for cell in notebook.cells]


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"real_eval": rows(60, 1)}, 3, "hold the same rows"),
        ({"synth_train": rows(60, 1)}, 3, "hold the same rows"),
        ({"real_eval": rows(60, 1)[::-1]}, 3, "60 of 60 eval rows"),
        ({"synth_train": rows(9, 4).assign(label="NA")}, 2, "If it is a class"),
        ({"real_train": rows(9, 1).assign(label="yes")}, 2, "expected two classes or more"),
        ({"real_train": rows(9, 1).assign(label=[None, *["yes", "no"] * 4])}, 2, "1 of 9 labels"),
        ({"real_eval": rows(9, 4).assign(label="maybe")}, 2, "never shows it"),
        ({"synth_train": rows(9, 4).drop(columns="kind")}, 2, "differ in 1 column"),
        ({"synth_train": rows(9, 4).rename(columns={"label": "y"})}, 2, "no column 'label'"),
        ({"real_eval": rows(0, 4)}, 2, "is empty"),
    ],
)
def test_bad_input_has_a_code_and_no_number(script, files, capsys, changed, code, told):
    assert script.main([*files(**changed), "--target", "label"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_no_number_is_shown_where_a_later_step_refuses(script, files, capsys):
    assert script.main([*files(), "--target", "label", "--margin", "-1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "margin" in err


def interrupted(command, moment):
    """Return the exit code and what was told, after Ctrl-C at a moment."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    moment(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err
    return process.returncode


def test_ctrl_c_ends_quietly_while_libraries_load(files):
    command = [sys.executable, "-X", "importtime", str(SCRIPT), *files(), "--target", "label"]

    def once_numpy_is_there(process):
        assert any(line.split()[-1] == "numpy" for line in process.stderr)

    assert interrupted(command, once_numpy_is_there) == 130


def test_ctrl_c_ends_quietly_in_the_midst(files, tmp_path):
    paths = files()
    (tmp_path / "real_train.csv").unlink()
    os.mkfifo(tmp_path / "real_train.csv")

    command = [sys.executable, str(SCRIPT), *paths, "--target", "label"]
    with ExitStack() as pipes:

        def once_it_reads(process):
            pipes.enter_context((tmp_path / "real_train.csv").open("wb"))  # waits for a reader

        assert interrupted(command, once_it_reads) == 130


def test_missing_file_is_named(script, files, capsys):
    paths = [*files()[:2], "nowhere.csv"]
    assert script.main([*paths, "--target", "label"]) == 2
    assert "nowhere.csv: there is no such file" in capsys.readouterr().err
