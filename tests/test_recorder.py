import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest
from scripted import ScriptedModel

from synthlab.errors import InputError
from synthlab.llm import prompts, recorder
from synthlab.llm.generate import EmailPlan
from synthlab.llm.model import Sampling

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
    book = prompts.load_prompts(style)
    sampling = Sampling(temperature)
    model = model or ScriptedModel()
    return EmailPlan(book, REAL, model, sampling, max_tokens=64, seed=seed)


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(recorder, "SHARD_ROWS", 10)


def numbers(folder):
    return [int(id[-6:]) for id in recorder.read_recorded(folder)["id"]]


def test_every_row_is_recorded_once_and_in_order(tmp_path, small_shards):
    done = recorder.record(plan(), ScriptedModel(), tmp_path, 25)
    assert numbers(tmp_path) == list(range(25))
    assert done["done"] == done["kept"] == 25
    assert done["dropped"] == {}


def test_shards_end_where_blocks_end(tmp_path, small_shards):
    recorder.record(plan(), ScriptedModel(), tmp_path, 25)
    sizes = [len(pd.read_parquet(path)) for path in sorted(tmp_path.glob("part-*.parquet"))]
    assert sizes == [10, 10, 5]
    assert (tmp_path / "journal.jsonl").read_text() == ""


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


def test_a_shorter_run_seals_no_gap(tmp_path, small_shards):
    """Rows answered beyond n, out of order, must not hide those still missing between."""

    def stop(progress):
        if progress.done == 5:
            raise Killed

    with pytest.raises(Killed):
        recorder.record(plan(), ScriptedModel(window=7), tmp_path, 20, watch=stop)
    recorder.record(plan(), ScriptedModel(), tmp_path, 4)
    recorder.record(plan(), ScriptedModel(), tmp_path, 20)
    assert numbers(tmp_path) == list(range(20))


@pytest.mark.parametrize("after", range(1, 24, 3))
def test_stopped_anywhere_nothing_is_lost_or_doubled(tmp_path, small_shards, after):
    def stop(progress):
        if progress.done == after:
            raise Killed

    with pytest.raises(Killed):
        recorder.record(plan(), ScriptedModel(), tmp_path, 25, watch=stop)
    model = ScriptedModel()
    recorder.record(plan(), model, tmp_path, 25)
    assert numbers(tmp_path) == list(range(25))
    assert model.n_taken == 25 - after


def test_a_resumed_run_equals_an_unbroken_one(tmp_path, small_shards):
    def stop(progress):
        if progress.done == 8:
            raise Killed

    with pytest.raises(Killed):
        recorder.record(plan(), ScriptedModel(), tmp_path / "a", 25, watch=stop)
    recorder.record(plan(), ScriptedModel(), tmp_path / "a", 25)
    recorder.record(plan(), ScriptedModel(), tmp_path / "b", 25)
    a, b = (recorder.read_recorded(tmp_path / name) for name in "ab")
    pd.testing.assert_frame_equal(a, b)


def test_killed_between_shard_and_journal_no_row_doubles(tmp_path, small_shards):
    """The shard lies on disk, and its rows still stand in the journal."""
    recorder.record(plan(), ScriptedModel(), tmp_path, 9)
    (tmp_path / "part-00000.parquet").unlink()
    lines = [
        json.dumps(
            {"row": i, "text": f"s{i}\n\nb", "n_tokens": 3, "finish": "stop", "probabilities": []}
        )
        for i in range(10)
    ]
    (tmp_path / "journal.jsonl").write_text("\n".join(lines) + "\n")
    recorder.record(plan(), ScriptedModel(), tmp_path, 10)
    (tmp_path / "journal.jsonl").write_text("\n".join(lines) + "\n")
    model = ScriptedModel()
    recorder.record(plan(), model, tmp_path, 12)
    assert numbers(tmp_path) == list(range(12))
    assert model.n_taken == 2


@pytest.mark.parametrize("torn", ['{"row": 3, "text": "half', '{"row"', "\x00\x00\x00", "[1]"])
def test_a_torn_line_is_asked_again(tmp_path, small_shards, torn):
    def stop(progress):
        if progress.done == 3:
            raise Killed

    with pytest.raises(Killed):
        recorder.record(plan(), ScriptedModel(), tmp_path, 5, watch=stop)
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write(torn)
    recorder.record(plan(), ScriptedModel(), tmp_path, 5)
    assert numbers(tmp_path) == list(range(5))


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_recorder as t
from synthlab.llm import recorder
recorder.SHARD_ROWS = 10
recorder.record(t.plan(), t.ScriptedModel(seconds=0.01), Path(sys.argv[1]), 60)
"""


def test_kill_9_again_and_again(tmp_path):
    code = textwrap.dedent(CHILD.format(tests=str(Path(__file__).parent)))
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    journal, n_kills = tmp_path / "run" / "journal.jsonl", 0
    for _ in range(30):
        before = journal.stat().st_mtime_ns if journal.exists() else 0
        child = subprocess.Popen(command)
        while child.poll() is None:
            if journal.exists() and journal.stat().st_mtime_ns != before:
                time.sleep(0.25)
                child.send_signal(signal.SIGKILL)
                child.wait()
            time.sleep(0.01)
        if child.returncode == 0:
            break
        n_kills += 1
    assert n_kills >= 2
    assert numbers(tmp_path / "run") == list(range(60))


@pytest.mark.parametrize("changed", [{"seed": 1}, {"temperature": 0.5}, {"style": "informed"}])
def test_other_settings_are_refused(tmp_path, changed):
    recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    with pytest.raises(InputError, match=f"{next(iter(changed))}=.*asked for.*another folder"):
        recorder.record(plan(**changed), ScriptedModel(), tmp_path, 3)


def test_another_model_is_refused(tmp_path):
    recorder.record(plan(), ScriptedModel(), tmp_path, 3)
    other = ScriptedModel()
    other.sha256 = "1" * 64
    with pytest.raises(InputError, match="model_sha256"):
        recorder.record(plan(model=other), other, tmp_path, 3)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="expected a folder"):
        recorder.record(plan(), ScriptedModel(), tmp_path / "x", 3)


def test_no_rows_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least 1 row"):
        recorder.record(plan(), ScriptedModel(), tmp_path, 0)


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


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 25, 40])
def test_what_is_dropped_is_replaced_until_as_many_are_kept_as_were_asked(
    tmp_path, small_shards, n
):
    done = recorder.record(plan(), ScriptedModel(every_third_is_empty), tmp_path, n)
    assert done["kept"] == n
    assert numbers(tmp_path) == WORTH_KEEPING[:n]


@pytest.mark.parametrize("after", [1, 8, 25, 30, 35, 36, 37])
def test_stopped_among_the_replacements_the_same_rows_are_kept(tmp_path, small_shards, after):
    def stop(progress):
        if progress.done == after:
            raise Killed

    model = ScriptedModel(every_third_is_empty, window=7)
    with pytest.raises(Killed):
        recorder.record(plan(), model, tmp_path, 25, watch=stop)
    recorder.record(plan(), ScriptedModel(every_third_is_empty), tmp_path, 25)
    assert numbers(tmp_path) == WORTH_KEEPING[:25]


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


def test_the_rows_that_will_be_asked_next_are_known_before(tmp_path, small_shards):
    assert recorder.missing_rows(plan(), tmp_path / "none", 6) == list(range(6))
    recorder.record(plan(), ScriptedModel(every_third_is_empty), tmp_path, 6)
    assert recorder.missing_rows(plan(), tmp_path, 6) == []
    assert recorder.missing_rows(plan(), tmp_path, 9) == [9, 10, 11]  # 6 of 0 to 8 were kept


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (" hello\n\nplease ask anna@river.example, she knows", "repeats a real address"),
        (" hello\n\nit is on HTTP://river.example/minutes", "repeats a real address"),
        (" minutes of the BOAT club\n\nnothing was decided", "repeats a real subject"),
    ],
)
def test_what_identifies_a_real_message_is_not_recorded(tmp_path, answer, reason):
    model = ScriptedModel(lambda key, request: answer)
    told = f"only 0 of 20 rows could be kept .20 {reason}.; 2 were wanted"
    with pytest.raises(InputError, match=told):
        recorder.record(plan(), model, tmp_path, 2)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["dropped"] == {reason: 20}
    assert len(recorder.read_recorded(tmp_path)) == 0


@pytest.mark.parametrize(
    "answer", [" lunch\n\nat noon?", " hello\n\nask bob@river.example or www..."]
)
def test_short_subjects_and_other_addresses_are_nobodys(tmp_path, answer):
    model = ScriptedModel(lambda key, request: answer)
    assert recorder.record(plan(), model, tmp_path, 1)["kept"] == 1


def test_rows_hold_what_made_them(tmp_path):
    recorder.record(plan("informed"), ScriptedModel(), tmp_path, 4)
    frame = recorder.read_recorded(tmp_path)
    assert list(frame["label"]) == ["spam", "ham"] * 2
    assert frame["id"][3] == "scripted-informed-000003"
    assert set(json.loads(frame["slots"][0])) == {"topic", "manner"}
    assert json.loads(frame["parameters"][0])["temperature"] == 0.8
    assert frame["seed"].is_unique
    assert all(len(parents) == 0 for parents in frame["derived_from"])
