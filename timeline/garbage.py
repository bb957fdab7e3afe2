"""How often Python looks for garbage in circles, where so much is made that looking takes a good part of the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
SELDOM = (200_000, 20, 20)
"""Folds and answers leave no circles, and looking for them takes a fifth of their time."""


def look_seldom() -> None:
    """From now on, for the whole process."""
    gc.set_threshold(*SELDOM)


@contextmanager
def seldom_looked_for() -> Iterator[None]:
    """The block looks for it less often than is usual."""
    look_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)
