"""The same folder in several processes, each with a share of the work; the answers come in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from timeline import garbage
from timeline.state.folding import Chunk, Folded, Folder, Indexed, Raw

WAITING = 2
"""Tasks a process that are read ahead; more would only fill the memory."""

SMALL = 20_000
"""Events below which further processes take longer to start than they save."""


class Work(Protocol):
    """Does tasks and gives the answers in their order."""

    def index(self, pages: Iterable[list[tuple[Raw, bool]]]) -> Iterator[Indexed]:
        """`Folder.index` of every page."""

    def fold(self, chunks: Iterable[Chunk]) -> Iterator[Folded]:
        """`Folder.fold` of every chunk."""


class Here:
    """The work in this process."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def index(self, pages: Iterable[list[tuple[Raw, bool]]]) -> Iterator[Indexed]:
        """`Folder.index` of every page."""
        return map(self._folder.index, pages)

    def fold(self, chunks: Iterable[Chunk]) -> Iterator[Folded]:
        """`Folder.fold` of every chunk."""
        return map(self._folder.fold, chunks)


class _Elsewhere:
    """The work in other processes."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self._pool, self._most = pool, workers * WAITING

    def index(self, pages: Iterable[list[tuple[Raw, bool]]]) -> Iterator[Indexed]:
        return self._each("index", pages)

    def fold(self, chunks: Iterable[Chunk]) -> Iterator[Folded]:
        return self._each("fold", chunks)

    def _each(self, what: str, tasks: Iterable[Any]) -> Iterator[Any]:
        running: deque[Future[Any]] = deque()
        for task in tasks:
            running.append(self._pool.submit(_do, what, task))
            if len(running) > self._most:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


@contextmanager
def work(folder: Folder, workers: int) -> Iterator[Work]:
    """So many processes at work; with one worker, this one."""
    if workers <= 1:
        with garbage.seldom_looked_for():
            yield Here(folder)
        return
    context = multiprocessing.get_context("spawn")  # a fork would take along locks and connections
    with ProcessPoolExecutor(workers, context, _begin, (folder.names, folder.past, folder.by_key)) as pool:
        try:
            yield _Elsewhere(pool, workers)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_folder: Folder | None = None


def _begin(*given: Any) -> None:
    global _folder
    _folder = Folder(*given)
    garbage.look_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts means the whole; the parent ends the pool
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    # A parent that was killed says nothing, and the pool's own pipes stay open among the workers.
    threading.Thread(target=end_with_parent, daemon=True).start()


def _do(what: str, task: Any) -> Any:
    return getattr(_folder, what)(task)


def processes(events: int, wanted: int | None) -> int:
    """How many processes fold so many events: as many as wanted, otherwise one a core where there is work for them."""
    if wanted is not None:
        return wanted
    return cores() if events >= SMALL else 1


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
