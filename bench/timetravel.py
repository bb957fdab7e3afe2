"""Asking what was known when, and correcting what was recorded long ago.

The first table loads 8,500 memberships with 1,900 corrections and asks 200 questions about a random organization, day
and state of knowledge. The second corrects an event that stands early in a history of 10,000 and of 100,000 events, and
with `--million` of 1,000,000: the cost of one correction should not depend on how long the history is.
"""

from __future__ import annotations

import random
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec

from bench._history import ORGANIZATIONS, happening, registered
from bench._measure import count, machine, report, table, timed
from events.about import Correction
from events.dates import parse
from timeline.ledger import Ledger, following, new
from timeline.store.mapper import EntryEvent

MEMBERSHIPS = 8_500
CORRECTIONS = 1_900
QUESTIONS = 200
BATCH = 1_000


def load(ledger: Ledger, memberships: int) -> list[EntryEvent]:
    """Record people who come and go; each of them is one membership."""
    for part in _parts(registered(memberships)):
        ledger.record(part, by="bench")
    events = [new(happening(n)) for n in range(2 * memberships)]
    for part in _parts(events):
        ledger.record(part, by="bench")
    return events


def _parts(events: list[EntryEvent]) -> list[list[EntryEvent]]:
    return [events[n : n + BATCH] for n in range(0, len(events), BATCH)]


def correction(event: EntryEvent, version: int, year: int) -> EntryEvent:
    """The same happening in another year."""
    changed = msgspec.structs.replace(event.event, date=parse(str(year)))
    return following(event.originator_id, version, Correction(event=changed, reason="a better source"))  # type: ignore[arg-type]  # a happening


def questions(folder: Path) -> str:
    """Load, correct, ask."""
    dice = random.Random(1)
    with Ledger.create(str(folder / "questions.db")) as ledger:
        events: list[EntryEvent] = []
        loading = timed(lambda: events.extend(load(ledger, MEMBERSHIPS)))
        chosen = dice.sample(events, CORRECTIONS)
        started = perf_counter()
        for part in _parts([correction(e, 1, 2015 + n % 9) for n, e in enumerate(chosen)]):
            ledger.record(part, by="bench")
        correcting = perf_counter() - started
        with ledger.ask() as view:
            last = view.position
        taken, people = [], 0
        for _ in range(QUESTIONS):
            organization = f"org-{dice.randrange(ORGANIZATIONS)}"
            day = parse(f"{dice.randrange(2015, 2025)}-{dice.randrange(1, 13):02d}").latest
            known = dice.randrange(last - 2 * CORRECTIONS, last + 1)
            started = perf_counter()
            with ledger.ask(known) as view:
                people += len(view.members(organization, day))
            taken.append(perf_counter() - started)
    taken.sort()
    rows = [
        ("record 8,500 memberships", f"{count(loading * 1000)}", f"{count(2 * MEMBERSHIPS / loading)} events/s"),
        ("record 1,900 corrections", f"{count(correcting * 1000)}", f"{count(CORRECTIONS / correcting)} events/s"),
        (
            "one question, median of 200",
            f"{count(statistics.median(taken) * 1000)}",
            f"{people / QUESTIONS:.0f} people",
        ),
        ("one question, slowest but 10 of 200", f"{count(taken[-11] * 1000)}", ""),
    ]
    return table("Who was there, as known when", ("job", "ms", ""), rows)


def _correct(ledger: Ledger, event: EntryEvent) -> float:
    return timed(lambda: ledger.record([correction(event, 1, 2016)], by="bench"))


def corrections(folder: Path, sizes: list[int]) -> str:
    """Correct one early event, again and again, in histories of different lengths."""
    rows = []
    for size in sizes:
        with Ledger.create(str(folder / f"{size}.db")) as ledger:
            events = load(ledger, size // 2)
            taken = [_correct(ledger, events[n]) for n in range(1, 61, 2)]
        rows.append((f"{size:,} events", count(statistics.median(taken) * 1000), count(max(taken) * 1000)))
    return table("One correction of an event at the beginning, durable", ("history", "median ms", "slowest ms"), rows)


def main() -> None:
    """Run both; `--million` adds the longest history, which takes some minutes to load."""
    sizes = [10_000, 100_000, *([1_000_000] if "--million" in sys.argv[1:] else [])]
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir="build") as name:
        report("timetravel", questions(Path(name)), corrections(Path(name), sizes), machine("SQLAlchemy"))


if __name__ == "__main__":
    main()
