"""`--known-at`: a date, an instant or a position, as a position of the log."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import Connection

from events.dates import DateError, day_of, parse
from timeline.errors import UsageError
from timeline.store import log


def known_position(connection: Connection, given: str | None, option: str = "--known-at") -> int | None:
    """The position that an answer "as known at" is made from; None for today's knowledge.

    A date means the end of that day in UTC; `@1234` the state in which that event was known, which is the end of its
    batch.
    """
    if given is None:
        return None
    if re.fullmatch(r"@[0-9]{1,18}", given):
        wanted = int(given[1:])
        if wanted == 0:
            return 0
        batch = log.batch_at(connection, wanted)
        if batch is None:
            raise UsageError(f"the log has no position {wanted}; its last one is {log.head_position(connection)}")
        return batch
    return log.known_at(connection, _moment(given, option))


def _moment(given: str, option: str) -> int:
    """Microseconds since 1970 of an instant, or of the last moment of a day, month or year."""
    text = given.replace("Z", "+00:00")
    if "T" in text or " " in text:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"{option} {given!r} is no instant: write 2025-12-12, 2025-12-12T08:00:00Z or @1234"
            ) from None
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return round(moment.timestamp() * 1_000_000)
    try:
        date = parse(given)
    except DateError as problem:
        raise UsageError(f"{option}: {problem}") from None
    if date.is_interval or date.end_is != "known" or date.precision == "set":
        raise UsageError(f"{option} means one moment; {given} is a span")
    days = date.latest - day_of("1970-01-01") + 1
    return days * 86_400_000_000 - 1
