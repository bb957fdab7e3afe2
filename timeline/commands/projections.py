"""`projections`, `migrate`: the tables that answers come from, how they stand, and making them anew from the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from timeline.backup.files import copy_as_it_is
from timeline.commands.context import Asked, acts, workers_option
from timeline.errors import MISMATCH, UsageError
from timeline.ledger import Ledger
from timeline.moments import instant
from timeline.printing import words
from timeline.printing.output import Envelope
from timeline.printing.progress import bar
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.state.keyed import MOST
from timeline.state.rebuild import Difference, Elsewhere, rebuild, verify
from timeline.state.status import Migrated, Status, has_to_be_migrated, migrate, status
from timeline.store import log, nodes
from timeline.versions import database_at

if TYPE_CHECKING:
    from timeline.store.database import Database

PATH = click.Path(path_type=Path)


@contextmanager
def _database(asked: Asked) -> Iterator[Database]:
    """The database of the ledger, of whatever version."""
    database = database_at(asked.address)
    try:
        yield database
    finally:
        database.close()


@click.group("projections")
def projections() -> None:
    """Show how the projections stand, or make them anew from the log.

    Projections are the tables that answers come from. They are kept in the transaction that records, so they need no
    care; this is for those who doubt it, and for a table that was damaged.
    """


@projections.command("status")
@acts
def show_status(asked: Asked) -> None:
    """Show each projection: version, rows, up to which position of the log it is kept.

    \b
        timeline projections status
    """
    with _database(asked) as database:
        found = status(database)
        envelope = _envelope(database)
    numbers = ("version", "rows", "rows today", "position", "lag")
    columns = (Column("name", fixed=True), *(Column(n, fixed=True, right=True) for n in numbers), Column(""))
    lines = [_status_line(s) for s in found]
    heads = Line(tuple(Cell(c.name, "bold") for c in columns))
    asked.output.answer(
        found,
        [Sheet("projection", "", columns, [heads, *lines] if asked.output.format == "table" else lines, marked=False)],
        envelope,
        head=words.counted(len(found), "projection"),
        next_="timeline migrate" if any(s.stored_version < s.version for s in found) else "",
    )


def _status_line(s: Status) -> Line:
    version = str(s.version) if s.stored_version == s.version else f"{s.stored_version} → {s.version}"
    return Line((s.name, version, *(f"{n:,}" for n in (s.rows, s.rows_today, s.position, s.lag)), ""))


@projections.command("rebuild")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--verify", "only_verify", is_flag=True, help="Only compare with the rows that stand; write nothing.")
@workers_option
@click.option(
    "--engine",
    type=click.Choice(("processes", "spark")),
    default="processes",
    help="What folds: processes of this machine (if nothing is said), or Apache Spark.",
)
@click.option("--master", metavar="URL", help="Where Spark runs: local[*] if not given.")
@click.option("--partitions", type=click.IntRange(1, MOST), help="Into how many tasks Spark's work is cut; 16.")
@click.option(
    "--from", "source", type=PATH, metavar="FOLDER", help="What `export parquet --partitions` wrote, for Spark."
)
@acts
def make_anew(asked: Asked, names: tuple[str, ...], only_verify: bool, workers: int | None, **options: Any) -> int:
    """Make projections anew from the log: those named, or all.

    The ledger answers and records meanwhile; the new tables take the places of the old ones at the end, all at once.
    With --verify nothing is written, and the exit status is 7 if a row that stands is not what the log says.

    \b
        timeline projections rebuild memberships
        timeline projections rebuild --verify
        timeline projections rebuild --engine spark --master 'local[4]'
    """
    elsewhere = _elsewhere(**options)
    with Ledger.open(asked.address) as ledger, bar(quiet=asked.output.quiet) as progress:
        database = ledger.database
        if only_verify:
            count, first = verify(database, names, workers=workers, progress=progress, elsewhere=elsewhere)
        else:
            made = rebuild(database, names, workers=workers, progress=progress, elsewhere=elsewhere)
    if only_verify:
        _show_differences(asked, database, count, first)
        return MISMATCH if count else 0
    asked.output.note(f"Made anew up to position {made[0].position}: {', '.join(m.name for m in made)}.")
    return 0


def _elsewhere(engine: str, master: str | None, partitions: int | None, source: Path | None) -> Elsewhere | None:
    """What folds in place of this machine's processes, if anything. Refuses what would be passed over in silence."""
    given = {"--master": master, "--partitions": partitions, "--from": source}
    if engine != "spark":
        if idle := [option for option, value in given.items() if value is not None]:
            raise UsageError(f"{idle[0]} is for --engine spark")
        return None
    if source is not None and partitions is not None:
        raise UsageError("--partitions is as it was exported: leave it out beside --from")
    from timeline.state.handing import PARTITIONS
    from timeline.state.spark import OnSpark

    return OnSpark(master or "local[*]", partitions=partitions or PARTITIONS, source=source)


def _show_differences(asked: Asked, database: Database, count: int, first: list[Difference]) -> None:
    lines = [_difference_line(d) for d in first]
    sheet = Sheet(
        "difference",
        "",
        (Column("projection", fixed=True), Column("what", fixed=True), Column("known", fixed=True), Column("row")),
        lines,
        marked=False,
        empty="every row is what the log says",
        wrap=True,
    )
    shown = f", the first {len(first)}" if len(first) < count else ""
    asked.output.answer(
        [d._asdict() for d in first], [sheet], _envelope(database), head=f"{words.counted(count, 'difference')}{shown}"
    )


def _difference_line(d: Difference) -> Line:
    known = "" if d.known_from is None else f"@{d.known_from}–" + ("" if d.known_to is None else f"@{d.known_to}")
    row = ", ".join(f"{k} {v}" for k, v in d.row.items() if v not in (None, "", "[]", False))
    return Line((d.projection, Cell(d.what, "red"), known, row))


@click.command("migrate")
@click.option("--backup", "copy", type=PATH, help="First copy the ledger as it is to this new file (SQLite).")
@workers_option
@acts
def bring_up_to_date(asked: Asked, copy: Path | None, workers: int | None) -> None:
    """Bring a ledger that an older version of this program made up to date. A current one is left as it is.

    No event is touched. The tables change all at once or, if that fails, not at all; the projections that changed are
    made anew from the log. Stop whatever records with the older version first.

    \b
        timeline migrate
        timeline migrate --backup before.db
    """
    with _database(asked) as database, bar(quiet=asked.output.quiet) as progress:
        if copy is not None and has_to_be_migrated(database):
            copy_as_it_is(database, copy)
            asked.output.note(f"Copied the ledger as it is to {copy}.")
        done = migrate(database, workers=workers, progress=progress)
        envelope = _envelope(database)
    if asked.output.format in ("json", "jsonl", "csv"):
        asked.output.answer(done, [], envelope)
    elif not done:
        asked.output.note("Nothing to do: everything is of this version.")
    for item in done:
        asked.output.note(f"{item.name}: version {item.version}, {_came(item)}")


def _came(item: Migrated) -> str:
    if item.before == item.version:
        return "made anew"
    return f"from version {item.before}" if item.before else "new"


def _envelope(database: Database) -> Envelope:
    with database.reading(of_ledger=False) as connection:
        position = log.head_position(connection)
        recorded = log.recorded_at(connection, position)
        root = nodes.root_text(connection, position)
    return Envelope(None, None if recorded is None else instant(recorded), position, root=root)


COMMANDS = {"projections": projections, "migrate": bring_up_to_date}
