"""What a picture and a page say of themselves."""

from __future__ import annotations

from timeline.moments import instant
from timeline.pages.content import Gathered
from timeline.pages.lanes import Lanes
from timeline.printing import words
from timeline.store import log


def title_of(gathered: Gathered, given: str) -> str:
    """The title that was given; otherwise what the selection is about, if it is about one thing."""
    wanted = gathered.wanted
    about = [*wanted.organizations, *wanted.people, *wanted.products]
    return given or (gathered.view.directory.name(about[0]) if len(about) == 1 else "Timeline")


def origin(gathered: Gathered) -> str:
    """What everything was made from: the state of the ledger."""
    recorded = log.recorded_at(gathered.view.connection, gathered.view.position)
    if recorded is None:
        return "an empty ledger"
    day = words.when(instant(recorded)[:10])
    facts = words.counted(gathered.view.count_events(), "event")
    return f"as known on {day} · {facts} · {words.counted(len(gathered.numbers), 'source')}"


def described(lanes: Lanes) -> str:
    """The picture in a few sentences, for those who do not see it."""
    sections = ", ".join(f"{section.title} ({len(section.lanes)})" for section in lanes.sections)
    return (
        f"Lanes from {words.day(lanes.axis.first)} to {words.day(lanes.axis.last)}: {sections or 'none'}. "
        f"A line marks {words.day(lanes.day)}; what is so on that day is outlined. "
        "Bars fade where a date is uncertain and are hatched after the last confirmation."
    )
