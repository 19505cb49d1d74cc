"""Messages built by the standard library and by hand: what is read, what is left out."""

import time
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synthlab.datasets.email_parser import (
    Mail,
    html_to_text,
    parse_mail,
    strip_collection_marks,
    tidy,
)

STEADY = settings(deadline=None, derandomize=True, max_examples=50)


def parsed(content="hello", subtype="plain", subject="hi", **options) -> Mail:
    """Round trip of a message that the standard library wrote."""
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content(content, subtype=subtype, **options)
    return parse_mail(message.as_bytes())


def by_hand(body: bytes, *headers: str) -> Mail:
    return parse_mail("\n".join([*headers, "", ""]).encode("latin-1") + body)


def stripped(body="", subject="") -> Mail:
    return strip_collection_marks(Mail(subject, body, None))


# --- subject -------------------------------------------------------------------------------


def test_the_subject_is_decoded_into_one_line():
    for header, subject in [
        ("Subject: plain words", "plain words"),
        ("Subject: =?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("Subject: =?iso-8859-1?q?Gr=FC=DFe?= from =?utf-8?q?K=C3=B6ln?=", "Grüße from Köln"),
        ("Subject: =?x-unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("Subject: folded\n over\n\ttwo lines", "folded over two lines"),
        ("Subject:   too   many\tblanks  ", "too many blanks"),
        ("Subject:", ""),
        ("X-Other: no subject at all", ""),
    ]:
        assert by_hand(b"body", header).subject == subject


def test_a_broken_encoded_word_does_not_cost_the_message():
    for word in ["=?utf-8?b?a?=", "=?utf-8?x?a?=", "=?utf-8?q?=ZZ", "=?", "=??b??="]:
        mail = by_hand(b"the body", f"Subject: cheap {word}")
        assert mail.subject.startswith("cheap")
        assert mail.body == "the body"


def test_a_subject_of_raw_bytes_is_read():
    assert parse_mail(b"Subject: cheap \xe9\xff pills\n\nbody").subject.startswith("cheap")


# --- body ----------------------------------------------------------------------------------


def test_every_transfer_encoding_gives_the_same_text():
    for encoding in ["7bit", "quoted-printable", "base64"]:
        assert parsed("a = b, and so on", cte=encoding).body == "a = b, and so on"


def test_the_declared_charset_is_used():
    for charset in ["utf-8", "iso-8859-1", "windows-1252", "cp850"]:
        assert parsed("Grüße aus Köln", charset=charset, cte="base64").body == "Grüße aus Köln"


def test_without_a_usable_charset_utf_8_then_latin_1_is_tried():
    for charset, encoding in product(
        ["x-unknown", "default_charset", "hex", "undefined", "utf-8"], ["utf-8", "iso-8859-1"]
    ):
        mail = by_hand("Grüße".encode(encoding), f"Content-Type: text/plain; charset={charset}")
        assert mail.body == "Grüße"


def test_a_message_without_content_type_is_plain_text():
    assert by_hand(b"just words", "Subject: x").body == "just words"


def test_header_lines_never_reach_the_text():
    mail = by_hand(b"words", "From: spammer@example.com", "X-Mailer: Blaster", "Subject: hi")
    assert mail.body == "words"


def alternative(plain, html):
    message = EmailMessage()
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return message


def test_plain_text_is_preferred_to_html():
    message = alternative("the plain words", "<p>the marked-up words</p>")
    assert parse_mail(message.as_bytes()).body == "the plain words"


def test_html_is_read_where_the_plain_part_is_blank():
    message = alternative(" \n", "<p>the marked-up words</p>")
    assert parse_mail(message.as_bytes()).body == "the marked-up words"


def test_html_alone_is_rendered_to_text():
    assert parsed("<p>one</p><p>two</p>", subtype="html").body == "one\n\ntwo"


def test_plain_text_that_is_really_html_is_rendered_to_text():
    html = "<html><body><p>Act <b>now</b></p><table><tr><td>and win</td></tr></table></body></html>"
    assert parsed(html).body.split() == ["Act", "now", "and", "win"]


def test_plain_text_with_angle_brackets_stays():
    for text in ["if a <b and c> d, stop", "write to <bob@example.com>", "1 < 2"]:
        assert parsed(text).body == text


def test_attachments_are_skipped():
    message = EmailMessage()
    message.set_content("see the file")
    message.add_attachment("secret words", filename="notes.txt")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="a.png")
    assert parse_mail(message.as_bytes()).body == "see the file"


def test_a_forwarded_message_is_read_too():
    inner, outer = EmailMessage(), EmailMessage()
    inner.set_content("what she wrote")
    outer.set_content("look at this")
    outer.add_attachment(inner)
    assert parse_mail(outer.as_bytes()).body.split("\n") == ["look at this", "", "what she wrote"]


def test_a_multipart_without_its_boundary_is_no_error():
    mail = by_hand(b"--x\n\nlost\n", "Content-Type: multipart/mixed")
    assert isinstance(mail.body, str)


# --- HTML ----------------------------------------------------------------------------------


def test_html_gives_its_visible_text():
    for html, text in [
        ("<script>var a = 'x';</script>seen", "seen"),
        ("<style>p {color: red}</style>seen", "seen"),
        ("<head><title>hidden</title></head><body>seen</body>", "seen"),
        ("<head><title>hidden</title><body>seen</body>", "seen"),
        ("<head><title>hidden</title><p>seen", "seen"),  # a paragraph ends an open head
        ("se<!-- hidden -->en", "seen"),
        ("Fish &amp; chips &lt;now&gt; &#8364;5 &eacute;", "Fish & chips <now> €5 é"),
        ("one<br>two<div>three</div>", "one\ntwo\nthree"),
        ("<b>bo</b>ld <i>words</i>", "bold words"),
        ("many \n\t  blanks&nbsp;&nbsp;here", "many blanks here"),
        ("<a href='http://example.com'>click</a> <img src=x alt=hidden>", "click"),
        ("<p>never closed <b>at all", "never closed at all"),
        ("", ""),
    ]:
        assert html_to_text(html) == text


def test_malformed_html_is_no_error():
    for html in ["<p>seen<![spam[x]]>", "<p>seen<![ [", "<p>seen<!", "<p>seen<"]:
        assert html_to_text(html).startswith("seen")


def test_tidy_collapses_blanks_and_drops_control_characters():
    assert tidy("  a \t b\xa0c\x00\x07 \n\n\n\n d\r\n") == "a b c\n\nd"


@STEADY
@given(text=st.text())
def test_tidy_leaves_nothing_more_to_tidy(text):
    assert tidy(tidy(text)) == tidy(text)


# --- date of receipt -----------------------------------------------------------------------

HOP = "Received: from a.example by b.example (8.9/8.9) id 1; "
AUGUST = datetime(2002, 8, 22, 11, 30, tzinfo=UTC)


def received(*headers):
    return by_hand(b"body", *headers).received


def test_the_newest_hop_wins_over_older_hops_and_the_senders_date():
    newest = HOP + "Thu, 22 Aug 2002 12:30:00 +0100"
    older = HOP + "Wed, 21 Aug 2002 09:00:00 +0000"
    assert received(newest, older, "Date: Fri, 01 Jan 2038 00:00:00 +0000") == AUGUST


def test_a_hop_without_a_date_is_passed_over():
    hops = "Received: by nobody", HOP + "no date", HOP + "Thu, 22 Aug 2002 11:30:00 GMT"
    assert received(*hops) == AUGUST


def test_a_folded_hop_is_read():
    assert received("Received: by b.example; Thu,\n\t22 Aug 2002\n 11:30:00 +0000") == AUGUST


def test_the_senders_date_stands_in_where_no_hop_has_one():
    assert received("Date: Thu, 22 Aug 2002 07:30:00 -0400") == AUGUST


@pytest.fixture
def in_tokyo(monkeypatch):
    """Let this machine's clock stand nine hours ahead."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_date_without_a_zone_is_taken_as_utc_wherever_it_is_read():
    assert received("Date: Thu, 22 Aug 2002 11:30:00") == AUGUST


def test_an_impossible_date_is_no_date():
    for date in [
        "",
        "yesterday",
        "Thu, 42 Aug 2002 11:30:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -0500",
        "Fri, 31 Dec 99999999999999999999 23:59:59 -0500",
        "Thu, 22 Aug 2002 11:30:00 +9999",
    ]:
        assert received(f"Date: {date}") is None


def test_an_impossible_hop_leaves_the_senders_date():
    hop = HOP + "Fri, 31 Dec 9999 23:59:59 -0500"
    assert received(hop, "Date: Thu, 22 Aug 2002 11:30:00 +0000") == AUGUST


def test_without_any_date_there_is_none():
    assert received("Subject: hi") is None


# --- arbitrary bytes -----------------------------------------------------------------------

HEADERS = st.sampled_from(
    "Subject Date Received Content-Type Content-Transfer-Encoding Content-Disposition".split()
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"text/html", b"text/plain; charset=utf-7", b"base64", b"x-uuencode", b"multipart/mixed"]
    ),
    st.builds(b"=?utf-8?%b?%b?=".__mod__, st.tuples(st.sampled_from([b"b", b"q"]), st.binary())),
)
MESSAGES = st.builds(
    lambda headers, body: b"".join(b"%b: %b\n" % h for h in headers) + b"\n" + body,
    st.lists(st.tuples(HEADERS.map(str.encode), VALUES), max_size=5),
    st.binary(max_size=200),
)


@settings(STEADY, max_examples=300)
@given(raw=st.one_of(st.binary(max_size=200), MESSAGES))
@example(raw=b"Subject: =?utf-8?b?a?=\n\nx")
@example(raw=b"Content-Type: text/html\n\n<![spam[")
@example(raw=b"Date: Fri, 31 Dec 9999 23:59:59 -0500\n\nx")
@example(raw=b"Content-Type: text/plain; name*=a\x00b''x\n\nx")
@example(raw=b"Content-Type: text/plain; charset*=a\x00b''x\n\nx")
def test_no_bytes_raise(raw):
    mail = strip_collection_marks(parse_mail(raw))
    assert isinstance(mail.subject, str)
    assert isinstance(mail.body, str)


# --- marks of the collection ---------------------------------------------------------------


def test_the_list_tag_leaves_the_subject():
    for subject, without in [
        ("[ILUG] kernel panic", "kernel panic"),
        ("Re: [ILUG] kernel panic", "Re: kernel panic"),
        ("Re: Fwd: [SAdev] kernel panic", "Re: Fwd: kernel panic"),
        ("RE[2]: [Razor-users] kernel panic", "RE[2]: kernel panic"),
        ("kernel panic [fixed]", "kernel panic [fixed]"),
        ("kernel panic", "kernel panic"),
        ("[]", "[]"),
    ]:
        assert stripped(subject=subject).subject == without


MAILMAN = """_______________________________________________
Spamassassin-talk mailing list
Spamassassin-talk@example.sourceforge.net
https://lists.example.net/lists/listinfo/spamassassin-talk"""
ILUG = """--
Irish Linux Users' Group: ilug@linux.example
http://www.linux.example/mailman/listinfo/ilug for (un)subscription information.
List maintainer: listmaster@linux.example"""
SF_NET = """-------------------------------------------------------
This sf.net email is sponsored by: Jabber - The world's fastest growing
real-time communications platform! Don't just IM. Build it in!
http://www.jabber.example/osdn/xim"""
YAHOO = """------------------------ Yahoo! Groups Sponsor ---------------------~-->
4 DVDs Free +s&p Join Now
http://us.click.example.com/pt6YBB
---------------------------------------------------------------------~->

To unsubscribe from this group, send an email to:
forteana-unsubscribe@egroups.example

Your use of Yahoo! Groups is subject to http://docs.example.com/info/terms/"""
FOOTERS = {"mailman": MAILMAN, "ilug": ILUG, "sf.net": SF_NET, "yahoo": YAHOO}


def words_left(body):
    """Return the lines that hold a word, with quotation marks taken off."""
    return [line for line in stripped(body).body.split("\n") if any(c.isalpha() for c in line)]


def test_a_footer_leaves_the_body():
    for name in FOOTERS:
        assert words_left(f"It works now.\n\n{FOOTERS[name]}\n") == ["It works now."]


def test_a_quoted_footer_leaves_the_body():
    for name in FOOTERS:
        quoted = "\n".join(f"> {line}" for line in FOOTERS[name].split("\n"))
        assert words_left(f"It works now.\n\n{quoted}\n") == ["It works now."]


def test_what_follows_a_footer_stays():
    for name in FOOTERS:
        body = f"It works now.\n\n{FOOTERS[name]}\n\nAs she said before."
        assert words_left(body) == ["It works now.", "As she said before."]


def test_the_head_of_a_feed_item_leaves_the_body():
    body = "URL: http://example.com/entry/7\nDate: 2002-09-30T01:13:00\n\nA new phone."
    assert stripped(body).body == "A new phone."


def test_a_url_within_the_text_stays():
    body = "A new phone.\nURL: http://example.com/entry/7\nDate: tomorrow"
    assert stripped(body).body == body


def test_addresses_of_the_collector_leave():
    for address, place in product(
        [
            "yyyy@example.taint.org",
            "jm@jmason.org",
            "zzzz@netnoteinc.com",
            "qqqqqqqqqq-cgi@example.com",
        ],
        ["body", "subject"],
    ):
        mail = stripped(**{place: f"To {address} with greetings"})
        assert getattr(mail, place) == "To with greetings"


def test_boundaries_left_in_the_text_leave():
    assert words_left("It works.\n--=_NextPart_000_00A1_01C24B\n") == ["It works."]


def test_quotations_signatures_and_prose_stay():
    for body in [
        "On Monday Bob wrote:\n> It works now.\n> Thanks, all.",
        "It works now.\n\n--\nBob\nExample Ltd, +353 1 555",
        "I asked on the mailing list yesterday, and nobody knew.",
        "To unsubscribe from your gym is harder than it looks.",
        "Write to bob@example.com or call.",
        "The talk is sponsored by a bank.",
        "On 2002-08-22 it rained.",
        "snake_case and -- dashes -- stay",
    ]:
        assert stripped(body).body == body


def test_stripping_keeps_the_date():
    assert strip_collection_marks(Mail("s", "b", AUGUST)).received == AUGUST


@STEADY
@given(text=st.text(alphabet=st.sampled_from("ab [].>\n"), max_size=60))
def test_stripping_text_without_marks_only_tidies(text):
    assert stripped(text).body == tidy(text)
