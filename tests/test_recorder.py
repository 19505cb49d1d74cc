import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from scripted import ScriptedModel

from synthlab.errors import InputError
from synthlab.llm import prompts, recorder, store
from synthlab.llm.generate import TaskPlan
from synthlab.llm.model import Request, Sampling
from synthlab.llm.tasks import EMAILS
from synthlab.paths import data_dir

REAL = pd.DataFrame(
    {
        "id": ["easy-ham-1/1", "spam-1/1", "easy-ham-1/2"],
        "subject": ["lunch", "win", "Minutes of the boat club"],
        "body": [
            "shall we meet for lunch on friday at the usual place near the river with everybody",
            "you have won a very large sum of money please send us your bank details today friend",
            "write to Anna@river.example or see http://river.example/minutes.",
        ],
        "label": ["ham", "spam", "ham"],
        "cluster": [0, 1, 2],
    }
)


def plan(style="naive", seed=0, temperature=0.8, model=None):
    task = replace(EMAILS, real_rows=lambda: REAL)
    book, model = prompts.load_prompts(task, style), model or ScriptedModel()
    return TaskPlan(task, book, model, Sampling(temperature), max_tokens=64, seed=seed)


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(store, "SHARD_ROWS", 10)


def numbers(folder):
    return [int(id[-6:]) for id in store.read_recorded(folder)["id"]]


def test_every_row_is_recorded_once_and_in_order(tmp_path, small_shards):
    done = recorder.record(plan(), ScriptedModel(), tmp_path, 25)
    assert numbers(tmp_path) == list(range(25))
    assert done["done"] == done["kept"] == 25
    assert done["dropped"] == {}


def test_shards_end_where_blocks_end(tmp_path, small_shards):
    recorder.record(plan(), ScriptedModel(), tmp_path, 25)
    sizes = [len(pd.read_parquet(path)) for path in sorted(tmp_path.glob("part-*.parquet"))]
    assert sizes == [10, 10, 5]


def test_a_longer_run_continues_a_shorter_one(tmp_path, small_shards):
    recorder.record(plan(), ScriptedModel(), tmp_path, 13)
    model = ScriptedModel()
    recorder.record(plan(), model, tmp_path, 37)
    assert numbers(tmp_path) == list(range(37))
    assert model.n_taken == 24


def test_a_finished_run_asks_nothing(tmp_path, small_shards):
    first = recorder.record(plan(), ScriptedModel(), tmp_path, 13)
    model = ScriptedModel()
    assert recorder.record(plan(), model, tmp_path, 13) == first
    assert model.n_taken == 0


class Killed(BaseException):
    pass


def record_until(folder, after, n, **model):
    """Record, and stop as a kill does: after so many answers, without a word to anybody."""

    def stop(progress):
        if progress.done == after:
            raise Killed

    with pytest.raises(Killed):
        recorder.record(plan(), ScriptedModel(**model), folder, n, watch=stop)


def test_a_shorter_run_seals_no_gap(tmp_path, small_shards):
    """Rows answered beyond n, out of order, must not hide those still missing between."""
    record_until(tmp_path, 5, 20, window=7)
    recorder.record(plan(), ScriptedModel(), tmp_path, 4)
    recorder.record(plan(), ScriptedModel(), tmp_path, 20)
    assert numbers(tmp_path) == list(range(20))


def test_stopped_anywhere_nothing_is_lost_or_doubled(tmp_path, small_shards):
    for after in range(1, 25, 3):
        folder, model = tmp_path / str(after), ScriptedModel()
        record_until(folder, after, 25)
        recorder.record(plan(), model, folder, 25)
        assert (numbers(folder), model.n_taken) == (list(range(25)), 25 - after)


def test_a_resumed_run_equals_an_unbroken_one(tmp_path, small_shards):
    record_until(tmp_path / "a", 8, 25)
    recorder.record(plan(), ScriptedModel(), tmp_path / "a", 25)
    recorder.record(plan(), ScriptedModel(), tmp_path / "b", 25)
    a, b = (store.read_recorded(tmp_path / name) for name in "ab")
    pd.testing.assert_frame_equal(a, b)


@pytest.mark.parametrize("is_named", [False, True])
def test_killed_around_the_naming_of_a_shard_no_row_is_lost_or_doubled(
    tmp_path, small_shards, monkeypatch, is_named
):
    """An extended shard, or a new one."""
    rename = os.replace

    def killed(source, target):
        if Path(target).suffix == ".parquet":
            if is_named:
                rename(source, target)
            raise Killed
        rename(source, target)

    for n_before in (5, 10):
        folder, model = tmp_path / str(n_before), ScriptedModel()
        recorder.record(plan(), ScriptedModel(), folder, n_before)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", killed)
            with pytest.raises(Killed):
                recorder.record(plan(), ScriptedModel(window=1), folder, 25)
        store.read_recorded(folder)  # both the new file and the old one are known
        recorder.record(plan(), model, folder, 25)
        assert numbers(folder) == list(range(25))
        assert model.n_taken == (15 if n_before == 5 else 5)


def test_a_shard_that_was_altered_copied_over_or_damaged_is_noticed(tmp_path, small_shards):
    good = tmp_path / "good"
    recorder.record(plan(), ScriptedModel(), good, 25)
    shards = sorted(good.glob("part-*.parquet"))
    raw = shards[1].read_bytes()
    altered = pd.read_parquet(shards[1]).assign(label="ham").to_parquet()
    flipped = bytes([*raw[:600], raw[600] ^ 1, *raw[601:]])
    for bad in (altered, flipped, shards[0].read_bytes(), raw[:-9], b""):
        folder = tmp_path / "bad"
        shutil.copytree(good, folder)
        (folder / shards[1].name).write_bytes(bad)
        told = rf"{shards[1].name}: expected the shard.*Restore it, or move it elsewhere"
        with pytest.raises(InputError, match=told):
            store.read_recorded(folder)
        with pytest.raises(InputError, match=told):
            recorder.record(plan(), ScriptedModel(), folder, 30)
        shutil.rmtree(folder)


def test_a_shard_that_was_moved_away_is_recorded_anew(tmp_path, small_shards):
    recorder.record(plan(), ScriptedModel(), tmp_path, 25)
    whole, model = store.read_recorded(tmp_path), ScriptedModel()
    (tmp_path / "part-00001.parquet").unlink()
    recorder.record(plan(), model, tmp_path, 25)
    assert model.n_taken == 10
    pd.testing.assert_frame_equal(store.read_recorded(tmp_path), whole)


def test_a_damaged_database_is_an_error_or_costs_nothing_but_time(tmp_path, small_shards):
    """Any bit may flip: the run says what to do, or ends with the rows of an unbroken one."""
    record_until(tmp_path / "good", 17, 25)
    recorder.record(plan(), ScriptedModel(), tmp_path / "whole", 25)
    whole, rng, n_told = store.read_recorded(tmp_path / "whole"), random.Random(0), 0
    for _ in range(30):
        folder = tmp_path / "bad"
        shutil.copytree(tmp_path / "good", folder)
        raw = bytearray((folder / store.DATABASE).read_bytes())
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        (folder / store.DATABASE).write_bytes(raw)
        try:
            recorder.record(plan(), ScriptedModel(), folder, 25)
        except InputError:
            n_told += 1
            (folder / store.DATABASE).unlink()
            recorder.record(plan(), ScriptedModel(), folder, 25)
        pd.testing.assert_frame_equal(store.read_recorded(folder), whole)
        shutil.rmtree(folder)
    assert n_told


def test_what_is_no_database_says_what_to_do(tmp_path, small_shards):
    recorder.record(plan(), ScriptedModel(), tmp_path, 5)
    (tmp_path / store.DATABASE).write_bytes(b"junk" * 999)
    with pytest.raises(InputError, match=r"damaged.*safe\. Move it elsewhere and repeat"):
        recorder.record(plan(), ScriptedModel(), tmp_path, 9)


@contextmanager
def small_disk(n_bytes):
    """Let no file grow beyond so many bytes: the system refuses, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_after_which_the_run_goes_on(tmp_path, small_shards):
    told = "a place that can be written.*is kept. Make room"
    for n_bytes in (0, 5_000, 20_000, 60_000):
        folder = tmp_path / str(n_bytes)
        with small_disk(n_bytes), pytest.raises(InputError, match=told):
            recorder.record(plan(), ScriptedModel(), folder, 60)
        recorder.record(plan(), ScriptedModel(), folder, 60)
        assert numbers(folder) == list(range(60))


class RecordedPlan:
    """Asks on where a recording of the project ended, whoever made it."""

    n_rows = None

    def __init__(self, folder):
        settings = json.loads((folder / store.MANIFEST).read_text("utf-8"))["settings"]
        self.settings = {"task": "emails", **settings}
        self._columns = pd.read_parquet(folder / "part-00000.parquet").dtypes

    def request(self, number):
        return Request("", f"row {number}")

    def rows(self, answers):
        frame = pd.DataFrame({"id": [f"new-{row}" for row in answers]})
        return frame.reindex(columns=self._columns.index).astype({"id": "str"}), {}


@pytest.mark.parametrize("style", ["loop-2", "few_shot"])
def test_recordings_of_the_first_format_are_read_and_continued(tmp_path, style):
    """They have no checksums and no database, as in a clone of the project."""
    folder = tmp_path / style
    shutil.copytree(data_dir() / "llm_emails" / "smollm2" / style, folder)
    before = {path.name: path.read_bytes() for path in folder.glob("part-*.parquet")}
    old, manifest = store.read_recorded(folder), json.loads((folder / store.MANIFEST).read_text())
    model, plan = ScriptedModel(), RecordedPlan(folder)
    done = recorder.record(plan, model, folder, manifest["kept"])
    assert model.n_taken == 0
    assert before == {path.name: path.read_bytes() for path in folder.glob("part-*.parquet")}
    assert {key: done[key] for key in ("done", "kept", "dropped")} == {
        key: manifest[key] for key in ("done", "kept", "dropped")
    }
    recorder.record(plan, model, folder, manifest["kept"] + 5)
    new = store.read_recorded(folder)
    assert model.n_taken == 5
    pd.testing.assert_series_equal(new["id"][: len(old)], old["id"])
    assert list(new["id"][len(old) :]) == [f"new-{manifest['done'] + i}" for i in range(5)]


def test_a_copied_shard_of_the_first_format_is_noticed(tmp_path):
    folder = tmp_path / "few_shot"
    shutil.copytree(data_dir() / "llm_emails" / "smollm2" / "few_shot", folder)
    shutil.copy(folder / "part-00000.parquet", folder / "part-00001.parquet")
    with pytest.raises(InputError, match=r"part-00001.parquet: expected the shard"):
        recorder.record(RecordedPlan(folder), ScriptedModel(), folder, 9_999)


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_recorder as t
from synthlab.llm import recorder, store
store.SHARD_ROWS = 10
model, folder = t.ScriptedModel(seconds=0.005), Path(sys.argv[1])
tell = lambda progress: print(progress.done, flush=True)
recorder.record(t.plan(), model, folder, 60, watch=tell)
"""


def test_kill_9_again_and_again(tmp_path, small_shards):
    code = textwrap.dedent(CHILD.format(tests=str(Path(__file__).parent)))
    command, done = [sys.executable, "-c", code, str(tmp_path / "run")], 0
    for n_lines in (2, 9, 11, 14, 17, None):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            told = [int(line) for line in itertools.islice(child.stdout, n_lines)]
            assert told[0] >= done  # what was reported as done still is
            if n_lines:
                child.send_signal(signal.SIGKILL)
            done = told[-1]
    assert (child.returncode, numbers(tmp_path / "run")) == (0, list(range(60)))


def test_other_settings_are_refused(tmp_path):
    recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    for name, value in {"seed": 1, "temperature": 0.5, "style": "informed"}.items():
        told = f"asked for {name}={value!r}.*begun with.*another folder"
        with pytest.raises(InputError, match=told):
            recorder.record(plan(**{name: value}), ScriptedModel(), tmp_path, 3)


def test_another_model_is_refused(tmp_path):
    recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    other = ScriptedModel()
    other.sha256 = "1" * 64
    with pytest.raises(InputError, match="model_sha256"):
        recorder.record(plan(model=other), other, tmp_path, 3)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="expected a place that can be written"):
        recorder.record(plan(), ScriptedModel(), tmp_path / "x", 3)


def test_no_rows_are_refused(tmp_path):
    for bad in (0, -3, 2.5, True, None):
        with pytest.raises(InputError, match="at least 1 row"):
            recorder.record(plan(), ScriptedModel(), tmp_path, bad)


def test_rows_without_a_manifest_or_with_a_broken_one_are_refused(tmp_path):
    recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    manifest = json.loads((tmp_path / store.MANIFEST).read_text())
    for bad in ("", "[]", "{}", "null", json.dumps(manifest | {"format": 9})):
        (tmp_path / store.MANIFEST).write_text(bad)
        with pytest.raises(InputError, match="expected a manifest of this recorder"):
            recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    (tmp_path / store.MANIFEST).unlink()
    with pytest.raises(InputError, match="rows without a manifest"):
        recorder.record(plan(), ScriptedModel(), tmp_path, 3)


def test_two_writers_are_refused(tmp_path):
    def again(progress):
        recorder.record(plan(), ScriptedModel(), tmp_path, 3)

    with pytest.raises(InputError, match="another process"):
        recorder.record(plan(), ScriptedModel(), tmp_path, 3, watch=again)


def test_copies_of_real_mail_and_empty_answers_are_dropped_and_counted(tmp_path):
    texts = {2: " " + REAL["subject"][0] + "\n\n" + REAL["body"][0], 3: "  \n ", 4: " only this"}
    model = ScriptedModel(lambda key, request: texts.get(key) or ScriptedModel.answer(key, request))
    done = recorder.record(plan(), model, tmp_path, 6)
    assert numbers(tmp_path) == [0, 1, 5, 6, 7, 8]
    assert done["dropped"] == {"copies real mail": 1, "empty": 1, "no body": 1}
    assert (done["done"], done["kept"]) == (9, 6)


def every_third_is_empty(key, request):
    return "  \n " if key % 3 == 1 else ScriptedModel.answer(key, request)


WORTH_KEEPING = [number for number in range(60) if number % 3 != 1]


def test_what_is_dropped_is_replaced_until_as_many_are_kept_as_were_asked(tmp_path, small_shards):
    for n in (1, 2, 9, 10, 11, 25, 40):
        folder = tmp_path / str(n)
        done = recorder.record(plan(), ScriptedModel(every_third_is_empty), folder, n)
        assert done["kept"] == n
        assert numbers(folder) == WORTH_KEEPING[:n]


def test_stopped_among_the_replacements_the_same_rows_are_kept(tmp_path, small_shards):
    for after in (1, 8, 25, 30, 35, 36, 37):
        folder = tmp_path / str(after)
        record_until(folder, after, 25, text=every_third_is_empty, window=7)
        recorder.record(plan(), ScriptedModel(every_third_is_empty), folder, 25)
        assert numbers(folder) == WORTH_KEEPING[:25]


def test_by_steps_or_at_once_the_same_rows_are_kept(tmp_path, small_shards):
    for n in (3, 14, 25):
        recorder.record(plan(), ScriptedModel(every_third_is_empty), tmp_path, n)
    assert numbers(tmp_path) == WORTH_KEEPING[:25]


def test_the_total_grows_by_what_is_dropped_and_the_tokens_by_all(tmp_path, small_shards):
    seen = []
    recorder.record(plan(), ScriptedModel(every_third_is_empty), tmp_path, 6, watch=seen.append)
    assert (seen[0].done, seen[0].total, seen[-1].done, seen[-1].total) == (0, 6, 9, 9)
    tokens = [progress.n_tokens for progress in seen]
    assert tokens == sorted(tokens)
    assert tokens.count(0) == 1


def test_the_rows_that_will_be_asked_are_known_before_and_may_be_refused(tmp_path, small_shards):
    asked = []
    for n in (6, 6, 9):
        model = ScriptedModel(every_third_is_empty)
        recorder.record(plan(), model, tmp_path, n, approve=asked.append)
    assert asked == [list(range(6)), [], [9, 10, 11]]  # of 0 to 8, six were kept

    def refuse(rows):
        raise InputError("too dear")

    fresh = tmp_path / "fresh"
    with pytest.raises(InputError, match="too dear"):
        recorder.record(plan(), ScriptedModel(), fresh, 6, approve=refuse)
    assert recorder.record(plan(seed=1), ScriptedModel(), fresh, 6)["kept"] == 6  # nothing begun


def test_what_identifies_a_real_message_is_not_recorded(tmp_path):
    reasons = {
        " hello\n\nplease ask anna@river.example, she knows": "repeats a real address",
        " hello\n\nit is on HTTP://river.example/minutes": "repeats a real address",
        " minutes of the BOAT club\n\nnothing was decided": "repeats a real subject",
    }
    for number, (answer, reason) in enumerate(reasons.items()):
        folder, model = tmp_path / str(number), ScriptedModel(lambda *asked, text=answer: text)
        with pytest.raises(InputError, match=f"0 of 20 rows could be kept .20 {reason}.; 2 were"):
            recorder.record(plan(), model, folder, 2)
        manifest = json.loads((folder / store.MANIFEST).read_text())
        assert manifest["dropped"] == {reason: 20}
        assert len(store.read_recorded(folder)) == 0


def test_short_subjects_and_other_addresses_identify_nobody(tmp_path):
    for answer in (" lunch\n\nat noon?", " hello\n\nask bob@river.example or www..."):
        model = ScriptedModel(lambda *asked, text=answer: text)
        assert recorder.record(plan(), model, tmp_path / answer[1:3], 1)["kept"] == 1


def test_rows_hold_what_made_them(tmp_path):
    recorder.record(plan("informed"), ScriptedModel(), tmp_path, 4)
    frame = store.read_recorded(tmp_path)
    assert list(frame["label"]) == ["spam", "ham"] * 2
    assert frame["id"][3] == "scripted-informed-000003"
    assert set(json.loads(frame["slots"][0])) == {"topic", "manner"}
    assert json.loads(frame["parameters"][0])["temperature"] == 0.8
    assert frame["seed"].is_unique
    assert all(len(parents) == 0 for parents in frame["derived_from"])
