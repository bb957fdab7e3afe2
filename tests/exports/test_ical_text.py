"""Whatever stands in a text, the calendar is valid and says it: no line can be forged, cut in two or damaged."""

from __future__ import annotations

import re
import string
from uuid import UUID

import icalendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.exports.exported import HOSTILE, hostile, ledger_of, register, texts
from tests.exports.ical_feeds import feed
from tests.exports.ical_readers import READERS, by_icalendar
from timeline.exports.ical.content import Content, Revision
from timeline.exports.ical.entries import categories
from timeline.exports.ical.render import END, head, rendered
from timeline.exports.ical.text import BACKSLASH, OCTETS, clean, folded, one_line

INJECTIONS = (
    "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:forged",
    "x\nATTENDEE:mailto:a@example.org",
    "\x00\x07\x1b[2J\x7f\x85\x9f\u2028\u2029",
    "a\\nb\\,c\\;d\\\\e\\",
    ";,:=\"'^n",
    "\ud800lone\udfff",
    "\u200f\u202eright to left\u202c",
    "🙂" * 60,
    "ä" * 37 + "🙂",
    ",;" * 200,
    "\n" * 100,
    "a " * 200,
    " " * 300,
    "x" * 10_000,
    "",
)
anything = (
    st.text(st.characters(), max_size=200)
    | st.sampled_from(INJECTIONS)
    | st.sampled_from(HOSTILE)
    | st.lists(st.sampled_from([*",;\\\n 🙂éx\r\u2028\ud83d"]), max_size=300).map("".join)
)


def check_lines(raw: bytes) -> None:
    """RFC 5545, 3.1: CRLF and nothing else, 75 octets, whole characters; and no escape is cut."""
    assert raw.endswith(b"\r\n")
    for line in raw.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= OCTETS
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
        line.decode()
        assert (len(line) - len(line.rstrip(b"\\"))) % 2 == 0


def calendar(summary: str, description: str, category: str) -> bytes:
    content = Content(
        id=UUID(int=1),
        summary=summary,
        status="CONFIRMED",
        first=739_000,
        last=739_000,
        description=description,
        categories=categories(("layoff", category)),
        url="https://example.org/events/1",
        edtf="2024",
    )
    revision = Revision(content, 0, 0, 0, is_gone=False)
    return head(title="A title", modified=0, source="") + rendered(revision) + END


@pytest.mark.parametrize("reader", [r for r in READERS if r not in ("ics", "ical.js")])
@given(anything, anything, anything)
def test_a_text_reads_back_as_it_was_cleaned(reader, summary, description, category):
    raw = calendar(one_line(summary) or "x", clean(description), category)

    check_lines(raw)
    (read,) = READERS[reader](raw)
    assert read.summary == (one_line(summary) or "x")
    assert read.description == clean(description)
    assert read.categories == tuple(sorted(categories(("layoff", category))))


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_the_slower_readers_find_the_same_in_the_worst_texts(text):
    """One takes a process of Node.js for every calendar, the other a second."""
    raw = calendar(one_line(text) or "x", clean(text), text)

    assert READERS["ical.js"](raw) == READERS["ics"](raw) == by_icalendar(raw)


@given(anything)
def test_the_head_of_a_calendar_holds_any_title(title):
    """A client shows the title where it lists calendars, so a forged line would be seen by all."""
    raw = head(title=title, modified=0, source="") + END

    check_lines(raw)
    assert not icalendar.Calendar.from_ical(raw).errors
    assert raw.count(b"\r\nNAME:") == raw.count(b"\r\nX-WR-CALNAME:") == 1
    assert b"UID" not in re.sub(rb":[^\r]*", b"", raw)


@given(anything)
def test_cleaning_takes_what_no_calendar_holds_and_nothing_else(text):
    found = clean(text)

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\\\]", found)
    assert clean(found) == found
    assert "\n" not in one_line(text)
    kept = set(text) - {"\\", *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"}
    assert {c for c in kept if not 0xD800 <= ord(c) < 0xE000 and not c.isspace()} <= set(found)
    assert (BACKSLASH in found) == ("\\" in text or BACKSLASH in text)


@given(st.lists(st.sampled_from(["\\n", "\\,", "\\;", "\\\\", "é", "🙂", "x", " ", "  "]), max_size=400).map("".join))
@example("x" * 74 + "\\n")
@example("x" * 73 + "🙂")
@example("SUMMARY:" + " " * 500)
def test_folding_splits_no_character_and_no_escape_and_loses_nothing(line):
    """RFC 5545, 3.1; the escapes are those of 3.3.11."""
    raw = folded(line)

    check_lines(raw)
    assert raw.replace(b"\r\n ", b"") == line.encode() + b"\r\n"


@given(st.text(string.ascii_letters + "  ", max_size=300))
def test_lines_are_broken_within_words_where_there_are_any(line):
    """Some programs trim the lines that they join, and a space beside the break would be lost."""
    lines = folded("X" * 70 + line.strip()).decode().removesuffix("\r\n").split("\r\n ")

    has_words = "  " not in line.strip()
    assert not has_words or not any(part != part.strip() for part in lines)


@given(texts(one_line=True), texts(), texts(one_line=True))
def test_events_with_hostile_texts_come_out_valid(line, text, name):
    """As the ledger takes them: in names, roles, notes, titles, places in a source."""
    with ledger_of([*register(name), *hostile(line, text)]) as ledger:
        raw = feed(ledger)

    check_lines(raw)
    found = by_icalendar(raw)
    assert len(found) == 3  # one stands at the Ides of March, 44 BC, which no calendar shows
    assert READERS["ical"](raw) == READERS["vobject"](raw) == found
