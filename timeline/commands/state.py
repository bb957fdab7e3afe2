"""`as-of`: everything that is so on a day."""

from __future__ import annotations

import click

from events.dates import Date
from timeline import answers
from timeline.commands.context import DATE, Asked, asks, one_day
from timeline.printing import words
from timeline.printing.envelope import known_at
from timeline.printing.state import sheets_of_state
from timeline.view import View


@click.command("as-of")
@click.argument("date", type=DATE)
@click.argument("organization", required=False, metavar="[ORG]")
@asks
def as_of(asked: Asked, date: Date, organization: str | None) -> None:
    """Show the state on DATE: organizations, people, products, deals and the latest events.

    With ORG, of that organization and its units alone. A month or a year means its last day.

    \b
        timeline as-of 2024-06-01
        timeline as-of 2025-11 FAIR --json
    """
    day = one_day(date, "as-of")
    with asked.view() as view:
        show_state(asked, view, day, organization)


def show_state(asked: Asked, view: View, day: int, organization: str | None, next_: str = "") -> None:
    """Print the state of a day, as the command and the demo do."""
    within = view.directory.find(organization, "organization") if organization else None
    state = view.state(day, within)
    name = f"{view.directory.name(within)} · " if within else ""
    recorded = known_at(view)
    known = "" if asked.known_at else f" · known at {words.date(recorded[:10])} (latest)" if recorded else ""
    head = f"{name}as of {words.day(day)}{known}"
    head += f" · {words.counted(view.count_events(), 'event')}, {words.counted(len(asked.sources(view)), 'source')}"
    asked.output.answer(
        answers.lines_of(state),
        sheets_of_state(state),
        asked.envelope(view, words.iso_day(day)),
        head=head,
        sources=asked.sources(view),
        next_=next_ or f"timeline who ORG --as-of {words.asked_day(day)} · timeline person NAME · timeline why ENTRY",
    )


COMMANDS = {"as-of": as_of}
