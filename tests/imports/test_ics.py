"""iCalendar: calendars that people keep come in, with their days and without those who were invited."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports.exported import export, ledger_of, lossy
from tests.imports.taking import events, notes, plain, positions, refused, taken, tried
from timeline.imports.icsfile import TAKEN

SCHOOL = ("UID:abc@example.org", "DTSTART;VALUE=DATE:20240301", "DTEND;VALUE=DATE:20240304", "SUMMARY:Spring school")


def calendar(*parts: tuple[str, ...], head: tuple[str, ...] = ("PRODID:-//x//y//EN",)) -> bytes:
    """A calendar of events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head]
    for part in parts:
        lines += ["BEGIN:VEVENT", *part, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def gathering(ledger, *lines: str, head: tuple[str, ...] = ("PRODID:-//x//y//EN",)) -> dict[str, Any]:
    """The gathering that an event becomes."""
    taken(ledger, "ics", calendar(lines, head=head))
    (found,) = plain(ledger, "gathering").values()
    return found


def test_an_event_is_a_gathering_with_its_note_and_source(fresh):
    found = gathering(
        fresh, *SCHOOL[:3], "SUMMARY:Spring\\, sch", " ool", "DESCRIPTION:One\\nTwo\tThree", "LOCATION:Tartu",
        "CATEGORIES:school,open", "STATUS:TENTATIVE", "URL:https://example.org/school",
    )  # fmt: skip

    (source,) = plain(fresh, "source").values()
    assert found == {
        "kind": "gathering",
        "id": "abc-example.org",
        "name": "Spring, school",
        "date": "2024-03-01/2024-03-03",
        "note": "One\nTwo Three\nPlace: Tartu\nCategories: school, open\nTentative.",
        "sources": [{"source": source["id"]}],
    }
    assert source["URL"] == "https://example.org/school"


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        (["DTSTART;VALUE=DATE:20240301"], "2024-03-01"),
        (["DTSTART;VALUE=DATE:20240301", "DTEND;VALUE=DATE:20240302"], "2024-03-01"),
        (["DTSTART;VALUE=DATE:20240301", "DTEND;VALUE=DATE:20240301"], "2024-03-01"),
        (["DTSTART;VALUE=DATE:20240301", "DTEND;VALUE=DATE:20240303"], "2024-03-01/2024-03-02"),
        (["DTSTART;VALUE=DATE:20240301", "DURATION:P2D"], "2024-03-01/2024-03-02"),
        (["DTSTART:20240301T230000Z", "DTEND:20240302T000000Z"], "2024-03-01"),
        (["DTSTART:20240301T230000Z", "DTEND:20240302T000001Z"], "2024-03-01/2024-03-02"),
        (["DTSTART;TZID=America/New_York:20240301T230000", "DURATION:PT2H"], "2024-03-01/2024-03-02"),
        (["DTSTART;TZID=Europe/Berlin:20240301T233000", "DTEND:20240301T230000Z"], "2024-03-01"),
        (["DTSTART;TZID=My own zone:20240301T233000"], "2024-03-01"),
        (["DTSTART:20240301T100000"], "2024-03-01"),
        (["DTSTART;VALUE=DATE:99991231", "DTEND;VALUE=DATE:99991231"], "9999-12-31"),
    ],
)
def test_the_days_are_those_of_the_events_own_clock(fresh, lines, date):
    assert gathering(fresh, "UID:a", "SUMMARY:S", *lines)["date"] == date


def test_nobody_who_was_invited_is_read(fresh):
    who = "ATTENDEE;CN=Ada Smith:mailto:ada@example.org", "ORGANIZER:mailto:bob@example.org", "CONTACT:Eve"

    taken(fresh, "ics", calendar((*SCHOOL, *who, "BEGIN:VALARM", "DESCRIPTION:Ada", "END:VALARM")))

    assert not any(name in str(plain(fresh, "gathering")) for name in ("Ada", "ada@", "bob@", "Eve"))


def test_what_is_private_cancelled_or_no_event_is_passed_over_and_told(fresh):
    raw = calendar(
        (*SCHOOL, "CLASS:PRIVATE"), ("UID:b", "STATUS:CANCELLED"), ("UID:c", "DTSTART:20240301", "SUMMARY:C")
    )
    raw = raw.replace(b"END:VCALENDAR", b"BEGIN:VTODO\r\nSUMMARY:x\r\nEND:VTODO\r\nEND:VCALENDAR")

    assert notes(fresh, "ics", raw) == "file.ics: not taken over: 1 VTODO part, 1 cancelled event, 1 private event."
    assert list(events(fresh)) == ["c"]


def test_of_a_series_the_first_time_is_taken_and_its_moved_times(fresh):
    """Every Friday; the second one was moved to Saturday."""
    weekly = ("UID:w", "DTSTART;VALUE=DATE:20240301", "RRULE:FREQ=WEEKLY", "SUMMARY:Weekly")
    moved = ("UID:w", "RECURRENCE-ID;VALUE=DATE:20240308", "DTSTART;VALUE=DATE:20240309", "SUMMARY:Weekly")

    raw = calendar(weekly, moved)

    assert notes(fresh, "ics", raw) == "file.ics: of 1 recurring event, only the first time is taken."
    assert {i: e["date"] for i, e in plain(fresh, "gathering").items()} == {
        "w": "2024-03-01",
        "w--20240308": "2024-03-09",
    }


@pytest.mark.parametrize(
    "instead",
    [
        ("UID:w", "RECURRENCE-ID;VALUE=DATE:20240301", "DTSTART;VALUE=DATE:20240302", "SUMMARY:Moved"),
        ("UID:other", "DTSTART;VALUE=DATE:20240302", "SUMMARY:Moved"),
    ],
)
def test_a_first_time_that_was_moved_or_left_out_is_not_taken(fresh, instead):
    weekly = ("UID:w", "DTSTART;VALUE=DATE:20240301", "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20240301", "SUMMARY:W")

    taken(fresh, "ics", calendar(weekly if instead[0] != "UID:w" else (*weekly[:3], weekly[4]), instead))

    assert [e["date"] for e in plain(fresh, "gathering").values()] == ["2024-03-02"]


def test_of_two_states_of_an_event_the_later_one_is_taken(fresh):
    later = ("UID:a", "SEQUENCE:2", "DTSTART:20240302", "SUMMARY:Later")

    taken(fresh, "ics", calendar(later, ("UID:a", "SEQUENCE:1", "DTSTART:20240301", "SUMMARY:Sooner")))

    assert plain(fresh, "gathering")["a"]["name"] == "Later"


def test_an_event_that_moved_is_corrected_and_one_that_is_gone_is_pruned(fresh):
    other = ("UID:b", "DTSTART:20240301", "SUMMARY:Other")
    taken(fresh, "ics", calendar(SCHOOL, other))
    moved = (*SCHOOL[:1], "DTSTART;VALUE=DATE:20240308", *SCHOOL[3:])

    again = taken(fresh, "ics", calendar(SCHOOL, other))
    report = taken(fresh, "ics", calendar(moved), prune=True)

    assert again.batch is None
    assert (report.count("corrected"), len(report.pruned)) == (1, 1)
    assert {i: e["date"] for i, e in plain(fresh, "gathering").items()} == {"abc-example.org": "2024-03-08"}


def test_our_own_calendar_keeps_its_dates_as_they_were(fresh):
    """`2013~`, an interval, a set: the property of our own says more than the days that a calendar can show."""
    with ledger_of(lossy()) as ledger:
        raw, _ = export(ledger, "ical")

    taken(fresh, "ics", raw)
    again = taken(fresh, "ics", raw)

    dates = {e["date"] for e in plain(fresh, "gathering").values()}
    assert {"2013~", "2024-06-01", "[..2014]", "2015/"} <= dates
    assert again.batch is None


def test_the_property_counts_in_our_own_calendars_alone(fresh):
    own = (*SCHOOL, "X-TIMELINE-EDTF:2024~")

    assert gathering(fresh, *own)["date"] == "2024-03-01/2024-03-03"


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["DTSTART;VALUE=DATE:20240230", "SUMMARY:S"], "file.ics:6:20: error: this is malformed"),
        (["DTSTART:2024-03-01", "SUMMARY:S"], "file.ics:6:9: error: this is malformed"),
        (["SUMMARY:S"], "file.ics:4:1: error: the event has no day on which it begins"),
        (["DTSTART:20240301"], "file.ics:4:1: error: the event has no summary"),
        (["DTSTART:20240301", "SUMMARY: "], "file.ics:7:9: error: the event has no summary"),
        (["DTSTART:20240301", "DTEND:20240228", "SUMMARY:S"], "file.ics:7:7: error: the event ends before it begins"),
        (["DTSTART:20240301", "DURATION:-P5D", "SUMMARY:S"], "the event ends before it begins"),
        (["DTSTART:99991231", "DURATION:P5D", "SUMMARY:S"], "the event ends after the year 9999"),
        (["DTSTART:20240301", "SUMMARY:S", "nonsense"], "'nonsense' is no line of a calendar"),
        (["DTSTART;VALUE=TEXT:tomorrow", "SUMMARY:S"], "the event has no day on which it begins"),
    ],
)
def test_a_bad_event_is_told_at_its_line_and_the_others_go_in(fresh, lines, message):
    raw = calendar(("UID:bad", *lines), SCHOOL)

    shown = refused(fresh, "ics", raw)

    assert message in shown
    assert shown.endswith("1 error, 1 good. Nothing was recorded. (--keep-going records the 1)")
    assert taken(fresh, "ics", raw, keep_going=True).count("new") == 1


def test_a_file_that_is_cut_off_tells_the_event_that_never_ends(fresh):
    raw = calendar(SCHOOL, ("UID:b", "DTSTART:20240301", "SUMMARY:S"))

    message = refused(fresh, "ics", raw[: raw.rindex(b"SUMMARY")])

    assert "file.ics:10:1: error: this event never ends" in message
    assert "1 error, 1 good" in message


def test_two_events_of_one_id_that_differ_are_told(fresh):
    message = refused(fresh, "ics", calendar(SCHOOL, (*SCHOOL[:3], "SUMMARY:Another")))

    assert "abc-example.org stands in file.ics:5 too, and says something else there" in message


def test_ids_that_differ_in_capitals_stay_apart(fresh):
    pair = [(f"UID:{uid}", "DTSTART:20240301", "SUMMARY:S") for uid in ("ABC", "abc", "{}", "")]

    taken(fresh, "ics", calendar(*pair))

    assert len(events(fresh)) == 4
    assert "abc" in events(fresh)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "1:1: error: this is no calendar"),
        (b"hello\n", "1:1: error: this is no calendar"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", "1:1: error: this is no calendar"),
        (b"BEGIN:VCALENDAR\nEND:VEVENT\n", "2:1: error: this ends VEVENT, and VCALENDAR is open"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", "3:1: error: this ends VCALENDAR, and nothing is open"),
        (b"BEGIN:VCALENDAR\n" * 100_000, "21:1: error: parts are nested more than 20 deep"),
        (b"BEGIN:VCALENDAR\nX:\xff\n", "2:3: error: byte 0xFF is not UTF-8 text"),
        (b"\xff\xfeB\x00E\x00", "byte 0xFF is not UTF-8 text"),
    ],
)
def test_what_is_no_calendar_is_refused(fresh, raw, message):
    assert message in refused(fresh, "ics", raw)


def test_a_long_description_is_refused_and_read_no_further(fresh):
    folded = b"DESCRIPTION:" + b"\r\n ".join([b"x" * 70] * 20_000)

    assert "at most 100,000 characters" in refused(
        fresh, "ics", calendar(SCHOOL).replace(b"SUMMARY", folded + b"\r\nSUMMARY")
    )


def test_an_empty_calendar_holds_nothing(fresh):
    assert taken(fresh, "ics", calendar()).batch is None
    assert positions(fresh) == 0


GOOD = calendar(
    (*SCHOOL, "DESCRIPTION:a\\nb", "URL:https://example.org/", "CATEGORIES:a,b", "RRULE:FREQ=DAILY", "EXDATE:20240302"),
    ("UID:b", "RECURRENCE-ID:20240301", "DTSTART;TZID=Europe/Berlin:20240301T100000", "DURATION:PT1H", "SUMMARY:B"),
    ("UID:c", "DTSTART;VALUE=DATE:20240301", "X-TIMELINE-EDTF:2024~", "SUMMARY:C", "SEQUENCE:3"),
    head=("PRODID:-//timeline-service//timeline//EN",),
)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_calendar_never_ends_in_anything_but_a_message(fresh, data):
    raw = bytearray(GOOD)
    marks = [b":", b";", b"\r\n", b"\r\n ", b'"', b"=", b"\\", b"99999999", b"T", b"Z", b"VALUE=PERIOD", b"\xc3"]
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 12))] = data.draw(st.sampled_from(marks) | st.binary(max_size=4))

    tried(fresh, "ics", bytes(raw))


names = st.sampled_from([*TAKEN, "RRULE", "SEQUENCE", "CLASS"])
values = st.text(max_size=12) | st.sampled_from(["20240301", "20240301T000000Z", "P1D", "PT-1H", "00000000", "P99999D"])
parameters = st.sampled_from(
    ["", *(f";VALUE={v}" for v in ("DATE", "PERIOD", "BINARY")), ";TZID=X", ";TZID=Asia/Tokyo"]
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(st.builds("{}{}:{}".format, names, parameters, values), max_size=6))
def test_any_values_never_end_in_anything_but_a_message(fresh, lines):
    tried(fresh, "ics", calendar(("SUMMARY:S", *lines)))


def test_the_command_line_takes_a_calendar_by_its_name(run, tmp_path):
    source, db = tmp_path / "mine.ics", tmp_path / "a.db"
    source.write_bytes(calendar(SCHOOL, ("UID:w", "DTSTART:20240301", "RRULE:FREQ=DAILY", "SUMMARY:W")))
    run("init", db=db)

    done = run("import", str(source), db=db)

    assert done.err.splitlines() == [
        "Recorded 2 new (positions 1 to 2).",
        f"{source}: of 1 recurring event, only the first time is taken.",
    ]


def test_a_calendar_of_this_ledger_brings_nothing_new_into_it(example_ledger, tmp_path, run):
    """The ledger knows its own entries better than a calendar does, and a launch is made of them."""
    copy, calendar = tmp_path / "copy.db", tmp_path / "own.ics"
    shutil.copy(example_ledger, copy)
    run("export", "ical", "-o", str(calendar), db=copy)

    ran = run("import", str(calendar), db=copy)

    assert ran.status == 0
    assert "Nothing to record: 0 new, 214 kept" in ran.err
    assert "1 launch of a product" in ran.err


def test_a_calendar_that_went_out_and_came_back_is_not_doubled(tmp_path, run):
    """Its events have other identifiers then, those of their entries."""
    path, calendar = tmp_path / "a.db", tmp_path / "own.ics"
    run("init", db=path)
    theirs = tmp_path / "theirs.ics"
    theirs.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\nDTSTAMP:20250101T000000Z\r\n"
        "DTSTART;VALUE=DATE:20250102\r\nSUMMARY:A day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    run("import", str(theirs), db=path)
    run("export", "ical", "-o", str(calendar), db=path)

    assert "Nothing to record: 0 new, 1 kept" in run("import", str(calendar), db=path).err
