"""How long `timeline` takes to start and to answer, beside an empty Python and one that imports SQLAlchemy."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench._measure import Side, machine, median, ratio, report, table, timed
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "meta-ai.yaml"
RUNS = 21
EMPTY = "python3 -c pass"


def program() -> list[str]:
    """The installed command, or the checkout's."""
    installed = Path(sys.executable).with_name("timeline")
    return [str(installed)] if installed.exists() else [sys.executable, str(ROOT / "cli.py")]


def side(command: Sequence[str], folder: Path) -> Side:
    """A side that runs the command in a process of its own. The command must succeed and print something."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed with status {done.returncode}:\n{done.stderr}")
    return lambda: timed(lambda: subprocess.run(command, cwd=folder, capture_output=True, check=True))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="timeline-bench-") as name:
        folder = Path(name)
        with Ledger.create(str(folder / "example.db")) as ledger:
            import_documents(ledger, [read(EXAMPLE.read_bytes(), EXAMPLE.name)], by="bench")
        commands = {
            EMPTY: [sys.executable, "-c", "pass"],
            'python3 -c "import sqlalchemy"': [sys.executable, "-c", "import sqlalchemy"],
            "timeline --version": [*program(), "--version"],
            "timeline --help": [*program(), "--help"],
            "timeline date 2023-37": [*program(), "date", "2023-37"],
            "timeline as-of 2024-06-01, the example": [*program(), "--db", "example.db", "as-of", "2024-06-01"],
        }
        taken = median({name: side(command, folder) for name, command in commands.items()}, RUNS)
    rows = [[f"`{name}`", f"{s * 1000:.0f}", ratio(s / taken[EMPTY])] for name, s in taken.items()]
    title = f"Start to end of a process, median of {RUNS} runs"
    report("startup", table(title, ["command", "ms", f"times `{EMPTY}`"], rows), machine("SQLAlchemy", "click", "rich"))


if __name__ == "__main__":
    main()
