"""The negative controls that ship: the control answers every one of them rightly."""

import pytest

from synthlab import cli
from synthlab.control import selftest


@pytest.mark.parametrize("answer", selftest.run_selftest(), ids=lambda a: a.case)
def test_the_control_answers_rightly(answer):
    assert answer.is_right, answer


def test_the_command_prints_the_table(capsys):
    assert cli.main(["selftest"]) == 0
    told = capsys.readouterr().out
    assert all(case in told for case in selftest.CASES)


def test_a_wrong_answer_fails_the_command(monkeypatch, capsys):
    wrong = selftest.CASES["pure noise"]._replace(right=("helps",))
    monkeypatch.setitem(selftest.CASES, "pure noise", wrong)
    assert cli.main(["selftest"]) == 1
    assert "False" in capsys.readouterr().out
