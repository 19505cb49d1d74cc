"""Disguises: a person still reads the words, a model that splits texts at blanks does not.

The dose is the share of words that are disguised (of *base64*: the share that is encoded, from
the end).
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from string import ascii_letters

import numpy as np

from synthlab.edges.changes import Change

_BLANKS = re.compile(r"(\s+)")
_ZERO_WIDTH = "\u200b\u200c\u2060"  # space, non-joiner, word joiner
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_TAGS = ("<b>{}</b>", "<i>{}</i>", '<font color="#336699">{}</font>', "<span>{}</span>")
_SCRIPTS = ("CYRILLIC", "GREEK")
_LINE = 76  # characters, as in mail
_SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


def _on_words(
    text: str, dose: float, rng: np.random.Generator, alter: Callable[[str, float], str]
) -> str:
    """Alter a share of the words; each also gets a number in [0, 1) that says where."""
    pieces = _BLANKS.split(text)  # words at even places, blanks between them
    words = pieces[::2]
    is_hit, where = rng.random(len(words)) < dose, rng.random(len(words))
    pieces[::2] = [
        alter(word, place) if hit else word
        for word, hit, place in zip(words, is_hit, where, strict=True)
    ]
    return "".join(pieces)


@lru_cache(maxsize=1)
def _homoglyphs() -> dict[str, str]:
    """Map letters to characters of another script that look the same and stay so under NFKC."""
    from confusable_homoglyphs import confusables  # reads its tables when first imported

    def doubles(letter: str) -> list[str]:
        found = confusables.is_confusable(letter, greedy=True, preferred_aliases=[]) or []
        signs = [sign["c"] for entry in found for sign in entry["homoglyphs"]]
        return [sign for sign in signs if _is_letter_of_another_script(sign)]

    return {letter: min(signs) for letter in ascii_letters if (signs := doubles(letter))}


def _is_letter_of_another_script(sign: str) -> bool:
    if len(sign) != 1 or not sign.isalpha():
        return False
    is_foreign = unicodedata.name(sign, "").startswith(_SCRIPTS)
    return is_foreign and unicodedata.normalize("NFKC", sign) == sign


def _one_homoglyph(word: str, where: float) -> str:
    alike = _homoglyphs()
    places = [place for place, letter in enumerate(word) if letter in alike]
    if not places:
        return word
    place = places[int(where * len(places))]
    return word[:place] + alike[word[place]] + word[place + 1 :]


def _one_zero_width(word: str, where: float) -> str:
    if len(word) < 2:
        return word
    place = 1 + int(where * (len(word) - 1))
    return word[:place] + _ZERO_WIDTH[place % len(_ZERO_WIDTH)] + word[place:]


def _spaced(word: str, where: float) -> str:
    return " ".join(word) if word.isascii() else word


def _tagged(word: str, where: float) -> str:
    return _TAGS[int(where * len(_TAGS))].format(html.escape(word)) if word else word


def _as_html(text: str, dose: float, rng: np.random.Generator) -> str:
    if dose == 0:
        return text
    return f"<html><body>\n{_on_words(text, dose, rng, _tagged)}\n</body></html>"


def _as_base64(text: str, dose: float, rng: np.random.Generator) -> str:
    pieces = _BLANKS.split(text)
    kept = 2 * round((1 - dose) * len(pieces[::2]))
    rest = "".join(pieces[kept:])
    if not rest.strip():
        return text
    code = base64.b64encode(rest.encode("utf-8", "surrogatepass")).decode("ascii")
    lines = (code[start : start + _LINE] for start in range(0, len(code), _LINE))
    return "".join(pieces[:kept]) + "\n".join(lines)


def _word_change(name: str, alter: Callable[[str, float], str]) -> Change:
    def apply(text: str, dose: float, rng: np.random.Generator) -> str:
        return _on_words(text, dose, rng, alter)

    return Change(name, apply, "share of words", _SHARES)


#: One letter of the word is of another script and looks the same.
HOMOGLYPHS = _word_change("homoglyphs", _one_homoglyph)
#: A character without width stands inside the word; `text.tidy` takes it out again.
ZERO_WIDTH = _word_change("zero-width", _one_zero_width)
#: Digits for letters.
LEETSPEAK = _word_change("leetspeak", lambda word, where: word.translate(_LEET))
#: A blank between any two letters.
SPACED_LETTERS = _word_change("spaced letters", _spaced)
#: The message as HTML that nobody renders; the dose is the share of words in tags.
HTML_ONLY = Change("HTML only", _as_html, "share of words", _SHARES)
#: The end of the message as base64 that nobody decodes.
BASE64 = Change("base64", _as_base64, "share of words", _SHARES)
#: All of them, by name.
DISGUISES = {
    change.name: change
    for change in (HOMOGLYPHS, ZERO_WIDTH, LEETSPEAK, SPACED_LETTERS, HTML_ONLY, BASE64)
}
