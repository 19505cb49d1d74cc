"""What the course asks of a language model: requests in, completions out, in any order.

A back end is anything that has the members of `LanguageModel`: one runs llama.cpp in this
process (`local`), another calls an endpoint (`endpoint`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from synthlab.errors import is_number, is_whole, require

STOP, LENGTH = "stop", "length"


@dataclass(frozen=True)
class Request:
    """One answer to be written.

    Attributes
    ----------
    system, user : str
        The messages of the prompt; an empty ``system`` is left out.
    start : str
        How the answer begins; the model goes on from there.
    seed : int
        Of this answer's random choices.
    max_tokens : int
        The answer is cut off after so many.
    choices : tuple of str
        When given, nothing is written: the answer is the likeliest of these, judged by the
        probability of its first token where that is known.
    """

    system: str
    user: str
    start: str = ""
    seed: int = 0
    max_tokens: int = 64
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Completion:
    """One answer.

    Attributes
    ----------
    text : str
        What follows the request's ``start``, or the likeliest choice; empty where an endpoint
        named none of the choices.
    n_tokens : int
        Tokens that were drawn.
    finish : {"stop", "length"}
        Whether the model ended the answer, or the limit did.
    probabilities : tuple of float
        Of the choices, summing to 1; empty for a written answer, and where a back end does not
        know them.
    """

    text: str
    n_tokens: int
    finish: str
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn: scaled, then cut to the ``top_k``, then to ``top_p``.

    Attributes
    ----------
    temperature : float
        0 always takes the likeliest token.
    top_k : int or None
        Only so many of the likeliest tokens can be drawn; None sets no such limit.
    top_p : float in (0, 1]
        Of those, only the likeliest ones that together reach this probability.

    Raises
    ------
    InputError
        A value is out of range.
    """

    temperature: float = 0.9
    top_k: int | None = 50
    top_p: float = 0.95

    def __post_init__(self) -> None:
        is_top_k = is_whole(self.top_k, 1) and self.top_k <= 1_000
        ranges = {
            "temperature": (is_number(self.temperature, 0, 10), "0 (the likeliest token) to 10"),
            "top_k": (self.top_k is None or is_top_k, "1 to 1,000"),
            "top_p": (is_number(self.top_p, 0, 1) and self.top_p > 0, "more than 0, at most 1"),
        }
        for name, (is_fine, expected) in ranges.items():
            require(
                is_fine,
                f"{name}={getattr(self, name)}",
                expected,
                "No token could be drawn.",
                f"Choose from that; {name}={getattr(Sampling, name)} is the default.",
            )


DEFAULT_SAMPLING = Sampling()


class LanguageModel(Protocol):
    """A back end.

    Attributes
    ----------
    name : str
        Begins the ids of what it writes, such as ``"smollm2"``.
    sha256 : str
        Of the weights; of an endpoint, which shows none, an empty string.
    settings : mapping
        What else distinguishes this model, as JSON has it: a recording goes on only with
        the same.  Never a key.
    """

    name: str
    sha256: str
    settings: Mapping[str, Any]

    def complete(
        self, requests: Iterable[tuple[Hashable, Request]]
    ) -> Iterator[tuple[Hashable, Completion]]:
        """Answer requests as a stream.

        Parameters
        ----------
        requests : iterable of (key, Request)
            Taken only as fast as answers are wanted, so that it may be long or endless.

        Yields
        ------
        key : Hashable
            That of the request: answers come in any order, each once.
        completion : Completion
        """
        ...
