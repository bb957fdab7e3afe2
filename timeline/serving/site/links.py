"""Links from page to page: the clocks that a question set go with the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

CLOCKS = ("as_of", "known_at", "reported_by")
"""What every page takes and hands on, whether it shows anything of it or not."""


class Links:
    """Makes addresses within the service."""

    def __init__(self, base: str, query: bytes) -> None:
        self.base = base
        self.given = pairs_of(query)
        self.kept = {name: value for name, value in self.given if name in CLOCKS}

    def __call__(self, path: str, **query: str | int | None) -> str:
        """A page, with the clocks and what is given besides; None takes one of the clocks away.

        The day of a state stands in its path.
        """
        wanted: dict[str, str | int | None] = {**self.kept, **query}
        if path.startswith("/as-of/"):
            wanted["as_of"] = None
        return self.base + path + query_of((name, str(value)) for name, value in wanted.items() if value is not None)

    def state(self, **query: str | int | None) -> str:
        """The state of the day that is being asked about, or of today."""
        if "as_of" in self.kept:
            return self(f"/as-of/{quote(self.kept['as_of'], safe='')}", **query)
        return self("/", **query)

    def others(self, *without: str) -> list[tuple[str, str]]:
        """What else was asked, for a form that asks the same again."""
        return [(name, value) for name, value in self.given if name not in without and value]


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """A query that was read before, so it is one."""
    return parse_qsl(query.decode("ascii", "replace"))


def query_of(pairs: Iterable[tuple[str, str]] | Mapping[str, str]) -> str:
    """A query with its question mark; nothing if nothing is asked."""
    written = urlencode(list(pairs.items() if isinstance(pairs, Mapping) else pairs), quote_via=quote, safe="@:")
    return f"?{written}" if written else ""
