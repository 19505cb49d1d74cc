"""The command line: one call each, and an exit code that scripts can rely on."""

import re
import signal
import subprocess
import sys
import time

import pytest
from small_notebooks import SAVES, USES, make_notebook

from synthlab import cli, progress
from synthlab.course import doctor
from synthlab.errors import ContaminationError, DataUnavailableError


def test_help_lists_the_commands(capsys):
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(command in told for command in ("run", "data", "doctor", "render"))


def test_data_parses_every_corpus_and_counts_its_rows(capsys):
    assert cli.main(["data"]) == 0
    told = capsys.readouterr().out
    assert "mail corpus: 5,863 messages (4,100 ham, 1,763 spam)" in told
    sentences = "10,605 film sentences (5,076 negative, 4,996 positive, 533 neutral)"
    assert f"rated reviews: {sentences}" in told


def test_run_tells_where_the_page_lies(tmp_path, capsys):
    path = make_notebook(tmp_path / "made.ipynb", USES, SAVES)
    assert cli.main(["run", str(path), "--out", str(tmp_path / "out"), "-p", "n=4"]) == 0
    assert str(tmp_path / "out" / "made.html") in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["run", "99"], ["run"], ["run", "00", "-p", "n_real"], ["run", "00", "-p", "nope=1"], ["no"]],
)
def test_bad_input_exits_with_2_and_says_why(arguments, capsys):
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContaminationError("x"), 3),
        (DataUnavailableError("x"), 2),
        (KeyboardInterrupt(), 130),
        (RuntimeError("x"), 4),
    ],
)
def test_errors_have_their_exit_codes(monkeypatch, error, code):
    def fail():
        raise error

    monkeypatch.setattr(doctor, "examine", fail)
    assert cli.main(["doctor"]) == code


def test_interrupted_run_exits_with_130_and_leaves_no_result(tmp_path):
    marker, out = tmp_path / "started", tmp_path / "out"
    waits = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(120)"
    path = make_notebook(tmp_path / "made.ipynb", USES, waits, SAVES)
    command = [sys.executable, "-m", "synthlab", "run", str(path), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not marker.exists() and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.decode().strip().endswith("interrupted; nothing half-written was left as a result.")
    assert b"Traceback" not in told
    assert not (out / "metrics.json").exists()
    assert not list(out.glob(".run-*"))


def test_a_log_gets_lines_and_no_bars(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    loops = "import time\nfrom synthlab.progress import track\n"
    loops += "for _ in track([1, 2], 'fits'): time.sleep(1.5)"
    path = make_notebook(tmp_path / "made.ipynb", USES, loops, SAVES)
    assert cli.main(["run", str(path), "--out", str(tmp_path / "out")]) == 0
    told = capfd.readouterr().err
    assert re.search(r"^\d+ s, fits: 1 of 2$", told, re.MULTILINE)
    assert "\r" not in told
    assert "%|" not in told
