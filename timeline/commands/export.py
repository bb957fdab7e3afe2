"""`export`: what was selected, in a format that other programs read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

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
    default="span",
    show_default=True,
    help="Dates less exact than a day: as a span, as one day, or not at all.",
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
    kinds: tuple[str, ...],
    organizations: tuple[str, ...],
    people: tuple[str, ...],
    products: tuple[str, ...],
    certainties: tuple[str, ...],
    since: Date | None,
    until: Date | None,
    limit: int | None,
    imprecise: str,
    as_of: Date | None,
    title: str,
    address: str,
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
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName(kind, near(kind, KINDS), "kind")
    if address and not re.fullmatch(r"https?://[!-~]+", address):
        raise UsageError(f"--base-url is an address like https://example.org/timeline, not {address!r}")
    if since is not None and until is not None and since.earliest > until.latest:
        raise UsageError(f"--from {since.text} is after --to {until.text}")
    with asked.view() as view:
        wanted = _selection(view, kinds, organizations, people, products, certainties, since, until, limit)
        with target(file, asked.ledger_file) as out, progress.bar(quiet=asked.output.quiet) as tell:
            options = Options(
                imprecise=imprecise,
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


def _selection(
    view: View,
    kinds: tuple[str, ...],
    organizations: tuple[str, ...],
    people: tuple[str, ...],
    products: tuple[str, ...],
    certainties: tuple[str, ...],
    since: Date | None,
    until: Date | None,
    limit: int | None,
) -> Selection:
    from timeline.exports.selection import Selection

    def found(given: tuple[str, ...], sort: str) -> tuple[str, ...]:
        return tuple(view.directory.find(name, sort) for name in given)

    return Selection(
        kinds=kinds,
        organizations=found(organizations, "organization"),
        people=found(people, "person"),
        products=found(products, "product"),
        certainties=certainties,
        first=since.earliest if since else NEVER,
        last=until.latest if until else FOREVER,
        limit=limit,
    )


COMMANDS = {"export": export}
