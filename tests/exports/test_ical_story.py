"""A subscriber's calendar follows the ledger: the story of one planned release, exported after each step.

The calendars of some steps stand in golden/ical-*.ics. `RENEW_GOLDEN=1 make test` writes them again, to be read as a
change like any other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

import pytest

from events.about import Correction, Corroboration, Dispute, Ranking, Retraction
from events.base import Citation, Event
from events.dates import day_of, parse
from events.products import Cancellation, Delay, Plan, Release
from events.register import Entity, Source
from tests.exports.ical_feeds import Event as Shown
from tests.exports.ical_feeds import check_step, events, feed
from tests.timeline.builders import layoff, org
from timeline.entries import entry_named
from timeline.exports.ical.content import DOMAIN
from timeline.exports.ical.launches import LAUNCHES
from timeline.ledger import Ledger, following, new

GOLDEN = Path(__file__).parent / "golden"
DAY = 86_400_000_000
CITED = (Citation(source="post", locator="§3"),)


def behemoth(name: str = "Behemoth", **fields) -> Entity:
    return Entity(id="behemoth", type="product", name=name, **fields)


class Step(NamedTuple):
    """What is recorded, and what the calendar then shows of whatever changed: SEQUENCE, STATUS, SUMMARY."""

    name: str
    recorded: list[tuple[str, Event]]
    shown: dict[str, tuple[int, str, str]]
    days: int = 1
    """How many days later it is recorded."""


PLANNED = "Behemoth planned for 15 April 2025"
FIRST_DELAY = Delay(
    product="behemoth", date=parse("2025-04-10"), planned=parse("2025-06"), reason="It is not good enough.", id="delay",
    sources=CITED,
)  # fmt: skip
SECOND_DELAY = Delay(product="behemoth", date=parse("2025-05"), planned=parse("2025-36"), id="delay-2", sources=CITED)

STORY = [
    Step(
        "planned",
        [
            ("entity:meta", org("meta", "Meta, Inc.")),
            ("entity:behemoth", behemoth()),
            ("source:post", Source(id="post", title="On \\models", publisher="The Post", issued=parse("2025-05-26"))),
            (
                "event:plan",
                Plan(product="behemoth", organization="meta", date=parse("2025-01"), planned=parse("2025-04-15"),
                     id="plan", sources=CITED),
            ),
        ],
        {
            "plan": (0, "CONFIRMED", "Behemoth planned for 15 Apr 2025 (Jan 2025)"),
            "launch": (0, "TENTATIVE", "Planned: Behemoth launch"),
        },
    ),
    Step(
        "delayed",
        [("event:delay", FIRST_DELAY)],
        {
            "delay": (0, "CONFIRMED", "Behemoth delayed to Jun 2025"),
            "launch": (1, "TENTATIVE", "Delayed: Behemoth launch (Jun 2025)"),
        },
    ),
    Step(
        "delayed again",
        [("event:delay-2", SECOND_DELAY)],
        {
            "delay-2": (0, "CONFIRMED", "Behemoth delayed to Q4 2025 (May 2025)"),
            "launch": (2, "TENTATIVE", "Delayed: Behemoth launch (Q4 2025)"),
        },
    ),
    Step(
        "corrected",
        [
            (
                "event:delay-2",
                Correction(
                    event=Delay(product="behemoth", date=parse("2025-05-15"), planned=parse("2025-10-15"), id="delay-2",
                                sources=CITED),
                    reason="The paper had it wrong.",
                ),
            )
        ],
        {
            "delay-2": (1, "CONFIRMED", "Behemoth delayed to 15 Oct 2025"),
            "launch": (3, "TENTATIVE", "Delayed: Behemoth launch"),
        },
    ),
    Step(
        "disputed",
        [("event:delay-2", Dispute(by="meta", stance="denied", reason="Nothing was put off."))],
        {
            "delay-2": (2, "TENTATIVE", "Disputed: Behemoth delayed to 15 Oct 2025"),
            "launch": (4, "TENTATIVE", "Delayed, disputed: Behemoth launch"),
        },
    ),
    Step("corroborated by what is cited already", [("event:delay-2", Corroboration(citation=CITED[0]))], {}),
    Step(
        "corroborated by another place",
        [("event:delay-2", Corroboration(citation=Citation(source="post", locator="§9")))],
        {
            "delay-2": (3, "TENTATIVE", "Disputed: Behemoth delayed to 15 Oct 2025"),
            "launch": (5, "TENTATIVE", "Delayed, disputed: Behemoth launch"),
        },
    ),
    Step("an alias, which no event shows", [("entity:behemoth", Correction(event=behemoth(other_names=("B",))))], {}),
    Step("ranked, which no event shows", [("event:plan", Ranking(rank="preferred"))], {}),
    Step(
        "named anew",
        [("entity:behemoth", Correction(event=behemoth("Llama Behemoth", other_names=("B",))))],
        {
            "plan": (1, "CONFIRMED", "Llama Behemoth planned for 15 Apr 2025 (Jan 2025)"),
            "delay": (1, "CONFIRMED", "Llama Behemoth delayed to Jun 2025"),
            "delay-2": (4, "TENTATIVE", "Disputed: Llama Behemoth delayed to 15 Oct 2025"),
            "launch": (6, "TENTATIVE", "Delayed, disputed: Llama Behemoth launch"),
        },
    ),
    Step(
        "cancelled",
        [("event:end", Cancellation(product="behemoth", date=parse("2025-12"), reason="Given up.", id="end"))],
        {
            "end": (0, "CONFIRMED", "Llama Behemoth cancelled (Dec 2025)"),
            "launch": (7, "CANCELLED", "Cancelled: Llama Behemoth launch"),
        },
    ),
    Step(
        "retracted",
        [("event:end", Retraction(reason="It was a joke."))],
        {
            "end": (1, "CANCELLED", "Retracted: Llama Behemoth cancelled (Dec 2025)"),
            "launch": (8, "TENTATIVE", "Delayed, disputed: Llama Behemoth launch"),
        },
    ),
    Step(
        "the retraction retracted",
        [("event:end", Retraction(version=2, reason="It was none."))],
        {
            "end": (2, "CONFIRMED", "Llama Behemoth cancelled (Dec 2025)"),
            "launch": (9, "CANCELLED", "Cancelled: Llama Behemoth launch"),
        },
    ),
    Step(
        "retracted for good",
        [("event:end", Retraction(reason="It was one after all."))],
        {
            "end": (3, "CANCELLED", "Retracted: Llama Behemoth cancelled (Dec 2025)"),
            "launch": (10, "TENTATIVE", "Delayed, disputed: Llama Behemoth launch"),
        },
    ),
    Step(
        "released",
        [("event:release", Release(product="behemoth", date=parse("2025-12-24"), licence="open", id="release"))],
        {
            "release": (0, "CONFIRMED", "Llama Behemoth released (open)"),
            "launch": (11, "CONFIRMED", "Llama Behemoth launch"),
        },
    ),
    Step(
        "90 days after the retraction",
        [("event:cut", layoff("meta", "2026-04-01", id="cut"))],
        {"cut": (0, "CONFIRMED", "Meta, Inc. cut jobs")},
        days=89,
    ),
    Step("91 days after it", [("event:cut", Ranking(rank="preferred"))], {"end": (0, "", "")}, days=1),
]  # fmt: skip


def uid(name: str) -> str:
    entry = uuid5(LAUNCHES, "behemoth") if name == "launch" else entry_named("event", name)
    return f"{entry}@{DOMAIN}"


class Told(NamedTuple):
    """The ledger of the story, and the calendar after each step."""

    ledger: Ledger
    feeds: list[bytes]
    positions: list[int]


def tell(address: str) -> Told:
    """Record the story in a new ledger, a day or more after each other."""
    now = day_of("2026-01-01") * DAY - day_of("1970-01-01") * DAY
    ledger = Ledger.create(address, clock=lambda: now)
    versions: dict[UUID, int] = {}
    feeds, positions = [], []
    for step in STORY:
        now += step.days * DAY
        batch = []
        for name, event in step.recorded:
            entry = entry_named(*name.split(":"))
            versions[entry] = versions.get(entry, 0) + 1
            batch.append(following(entry, versions[entry] - 1, event) if versions[entry] > 1 else new(event))
        positions.append(ledger.record(batch, by="ada").last)
        feeds.append(feed(ledger))
    return Told(ledger, feeds, positions)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    found = tell(str(tmp_path_factory.mktemp("story") / "timeline.db"))
    yield found
    found.ledger.close()


@pytest.mark.parametrize("number", range(len(STORY)), ids=[s.name for s in STORY])
def test_each_step_changes_the_events_that_show_something_else_and_no_other(told, number):
    """SEQUENCE and LAST-MODIFIED rise exactly there, and no event vanishes that was not cancelled."""
    step = STORY[number]
    before = events(told.feeds[number - 1]) if number else {}

    after = events(told.feeds[number])

    changed = check_step(before, after) | (before.keys() - after.keys())
    assert changed == {uid(name) for name in step.shown}
    for name, expected in step.shown.items():
        assert _told(after.get(uid(name))) == expected


def _told(event: Shown | None) -> tuple[int, str, str]:
    return (event.sequence, event.status, event.summary) if event else (0, "", "")


def test_the_launch_moves_and_keeps_its_uid(told):
    """From the planned day to the delayed month, the corrected day, and the day on which it was released."""
    days = [events(feed)[uid("launch")].shown[2:4] for feed in told.feeds]

    assert list(dict.fromkeys(days)) == [
        ("20250415", "20250416"),
        ("20250601", "20250701"),
        ("20251001", "20260101"),
        ("20251015", "20251016"),
        ("20251224", "20251225"),
    ]


def test_the_calendar_of_an_earlier_state_is_the_one_that_was_made_then(told):
    """What is recorded later changes no byte of it."""
    for position, then in zip(told.positions, told.feeds, strict=True):
        assert feed(told.ledger, known=position) == then


def test_the_same_log_gives_the_same_bytes(told, tmp_path):
    again = tell(str(tmp_path / "again.db"))
    with again.ledger:
        assert again.feeds == told.feeds


def test_postgresql_gives_the_same_bytes(told, postgres_url):
    again = tell(postgres_url)
    with again.ledger:
        assert again.feeds == told.feeds


@pytest.mark.parametrize("name", ["planned", "disputed", "cancelled", "retracted", "released"])
def test_the_calendar_is_the_one_in_the_golden_file(told, name):
    number = next(n for n, step in enumerate(STORY) if step.name == name)
    golden = GOLDEN / f"ical-{name}.ics"

    if os.environ.get("RENEW_GOLDEN"):
        golden.write_bytes(told.feeds[number])

    assert told.feeds[number] == golden.read_bytes()
