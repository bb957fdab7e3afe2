"""Recorded time as text."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(microseconds: int) -> str:
    """A recorded time, in microseconds since 1970, as ISO 8601 in UTC to the microsecond."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds % 1_000_000:06}Z"
