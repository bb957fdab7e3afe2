"""Sending to addresses that somebody gave: where a message may go, and what came of it.

A name is resolved here, every address that it has is looked at, and the connection is made to one of these: whoever
answers differently the next time leads nowhere. No proxy, no redirect, no cookie, no connection that stays open.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from ssl import SSLContext
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from timeline.errors import UsageError
from timeline.webhooks import Outcome

CONNECT_SECONDS = READ_SECONDS = 10.0
WHOLE_SECONDS = 30.0
"""How long everything together may take, however little of it at a time."""
REST_SECONDS = 2.0
"""How long the rest of an answer may take after its head, which says all."""
MOST_ANSWER = 64 << 10
"""How many bytes of that rest are read. Nobody looks at them."""
MOST_ADDRESSES = 3
LONGEST_URL = 2000

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host. Raises OSError."""

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\.?")
_NAT64 = IPv6Network("64:ff9b::/96")
_PUBLIC_V6 = IPv6Network("2000::/3")
_MORE_PRIVATE = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Special ranges of the registries of IANA that some versions of Python take for public ones."""


class Refused(Exception):
    """An address to which nothing is sent; says why."""


# -- addresses --------------------------------------------------------------------------------------------------------


def checked(url: str, *, insecure: bool = False, allow_private: bool = False) -> str:
    """An address as it is kept. Raises UsageError for one that nothing could ever be sent to."""
    try:
        parts = _parts(url)
        given = _literal(parts)
        if parts.scheme == "http":
            is_here = given.is_loopback if given else parts.hostname == "localhost"
            if not (insecure and is_here):
                raise Refused("it must begin with https://, or with --insecure lead to this machine by http://")
        elif given is not None and (why := refusal(given, allow_private=allow_private)):
            raise Refused(why if allow_private else f"{why}; --allow-private lets private ones pass")
    except Refused as problem:
        raise UsageError(f"nothing can be sent to this address: {problem}") from None
    return url


def _parts(url: str) -> SplitResult:
    """The parts of an address. Raises Refused for one that two programs could read differently."""
    if len(url) > LONGEST_URL:
        raise Refused(f"it is longer than {LONGEST_URL:,} characters")
    if not re.fullmatch(r"[!-~]+", url):
        raise Refused("it holds blanks, control characters or letters beyond ASCII")
    if "\\" in url or "#" in url:
        raise Refused("it holds a \\ or a #")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("it cannot be read") from None
    if parts.scheme not in ("http", "https") or not re.match("https?://", url):
        raise Refused("it does not begin with https://")
    if "@" in parts.netloc:
        raise Refused("it holds a name or a password before the host; a secret belongs into the path or the query")
    if port == 0 or parts.netloc.endswith(":"):
        raise Refused("its port is none")
    if parts.netloc.startswith("["):
        if "%" in host or _literal(parts) is None:
            raise Refused(f"{host} is no IPv6 address")
    elif not _HOST.fullmatch(host):
        raise Refused("it names no host")
    elif _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) and _literal(parts) is None:
        raise Refused("a host of digits is written as four numbers, 192.0.2.1")
    return parts


def _literal(parts: SplitResult) -> Address | None:
    """The address that stands in the place of a name, if one does."""
    try:
        return ip_address(parts.hostname or "")
    except ValueError:
        return None


def refusal(address: Address, *, allow_private: bool = False) -> str:
    """Why nothing is sent to an address; empty where it may be."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return refusal(address.ipv4_mapped, allow_private=allow_private)
        if address in _NAT64:
            return refusal(IPv4Address(int(address) & 0xFFFF_FFFF), allow_private=allow_private)
        if address.sixtofour is not None or address.teredo is not None:
            return f"{address} leads through a tunnel"
    what = _sort(address)
    is_private = what in ("private", "loopback", "link-local")
    return "" if not what or (is_private and allow_private) else f"{address} is {what}"


def _sort(address: Address) -> str:
    """Which special sort of address it is; empty for one of the public internet."""
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified or (isinstance(address, IPv4Address) and int(address) >> 24 == 0):
        return "unspecified"
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    is_public = address.is_global and not any(address in network for network in _MORE_PRIVATE)
    if address.is_reserved or (is_public and isinstance(address, IPv6Address) and address not in _PUBLIC_V6):
        return "private" if isinstance(address, IPv6Address) and address.is_site_local else "reserved"
    return "" if is_public else "private"


_RESOLVERS = ThreadPoolExecutor(64, thread_name_prefix="resolve")
"""Of their own: a name server that does not answer takes threads from nobody else."""


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the machine has them. Raises OSError."""

    def ask() -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    return await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)


async def _addresses(parts: SplitResult, port: int, *, allow_private: bool, resolve: Resolve) -> list[Address]:
    """The addresses to connect to. Raises Refused if any of them may not be."""
    given = _literal(parts)
    if given is None:
        try:
            found = [ip_address(text) for text in await resolve(parts.hostname or "", port)]
        except (OSError, ValueError):  # of a name that IDNA refuses, too
            raise Refused("the host has no address") from None
    else:
        found = [given]
    for address in found:
        if parts.scheme == "http":
            if not address.is_loopback:
                raise Refused("http only leads to this machine")
        elif why := refusal(address, allow_private=allow_private):
            raise Refused(why)
    if not found:
        raise Refused("the host has no address")
    return found[:MOST_ADDRESSES]


# -- sending ----------------------------------------------------------------------------------------------------------


@cache
def _trust() -> SSLContext:
    return httpx.create_ssl_context()


async def send(
    url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool = False, resolve: Resolve = resolved
) -> Outcome:
    """Send a message, and tell what came of it. It is accepted if the answer has a status of 2xx."""
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            parts = _parts(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await _addresses(parts, port, allow_private=allow_private, resolve=resolve)
            return await _send_to(addresses, parts, port, headers, body)
    except Refused as problem:
        return Outcome(None, f"refused: {problem}")
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(None, "no answer in time")
    except httpx.ConnectError as problem:
        is_about_trust = "certificate" in str(problem).lower()
        return Outcome(None, "its certificate is not to be trusted" if is_about_trust else "no connection")
    except httpx.InvalidURL as problem:  # which `_parts` let pass
        return Outcome(None, f"refused: the address cannot be used: {problem}")
    except (httpx.HTTPError, OSError, ValueError) as problem:
        return Outcome(None, f"the connection failed: {type(problem).__name__}")


async def _send_to(
    addresses: Sequence[Address], parts: SplitResult, port: int, headers: Mapping[str, str], body: bytes
) -> Outcome:
    failed: httpx.ConnectError | None = None
    for address in addresses:
        try:
            return await _post(address, parts, port, headers, body)
        except httpx.ConnectError as problem:
            failed = problem
    assert failed is not None
    raise failed


async def _post(address: Address, parts: SplitResult, port: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    shown = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = httpx.URL(f"{parts.scheme}://{shown}:{port}").copy_with(raw_path=target.encode())
    # The certificate is that of the name; what is connected to is the address that was looked at.
    extensions: dict[str, Any] = {} if _literal(parts) else {"sni_hostname": (parts.hostname or "").rstrip(".")}
    extensions["timeout"] = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
    sent = httpx.Request(
        "POST",
        url,
        content=body,
        headers={**headers, "host": parts.netloc, "accept": "*/*", "accept-encoding": "identity"},
        extensions=extensions,
    )
    # No client of httpx: it would read where an answer leads to, though it does not go there, and fail at nonsense.
    async with httpx.AsyncHTTPTransport(verify=_trust(), trust_env=False) as transport:
        response = await transport.handle_async_request(sent)
        # The answer was given; how it ends changes nothing, and who writes it is not cut off if it is short.
        with suppress(httpx.HTTPError, TimeoutError):
            read = 0
            async with asyncio.timeout(REST_SECONDS):
                async for part in response.aiter_raw(4096):
                    read += len(part)
                    if read >= MOST_ANSWER:
                        break
        status = response.status_code
        return Outcome(status, "" if response.is_success else f"it answered {status}")
