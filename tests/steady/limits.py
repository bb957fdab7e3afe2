"""A disk that is full, for this process alone, and a process that may not write."""

from __future__ import annotations

import os
import resource
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from timeline.errors import StoreError

NOBODY = 65534


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes; what would is refused as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def as_nobody(work: Callable[[], object], *, keeps_rights: bool = False) -> str:
    """What the work says, in a process of its own without the rights of root; what it raises begins with `raised`."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            if os.geteuid() == 0 and not keeps_rights:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            said = str(work())
        except BaseException as problem:
            traceback.print_exc()
            said = f"raised {type(problem).__name__}: {problem}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def refusal(act: Callable[[], object]) -> str:
    """What a StoreError says; nothing where none is raised. Any other error goes on."""
    try:
        act()
    except StoreError as problem:
        return str(problem)
    return ""
