"""Calendars of 10,000 entries, beside a writer by hand that reads the same file and writes the same lines.

The writer by hand knows that nothing was ever corrected: it reads entries, names and sources with two statements of SQL
and puts the lines together as text. Lines of both are compared, so that neither leaves anything out.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bench._history import SOURCE, happening, registered
from bench._measure import Side, best, count, machine, ratio, report, table, timed
from events.base import Happening
from events.dates import Date
from events.kinds import decode, mentions
from timeline.exports.formats import Options
from timeline.exports.ical import kept
from timeline.exports.ical.calendar import export
from timeline.exports.ical.render import rendered
from timeline.exports.selection import Selection
from timeline.ledger import Ledger
from timeline.store.mapper import EntryEvent
from timeline.view import View

ENTRIES = 10_000
SIZES = (20_000, 40_000)
ROUNDS = 5
PART = 5_000

Write = Callable[[bytes], Any]

ALL = """
    SELECT e.entry_id, e.recorded_at, e.kind, p.state
    FROM happenings h JOIN events e ON e.entry_id = h.entry JOIN payloads p ON p.position = e.position
    ORDER BY h.latest DESC, h.earliest DESC, h.entry DESC"""
NAMES = "SELECT n.id, e.name FROM entities e JOIN numbers n ON n.number = e.entity"


@contextmanager
def ledger_of(entries: int, folder: Path) -> Iterator[Ledger]:
    """A ledger of arrivals and departures, with its names and its source."""
    with Ledger.create(str(folder / f"{entries}.db")) as ledger:
        happenings = [EntryEvent(UUID(int=n + 1), 1, happening(n)) for n in range(entries)]
        batch = [*registered(entries // 2), *happenings]
        for start in range(0, len(batch), PART):
            ledger.record(batch[start : start + PART], by="bench")
        yield ledger


# -- the sides --------------------------------------------------------------------------------------------------------


def ours(view: View, write: Write) -> None:
    """The export as `timeline export ical` runs it."""
    export(view, Selection(), write, Options())


def cold(view: View, write: Write) -> None:
    """The same in a process that has exported nothing yet."""
    kept.forget()
    rendered.cache_clear()
    ours(view, write)


def by_hand(view: View, write: Write) -> None:
    """Two statements, and the lines as text."""
    driver = view.connection.connection.driver_connection
    assert driver is not None
    names = dict(driver.execute(NAMES).fetchall())
    for entry, recorded_at, kind, state in driver.execute(ALL):
        event = decode(kind, state)
        assert isinstance(event, Happening)
        write("".join(map(_folded, _lines(entry, recorded_at, kind, event, names))).encode())


def _lines(entry: str, recorded_at: int, kind: str, event: Happening, names: dict[str, str]) -> list[str]:
    moment = datetime.fromtimestamp(recorded_at // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = names.__getitem__
    made = [i for _, i, types in mentions(event) if types == ("organization",)]
    return [
        "BEGIN:VEVENT",
        f"UID:{UUID(entry)}@timeline.invalid",
        f"DTSTAMP:{moment}",
        f"LAST-MODIFIED:{moment}",
        f"CREATED:{moment}",
        "SEQUENCE:0",
        f"DTSTART;VALUE=DATE:{date.fromordinal(event.date.earliest):%Y%m%d}",
        f"DTEND;VALUE=DATE:{date.fromordinal(event.date.latest + 1):%Y%m%d}",
        f"SUMMARY:{_escaped(event.headline(name) + _words(event.date))}",
        f"DESCRIPTION:{_escaped(_description(event))}",
        f"CATEGORIES:{','.join((kind, *(_escaped(name(i)) for i in dict.fromkeys(made))))}",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "CLASS:PUBLIC",
        f"X-TIMELINE-EDTF:{_escaped(event.date.text)}",
        "END:VEVENT",
    ]


def _words(when: Date) -> str:
    return "" if when.earliest_reading == when.latest_reading else f" ({when.words()})"


def _description(event: Happening) -> str:
    parts = []
    if event.date_text or _words(event.date):
        said = f" (“{event.date_text}”)" if event.date_text else ""
        parts.append(f"Date: {event.date.words()}{said}")
    if reason := getattr(event, "reason", ""):
        parts.append(f"Reason: {reason}")
    if event.note:
        parts.append(event.note)
    assert SOURCE.issued is not None
    parts += [f"Source: {SOURCE.title}, {SOURCE.issued.words()} {c.locator}" for c in event.sources]
    return "\n".join(parts)


def _escaped(text: str) -> str:
    return text.replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")


def _folded(line: str) -> str:
    """At 74 characters: whether a character or an escape is cut, a writer by hand rarely asks."""
    if len(line) <= 74:
        return f"{line}\r\n"
    return "\r\n ".join(line[at : at + 74] for at in range(0, len(line), 74)) + "\r\n"


# -- comparing --------------------------------------------------------------------------------------------------------


def lines_of(view: View, side: Callable[[View, Write], None]) -> list[str]:
    """The lines of all events, whole."""
    parts: list[bytes] = []
    side(view, parts.append)
    text = b"".join(parts).decode().replace("\r\n ", "")
    return text[text.index("BEGIN:VEVENT") :].removesuffix("END:VCALENDAR\r\n").splitlines()


def _timed(side: Callable[[View, Write], None], view: View) -> Side:
    return lambda: timed(lambda: side(view, len))


def peak(view: View) -> float:
    """The most memory that an export holds at once, in MB, with the events that it keeps for the next one."""
    ours(view, len)  # what it imports and prepares once
    kept.forget()
    rendered.cache_clear()
    tracemalloc.start()
    ours(view, len)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="timeline-bench-") as name:
        with ledger_of(ENTRIES, Path(name)) as ledger, ledger.ask() as view:
            if lines_of(view, ours) != lines_of(view, by_hand):
                raise SystemExit("the two sides write different lines")
            sides = {"by hand": by_hand, "cached": ours, "cold": cold}
            taken = best({name: _timed(side, view) for name, side in sides.items()}, ROUNDS)
        memory = {}
        for size in SIZES:
            with ledger_of(size, Path(name)) as ledger, ledger.ask() as view:
                memory[size] = peak(view)
    said = {
        "by hand": "by hand: bare SQL, lines as text",
        "cached": "`export ical`, exported before in this process",
        "cold": "`export ical`, for the first time",
    }
    rows = [
        [said[n], f"{s:.2f}", count(ENTRIES / s), ratio(s / taken["by hand"])] for n, s in taken.items()
    ]  # fmt: skip
    title = f"A calendar of {ENTRIES:,} entries, best of {ROUNDS} runs"
    report(
        "ical",
        table(title, ["writer", "s", "entries/s", "times by hand"], rows),
        table(
            f"The most memory that an export holds at once, with the {kept.MOST:,} events kept for the next one",
            ["entries", "MB"],
            [[f"{n:,}", f"{mb:.1f}"] for n, mb in memory.items()],
        ),
        machine("icalendar", "SQLAlchemy"),
    )


if __name__ == "__main__":
    main()
