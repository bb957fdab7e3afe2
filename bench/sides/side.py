"""What a side of the comparison is, and the process that it runs in.

A side answers questions in its own form; what it says is made plain, so that sides can be compared, outside of the time
that is taken. It runs in a process of its own and does what it is told on its input, a line of JSON at a time.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from bench._measure import most_memory

if TYPE_CHECKING:
    from bench.sides.history import History

Mark = Literal["certain", "possible", "unconfirmed", ""]
Line = tuple[int, int, Mark]
"""A person at an organization, and how sure that is; empty where the side, or the question, knows no such thing."""

LONG_ENOUGH = 0.2
"""Seconds that a question is asked for again and again, for one figure."""
TOO_LONG = 3.0
"""Seconds after which no more questions are asked for one figure, even if there are more."""
APPENDED = 10
"""Events that are appended for one figure, each for itself."""


class Question(NamedTuple):
    """What is asked. `known` 0 asks for what was known before the corrections, None for what is known now."""

    sort: Literal["members", "person", "state", "diff"]
    organization: int = 0
    units: bool = False
    """Whether those of the units count, too."""
    person: int = 0
    day: int = 0
    other_day: int = 0
    known: int | None = None


class Loaded(NamedTuple):
    """What loading the history took."""

    seconds: float
    bytes: int
    """On the disk, or in memory where nothing is on the disk."""
    rebuild: float | None = None
    """Seconds, where the side can make anew what it answers from."""
    note: str = ""


class Side(ABC):
    """One of those that are compared."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    """What it needs to have installed; with none, it runs with the project's own environment."""
    largest: ClassVar[int] = 10**9
    """Memberships beyond which it takes too long."""
    cannot: ClassVar[Mapping[str, str]] = {}
    """The questions that it has no answer to, with the reason."""
    has_marks: ClassVar[bool] = True

    def __init__(self, history: History, settings: Mapping[str, str]) -> None:
        self.history = history
        self.folder = history.folder
        self.settings = settings

    @abstractmethod
    def load(self) -> Loaded:
        """Take in the history."""

    @abstractmethod
    def ask(self, question: Question) -> Any:
        """The answer in the side's own form."""

    @abstractmethod
    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        """An answer in the form that is compared. Of `diff`: who came, left or moved, at organization 0."""

    def append(self, number: int) -> None:
        """Record one more membership, durably. Comes last: what is asked afterwards has other answers."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of everything."""


def mark_of(start_max: int, end_min: int, is_unknown: bool, day: int) -> Mark:
    """How sure a stay is on a day on which it is possible at all."""
    if start_max <= day <= end_min:
        return "certain"
    return "unconfirmed" if is_unknown and day >= start_max else "possible"


SIDES = {
    "ours, SQLite": "bench.sides.ours:OursSQLite",
    "bare SQL, SQLite": "bench.sides.ours:BareSQLite",
    "ours, PostgreSQL": "bench.sides.ours:OursPostgreSQL",
    "bare SQL, PostgreSQL": "bench.sides.ours:BarePostgreSQL",
    "NumPy scan": "bench.sides.scan:NumPy",
    "DuckDB": "bench.sides.scan:DuckDB",
    "Raphtory": "bench.sides.graph:Raphtory",
    "Raphtory, detailed": "bench.sides.graph:RaphtoryDetailed",
    "eventsourcing, replayed": "bench.sides.replay:Replay",
    "django-simple-history": "bench.sides.orm:SimpleHistory",
    "SQLAlchemy-Continuum": "bench.sides.orm:Continuum",
}
"""Where each side is. The bare ones read what ours before them has loaded."""


def side_named(name: str) -> type[Side]:
    """The class of a side. Its packages are imported only when it is made."""
    module, _, cls = SIDES[name].partition(":")
    found: type[Side] = getattr(import_module(module), cls)
    return found


def serve(name: str, folder: Path, settings: Mapping[str, str]) -> None:
    """Do what the lines on the input say, until it ends."""
    from bench.sides.history import History

    # Whatever a library prints goes to the log, not among the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    history = History(folder)
    side = side_named(name)(history, settings)
    asked = history.questions()
    try:
        for line in sys.stdin:
            told = json.loads(line)
            replies.write(json.dumps(_do(side, asked, told)) + "\n")
            replies.flush()
    finally:
        side.close()


def _do(side: Side, asked: Mapping[str, list[Question]], told: Mapping[str, Any]) -> Any:
    match told["do"]:
        case "load":
            return side.load()._asdict()
        case "answer":
            lines = [
                f"{n} {person} {organization} {mark}\n"
                for n, question in enumerate(asked[told["question"]])
                for person, organization, mark in sorted(set(side.plain(question, side.ask(question))))
            ]
            Path(told["file"]).write_text("".join(lines), "utf-8")
            return len(lines)
        case "time":
            return _time(side, asked[told["question"]])
        case "append":
            return statistics.median(_seconds(side.append, told["first"] + n) for n in range(APPENDED))
        case "memory":
            return most_memory()
        case other:
            raise ValueError(other)


def _time(side: Side, questions: list[Question]) -> float:
    """The middle of the times of some questions, in seconds."""
    taken: list[float] = []
    spent = 0.0
    while spent < LONG_ENOUGH:
        for question in questions:
            taken.append(_seconds(side.ask, question))
            spent += taken[-1]
            if spent > TOO_LONG:
                break
    return statistics.median(taken)


def _seconds(work: Any, given: Any) -> float:
    start = perf_counter()
    work(given)
    return perf_counter() - start


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
