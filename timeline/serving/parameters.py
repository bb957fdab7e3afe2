"""What a request can ask besides its path: one table, from which requests are read and the API is described."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl

from events.base import Certainty
from events.dates import FOREVER, NEVER, Date, exact, parse
from events.kinds import KINDS
from timeline import days
from timeline.errors import UnknownName, UsageError
from timeline.imports.formats import FORMATS
from timeline.naming import near

CERTAINTIES: tuple[str, ...] = get_args(get_args(Certainty)[0])
IMPRECISE = ("span", "marker", "omit")
MOST = 1000
"""The longest list that one answer holds."""
LONGEST = 4000
"""How many bytes a query may have."""


class Parameter(NamedTuple):
    """One of them."""

    about: str
    schema: dict[str, Any]
    many: bool = False
    """Whether it may be given several times."""


_DATE = {"type": "string", "maxLength": 100, "examples": ["2024-06-01"]}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_YES = {"type": "boolean", "default": False}
_DAY = "An EDTF date; a month or a year means its last day."

PARAMETERS: dict[str, Parameter] = {
    "as_of": Parameter(f"What is so on this day. {_DAY}", _DATE),
    "during": Parameter("What is so at any time in this span, as an EDTF date or interval.", _DATE),
    "known_at": Parameter(
        "Answer as was known then: a date, an instant, or @ and a position of the log.",
        {"type": "string", "maxLength": 100, "examples": ["2025-06-01", "@120"]},
    ),
    "reported_by": Parameter("Only what sources had published by the end of this day.", _DATE),
    "org": Parameter(
        "Only what names this organization, its units or its products: an id or a name.", _NAME, many=True
    ),
    "person": Parameter("Only what names this person: an id or a name.", _NAME, many=True),
    "product": Parameter("Only what names this product: an id or a name.", _NAME, many=True),
    "kind": Parameter("Only this kind of event.", {"type": "string", "enum": list(KINDS)}, many=True),
    "certainty": Parameter("Only what sources put so.", {"type": "string", "enum": list(CERTAINTIES)}, many=True),
    "from": Parameter("Not before this date.", _DATE),
    "to": Parameter("Not after this date.", _DATE),
    "imprecise": Parameter(
        "Dates less exact than a day: as a span, as one day, or not at all.",
        {"type": "string", "enum": list(IMPRECISE), "default": "span"},
    ),
    "q": Parameter("The words to search for.", {"type": "string", "minLength": 1, "maxLength": 200}),
    "limit": Parameter("At most so many.", {"type": "integer", "minimum": 1, "maximum": MOST}),
    "after": Parameter(
        "Go on after this position of the log: the `next` of the answer before.",
        {"type": "integer", "minimum": 0, "maximum": 2**53},
    ),
    "read_as": Parameter(
        "The format of the file, where its Content-Type does not say it.", {"type": "string", "enum": list(FORMATS)}
    ),
    "missing_end": Parameter(
        "Of Popolo: what it means that a membership has no end.", {"type": "string", "enum": ["unknown", "ongoing"]}
    ),
    "dry_run": Parameter("Check everything and record nothing.", _YES),
    "keep_going": Parameter("Record what is good and tell the rest.", _YES),
    "prune": Parameter("Retract what such a file recorded before and holds no more.", _YES),
}


class Question(NamedTuple):
    """What was asked, read and checked as far as that goes without the ledger."""

    as_of: int | None = None
    during: tuple[int, int] | None = None
    during_text: str = ""
    known_at: str | None = None
    reported_by: int | None = None
    org: tuple[str, ...] = ()
    person: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    certainty: tuple[str, ...] = ()
    first: int = NEVER
    last: int = FOREVER
    imprecise: str = "span"
    q: str = ""
    limit: int | None = None
    after: int | None = None
    says_today: bool = False
    """Whether some date of it is the present day, whichever that is."""
    form: str = ""
    """The form that is asked for; empty for a page."""


def read(query: bytes, allowed: Collection[str]) -> Question:
    """A query string as a question. Raises UsageError, or DateError for a date that is none."""
    given = fields(query, allowed)
    return Question(
        as_of=_day(given, "as_of"),
        during=days.span_of(_date(given, "during"), "during") if "during" in given else None,
        during_text=_date(given, "during").text if "during" in given else "",
        known_at=given["known_at"][0] if "known_at" in given else None,
        reported_by=_day(given, "reported_by"),
        org=tuple(given.get("org", ())),
        person=tuple(given.get("person", ())),
        product=tuple(given.get("product", ())),
        kind=tuple(_one_of("kind", k, KINDS) for k in given.get("kind", ())),
        certainty=tuple(_one_of("certainty", c, CERTAINTIES) for c in given.get("certainty", ())),
        first=_date(given, "from").earliest if "from" in given else NEVER,
        last=_date(given, "to").latest if "to" in given else FOREVER,
        imprecise=_one_of("imprecise", given["imprecise"][0], IMPRECISE) if "imprecise" in given else "span",
        q=given["q"][0] if "q" in given else "",
        limit=_number(given, "limit"),
        after=_number(given, "after"),
        says_today=any("today" in values for values in given.values()),
    )


def fields(query: bytes, allowed: Collection[str]) -> Mapping[str, list[str]]:
    """What was given of each parameter that is allowed, unread. Raises UsageError."""
    if len(query) > LONGEST:
        raise UsageError(f"the query is longer than {LONGEST:,} bytes")
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise UsageError("the query cannot be read: it is not UTF-8 in percent signs") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in allowed:
            close = near(name, allowed)
            hint = f"; did you mean {' or '.join(close)}?" if close else f"; there are {', '.join(allowed)}"
            raise UsageError(f"there is no parameter {name!r} here{hint}")
        if not value:
            if name == "q":
                raise UsageError("q is empty: say what to search for")
            continue  # a field of a form that nobody filled in
        given.setdefault(name, []).append(_text(name, value))
    for name, values in given.items():
        if len(values) > 1 and not PARAMETERS[name].many:
            raise UsageError(f"{name} is given twice")
    return given


def _text(name: str, value: str) -> str:
    longest = PARAMETERS[name].schema.get("maxLength", 200)
    if len(value) > longest:
        raise UsageError(f"{name} is longer than {longest} characters")
    if not value.isprintable():
        raise UsageError(f"{name} holds a character that cannot be shown")
    return value


def _date(given: Mapping[str, list[str]], name: str) -> Date:
    (text,) = given[name]
    return exact(days.today()) if text == "today" else parse(text)


def _day(given: Mapping[str, list[str]], name: str) -> int | None:
    return days.one_day(_date(given, name), name) if name in given else None


def _one_of(name: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        if name == "kind":
            raise UnknownName(value, near(value, known), "kind")
        raise UsageError(f"{name} is one of {', '.join(known)}, not {value!r}")
    return value


def _number(given: Mapping[str, list[str]], name: str) -> int | None:
    if name not in given:
        return None
    (text,) = given[name]
    schema = PARAMETERS[name].schema
    least, most = schema["minimum"], schema["maximum"]
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
        raise UsageError(f"{name} is a whole number from {least} to {most}, not {text!r}")
    return int(text)
