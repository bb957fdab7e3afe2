"""What holds for every format: the same bytes for the same log, nothing held back, every clock obeyed."""

import re

import pytest

from events.base import Event
from events.dates import parse
from events.people import Arrival
from events.products import Plan
from tests.exports.exported import STREAMED, export, ledger_of, product
from tests.timeline.builders import Clock, layoff, org, person
from timeline.commands.start import EXAMPLE, example
from timeline.exports.formats import Options, exporter
from timeline.exports.selection import PART, Selection
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, new
from timeline.state.rebuild import rebuild
from timeline.view import View

UNDATED = ("csv", "timelinejs", "popolo")
"""The formats that do not tell when an event was recorded."""


@pytest.mark.parametrize("format_name", STREAMED)
def test_the_same_log_gives_the_same_bytes(format_name, own_ledger):
    """Read twice, read in another process's order of rows, read after the projections were made anew."""
    with Ledger.open(str(own_ledger)) as ledger:
        first, _ = export(ledger, format_name)
        again, _ = export(ledger, format_name)
        rebuild(ledger.database, workers=1)
        anew, _ = export(ledger, format_name)

    assert first == again == anew


@pytest.mark.parametrize("format_name", UNDATED)
def test_a_ledger_that_was_filled_otherwise_gives_the_same_bytes(format_name):
    """In one batch or in many, in another order: the numbers that the database gives to ids do not show."""
    events = [org("meta"), org("fair"), *(layoff("meta", f"20{n}", id=f"layoff-{n}") for n in range(10, 20))]
    with ledger_of(events) as at_once, ledger_of([]) as one_by_one:
        for event in (events[1], events[0], *events[2:]):
            one_by_one.record([new(event)], by="ada")
        assert export(at_once, format_name)[0] == export(one_by_one, format_name)[0]


@pytest.mark.parametrize("format_name", STREAMED)
def test_it_is_written_as_it_is_read(format_name):
    """More than one part of the ledger is written in more than one piece, and the progress is told."""
    steps: list[tuple[int, int]] = []
    pieces: list[bytes] = []
    number = 2 * PART + 1
    people = [person(f"p-{n}") for n in range(number)]
    stays = [Arrival(person=f"p-{n}", organization="meta", date=parse("2020")) for n in range(number)]
    with ledger_of([org("meta"), *people, *stays]) as ledger, ledger.database.reading() as connection:
        options = Options(progress=lambda step, done, of: steps.append((done, of)))
        written = exporter(format_name)(View(connection), Selection(), pieces.append, options)

    assert written.number == number
    assert len(pieces) >= 3
    assert steps[-1] == (number, number)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


@pytest.mark.parametrize("format_name", STREAMED)
def test_what_was_known_at_an_earlier_position_stays_as_it_was(format_name, run, own_ledger):
    before = run("export", format_name, "--known-at", "@310", "-o", f"{own_ledger}.1", db=own_ledger)
    run("retract", "zuckerberg-on-open-source-gap", "--because", "no", db=own_ledger)
    run("export", format_name, "--known-at", "@310", "-o", f"{own_ledger}.2", db=own_ledger)
    now = run("export", format_name, "-o", f"{own_ledger}.3", db=own_ledger)

    first, second, third = (own_ledger.with_name(f"{own_ledger.name}.{n}").read_bytes() for n in (1, 2, 3))
    assert (before.status, now.status) == (0, 0)
    assert first == second
    assert format_name == "popolo" or first != third


@pytest.mark.parametrize("format_name", STREAMED)
def test_what_sources_had_published_by_a_day_can_be_exported(format_name, run, example_ledger, tmp_path):
    whole, part = tmp_path / "whole", tmp_path / "part"
    run("export", format_name, "-o", str(whole), db=example_ledger)
    ran = run("export", format_name, "--reported-by", "2025-06", "-o", str(part), db=example_ledger)

    assert ran.status == 0
    assert 0 < part.stat().st_size < whole.stat().st_size
    assert b"ifanr" not in part.read_bytes()


@pytest.fixture(scope="module")
def twins(tmp_path_factory, postgres_server):
    """The example on SQLite and on PostgreSQL, recorded at the same times."""
    with postgres_server.borrowed() as url:
        addresses = str(tmp_path_factory.mktemp("twins") / "twin.db"), url
        for address in addresses:
            with Ledger.create(address, clock=Clock()) as ledger:
                import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
        yield addresses


@pytest.mark.parametrize("format_name", [*STREAMED, "ical", "jsonl", "yaml"])
def test_a_ledger_on_postgresql_gives_the_same(format_name, run, twins, tmp_path):
    files = tmp_path / "sqlite", tmp_path / "postgresql"
    for db, file in zip(twins, files, strict=True):
        run("export", format_name, "-o", str(file), db=db)
    # The root of the tree is over salts, which are drawn.
    first, second = (re.sub(rb'"root":"[^"]+"', b'"root":""', file.read_bytes(), count=1) for file in files)

    assert len(first) > 10_000
    assert first == second


TRICKY = ("a-b", "ab", "a-c", "a.d", "ad", "b-10", "b1", "b2", "z_a", "za")
"""Ids that a dictionary, which passes over punctuation, has in another order than their bytes."""


def tricky() -> list[Event]:
    """People who arrive and products that are planned, under those ids."""
    return [
        org("meta"),
        *(person(i) for i in TRICKY),
        *(Arrival(id=f"a-{i}", person=i, organization="meta", date=parse("2020")) for i in TRICKY),
        *(product(f"p-{i}") for i in TRICKY),
        *(Plan(id=f"p-{i}", product=f"p-{i}", date=parse("2020"), planned=parse("2021")) for i in TRICKY),
    ]


@pytest.fixture
def small_parts(monkeypatch):
    """More than one part of a small ledger, of which a dictionary ends one with an id that is not its greatest."""
    monkeypatch.setattr("timeline.exports.ical.launches.PART", 3)
    monkeypatch.setattr("timeline.exports.popolorows.PART", 3)


@pytest.fixture
def linguistic(postgres_server):
    """A database that sorts texts as a dictionary does."""
    locale = postgres_server.linguistic_locale()
    if locale is None:
        pytest.fail("no locale but C can be made here: install localedef and its sources (Debian: locales)")
    with postgres_server.database(locale) as url:
        yield url


def of_both(format_name: str, address: str, change: str = "") -> tuple[bytes, bytes]:
    """What a format writes of the tricky ledger on SQLite and in another database, which may be changed before."""
    with ledger_of(tricky()) as here, ledger_of(tricky(), address) as there:
        if change:
            with there.database.writing() as connection:
                connection.exec_driver_sql(change)
        return export(here, format_name)[0], export(there, format_name)[0]


@pytest.mark.parametrize("format_name", ["ical", "popolo"])
def test_the_order_of_texts_in_the_database_does_not_show(format_name, linguistic, small_parts):
    """These go by ids, part by part."""
    here, there = of_both(format_name, linguistic)

    assert here == there


@pytest.mark.parametrize(("format_name", "line"), [("ical", rb"UID:.+"), ("popolo", rb'\{"id":"[^"]+"')])
def test_a_part_goes_on_where_the_database_ended_the_one_before(format_name, line, linguistic, small_parts):
    """Also where ids are sorted as other texts are, as they were in the first ledgers: nothing is there twice."""
    here, there = of_both(format_name, linguistic, 'ALTER TABLE numbers ALTER COLUMN id TYPE text COLLATE "default"')

    assert here != there
    assert sorted(re.findall(line, here)) == sorted(re.findall(line, there))
