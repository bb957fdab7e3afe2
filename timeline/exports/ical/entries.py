"""One event of the calendar for one entry: what it shows, as known at a position of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from events.base import Citation, Event, Happening
from events.dates import Date
from events.kinds import kind_of
from projections.facts import Fact
from projections.rows import unique
from timeline.exports.formats import Options
from timeline.exports.ical.content import Content, Gone, joined
from timeline.exports.ical.dates import is_exact, shown_days
from timeline.exports.ical.scope import Scope
from timeline.exports.ical.subjects import Lookup, Subject
from timeline.exports.ical.text import clean, one_line
from timeline.moments import instant

UNDATED = Gone(why="Its date is one that this calendar cannot show.")
CORRECTED = Gone(why="It was corrected, and is not what this calendar holds.")

CLAIMS = {"rumoured": "Rumoured", "derived": "Derived"}
"""What is said in the summary of how a source puts it; what is stated or reported needs no word."""


def entry_event(subject: Subject, look: Lookup, scope: Scope, options: Options) -> Content | Gone:
    """What the calendar shows of an entry."""
    said = subject.fact(look.at)
    look.depend_on(said)
    fact = scope.meant(said, look.at)
    if fact is None or not isinstance(fact.event, Happening):
        return _withdrawn(subject, look.at)
    event = fact.event
    if not scope.holds(fact, look.at):
        return CORRECTED
    days = shown_days(event.date, options.imprecise)
    if days is None:
        return UNDATED
    labels = claims(fact)
    return Content(
        id=subject.entry,
        summary=one_line(joined(labels) + event.headline(look) + in_brackets(event.date)) or kind_of(event),
        status="TENTATIVE" if labels else "CONFIRMED",
        first=days.first,
        last=days.last,
        description=clean("\n".join(_description(subject, fact, event, look))),
        categories=categories((kind_of(event), *look.organizations([event]))),
        url=f"{options.address}/events/{subject.entry}" if options.address else "",
        edtf=event.date.text,
    )


@lru_cache(maxsize=4096)
def words(date: Date) -> str:
    """A date as it is said."""
    return date.words()


def _withdrawn(subject: Subject, at: int) -> Gone:
    found = subject.retraction(at)
    if found is None:
        return CORRECTED
    retraction, recorded_at = found
    return Gone("Retracted", because(f"Retracted {day(recorded_at)}", retraction.reason))


def claims(fact: Fact) -> list[str]:
    """The words before a summary that keep a reader from taking it for a settled fact."""
    assert isinstance(fact.event, Happening)
    found = [CLAIMS[fact.event.certainty]] if fact.event.certainty in CLAIMS else []
    if fact.disputed:
        found.append("Disputed")
    if fact.deprecated:
        found.append("Deprecated")
    return found


def in_brackets(date: Date) -> str:
    """What the days in a calendar do not say of a date: ` (Q1 2026)`; nothing for a day beyond doubt."""
    return "" if is_exact(date) else f" ({words(date)})"


def _description(subject: Subject, fact: Fact, event: Happening, look: Lookup) -> Iterator[str]:
    if event.date_text or not is_exact(event.date):
        said = f" (“{event.date_text}”)" if event.date_text else ""
        yield f"Date: {words(event.date)}{said}"
    if event.announced:
        yield f"Announced: {event.announced.words()}"
    if reason := getattr(event, "reason", ""):
        yield f"Reason: {reason}"
    if event.note:
        yield event.note
    for dispute in fact.disputes:
        yield dispute.headline(look)
    for before, correction, recorded_at in subject.corrections(look.at):
        was = _was(before, correction.event, look)
        yield because(f"Corrected {day(recorded_at)}{was}", correction.reason)
    yield from citations(fact.sources, look)


def _was(before: Happening, after: Event, look: Lookup) -> str:
    """What a correction replaced, if it is anything that a calendar shows."""
    said, says = before.headline(look), after.headline(look)
    dates = before.date, after.date if isinstance(after, Happening) else before.date
    if said == says and dates[0] == dates[1]:
        return ""
    return f": was {said} ({dates[0].words()})" if dates[0] != dates[1] else f": was {said}"


def citations(sources: Iterable[Citation], look: Lookup) -> list[str]:
    """A line for each source, in the order in which they were given."""
    return list(unique(_citation(citation, look) for citation in sources))


def _citation(citation: Citation, look: Lookup) -> str:
    cited = look.source(citation.source)
    reported = f" (citing {citation.reported_by})" if citation.reported_by else ""
    words = " ".join(part for part in (cited.words, citation.locator) if part)
    return " ".join(part for part in (f"Source: {words}{reported}", cited.url) if part)


def categories(names: Iterable[str]) -> tuple[str, ...]:
    """Names as categories: none empty, none twice, and no comma, at which some programs would cut one in two."""
    return unique(name for given in names if (name := _category(given)))


@lru_cache(maxsize=4096)
def _category(name: str) -> str:
    return one_line(" ".join(name.replace(",", " ").split()))


def day(recorded_at: int) -> str:
    """The day of a recorded time, in UTC."""
    return instant(recorded_at)[:10]


def because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason and ": " not in what else f"{what}. {reason}" if reason else what
