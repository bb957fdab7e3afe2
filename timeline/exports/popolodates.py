"""Dates and ids as Popolo has them."""

from __future__ import annotations

import hashlib
import re

from events.dates import Date, civil, iso, parse

_AS_IT_IS = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?").fullmatch
_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*").fullmatch


def cut(text: str) -> tuple[str | None, bool]:
    """An EDTF date as YYYY, YYYY-MM or YYYY-MM-DD, and whether that says all that it said.

    The date is the smallest of the three that holds every day that the text allows: 2023 for "early 2023" and for
    "about 2023", nothing for "2013 or 2014" and for what no year holds.
    """
    if _AS_IT_IS(text):
        return text, True
    date = parse(text)
    if not _is_ordinary(date):
        return None, False
    first, last = iso(date.earliest), iso(date.latest)
    for length in (10, 7, 4):
        if first[:length] == last[:length]:
            return first[:length], False
    return None, False


def _is_ordinary(date: Date) -> bool:
    """Whether both sides are known, in years of four digits."""
    sides_known = date.start_is == "known" == date.end_is
    return sides_known and civil(date.earliest)[0] >= 0 and civil(date.latest)[0] <= 9999


def post_id(organization: str, post: str) -> str:
    """The id of a post: `fair--head`. To one that is not of small letters and digits alone, a sum of it is added."""
    slug = "-".join(re.findall("[a-z0-9]+", post.lower()))
    if not _PLAIN(post):
        slug = f"{slug}-{hashlib.sha256(post.encode()).hexdigest()[:8]}".lstrip("-")
    return f"{organization}--{slug}"
