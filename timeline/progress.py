"""How work that takes a while tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told of each step: what is done (reading, folding …), how much of it, of how much."""


def untold(step: str, done: int, of: int) -> None:
    """Nobody wants to know."""
