"""What every test may use: databases to record in, and settings for hypothesis."""

import asyncio
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.browser import ARGUMENTS, browser
from tests.services import PostgresServer

# A deadline measures the machine, not the code. On CI the examples are the same in every run.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

ROOT = Path(__file__).parent.parent
SERVER = pytest.StashKey[PostgresServer]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the run reserves a place for the server; the others are told it."""
    told = getattr(config, "workerinput", {}).get("postgres")
    config.stash[SERVER] = PostgresServer(Path(told)) if told else PostgresServer.reserve()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["postgres"] = str(node.config.stash[SERVER].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[SERVER].stop()


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end, so the garbage collector need not look at it again and again."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter) -> None:
    """The size of the modules, for the reader's eye: half of them should fit in 150 lines."""
    folders = ("events", "projections", "timeline")
    modules = [*ROOT.glob("cli.py"), *(p for f in folders for p in (ROOT / f).rglob("*.py"))]
    lines = [len(path.read_text("utf-8").splitlines()) for path in modules]
    terminalreporter.write_line(f"{len(lines)} modules, median {median(lines):g} lines")


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    """The run's PostgreSQL server; `with postgres_server.borrowed() as url` gives one more empty database."""
    server = pytestconfig.stash[SERVER]
    server.start()
    return server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A SQLAlchemy URL of an empty PostgreSQL database of the test's own."""
    with postgres_server.borrowed() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLAlchemy URL of an SQLite file of the test's own, not yet made."""
    return f"sqlite:///{tmp_path / 'timeline.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice, on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Gives the file of a new SQLite ledger at each call, in which the world of generated histories is registered."""
    from tests.timeline.telling import begin  # which loads the whole service, and many tests need none of it

    folder = tmp_path_factory.mktemp("world")
    begin(str(folder / "world.db"))
    numbers = count()
    return lambda: Path(shutil.copy(folder / "world.db", folder / f"{next(numbers)}.db"))


@pytest.fixture(autouse=True)
def loop_of_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Playwright leaves its event loop marked as running; whoever has nothing to do with the browser sees none."""
    running = None if "chromium" in request.fixturenames else asyncio._get_running_loop()
    if running is None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, started once."""
    program = browser()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield started
        started.close()
