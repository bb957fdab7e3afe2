"""How a service was asked to run."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from timeline.store.database import path_of, url_of

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names under which only this machine reaches a service."""


class Settings(NamedTuple):
    """What `timeline serve` was told."""

    ledger: str
    """The address of the ledger: a file or a URL."""
    host: str = "127.0.0.1"
    port: int = 8000
    title: str = ""
    """What the pages and calendars call the whole."""
    public_url: str = ""
    """Where others find the service, without a slash at the end; needed for links that leave it, as in a calendar."""
    hosts: tuple[str, ...] = ()
    """Further names that a request may ask for; loopback names, the one bound to and the public one always may."""
    writes: bool = False
    """Whether anything can be recorded over HTTP."""
    read_only: bool = False
    """Whether the database itself takes no writes, as that of a replica."""
    is_open: bool = False
    """Whether anybody who reaches it may read; otherwise only those on this machine, or with a token."""
    rate: float = 100.0
    """How often a second one token or one address may ask, over a longer time; 0 for as often as they like."""
    write_rate: float = 20.0
    """The same for recording."""
    max_body: int = 1 << 20
    """How many bytes of events may be sent at once."""
    max_import: int = 64 << 20
    """How many bytes the file of an import may have."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may read answers; `*` for all."""
    cache_bytes: int = 64 << 20
    """How many bytes of answers are remembered."""
    journal: str | None = None
    """A file outside of the database that is told everything that is recorded."""
    prefix: str = ""
    """Of one of several ledgers: its path below that of the service, `/newsroom`."""

    @property
    def base(self) -> str:
        """The path that addresses begin with: empty, or `/timeline` behind a proxy that gives it a part."""
        return urlsplit(self.public_url).path.rstrip("/") + self.prefix

    @property
    def address(self) -> str:
        """Where others find the ledger; empty where nobody said."""
        return self.public_url + self.prefix if self.public_url else ""

    @property
    def shown(self) -> str:
        """How to name the ledger in a message: never with its password."""
        url = url_of(self.ledger)
        return str(path_of(url) or url.render_as_string(hide_password=True))

    @property
    def reads_freely(self) -> bool:
        """Whether nobody needs a token to read. Behind a proxy on this machine that is for the proxy to decide."""
        return self.is_open or self.is_loopback

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in LOOPBACK
