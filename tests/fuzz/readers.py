"""Everything that reads what somebody else wrote: how it is fed bytes, what it may refuse them with, and seeds.

A reader that raises anything else has a bug. The seeds are good inputs, from which others are made by damage.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from events import dates, durations, kinds
from events.errors import TimelineError
from tests.audit.bundles import LOG, bundled, seal, verify_bundle
from tests.timeline.builders import layoff, org
from timeline import tokens
from timeline.audit.checkpoints import Keys
from timeline.audit.notes import Checkpoint, Key, Note
from timeline.audit.proofs import Proof
from timeline.errors import BadData
from timeline.exports.formats import Options, exporter
from timeline.exports.selection import Selection
from timeline.imports.formats import opener
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger, new
from timeline.serving import feeds, parameters
from timeline.serving.bodies import read_json
from timeline.serving.sent import new_events

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "meta-ai.yaml"


class Reader(NamedTuple):
    """One of them."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    """What it may raise; TimelineError is what a user is told in words."""
    seeds: Callable[[], Sequence[bytes]]
    words: tuple[bytes, ...] = ()
    """What means something in the format."""


# -- files that are imported ------------------------------------------------------------------------------------------


@cache
def _world() -> tuple[TemporaryDirectory[str], Ledger]:
    """A ledger that holds the example, so that what refers to it can stand."""
    folder = TemporaryDirectory()
    ledger = Ledger.create(f"{folder.name}/timeline.db")
    with EXAMPLE.open("rb") as file:
        import_documents(ledger, [opener("yaml")(file, EXAMPLE.name)], by="fuzz")
    return folder, ledger


def _imported(format_: str) -> Callable[[bytes], object]:
    def read(raw: bytes) -> object:
        document = opener(format_)(io.BytesIO(raw), "given")
        return import_documents(_world()[1], [document], dry_run=True)

    return read


def _exported(format_: str) -> Callable[[], Sequence[bytes]]:
    def seeds() -> Sequence[bytes]:
        found = []
        for wanted in (Selection(organizations=("fair",)), Selection(organizations=("mistral-ai",))):
            out = io.BytesIO()
            with _world()[1].ask() as view:
                exporter(format_)(view, wanted, out.write, Options())
            found.append(out.getvalue())
        return found

    return seeds


# -- notes, proofs, bundles -------------------------------------------------------------------------------------------


def _checkpoint() -> bytes:
    text = Checkpoint("example.org/log", 12, bytes(range(32))).text
    return (text + "\n" + LOG.sign(text)).encode()


def _proof() -> bytes:
    return Proof(3, (bytes(32), bytes(range(32))), _checkpoint().decode(), b'{"v":1}').text.encode()


def _verify_bundle(raw: bytes) -> object:
    with TemporaryDirectory() as folder:
        path = Path(folder, "bundle.zip")
        path.write_bytes(raw)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                status = verify_bundle.main([str(path), "--key", LOG.key.text])
            except SystemExit as misuse:  # it is no zip at all
                status = misuse.code
        assert status in (0, 2, 7)
        return status


@cache
def _bundle() -> bytes:
    with TemporaryDirectory() as folder, Ledger.create(f"{folder}/timeline.db") as ledger:
        recorded = [new(org("meta")), *(new(layoff(date=f"20{n}", id=f"layoff-{n}")) for n in range(20, 23))]
        ledger.record(recorded, by="fuzz")
        seal(ledger)
        return bundled(ledger, proven=[recorded[1].originator_id], withheld=[recorded[2].originator_id])[0]


# -- what is asked and sent over HTTP ---------------------------------------------------------------------------------


def _asked(raw: bytes) -> object:
    return parameters.read(raw, tuple(parameters.PARAMETERS))


def _fed(raw: bytes) -> object:
    text = raw.decode("utf-8", "replace")
    token, path = feeds.divided(text)
    feeds.is_same(text[:500], path, raw)
    return tokens.read(token)


EVENTS = (
    b'[{"kind":"layoff","date":"2025-02","organization":"meta","count":600,"sources":[{"source":"bi-2025-05-26"}]}]',
    b'{"kind":"departure","date":"2023-37","person":"lample","organization":"fair","length_of_service":"P6Y7M"}',
    b'[{"kind":"layoff","date":"2025/..","organization":"meta","certainty":"rumoured","date_text":"since the spring"}]',
)
QUERIES = (b"as_of=2024-06-01&org=meta&kind=layoff", b"q=fair&limit=10&after=3")
DATES = (
    *(b"1985/..", b"2023-37", b"2017~", b"[2013-01..2014-06]", b"Y-170000002", b"{1667-12,1760}"),
    *(b"2004-06-~01/2005?", b"156X-12-25", b"../2004-06-11"),
)

READERS: dict[str, Reader] = {
    "dates": Reader(lambda raw: dates.parse(raw.decode()), (TimelineError, UnicodeDecodeError), lambda: DATES),
    "durations": Reader(
        lambda raw: durations.parse(raw.decode()), (TimelineError, UnicodeDecodeError), lambda: (b"P6Y7M", b"P3W")
    ),
    "yaml": Reader(_imported("yaml"), (TimelineError,), lambda: _yaml(), (b"\n  ", b": ", b"- ", b"&a ", b"*a", b"? ")),
    "jsonl": Reader(_imported("jsonl"), (TimelineError,), _exported("jsonl"), (b'{"', b'":"', b"\n", b"null", b"[]")),
    "csv": Reader(_imported("csv"), (TimelineError,), _exported("csv"), (b",", b'"', b"\r\n", b"\n", b";", b"\t")),
    "popolo": Reader(_imported("popolo"), (TimelineError,), _exported("popolo"), (b"{}", b"[]", b'"id":', b"null")),
    "ics": Reader(
        _imported("ics"), (TimelineError,), _exported("ical"), (b"\r\n", b"BEGIN:VEVENT", b"END:VEVENT", b"DTSTART:")
    ),
    "event bodies": Reader(lambda raw: new_events(read_json(raw)), (TimelineError,), lambda: EVENTS, (b'"', b"{}")),
    "stored events": Reader(
        lambda raw: kinds.build(read_json(raw)) if raw[:1] == b"{" else None,
        (TimelineError, ValueError, TypeError),
        lambda: EVENTS[1:2],
    ),
    "queries": Reader(_asked, (TimelineError,), lambda: QUERIES, (b"%",)),
    "feed addresses": Reader(
        _fed, (TimelineError, tokens.Mistyped), lambda: (f"/feeds/{tokens.written('0' * 8, bytes(32))}/e.ics".encode(),)
    ),
    "checkpoints": Reader(
        lambda raw: Keys((LOG.key,)).read(raw), (BadData,), lambda: (_checkpoint(),), ("— ".encode(), b"\n\n")
    ),
    "proofs": Reader(lambda raw: Proof.read(raw.decode()), (BadData, UnicodeDecodeError), lambda: (_proof(),)),
    "notes": Reader(Note.read, (BadData,), lambda: (_checkpoint(),)),
    "keys": Reader(lambda raw: Key.read(raw.decode()), (BadData, UnicodeDecodeError), lambda: (LOG.key.text.encode(),)),
    "bundles": Reader(_verify_bundle, (), lambda: (_bundle(),), (b"PK\3\4", b"PK\1\2", b"PK\5\6")),
}


def _yaml() -> Sequence[bytes]:
    out = io.BytesIO()
    with _world()[1].ask() as view:
        exporter("yaml")(view, Selection(organizations=("mistral-ai",)), out.write, Options())
    return [out.getvalue()]
