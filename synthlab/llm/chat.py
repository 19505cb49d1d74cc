"""What a chat endpoint is asked, and how its answer is read.

Unlike a local model, it decides itself how an answer begins: it repeats the start that was asked
for, prints it in bold, or says "Sure, here is your email:" first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from synthlab.llm.model import Request

#: A short first line that ends in a colon, such as "Sure! Here is your email:".
_PREFACE = re.compile(r"\s*\S[^\n]{0,80}(?<=:)[^\S\n]*\n")


def instructed(request: Request) -> str:
    """Return the user's message, and in it what else the request wants of the answer."""
    if request.choices:
        return f"{request.user}\n\nAnswer with one word: {' or '.join(request.choices)}."
    if not request.start or f"'{request.start}'" in request.user:
        return request.user
    return f"{request.user}\n\nStart with '{request.start}'."


def without_start(text: str, start: str) -> str:
    r"""Return what follows the start, however often, in whatever marks and after what preface.

    The time that it takes grows as the text does: an endpoint may answer with anything.

    >>> without_start("Here is your email:\n\n**Subject:** Subject: Hello\n\nBody", "Subject:")
    'Hello\n\nBody'
    """
    if not start:
        return text
    word, end = re.escape(start[:-1]), re.escape(start[-1])
    once = re.compile(rf"[*_#`\s]*{word}[*_]*{end}[*_`]*[ \t]*", re.IGNORECASE)
    preface = _PREFACE.match(text)
    for begin in (preface.end() if preface else 0, 0):
        at = begin
        while found := once.match(text, at):
            at = found.end()
        if at > begin:
            return text[at:]
    return text


def chosen(
    choices: tuple[str, ...], text: str, logprobs: Mapping[str, float]
) -> tuple[str, tuple[float, ...]]:
    """Return the choice that was made, and the probabilities of all.

    Parameters
    ----------
    choices : tuple of str
    text : str
        The answer; its first word is the choice where there are no probabilities.
    logprobs : mapping of str to float
        Of the likeliest first tokens.  A choice that is not among them counts as impossible.

    Returns
    -------
    choice : str
        Empty if the answer names none.
    probabilities : tuple of float
        Empty if unknown.
    """
    weights = [
        sum(math.exp(value) for token, value in logprobs.items() if _means(token, choice))
        for choice in choices
    ]
    if total := sum(weights):
        return choices[weights.index(max(weights))], tuple(weight / total for weight in weights)
    first = re.search(r"\w+", text)
    named = [choice for choice in choices if first and first[0].casefold() == choice.casefold()]
    return (named[0] if named else ""), ()


def _means(token: str, choice: str) -> bool:
    return token.strip().casefold() == choice.casefold()
