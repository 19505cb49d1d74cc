import gzip
import importlib.util
import itertools
import json
import logging
import math
import subprocess
import sys
import threading
import time
from email.utils import formatdate

import pytest
from chat_server import answer, chat_server, mail

from synthlab.errors import EndpointError, ExtraMissingError, InputError, SpendingError
from synthlab.llm import client
from synthlab.llm.budget import Budget, Prices, estimate, prompt_tokens
from synthlab.llm.endpoint import EndpointModel
from synthlab.llm.model import LENGTH, Request, Sampling
from synthlab.llm.traffic import RequestPolicy, WorkerPool

KEY = "sk-planted-0123456789abcdef"
QUICK = {"first_wait": 0.02, "longest_wait": 0.05, "timeout": 20.0}

needs_client = pytest.mark.skipif(
    not importlib.util.find_spec("openai"), reason="the extra llm is not installed"
)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def model_at(server, *, top_k=None, budget=None, **policy):
    sampling, policy = Sampling(0.7, top_k, 0.9), RequestPolicy(**{**QUICK, **policy})
    return EndpointModel(server.url, "org/Model-1.5", sampling, policy=policy, budget=budget)


def kept_before(stream, error, match):
    """Return the answers that come before an error."""
    answers = []
    with pytest.raises(error, match=match):
        answers.extend(stream)  # what came before the error stays
    return answers


def requests(n, **changes):
    settings = {"system": "Be brief.", "user": "Write.", "start": "Subject:", **changes}
    return [(f"row {i}", Request(seed=i, **settings)) for i in range(n)]


def failing(statuses, headers=None, body=None):
    """Answer the first requests with these statuses, and then well."""
    told = body or {"error": {"message": "not now"}}
    return lambda asked: (
        (statuses[asked.number], told, headers or {})
        if asked.number < len(statuses)
        else mail(asked)
    )


@needs_client
def test_every_request_is_answered_once_and_says_what_was_asked():
    with chat_server() as server:
        answers = dict(model_at(server, parallel=3).complete(requests(20)))
    assert sorted(answers) == sorted(f"row {i}" for i in range(20))
    assert answers["row 7"].text == "Offer 7\n\nDear reader, number 7 is for you."
    assert answers["row 7"].n_tokens == 10
    assert sorted(asked.body.pop("seed") for asked in server.asked) == list(range(20))
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].body == {
        "model": "org/Model-1.5",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Write.\n\nStart with 'Subject:'."},
        ],
        "max_tokens": 64,
        "temperature": 0.7,
        "top_p": 0.9,
    }


@needs_client
def test_names_and_settings_tell_models_apart_and_hold_no_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with chat_server() as server:
        model = model_at(server)
    assert (model.name, model.sha256) == ("org-model-1-5", "")
    assert model.settings == {"base_url": server.url, "endpoint_model": "org/Model-1.5"}


@needs_client
def test_several_requests_are_under_way_at_once_and_no_more():
    together, most, lock = [0], [0], threading.Lock()

    def slow(asked):
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        time.sleep(0.1)
        with lock:
            together[0] -= 1
        return mail(asked)

    with chat_server(slow) as server:
        assert len(list(model_at(server, parallel=3).complete(requests(9)))) == 9
    assert most == [3]


@needs_client
def test_requests_are_taken_lazily():
    taken = []

    def endless():
        for i in itertools.count():
            taken.append(i)
            yield i, Request("", "Write.", seed=i)

    with chat_server() as server:
        stream = model_at(server, parallel=2).complete(endless())
        next(stream)
        stream.close()
    assert len(taken) <= 5


@needs_client
def test_attempts_keep_to_the_rate_limit():
    with chat_server(failing([500, 500])) as server:
        list(model_at(server, parallel=4, per_minute=600).complete(requests(4)))
    times = [asked.at for asked in server.asked]
    assert len(times) == 6
    assert times[-1] - times[0] >= 0.45


@needs_client
def test_what_may_pass_is_asked_again():
    with chat_server(failing([408, 429, 500, 503])) as server:
        assert len(list(model_at(server, parallel=1).complete(requests(1)))) == 1
    assert len(server.asked) == 5


@needs_client
def test_retry_after_is_honoured_and_holds_all_back():
    with chat_server(failing([429], {"Retry-After": "1"})) as server:
        list(model_at(server, parallel=2).complete(requests(6)))
    assert server.asked[-1].at - server.asked[0].at >= 0.95
    soon = [asked for asked in server.asked if asked.at - server.asked[0].at < 0.9]
    assert len(soon) <= 4  # those whose turn had come


@needs_client
def test_retry_after_may_be_a_date():
    date = formatdate(time.time() + 3, usegmt=True)
    with chat_server(failing([503], {"Retry-After": date})) as server:
        list(model_at(server, parallel=1).complete(requests(1)))
    assert server.asked[1].at - server.asked[0].at >= 1


@needs_client
@pytest.mark.parametrize("headers", [{"Retry-After": "86400"}, {}])
def test_what_does_not_pass_ends_the_run_with_what_was_answered(headers):
    def down(asked):
        return mail(asked) if asked.number < 3 else (503, {"error": "tired"}, headers)

    with chat_server(down) as server:
        stream = model_at(server, parallel=1, n_retries=2).complete(requests(9))
        said = r"503.*No row is lost.*same command continues"
        assert len(kept_before(stream, EndpointError, said)) == 3
    assert len(server.asked) == (4 if headers else 6)


@needs_client
def test_an_answer_that_is_under_way_when_another_fails_is_kept():
    all_under_way = threading.Barrier(4)

    def one_refused(asked):
        all_under_way.wait(timeout=30)
        time.sleep(0.3 if asked.body["seed"] else 0)
        return mail(asked) if asked.body["seed"] else (400, {"error": {"message": "odd prompt"}})

    with chat_server(one_refused) as server:
        stream = model_at(server, parallel=4).complete(requests(9))
        assert len(kept_before(stream, EndpointError, "odd prompt")) == 3


@needs_client
@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "key was refused"), (403, "not allowed"), (404, r"no model 'org/Model-1.5'.*/v1")],
)
def test_refusals_are_not_repeated_and_say_what_to_do(status, told):
    with chat_server(failing([status] * 9)) as server, pytest.raises(EndpointError, match=told):
        list(model_at(server, parallel=1).complete(requests(1)))
    assert len(server.asked) == 1


@needs_client
def test_a_used_up_quota_is_not_asked_again():
    body = {"error": {"message": "quota", "code": "insufficient_quota"}}
    with chat_server(failing([429] * 9, body=body)) as server:
        stream = model_at(server, parallel=1).complete(requests(1))
        assert kept_before(stream, EndpointError, "quota") == []
    assert len(server.asked) == 1


@needs_client
def test_nobody_there_is_said_at_once():
    with chat_server() as server:
        pass
    with pytest.raises(EndpointError, match="no connection; is the server running"):
        list(model_at(server).complete(requests(3)))


@needs_client
def test_a_slow_answer_is_given_up_and_asked_again():
    def slow_once(asked):
        time.sleep(0 if asked.number else 1.5)
        return mail(asked)

    with chat_server(slow_once) as server:
        assert len(list(model_at(server, parallel=1, timeout=0.5).complete(requests(1)))) == 1
    assert len(server.asked) == 2


@needs_client
def test_a_page_that_is_no_answer_is_an_error():
    odd = [answer("x") | {"choices": choices} for choices in ([], None, [7], [{}])]
    odd += [answer(content) for content in (7, ["x"], {"a": 1})]
    pages = [("<html>", {"Content-Type": "text/html"}), ("{broken",), ("null",), ("{}",)]
    pages += [(page,) for page in odd]
    with chat_server(lambda asked: (200, *pages[asked.number])) as server:
        for _ in pages:
            stream = model_at(server, parallel=1, n_retries=0).complete(requests(1))
            assert kept_before(stream, EndpointError, server.url) == []
    assert len(server.asked) == len(pages)


@needs_client
def test_an_answer_far_beyond_its_limit_is_cut():
    with chat_server(lambda asked: (200, answer("Subject: " + "word " * 20_000))) as server:
        ((_, done),) = model_at(server).complete(requests(1, max_tokens=4))
    assert (done.text, done.finish) == (("word " * 20)[: 64 - len("Subject: ")], LENGTH)


@needs_client
def test_a_body_without_an_end_is_given_up():
    packed = gzip.compress(b" " * 10**8)
    bodies = [
        ("x" * 3_000_000,),
        (answer("y" * 2_000_000),),
        (packed, {"Content-Encoding": "gzip"}),
    ]
    pages = [(status, *body) for status in (200, 500) for body in bodies]
    with chat_server(lambda asked: pages[asked.number]) as server:
        for _ in pages:
            stream = model_at(server, parallel=1, n_retries=0).complete(requests(1))
            said = "what came back has more than [0-9,]+ bytes"
            assert kept_before(stream, EndpointError, said) == []


@needs_client
def test_token_counts_that_cannot_be_right_are_estimated_and_the_cap_holds():
    (_, request), prices = requests(1)[0], Prices(1.0, 2.0)
    estimated = (prompt_tokens(request), request.max_tokens)
    told = {}

    def lies(asked):
        return 200, answer("a\n\nb") | {"usage": told}

    with chat_server(lies) as server:
        for bad in (-(10**6), 0, 2.5, math.nan, "many", None, 10**30, [1]):
            told |= dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), bad)
            budget = Budget(prices, cap=4.5 * prices.of(*estimated))
            stream = model_at(server, parallel=1, budget=budget).complete(requests(9))
            answers = kept_before(stream, SpendingError, "cap .* reached")
            assert (budget.n_prompt, budget.n_answer) == tuple(4 * count for count in estimated)
            assert [done.n_tokens for _, done in answers] == [request.max_tokens] * 4


@needs_client
def test_no_usage_at_all_is_estimated_too():
    with chat_server(lambda asked: (200, answer("x") | {"usage": None})) as server:
        ((_, done),) = model_at(server).complete(requests(1))
    assert done.n_tokens == 64


@needs_client
def test_half_a_letter_is_replaced_so_that_it_can_be_written():
    with chat_server(lambda asked: (200, json.dumps(answer("a \ud83d b")))) as server:
        ((_, done),) = model_at(server).complete(requests(1))
    assert done.text == "a ? b"


@needs_client
def test_what_an_endpoint_says_cannot_steer_the_terminal():
    body = {"error": {"message": "\x1b[2Jgone\r\n\x07"}}
    with chat_server(failing([400], body=body)) as server:
        stream = model_at(server, parallel=1).complete(requests(1))
        with pytest.raises(EndpointError, match="gone") as caught:
            list(stream)
    assert str(caught.value).isprintable()


@needs_client
def test_a_redirect_is_not_followed():
    def elsewhere(asked):
        return 307, "{}", {"Location": "http://127.0.0.1:9/v1/chat/completions"}

    with chat_server(elsewhere) as server, pytest.raises(EndpointError, match="307"):
        list(model_at(server, parallel=1).complete(requests(1)))


@needs_client
def test_another_name_of_the_limit_is_learnt():
    def picky(asked):
        if "max_tokens" in asked.body:
            return 400, {"error": {"message": "Use 'max_completion_tokens' instead."}}
        return mail(asked)

    with chat_server(picky) as server:
        assert len(list(model_at(server, parallel=3).complete(requests(9)))) == 9
    assert server.asked[-1].body["max_completion_tokens"] == 64
    assert len(server.asked) <= 12


@needs_client
def test_choices_come_with_probabilities_where_there_are_any():
    tokens = [{"token": t, "logprob": p, "bytes": None} for t, p in (("Yes", -0.1), ("No", -2.4))]
    told = {"content": [{**tokens[0], "top_logprobs": tokens}], "refusal": None}
    with chat_server(lambda asked: (200, answer("Yes", logprobs=told))) as server:
        ((_, done),) = model_at(server).complete(requests(1, start="", choices=("Yes", "No")))
    assert done.text == "Yes"
    assert done.probabilities == pytest.approx((0.909, 0.091), abs=0.001)
    body = server.asked[0].body
    assert (body["temperature"], body["max_tokens"], body["top_logprobs"]) == (0.0, 8, 5)


@needs_client
def test_probabilities_that_are_none_are_left_out():
    entries = [{"token": "No", "logprob": value} for value in (None, "x", math.nan, 1e9, -1e9)]
    entries += [{"token": None, "logprob": -1.0}, {"token": "Yes", "logprob": -0.5}]
    told = {"content": [{**entries[-1], "top_logprobs": entries}]}
    with chat_server(lambda asked: (200, answer("Yes", logprobs=told))) as server:
        ((_, done),) = model_at(server).complete(requests(1, start="", choices=("Yes", "No")))
    assert done.text in ("Yes", "No")
    assert sum(done.probabilities) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in done.probabilities)


@needs_client
def test_an_endpoint_without_logprobs_is_asked_without():
    def plain(asked):
        if "logprobs" in asked.body:
            return 400, {"error": {"message": "logprobs are not supported"}}
        return 200, answer("No, it is not.", finish="length")

    with chat_server(plain) as server:
        done = dict(model_at(server).complete(requests(5, start="", choices=("Yes", "No"))))
    assert {(a.text, a.probabilities, a.finish) for a in done.values()} == {("No", (), LENGTH)}


@needs_client
def test_a_filtered_prompt_is_an_empty_answer():
    body = {"error": {"message": "filtered", "code": "content_filter"}}
    with chat_server(failing([400], body=body)) as server:
        done = dict(model_at(server, parallel=1).complete(requests(2)))
    assert done["row 0"].text == ""
    assert done["row 1"].text


@needs_client
def test_top_k_is_sent_only_where_it_was_asked_for():
    with chat_server() as server:
        list(model_at(server, top_k=7).complete(requests(1)))
    assert server.asked[0].body["top_k"] == 7


@needs_client
def test_the_cap_stops_a_run_after_what_was_under_way():
    prices = Prices(1.0, 2.0)
    budget = Budget(prices, cap=0.005)
    budget.allow(estimate([request for _, request in requests(20)], 20, prices))

    def dear(asked):
        return 200, answer("Subject: x\n\ny", n_prompt=400, n_answer=100)  # 0.0006 each

    with chat_server(dear) as server:
        stream = model_at(server, parallel=2, budget=budget).complete(requests(20))
        answers = kept_before(stream, SpendingError, r"cap 0\.005 reached")
    assert len(answers) == len(server.asked) == 8
    assert budget.spent == pytest.approx(0.0048)


@needs_client
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_a_key_that_the_endpoint_echoes_is_seen_nowhere(status, monkeypatch, caplog, capfd):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)

    def echo(asked):
        key = asked.headers["Authorization"].removeprefix("Bearer ")
        body = answer(f"Subject: {key}\n\n{key}") if status == 200 else {"error": {"message": key}}
        return status, body, {"X-Echo": key}

    seen = ""
    with chat_server(echo) as server:
        try:
            model = model_at(server, n_retries=1)
            seen += repr(list(model.complete(requests(2)))) + repr(model) + repr(model.settings)
        except EndpointError as error:
            seen += f"{error} {error!r} {error.__cause__!r}"
        assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    seen += caplog.text + "".join(capfd.readouterr())
    assert len(seen) > 40
    assert KEY not in seen
    assert KEY[3:] not in seen


def test_a_key_is_wanted_by_other_machines_only(monkeypatch):
    assert client.find_key("http://127.0.0.1:1/v1") == ""
    with pytest.raises(InputError, match=r"OPENAI_API_KEY is not set"):
        client.find_key("https://example.org/v1")
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    assert client.find_key("https://example.org/v1", "MY_KEY") == KEY


def test_a_key_in_place_of_its_variable_is_not_repeated():
    with pytest.raises(InputError, match="its name, not the key") as caught:
        client.find_key("https://example.org/v1", KEY)
    assert KEY not in str(caught.value)


def test_a_key_of_several_words_is_refused_unseen(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "two words")
    with pytest.raises(InputError, match="one word") as caught:
        client.find_key("http://localhost/v1")
    assert "two" not in str(caught.value)


def test_what_is_no_url_is_refused():
    bad = ["", "example.org", "ftp://x/v1", "http://", "http://x:port/v1", "http://[::1/v1"]
    for url in [*bad, "http://x/\x1b[2J"]:
        with pytest.raises(InputError, match="expected http"):
            client.clean_url(url)


def test_a_secret_in_the_url_is_refused_unseen():
    for bad in (f"https://user:{KEY}@x/v1", f"https://{KEY}@x/v1", f"https://x/v1?key={KEY}"):
        with pytest.raises(InputError, match="Put the key into the environment") as caught:
            client.clean_url(bad)
        assert KEY not in str(caught.value)


def test_loopback_is_this_machine_and_no_other():
    here = ["http://127.0.0.1:8000/v1", "http://[::1]:8000/v1", "http://LOCALHOST/v1"]
    elsewhere = ["http://127.0.0.1.example.org/v1", "http://10.0.0.1/v1", "https://localhost.a.org"]
    assert [url for url in here + elsewhere if client.is_loopback(url)] == here


def test_a_policy_out_of_range_is_refused():
    bad = {
        "parallel": (0, 65, 2.5, True),
        "per_minute": (0, -1, math.inf, math.nan),
        "timeout": (0, -1, math.nan, 1e9),
        "n_retries": (-1, 99, 1.5),
    }
    for name, value in ((name, value) for name, values in bad.items() for value in values):
        with pytest.raises(InputError, match=f"{name}={value}: expected"):
            RequestPolicy(**{name: value})


def test_workers_report_every_job_once_and_what_it_raised():
    workers = WorkerPool(lambda job: 12 // job, 3)
    for job in range(13):
        workers.assign(f"job {job}", job)
    done = dict(workers.next_done() for _ in range(13))
    workers.dismiss()
    assert isinstance(done.pop("job 0"), ZeroDivisionError)
    assert done == {f"job {job}": 12 // job for job in range(1, 13)}


def test_a_job_that_never_ends_holds_no_process_back():
    code = """
import threading
from synthlab.llm.traffic import WorkerPool
workers = WorkerPool(lambda job: threading.Event().wait(), 2)
workers.assign("hung", 0)
"""
    for end, exit_code in {"workers.dismiss()": 0, "": 0, "1 / 0": 1}.items():
        done = subprocess.run([sys.executable, "-c", code + end], capture_output=True, timeout=120)
        assert done.returncode == exit_code


def test_waits_double_and_end():
    policy = RequestPolicy(first_wait=1, longest_wait=8)
    assert [policy.wait(k, 0.0) for k in range(1, 6)] == [1, 2, 4, 8, 8]
    assert policy.wait(1, 0.999) > 0.75


def test_a_missing_client_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ExtraMissingError, match=r"pip install synthlab\[llm\]"):
        EndpointModel("http://127.0.0.1:1/v1", "m")
