"""`token`: who may ask and record over HTTP."""

from __future__ import annotations

import re
from datetime import date as Day  # noqa: N812  # `Date` is one in EDTF
from datetime import datetime, timedelta

import click

from events.dates import Date
from timeline import tokens
from timeline.commands.context import DATE, Asked, acts, one_day
from timeline.errors import UsageError
from timeline.printing import words
from timeline.printing.output import headed
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.store.log import system_clock

EPOCH = Day(1970, 1, 1).toordinal()


@click.group("token")
def token() -> None:
    """Make, list and revoke the tokens that let programs in over HTTP.

    A service that only this machine reaches lets everybody read; any other asks for a token, and recording always does.
    """


@token.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="; ".join(f"{scope}: {what}" for scope, what in tokens.SCOPES.items()) + ". May be repeated.",
)
@click.option("--feed", metavar="ADDRESS", help="Not to be let in, but for the address of one private feed.")
@click.option("--public-url", default="", metavar="URL", help="Where others find the service, for that address.")
@click.option("--expires", type=DATE, metavar="DATE", help="The last day on which it is good, in UTC.")
@click.option("--days", type=click.IntRange(1, 36500), help="How many days it is good.")
@acts
def create(
    asked: Asked,
    name: str,
    scopes: tuple[str, ...],
    feed: str | None,
    public_url: str,
    expires: Date | None,
    days: int | None,
) -> None:
    """Make a token. It is shown now and never again; what it records, it records as NAME.

    \b
        timeline token create newsroom --scope read --scope record --days 365
        timeline token create ada-phone --feed "/events.ics?org=meta&kind=layoff"
    """
    if bool(scopes) == bool(feed):
        raise UsageError(f"say what it is for: --scope {', --scope '.join(tokens.SCOPES)}, or --feed ADDRESS")
    wanted = tokens.scopes_of(scopes)
    until = _until(expires, days)
    address = ""
    with asked.ledger() as ledger:
        if feed:
            from timeline.serving.feeds import feed_of

            with ledger.ask() as view:
                address = feed_of(view, feed)
        with ledger.database.writing() as connection:
            text, made = tokens.create(connection, name, wanted or (tokens.FEED,), feed=address, expires_at=until)
    asked.output.text(f"{public_url.rstrip('/')}/feeds/{text}{address}" if address else text)
    what = f"for {address}" if address else f"that may {' and '.join(wanted)}"
    good = f", good until {made.expires_at}" if made.expires_at else ""
    asked.output.note(f"Made token {made.id} {made.name!r} {what}{good}. It is not shown again.")


def _until(expires: Date | None, days: int | None) -> int | None:
    """The moment from which a token is good no more, in microseconds since 1970."""
    if expires is not None and days is not None:
        raise UsageError("give --expires or --days, not both")
    if days is not None:
        return system_clock() + days * tokens.DAY
    if expires is None:
        return None
    until = (one_day(expires, "--expires") + 1 - EPOCH) * tokens.DAY
    if not system_clock() < until < 253_402_300_800_000_000:  # the year 10000
        raise UsageError(f"--expires {expires.text} is over already, or never comes")
    return until


@token.command("list")
@acts
def list_(asked: Asked) -> None:
    """List all tokens that were ever made: what each is for, and whether it is still good. No secret is known."""
    with asked.ledger() as ledger, ledger.ask() as view:
        found = tokens.every(view.connection)
        envelope = asked.envelope(view)
    columns = (
        Column("id", fixed=True),
        Column("name", ratio=2),
        Column("for", ratio=3),
        Column("made", fixed=True),
        Column("good until", fixed=True),
        Column("state", fixed=True),
    )
    lines = [
        Line((t.id, t.name, t.feed or " ".join(t.scopes), _day(t.created_at), _last_day(t), _state(t))) for t in found
    ]
    asked.output.answer(
        found,
        [Sheet("token", "", columns, headed(asked.output, columns, lines), marked=False, empty="there are none")],
        envelope,
        head=words.counted(len(found), "token"),
    )


def _day(moment: str) -> str:
    return re.sub("T.*", "", moment)


def _last_day(found: tokens.Token) -> str:
    """The last day on which it lets in; one that ends at midnight does not on the day that begins then."""
    if found.expires_at is None:
        return ""
    ends = datetime.fromisoformat(found.expires_at) - timedelta(microseconds=1)
    return ends.date().isoformat()


def _state(found: tokens.Token) -> Cell:
    return Cell(found.state, "" if found.is_valid else "bright_black")


@token.command("revoke")
@click.argument("given", metavar="NAME|ID")
@acts
def revoke(asked: Asked, given: str) -> None:
    """End a token at once, by its name or its id. What it recorded stays; who listens with it is let go."""
    with asked.ledger() as ledger, ledger.database.writing() as connection:
        ended = tokens.revoke(connection, given)
    for one in ended:
        asked.output.note(f"Revoked token {one.id} {one.name!r}.")
    if not ended:
        asked.output.note(f"Nothing to do: {given!r} is not good any more.")


COMMANDS = {"token": token}
