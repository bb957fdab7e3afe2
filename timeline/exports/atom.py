"""Atom 1.0 (RFC 4287): a feed for news readers, what was recorded last first.

An entry keeps its id for ever, and its `updated` moves with every change, so that readers show what was corrected or
disputed since. Atom cannot withdraw anything: an entry that was retracted is simply no longer there.
"""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid5
from xml.sax.saxutils import escape, quoteattr

import msgspec

from events.kinds import kind_of
from projections.rows import unique
from timeline.entries import ENTRIES
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import Sources
from timeline.exports.selection import Exported, Selection, as_recorded, count
from timeline.moments import instant
from timeline.store import log
from timeline.view import View
from timeline.xmltext import clean

TITLE = "Timeline"

_IN_ADDRESSES = "%/:?#[]@!$&'()*+,;=~"


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the feed; with a limit, the entries that something was recorded of last."""
    sources = Sources(view)
    number, size = 0, count(view, wanted)
    for part in as_recorded(view, wanted):
        sources.fetch(c.source for exported in part for c in exported.fact.sources)
        if not number:
            write(_head(view, wanted, options, part[0].last_recorded))
        write("".join(_entry(view, exported, sources, options.address) for exported in part).encode())
        number += len(part)
        options.progress("exporting", number, size)
    if not number:
        write(_head(view, wanted, options, log.recorded_at(view.connection, view.position) or 0))
    write(b"</feed>\n")
    return Written(number, "entry")


def _head(view: View, wanted: Selection, options: Options, updated: int) -> bytes:
    """The beginning of the feed. Its id tells the ledger and what was selected, and never changes."""
    first = log.recorded_at(view.connection, 1)
    chosen = {name: value for name, value in wanted._asdict().items() if value != wanted._field_defaults[name]}
    told = msgspec.json.encode((first, clean(options.address), {**chosen, "limit": None}))
    title = options.title or TITLE
    link = _link("alternate", f"{options.address}/") if options.address else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <id>urn:uuid:{uuid5(ENTRIES, f'feed:{told.decode()}')}</id>\n  <title>{_text(title)}</title>\n"
        f"  <updated>{instant(updated)}</updated>\n  <author><name>{_text(title)}</name></author>\n"
        f"  <generator>timeline</generator>\n{link}"
    ).encode()


def _entry(view: View, exported: Exported, sources: Sources, address: str) -> str:
    """One entry; its authors are the publishers of its sources, or that of the feed where none is known."""
    fact, event = exported.fact, exported.event
    found = [s for given in unique(c.source for c in fact.sources) if (s := sources.get(given))]
    links = _link("alternate", f"{address}/events/{fact.entry}") if address else ""
    links += "".join(_link("related", url) for url in unique(s.url for s in found) if url)
    authors = "".join(
        f"    <author><name>{_text(name)}</name></author>\n"
        for name in unique(s.publisher for s in found)
        if name.strip()
    )
    title = f"{event.headline(view.headline_name)} ({event.date.words()})"
    return (
        f"  <entry>\n    <id>urn:uuid:{fact.entry}</id>\n    <title>{_text(title)}</title>\n"
        f"    <updated>{instant(exported.last_recorded)}</updated>\n"
        f"    <published>{instant(exported.first_recorded)}</published>\n"
        f"    <category term={quoteattr(kind_of(event))}/>\n{authors}{links}"
        f'    <content type="text">{_text(_content(view, exported, sources))}</content>\n  </entry>\n'
    )


def _content(view: View, exported: Exported, sources: Sources) -> str:
    """The entry in lines: its date, the note, who disputes it, where it stands."""
    fact, event = exported.fact, exported.event
    quoted = f" (“{event.date_text}”)" if event.date_text else ""
    sure = "" if event.certainty == "stated" else f", {event.certainty}"
    lines = [f"{event.date.words()}{quoted}{sure}"]
    lines += [event.note] if event.note else []
    lines += [f"Ranked {fact.rank}"] if fact.rank != "normal" else []
    lines += [d.headline(view.directory.name) for d in fact.disputes]
    lines += [f"Source: {sources.line(c)}" for c in fact.sources]
    return "\n".join(lines)


def _link(relation: str, address: str) -> str:
    """A link; what an address may not hold is percent-encoded (RFC 3987)."""
    return f'    <link rel="{relation}" href={quoteattr(quote(clean(address), safe=_IN_ADDRESSES))}/>\n'


def _text(text: str) -> str:
    return escape(clean(text))
