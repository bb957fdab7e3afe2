"""How often one token, or one address, may ask and record."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from timeline.serving.settings import LOOPBACK, Settings

READING_AT_ONCE, WRITING_AT_ONCE = 4, 5
"""How many seconds' worth may come at once."""
MOST = 10_000
"""Of so many it is remembered how much they asked lately; those of whom nothing was heard longest are forgotten."""


class _Bucket(NamedTuple):
    left: float
    at: float


class Buckets:
    """A bucket each, which fills at a steady rate and of which every request takes one."""

    def __init__(
        self, rate: float, seconds: float, *, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = rate
        self.size = max(1.0, rate * seconds)
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str, *, takes: bool = True) -> int:
        """How many seconds to wait before asking again; 0 for now, which takes one. A rate of 0 knows no limit.

        Called from the one thread that handles requests. Without `takes` it is only looked.
        """
        if not self.rate:
            return 0
        now = self._clock()
        last = self._kept.get(key, _Bucket(self.size, now))
        left = min(self.size, last.left + (now - last.at) * self.rate)
        may = left >= 1
        if takes:
            self._kept[key] = _Bucket(left - 1 if may else left, now)
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return 0 if may else max(1, math.ceil((1 - left) / self.rate))

    def __len__(self) -> int:
        return len(self._kept)


class Limits:
    """Both limits of a service."""

    def __init__(self, settings: Settings) -> None:
        self._reading = Buckets(settings.rate, READING_AT_ONCE)
        self._writing = Buckets(settings.write_rate, WRITING_AT_ONCE)

    def wait(self, token: str | None, address: str, *, writes: bool, takes: bool = True) -> int:
        """How many seconds whoever asks has to wait. Readers on this machine never do."""
        if writes:
            return self._writing.wait(token or who(address), takes=takes)
        return 0 if is_here(address) else self._reading.wait(token or who(address), takes=takes)


def who(address: str) -> str:
    """Whose address it is: of IPv6 a whole network of one customer, who has as many addresses as they like."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return (
            found.ipv4_mapped.compressed if found.ipv4_mapped else str(ipaddress.ip_network((found, 64), strict=False))
        )
    return address


def is_here(address: str) -> bool:
    """Whether an address is of this machine."""
    return address in LOOPBACK or address.startswith("127.")
