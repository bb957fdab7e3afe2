"""NumPy and DuckDB: columns of numbers that are scanned whole for every question."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from time import perf_counter
from typing import Any, ClassVar

from bench.sides.history import FOREVER, UNKNOWN, History, Row
from bench.sides.side import Line, Loaded, Mark, Question, Side

MARKS: tuple[Mark, ...] = ("certain", "possible", "unconfirmed", "")
NO_MARK = 3


class NumPy(Side):
    """Arrays in memory, compared from end to end: the floor for whoever keeps no index."""

    name = "NumPy scan"
    packages = ("numpy",)
    cannot: ClassVar = {"append": "arrays in memory, nothing durable"}

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.numpy = import_module("numpy")

    def load(self) -> Loaded:
        start = perf_counter()
        table = self.numpy.fromfile(self.history.file, dtype="<i4").reshape(-1, len(Row._fields))
        columns = {name: self.numpy.ascontiguousarray(table[:, n]) for n, name in enumerate(Row._fields)}
        self.columns: Any = Row(**columns)
        took = perf_counter() - start
        return Loaded(took, sum(c.nbytes for c in columns.values()), note="arrays in memory, from the file of records")

    def ask(self, question: Question) -> Any:
        np, c = self.numpy, self.columns
        if question.sort == "diff":
            before, after = (self._standing(day) for day in (question.day, question.other_day))
            stays = [c.person[found].astype("i8") << 32 | c.organization[found] for found in (before, after)]
            return np.unique(np.setxor1d(*stays) >> 32)
        if question.sort == "person":
            found = np.nonzero((c.person == question.person) & (c.known_to == FOREVER))[0]
            return c.person[found], c.organization[found], np.full(len(found), NO_MARK)
        found = self._standing(question.day, question)
        certain = (c.start_max[found] <= question.day) & (question.day <= c.end_min[found])
        unconfirmed = (c.ending[found] == UNKNOWN) & (question.day >= c.start_max[found])
        return c.person[found], c.organization[found], np.where(certain, 0, np.where(unconfirmed, 2, 1))

    def _standing(self, day: int, question: Question | None = None) -> Any:
        c = self.columns
        found = (c.start_min <= day) & (c.end_max >= day)
        if question is not None and question.known == 0:
            found &= c.known_from == 0
        else:
            found &= c.known_to == FOREVER
        if question is not None and question.sort == "members":
            if question.units:
                units = sorted(_beneath(self.history.parents, question.organization))
                found &= self.numpy.isin(c.organization, units)
            else:
                found &= c.organization == question.organization
        return self.numpy.nonzero(found)[0]

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        if question.sort == "diff":
            return [(int(person), 0, "") for person in answer]
        return [(int(p), int(o), MARKS[int(m)]) for p, o, m in zip(*answer, strict=True)]


def _beneath(parents: list[int | None], organization: int) -> set[int]:
    found = {organization}
    for _ in range(2):
        found |= {n for n, parent in enumerate(parents) if parent in found}
    return found


_FOUND = """
    SELECT person, organization, CASE WHEN start_max <= $day AND $day <= end_min THEN 0
        WHEN ending = 1 AND $day >= start_max THEN 2 ELSE 1 END
    FROM memberships WHERE start_min <= $day AND end_max >= $day AND """
_NOW = f"known_to = {FOREVER}"
_UNITS = """
    organization IN (WITH RECURSIVE unit(number) AS (
        SELECT $organization UNION SELECT p.organization FROM parents p JOIN unit ON p.parent = unit.number)
    SELECT number FROM unit) AND """
_STANDING = f"SELECT person, organization FROM memberships WHERE start_min <= {{0}} AND end_max >= {{0}} AND {_NOW}"
_CHANGED = f"""
    SELECT DISTINCT person FROM (
        ({_STANDING.format("$day")} EXCEPT {_STANDING.format("$other")})
        UNION ALL ({_STANDING.format("$other")} EXCEPT {_STANDING.format("$day")}))"""


class DuckDB(Side):
    """A file of columns, in the order in which the history came."""

    name = "DuckDB"
    packages = ("duckdb", "numpy")

    def load(self) -> Loaded:
        numpy = import_module("numpy")
        self.connection = import_module("duckdb").connect(str(self.folder / "duck.db"))
        start = perf_counter()
        table = numpy.fromfile(self.history.file, dtype="<i4").reshape(-1, len(Row._fields))
        columns = {name: numpy.ascontiguousarray(table[:, n]) for n, name in enumerate(Row._fields)}
        self.connection.register("given", columns)
        self.connection.execute("CREATE TABLE memberships AS SELECT * FROM given")
        self.connection.unregister("given")
        self.connection.execute("CREATE TABLE parents (organization INTEGER, parent INTEGER)")
        tree = numpy.array([(n, p) for n, p in enumerate(self.history.parents) if p is not None], "i4")
        columns = {"organization": tree[:, 0].copy(), "parent": tree[:, 1].copy()}
        self.connection.register("given", columns)
        self.connection.execute("INSERT INTO parents SELECT organization, parent FROM given")
        self.connection.unregister("given")
        self.connection.execute("CHECKPOINT")
        took = perf_counter() - start
        size = (self.folder / "duck.db").stat().st_size
        return Loaded(took, size, note="one table of numbers, without log, names or sources")

    def ask(self, question: Question) -> Any:
        match question.sort:
            case "diff":
                return self._run(_CHANGED, day=question.day, other=question.other_day)
            case "person":
                found = f"SELECT person, organization, {NO_MARK} FROM memberships WHERE person = $person AND {_NOW}"
                return self._run(found, person=question.person)
            case "state":
                return self._run(_FOUND + _NOW, day=question.day)
            case "members":
                known = "known_from = 0" if question.known == 0 else _NOW
                here = _UNITS if question.units else "organization = $organization AND "
                return self._run(_FOUND + here + known, day=question.day, organization=question.organization)

    def _run(self, statement: str, **given: int) -> Any:
        return self.connection.execute(statement, given).fetchall()

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        if question.sort == "diff":
            return [(row[0], 0, "") for row in answer]
        return [(person, organization, MARKS[mark]) for person, organization, mark in answer]

    def append(self, number: int) -> None:
        row = (-1 - number, number, 0, 738950, 738950, FOREVER, FOREVER, 2, 1, FOREVER)
        self.connection.execute(f"INSERT INTO memberships VALUES ({', '.join('?' * len(row))})", row)

    def close(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
