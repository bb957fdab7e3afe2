"""`webhook`: who is told over HTTP what is recorded."""

from __future__ import annotations

import asyncio
import re

import click

from events.kinds import KINDS
from timeline import webhooks
from timeline.commands.context import Asked, acts
from timeline.errors import UnknownName, UsageError
from timeline.ledger import Ledger
from timeline.naming import near
from timeline.printing import words
from timeline.printing.output import headed
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.store.log import system_clock


@click.group("webhook")
def webhook() -> None:
    """Tell other services what is recorded: signed messages over HTTP, which `timeline serve` sends.

    A message that is not accepted is tried again for some 31 hours, then it is given up and kept among the failed.
    """


@webhook.command("add")
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only events of this kind; may be repeated.")
@click.option("--org", "orgs", multiple=True, metavar="NAME", help="Only what is about it; may be repeated.")
@click.option("--from-now", is_flag=True, help="Begin with what is recorded next, as it does unless told otherwise.")
@click.option("--after", type=click.IntRange(0), metavar="POSITION", help="Begin after it; 0 tells everything.")
@click.option("--insecure", is_flag=True, help="Take http:// too, to this machine only.")
@click.option("--allow-private", is_flag=True, help="Send to private addresses too, as those of your own network.")
@acts
def add(
    asked: Asked,
    url: str,
    kinds: tuple[str, ...],
    orgs: tuple[str, ...],
    from_now: bool,
    after: int | None,
    insecure: bool,
    allow_private: bool,
) -> None:
    """Add a webhook, and print the secret that its messages are signed with. It is not shown again.

    \b
        timeline webhook add https://example.org/hooks/timeline
        timeline webhook add https://example.org/hooks/layoffs --kind layoff --org meta --after 0
    """
    from timeline.serving.outgoing import checked

    if from_now and after is not None:
        raise UsageError("give --from-now or --after, not both")
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName(kind, near(kind, KINDS), "kind")
    url = checked(url, insecure=insecure, allow_private=allow_private)
    with asked.ledger() as ledger:
        with ledger.ask() as view:
            ids = dict.fromkeys(view.directory.find(org, "organization") for org in orgs)
        filters = webhooks.Filters(tuple(dict.fromkeys(kinds)), tuple(ids))
        with ledger.database.writing() as connection:
            secret, made = webhooks.add(connection, url, filters, after=after, allow_private=allow_private)
    asked.output.text(secret)
    asked.output.note(f"Added webhook {made.id}, after position {made.position}. The secret is not shown again.")
    asked.output.hint(f"Next: timeline webhook test {made.id}")


@webhook.command("list")
@acts
def list_(asked: Asked) -> None:
    """List all webhooks: how far each was told, and what was wrong last. No secret is shown."""
    with asked.ledger() as ledger, ledger.ask() as view:
        found = webhooks.every(view.connection)
        envelope = asked.envelope(view)
    columns = (
        Column("id", fixed=True),
        Column("address", ratio=3),
        Column("about", ratio=2),
        Column("told", fixed=True),
        Column("failed", fixed=True),
        Column("state", ratio=2),
    )
    lines = [
        Line((w.id, w.url, " ".join((*w.kinds, *w.orgs)), f"@{w.position}", str(w.failed or ""), _state(w)))
        for w in found
    ]
    asked.output.answer(
        found,
        [Sheet("webhook", "", columns, headed(asked.output, columns, lines), marked=False, empty="there are none")],
        envelope,
        head=words.counted(len(found), "webhook"),
    )


def _state(found: webhooks.Webhook) -> str:
    until = f" until {_minute(found.next_try)}" if found.next_try else ""
    return f"{found.state}{until}: {found.last_error}" if found.last_error else found.state


def _minute(moment: str) -> str:
    return re.sub(r"T(\d\d:\d\d).*", r" \1", moment)


@webhook.command("failed")
@click.argument("given", metavar="[ID]", required=False)
@acts
def failed(asked: Asked, given: str | None) -> None:
    """List the messages that were given up. What they said is not kept; a retry reads it from the log."""
    with asked.ledger() as ledger, ledger.ask() as view:
        if given:
            webhooks.find(view.connection, given)
        found = webhooks.failures(view.connection, given)
        envelope = asked.envelope(view)
    columns = (
        Column("webhook", fixed=True),
        Column("position", fixed=True),
        Column("given up", fixed=True),
        Column("attempts", fixed=True),
        Column("error", ratio=3),
    )
    lines = [
        Line((f.webhook, f"@{f.position}", _minute(f.died_at), str(f.attempts), Cell(f.error, "bright_black")))
        for f in found
    ]
    asked.output.answer(
        found,
        [Sheet("failed", "", columns, headed(asked.output, columns, lines), marked=False, empty="there are none")],
        envelope,
        head=words.counted(len(found), "message"),
        next_="timeline webhook retry ID" if found else "",
    )


@webhook.command("remove")
@click.argument("given", metavar="ID")
@acts
def remove(asked: Asked, given: str) -> None:
    """Remove a webhook, with its secret and the list of what failed."""
    with asked.ledger() as ledger, ledger.database.writing() as connection:
        webhooks.remove(connection, given)
    asked.output.note(f"Removed webhook {given}.")


@webhook.command("test")
@click.argument("given", metavar="ID")
@acts
def test(asked: Asked, given: str) -> int:
    """Send a ping now, from here. The exit status is 1 if it is not accepted."""
    from timeline.serving.messages import ping, signed
    from timeline.serving.outgoing import send

    with asked.ledger() as ledger, ledger.database.reading() as connection:
        target = webhooks.find(connection, given)
    now = system_clock()
    message = ping(target.id, now)
    headers = signed(message, target.secret, now)
    outcome = asyncio.run(send(target.url, headers, message.body, allow_private=target.allow_private))
    asked.output.note(f"The ping was not accepted: {outcome.error}." if outcome.error else "The ping was accepted.")
    return 1 if outcome.error else 0


@webhook.command("retry")
@click.argument("given", metavar="ID")
@click.argument("position", type=click.IntRange(1), required=False)
@acts
def retry(asked: Asked, given: str, position: int | None) -> int:
    """Send again what was given up, all of it or the message at POSITION, until one fails; the exit status is then 1.

    Without POSITION, the webhook itself goes on too: what waits for its next attempt is tried at once, also where the
    receiver had said that it wants nothing more.
    """
    with asked.ledger() as ledger:
        with ledger.database.reading() as connection:
            target = webhooks.find(connection, given)
            dead = [f for f in webhooks.failures(connection, given) if position in (None, f.position)]
        if position is not None and not dead:
            raise UnknownName(f"{given} {position}", (), "failed message")
        problem = next((e for f in dead if (e := _again(ledger, target, f))), "")
        if position is None:
            with ledger.database.writing() as connection:
                webhooks.resume(connection, given)
    if problem:
        asked.output.note(f"Not accepted: {problem}.")
    elif dead:
        asked.output.note(f"{words.counted(len(dead), 'message')} delivered.")
    elif position is None:
        asked.output.note("Nothing was given up; what waits is tried by the service.")
    return 1 if problem else 0


def _again(ledger: Ledger, target: webhooks.Target, failure: webhooks.Failure) -> str:
    """Send a message that was given up, as the log has it now; gives what was wrong."""
    from timeline.serving.messages import message_at, signed
    from timeline.serving.outgoing import send

    with ledger.ask() as view:
        message = message_at(view, target.id, target.filters, failure.position)
    headers = signed(message, target.secret, system_clock())
    outcome = asyncio.run(send(target.url, headers, message.body, allow_private=target.allow_private))
    with ledger.database.writing() as connection:
        if outcome.error:
            webhooks.died_again(connection, failure, outcome)
        else:
            webhooks.revived(connection, failure)
    return outcome.error


COMMANDS = {"webhook": webhook}
