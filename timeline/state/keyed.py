"""The log by key, in a folder of Parquet files: a key with all that it is folded from lies in one of them, together.

So each file can be folded by itself, on whatever machine. Beside the files a description says of which log they are,
and how much there is in them. What was erased is not in them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from sqlalchemy import Connection, func, select

from projections.all import PROJECTIONS
from timeline.disk import resolved, usual_mode, writing_to
from timeline.errors import StoreError, UsageError
from timeline.extras import need_pyarrow
from timeline.progress import Progress, untold
from timeline.state.folding import Concern, Folder
from timeline.state.lines import Line, bits_of, lines_of
from timeline.state.reading import past_of, read_log
from timeline.state.staging import Staging
from timeline.state.workers import processes, work
from timeline.store import log, nodes, tables
from timeline.store.database import Database
from timeline.workshop import workshop

DESCRIPTION = "_log.json"
"""Readers of folders pass over names that begin like this."""
FORMAT, VERSION = "timeline-keyed-log", 1
MOST = 500
"""Files: each is open while the folder is written."""
WAITING = 65_536
"""Rows that wait for their files, in all; so many in a file stand together as make this."""


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder holds."""

    position: int
    """The end of the part of the log that was written."""
    root: str | None
    """The root of the tree over that part, as a checkpoint has it."""
    projections: dict[str, int]
    """The projections that the rows are for, by version. Bit n of a mask is the n-th."""
    partitions: int
    keys: int
    rows: int
    format: str = FORMAT
    version: int = VERSION


COLUMNS = (
    "key string, settled boolean, mask int, entry string,"
    " position long, batch long, version int, kind string, state binary"
)
"""The columns as Spark writes them."""


def schema() -> Any:
    """The columns with their types."""
    import pyarrow as pa

    columns = {
        "key": pa.string(), "settled": pa.bool_(), "mask": pa.int32(), "entry": pa.string(), "position": pa.int64(),
        "batch": pa.int64(), "version": pa.int32(), "kind": pa.string(), "state": pa.binary(),
    }  # fmt: skip
    return pa.schema([pa.field(name, type_, nullable=name == "state") for name, type_ in columns.items()])


# -- writing ----------------------------------------------------------------------------------------------------------


def export(
    database: Database,
    folder: Path,
    partitions: int,
    *,
    known: int | None = None,
    workers: int | None = None,
    progress: Progress = untold,
) -> Described:
    """Write the log up to a position, at which a batch ends, into a new folder; the whole of it for None.

    Raises UsageError if something stands there already.
    """
    need_pyarrow()
    with writing_to(folder):
        place = resolved(folder)
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise UsageError(f"-o {folder}: something stands there already; name a new folder")
        with workshop(place) as shop:
            (made := shop / "log").mkdir()
            names = [p.name for p in PROJECTIONS]
            with database.keeping() as connection, connection.execution_options(writes=False).begin():
                staging = Staging(connection, names)
                staging.begin()
                position = log.head_position(connection) if known is None else known
                described = write(staging, position, made, partitions, workers=workers, progress=progress)
            made.chmod(usual_mode(folder=True))
            os.replace(made, place)
    return described


def write(
    staging: Staging, position: int, folder: Path, partitions: int, *, workers: int | None, progress: Progress
) -> Described:
    """Write the log into an empty folder, for the projections that are being staged, whose spool it fills."""
    connection, names = staging.connection, list(staging.tables)
    folding = Folder(names, past_of(connection, position), by_key=True)
    with work(folding, processes(position, workers)) as working:
        read_log(staging, working, position, progress)
    keys = rows = 0
    of = staging.count_keys()
    with Files(folder, partitions) as files:
        for chunk in staging.chunks(position):
            for lines in lines_of(chunk):
                files.add(lines)
                keys += 1
                rows += len(lines)
            progress("exporting", keys, of)
    versions = {p.name: p.version for p in PROJECTIONS if p.name in names}
    described = Described(position, nodes.root_text(connection, position), versions, partitions, keys, rows)
    text = msgspec.json.format(msgspec.json.encode(described), indent=2)
    (folder / DESCRIPTION).write_bytes(text + b"\n")
    return described


class Files:
    """The files of a folder while they are written."""

    def __init__(self, folder: Path, partitions: int) -> None:
        import pyarrow.parquet as pq

        self._schema = schema()
        self._writers = [
            pq.ParquetWriter(folder / f"part-{n:05}.parquet", self._schema, compression="zstd")
            for n in range(partitions)
        ]
        self._waiting: list[list[Line]] = [[] for _ in range(partitions)]
        self._most = max(WAITING // partitions, 1)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            for number in range(len(self._writers)):
                self._flush(number)
        for writer in self._writers:
            writer.close()

    def add(self, lines: Sequence[Line]) -> None:
        """Put the rows of a key into the file that is the key's."""
        number = partition_of(lines[0][0], len(self._writers))
        self._waiting[number] += lines
        if len(self._waiting[number]) >= self._most:
            self._flush(number)

    def _flush(self, number: int) -> None:
        import pyarrow as pa

        if lines := self._waiting[number]:
            columns = [
                pa.array(column, field.type)
                for column, field in zip(zip(*lines, strict=True), self._schema, strict=True)
            ]
            self._writers[number].write_table(pa.Table.from_arrays(columns, schema=self._schema))
            lines.clear()


def partition_of(key: str, partitions: int) -> int:
    """The number of the file that holds a key."""
    return crc32(key.encode()) % partitions


# -- reading ----------------------------------------------------------------------------------------------------------


def described(folder: Path) -> Described:
    """What a folder holds, as it says. Raises UsageError if it is none of these, or of another version."""
    try:
        found = msgspec.json.decode((folder / DESCRIPTION).read_bytes(), type=Described)
    except (OSError, msgspec.MsgspecError):
        found = None
    if found is None or (found.format, found.version) != (FORMAT, VERSION):
        raise UsageError(f"{folder} is no folder that `timeline export parquet --partitions` of this version wrote")
    return found


def check(connection: Connection, folder: Path, found: Described, names: Sequence[str]) -> None:
    """Refuse a folder that is not of this ledger or of these projections, or that holds what was erased since."""
    again = f"; export again, and delete {folder}"
    if nodes.root_text(connection, found.position) != found.root or found.root is None:
        raise StoreError(f"{folder} was not written from this ledger; nothing was changed")
    versions = {p.name: p.version for p in PROJECTIONS}
    if any(found.projections.get(name) != versions[name] for name in names):
        raise StoreError(f"{folder} was written for other versions of the projections{again}")
    event = tables.events.c
    erased = select(func.count()).where(event.position > found.position, event.kind == "erasure")
    if connection.scalar(erased):
        raise StoreError(f"{folder} is older than an erasure, and may hold what was erased{again}")


def concerns(folder: Path, names: Sequence[str]) -> Iterator[list[Concern]]:
    """Which entries each key is folded from, in parts, as far as the projections of these names go."""
    import pyarrow.parquet as pq

    wanted = bits_of(names)
    for path in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(columns=["key", "entry", "mask"]):
            columns = (batch.column(name).to_pylist() for name in ("key", "entry", "mask"))
            found = dict.fromkeys(zip(*columns, strict=True))
            yield [(key, entry, mask & wanted) for key, entry, mask in found if mask & wanted]
