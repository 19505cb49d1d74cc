"""Changes of texts: what they keep, what their dose does, and what undoes them."""

import base64
import unicodedata

import numpy as np
import pandas as pd
import pytest

from synthlab.dataset import Dataset
from synthlab.datasets.email_parser import html_to_text, tidy
from synthlab.edges import (
    BASE64,
    DISGUISES,
    HOMOGLYPHS,
    HTML_ONLY,
    LEETSPEAK,
    SPACED_LETTERS,
    ZERO_WIDTH,
    bulk_suite,
    changed_suite,
    direction,
    dose_suites,
    good_words,
    language_suite,
    list_footer,
    long_tail,
    prompt_text,
    quoted_spam,
    short_suite,
    with_expectation,
)
from synthlab.errors import InputError

TEXT = (
    "Cheap offers for you\n\nBuy our fine pills today, no prescription is needed. Every order "
    "comes with a second box, and shipping costs nothing at all in this week only. Call us now."
)
POOL = [
    "minutes of the meeting are online and the next one is on Thursday at ten",
    "lunch at noon would suit us both if the train from the coast is not late again",
]
ADDITIONS = (list_footer(), prompt_text(), good_words(POOL), quoted_spam(POOL), long_tail())
CHANGES = (*DISGUISES.values(), *ADDITIONS)


def made(change, dose, seed=0, text=TEXT):
    return change.apply(text, dose, np.random.default_rng(seed))


def texts(n, origin="real", **about):
    values = pd.Series([f"{TEXT} Number {i}." for i in range(n)])
    return Dataset(values, ["spam"] * n, origin, "spam", **about)


def test_no_dose_changes_nothing():
    for change in CHANGES:
        assert made(change, 0.0) == TEXT, change.name


def test_every_dose_of_a_curve_changes_more():
    for change in CHANGES:
        versions = [made(change, dose) for dose in (0.0, *change.doses)]
        assert len(set(versions)) == len(versions), change.name


def test_a_higher_dose_hits_a_superset_of_the_words():
    words = TEXT.split()
    for change in (HOMOGLYPHS, ZERO_WIDTH, LEETSPEAK):
        hit = set()
        for dose in change.doses:
            changed = made(change, dose).split()
            now = {i for i, pair in enumerate(zip(words, changed, strict=True)) if len({*pair}) > 1}
            assert hit < now, change.name
            hit = now


def test_the_share_of_words_is_the_dose():
    text = " ".join(["window"] * 4_000)
    for change in (HOMOGLYPHS, ZERO_WIDTH, LEETSPEAK):
        changed = made(change, 0.3, text=text).split(" ")
        assert np.mean([word != "window" for word in changed]) == pytest.approx(0.3, abs=0.03)


def test_additions_leave_the_message_as_it_is():
    for change in ADDITIONS:
        assert made(change, change.doses[0]).startswith(TEXT), change.name


def test_what_the_projects_own_cleaning_undoes():
    assert tidy(made(ZERO_WIDTH, 1.0)) == TEXT
    assert html_to_text(made(HTML_ONLY, 1.0)).split() == TEXT.split()
    assert base64.b64decode(made(BASE64, 1.0)).decode() == TEXT
    assert made(SPACED_LETTERS, 1.0).replace(" ", "").split() == TEXT.replace(" ", "").split()
    assert tidy(made(HOMOGLYPHS, 1.0)) != TEXT


def test_homoglyphs_are_letters_that_normalizing_keeps():
    changed = made(HOMOGLYPHS, 1.0)
    assert len(changed) == len(TEXT)
    foreign = [after for before, after in zip(TEXT, changed, strict=True) if before != after]
    assert len(foreign) > 20
    for letter in foreign:
        assert not letter.isascii()
        assert unicodedata.normalize("NFKC", letter) == letter


def test_half_of_base64_is_the_end():
    changed = made(BASE64, 0.5)
    kept, code = TEXT.split()[:10], changed.split()[-1]
    assert changed.split()[:10] == kept
    assert TEXT.endswith(base64.b64decode(code + "=" * (-len(code) % 4)).decode()[-10:])


def test_quoted_spam_quotes_every_line():
    below = made(quoted_spam(POOL), 1.0).removeprefix(TEXT).strip().split("\n")
    assert below[0] == "You wrote:"
    assert all(line.startswith("> ") for line in below[1:])
    assert " ".join(line[2:] for line in below[1:]) in POOL


def test_good_words_come_from_the_pool():
    below = made(good_words(POOL), 2.0).removeprefix(TEXT).split()
    assert len(below) == 2 * len(TEXT.split())
    assert set(below) <= set(" ".join(POOL).split())
    for pool in ([], ["  "]):
        with pytest.raises(InputError, match="the pool holds no word"):
            good_words(pool)


def test_long_is_as_long_as_it_says():
    assert [len(made(long_tail(), dose)) for dose in (3.0, 100.0)] == [3_000, 100_000]
    assert made(long_tail(), 0.05) == TEXT


def test_a_changed_suite_knows_where_it_comes_from():
    real = texts(5, ids=[f"m{i}" for i in range(5)])
    suite = changed_suite(ZERO_WIDTH, real, 0.5, n_cases=3, random_state=4)
    assert (suite.cases.origin == "synthetic").all()
    assert suite.cases.is_edge_case.all()
    assert suite.cases.y.tolist() == ["spam"] * 3
    assert [parents for (parents,) in suite.cases.derived_from] == suite.originals.ids.tolist()
    assert tidy(suite.cases.X[1]) == suite.originals.X[1]
    written = changed_suite(ZERO_WIDTH, texts(2, "synthetic", ids=["a", "b"]), 1.0)
    assert written.cases.derived_from.tolist() == [(), ()]


def test_all_doses_of_a_curve_change_the_same_texts():
    suites = dose_suites(LEETSPEAK, texts(20), n_cases=6, random_state=1)
    assert [suite.dose for suite in suites] == list(LEETSPEAK.doses)
    assert len({tuple(suite.originals.X) for suite in suites}) == 1
    again = dose_suites(LEETSPEAK, texts(20), n_cases=6, random_state=1)
    assert all(a.cases.X.equals(b.cases.X) for a, b in zip(suites, again, strict=True))
    other = changed_suite(LEETSPEAK, texts(20), 0.5, n_cases=6, random_state=2)
    assert tuple(other.originals.X) != tuple(suites[0].originals.X)


def test_the_same_cases_under_another_expectation():
    suite = changed_suite(LEETSPEAK, texts(3), 0.5)
    fall = with_expectation(suite, direction("spam", -0.1))
    assert (suite.expectation.kind, fall.expectation.kind) == ("invariance", "direction")
    assert fall.cases is suite.cases


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: changed_suite(LEETSPEAK, texts(2), 1.5), "dose=1.5; expected share of words"),
        (lambda: changed_suite(LEETSPEAK, texts(2), float("nan")), "dose=nan"),
        (lambda: changed_suite(LEETSPEAK, texts(2), 0.5, n_cases=3), "n_cases=3, and spam has 2"),
        (
            lambda: changed_suite(LEETSPEAK, Dataset(np.eye(2), [0, 1], "real", "ones"), 0.5),
            "ones holds a table; expected texts",
        ),
        (lambda: language_suite(100_000), "n_cases=100000: there are 4,320 different"),
    ],
)
def test_bad_input_makes_no_suite(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)


def test_written_cases_are_legitimate_and_different():
    for suite in (short_suite(), language_suite(100), bulk_suite()):
        assert suite.cases.classes.tolist() == ["ham"]
        assert suite.cases.X.is_unique
        assert suite.expectation.kind == "minimum functionality"
    assert short_suite().cases.X[0] == ""
    assert len(bulk_suite()) == 150
    first, again, other = language_suite(9), language_suite(9), language_suite(9, random_state=1)
    assert first.cases.X.equals(again.cases.X)
    assert not first.cases.X.equals(other.cases.X)
