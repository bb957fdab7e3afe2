"""`who` and `person`: people at organizations, and the way of one person."""

from __future__ import annotations

import click

from events.dates import Date
from timeline.commands.context import DATE, Asked, asks, one_day, span_of, today
from timeline.errors import UsageError
from timeline.printing import words
from timeline.printing.state import career_sheet, events_sheet, people_sheet


@click.command("who")
@click.argument("organization", metavar="ORG")
@click.option("--as-of", "as_of", type=DATE, help="On this day (today if nothing is said).")
@click.option("--during", type=DATE, help="At any time in this span: 2024, 2024-03/2024-06.")
@asks
def who(asked: Asked, organization: str, as_of: Date | None, during: Date | None) -> None:
    """List the people of ORG, its units included, on a day or during a span.

    \b
        timeline who FAIR --as-of 2024-06-01
        timeline who FAIR --during 2024 --json
    """
    if as_of and during:
        raise UsageError("ask either --as-of a day or --during a span")
    with asked.view() as view:
        found = view.directory.find(organization, "organization")
        if during:
            days, asked_for = span_of(during), during.text
            shown = f"during {words.date(during.text)}"
        else:
            day = one_day(as_of) if as_of else today()
            days, asked_for = (day, day), words.iso_day(day)
            shown = f"as of {words.day(day)}"
        people = view.members(found, days, span=during is not None)
        number = words.counted(len({m.person.id for m in people}), "person", "people")
        asked.output.answer(
            people,
            [people_sheet(people, during=during is not None)],
            asked.envelope(view, asked_for),
            head=f"{view.directory.name(found)} · {shown} · {number}",
            sources=asked.sources(view),
            next_=f"timeline org {found} --tree --as-of {words.asked_day(days[1])} · timeline person NAME",
        )


@click.command("person")
@click.argument("name")
@click.option("--as-of", "as_of", type=DATE, help="Only where the person was on this day.")
@asks
def person(asked: Asked, name: str, as_of: Date | None) -> None:
    """Show where a person was, which posts they held, and every event that names them.

    \b
        timeline person lample
        timeline person "Yann LeCun" --as-of 2024-06-01
    """
    with asked.view() as view:
        found = view.directory.find(name, "person")
        day = one_day(as_of) if as_of else None
        career = view.career(found, day)
        sheets = [career_sheet(career)]
        if day is None:
            sheets.append(events_sheet(view.events(about=[found]), title="EVENTS", ids=True))
        when = f" · as of {words.day(day)}" if day is not None else ""
        asked.output.answer(
            career,
            sheets,
            asked.envelope(view, words.iso_day(day) if day is not None else None),
            head=f"{view.directory.name(found)} ({found}){when}",
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )


COMMANDS = {"who": who, "person": person}
