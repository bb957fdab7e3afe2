"""A bar for work that takes a while: on a terminal only, and only after half a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from timeline.progress import Progress, untold

SECONDS = 0.5


@contextmanager
def bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Gives a function to call with each step: what is done, how much of it, of how much."""
    if quiet or not sys.stderr.isatty():
        yield untold
        return
    begun = time.monotonic()
    shown: Any = None
    task: Any = None

    def tell(step: str, done: int, of: int) -> None:
        nonlocal shown, task
        if shown is None:
            if time.monotonic() - begun < SECONDS:
                return
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            columns = TextColumn("{task.description:9}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
            shown = Progress(*columns, console=Console(stderr=True), transient=True)
            shown.start()
            task = shown.add_task(step)
        shown.update(task, description=step, completed=done, total=max(of, 1))

    try:
        yield tell
    finally:
        if shown is not None:
            shown.stop()
