"""`product`, `model` and `deals`."""

from __future__ import annotations

import click

from events.dates import Date
from timeline.commands.context import DATE, Asked, asks, one_day
from timeline.printing import words
from timeline.printing.state import deals_sheet, events_sheet, products_sheet


@click.command("product")
@click.argument("name")
@click.option("--as-of", "as_of", type=DATE, help="The status on this day; the whole history if nothing is said.")
@asks
def product(asked: Asked, name: str, as_of: Date | None) -> None:
    """Show the status of a product or a model, and the release date that was planned.

    \b
        timeline product behemoth --as-of 2025-05-26
        timeline model avocado
    """
    day = one_day(as_of) if as_of else None
    with asked.view() as view:
        found = view.directory.find(name, "product")
        states = view.products(day, product=found)
        sheets = [products_sheet(states)._replace(empty="nothing is known of it by this day")]
        if day is None:
            sheets.append(events_sheet(view.events(about=[found]), title="EVENTS", ids=True))
        when = f" · as of {words.day(day)}" if day is not None else ""
        asked.output.answer(
            states,
            sheets,
            asked.envelope(view, words.iso_day(day) if day is not None else None),
            head=f"{view.directory.name(found)} ({found}){when}",
            sources=asked.sources(view),
            next_="timeline why ENTRY" if day is None else f"timeline product {found}",
        )


@click.command("deals")
@click.option("--as-of", "as_of", type=DATE, help="At the stage of this day; at the last one if nothing is said.")
@click.option("--org", metavar="ORG", help="Only deals of this organization.")
@asks
def deals(asked: Asked, as_of: Date | None, org: str | None) -> None:
    """List deals with their parties and amounts, newest first.

    \b
        timeline deals --org "Blue Owl"
    """
    day = one_day(as_of) if as_of else None
    with asked.view() as view:
        party = view.directory.find(org, "organization") if org else None
        found = [d for d in view.deals(day) if party is None or any(p.id == party for p in d.parties)]
        when = f" · as of {words.day(day)}" if day is not None else ""
        asked.output.answer(
            found,
            [deals_sheet(found)],
            asked.envelope(view, words.iso_day(day) if day is not None else None),
            head=f"Deals{when}",
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )


COMMANDS = {"product": product, "model": product, "deals": deals}
