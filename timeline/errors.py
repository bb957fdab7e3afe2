"""What can go wrong that a user can put right; the exit status says of which sort it is."""

from __future__ import annotations

from collections.abc import Sequence

from events.errors import TimelineError

USAGE, NAME, DATA, CONFLICT, STORE, MISMATCH = 2, 3, 4, 5, 6, 7

_NO_NAMES = ("kind", "source", "entry", "token", "scope", "webhook", "failed message")
"""What a search does not find."""


class UsageError(TimelineError):
    """The question cannot be asked like this."""

    exit_status = USAGE


class UnknownName(TimelineError):
    """A name or an id that nobody registered."""

    exit_status = NAME

    def __init__(self, given: str, near: Sequence[str] = (), what: str = "entity") -> None:
        self.given, self.near = given, tuple(near)
        search = "" if what in _NO_NAMES else " `timeline search` looks everywhere."
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else search
        super().__init__(f"no {what} is called {given!r}.{hint}")


class AmbiguousName(TimelineError):
    """A name that fits several."""

    exit_status = NAME

    def __init__(self, given: str, fits: Sequence[str]) -> None:
        self.given, self.fits = given, tuple(fits)
        shown = ", ".join(fits[:8]) + (f" and {len(fits) - 8} more" if len(fits) > 8 else "")
        super().__init__(f"{given!r} fits {len(fits)}: {shown}. Write more of it, or the id.")


class BadData(TimelineError):
    """Something to be recorded is not as it must be; nothing was recorded."""

    exit_status = DATA


class Conflict(TimelineError):
    """The entry moved on since it was read, or exists already; read it again and decide again."""

    exit_status = CONFLICT


class StoreError(TimelineError):
    """The ledger is missing, locked, damaged, or of another version of this program.

    `told` is for those who may not know where it stands: what is wrong, without paths, addresses or words of a driver.
    """

    exit_status = STORE

    def __init__(self, message: str, told: str = "the ledger cannot be used now") -> None:
        self.told = told
        super().__init__(message)
