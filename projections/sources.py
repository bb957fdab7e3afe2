"""Sources: what was published, by whom and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from events.dates import FOREVER, NEVER
from events.ids import SourceId
from events.register import Source
from projections.facts import Fact
from projections.rows import Projection, Row
from projections.spans import of_date


class Published(Row, frozen=True, kw_only=True):
    """A source; the public could know it from some day from `earliest` to `latest` on."""

    key_field: ClassVar[str] = "source"
    cluster: ClassVar[tuple[str, ...]] = ("source",)

    source: SourceId
    type: str
    title: str
    author: tuple[str, ...]
    publisher: str
    issued: str
    earliest: int
    latest: int
    language: str
    url: str
    content_hash: str
    note: str


def keys(fact: Fact) -> Iterable[str]:
    """The id of the source."""
    assert isinstance(fact.event, Source)
    return (fact.event.id,)


def fold(source: str, facts: Sequence[Fact]) -> list[Published]:
    """One row, of what was recorded last."""
    said = [f.event for f in facts if isinstance(f.event, Source) and not f.deprecated]
    if not said:
        return []
    event = said[-1]
    earliest, latest = of_date(event.issued) if event.issued else (NEVER, FOREVER)
    return [
        Published(
            source=source,
            type=event.type,
            title=event.title,
            author=event.author,
            publisher=event.publisher or event.container_title,
            issued=event.issued.text if event.issued else "",
            earliest=earliest,
            latest=latest,
            language=event.language,
            url=event.url,
            content_hash=event.content_hash,
            note=event.note,
        )
    ]


PROJECTION = Projection(name="sources", version=1, row=Published, kinds=(Source,), keys=keys, fold=fold)
