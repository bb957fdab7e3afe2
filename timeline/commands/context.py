"""What every command shares: which ledger, as known when, in which format."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from events.dates import Date, exact, parse
from timeline.days import one_day as one_day
from timeline.days import span_of as span_of
from timeline.days import today as today
from timeline.errors import UsageError
from timeline.printing import words
from timeline.printing.output import FORMATS, Envelope, Output

if TYPE_CHECKING:  # loaded by the commands that ask a ledger, which takes longer than all the rest
    from timeline.ledger import Ledger
    from timeline.view import View

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT = "timeline.db"

workers_option = click.option(
    "--workers", type=click.IntRange(1), help="How many processes fold; one a core unless given."
)


class Asked:
    """The options that hold for the whole call, given before or after the name of the command."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.address: str = options.get("db") or os.environ.get("TIMELINE_DB") or DEFAULT
        self.known_at: str | None = options.get("known_at")
        self.reported_by: str | None = options.get("reported_by")
        self.journal: str | None = options.get("journal") or os.environ.get("TIMELINE_JOURNAL") or None
        format_: Any = (
            "json" if options.get("as_json") else options.get("format_") or os.environ.get("TIMELINE_FORMAT") or None
        )
        if format_ is not None and format_ not in FORMATS:
            raise UsageError(f"there is no format {format_!r}: choose {', '.join(FORMATS)}")
        self.output = Output(format_, ascii_=bool(options.get("ascii_")), quiet=bool(options.get("quiet")))
        self.output.clocks = "".join(
            f" · {said} {words.when(given)}"
            for said, given in (("as known at", self.known_at), ("as reported by", self.reported_by))
            if given
        )

    @property
    def ledger_file(self) -> Path | None:
        """The file of the ledger, for what must not write over it; None on PostgreSQL."""
        from timeline.store.database import path_of, url_of

        return path_of(url_of(self.address))

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, open for the length of the block."""
        from timeline.ledger import Ledger

        with Ledger.open(self.address, journal=self.journal) as ledger:
            yield ledger

    @contextmanager
    def view(self, known_at: str | None = None) -> Iterator[View]:
        """The ledger as known at a time: the one that was asked for, if none is given."""
        from timeline.knowing import known_position
        from timeline.view import View

        with self.ledger() as ledger, ledger.database.reading() as connection:
            known = known_position(connection, known_at or self.known_at)
            if self.reported_by is None:
                yield View(connection, known)
                return
            from timeline.reported import reported_by

            day = one_day(DATE.convert(self.reported_by, None, None), "--reported-by")
            with reported_by(connection, known, day) as view:
                yield view

    def envelope(self, view: View, as_of: str | None = None) -> Envelope:
        """What an answer of this view was made from."""
        from timeline.printing.envelope import envelope_of

        return envelope_of(view, as_of, with_root=self.output.format == "json")  # no other form has a place for it

    def sources(self, view: View) -> dict[str, str]:
        """A line about each source, for the foot of a table."""
        from projections.sources import Published

        return {row.source: source_line(row.publisher, row.title, row.issued) for row in view.rows(Published)}


def source_line(publisher: str, title: str, issued: str) -> str:
    """`Business Insider, 26 May 2025`; the title where nobody is named as publisher."""
    return ", ".join(part for part in (publisher or title, words.date(issued) if issued else "") if part)


_OPTIONS = (
    click.option("--db", metavar="URL", help="The ledger: a file or postgresql+psycopg://…"),
    click.option("--known-at", metavar="WHEN", help="Answer as was known then: a date, an instant, or @position."),
    click.option("--reported-by", metavar="DATE", help="Only what sources had published by then."),
    click.option("--format", "format_", metavar="FORMAT", help="table, json, jsonl or csv."),
    click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
    click.option("--ascii", "ascii_", is_flag=True, help="Words in place of marks."),
    click.option("-q", "--quiet", is_flag=True, help="No hints and no progress."),
)
_CLOCKS = {"known_at": "--known-at", "reported_by": "--reported-by"}
_NAMES = ("db", *_CLOCKS, "format_", "as_json", "ascii_", "quiet")


def asks(function: F) -> F:
    """Give a command that answers a question the common options, and `asked` in their place."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> Any:
        above = click.get_current_context().find_root().obj or {}
        here = {name: kwargs.pop(name) for name in _NAMES}
        return function(Asked({name: here[name] or above.get(name) for name in _NAMES}), *args, **kwargs)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command  # type: ignore[return-value]  # the command takes the common options besides


def acts(function: F) -> F:
    """The same for a command that asks nothing of the past: it refuses the clocks of a question.

    It would do what it does today, whatever they say. Its help does not show them.
    """

    @functools.wraps(function)
    def command(asked: Asked, *args: Any, **kwargs: Any) -> Any:
        if given := [option for name, option in _CLOCKS.items() if getattr(asked, name) is not None]:
            what = f"{' and '.join(given)} only {'belongs' if len(given) == 1 else 'belong'} to questions"
            here = click.get_current_context().command_path
            raise UsageError(f"{what}, and `{here}` is none; nothing was recorded")
        return function(asked, *args, **kwargs)

    common = asks(command)
    for option in common.__click_params__:  # type: ignore[attr-defined]  # click keeps them there
        option.hidden = option.hidden or option.name in _CLOCKS
    return common  # type: ignore[return-value]  # the command takes the common options besides


def records(function: F) -> F:
    """The same for a command that records: it can keep a journal outside of the database besides."""

    @functools.wraps(function)
    def command(asked: Asked, *args: Any, journal: str | None = None, **kwargs: Any) -> Any:
        asked.journal = journal or asked.journal
        return function(asked, *args, **kwargs)

    told = "Announce what is recorded to this file, outside of the database, too.  [TIMELINE_JOURNAL]"
    return acts(click.option("--journal", metavar="FILE", help=told)(command))  # type: ignore[return-value]  # as above


def said(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A text that somebody reads later; blanks alone tell nothing."""
    if value is not None and not value.strip():
        raise click.BadParameter("say it in a few words")
    return value


class DateParam(click.ParamType[Date]):
    """An EDTF date on the command line; `today` is one."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Date:
        """Read the date; what is none is answered with what to write instead."""
        return value if isinstance(value, Date) else exact(today()) if value == "today" else parse(value)


DATE = DateParam()
