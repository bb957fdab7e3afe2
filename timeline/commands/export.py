"""`export`: what was selected, in a format that other programs read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from events.base import Certainty
from events.dates import FOREVER, NEVER, Date
from events.kinds import KINDS
from timeline.commands.context import DATE, Asked, asks, one_day
from timeline.commands.target import target
from timeline.errors import UnknownName, UsageError
from timeline.exports.formats import FORMATS, Options, exporter
from timeline.naming import near
from timeline.printing import progress, words

if TYPE_CHECKING:
    from timeline.exports.selection import Selection
    from timeline.view import View

CERTAINTIES: tuple[str, ...] = get_args(get_args(Certainty)[0])


@click.command("export", epilog="Formats: " + "; ".join(f"{name} - {f.about}" for name, f in FORMATS.items()) + ".")
@click.argument("format_name", metavar="FORMAT")
@click.option("-o", "--output", "file", metavar="FILE", default="-", help="Write here; standard output if not given.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; may be repeated.")
@click.option(
    "--org", "organizations", multiple=True, metavar="NAME", help="Only what names it, its units, its products."
)
@click.option("--person", "people", multiple=True, metavar="NAME", help="Only what names this person.")
@click.option("--product", "products", multiple=True, metavar="NAME", help="Only what names this product.")
@click.option(
    "--certainty", "certainties", multiple=True, type=click.Choice(CERTAINTIES), help="Only what sources put so."
)
@click.option("--from", "since", type=DATE, help="Not before this date.")
@click.option("--to", "until", type=DATE, help="Not after this date.")
@click.option("--limit", type=click.IntRange(1), help="At most so many, the newest.")
@click.option(
    "--imprecise",
    type=click.Choice(("span", "marker", "omit")),
    help="Dates less exact than a day: as a span (if nothing is said), as one day, or not at all.",
)
@click.option(
    "--partitions", type=click.IntRange(1), help="The whole log by key, in a new folder of so many files, for Spark."
)
@click.option("--as-of", type=DATE, help="The day of a picture or a page.")
@click.option("--title", default="", help="The name of a calendar, a feed or a page.")
@click.option(
    "--base-url", "address", default="", metavar="URL", help="Where the entries have pages, for links to them."
)
@asks
def export(
    asked: Asked,
    format_name: str,
    file: str,
    imprecise: str | None,
    partitions: int | None,
    as_of: Date | None,
    title: str,
    address: str,
    **conditions: Any,
) -> None:
    """Write events in FORMAT for another program: a calendar, a spreadsheet, a feed, another ledger.

    Conditions are joined: every one that is given must hold; of several values of one, any. A file is replaced once
    all is written, so an export that fails leaves the old one.

    \b
        timeline export ical --org FAIR -o fair.ics
        timeline export csv --kind layoff --from 2022
    """
    if format_name not in FORMATS:
        raise UnknownName(format_name, near(format_name, FORMATS) or list(FORMATS), "format")
    given = {
        "imprecise": imprecise, "title": title, "address": address, "as_of": as_of, "partitions": partitions,
    }  # fmt: skip
    _check_options(format_name, [name for name, value in given.items() if value])
    _check_conditions(**conditions)
    if address and not re.fullmatch(r"https?://[!-~]+", address):
        raise UsageError(f"--base-url is an address like https://example.org/timeline, not {address!r}")
    if partitions:
        _export_keyed(asked, file, partitions, [name for name, value in conditions.items() if value])
        return
    with asked.view() as view:
        wanted = _selection(view, **conditions)
        binary = FORMATS[format_name].is_binary
        with (
            target(file, asked.ledger_file, is_binary=binary) as out,
            progress.bar(quiet=asked.output.quiet) as tell,
        ):
            options = Options(
                imprecise=imprecise or "span",
                title=title,
                address=address.rstrip("/"),
                as_of=None if as_of is None else one_day(as_of),
                progress=tell,
            )
            written = exporter(format_name)(view, wanted, out.write, options)
    for dropped in written.dropped:
        asked.output.note(f"Left out: {dropped}.")
    if file != "-" and not asked.output.quiet:
        asked.output.note(f"Wrote {words.counted(written.number, written.unit)} to {file}.")


def _export_keyed(asked: Asked, file: str, partitions: int, conditions: list[str]) -> None:
    """Write the log by key."""
    from timeline.knowing import known_position
    from timeline.state import keyed

    if conditions or asked.reported_by is not None:
        raise UsageError("--partitions writes the whole log, and no condition is applied to it")
    if file == "-":
        raise UsageError("--partitions writes a folder: say which one with -o FOLDER")
    if partitions > keyed.MOST:
        raise UsageError(f"--partitions is {keyed.MOST} at most")
    with asked.ledger() as ledger, progress.bar(quiet=asked.output.quiet) as tell:
        with ledger.database.reading() as connection:
            known = known_position(connection, asked.known_at)
        done = keyed.export(ledger.database, Path(file), partitions, known=known, progress=tell)
    if not asked.output.quiet:
        wrote = f"{words.counted(done.rows, 'row')} of {words.counted(done.keys, 'key')}"
        asked.output.note(f"Wrote {wrote}, up to position {done.position}, to {file}.")


def _check_options(format_name: str, given: list[str]) -> None:
    """Refuse what would be passed over in silence."""
    for name in given:
        if name not in FORMATS[format_name].options:
            option = "--base-url" if name == "address" else f"--{name.replace('_', '-')}"
            *some, last = (other for other, known in FORMATS.items() if name in known.options)
            having = f"{', '.join(some)} and {last}" if some else last
            raise UsageError(f"{option} is for {having}; {format_name} has nothing that it would change")


def _check_conditions(*, kinds: tuple[str, ...], since: Date | None, until: Date | None, **_: Any) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName(kind, near(kind, KINDS), "kind")
    if since is not None and until is not None and since.earliest > until.latest:
        raise UsageError(f"--from {since.text} is after --to {until.text}")


def _selection(view: View, *, since: Date | None, until: Date | None, **conditions: Any) -> Selection:
    """The conditions with ids for names, and days for dates."""
    from timeline.exports.selection import Selection

    sorts = {"organizations": "organization", "people": "person", "products": "product"}
    named = {
        field: tuple(view.directory.find(name, sort) for name in conditions[field]) for field, sort in sorts.items()
    }
    first, last = since.earliest if since else NEVER, until.latest if until else FOREVER
    return Selection(**{**conditions, **named}, first=first, last=last)


COMMANDS = {"export": export}
