"""Finding what a person means by a name: by id, name or alias, whatever the case and the accents."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from projections.entities import Registered, folded
from projections.merges import follow
from timeline.errors import AmbiguousName, UnknownName
from timeline.state.tables import TABLES, Numbers


def near(given: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The known texts that are most like the given one, best first; none that are not alike at all."""
    from rapidfuzz import fuzz, process, utils

    close = process.extract(
        given[:100],
        list(dict.fromkeys(known)),
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=8 * limit,
        score_cutoff=70,
    )
    whole = utils.default_process(given[:100])
    # WRatio likes parts: it takes llama-4 for lama before llama, so the whole name counts as well.
    close.sort(key=lambda c: -c[1] - fuzz.ratio(whole, utils.default_process(c[0])))
    return [text for text, *_ in close[:limit]]


class Directory:
    """All entities as known at a position of the log, by id and by name."""

    def __init__(self, connection: Connection, known: int | None = None) -> None:
        table, merged = TABLES["entities"], TABLES["merges"]
        names = Numbers(connection)
        rows: list[Registered] = table.loaded(
            connection.execute(select(table.table).where(table.known(known))).mappings().all(), names
        )
        self.entities = {row.entity: row for row in sorted(rows, key=lambda r: r.entity)}
        found = connection.execute(select(merged.table).where(merged.known(known))).mappings().all()
        self.merged = {row.duplicate: row.into for row in merged.loaded(found, names)}

    def name(self, entity: str) -> str:
        """The name to show for an id; the id itself if nobody registered it."""
        row = self.entities.get(follow(entity, self.merged))
        return row.name if row else entity

    def find(self, given: str, *types: str) -> str:
        """The id that is meant: an exact id, name or alias, or the only one that begins so.

        Only entities of the given types count, if any are given. Raises UnknownName with those that are nearest, or
        AmbiguousName.
        """
        what = " or ".join(types) or "entity"
        pool = [r for r in self.entities.values() if not types or r.type in types]
        wanted = folded(given)
        if (into := follow(given, self.merged)) in self.entities and self.entities[into] in pool:
            return into
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
