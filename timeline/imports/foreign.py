"""Ids, texts and sources of files that were not written for a ledger, as a ledger has them.

The same file always gives the same ids, so that importing it again is recognised. What can be an id here stays as it
is. Anything else becomes lower case, loses its accents, and every other sign than letters, digits, `.` and `_` becomes
a hyphen; what is longer than an id may be is cut, and has the beginning of its SHA-256 in hexadecimal at the end.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable

from events.ids import ID_PATTERN
from projections.entities import folded

LONGEST_ID = 100
LONGEST_URL = 2000
_HASHED = 8
_is_id = re.compile(ID_PATTERN).fullmatch
_is_url = re.compile(r"https?://[^\s\x00-\x1f]+").fullmatch
_controls = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")

CLAIMED = "urn:timeline:source:"
"""What our own exports write for the address of a source that has none, before its id."""


def digest(text: str) -> str:
    """A few characters that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASHED]


def slug(given: str) -> str:
    """The text as an id; empty if nothing of it may stand in one."""
    return re.sub(r"[^a-z0-9._]+", "-", folded(given)).strip("._-")


def fitting(*parts: str, longest: int = LONGEST_ID) -> str:
    """The parts as one id, with `--` between them, cut if it is too long."""
    whole = "--".join(parts)
    return whole if len(whole) <= longest else f"{whole[: longest - _HASHED - 1].rstrip('._-')}-{digest(whole)}"


class Ids:
    """The ids that the things of a file get.

    An id of digits alone says too little: it gets the sort of thing in front. Where several come out alike, the one
    that is written so in the file keeps it, and the others get their sort in front and a digest behind.
    """

    def __init__(self, given: Iterable[tuple[str, str]]) -> None:
        alike: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key in dict.fromkeys(given):
            alike[_alone(*key)].append(key)
        self._found: dict[tuple[str, str], str] = {}
        for id_, keys in alike.items():
            as_written = [key for key in keys if key[1] == id_]
            kept = keys[0] if len(keys) == 1 else as_written[0] if len(as_written) == 1 else None
            for key in keys:
                self._found[key] = id_ if key == kept else _apart(*key)

    def of(self, sort: str, given: str) -> str:
        """The id of a thing of the file, or of one that stands elsewhere."""
        return self._found.get((sort, given)) or _alone(sort, given)


def _alone(sort: str, given: str) -> str:
    plain = given if _is_id(given) else slug(given)
    if not plain:
        return f"{sort}-{digest(given)}"
    return fitting(f"{sort}-{plain}" if plain.isdigit() else plain)


def _apart(sort: str, given: str) -> str:
    return f"{fitting(f'{sort}-{slug(given)}', longest=LONGEST_ID - _HASHED - 1)}-{digest(f'{sort}:{given}')}"


def kept_id(given: str, id_: str, scheme: str) -> list[dict[str, str]]:
    """The id that a thing had in its file, as an identifier, if it has another one here."""
    return [] if given == id_ else [{"scheme": scheme, "identifier": given}]


def one_line(text: str) -> str:
    """The text with single spaces for white space of any sort."""
    return " ".join(text.split())


def lines(text: str) -> str:
    """The text without the control characters that no text of a ledger has; its lines stay."""
    return _controls.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def is_url(text: str) -> bool:
    """Whether it is an address on the web that a ledger takes."""
    return len(text) <= LONGEST_URL and _is_url(text) is not None


def source_at(url: str, title: str = "") -> dict[str, str] | None:
    """The plain values of the source that an address stands for, with an id that follows from it; None for no address.

    Only what stands under `https://` and `http://` is one, and what our own exports write in its place.
    """
    state = {"kind": "source", "title": one_line(title)[:500]}
    if url.startswith(CLAIMED) and (named := slug(url.removeprefix(CLAIMED))):
        return state | {"id": fitting(named)}
    if not is_url(url):
        return None
    address = re.sub(r"^https?://(www\.)?", "", url)
    return state | {"id": f"{slug(address[:60]) or 'source'}-{digest(url)}", "URL": url}
