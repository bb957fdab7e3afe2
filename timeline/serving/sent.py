"""Events that were sent as JSON, in the form that `timeline schema` describes, and all that is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, get_type_hints

import msgspec

from events import kinds
from events.base import Event
from events.errors import UnreadableText
from timeline.checks import Invalid
from timeline.imports.advice import describe, explain, in_words, steps_of
from timeline.imports.places import BadFile
from timeline.naming import near
from timeline.serving.problems import Unrecordable, Wrong

NEW = tuple(
    kind for kind in kinds.KINDS if kind not in ("key-rotation", *(str(c.__struct_config__.tag) for c in kinds.ABOUT))
)
"""The kinds that begin an entry. What is about another one is sent to that entry."""
MOST_SHOWN = 100


def event_of(kind: str, value: Any, at: str = "") -> Event:
    """One event of a kind, whose `kind` need not be said. Raises Unrecordable with every mistake of its form."""
    if not isinstance(value, dict):
        raise Unrecordable.one(at, "here stands an object with the fields of an event")
    if value.get("kind", kind) != kind:
        raise Unrecordable.one(f"{at}/kind", f"here stands a {kind}")
    given = {**value, "kind": kind}
    try:
        return kinds.build(given)
    except msgspec.ValidationError as problem:
        found = list(_mistakes(kind, given, at)) or [_mistake(kind, given, "", problem, at)]
        raise Unrecordable(found) from None


def new_event(value: Any, at: str = "", known: Collection[str] = NEW) -> Event:
    """One event that begins an entry. Raises Unrecordable."""
    if not isinstance(value, dict):
        raise Unrecordable.one(at, "an event is an object: its kind, and the fields of that")
    kind = value.get("kind")
    if kind is None:
        raise Unrecordable.one(at, "it does not say its kind", f"one of: {', '.join(known)}")
    if not isinstance(kind, str):
        raise Unrecordable.one(f"{at}/kind", "the kind is a text")
    if kind not in known:
        close = near(kind, known)
        advice = f"did you mean {' or '.join(close)}?" if close else f"one of: {', '.join(known)}"
        if kind in kinds.KINDS:
            advice = f"send it to the entry that it is about: /api/events/ENTRY/{kind}"
        raise Unrecordable.one(f"{at}/kind", f"no event of the kind {kind[:60]!r} can be sent here", advice)
    return event_of(kind, value, at)


def event_about(kind: str, value: Any) -> Event:
    """One event about an entry, with its reason, which nothing of the sort goes without. Raises Unrecordable."""
    reason = value.get("reason", "") if isinstance(value, dict) else "-"
    if isinstance(reason, str) and not reason.strip():
        raise Unrecordable.one("/reason", f"a {kind} needs a reason", "why, in a few words, for whoever reads it later")
    if kind == "correction" and isinstance(value, dict) and "event" in value:
        new_event(value["event"], "/event")  # tells every mistake of it
    return event_of(kind, value)


MOST_TOLD = 100
"""How many mistakes one answer tells; whoever mends these learns of the rest."""


def new_events(value: Any) -> list[Event]:
    """One event, or a list of them. Raises Unrecordable with the mistakes of all."""
    if not isinstance(value, list):
        return [new_event(value)]
    if not value:
        raise Unrecordable.one("", "there is nothing in this list")
    found: list[Event] = []
    wrong: list[Wrong] = []
    for index, item in enumerate(value):
        try:
            found.append(new_event(item, f"/{index}"))
        except Unrecordable as problem:
            wrong += problem.wrong
            if len(wrong) >= MOST_TOLD:
                break
    if wrong:
        raise Unrecordable(wrong)
    return found


def _mistakes(kind: str, given: dict[str, Any], at: str) -> Iterator[Wrong]:
    """What is wrong with each field by itself; msgspec alone would tell the first only."""
    fields, hints = _fields(kind)
    for name, value in given.items():
        if name == "kind":
            continue
        if name not in fields:
            close = near(name, fields)
            advice = f"did you mean {' or '.join(close)}?" if close else f"its fields: {', '.join(fields)}"
            yield Wrong(pointer=f"{at}/{_escaped(name)}", detail=f"a {kind} has no field {name[:60]!r}", help=advice)
            continue
        try:
            msgspec.convert(value, hints[name], dec_hook=kinds.dec_hook)
        except msgspec.ValidationError as problem:
            yield _mistake(kind, given, name, problem, at)
    for name, is_required in fields.items():
        if is_required and name not in given:
            yield Wrong(pointer=at, detail=f"a {kind} needs {name}", help=describe(kind, name))


@cache
def _fields(kind: str) -> tuple[dict[str, bool], dict[str, Any]]:
    """Whether each field of a kind is required, and what it is."""
    cls = kinds.KINDS[kind]
    hints = get_type_hints(cls, include_extras=True)
    declared = msgspec.structs.fields(cls)
    return {f.encode_name: f.required for f in declared}, {f.encode_name: hints[f.name] for f in declared}


def _mistake(kind: str, given: dict[str, Any], field: str, problem: msgspec.ValidationError, at: str) -> Wrong:
    """What msgspec found wrong with one field, or with the whole for none."""
    message, _, path = str(problem).replace(" - at `key` in `$", " - at `$").partition(" - at `$")
    steps = [*([field] if field else []), *steps_of(path.rstrip("`"))]
    where = at + pointer(steps)
    if isinstance(cause := problem.__cause__, UnreadableText):
        said = f"{cause.text!r} is not {cause.notation}: {cause.reason}"
        return Wrong(pointer=where, detail=said, help=f"write {cause.hint}" if cause.hint else "")
    if not steps:
        return Wrong(pointer=where, detail=in_words(message, ""))
    said, advice = explain(kind, ".".join(steps), message, _value_at(given, steps))
    return Wrong(pointer=where, detail=said, help=advice)


def _value_at(value: Any, steps: Sequence[str]) -> str:
    for step in steps:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
    return value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)


def pointer(steps: Sequence[str]) -> str:
    """A path as a JSON pointer (RFC 6901)."""
    return "".join(f"/{_escaped(step)}" for step in steps)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


# -- what the ledger would not record ---------------------------------------------------------------------------------


def refused(problem: Invalid, *, is_list: bool) -> Unrecordable:
    """The places of what was sent, in the place of those of the batch."""
    return Unrecordable(
        [
            Wrong(
                pointer=pointer([*([str(p.index)] if is_list else []), *steps_of(p.at)]),
                detail=p.message,
                help=_how(p.help),
            )
            for p in problem.problems[:MOST_TOLD]
        ]
    )


def _how(advice: str) -> str:
    return (
        "register it first: send an event of the kind source or entity" if advice.startswith("register it") else advice
    )


def refused_file(problem: BadFile) -> Unrecordable:
    """The mistakes of a file with their lines and columns; the text of them all counts them at its end."""
    *_, summary = str(problem).splitlines()
    return Unrecordable([wrong_of(m) for m in problem.mistakes[:MOST_SHOWN]], summary)


def wrong_of(mistake: Any) -> Wrong:
    """A mistake of a file."""
    return Wrong(line=mistake.place.line, column=mistake.place.column, detail=mistake.message, help=mistake.help)
