"""A ledger as the file that people write: what stands comes back as it stands."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.about import Ranking
from events.base import Happening
from events.dates import parse
from events.keeping import KeyRotation
from events.kinds import encode
from events.products import Announcement
from events.register import Entity, Merge
from projections.facts import in_force
from projections.merges import resolve
from tests.projections.histories import Scribe, histories
from tests.timeline.builders import layoff, org
from tests.timeline.telling import tell
from timeline.entries import entry_named
from timeline.exports.formats import Options
from timeline.exports.selection import Selection
from timeline.exports.yamlfile import export
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, following, new
from timeline.state.projector import versions
from timeline.store import log

numbers = count()

CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff")
"""All that both the ledger and a file can hold in a line."""

LONG = ["x" * 100_000, " " * 70_000 + "x", "a b" * 30_000, '"\\' * 40_000, "\n" * 50_000, "💥" * 99_000]


def exported(ledger: Ledger, wanted: Selection | None = None) -> tuple[bytes, tuple[str, ...]]:
    out = BytesIO()
    with ledger.ask() as view:
        written = export(view, wanted or Selection(), out.write, Options())
    return out.getvalue(), written.dropped


def standing(ledger: Ledger) -> dict[UUID, Any]:
    """What each entry says now, and what is said about it.

    Without those that say nothing any more, as a move of a unit into another that it was merged with.
    """
    with ledger.ask() as view:
        merged = view.directory.merged
    with ledger.database.reading() as connection:
        streams: dict[UUID, Any] = {}
        for e in log.read(connection):
            streams.setdefault(e.entry_id, []).append(e)
    found = {}
    for entry, stream in streams.items():
        fact = in_force(entry, versions(stream))
        if fact is None or isinstance(fact.event, KeyRotation):  # of the ledger itself, not of the world
            continue
        if isinstance(fact.event, Merge) or resolve(fact, merged) is not None:
            found[entry] = (encode(fact.event), fact.rank, set(map(encode, fact.disputes)), set(fact.sources))
    return found


def copied(raw: bytes, path: Path) -> dict[UUID, Any]:
    with Ledger.create(str(path)) as ledger:
        import_documents(ledger, [read(raw, "x.yaml")], by="test")
        return standing(ledger)


@settings(max_examples=40, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
@given(history=histories(most=30))
def test_what_stands_comes_back(world, tmp_path, history):
    """Corrections, ranks, disputes, merges: the state of every entry that has an id; the others get one."""
    n = next(numbers)
    with Ledger.open(str(world())) as ledger:
        tell(ledger, history, Scribe())
        raw, dropped = exported(ledger)
        before = standing(ledger)
        with ledger.ask() as view:
            whole = {e for e, f in view.facts(before).items() if not isinstance(f.event, Happening) or f.event.id}

    after = copied(raw, tmp_path / f"{n}b.db")

    if not any("withdrawn" in d for d in dropped):
        assert not [s for e, s in before.items() if e in whole and e not in after]
        assert len(after) == len(before)
        assert {e: after[e] for e in whole if e in after} == {e: before[e] for e in whole}
    else:
        assert after.keys() & whole <= before.keys()


def test_importing_it_again_records_nothing(example_ledger, tmp_path):
    """The example: an export is a file that says what the ledger says."""
    with Ledger.open(str(example_ledger)) as ledger:
        raw, dropped = exported(ledger)
        before = standing(ledger)

        report = import_documents(ledger, [read(raw, "x.yaml")], by="test")

        assert report.batch is None
    assert dropped == ()
    assert copied(raw, tmp_path / "copy.db") == before


def test_a_merge_that_answers_nothing_any_more_is_written_with_its_rank(tmp_path):
    merge = entry_named("merge", "acme")
    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        ledger.record([new(org("acme")), new(org("bell")), new(Merge(duplicate="acme", into="bell"))], by="test")
        ledger.record([following(merge, 1, Ranking(rank="deprecated", reason="no"))], by="test")
        raw, dropped = exported(ledger)
        before = standing(ledger)

    assert dropped == ()
    assert copied(raw, tmp_path / "b.db") == before


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(
    note=st.text(CHARACTERS | st.just("\n")),
    key=st.text(CHARACTERS, max_size=300),
)
def test_any_text_comes_back(tmp_path, note, key):
    """Quotes, colons, comments, words that YAML reads otherwise, dashes, emoji, blanks at the ends."""
    n = next(numbers)
    with Ledger.create(str(tmp_path / f"{n}t.db")) as ledger:
        told = layoff(id="cut", note=note, date_text=key[:50].replace("\n", ""))
        ledger.record([new(org("meta")), new(told)], by="test")
        raw, _ = exported(ledger)
        before = standing(ledger)

    assert copied(raw, tmp_path / f"{n}u.db") == before


@pytest.mark.parametrize(
    "text", ["x" * 100_000, " " * 70_000 + "x", "a b" * 30_000, '"\\' * 40_000, "\n" * 50_000, "💥" * 99_000]
)
def test_long_texts_are_broken_within_their_quotes(tmp_path, text):
    """No line of a file may be longer than 65,536 characters."""
    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        ledger.record([new(org("meta")), new(layoff(id="cut", note=text))], by="test")
        raw, _ = exported(ledger)
        before = standing(ledger)

    assert copied(raw, tmp_path / "b.db") == before


def test_what_a_file_cannot_hold_is_told(tmp_path):
    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        launch = Announcement(product="ml", date=parse("2025"), attributes={"k" * 600: "v", "b": "1"}, note="a\ufeffb")
        ledger.record([new(Entity(id="ml", type="product", name="ML")), new(launch)], by="test")

        raw, dropped = exported(ledger)

    assert b"kkkk" not in raw
    assert dropped == (
        "1 event had no id and got one: imported again, it is another entry",
        "1 attribute with a name longer than 500 characters",
        "characters that no file may hold (U+FEFF, U+FFFE, U+FFFF), in 1 text",
    )
    assert copied(raw, tmp_path / "b.db")


def test_a_selection_brings_what_it_names_and_nothing_else(example_ledger, tmp_path):
    with Ledger.open(str(example_ledger)) as ledger:
        raw, _ = exported(ledger, Selection(kinds=("layoff",)))

    text = raw.decode()
    assert text.startswith("sources:\n")
    assert "  tbd-lab:\n" in text
    assert "naman-goyal" not in text
    assert copied(raw, tmp_path / "b.db")
