"""What is wrong with a value of a file, in words, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Container

from events import kinds
from events.ids import ID_PATTERN
from timeline.imports.places import Mistake, Place
from timeline.imports.yamltree import Node
from timeline.naming import near


def steps_of(path: str) -> list[str]:
    """The steps of a path as msgspec writes it: `moves[0].parent`."""
    return re.findall(r"[^.\[\]]+", path)


def parts_of(problem: Exception) -> tuple[str, str]:
    """What msgspec found wrong, and the path to it, empty for the whole: `moves[0].parent`."""
    message, _, path = str(problem).partition(" - at `$")
    return message, path.rstrip("`").lstrip(".")


def answer_of_ours(keys: Container[str]) -> tuple[str, str] | None:
    """What to tell of a file that is an answer of this program, by its first names; None for any other."""
    if "known_at" not in keys or "position" not in keys:
        return None
    said = "this is an answer of timeline in JSON, as `export json` and `--json` give it, to be read and not imported"
    return said, "`timeline export jsonl` and `yaml` write what can be imported"


def deepest(node: Node, steps: list[str]) -> Node:
    """The node at the end of a path, or where the path leaves the file."""
    for step in steps:
        if isinstance(node.value, dict) and step in node.value:
            node = node.value[step].node
        elif isinstance(node.value, list) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
        else:
            break
    return node


def short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


_WORDS = {"int": "a whole number", "decimal": "a number", "str": "a text", "bool": "yes or no", "array": "a list"}


def in_words(message: str, given: str) -> str:
    """What msgspec found wrong, as one says it."""
    message = message.partition(" - at `key`")[0]  # of the key of a mapping, its place comes with the message
    if plain := re.fullmatch(r"Expected `(\w+)(?: \| null)?`(?:, got `(\w+)`)?", message):
        wanted = _WORDS.get(plain[1], "fields, 'name: value'" if plain[1] == "object" else plain[1])
        what = f"{short(given)!r}" if plain[2] in (None, "str") else f"{'a list' if plain[2] == 'array' else 'this'}"
        return f"{what} stands where {wanted} is expected"
    if length := re.fullmatch("Expected `(str|array)` of length ([<>])= (.*)", message):
        what = "characters" if length[1] == "str" else "items"
        return "this is empty" if length[2] == ">" else f"at most {int(length[3]):,} {what} may stand here"
    if bound := re.fullmatch("Expected `int` ([<>]=) (.*)", message):
        return f"{short(given)} is out of bounds: it is {bound[1]} {int(bound[2]):,}"
    if message == "Invalid decimal string":
        return f"{short(given)!r} stands where a number is expected"
    if message.startswith("Invalid enum value"):
        return f"{short(given)!r} is none of the values that may stand here"
    return message[:1].lower() + message[1:] if message.startswith("Expected") else message


def explain(kind: str, path: str, message: str, given: str) -> tuple[str, str]:
    """What msgspec found wrong with a value of an event, and what to write instead."""
    if "matching regex" in message and ID_PATTERN in message:
        return f"{short(given)!r} is no id", id_advice(given)
    if "matching regex" in message:
        control = next((f", with its character U+{ord(c):04X}" for c in given if not c.isprintable()), "")
        return f"{short(given)!r} is not allowed here{control}", describe(kind, path)
    if message == "Invalid UUID":
        return f"{short(given)!r} names no event", "name the event by its id"
    return in_words(message, given), describe(kind, path)


def describe(kind: str, path: str) -> str:
    """What the field is for, from its declaration."""
    steps = steps_of(path)
    properties = kinds.schema(kind)["$defs"].get(kinds.KINDS[kind].__name__, {}).get("properties", {})
    field = properties.get(steps[0], {}) if steps else {}
    parts = (field, *field.get("anyOf", ()))
    if allowed := next((part["enum"] for part in parts if "enum" in part), None):
        return f"one of: {', '.join(filter(None, allowed))}"
    return next((str(part["description"]) for part in parts if "description" in part), "")


def unknown_name(place: Place, given: str, known: tuple[str, ...], what: str) -> Mistake:
    close = near(given, known)
    listed = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    advice = f"did you mean {' or '.join(close)}?" if close else f"known: {listed}" if known else ""
    return Mistake(place, f"unknown {what} {short(given)!r}", advice)


def id_advice(given: str) -> str:
    from projections.entities import folded

    slug = re.sub(r"[^a-z0-9]+", "-", folded(given)).strip("-")[:60]
    if slug:
        return f"ids are lower-case letters, digits and hyphens: write {slug}"
    return "ids are lower-case letters, digits and hyphens: naman-goyal"
