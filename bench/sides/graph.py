"""Raphtory: a graph whose edges come and go, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from time import perf_counter
from typing import Any, ClassVar

from bench.sides.history import FOREVER, History, Row, interval_of
from bench.sides.side import Line, Loaded, Question, Side

NO_KNOWN = "one axis of time: what was known earlier is not kept"


class Raphtory(Side):
    """A person at an organization is an edge from the first to the last day on which it is possible.

    One edge has one start and one end, so it cannot say what is certain.
    """

    name = "Raphtory"
    packages = ("raphtory", "numpy", "pandas")
    cannot: ClassVar = {"known": NO_KNOWN}
    has_marks = False
    largest = 1_000_000

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.raphtory = import_module("raphtory")
        self.pandas = import_module("pandas")

    def load(self) -> Loaded:
        start = perf_counter()
        graph = self.raphtory.PersistentGraph()
        for part in self.history.parts():
            rows = [row for row in part if row.known_to == FOREVER]
            if not rows:
                continue
            ended = [row for row in rows if row.end_max != FOREVER]
            told = self._details(rows)
            frame = self._frame(rows, [r.start_min for r in rows]).assign(**told)
            graph.load_edges(frame, "day", "person", "to", properties=list(told), layer="member")
            graph.load_edge_deletions(
                self._frame(ended, [r.end_max + 1 for r in ended]), "day", "person", "to", layer="member"
            )
        for n, parent in enumerate(self.history.parents):
            if parent is not None:
                graph.add_edge(0, f"o{n}", f"o{parent}", layer="unit")
        path = self.folder / type(self).__name__
        graph.cache(str(path))
        took = perf_counter() - start
        self.graph = graph
        self.members, self.units = graph.layer("member"), graph.layer("unit")
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else 0
        note = "in memory and in its own file; what was corrected is replaced"
        return Loaded(took, size or path.stat().st_size, note=note)

    def _details(self, rows: list[Row]) -> dict[str, list[Any]]:
        """What else is told of each stay, by the name of the property."""
        return {}

    def _frame(self, rows: list[Row], days: list[int]) -> Any:
        people, organizations = [f"p{r.person}" for r in rows], [f"o{r.organization}" for r in rows]
        return self.pandas.DataFrame({"day": days, "person": people, "to": organizations})

    def ask(self, question: Question) -> Any:
        match question.sort:
            case "members":
                there = self.members.at(question.day)
                units = self._units(question.organization) if question.units else [f"o{question.organization}"]
                return [(unit, self._people(there, unit)) for unit in units]
            case "person":
                return self.members.node(f"p{question.person}").out_neighbours.id.collect()
            case "state":
                return self._edges(question.day)
            case "diff":
                return {p for p, _ in set(self._edges(question.day)) ^ set(self._edges(question.other_day))}

    def _people(self, there: Any, unit: str) -> list[str]:
        node = there.node(unit)
        return [] if node is None else node.in_neighbours.id.collect()

    def _units(self, organization: int) -> list[str]:
        found = [f"o{organization}"]
        for unit in found:
            node = self.units.node(unit)
            found += [] if node is None else node.in_neighbours.id.collect()
        return found

    def _edges(self, day: int) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = self.members.at(day).edges.id.collect()
        return found

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        match question.sort:
            case "diff":
                return [(int(person[1:]), 0, "") for person in answer]
            case "person":
                return [(question.person, int(organization[1:]), "") for organization in answer]
            case "state":
                return [(int(person[1:]), int(organization[1:]), "") for person, organization in answer]
            case "members":
                return [(int(person[1:]), int(unit[1:]), "") for unit, people in answer for person in people]

    def append(self, number: int) -> None:
        self.graph.add_edge(738950, f"p{number}", "o0", layer="member")
        self.graph.write_updates()


class RaphtoryDetailed(Raphtory):
    """The same with everything that our answers tell of a stay as properties of its edge, which are read as well."""

    name = "Raphtory, detailed"

    def _details(self, rows: list[Row]) -> dict[str, list[Any]]:
        bounds = {n: [getattr(r, n) for r in rows] for n in ("start_min", "start_max", "end_min", "end_max")}
        texts = {"role": "Researcher", "source": "the-register", "entry": "9b964ad4-c54d-457a-988e-824ddd055045"}
        return bounds | {"dates": [interval_of(r) for r in rows]} | {n: [t] * len(rows) for n, t in texts.items()}

    def ask(self, question: Question) -> Any:
        if question.sort not in ("members", "state"):
            return super().ask(question)
        there = self.members.at(question.day)
        if question.sort == "state":
            return _told(there.edges)
        units = self._units(question.organization) if question.units else [f"o{question.organization}"]
        nodes = [there.node(unit) for unit in units]
        return [line for node in nodes if node is not None for line in _told(node.in_edges)]

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        if question.sort not in ("members", "state"):
            return super().plain(question, answer)
        return [(int(person[1:]), int(organization[1:]), "") for person, organization, _ in answer]


def _told(edges: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [(edge.src.name, edge.dst.name, edge.properties.as_dict()) for edge in edges]
