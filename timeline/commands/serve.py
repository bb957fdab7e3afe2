"""`serve`: the ledger over HTTP."""

from __future__ import annotations

import re

import click

from timeline.commands.context import Asked, records
from timeline.errors import StoreError, UsageError

OFTEN = "a second for one token or address, over a longer time; 0 for no limit"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option(
    "--ledgers", metavar="PLACE", help="Serve all of a folder, or of a PostgreSQL database, each at its name."
)
@click.option("--title", default="", help="What pages and calendars call the whole.")
@click.option("--public-url", default="", metavar="URL", help="Where others find it, for links that leave it.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Answer to this name too; * for any.")
@click.option("--cors", multiple=True, metavar="ORIGIN", help="Let pages of this origin read answers; * for all.")
@click.option("--public", is_flag=True, help="Anybody who reaches it may read, with no token.")
@click.option("--write", is_flag=True, help="Whoever has a token for it may record.")
@click.option("--rate", type=click.FloatRange(0), default=100.0, show_default=True, help=f"Questions {OFTEN}.")
@click.option("--write-rate", type=click.FloatRange(0), default=20.0, show_default=True, help=f"Recordings {OFTEN}.")
@click.option("--max-body", type=click.IntRange(1, 64), default=1, show_default=True, help="MB of events at once.")
@click.option("--max-import", type=click.IntRange(1, 4096), default=64, show_default=True, help="MB of a file.")
@click.option("--read-only", is_flag=True, help="The database takes no writes, as that of a replica.")
@click.option("--log", "log_", type=click.Choice(("words", "json")), default="words", show_default=True)
@records
def serve(
    asked: Asked,
    host: str,
    port: int,
    ledgers: str | None,
    title: str,
    public_url: str,
    hosts: tuple[str, ...],
    cors: tuple[str, ...],
    public: bool,
    write: bool,
    rate: float,
    write_rate: float,
    max_body: int,
    max_import: int,
    read_only: bool,
    log_: str,
) -> None:
    """Serve the ledger to browsers, calendars and programs.

    \b
        timeline serve
        timeline serve --port 8080 --public-url https://timeline.example.org
        timeline serve --write
        timeline serve --ledgers /var/lib/timeline
    """
    if public_url and not re.fullmatch(r"https?://[!-~]+", public_url):
        raise UsageError(f"--public-url is an address like https://example.org/timeline, not {public_url!r}")
    if write and read_only:
        raise UsageError("--write and --read-only: a database that takes no writes records nothing")
    if ledgers is not None and asked.journal is not None:
        raise UsageError("--journal and --ledgers: a journal is of one ledger")
    from timeline.serving.access import check_open
    from timeline.serving.run import run
    from timeline.serving.settings import Settings
    from timeline.shelf import Shelf

    settings = Settings(
        ledger=asked.address,
        host=host,
        port=port,
        title=title,
        public_url=public_url.rstrip("/"),
        hosts=hosts,
        writes=write,
        is_open=public,
        rate=rate,
        write_rate=write_rate,
        max_body=max_body << 20,
        max_import=max_import << 20,
        read_only=read_only,
        cors=cors,
        journal=asked.journal,
    )
    shelf = None
    if ledgers is None:
        with asked.ledger() as ledger:
            check_open(ledger.database, settings)
    else:
        shelf = Shelf(ledgers)
        shelf.names()  # a place that cannot be read is told before anybody could come
    try:
        run(settings, shelf, as_json=log_ == "json", quiet=asked.output.quiet, tell=asked.output.note)
    except OSError as problem:
        raise StoreError(f"{host}:{port} cannot be listened at: {problem.strerror or problem}") from problem


COMMANDS = {"serve": serve}
