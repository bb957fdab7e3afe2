"""`demo`, `init`, `doctor`: from nothing to a first answer."""

from __future__ import annotations

import platform
from importlib import resources
from pathlib import Path

import click
from sqlalchemy import func, select

from events.dates import day_of
from timeline.commands.context import DEFAULT, Asked, acts, records
from timeline.commands.state import show_state
from timeline.entries import entry_named
from timeline.errors import Conflict, StoreError, UsageError
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger
from timeline.release import release
from timeline.store import log
from timeline.store.database import url_of
from timeline.store.roles import NO_ROLES, OWNER, READER, WRITER, make
from timeline.store.tables import events
from timeline.view import View

EXAMPLE = "meta-ai.yaml"
DEMO_DAY = "2024-06-01"
NEXT = (
    "timeline who FAIR --during 2024",
    "timeline product behemoth --as-of 2025-12-15",
    "timeline person lample",
)


def example() -> bytes:
    """The first timeline, from the installed package or from the checkout."""
    installed = resources.files("timeline").joinpath("data", EXAMPLE)
    if installed.is_file():
        return installed.read_bytes()
    return (Path(__file__).parent.parent.parent / "examples" / EXAMPLE).read_bytes()


@click.command("demo")
@records
def demo(asked: Asked) -> None:
    """Make a ledger of Meta's AI research from five press articles, and show 1 June 2024.

    The ledger is timeline.db in this folder, unless --db or TIMELINE_DB names another one. A ledger that holds anything
    else is left alone.

    \b
        timeline demo
    """
    document = read(example(), EXAMPLE)
    ledger = _made_or_found(asked.address, asked.journal)
    if not _is_demo(ledger):
        ledger.close()
        raise StoreError(
            f"{ledger.database.shown} is a ledger of your own, which the demo leaves alone: "
            "try it in another folder, or with --db demo.db"
        )
    with ledger:
        try:
            report = import_documents(ledger, [document], by="demo")
        except Conflict:  # another demo was quicker
            report = import_documents(ledger, [document], by="demo")
        if report.batch is not None:
            asked.output.note(f"Recorded {report.count('new')} events in {ledger.database.shown}.")
        if asked.output.format == "tsv":  # a showcase: a table in a pipe too
            asked.output.format = "table"
        with ledger.database.reading() as connection:
            show_state(asked, View(connection), day_of(DEMO_DAY), None, next_=" · ".join(NEXT))


def _made_or_found(address: str, journal: str | None) -> Ledger:
    """The ledger at an address. To make it comes first, as it waits for another demo that is making it."""
    try:
        return Ledger.create(address, journal=journal)
    except StoreError:
        if not _exists(address):
            raise
        return Ledger.open(address, journal=journal)


def _exists(address: str) -> bool:
    url = url_of(address)
    if url.get_backend_name() == "sqlite":
        return bool(url.database) and Path(str(url.database)).exists()
    try:
        Ledger.open(address).close()
    except StoreError:
        return False
    return True


def _is_demo(ledger: Ledger) -> bool:
    """Whether everything in the ledger comes from the example."""
    with ledger.database.reading() as connection:
        if not log.head_position(connection):
            return True
        first = connection.scalar(select(events.c.recorded_by).where(events.c.position == 1))
        marker = connection.scalar(
            select(func.count()).where(events.c.entry_id == entry_named("event", "goyal-leaves-meta"))
        )
    return first == "demo" and bool(marker)


@click.command("init")
@click.argument("path", required=False)
@click.option("--roles", "with_roles", is_flag=True, help="Make the roles too (PostgreSQL); see `timeline roles`.")
@acts
def init(asked: Asked, path: str | None, with_roles: bool) -> None:
    """Make an empty ledger at PATH (timeline.db in this folder).

    \b
        timeline init mine.db
    """
    address = path or asked.address
    if with_roles and url_of(address).get_backend_name() == "sqlite":
        raise UsageError(NO_ROLES)
    with Ledger.create(address) as ledger:
        asked.output.note(f"Made an empty ledger: {ledger.database.shown}")
        if with_roles:
            with ledger.database.writing() as connection:
                make(connection)
            asked.output.note(f"Made {READER}, {WRITER} and {OWNER}.")
        db = "" if address == DEFAULT else f"--db {ledger.database.shown} "
        asked.output.hint(f"Next: timeline {db}import FILE.yaml · timeline {db}add entity --help")


@click.command("doctor")
@acts
def doctor(asked: Asked) -> int:
    """Check that the ledger and this installation are sound. Exits with 1 if something is not.

    If an erasure was interrupted before it had cleaned the files, that is finished first.

    \b
        timeline doctor
    """
    checks: list[tuple[bool, str]] = [(True, f"timeline {release()}, Python {platform.python_version()}")]
    try:
        with asked.ledger() as ledger:
            checks += _look_at(ledger)
    except StoreError as problem:
        checks.append((False, str(problem)))
    for good, text in checks:
        asked.output.text(f"{'ok ' if good else 'BAD'}  {text}")
    return 0 if all(good for good, _ in checks) else 1


def _look_at(ledger: Ledger) -> list[tuple[bool, str]]:
    from timeline.state.soundness import find_faults

    with ledger.database.reading() as connection:
        found = [
            (True, f"ledger {ledger.database.shown}, {ledger.database.engine_of(connection)}"),
            (True, f"{log.head_position(connection)} events in the log, {len(View(connection).sources())} sources"),
        ]
        faults = find_faults(connection)
    found += _scrubbed(ledger)
    return found + ([(False, fault) for fault in faults] or [(True, "the log and its projections agree")])


def _scrubbed(ledger: Ledger) -> list[tuple[bool, str]]:
    """Finish what an erasure left to do, if it was interrupted."""
    from timeline.state.scrubbing import scrub

    try:
        upto = scrub(ledger.database)
    except StoreError as problem:
        return [(False, str(problem))]
    return [] if upto is None else [(True, f"what was erased up to position {upto} is gone from the files now, too")]


COMMANDS = {"demo": demo, "init": init, "doctor": doctor}
