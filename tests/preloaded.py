"""A `timeline` for shells that does not load the program anew for each command.

A process that has loaded it waits at a socket. The command on the shell's path hands it its words, folder, environment
and streams; a fork runs `cli.main` with them, and the command ends with its status. The installed program itself is for
tests/test_wheel.py and the tests that start it.

python -m tests.preloaded SOCKET     # says that it waits for commands, and does until it is terminated
"""

from __future__ import annotations

import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent

COMMAND = """\
#!{python} -SE
import _socket, os, sys
from array import array
given = repr((sys.argv[1:], os.getcwd(), dict(os.environ))).encode()
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect({address!r})
server.sendmsg([b"!"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array("i", [0, 1, 2]).tobytes())])
server.sendall(given)
server.shutdown(_socket.SHUT_WR)
status = server.recv(1)
os._exit(status[0] if status else 70)
"""
"""It loads next to nothing, and takes no status for a bug."""


@contextmanager
def preloaded(environment: Mapping[str, str]) -> Iterator[Path]:
    """A folder with such a `timeline` in it, to be put on the path of a shell.

    It lies directly under /tmp, because the path of a socket may have about 100 characters only.
    """
    with TemporaryDirectory(prefix="timeline-", dir="/tmp") as folder:
        address, command = Path(folder, "socket"), Path(folder, "timeline")
        command.write_text(COMMAND.format(python=sys.executable, address=str(address)), "utf-8")
        command.chmod(0o755)
        waiting = [sys.executable, "-m", "tests.preloaded", str(address)]
        with subprocess.Popen(waiting, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"waiting\n"
                yield Path(folder)
            finally:
                process.terminate()


def serve(address: str) -> None:
    """Run each command in a fork."""
    import timeline.commands
    from cli import main

    for module in pkgutil.walk_packages(timeline.commands.__path__, "timeline.commands."):
        __import__(module.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("waiting", flush=True)
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                take_on(connection)
                try:
                    main()
                except SystemExit as ended:
                    sys.stdout.flush()
                    connection.send(bytes([int(ended.code or 0)]))
                os._exit(0)
            connection.close()


def take_on(connection: socket.socket) -> None:
    """The words, folder, environment and streams of the command at the other end."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as sent:
        words, folder, environment = literal_eval(sent.read().decode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["timeline", *words]


if __name__ == "__main__":
    serve(sys.argv[1])
