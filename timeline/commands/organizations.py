"""`org`: one organization, or the tree below it."""

from __future__ import annotations

import click

from events.dates import Date
from timeline import answers
from timeline.commands.context import DATE, Asked, asks, one_day, today
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.printing.state import WHEN, events_sheet, tree_lines


@click.command("org")
@click.argument("name")
@click.option("--tree", is_flag=True, help="Only the tree of its units.")
@click.option("--as-of", "as_of", type=DATE, help="On this day (today if nothing is said).")
@asks
def org(asked: Asked, name: str, tree: bool, as_of: Date | None) -> None:
    """Show an organization on a day: its head and units, its parents and names, and its events.

    \b
        timeline org FAIR
        timeline org meta --tree --as-of 2025-12-15
    """
    day = one_day(as_of) if as_of else today()
    with asked.view() as view:
        found = view.directory.find(name, "organization")
        answer = view.organization(found, day)
        columns = (Column("organization", ratio=3), Column("head", ratio=3), WHEN)
        sheets = [Sheet("unit", "" if tree else "UNITS", columns, list(tree_lines([answer.tree])))]
        if not tree:
            sheets = [_facts(answer), *sheets, events_sheet(view.events(about=[found]), title="EVENTS", ids=True)]
        asked.output.answer(
            [answer.tree] if tree else [answer],
            sheets,
            asked.envelope(view, words.iso_day(day)),
            head=f"{answer.organization.name} ({found}) · as of {words.day(day)}",
            sources=asked.sources(view),
            next_=f"timeline who {found} --as-of {words.asked_day(day)}",
        )


def _facts(answer: answers.OrganizationAnswer) -> Sheet:
    lines = []
    if answer.start and answer.end:
        founded = [f"in {answer.place}"] if answer.place else []
        founded += [f"by {', '.join(p.name for p in answer.founders)}"] if answer.founders else []
        text = f"founded {' '.join(founded)}" if founded else "exists"
        when = Cell(words.span(answer.start, answer.end), "bright_black")
        lines.append(Line((text, when), answer.certainty, disputed=answer.disputed, sources=answer.sources))
    for parent in answer.parents:
        under = f"part of {parent.organization.name}" if parent.organization.id else "independent"
        when = Cell(words.span(parent.start, parent.end) if parent.start and parent.end else "", "bright_black")
        lines.append(Line((under, when), parent.certainty, disputed=parent.disputed, sources=parent.sources))
    lines += [Line((f"named {n.name}", Cell(words.span(n.start, n.end), "bright_black"))) for n in answer.names]
    if answer.other_names:
        lines.append(Line((f"also known as {', '.join(answer.other_names)}", "")))
    lines += [Line((f"followed by {o.name}", "")) for o in answer.successors]
    return Sheet("fact", "", (Column("fact"), WHEN), lines, empty="nothing is known but its name")


COMMANDS = {"org": org}
