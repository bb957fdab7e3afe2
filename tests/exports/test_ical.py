"""What a calendar shows: its head, the days of dates, what is left out, and what leaves it."""

from __future__ import annotations

import re

import pytest

from events.about import Correction, Erasure, Retraction
from events.base import Citation
from events.dates import day_of, exact, parse
from events.people import Departure, Tenure
from events.products import Delay, Plan, Release
from events.register import Entity, Merge, Source
from events.said import Statement
from tests.exports.ical_feeds import check_step, events, feed, feed_of, written
from tests.timeline.builders import Clock, completion, deal, layoff, move, org, person
from timeline.entries import entry_named
from timeline.exports.ical import calendar, kept
from timeline.exports.ical.dates import LAST, Days, shown_days
from timeline.exports.ical.entries import entry_event as plain
from timeline.exports.ical.render import rendered
from timeline.exports.selection import Selection
from timeline.ledger import Ledger, following, new
from timeline.reported import reported_by

DAY = 86_400_000_000


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(sqlite_url, clock):
    with Ledger.create(sqlite_url, clock=clock) as ledger:
        ledger.record([new(e) for e in (org("meta", "Meta"), org("fair", "FAIR"), person("ada", "Ada"))])
        yield ledger


def record(ledger, *given):
    """Events that begin entries, or pairs of a name and an event about the entry of that name."""
    batch = []
    for item in given:
        if isinstance(item, tuple):
            name, event = item
            entry = entry_named(*name.split(":")) if ":" in name else entry_named("event", name)
            with ledger.ask() as view:
                version = len(view.connection.exec_driver_sql(
                    f"SELECT 1 FROM events WHERE entry_id = '{entry.hex}'").all())  # fmt: skip
            batch.append(following(entry, version, event))
        else:
            batch.append(new(item))
    return ledger.record(batch, by="ada").last


def departure(date: str = "2025-02", **fields) -> Departure:
    return Departure(person="ada", organization="meta", date=parse(date), **fields)


def only(raw: bytes):
    (found,) = events(raw).values()
    return found


# -- the calendar -----------------------------------------------------------------------------------------------------


def test_the_head_says_what_programs_ask_for_and_nothing_that_confuses_them(ledger):
    """A UID makes a common synchroniser take all events for one; METHOD and ATTENDEE make an invitation of a feed."""
    raw = feed(ledger, title="Meta, since 2013; all", address="https://example.org/t")

    lines = re.sub(rb"\r\n ", b"", raw).decode().splitlines()
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert {
        "CALSCALE:GREGORIAN",
        "NAME:Meta\\, since 2013\\; all",
        "X-WR-CALNAME:Meta\\, since 2013\\; all",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
        "SOURCE;VALUE=URI:https://example.org/t/events.ics",
        "COLOR:steelblue",
        "LAST-MODIFIED:19700101T000001Z",
    } <= set(lines)
    assert not re.search(rb"\r\n(UID|METHOD|ORGANIZER|ATTENDEE|BEGIN:VALARM)", raw)


def test_a_filtered_calendar_does_not_say_that_it_is_the_whole_one(ledger):
    """SOURCE is where a program may fetch the calendar anew."""
    wanted = Selection(kinds=("layoff",))

    assert b"SOURCE" not in feed(ledger, wanted, address="https://example.org/t")


def test_an_empty_ledger_makes_an_empty_calendar(sqlite_url):
    with Ledger.create(sqlite_url) as ledger:
        raw, said = written(ledger)

    assert events(raw) == {}
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert said == (0, "event", ())


# -- an event ---------------------------------------------------------------------------------------------------------


def test_an_event_shows_what_the_entry_says(ledger):
    """The words of the date, the page of the entry, the kind and the organization, the source with its address."""
    source = Source(
        id="post", title="Who left", publisher="The Post", issued=parse("2025-05"), url="https://p.example/1"
    )
    cited = Citation(source="post", locator="§54", reported_by="The Wire")
    record(
        ledger, source, departure("2025-02~", id="left", date_text="early this year", sources=(cited,), note="A note.")
    )

    found = only(feed(ledger, address="https://example.org/t"))

    assert found.shown[:4] == ("Ada left Meta (c. Feb 2025)", "CONFIRMED", "20250201", "20250301")
    assert found.line("DESCRIPTION") == (
        "Date: c. Feb 2025 (“early this year”)\\nA note.\\n"
        "Source: The Post\\, Who left\\, May 2025 §54 (citing The Wire) https://p.example/1"
    )
    assert found.line("CATEGORIES") == "departure,Meta"
    assert found.line("URL") == f"https://example.org/t/events/{entry_named('event', 'left')}"
    assert found.line("X-TIMELINE-EDTF") == "2025-02~"
    assert (found.line("TRANSP"), found.line("CLASS")) == ("TRANSPARENT", "PUBLIC")


@pytest.mark.parametrize(
    ("certainty", "summary", "status"),
    [
        ("stated", "Ada left Meta", "CONFIRMED"),
        ("reported", "Ada left Meta", "CONFIRMED"),
        ("rumoured", "Rumoured: Ada left Meta", "TENTATIVE"),
        ("derived", "Derived: Ada left Meta", "TENTATIVE"),
    ],
)
def test_what_is_not_sure_says_so_in_the_summary(ledger, certainty, summary, status):
    """A month view shows little else."""
    record(ledger, departure("2025-02-03", certainty=certainty))

    assert only(feed(ledger)).shown[:2] == (summary, status)


def test_the_end_of_a_deal_names_the_deal_and_changes_with_it(ledger, clock):
    """Its headline is that of another entry, whose parties may be corrected."""
    bought = deal("2025-01-01", id="buy", object="Scale")
    record(ledger, bought, completion(entry_named("event", "buy"), "2025-06-13"))
    before = events(feed(ledger))
    record(ledger, ("buy", Correction(event=deal("2025-01-01", id="buy", object="Scale AI"))))

    after = events(feed(ledger))

    assert {e.summary for e in after.values()} == {
        "Acquisition of Meta: Scale AI",
        "Acquisition of Meta: Scale AI: completed",
    }
    assert check_step(before, after) == set(after)


# -- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "span", "marker", "omitted"),
    [
        ("2025-05-26", "2025-05-26/2025-05-26", "2025-05-26", False),
        ("2025-05-26T10:00:00Z", "2025-05-26/2025-05-26", "2025-05-26", False),
        ("2025-05-26~", "2025-05-26/2025-05-26", "2025-05-26", True),
        ("2025-05-26/2025-05-28", "2025-05-26/2025-05-28", "2025-05-26/2025-05-28", False),
        ("2025-02", "2025-02-01/2025-02-28", "2025-02-01", True),
        ("2026-33", "2026-01-01/2026-03-31", "2026-01-01", True),
        ("2023-37", "2023-01-01/2023-04-30", "2023-01-01", True),
        ("2017~", "2017-01-01/2017-12-31", "2017-01-01", True),
        ("[2013..2014]", "2013-01-01/2014-12-31", "2013-01-01", True),
        ("201X", "2010-01-01/2019-12-31", "2010-01-01", True),
        ("1985-04-12/..", "1985-04-12/1985-04-12", "1985-04-12", True),
        ("1985/..", "1985-01-01/1985-12-31", "1985-01-01", True),
        ("../1985-04-12", "1985-04-12/1985-04-12", "1985-04-12", True),
        ("[..1984]", "1984-01-01/1984-12-31", "1984-01-01", True),
        ("-0044/2024-05-01", "2024-05-01/2024-05-01", "2024-05-01", True),
        ("XXXX", None, None, True),
        ("XXXX-02-29", None, None, True),
        ("-0044-03-15", None, None, True),
        ("Y12024", None, None, True),
        ("9999-12-31", None, None, True),
    ],
)
def test_a_date_is_shown_at_its_days(date, span, marker, omitted):
    """All of them, the first one, or none where they are not exact; of an open side nothing is made up."""
    given = parse(date)

    shown = shown_days(given, "span")

    assert _text(shown) == span
    if marker is not None:
        assert _text(shown_days(given, "marker")) in (marker, f"{marker}/{marker}")
    assert (shown_days(given, "omit") is None) == omitted
    assert shown is None or shown.last <= given.latest_reading  # what a calendar with a limit relies on


def _text(days: Days | None) -> str | None:
    return None if days is None else f"{exact(days.first)}/{exact(days.last)}"


def test_the_last_day_that_is_shown_has_a_day_after_it(ledger):
    """DTEND names it, in four digits."""
    assert exact(LAST).text == "9999-12-30"
    record(ledger, departure("9999-12-30"))

    assert only(feed(ledger)).shown[2:4] == ("99991230", "99991231")


def test_what_has_no_day_is_counted(ledger):
    record(ledger, departure("XXXX"), departure("-0044-03-15"), departure("2024"))

    assert written(ledger)[1] == (1, "event", ("2 events without any date a calendar can show",))
    assert written(ledger, imprecise="omit")[1] == (0, "event", ("3 events whose date is not exact to the day",))


def test_an_event_whose_date_becomes_inexact_is_struck_out_first(ledger, clock):
    """A feed without inexact dates had it already."""
    record(ledger, departure("2025-02-03", id="left"))
    before = events(feed(ledger, imprecise="omit"))
    record(ledger, ("left", Correction(event=departure("2025-02", id="left"))))

    after = events(feed(ledger, imprecise="omit"))

    check_step(before, after)
    assert only(feed(ledger, imprecise="omit")).shown[:4] == (
        "No longer in this calendar: Ada left Meta", "CANCELLED", "20250203", "20250204",
    )  # fmt: skip


# -- launches ---------------------------------------------------------------------------------------------------------


def llama(name: str = "Llama", given: str = "llama") -> Entity:
    return Entity(id=given, type="product", name=name)


def plan(planned: str | None = "2025-04-15", date: str = "2025-01", **fields) -> Plan:
    return Plan(product="llama", date=parse(date), planned=parse(planned) if planned else None, **fields)


def launch(raw: bytes):
    return next((e for e in events(raw).values() if e.line("CATEGORIES").startswith("launch")), None)


def test_a_plan_without_a_date_has_no_launch(ledger):
    record(ledger, llama(), plan(None))

    assert launch(feed(ledger)) is None


def test_a_release_that_nobody_planned_has_no_launch(ledger):
    """The entry itself shows it."""
    record(ledger, llama(), Release(product="llama", date=parse("2025-04-05")))

    assert launch(feed(ledger)) is None
    assert only(feed(ledger)).summary == "Llama released"


def test_a_delay_without_a_new_date_keeps_the_last_one_and_says_so(ledger):
    record(ledger, llama(), plan(), Delay(product="llama", date=parse("2025-03")))

    found = launch(feed(ledger))

    assert found.shown[:4] == (
        "Delayed: Llama launch (no new date; was 15 Apr 2025)", "TENTATIVE", "20250415", "20250416",
    )  # fmt: skip


def test_a_delay_tells_of_a_plan_that_nobody_recorded(ledger):
    record(ledger, llama(), Delay(product="llama", date=parse("2025-03"), previous=parse("2025-04")))

    assert launch(feed(ledger)).shown[:3] == (
        "Delayed: Llama launch (no new date; was Apr 2025)", "TENTATIVE", "20250401",
    )  # fmt: skip


def test_a_preview_fulfils_a_plan_until_the_next_one(ledger):
    record(ledger, llama(), plan(), Release(product="llama", date=parse("2025-04-05"), stage="preview"))
    assert launch(feed(ledger)).shown[:3] == ("Llama launch (preview)", "CONFIRMED", "20250405")

    record(ledger, plan("2025-09", date="2025-05"))
    assert launch(feed(ledger)).shown[:3] == ("Planned: Llama launch (Sep 2025)", "TENTATIVE", "20250901")


def test_what_follows_a_release_no_longer_moves_the_launch(ledger):
    record(ledger, llama(), plan(), Release(product="llama", date=parse("2025-04-05")), plan("2026", date="2025-05"))

    assert launch(feed(ledger)).shown[:3] == ("Llama launch", "CONFIRMED", "20250405")


def test_the_launch_of_a_merged_product_is_struck_out_and_moves_the_other(ledger):
    """Both ids turn out to name one product."""
    record(ledger, llama(), llama("Llama 4", "llama-4"), plan(id="plan"))
    before = events(feed(ledger))
    record(ledger, Merge(duplicate="llama", into="llama-4"))

    after = events(feed(ledger))

    check_step(before, after)
    assert sorted(e.summary for e in after.values()) == [
        "Llama 4 planned for 15 Apr 2025 (Jan 2025)",
        "No longer in this calendar: Planned: Llama launch",
        "Planned: Llama 4 launch",
    ]


# -- leaving a calendar -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        Selection(kinds=("departure",)),
        Selection(people=("ada",)),
        Selection(organizations=("meta",)),
        Selection(certainties=("stated",)),
        Selection(first=day_of("2025-01-01"), last=day_of("2025-12-31")),
    ],
    ids=["kind", "person", "organization", "certainty", "days"],
)
def test_an_entry_that_is_corrected_out_of_a_calendar_is_struck_out_for_ninety_days(ledger, clock, wanted):
    """Else it would stay in the calendars of those who have it, or vanish without a word."""
    record(ledger, departure("2025-02-03", id="left"))
    before = events(feed(ledger, wanted))
    other = layoff("fair", "2024-02-03", id="left", certainty="reported")
    record(ledger, ("left", Correction(event=other)))

    after = events(feed(ledger, wanted))

    assert check_step(before, after) == set(before) == set(after)
    (found,) = after.values()
    assert found.shown[:2] == ("No longer in this calendar: Ada left Meta", "CANCELLED")
    clock.now += 90 * DAY - 1_000_000
    record(ledger, org("x"))
    assert events(feed(ledger, wanted)) == after
    record(ledger, org("y"))
    assert events(feed(ledger, wanted)) == {}
    record(ledger, ("left", Retraction(version=2)))
    (back,) = events(feed(ledger, wanted)).values()
    assert (back.summary, back.sequence) == ("Ada left Meta", 2)


def test_what_a_unit_did_leaves_the_calendar_of_the_organization_that_it_was_no_part_of(ledger):
    """The entry itself did not change."""
    wanted = Selection(organizations=("meta",), kinds=("layoff",))
    record(ledger, move("fair", "meta", "2013", id="move"), layoff("fair", "2024-02-03"))
    before = events(feed(ledger, wanted))
    record(ledger, ("move", Retraction(reason="That was another FAIR.")))

    after = events(feed(ledger, wanted))

    assert check_step(before, after) == set(before) == set(after)
    (found,) = after.values()
    assert found.summary == "No longer in this calendar: FAIR cut jobs"


def test_with_a_limit_only_the_newest_are_there(ledger):
    """Launches count, and what was withdrawn comes besides, if it is not older than all the rest."""
    record(ledger, llama(), plan("2030"), departure("2025-02-03", id="new"), departure("2020-02-03", id="old"))
    record(ledger, departure("2025-02-04", id="wrong"), departure("2001-02-04", id="long-ago"))
    record(ledger, ("wrong", Retraction()), ("long-ago", Retraction()), tenure("2015/.."))

    found = events(feed(ledger, Selection(limit=2)))

    assert [e.summary for e in found.values()] == [
        "Ada left Meta", "Planned: Llama launch (2030)", "Retracted: Ada left Meta",
    ]  # fmt: skip


def tenure(date: str, **fields) -> Tenure:
    return Tenure(person="ada", organization="meta", date=parse(date), **fields)


def dated(date: str, **fields) -> Statement:
    return Statement(speaker="ada", summary=f"said {date}", date=parse(date), **fields)


def summaries(raw: bytes) -> list[str]:
    return [e.summary for e in events(raw).values()]


def test_a_limit_goes_by_the_days_that_are_shown(ledger):
    """What still goes on is shown when it began, and what is about a year in that year: neither is newer than that."""
    record(ledger, llama(), plan("2020-03", date="XXXX"), tenure("2015/.."), layoff("meta", "2023~"))
    record(ledger, departure("2024-05-05"))
    everything = ["Ada left Meta", "Meta cut jobs (c. 2023)", "Planned: Llama launch (Mar 2020)"]

    found = [sorted(summaries(feed(ledger, Selection(limit=n)))) for n in (1, 2, 3)]

    assert found == [everything[:n] for n in (1, 2, 3)]
    assert len(summaries(feed(ledger, Selection(limit=4)))) == 4
    assert feed(ledger, Selection(limit=5)) == feed(ledger, Selection(limit=4))


def test_what_has_no_day_takes_no_place_within_a_limit(ledger):
    """Nothing bounds it, so it would be the newest of all."""
    record(ledger, departure("XXXX"), departure("Y12024"), departure("2024-02"), departure("2023-02-01"))

    assert summaries(feed(ledger, Selection(limit=1))) == ["Ada left Meta (Feb 2024)"]
    raw, said = written(ledger, Selection(limit=1), imprecise="omit")
    assert summaries(raw) == ["Ada left Meta"]
    assert said == (1, "event", ("3 events whose date is not exact to the day",))


@pytest.mark.parametrize("limit", [1, 3, 600])
@pytest.mark.parametrize("imprecise", ["span", "marker", "omit"])
def test_the_events_within_a_limit_are_the_newest_of_all(ledger, limit, imprecise):
    """More than are read at once, of every sort of date."""
    forms = [
        "{}-05-05", "{}", "{}~", "{}/..", "../{}-03", "[{}..2999]", "{}-02/2998", "[..1990,{}..]", "XXXX-05", "{}-33",
    ]  # fmt: skip
    record(ledger, llama(), plan("2500"))
    record(ledger, *(departure(forms[n % len(forms)].format(1200 + n)) for n in range(1200)))
    everything = events(feed(ledger, imprecise=imprecise))
    newest = sorted((e.shown.end, uid) for uid, e in everything.items())[-limit:]

    found = events(feed(ledger, Selection(limit=limit), imprecise=imprecise))

    assert len(found) == len(newest)
    assert sorted(e.shown.end for e in found.values()) == [end for end, _ in newest]
    assert found.items() <= everything.items()


def test_within_a_limit_nothing_vanishes_that_was_not_struck_out(ledger):
    """An event that is withdrawn, one that loses its date and a launch come besides the newest."""
    wanted = Selection(limit=3)
    record(
        ledger, llama(), plan("2025-06", id="plan"), departure("2025-02-03", id="left"), departure("2025-03-04", id="x")
    )
    before = events(feed(ledger, wanted, imprecise="omit"))
    record(ledger, ("left", Correction(event=departure("2009", id="left"))))
    record(ledger, ("x", Retraction()))

    after = events(feed(ledger, wanted, imprecise="omit"))

    check_step(before, after)
    assert [e.summary for e in before.values()] == ["Ada left Meta", "Ada left Meta"]
    assert sorted(e.summary for e in after.values()) == [
        "No longer in this calendar: Ada left Meta", "Retracted: Ada left Meta",
    ]  # fmt: skip
    record(ledger, ("plan", Retraction()))
    record(ledger, *(departure(f"2025-05-0{n}") for n in range(1, 4)))
    found = summaries(feed(ledger, wanted))
    assert sorted(found) == [*3 * ["Ada left Meta"], "Retracted: Planned: Llama launch (Jun 2025)"]


def test_a_calendar_of_what_was_published_leaves_out_what_was_not(ledger):
    """And it says what was known then, without what a later article added."""
    record(
        ledger, *(Source(id=s, title=s, issued=parse(d)) for s, d in (("may", "2025-05-01"), ("june", "2025-06-01")))
    )
    both = (Citation(source="may"), Citation(source="june"))
    record(ledger, departure("2025-02-03", sources=both), departure("2025-02-04", sources=both[1:]))

    with ledger.database.reading() as connection, reported_by(connection, None, day_of("2025-05-15")) as view:
        found = only(feed_of(view))

    assert found.shown.start == "20250203"
    assert found.line("DESCRIPTION") == "Source: may\\, 1 May 2025"


def test_an_erased_entry_leaves_at_once(ledger):
    """Nothing of it may be shown, not even that it is withdrawn; what it said of a launch goes with it."""
    record(ledger, llama(), plan(id="plan"), departure("2025-02-03", id="left"))
    feed(ledger)
    record(ledger, ("left", Erasure(reason="They asked for it.")), ("plan", Erasure()))

    assert events(feed(ledger)) == {}


# -- the cache --------------------------------------------------------------------------------------------------------


def test_what_was_shown_before_is_not_worked_out_again(ledger, monkeypatch):
    """And what changed is, also by a new name; whatever is kept, the bytes are those of a first export."""
    record(ledger, departure(id="left"), layoff("meta", "2024", id="cut"))
    worked_out = []

    def noted(subject, *rest):
        worked_out.append(subject.entry)
        return plain(subject, *rest)

    monkeypatch.setattr(calendar, "entry_event", noted)

    def exported() -> int:
        """How many entries it takes to work out anew."""
        worked_out.clear()
        found = feed(ledger)
        number = len(set(worked_out))
        kept.forget()
        rendered.cache_clear()
        assert feed(ledger) == found
        worked_out.clear()
        feed(ledger)
        return number

    kept.forget()
    assert [exported(), exported()] == [2, 0]
    record(ledger, ("left", Correction(event=departure("2025-03", id="left"))))
    assert [exported(), exported()] == [1, 1]  # its history is told anew each time
    record(ledger, ("entity:meta", Correction(event=org("meta", "Meta Platforms"))))
    assert exported() == 2


def test_what_is_kept_of_one_ledger_is_not_shown_of_another(ledger, tmp_path):
    """The same entry, in a ledger where its names are others."""
    record(ledger, departure(id="left"))
    feed(ledger)

    with Ledger.create(str(tmp_path / "other.db"), clock=Clock()) as other:
        other.record([new(e) for e in (org("meta", "Metta"), person("ada", "Eda"))])
        record(other, departure(id="left"))
        assert only(feed(other)).summary == "Eda left Metta (Feb 2025)"


def test_what_is_kept_for_one_selection_holds_for_another_that_came_to_hold_it_later(ledger):
    """CREATED is when it came into this calendar."""
    record(ledger, layoff("fair", "2024-02-03"))
    feed(ledger)
    record(ledger, move("fair", "meta", "2013"))

    found = only(feed(ledger, Selection(organizations=("meta",), kinds=("layoff",))))

    assert (found.created, found.sequence) == ("19700101T000003Z", 0)


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_a_file_and_says_what_it_left_out(run, example_ledger, tmp_path):
    """Nothing of that goes into the file."""
    path = tmp_path / "exact.ics"

    ran = run("export", "ical", "--imprecise", "omit", "-o", str(path), db=example_ledger)

    assert ran.status == 0
    left_out, wrote = ran.err.splitlines()
    assert re.fullmatch(r"Left out: \d+ events whose date is not exact to the day\.", left_out)
    assert wrote == f"Wrote {len(events(path.read_bytes()))} events to {path}."


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (("--kind", "layoff"), lambda e: e.line("CATEGORIES").startswith("layoff")),
        (("--person", "Naman Goyal", "--kind", "departure"), lambda e: "Naman Goyal" in e.summary),
        (("--certainty", "rumoured"), lambda e: e.summary.startswith(("Rumoured", "Planned, rumoured"))),
        (("--from", "2025-06-01"), lambda e: e.shown.end > "20250601"),
        (("--product", "Behemoth"), lambda e: "Behemoth" in "".join(e.shown.everything)),
    ],
    ids=lambda o: o[0] if isinstance(o, tuple) else "",
)
def test_the_command_chooses(run, example_ledger, tmp_path, options, holds):
    run("export", "ical", *options, "-o", str(tmp_path / "some.ics"), db=example_ledger)
    found = events((tmp_path / "some.ics").read_bytes())
    run("export", "ical", "-o", str(tmp_path / "all.ics"), db=example_ledger)
    everything = events((tmp_path / "all.ics").read_bytes())

    assert 0 < len(found) < len(everything)
    assert found.items() <= everything.items()
    assert all(map(holds, found.values()))
