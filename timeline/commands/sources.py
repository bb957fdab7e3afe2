"""`sources` and `why`: where things stand, and everything behind one entry."""

from __future__ import annotations

import click

from timeline import answers
from timeline.commands.context import Asked, asks
from timeline.errors import UnknownName
from timeline.naming import near
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.printing.state import WHEN, events_sheet


@click.command("sources")
@click.argument("source", required=False, metavar="[ID]")
@asks
def sources(asked: Asked, source: str | None) -> None:
    """List the sources; with ID, everything that this source supports."""
    with asked.view() as view:
        found = view.sources()
        if source is None:
            columns = (
                Column("source", ratio=2),
                Column("title", ratio=4),
                WHEN,
                Column("facts", fixed=True, right=True),
            )
            lines = [
                Line(
                    (
                        s.source,
                        _title(s),
                        words.date(s.issued.edtf) if s.issued else "?",
                        words.counted(s.facts, "fact"),
                    )
                )
                for s in found
            ]
            asked.output.answer(
                found,
                [Sheet("source", "", columns, lines, marked=False, empty="no source is registered")],
                asked.envelope(view),
                head=words.counted(len(found), "source"),
                next_="timeline sources ID",
            )
            return
        ids = [s.source for s in found]
        if source not in ids:
            raise UnknownName(source, near(source, ids), "source")
        (chosen,) = (s for s in found if s.source == source)
        events = view.events(source=source)
        asked.output.answer(
            events,
            [
                _about(chosen),
                events_sheet(events, title=f"SUPPORTS {words.counted(len(events), 'event').upper()}", ids=True),
            ],
            asked.envelope(view),
            head=f"{chosen.title or source} ({source})",
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )


def _title(source: answers.SourceAnswer) -> str:
    return ": ".join(part for part in (source.publisher, source.title) if part)


def _about(source: answers.SourceAnswer) -> Sheet:
    facts = {
        "author": ", ".join(source.author),
        "publisher": source.publisher,
        "issued": words.date(source.issued.edtf) if source.issued else "",
        "language": source.language,
        "address": source.url,
        "note": source.note,
    }
    lines = [Line((Cell(name, "bright_black"), text)) for name, text in facts.items() if text]
    return Sheet("about", "", (Column("field"), Column("value", ratio=8)), lines, marked=False, wrap=True)


@click.command("why")
@click.argument("entry")
@asks
def why(asked: Asked, entry: str) -> None:
    """Show an entry with its sources, its versions, its disputes, what it was derived from and what it implies.

    ENTRY is its id, the first characters of its UUID, or the id of a source or an entity.

    \b
        timeline why goyal-leaves-meta
        timeline why 5f0c2a1b
    """
    from timeline.reasons import find_entry, why_of

    with asked.view() as view:
        answer = why_of(view, find_entry(view, entry))
        asked.output.answer(
            [answer],
            _why_sheets(answer),
            asked.envelope(view),
            head=f"{answer.headline}  ({answer.id or answer.entry})",
            sources=asked.sources(view),
        )


def _why_sheets(answer: answers.Why) -> list[Sheet]:
    facts = {
        "kind": answer.kind + ("" if answer.in_force else f" — {_out_of_force(answer)}: it answers no question"),
        "date": f"{words.date(answer.date.edtf)} ({answer.date.edtf})" if answer.date else "",
        "in words": answer.date_text,
        "certainty": answer.certainty,
        "rank": "" if answer.rank == "normal" else answer.rank,
        "note": answer.note,
    }
    facts = {**{name.replace("_", " "): text for name, text in answer.says.items()}, **facts}
    lines = [Line((Cell(name, "bright_black"), text)) for name, text in facts.items() if text]
    lines += [Line((Cell("disputed", "red"), text)) for text in answer.disputes]
    lines += [Line((Cell("implies", "bright_black"), text)) for text in answer.implies]
    citations = [
        Line((c.source, c.locator, f"reports {c.reported_by}" if c.reported_by else ""), sources=(c.source,))
        for c in answer.citations
    ]
    versions = [
        Line(
            (
                f"{v.version}  {v.kind}",
                _version(v),
                v.recorded_by,
                v.recorded_at[:19],
            )
        )
        for v in answer.versions
    ]
    sheets = [
        Sheet("fact", "", (Column("field"), Column("value", ratio=8)), lines, marked=False, wrap=True),
        Sheet(
            "citation",
            "SOURCES",
            (Column("source"), Column("place"), Column("reports")),
            citations,
            marked=False,
            empty="none",
        ),
        Sheet(
            "version",
            "VERSIONS",
            (Column("version"), Column("what", ratio=3), Column("by", fixed=True), Column("recorded", fixed=True)),
            versions,
            marked=False,
            wrap=True,
        ),
    ]
    if answer.derived_from:
        sheets.append(events_sheet(answer.derived_from, title="DERIVED FROM", ids=True))
    if answer.derived:
        sheets.append(events_sheet(answer.derived, title="DERIVED FROM IT", ids=True))
    return sheets


def _out_of_force(answer: answers.Why) -> str:
    first = answer.versions[0]
    return "erased" if first.event is None else "not published by then" if first.counts else "retracted"


def _version(version: answers.VersionAnswer) -> str:
    reason = f" — {version.reason}" if version.reason and f": {version.reason}" not in version.headline else ""
    said = "; ".join((version.headline, *version.changes))
    return f"{said}{reason}{'' if version.counts else ' (withdrawn)'}"


COMMANDS = {"sources": sources, "why": why}
