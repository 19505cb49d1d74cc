"""A language model in this process: SmolLM2-135M-Instruct by llama.cpp, on any two cores.

Many answers grow side by side in one context, one token each per step, which keeps the cores
busy where a single answer would wait for memory.  An answer that ends hands its *slot* to the
next request at once.  A slot keeps what it has read: of a prompt that begins as the last one
did, only the rest is read.
"""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

import numpy as np

from synthlab.errors import DataUnavailableError, is_whole, require
from synthlab.llm import weights
from synthlab.llm.model import DEFAULT_SAMPLING, LENGTH, STOP, Completion, Request, Sampling

#: Answers that grow side by side, and the tokens that a prompt and its answer may have.
SLOTS, SLOT_TOKENS = 32, 768
_BATCH_TOKENS = 1_024
_MAX_PATIENCE = 4
_STRIDE = 64


def draw_tokens(
    logits: np.ndarray, uniforms: np.ndarray, sampling: Sampling = DEFAULT_SAMPLING
) -> np.ndarray:
    """Draw one token per row.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_vocabulary)
    uniforms : ndarray of shape (n_rows,)
        In [0, 1); each decides its row's token.
    sampling : Sampling

    Returns
    -------
    ndarray of int, shape (n_rows,)
    """
    if sampling.temperature == 0:
        return logits.argmax(axis=1)
    n_tokens = logits.shape[1]
    tokens = likeliest_tokens(logits, min(sampling.top_k or n_tokens, n_tokens))
    scaled = np.take_along_axis(logits, tokens, axis=1) / sampling.temperature
    weight = np.exp(scaled - scaled[:, :1], dtype=np.float64)
    weight /= weight.sum(axis=1, keepdims=True)
    reached = weight.cumsum(axis=1)
    weight[reached - weight >= sampling.top_p] = 0
    reached = weight.cumsum(axis=1)
    chosen = (reached <= uniforms[:, None] * reached[:, -1:]).sum(axis=1)
    return tokens[np.arange(len(tokens)), np.minimum(chosen, (weight > 0).sum(axis=1) - 1)]


def likeliest_tokens(logits: np.ndarray, k: int) -> np.ndarray:
    """Return the k likeliest tokens of each row, in order.

    A token of the k best lies in a column group whose own best is among the k best groups, so
    that only those groups are sorted: 3,200 candidates rather than 49,152.

    Parameters
    ----------
    logits : ndarray of shape (n_rows, n_vocabulary)
    k : int
        1 to ``n_vocabulary``.

    Returns
    -------
    ndarray of int, shape (n_rows, k)
    """
    n_rows, n_vocabulary = logits.shape
    n_groups = n_vocabulary // _STRIDE
    if n_groups <= k or n_vocabulary % _STRIDE:
        part = np.argpartition(-logits, k - 1, axis=1)[:, :k]
    else:
        best = logits.reshape(n_rows, _STRIDE, n_groups).max(axis=1)
        groups = np.argpartition(-best, k - 1, axis=1)[:, :k]
        candidates = groups[:, :, None] + np.arange(_STRIDE) * n_groups
        candidates = candidates.reshape(n_rows, -1)
        among = np.take_along_axis(logits, candidates, axis=1)
        within = np.argpartition(-among, k - 1, axis=1)[:, :k]
        part = np.take_along_axis(candidates, within, axis=1)
    order = np.argsort(-np.take_along_axis(logits, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1)


@dataclass(eq=False)
class _Order:
    """A request that waits for a slot."""

    key: Hashable
    request: Request
    prompt: list[int]
    passed_over: int = 0


@dataclass(eq=False)
class _Slot:
    """A place in the context, and the answer that grows there."""

    number: int
    read: list[int] = field(default_factory=list)
    order: _Order | None = None
    unread: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    rng: np.random.Generator | None = None

    def n_shared(self, prompt: list[int]) -> int:
        """Count the tokens of a prompt that were read already; its last must be read anew."""
        shared = 0
        for known, token in zip(self.read, prompt[:-1], strict=False):
            if known != token:
                break
            shared += 1
        return shared


class LocalModel:
    """SmolLM2-135M-Instruct in this process: a `model.LanguageModel`.

    Parameters
    ----------
    sampling : Sampling
    n_threads : int, default 2
    n_slots : int, default 32
        Answers that grow side by side.

    Raises
    ------
    ExtraMissingError
        The extra ``llm`` is not installed.
    DataUnavailableError
        The weights are not those of the registry.
    InputError
        Fewer than one thread or slot.
    """

    name = "smollm2"
    settings = MappingProxyType({})  # its hash tells it from any other

    def __init__(
        self, sampling: Sampling = DEFAULT_SAMPLING, *, n_threads: int = 2, n_slots: int = SLOTS
    ) -> None:
        for name, value in {"n_threads": n_threads, "n_slots": n_slots}.items():
            require(
                is_whole(value, 1), f"{name}={value}", "1 or more", "Nothing could be computed."
            )
        self.sampling = sampling
        self.sha256 = weights.weights_sha256()
        self._llama = llama = weights.runtime()
        path = weights.quantized_path()
        self._model = _must_be(
            llama.llama_model_load_from_file(
                str(path).encode(), llama.llama_model_default_params()
            ),
            f"{path} could not be loaded as a model. Delete it; it is made again.",
        )
        self._vocabulary = llama.llama_model_get_vocab(self._model)
        self._n_vocabulary = llama.llama_vocab_n_tokens(self._vocabulary)
        self._context = self._open_context(n_threads, n_slots)
        self._memory = llama.llama_get_memory(self._context)
        self._batch = llama.llama_batch_init(_BATCH_TOKENS, 0, 1)
        self._slots = [_Slot(number) for number in range(n_slots)]

    def complete(
        self, requests: Iterable[tuple[Hashable, Request]]
    ) -> Iterator[tuple[Hashable, Completion]]:
        """Answer requests as a stream; see `model.LanguageModel.complete`."""
        coming, waiting = iter(requests), []
        for slot in self._slots:
            slot.order = None
        while True:
            free = [slot for slot in self._slots if slot.order is None]
            wanted = len(self._slots) + len(free) - len(waiting)
            waiting += [self._take_order(*pair) for pair in islice(coming, max(0, wanted))]
            for slot in free[: len(waiting)]:
                self._seat(slot, _best_order(slot, waiting))
            if all(slot.order is None for slot in self._slots):
                return
            yield from self._step([slot for slot in self._slots if slot.order is not None])

    def _step(self, busy: list[_Slot]) -> Iterator[tuple[Hashable, Completion]]:
        """Read what is unread, as far as one batch goes; draw a token where all is read."""
        ready = self._read(busy)
        if not ready:
            return
        logits = self._logits(len(ready))
        writing = [i for i, slot in enumerate(ready) if not slot.order.request.choices]
        if writing:
            uniforms = np.array([ready[i].rng.random() for i in writing])
            drawn = draw_tokens(logits[writing], uniforms, self.sampling)
        for i, token in zip(writing, drawn if writing else (), strict=True):
            done = self._extend(ready[i], int(token))
            if done:
                yield self._leave(ready[i], done)
        for slot, row in zip(ready, logits, strict=True):
            if slot.order is not None and slot.order.request.choices:
                yield self._leave(slot, self._judge(slot.order.request.choices, row))

    def _read(self, busy: list[_Slot]) -> list[_Slot]:
        """Let the model read a batch; return the slots whose next token it now predicts."""
        batch, at, ready = self._batch, 0, []
        # Growing answers (one token each) go first, so that a long prompt never delays them.
        for slot in sorted(busy, key=lambda slot: len(slot.unread)):
            part = slot.unread[: _BATCH_TOKENS - at]
            del slot.unread[: len(part)]
            for token in part:
                batch.token[at] = token
                batch.pos[at] = len(slot.read)
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = slot.number
                batch.logits[at] = False
                slot.read.append(token)
                at += 1
            if part and not slot.unread:
                batch.logits[at - 1] = True
                ready.append(slot)
        batch.n_tokens = at
        code = self._llama.llama_decode(self._context, batch)
        if code:
            raise RuntimeError(f"llama.cpp could not read a batch of {at} tokens (code {code})")
        return ready

    def _logits(self, n_rows: int) -> np.ndarray:
        pointer = self._llama.llama_get_logits(self._context)
        return np.ctypeslib.as_array(pointer, shape=(n_rows, self._n_vocabulary))

    def _extend(self, slot: _Slot, token: int) -> Completion | None:
        """Add a token to the answer; return the answer when it is complete."""
        if not self._llama.llama_vocab_is_eog(self._vocabulary, token):
            slot.answer.append(token)
            slot.unread = [token]
            if len(slot.answer) < slot.order.request.max_tokens:
                return None
            return Completion(self._text(slot.answer), len(slot.answer), LENGTH)
        return Completion(self._text(slot.answer), len(slot.answer) + 1, STOP)

    def _judge(self, choices: tuple[str, ...], logits: np.ndarray) -> Completion:
        first = [self._tokens(choice)[0] for choice in choices]
        weight = np.exp(logits[first] - logits[first].max(), dtype=np.float64)
        shares = tuple(float(share) for share in weight / weight.sum())
        return Completion(choices[int(np.argmax(shares))], 1, STOP, shares)

    def _leave(self, slot: _Slot, done: Completion) -> tuple[Hashable, Completion]:
        key, slot.order, slot.unread = slot.order.key, None, []
        return key, done

    def _seat(self, slot: _Slot, order: _Order) -> None:
        """Give a slot to a request; forget what the slot has read beyond the common beginning."""
        shared = slot.n_shared(order.prompt)
        del slot.read[shared:]
        self._llama.llama_memory_seq_rm(self._memory, slot.number, shared, -1)
        slot.order, slot.answer, slot.unread = order, [], order.prompt[shared:]
        slot.rng = np.random.default_rng(order.request.seed)

    def _take_order(self, key: Hashable, request: Request) -> _Order:
        prompt = self.prompt_tokens(request)
        require(
            len(prompt) + request.max_tokens <= SLOT_TOKENS,
            f"request {key!r}: {len(prompt)} tokens of prompt and {request.max_tokens} of answer",
            f"at most {SLOT_TOKENS} in all",
            "The answer would lose its beginning.",
            "Shorten the prompt or lower max_tokens.",
        )
        return _Order(key, request, prompt)

    def prompt_tokens(self, request: Request) -> list[int]:
        """Return the tokens of the chat: marks are special tokens, what is quoted never is."""
        turns = [("system", request.system)] if request.system else []
        tokens = []
        for role, content in [*turns, ("user", request.user)]:
            tokens += self._tokens("<|im_start|>", special=True)
            tokens += self._tokens(f"{role}\n{content}")
            tokens += self._tokens("<|im_end|>", special=True) + self._tokens("\n")
        tokens += self._tokens("<|im_start|>", special=True) + self._tokens("assistant\n")
        return tokens + (self._tokens(request.start) if request.start else [])

    def _tokens(self, text: str, special: bool = False) -> list[int]:
        raw = text.encode()
        room = (self._llama.llama_token * (len(raw) + 8))()
        count = self._llama.llama_tokenize(
            self._vocabulary, raw, len(raw), room, len(room), False, special
        )
        return list(room[:count])

    def _text(self, tokens: list[int]) -> str:
        room, pieces = ctypes.create_string_buffer(256), []
        for token in tokens:
            size = self._llama.llama_token_to_piece(
                self._vocabulary, token, room, len(room), 0, False
            )
            pieces.append(room.raw[: max(0, size)])
        return b"".join(pieces).decode("utf-8", errors="ignore")  # a cut letter at the end

    def _open_context(self, n_threads: int, n_slots: int) -> object:
        settings = self._llama.llama_context_default_params()
        settings.n_ctx = n_slots * SLOT_TOKENS
        settings.n_seq_max = n_slots
        settings.n_batch = _BATCH_TOKENS
        settings.n_threads = settings.n_threads_batch = n_threads
        return _must_be(
            self._llama.llama_init_from_model(self._model, settings),
            f"llama.cpp could not open a context of {settings.n_ctx} tokens (about 600 MB). "
            f"Free some memory, or use fewer slots.",
        )


def _best_order(slot: _Slot, waiting: list[_Order]) -> _Order:
    """Take the order whose beginning the slot knows best, but let none wait for long."""
    if waiting[0].passed_over >= _MAX_PATIENCE * SLOTS:
        return waiting.pop(0)
    best = max(range(len(waiting)), key=lambda i: (slot.n_shared(waiting[i].prompt), -i))
    for order in waiting[:best]:
        order.passed_over += 1
    return waiting.pop(best)


def _must_be(pointer: object, message: str) -> object:
    if not pointer:
        raise DataUnavailableError(message)
    return pointer
