"""Finding what a person means by a name: by id, name or alias, whatever the case and the accents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from sqlalchemy import ColumnElement, Connection

from projections.entities import Registered, folded
from projections.merges import follow
from timeline.errors import AmbiguousName, UnknownName
from timeline.state.tables import NOBODY, TABLES, Numbers, chunks, condition_at, merges_known
from timeline.store.bulk import among


def near(given: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The known texts that are most like the given one, best first; none that are not alike at all."""
    from rapidfuzz import fuzz, process, utils

    fewest = min(3, len(given))  # a name of one letter is a part of anything
    close = process.extract(
        given[:100],
        [k for k in dict.fromkeys(known) if len(k) >= fewest],
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=8 * limit,
        score_cutoff=70,
    )
    whole = utils.default_process(given[:100])
    # WRatio likes parts: it takes llama-4 for lama before llama, so the whole name counts as well.
    close.sort(key=lambda c: -c[1] - fuzz.ratio(whole, utils.default_process(c[0])))
    return [text for text, *_ in close[:limit]]


REMEMBERED = 20_000
"""How many entities, and how many numbers of ids, a reader of a whole ledger remembers from part to part."""


class Directory:
    """The entities as known at a position of the log, by id and by name; read from the ledger as they are asked for."""

    def __init__(self, connection: Connection, known: int | None = None, numbers: Numbers | None = None) -> None:
        self._known = known
        self._numbers = numbers or Numbers(connection)
        self._found: dict[str, Registered | None] = {}
        self._names: dict[str, str | None] = {}
        self._met: set[int] = {NOBODY}

    @cached_property
    def merged(self) -> dict[str, str]:
        """What each id that was given up stands for."""
        return merges_known(self._numbers, self._known)

    @cached_property
    def entities(self) -> dict[str, Registered]:
        """All of them, by id."""
        rows = self._rows()
        return {row.entity: row for row in sorted(rows, key=lambda r: r.entity)}

    def _rows(self, *conditions: ColumnElement[bool]) -> list[Registered]:
        rows: list[Registered] = TABLES["entities"].read(self._numbers, *conditions, known=self._known)
        return rows

    def prefetch(self, ids: Iterable[str]) -> None:
        """Look up together the entities that will be asked for one by one."""
        wanted = [i for i in dict.fromkeys(follow(i, self.merged) for i in ids) if i not in self._found]
        self._numbers.fetch(wanted)
        for part in chunks(wanted):
            rows = self._rows(TABLES["entities"].table.c.entity.in_([self._numbers.of(i) for i in part]))
            self._found |= dict.fromkeys(part) | {row.entity: row for row in rows}

    def prefetch_names(self, ids: Iterable[str]) -> None:
        """Look up together the names that will be asked for one by one."""
        wanted = [i for i in dict.fromkeys(follow(i, self.merged) for i in ids) if i not in self._names]
        self._names |= dict.fromkeys(wanted)
        self.meet(self._numbers.numbered(wanted).values())

    def meet(self, numbers: Iterable[int]) -> None:
        """Look up together the ids that some numbers stand for, and their names."""
        wanted = list({*numbers} - self._met)
        self._met.update(wanted)
        query = (
            "SELECT n.number, n.id, e.name FROM numbers AS n LEFT JOIN entities AS e"
            f" ON e.entity = n.number AND {condition_at(self._known, 'e')} WHERE n.number"
        )
        self.learn(list(among(self._numbers.connection, query, "bigint", wanted)))

    def learn(self, found: Sequence[tuple[int, str, str | None]]) -> None:
        """Take in numbers with their ids and names, as a statement found them by the way."""
        if found:
            numbers, ids, names = zip(*found, strict=True)
            self._met.update(numbers)
            self._numbers.learn(zip(numbers, ids, strict=True))
            self._names.update(zip(ids, names, strict=True))

    def forget(self, limit: int = REMEMBERED) -> None:
        """Let go of what was looked up if it is more than some: whoever reads a whole ledger in parts keeps small."""
        if len(self._found) > limit:
            self._found.clear()
        if len(self._names) > limit:
            self._names.clear()
            self._met = {NOBODY}
        self._numbers.forget(limit)

    def get(self, entity: str) -> Registered | None:
        """What is registered under an id, or under the one that it was merged into."""
        into = follow(entity, self.merged)
        if into not in self._found:
            self.prefetch([into])
        return self._found[into]

    def name(self, entity: str) -> str:
        """The name to show for an id; the id itself if nobody registered it."""
        into = follow(entity, self.merged) if self.merged else entity
        if into in self._names:
            name = self._names[into]
            return entity if name is None else name
        row = self.get(entity)
        return row.name if row else entity

    def find(self, given: str, *types: str) -> str:
        """The id that is meant: an exact id, name or alias, or the only one that begins so.

        Only entities of the given types count, if any are given. Raises UnknownName with those that are nearest, or
        AmbiguousName.
        """
        what = " or ".join(types) or "entity"
        if (exact := self.get(given)) is not None and (not types or exact.type in types):
            return exact.entity
        pool = [r for r in self.entities.values() if not types or r.type in types]
        wanted = folded(given)
        for fits in (
            [r for r in pool if wanted in r.folded],
            [r for r in pool if any(_begins(name, wanted) for name in r.folded)] if wanted else [],
        ):
            if len(fits) == 1:
                return fits[0].entity
            if fits:
                raise AmbiguousName(given, [f"{r.name} ({r.entity})" for r in fits])
        texts = {text: r for r in pool for text in r.folded}
        close = near(wanted, texts)
        raise UnknownName(given, list(dict.fromkeys(texts[t].name for t in close)), what)


def _begins(name: str, wanted: str) -> bool:
    """Whether the name, or one of its words, begins with what was typed."""
    return name.startswith(wanted) or f" {wanted}" in f" {name}".replace("-", " ")
