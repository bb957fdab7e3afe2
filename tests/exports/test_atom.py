"""Atom: what RFC 4287 asks for, whatever is recorded."""

import re
from datetime import datetime
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from events.about import Correction, Retraction
from events.base import Citation
from events.register import Source
from tests.exports.exported import export, hostile, ledger_of, register, texts
from tests.timeline.builders import layoff, org
from timeline.exports.formats import Options
from timeline.exports.selection import Selection
from timeline.ledger import Ledger, new
from timeline.store.mapper import EntryEvent

ATOM = "{http://www.w3.org/2005/Atom}"
CHILDREN = {"id", "title", "updated", "published", "author", "link", "category", "content"}


def feed_of(written: bytes | str) -> ElementTree.Element:
    """The feed, after the checks that RFC 4287 asks of every one of them (its sections 3, 4.1 and 4.2)."""
    feed = ElementTree.fromstring(written)
    assert feed.tag == f"{ATOM}feed"
    for thing in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (one,) = thing.findall(ATOM + name)
            assert (one.text or "").strip() or name == "title"
        given_id = str(thing.findtext(f"{ATOM}id"))
        assert UUID(given_id.removeprefix("urn:uuid:")).urn == given_id
        for stamp in (*thing.findall(f"{ATOM}updated"), *thing.findall(f"{ATOM}published")):
            assert datetime.fromisoformat(str(stamp.text)).tzinfo is not None
        for author in thing.findall(f"{ATOM}author"):
            assert [child.tag for child in author] == [f"{ATOM}name"]
            assert author.findtext(f"{ATOM}name")
        for link in thing.findall(f"{ATOM}link"):
            assert re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~A-Z%]+", link.attrib["href"])
        assert len(thing.findall(f"{ATOM}link[@rel='alternate']")) <= 1
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    assert feed.findtext(f"{ATOM}author/{ATOM}name"), "an entry without an author takes that of the feed"
    for entry in feed.findall(f"{ATOM}entry"):
        assert {child.tag.removeprefix(ATOM) for child in entry} <= CHILDREN
        assert len(entry.findall(f"{ATOM}content[@type='text']")) == 1
        assert len(entry.findall(f"{ATOM}category")) == 1
    return feed


def titles(feed: ElementTree.Element) -> list[str]:
    return [str(t.text) for t in feed.findall(f"{ATOM}entry/{ATOM}title")]


def test_the_example_is_a_feed(run, example_ledger):
    feed = feed_of(run("export", "atom", "--title", "AI at Meta", db=example_ledger).out)

    assert len(feed.findall(f"{ATOM}entry")) == 214
    assert feed.findtext(f"{ATOM}title") == "AI at Meta"
    assert feed.findall(f".//{ATOM}link") == []


def test_an_entry_says_what_happened_when_and_where_it_stands(run, example_ledger):
    feed = feed_of(run("export", "atom", "--kind", "layoff", "--from", "2025-10-22", db=example_ledger).out)

    entry = feed.findall(f"{ATOM}entry")[-1]
    assert titles(feed)[-1] == "Meta Superintelligence Labs cut about 600 jobs (not TBD Lab) (22 Oct 2025)"
    content = str(entry.findtext(f"{ATOM}content")).splitlines()
    assert content[0] == "22 Oct 2025, reported"
    assert content[-1] == "Source: ifanr, c. Dec 2025, §141, citing Axios"
    assert [c.attrib for c in entry.findall(f"{ATOM}category")] == [{"term": "layoff"}]
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "ifanr"


def test_links_lead_to_the_pages_of_the_entries_and_to_the_sources():
    recorded = new(layoff(sources=(Citation(source="post"),)))
    with ledger_of([Source(id="post", url='https://example.org/aü"<'), org("meta")]) as ledger:
        ledger.record([recorded], by="ada")
        written, _ = export(ledger, "atom", options=Options(address="https://t.example/x"))

    feed = feed_of(written)
    links = [(link.attrib["rel"], link.attrib["href"]) for link in feed.findall(f".//{ATOM}link")]
    assert links == [
        ("alternate", "https://t.example/x/"),
        ("alternate", f"https://t.example/x/events/{recorded.originator_id}"),
        ("related", "https://example.org/a%C3%BC%22%3C"),
    ]


@pytest.fixture
def three(tmp_path):
    """Three layoffs, recorded one after the other, the latest in time first."""
    with ledger_of([org("meta")], f"{tmp_path}/three.db") as ledger:
        entries = [new(layoff(date=date)) for date in ("2025", "2024", "2023")]
        for entry in entries:
            ledger.record([entry], by="ada")
        yield ledger, [e.originator_id for e in entries]


def told(ledger: Ledger, wanted: Selection | None = None) -> list[str]:
    return [re.sub(r".*\((\d+)\)", r"\1", t) for t in titles(feed_of(export(ledger, "atom", wanted)[0]))]


def test_what_was_recorded_last_comes_first(three):
    ledger, entries = three

    assert told(ledger) == ["2023", "2024", "2025"]
    ledger.record([EntryEvent(entries[0], 2, Correction(event=layoff(date="2021")))], by="ada")
    assert told(ledger) == ["2021", "2023", "2024"]


def test_a_limit_takes_what_was_recorded_last(three):
    ledger, _ = three

    assert told(ledger, Selection(limit=2)) == ["2023", "2024"]


def test_a_correction_keeps_the_id_and_moves_the_time(three):
    ledger, entries = three
    before = feed_of(export(ledger, "atom")[0])
    ledger.record([EntryEvent(entries[0], 2, Correction(event=layoff(date="2021")))], by="ada")
    after = feed_of(export(ledger, "atom")[0])

    def times(feed: ElementTree.Element) -> tuple[str | None, str | None]:
        (entry,) = (e for e in feed.findall(f"{ATOM}entry") if str(entries[0]) in str(e.findtext(f"{ATOM}id")))
        return entry.findtext(f"{ATOM}published"), entry.findtext(f"{ATOM}updated")

    assert times(before)[0] == times(after)[0]
    assert str(times(before)[1]) < str(times(after)[1])
    assert after.findtext(f"{ATOM}updated") == times(after)[1]
    assert after.findtext(f"{ATOM}id") == before.findtext(f"{ATOM}id")


def test_what_was_retracted_is_no_longer_there(three):
    ledger, entries = three
    ledger.record([EntryEvent(entries[1], 2, Retraction())], by="ada")

    assert told(ledger) == ["2023", "2025"]


def test_another_selection_is_another_feed(three):
    ledger, _ = three

    def given_id(wanted: Selection) -> str | None:
        return feed_of(export(ledger, "atom", wanted)[0]).findtext(f"{ATOM}id")

    assert given_id(Selection()) == given_id(Selection(limit=1))
    assert given_id(Selection()) != given_id(Selection(kinds=("layoff",)))


def test_a_feed_may_be_empty():
    with ledger_of([]) as ledger:
        written, said = export(ledger, "atom")

    assert titles(feed_of(written)) == []
    assert said.number == 0


@given(texts(one_line=True), texts())
@settings(max_examples=15)
def test_hostile_text_stays_text(line, text):
    with ledger_of([*register(line), *hostile(line, text)]) as ledger:
        feed = feed_of(export(ledger, "atom", options=Options(title=line))[0])

    shown = re.sub("[\ufffe\uffff]", "\ufffd", text)
    contents = [c.text or "" for c in feed.findall(f"{ATOM}entry/{ATOM}content")]
    assert any(shown in c for c in contents)
    assert all(list(c) == [] for c in feed.iter(f"{ATOM}content"))
