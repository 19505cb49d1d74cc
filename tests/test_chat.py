import math

import pytest

from synthlab.llm.chat import chosen, instructed, without_start
from synthlab.llm.model import Request


def test_a_repeated_start_is_taken_off():
    for before in (
        "",
        " ",
        "Subject: ",
        "subject: Subject: ",
        "**Subject:** ",
        "**Subject**: ",
        "### Subject: ",
        "Sure! Here is a spam email:\n\nSubject: ",
        "Subject of your email:\n\n**Subject:**\nSubject: ",
        "```\nSubject: ",
    ):
        text = f"{before}Hello\n\nBody: x"
        assert without_start(text, "Subject:").strip() == "Hello\n\nBody: x"


def test_an_answer_of_line_breaks_or_marks_takes_no_longer_than_others():
    """With a cubic search, 1,600 line breaks take half a minute, and 100,000 never end."""
    for n in (1_600, 100_000):
        for part in ("\n", ":\n", "* \n", "a: \n", "Subject", " \t", "*"):
            text = part * n
            assert without_start(text, "Subject:") == text
        assert without_start("\n" * n + "Subject: x", "Subject:") == "x"
        assert without_start("Subject:\n" * n + "x", "Subject:") == "\nx"


def test_a_later_subject_stays():
    text = "Hello\n\nTwo lines.\n\nSubject: quoted"
    assert without_start(text, "Subject:") == text
    assert without_start("Subject: x", "") == "Subject: x"


def test_the_start_becomes_an_instruction_unless_the_prompt_says_so():
    plain = Request("", "Write.", start="Subject:")
    assert instructed(plain) == "Write.\n\nStart with 'Subject:'."
    told = Request("", "Write. Start with 'Subject:'.", start="Subject:")
    assert instructed(told) == told.user


def test_choices_are_asked_for():
    assert instructed(Request("", "Spam?", choices=("Yes", "No"))).endswith("Yes or No.")


def test_the_first_word_tells_the_choice():
    words = {"Yes": "Yes", "**no**.": "No", "NO, it is": "No", "Perhaps": "", "": "", "Yesno": ""}
    assert {text: chosen(("Yes", "No"), text, {})[0] for text in words} == words
    assert chosen(("Yes", "No"), "Yes", {})[1] == ()


def test_logprobs_tell_better_than_the_word():
    logprobs = {"No": math.log(0.3), " no": math.log(0.3), "Yes": math.log(0.2), "The": -2.0}
    choice, shares = chosen(("Yes", "No"), "Yes", logprobs)
    assert choice == "No"
    assert shares == pytest.approx((0.25, 0.75))


def test_logprobs_of_other_words_tell_nothing():
    assert chosen(("Yes", "No"), "No", {"The": -0.1}) == ("No", ())
