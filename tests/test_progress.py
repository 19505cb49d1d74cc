"""A loop yields what it was given, and who watches the channel sees how far it is."""

import pytest

from synthlab import progress
from synthlab.progress import CHANNEL, Step, latest, track


def watched(monkeypatch, path):
    monkeypatch.setenv(CHANNEL, str(path))
    return path


@pytest.mark.parametrize("items", [[3, 1, 2], (), range(4), "ab"])
@pytest.mark.parametrize("channel", [True, False])
def test_all_items_come_in_order(tmp_path, monkeypatch, items, channel):
    monkeypatch.delenv(CHANNEL, raising=False)
    if channel:
        watched(monkeypatch, tmp_path / "progress")
    assert list(track(items, "fits")) == list(items)


def test_a_generator_is_counted_too(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    assert list(track((n * n for n in range(3)), "fits")) == [0, 1, 4]
    assert latest(channel) == Step("fits", 3, 3)


def test_what_comes_one_by_one_is_yielded_before_the_next_is_made(tmp_path, monkeypatch):
    channel, made = watched(monkeypatch, tmp_path / "progress"), []
    items = (made.append(n) or n for n in range(3))
    for item in track(items, "loops", total=3):
        assert made == list(range(item + 1))
        assert latest(channel) == Step("loops", item, 3)
    assert latest(channel) == Step("loops", 3, 3)


def test_a_watcher_sees_every_step(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    seen = [latest(channel) for _ in track("abc", "fits")]
    assert seen == [Step("fits", 0, 3), Step("fits", 1, 3), Step("fits", 2, 3)]
    assert latest(channel) == Step("fits", 3, 3)


def test_an_empty_loop_is_done_at_once(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    assert list(track([], "fits")) == []
    assert latest(channel) == Step("fits", 0, 0)


def test_a_loop_that_breaks_off_is_not_reported_as_done(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    for item in track("abc", "fits"):
        if item == "b":
            break
    assert latest(channel) == Step("fits", 1, 3)


def test_the_inner_of_two_loops_is_shown(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    for _ in track([1, 2], "splits"):
        for _ in track("abc", "fits"):
            seen = latest(channel)
    assert seen == Step("fits", 2, 3)


def test_labels_of_any_script_come_through(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    list(track("a", "Bäume “1”\n2"))
    assert latest(channel).label == "Bäume “1”\n2"


def test_before_the_first_report_there_is_none(tmp_path):
    assert latest(tmp_path / "progress") is None


def test_an_empty_channel_has_no_report(tmp_path):
    (tmp_path / "progress").touch()
    assert latest(tmp_path / "progress") is None


@pytest.mark.parametrize("unfinished", ['["fi', '["fits", 2, 3'])
def test_a_line_that_is_still_being_written_is_passed_over(tmp_path, monkeypatch, unfinished):
    channel = watched(monkeypatch, tmp_path / "progress")
    list(track("a", "fits"))
    with channel.open("a") as file:
        file.write(unfinished)
    assert latest(channel) == Step("fits", 1, 1)


def test_without_a_channel_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(CHANNEL, raising=False)
    monkeypatch.chdir(tmp_path)
    list(track("abc", "fits"))
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_run_had_done_counts_as_done(tmp_path, monkeypatch):
    channel = watched(monkeypatch, tmp_path / "progress")
    seen = [latest(channel) for _ in track(iter("ab"), "cells", total=5, n_before=3)]
    assert seen == [Step("cells", 3, 5), Step("cells", 4, 5)]
    assert latest(channel) == Step("cells", 5, 5)


def test_a_log_gets_a_plain_line_now_and_then(monkeypatch, capsys):
    monkeypatch.delenv(CHANNEL, raising=False)
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    assert list(track("ab", "fits", total=5, n_before=3)) == ["a", "b"]
    assert capsys.readouterr().err == "fits: 3 of 5\nfits: 4 of 5\n"


def test_a_short_loop_says_nothing_in_a_log(monkeypatch, capsys):
    monkeypatch.delenv(CHANNEL, raising=False)
    assert list(track("abc", "fits")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.delenv(CHANNEL, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert list(track("abc", "fits")) == ["a", "b", "c"]
    assert "fits" in capsys.readouterr().err
