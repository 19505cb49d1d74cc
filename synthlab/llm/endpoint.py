"""A language model behind a URL: any endpoint that speaks OpenAI's chat protocol.

Retries are done here and not by the client package, so that every attempt keeps to the rate
limit, one "too many requests" holds all threads back, and a stopped run waits for nobody.

The key comes from the environment.  It is sent to the endpoint and goes nowhere else: whatever
the endpoint says is searched for it before anybody sees it, and the client's log stays silent.
Nor is the endpoint believed: an answer's length is bounded, and token counts that cannot be right
are replaced by our own estimate.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import os
import random
import re
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from synthlab.errors import EndpointError, ExtraMissingError, is_number, is_whole, require
from synthlab.llm.budget import Budget, answer_tokens, prompt_tokens
from synthlab.llm.chat import chosen, instructed, without_start
from synthlab.llm.model import DEFAULT_SAMPLING, LENGTH, STOP, Completion, Request, Sampling
from synthlab.llm.traffic import RateLimiter, RequestPolicy, WorkerPool

KEY_VARIABLE = "OPENAI_API_KEY"
_TOP_LOGPROBS = 5
_SEEDS = 2**31  # some endpoints take no larger one
_SHOWN_LETTERS, _KEY_LETTERS = 300, 12
#: A body that is longer is given up; a text is cut where no model's tokens would reach.
_MOST_BYTES, _TOKEN_LETTERS, _MOST_TOKENS = 2**20, 16, 10**7


@dataclass(frozen=True)
class _Dialect:
    """What endpoints disagree on: how the limit is called, whether probabilities are told."""

    limit: str = "max_tokens"
    has_logprobs: bool = True

    def change(self, complaint: str) -> dict[str, Any]:
        """Return what to say otherwise after a complaint; nothing if it is about another matter."""
        if self.limit == "max_tokens" and "max_completion_tokens" in complaint:
            return {"limit": "max_completion_tokens"}
        if self.has_logprobs and "logprobs" in complaint:
            return {"has_logprobs": False}
        return {}


class _TooLong(ValueError):
    """A body has more bytes than any answer needs."""


@dataclass(frozen=True)
class _Answer:
    completion: Completion
    n_prompt: int


class EndpointModel:
    """A model behind an OpenAI-compatible URL: a `model.LanguageModel`.

    Parameters
    ----------
    base_url, model : str
        Where, and what it is called there.
    sampling : Sampling
        A ``top_k`` is sent only if it is not None: the protocol has no such field, though many
        servers take it.
    key_variable : str, default "OPENAI_API_KEY"
        The environment variable that holds the key.
    policy : RequestPolicy
    budget : Budget, optional

    Raises
    ------
    ExtraMissingError
        The extra ``llm`` is not installed.
    InputError
        The URL or the key cannot be used.
    """

    sha256 = ""

    def __init__(
        self,
        base_url: str,
        model: str,
        sampling: Sampling = DEFAULT_SAMPLING,
        *,
        key_variable: str = KEY_VARIABLE,
        policy: RequestPolicy | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._url, self._model, self._sampling = clean_url(base_url), model, sampling
        self._key = find_key(self._url, key_variable)
        self.name = re.sub(r"[^a-z0-9]+", "-", model.lower())[:60].strip("-") or "endpoint"
        self.settings: Mapping[str, Any] = {"base_url": self._url, "endpoint_model": model}
        self._policy, self.budget = policy or RequestPolicy(), budget or Budget()
        self._openai, self._client = _open_client(self._url, self._key, self._policy.timeout)
        self._dialect, self._has_answered = _Dialect(), False
        self._limiter, self._random = RateLimiter(), random.Random()

    def complete(
        self, requests: Iterable[tuple[Hashable, Request]]
    ) -> Iterator[tuple[Hashable, Completion]]:
        """Answer requests as a stream; see `model.LanguageModel.complete`.

        Raises
        ------
        EndpointError
            A request failed for good.  Answers that were under way come first.
        SpendingError
            The cap is reached; likewise.
        """
        self._limiter = RateLimiter(self._policy.per_minute)
        workers = WorkerPool(self._ask, self._policy.parallel)
        try:
            yield from self._stream(iter(requests), workers)
        finally:
            self._limiter.end()
            workers.dismiss()

    def _stream(
        self, coming: Iterator[tuple[Hashable, Request]], workers: WorkerPool
    ) -> Iterator[tuple[Hashable, Completion]]:
        waiting, failure, n_out = next(coming, None), None, 0
        while True:
            while waiting and not failure and self._may_ask(n_out):
                workers.assign(*waiting)
                waiting, n_out = next(coming, None), n_out + 1
            if not n_out:
                break
            key, answer = workers.next_done()
            n_out -= 1
            if isinstance(answer, Exception):
                failure = failure or answer
                self._limiter.end()
            else:
                self.budget.spend(answer.n_prompt, answer.completion.n_tokens)
                yield key, answer.completion
        if failure or waiting:
            raise failure or self.budget.reached()

    def _may_ask(self, n_out: int) -> bool:
        return n_out < self._policy.parallel and self.budget.has_room(n_out)

    def _ask(self, request: Request) -> _Answer:
        """Ask until there is an answer, or no hope of one."""
        n_failed = 0
        while self._limiter.wait_turn():
            dialect = self._dialect
            try:
                answer = self._read(request, self._send(request, dialect))
            except (self._openai.OpenAIError, ValueError) as raised:
                error = raised.__cause__ if isinstance(raised.__cause__, _TooLong) else raised
                if getattr(error, "code", None) == "content_filter":
                    return _Answer(Completion("", 0, STOP), 0)  # dropped as empty, and counted
                if self._adapts(dialect, error):
                    continue
                n_failed += 1
                wait = self._wait_after(error, n_failed)
                if wait is None or n_failed > self._policy.n_retries:
                    raise self._explained(error, n_failed) from None
                self._limiter.rest(wait, all_rest=_status(error) == 429)
            else:
                self._has_answered = True
                return answer
        raise EndpointError(f"{self._url}: stopped before it answered. The same command continues.")

    def _send(self, request: Request, dialect: _Dialect) -> Any:
        system = [{"role": "system", "content": request.system}] if request.system else []
        optional: dict[str, Any] = {dialect.limit: answer_tokens(request)}
        if request.choices and dialect.has_logprobs:
            optional |= {"logprobs": True, "top_logprobs": _TOP_LOGPROBS}
        if self._sampling.top_k is not None:
            optional["extra_body"] = {"top_k": self._sampling.top_k}
        return self._client.chat.completions.create(
            model=self._model,
            messages=[*system, {"role": "user", "content": instructed(request)}],
            temperature=0.0 if request.choices else self._sampling.temperature,
            top_p=self._sampling.top_p,
            seed=request.seed % _SEEDS,
            **optional,
        )

    def _read(self, request: Request, reply: Any) -> _Answer:
        try:
            choice, usage = reply.choices[0], reply.usage
            text = self._hidden(choice.message.content or "", _KEY_LETTERS)
            text = text.encode("utf-8", "replace").decode()  # half a letter could not be written
            logprobs = _first_logprobs(choice)
        except (AttributeError, IndexError, TypeError) as error:
            raise ValueError("what came back is no chat completion") from error
        most_tokens = answer_tokens(request)
        cut = text[: _TOKEN_LETTERS * most_tokens]
        if request.choices:
            answer, probabilities = chosen(request.choices, cut, logprobs)
        else:
            answer, probabilities = without_start(cut, request.start), ()
        is_cut = cut != text or choice.finish_reason == "length"
        n_tokens = _plausible(usage, "completion_tokens", min(1, len(text)), most_tokens)
        n_prompt = _plausible(usage, "prompt_tokens", 1, prompt_tokens(request))
        finish = LENGTH if is_cut else STOP
        return _Answer(Completion(answer, n_tokens, finish, probabilities), n_prompt)

    def _adapts(self, dialect: _Dialect, error: Exception) -> bool:
        change = dialect.change(str(error)) if _status(error) in {400, 422} else {}
        self._dialect = replace(self._dialect, **change)
        return bool(change)

    def _wait_after(self, error: Exception, n_failed: int) -> float | None:
        """Return the seconds until the next attempt; None where none would help."""
        status = _status(error)
        if status is None:
            is_slow = isinstance(error, self._openai.APITimeoutError)
            is_lost = isinstance(error, self._openai.APIConnectionError) and self._has_answered
            may_pass = is_slow or is_lost
        else:
            may_pass = status in {408, 409, 429} or status >= 500
        if not may_pass or getattr(error, "code", None) == "insufficient_quota":
            return None
        told = _retry_after(error)
        if told is None:
            return self._policy.wait(n_failed, self._random.random())
        return told if told <= self._policy.longest_told else None

    def _explained(self, error: Exception, n_failed: int) -> EndpointError:
        status, url, again = _status(error), self._url, "The same command continues."
        said = "".join(c if c.isprintable() else " " for c in self._hidden(str(error)))
        said = said[:_SHOWN_LETTERS]
        texts = {
            401: f"{url}: the key was refused (401). Nothing is answered without a right one. Set "
            f"the environment variable anew; what the endpoint said is not shown, it may hold it.",
            403: f"{url}: not allowed for this key (403). Nothing is answered. Ask its owner, or "
            f"name another model.",
            404: f"{url}: no model {self._model!r} at this address (404: {said}). Nothing can be "
            f"asked. Look at {url}/models; most base URLs end in /v1.",
        }
        if status in texts:
            return EndpointError(texts[status])
        if isinstance(error, self._openai.APITimeoutError):
            said = f"no answer within {self._policy.timeout:g} seconds"
        elif isinstance(error, self._openai.APIConnectionError):
            said = "no connection; is the server running, are host and port right?"
        times = f", asked {n_failed} times" if n_failed > 1 else ""
        return EndpointError(f"{url}: {said}{times}. No row is lost. {again}")

    def _hidden(self, text: str, shortest: int = 1) -> str:
        """Return a text without the key; one shorter than ``shortest`` may be a common word."""
        return text.replace(self._key, "[key]") if len(self._key) >= shortest else text


def clean_url(url: str) -> str:
    """Return a base URL without a slash at its end.

    Raises
    ------
    InputError
        It is no http(s) URL, or holds a user, a password or a query.
    """
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_fine = urlsplit(""), False
    require(
        parts.username is None and not parts.query and not parts.fragment,
        "--base-url",
        "no user, password or query in it (not shown here)",
        "Others can read what stands on a command line.",
        "Put the key into the environment.",
    )
    require(
        is_fine and url.isprintable(),
        "--base-url",
        "http(s)://host/path, such as http://127.0.0.1:8000/v1",
        "Nothing was asked.",
    )
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def find_key(url: str, variable: str = KEY_VARIABLE) -> str:
    """Return the key from the environment; empty where there is none and none is needed.

    Raises
    ------
    InputError
        There is none, and the URL leads to another machine; or it is not one word.
    """
    key = os.environ.get(variable, "").strip()
    # Who hands over the key where its variable's name belongs should not find it in an error.
    shown = variable if re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable) else "(--key-variable)"
    require(
        not re.search(r"[^!-~]", key),
        f"the environment variable {shown}",
        "a key in one word (not shown here)",
        "It could not be sent.",
        "Set it again.",
    )
    require(
        bool(key) or is_loopback(url),
        f"the environment variable {shown} is not set",
        "a key, as another machine's endpoint wants one",
        "Nothing was asked.",
        "Set it, or name another variable with --key-variable (its name, not the key).",
    )
    return key


def _first_logprobs(choice: Any) -> dict[str, float]:
    told = getattr(choice, "logprobs", None)
    tokens = (told and told.content) or []
    entries = tokens[0].top_logprobs if tokens else []
    return {str(e.token): min(e.logprob, 0.0) for e in entries if is_number(e.logprob)}


def _plausible(usage: Any, name: str, least: int, estimate: int) -> int:
    """Return a reported number of tokens, or the estimate where it cannot be right."""
    told = getattr(usage, name, None)
    return told if is_whole(told, least) and told <= _MOST_TOKENS else estimate


def _status(error: Exception) -> int | None:
    return getattr(error, "status_code", None)


def _retry_after(error: Exception) -> float | None:
    """Return the seconds that an endpoint tells to wait, given as such or as a date."""
    response = getattr(error, "response", None)
    told = response.headers.get("retry-after", "") if response is not None else ""
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(told).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _open_client(url: str, key: str, timeout: float) -> tuple[Any, Any]:
    try:
        import openai
    except ImportError as error:
        raise ExtraMissingError(
            "the client of language-model endpoints (openai) is not installed. Without it none "
            "can be asked; all notebooks run from recorded e-mails. pip install synthlab[llm]"
        ) from error
    for name in ("openai", "httpx", "httpcore", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # below it they tell headers
    # A redirect could carry the prompt elsewhere; a proxy has no business on this machine.
    http = openai.DefaultHttpxClient(
        follow_redirects=False,
        trust_env=not is_loopback(url),
        headers={"Accept-Encoding": "identity"},  # what is packed may unpack to gigabytes
        event_hooks={"response": [_bound]},
    )
    return openai, openai.OpenAI(
        base_url=url, api_key=key or "none", max_retries=0, timeout=timeout, http_client=http
    )


def _bound(response: Any) -> None:
    """Let a response be read up to a limit only; one that is packed may grow, and gets less."""
    stream = response.stream
    is_packed = response.headers.get("content-encoding", "identity") != "identity"
    most = _MOST_BYTES // 16 if is_packed else _MOST_BYTES

    def bounded() -> Iterator[bytes]:
        n_bytes = 0
        for part in stream:
            n_bytes += len(part)
            if n_bytes > most:
                raise _TooLong(f"what came back has more than {most:,} bytes")
            yield part

    # The client's own kind of stream, whichever HTTP package it came with.
    kind = next(c for c in type(stream).__mro__ if c.__name__ == "SyncByteStream")
    methods = {"__iter__": lambda self: bounded(), "close": lambda self: stream.close()}
    response.stream = type("Bounded", (kind,), methods)()
