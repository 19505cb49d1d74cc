"""The way to an endpoint: its URL, the key, and an HTTP client that reads only so much.

The key comes from the environment.  It is sent to the endpoint and goes nowhere else; the client's
log, which would show it, stays silent.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from synthlab.errors import ExtraMissingError, require

KEY_VARIABLE = "OPENAI_API_KEY"
#: A body with more bytes is given up.
MOST_BYTES = 2**20


class TooLongError(ValueError):
    """A body has more bytes than any answer needs."""


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
    """Whether a URL leads to this machine."""
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


def open_client(url: str, key: str, timeout: float) -> tuple[Any, Any]:
    """Return the module ``openai`` and a client of it that repeats nothing by itself.

    Parameters
    ----------
    url, key : str
    timeout : float
        Seconds.

    Raises
    ------
    ExtraMissingError
        The package is not installed.
    """
    try:
        import openai
    except ImportError as error:
        raise ExtraMissingError(
            "the client of language-model endpoints (openai) is not installed. Without it none "
            "can be asked; all notebooks run from recorded e-mails. pip install synthlab[llm]"
        ) from error
    for name in ("openai", "httpx", "httpcore", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)  # below it they log headers
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
    most = MOST_BYTES // 16 if is_packed else MOST_BYTES

    def bounded() -> Iterator[bytes]:
        n_bytes = 0
        for part in stream:
            n_bytes += len(part)
            if n_bytes > most:
                raise TooLongError(f"what came back has more than {most:,} bytes")
            yield part

    # The client's own kind of stream, whichever HTTP package it came with.
    kind = next(c for c in type(stream).__mro__ if c.__name__ == "SyncByteStream")
    methods = {"__iter__": lambda self: bounded(), "close": lambda self: stream.close()}
    response.stream = type("Bounded", (kind,), methods)()
