"""The command line, run in this process: what it prints, what it says beside, and its exit status."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cli
from tests.services import PostgresServer
from timeline.commands.start import EXAMPLE, example
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger


class Ran(NamedTuple):
    """One call of the command line."""

    out: str
    err: str
    status: int

    @property
    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)["items"]
        return found


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def example_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the first timeline; tests that write in one copy it."""
    path = tmp_path_factory.mktemp("example") / "example.db"
    with Ledger.create(str(path)) as ledger:
        import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
    return path


@pytest.fixture
def own_ledger(example_ledger: Path, tmp_path: Path) -> Path:
    """A copy of the example to write in."""
    return Path(shutil.copy(example_ledger, tmp_path / "own.db"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call `timeline` with some words; `db` names the ledger."""
    for name in ("TIMELINE_DB", "TIMELINE_FORMAT", "NO_COLOR", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TIMELINE_USER", "ada")

    def call(*words: str, db: Path | str | None = None) -> Ran:
        given = ["timeline", *(["--db", str(db)] if db else []), *words]
        monkeypatch.setattr(sys, "argv", given)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Ran(printed.out, printed.err, int(ended.value.code or 0))

    return call


@pytest.fixture(scope="session")
def example_on_postgresql(postgres_server: PostgresServer) -> Iterator[str]:
    """The first timeline in a PostgreSQL database."""
    with postgres_server.database() as url:
        with Ledger.create(url) as ledger:
            import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
        yield url
