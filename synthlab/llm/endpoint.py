"""A language model behind a URL: any endpoint that speaks OpenAI's chat protocol.

Retries are done here and not by the client package, so that every attempt keeps to the rate
limit, one "too many requests" holds all threads back, and a stopped run waits for nobody.

The endpoint is not trusted.  What it says is searched for the key before anybody sees it; the
length of an answer is bounded; token counts that cannot be right are replaced by our own estimate.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from synthlab.errors import EndpointError, is_number, is_whole
from synthlab.llm.budget import Budget, answer_tokens, prompt_tokens
from synthlab.llm.chat import chosen, instructed, without_start
from synthlab.llm.client import KEY_VARIABLE, TooLongError, clean_url, find_key, open_client
from synthlab.llm.model import DEFAULT_SAMPLING, LENGTH, STOP, Completion, Request, Sampling
from synthlab.llm.traffic import RateLimiter, RequestPolicy, WorkerPool

_TOP_LOGPROBS = 5
_SEEDS = 2**31  # some endpoints take no larger one
_SHOWN_LETTERS, _KEY_LETTERS = 300, 12
#: A text is cut where no model's tokens would reach; of more tokens no answer consists.
_TOKEN_LETTERS, _MOST_TOKENS = 16, 10**7


@dataclass(frozen=True)
class _Dialect:
    """What endpoints disagree on: the name of the limit, and whether they give probabilities."""

    limit: str = "max_tokens"
    has_logprobs: bool = True

    def change(self, complaint: str) -> dict[str, Any]:
        """Return what to say otherwise after a complaint; nothing if it is about another matter."""
        if self.limit == "max_tokens" and "max_completion_tokens" in complaint:
            return {"limit": "max_completion_tokens"}
        if self.has_logprobs and "logprobs" in complaint:
            return {"has_logprobs": False}
        return {}


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
        self._openai, self._client = open_client(self._url, self._key, self._policy.timeout)
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
                error = raised.__cause__ if isinstance(raised.__cause__, TooLongError) else raised
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
        asked = _retry_after(error)
        if asked is None:
            return self._policy.wait(n_failed, self._random.random())
        return asked if asked <= self._policy.longest_retry_after else None

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


def _first_logprobs(choice: Any) -> dict[str, float]:
    logprobs = getattr(choice, "logprobs", None)
    tokens = (logprobs and logprobs.content) or []
    entries = tokens[0].top_logprobs if tokens else []
    return {str(e.token): min(e.logprob, 0.0) for e in entries if is_number(e.logprob)}


def _plausible(usage: Any, name: str, least: int, estimate: int) -> int:
    """Return a reported number of tokens, or the estimate where it cannot be right."""
    reported = getattr(usage, name, None)
    is_fine = is_whole(reported, least) and reported <= _MOST_TOKENS
    return reported if is_fine else estimate


def _status(error: Exception) -> int | None:
    return getattr(error, "status_code", None)


def _retry_after(error: Exception) -> float | None:
    """Return the seconds that an endpoint asks to wait, given as such or as a date."""
    response = getattr(error, "response", None)
    header = response.headers.get("retry-after", "") if response is not None else ""
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
