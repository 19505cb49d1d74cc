import math

import pytest

from synthlab.llm.chat import chosen, instructed, without_start
from synthlab.llm.model import Request


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n\nBody: x",
        " Hello\n\nBody: x",
        "Subject: Hello\n\nBody: x",
        "subject: Subject: Hello\n\nBody: x",
        "**Subject:** Hello\n\nBody: x",
        "**Subject**: Hello\n\nBody: x",
        "### Subject: Hello\n\nBody: x",
        "Sure! Here is a spam email:\n\nSubject: Hello\n\nBody: x",
        "```\nSubject: Hello\n\nBody: x",
    ],
)
def test_a_repeated_start_is_taken_off(text):
    assert without_start(text, "Subject:").strip() == "Hello\n\nBody: x"


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


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Yes", "Yes"),
        ("**no**.", "No"),
        ("NO, it is", "No"),
        ("Perhaps", ""),
        ("", ""),
        ("Yesno", ""),
    ],
)
def test_the_first_word_tells_the_choice(text, choice):
    assert chosen(("Yes", "No"), text, {}) == (choice, ())


def test_logprobs_tell_better_than_the_word():
    logprobs = {"No": math.log(0.3), " no": math.log(0.3), "Yes": math.log(0.2), "The": -2.0}
    choice, shares = chosen(("Yes", "No"), "Yes", logprobs)
    assert choice == "No"
    assert shares == pytest.approx((0.25, 0.75))


def test_logprobs_of_other_words_tell_nothing():
    assert chosen(("Yes", "No"), "No", {"The": -0.1}) == ("No", ())
