"""Private feeds: addresses that hold a token, for calendars and readers that cannot show one otherwise."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlsplit

from timeline.errors import UsageError
from timeline.serving.forms import split
from timeline.serving.parameters import read
from timeline.serving.resources import RESOURCES, Elsewhere
from timeline.view import View

PREFIX = "/feeds/"
"""What their addresses begin with; the token follows, then the address of what it is a feed of."""
FORMS = ("ics", "atom")
"""What can be subscribed to."""


def feed_of(view: View, given: str) -> str:
    """The address of a calendar or a feed under the id of what it is of, its query included.

    Raises UsageError for what is no feed, UnknownName or AmbiguousName for one of nothing that is known.
    """
    url = urlsplit(given)
    for resource in RESOURCES.values():
        prefix, named, _ = resource.path.partition("{name}")
        name, form = split(url.path if not named else url.path.removeprefix(prefix), resource.forms)
        fits = url.path.startswith(prefix) and "/" not in name if named else name == resource.path
        if not fits or form not in FORMS or form not in resource.forms or url.scheme or url.netloc or url.fragment:
            continue
        asked = read(url.query.encode(), resource.parameters)
        try:
            resource.find(view, asked, unquote(name))
        except Elsewhere as elsewhere:
            name = quote(elsewhere.name, safe="")
        path = f"{prefix}{name}.{form}" if named else f"{name}.{form}"
        return f"{path}?{url.query}" if url.query else path
    raise UsageError(f"{given!r} is no feed: write an address like /events.ics?org=meta&kind=layoff or /events.atom")


def divided(path: str) -> tuple[str, str]:
    """The path of a private feed as its token, and the path of what it is a feed of."""
    token, _, rest = path.removeprefix(PREFIX).partition("/")
    return token, f"/{rest}"


def is_same(feed: str, path: str, query: bytes) -> bool:
    """Whether a request asks for just what a feed was made for; in which order the parameters stand means nothing."""
    made = urlsplit(feed)
    asked_for = sorted(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return unquote(made.path) == path and sorted(parse_qsl(made.query, keep_blank_values=True)) == asked_for
