"""A second task is another value and its prompts; e-mails are the first."""

from dataclasses import replace

import pandas as pd
import pytest
from scripted import ScriptedModel

from synthlab.errors import InputError
from synthlab.llm import prompts, store
from synthlab.llm.generate import generate_rows
from synthlab.llm.tasks import EMAILS, REVIEWS, TASKS, Task, find_task
from synthlab.text import ngrams

REAL = pd.DataFrame(
    {
        "id": [f"r{i}" for i in range(40)],
        "label": ["positive", "negative"] * 20,
        "text": [
            f"film {i} has a plot, and somebody who tells it {i} times over" for i in range(40)
        ],
    }
)
NAIVE = """
style = "naive"
system = ""
start = ""
templates = [
  {id = "p", label = "positive", text = "Praise a film about {topic}."},
  {id = "n", label = "negative", text = "Pan a film about {topic}."},
]
slots.topic = {positive = ["a dog", "war"], negative = ["a cat", "love"]}
"""
FEW_SHOT = """
style = "few_shot"
system = ""
start = ""
n_examples = 1
templates = [
  {id = "p", label = "positive", text = "{example_1} Praise another film."},
  {id = "n", label = "negative", text = "{example_1} Pan another film."},
]
"""
LABELS = """
style = "labels"
system = ""
start = ""
n_examples = 1
choices = ["good", "bad"]
templates = [{id = "l", label = "", text = "{example_1} Good or bad?"}]
"""


@pytest.fixture
def reviews(tmp_path):
    folder = tmp_path / "prompts"
    folder.mkdir()
    for text in (NAIVE, FEW_SHOT, LABELS):
        (folder / f"{text.split(chr(34))[1]}.toml").write_text(text)
    return Task(
        name="reviews",
        real_name="real reviews",
        labels=("positive", "negative"),
        prompts=str(folder),
        fields=("text",),
        parse=lambda answer: (answer.strip(),),
        flaw=lambda text: "" if ngrams.words(text) else "empty",
        show=lambda text: f"Review: {text}",
        real_rows=lambda: REAL,
        repeats=lambda real: lambda text: "",
        examples=lambda real: real.head(20),
        to_label=lambda real: real.tail(9),
    )


def test_reviews_are_written_by_label_and_copies_of_real_ones_are_dropped(reviews, tmp_path):
    texts = {0: REAL["text"][7], 3: "  "}
    model = ScriptedModel(lambda key, asked: texts.get(key, f"opinion {key}: {asked.user}"))
    done = generate_rows(reviews, model, tmp_path / "out", 8)
    frame = store.read_recorded(tmp_path / "out")
    assert (done["kept"], done["done"]) == (8, 10)
    assert done["dropped"] == {"copies real reviews": 1, "empty": 1}
    assert done["settings"]["task"] == "reviews"
    assert "slots label text derived_from" in " ".join(frame.columns)
    asked = frame["text"].str.contains("Praise").map({True: "positive", False: "negative"})
    assert list(frame["label"]) == list(asked)


def test_prompts_show_real_reviews_of_the_label_and_rows_name_them(reviews, tmp_path):
    generate_rows(reviews, ScriptedModel(), tmp_path / "out", 12, style="few_shot")
    frame, labels = store.read_recorded(tmp_path / "out"), REAL.set_index("id")["label"]
    assert [labels[parents[0]] for parents in frame["derived_from"]] == list(frame["label"])


def test_a_model_labels_each_real_review_once(reviews, tmp_path):
    done = generate_rows(reviews, ScriptedModel(), tmp_path / "out", 9, style="labels")
    frame = store.read_recorded(tmp_path / "out")
    assert done["kept"] == 9
    assert list(frame.columns) == ["id", "label", "p_positive", "prompt", "model_sha256"]
    assert list(frame["id"]) == [f"r{i}" for i in range(31, 40)]
    assert set(frame["label"]) == {"positive"}  # the scripted model takes the first choice
    assert set(frame["p_positive"]) == {0.75}
    with pytest.raises(InputError, match="n=10: expected at most 9, the real rows"):
        generate_rows(reviews, ScriptedModel(), tmp_path / "more", 10, style="labels")


def test_recordings_of_two_tasks_are_never_mixed(reviews, tmp_path):
    generate_rows(reviews, ScriptedModel(), tmp_path / "out", 2)
    poems = replace(reviews, name="poems")
    with pytest.raises(InputError, match="asked for task='poems': expected task='reviews'"):
        generate_rows(poems, ScriptedModel(), tmp_path / "out", 2)


def test_prompts_that_lack_a_label_are_refused(reviews):
    three = replace(reviews, labels=("positive", "negative", "mixed"))
    for style in prompts.styles(reviews):
        with pytest.raises(InputError, match=r"per label of positive, negative, mixed"):
            prompts.load_prompts(three, style)


def test_parameters_out_of_range_are_refused(reviews, tmp_path):
    bad = {"max_tokens": (0, 257, 2.5, True), "seed": (-1, 0.5, None, True), "n": (0, -1, 1.5)}
    for name, values in bad.items():
        for value in values:
            settings = {"n": 2, name: value}
            with pytest.raises(InputError, match=f"{name}={value}: expected"):
                generate_rows(reviews, ScriptedModel(), tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_tasks_are_found_by_name():
    assert find_task("emails") is EMAILS
    assert all(task.name == name for name, task in TASKS.items())
    with pytest.raises(InputError, match="task='poems': expected one of emails, reviews"):
        find_task("poems")


def test_mail_is_parsed_into_subject_and_body():
    cases = {
        " Hello\n\nBody: see you": ("Hello", "see you"),
        "Hello\nMessage:\nsee you\n": ("Hello", "see you"),
        "Hello": ("Hello", ""),
        "": ("", ""),
    }
    assert {answer: EMAILS.parse(answer) for answer in cases} == cases
    assert [EMAILS.flaw(*texts) for texts in cases.values()] == ["", "", "no body", "empty"]


def test_film_reviews_are_written_and_labeled_like_mail(tmp_path):
    assert find_task("reviews") is REVIEWS
    assert prompts.styles(REVIEWS) == ["informed", "labels", "naive"]
    for style in ("naive", "informed"):
        model = ScriptedModel(lambda key, asked: f' "Opinion {key}: {asked.user}"\nMore.')
        generate_rows(REVIEWS, model, tmp_path / style, 6, style=style)
        frame = store.read_recorded(tmp_path / style)
        assert list(frame["label"]) == ["positive", "negative"] * 3
        assert all(y in text for y, text in zip(frame["label"], frame["text"], strict=True))
        assert not frame["text"].str.contains('^"|More', regex=True).any()
    generate_rows(REVIEWS, ScriptedModel(), tmp_path / "labels", 40, style="labels")
    labels, real = store.read_recorded(tmp_path / "labels"), REVIEWS.real_rows().set_index("id")
    assert set(real["label"][labels["id"]]) == {"positive", "negative"}


def test_a_review_that_copies_a_real_one_is_dropped(tmp_path):
    real = REVIEWS.real_rows()
    longest = real["text"][real["text"].str.len().idxmax()]
    model = ScriptedModel(lambda key, asked: longest if key == 0 else f"opinion {key}")
    done = generate_rows(REVIEWS, model, tmp_path / "out", 2)
    assert done["dropped"] == {"copies real reviews": 1}
