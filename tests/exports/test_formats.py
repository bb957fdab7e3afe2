"""What holds for every format: the same bytes for the same log, nothing held back, every clock obeyed."""

import pytest

from events.dates import parse
from events.people import Arrival
from tests.exports.exported import STREAMED, export, ledger_of
from tests.timeline.builders import layoff, org, person
from timeline.exports.formats import Options, exporter
from timeline.exports.selection import PART, Selection
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


@pytest.mark.parametrize("format_name", STREAMED)
def test_a_ledger_on_postgresql_gives_the_same(format_name, run, example_ledger, example_on_postgresql, tmp_path):
    files = tmp_path / "sqlite", tmp_path / "postgresql"
    for db, file in zip((example_ledger, example_on_postgresql), files, strict=True):
        run("export", format_name, "-o", str(file), db=db)

    if format_name in UNDATED:
        assert files[0].read_bytes() == files[1].read_bytes()
    else:
        assert abs(files[0].stat().st_size - files[1].stat().st_size) < 100
