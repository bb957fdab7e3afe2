"""The fields of the parts of a Popolo file, whatever stands in them."""

from __future__ import annotations

from typing import Any

from timeline.imports.foreign import one_line

Item = dict[str, Any]


def text_of(item: Any, field: str) -> str:
    """A field as text without space around it; empty if there is none."""
    value = item.get(field) if isinstance(item, dict) else None
    return value.strip() if isinstance(value, str) else ""


def dicts(item: Item, field: str) -> list[Item]:
    """The members of a list that are objects."""
    value = item.get(field)
    return [v if isinstance(v, dict) else {} for v in value] if isinstance(value, list) else []


def name_of(item: Item) -> str:
    """What somebody or something is called: by its name, by given and family name, or by the first of its names."""
    first = next((n for n in names_of(item) if n), "")
    return text_of(item, "name") or first


def names_of(item: Item) -> list[str]:
    """All names besides the first one."""
    others = [in_full(other) for other in dicts(item, "other_names")]
    plain = item.get("other_names")
    others += [n for n in plain if isinstance(n, str)] if isinstance(plain, list) else []
    return [given for given in (in_full({**item, "name": ""}), *others) if given]


def in_full(item: Item) -> str:
    """A name in one text."""
    return text_of(item, "name") or f"{text_of(item, 'given_name')} {text_of(item, 'family_name')}".strip()


def label_of(item: Item) -> str:
    """What a post is called."""
    return text_of(item, "label") or text_of(item, "role") or text_of(item, "name") or text_of(item, "id")


def classification_of(sort: str, item: Item) -> str:
    """What sort of organization, place or post it is, in the words of the file."""
    return text_of(item, "classification") or text_of(item, {"place": "type", "post": "role"}.get(sort, ""))


def identifiers_of(item: Item, kept: list[dict[str, str]]) -> list[dict[str, str]]:
    """Its identifiers, after those that it gets here; none twice."""
    given = [{f: one_line(text_of(i, f)) for f in ("scheme", "identifier")} for i in dicts(item, "identifiers")]
    every = [*kept, *(i for i in given if i["identifier"])]
    return [dict(pairs) for pairs in dict.fromkeys(tuple(i.items()) for i in every)]
