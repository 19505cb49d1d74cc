from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from synthlab.datasets import emails
from synthlab.errors import InputError
from synthlab.llm import prompts
from synthlab.llm.tasks import EMAILS

WRITTEN = ["few_shot", "informed", "naive", "variants"]


def corpus(n=120):
    words = "alpha beta gamma delta omega sigma lambda kappa".split()
    return pd.DataFrame(
        {
            "id": [f"g/{i:04d}" for i in range(n)],
            "subject": [f"subject {i}" for i in range(n)],
            "body": [" ".join(words[(i + j) % 8] for j in range(15 + i % 140)) for i in range(n)],
            "label": ["spam" if i % 3 == 0 else "ham" for i in range(n)],
            "cluster": [i // 2 for i in range(n)],
        }
    )


@cache
def pool():
    drawn = emails.example_pool(corpus(), 30)
    return {label: drawn[drawn["label"] == label] for label in emails.LABELS}


def planned(style, number, seed=0):
    book = prompts.load_prompts(EMAILS, style)
    return prompts.plan_row(EMAILS, book, number, seed=seed, max_tokens=64, pool=pool())


def test_all_styles_are_there():
    assert prompts.styles(EMAILS) == sorted([*WRITTEN, "labels"])


def test_an_unknown_style_is_named_beside_the_known_ones():
    with pytest.raises(
        InputError, match=r"'naiv': expected one of few_shot, informed, labels, naive, variants"
    ):
        prompts.load_prompts(EMAILS, "naiv")


def test_labels_alternate_and_answers_begin_with_a_subject():
    for style in WRITTEN:
        rows = [planned(style, number) for number in range(6)]
        assert [row.label for row in rows] == ["spam", "ham"] * 3
        assert {row.request.start for row in rows} == {"Subject:"}
        assert "{" not in "".join(row.request.user for row in rows)


def test_a_row_is_a_function_of_style_number_and_seed():
    for style in WRITTEN:
        assert planned(style, 7) == planned(style, 7)
        assert planned(style, 7, seed=1) != planned(style, 7)
        seeds = [planned(style, number).request.seed for number in range(200)]
        assert len(set(seeds)) == 200


def test_naive_prompts_know_nothing_of_the_mailbox():
    asked = " ".join(planned("naive", number).request.user for number in range(300)).casefold()
    assert not [word for word in ("2002", "linux", "perl", "mailing list") if word in asked]
    assert planned("naive", 0).parents == ()


@pytest.mark.parametrize(("style", "n_parents"), [("few_shot", 2), ("variants", 1)])
def test_real_examples_are_of_the_class_and_named_as_parents(style, n_parents):
    frame = corpus().set_index("id")
    for number in range(8):
        row = planned(style, number)
        assert len(set(row.parents)) == n_parents
        assert set(frame.loc[list(row.parents), "label"]) == {row.label}
        assert all(frame.loc[id, "subject"] in row.request.user for id in row.parents)


def test_slots_never_hold_real_mail():
    assert planned("variants", 0).slots == {}
    assert planned("few_shot", 0).slots == {}


def test_the_label_printer_sees_each_message_once():
    book, frame = prompts.load_prompts(EMAILS, "labels"), corpus()
    rows = [
        prompts.plan_row(EMAILS, book, i, seed=0, max_tokens=1, pool={"": frame}) for i in range(9)
    ]
    assert [row.parents for row in rows] == [(id,) for id in frame["id"][:9]]
    assert {row.label for row in rows} == {""}


def test_the_pool_is_balanced_short_and_has_one_of_each_cluster():
    drawn = emails.example_pool(corpus(), 30)
    assert drawn["label"].value_counts().to_dict() == {"spam": 15, "ham": 15}
    assert drawn["cluster"].is_unique
    assert drawn["body"].str.split().str.len().between(*emails.EXAMPLE_WORDS).all()


def test_the_pool_does_not_depend_on_the_order_of_the_corpus():
    mixed = corpus().sample(frac=1, random_state=1)
    assert list(emails.example_pool(mixed, 30)["id"]) == list(
        emails.example_pool(corpus(), 30)["id"]
    )


def test_a_pool_too_large_is_refused():
    with pytest.raises(InputError, match=r"n=5000: expected at most 58"):
        emails.example_pool(corpus(), 5_000)


def test_an_example_is_cut():
    frame = corpus().assign(body=" ".join(["12345"] * 149))
    book = prompts.load_prompts(EMAILS, "labels")
    row = prompts.plan_row(EMAILS, book, 0, seed=0, max_tokens=1, pool={"": frame})
    assert row.request.user.count("12345") <= 40


def test_both_classes_have_as_many_wordings_and_fillings():
    for style in WRITTEN:
        book = prompts.load_prompts(EMAILS, style)
        counts = [sum(t.label == label for t in book.templates) for label in emails.LABELS]
        assert all(a == b for a, b in pairwise(counts))
        assert len({template.id for template in book.templates}) == len(book.templates)
        assert all(len(values["spam"]) == len(values["ham"]) for values in book.slots.values())
