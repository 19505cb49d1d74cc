"""From the bytes of one e-mail message to its subject, body text and date of receipt.

Only the standard library is used.  ``data/README.md`` says what is removed from a message and why:
header lines never reach the text, because addresses and host names of a collector reveal which
collection a message came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

_BLOCK_TAGS = frozenset(
    "address article blockquote body br center dd div dl dt form h1 h2 h3 h4 h5 h6 hr li ol p pre "
    "table td th tr ul".split()
)
_SILENT_TAGS = frozenset({"head", "script", "style", "title"})
_MARKUP = re.compile(r"<(?:html|body|table|font|center|br|p|div|a)\b", re.IGNORECASE)

# These reveal which collection a message came from, not whether it is spam.
_LIST_TAG = re.compile(r"^((?:(?:re|fwd?|fw)(?:\[\d+\])?:\s*)*)\[[^\[\]]{2,30}\]\s*", re.IGNORECASE)
_FOOTER_LINE = re.compile(
    r"""^[>|\s]*(?:
        _{20,} | -{2}[\w=.]{12,}(?:--)?                     # Mailman's rule, a MIME boundary
      | [\w.' -]{2,40}\ mailing\ list | \S+@\S+           # the list's name, its address alone
      | (?:To\ unsubscribe:?\ )?.*\S+/(?:listinfo|mailman)\b.*
      | Irish\ Linux\ Users'\ Group.* | List\ maintainer:.*
    )[ ]*$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_SPONSOR = re.compile(
    r"^[>|\s]*This sf\.net email is sponsored by.*(?:\n(?![>|\s]*_{20,}).+){0,5}",
    re.IGNORECASE | re.MULTILINE,
)
_YAHOO = re.compile(
    r"^[>|\s]*-{10,} Yahoo! Groups Sponsor(?:.*\n){1,8}?.*-{10,}.*$"
    r"|^[>|\s]*To unsubscribe from this group(?:.*\n){1,5}?.*Your use of Yahoo! Groups.*$",
    re.MULTILINE,
)
_FEED_HEAD = re.compile(r"\AURL: \S+\s+Date: .*\n", re.IGNORECASE)
_COLLECTOR_NAME = re.compile(
    r"taint\.org|netnoteinc\.com|jmason\.org|\bzzzz|\byyyy@|qqqqqqq", re.IGNORECASE
)
_COLLECTOR = re.compile(rf"\S*(?:{_COLLECTOR_NAME.pattern})\S*", re.IGNORECASE)
_UNUSUAL = re.compile(r"[^\x20-\x7e\n\t]")


@dataclass(frozen=True)
class Mail:
    """One parsed message.

    Attributes
    ----------
    subject : str
        Decoded subject, white space collapsed; may be empty.
    body : str
        Decoded text of the message; HTML is rendered to text.  May be empty.
    received : datetime.datetime or None
        When the collector's own mail server took the message, in UTC; None where no
        header gives a date.
    """

    subject: str
    body: str
    received: datetime | None


def parse_mail(raw: bytes) -> Mail:
    """Parse one RFC 822 message; malformed parts are skipped, never raised on."""
    message = message_from_bytes(raw.replace(b"\0", b""))  # the parser trips over NUL
    return Mail(_subject(message), _body(message), _received(message))


def strip_collection_marks(mail: Mail) -> Mail:
    """Remove what names the collection rather than the content.

    Removed are mailing-list tags in the subject, list and sponsor footers (quoted ones too),
    the two lines that the collector's feed reader put first, MIME boundaries left in the
    text, and addresses of the collector.  Quoting, signatures and dates in the prose stay.
    """
    body = _FEED_HEAD.sub("", mail.body)
    for pattern in (_SPONSOR, _YAHOO, _FOOTER_LINE):
        body = pattern.sub("", body)
    subject = _strip_collector(_LIST_TAG.sub(r"\1", mail.subject))
    return replace(mail, subject=tidy(subject), body=tidy(_strip_collector(body)))


def html_to_text(html: str) -> str:
    """Return the visible text of an HTML page, one line per block element."""
    reader = _TextOfHTML()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # html.parser on "<![" and the like: drop the tags by hand
        return tidy(re.sub(r"<[^>]*>?", " ", html))
    return tidy(reader.text())


def tidy(text: str) -> str:
    """Collapse runs of blanks and of empty lines; drop control characters."""
    text = _UNUSUAL.sub(_plain_character, text)
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _strip_collector(text: str) -> str:
    """Drop words that name the collector; searching first is ten times as fast."""
    return _COLLECTOR.sub("", text) if _COLLECTOR_NAME.search(text) else text


def _plain_character(match: re.Match) -> str:
    """Keep printable characters, turn any white space into a blank, drop the rest."""
    character = match[0]
    if character.isprintable():
        return character
    return " " if character.isspace() else ""


class _TextOfHTML(HTMLParser):
    """Collect character data outside of scripts, styles and the head."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in _BLOCK_TAGS:  # many messages never close their <head>
            self._silent = 0
        elif tag in _SILENT_TAGS:
            self._silent += 1
        if tag in _BLOCK_TAGS:
            self._pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT_TAGS:
            self._silent = max(0, self._silent - 1)
        if tag in _BLOCK_TAGS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        return "".join(self._pieces)


def _subject(message: Message) -> str:
    raw = str(message.get("Subject", ""))
    try:
        pieces = [_decode(p, cs) if isinstance(p, bytes) else p for p, cs in decode_header(raw)]
    except (ValueError, HeaderParseError):  # a broken encoded word
        pieces = [raw]
    return tidy(re.sub(r"\s+", " ", "".join(pieces)))


def _body(message: Message) -> str:
    plain, html = [], []
    for part in message.walk():
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and part.get_filename() is None:
            (plain if kind == "text/plain" else html).append(_payload(part))
    text = tidy("\n".join(plain))
    if not text:
        return html_to_text("\n".join(html))
    is_mislabeled = len(_MARKUP.findall(text)) >= 3
    return html_to_text(text) if is_mislabeled else text


def _payload(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return _decode(payload, part.get_content_charset()) if payload else ""


def _decode(raw: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name or "utf-8")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return raw.decode("latin-1")


def _received(message: Message) -> datetime | None:
    """Read the newest hop: the collector's server wrote it, so a sender cannot forge it."""
    hops = [str(hop).rpartition(";")[2] for hop in message.get_all("Received", [])]
    for text in [*hops, str(message.get("Date", ""))]:
        try:
            date = parsedate_to_datetime(" ".join(text.split()))
            return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
        except (TypeError, ValueError, IndexError, OverflowError):
            continue
    return None
