"""A rebuild whose keys are folded by others: the keyed log goes out as files, the rows come back as files."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from timeline.errors import StoreError
from timeline.progress import Progress
from timeline.state import keyed
from timeline.state.folding import Indexed
from timeline.state.grouped import unpacked
from timeline.state.joined import Joined
from timeline.state.reading import past_of
from timeline.state.staging import Staging

PARTITIONS = 16
"""Files that are made if no number is given."""
AT_ONCE = 64
"""Answers that are read together. One holds the rows of some two thousand events at most."""


class Handed(ABC):
    """Who folds in place of this machine's processes. `source` is a folder that the keyed log was exported to.

    Without one, the log is exported when it is needed, into as many files as `partitions` says.
    """

    def __init__(self, partitions: int = PARTITIONS, source: Path | None = None) -> None:
        self.partitions = partitions
        self._given = None if source is None else (source, keyed.described(source))
        self.position = None if self._given is None else self._given[1].position

    @abstractmethod
    def run(self, source: Path, names: Sequence[str], past: Joined, scratch: Path) -> Path:
        """Give every file of a folder to `grouped`, and give the folder in which the answers lie, as Parquet."""

    def fold(self, staging: Staging, position: int, workers: int | None, progress: Progress) -> None:
        """Put the rows of everything up to the position into staging, and into its spool what they are folded from.

        Raises StoreError if what came back is not all that went out.
        """
        names = list(staging.tables)
        with tempfile.TemporaryDirectory(prefix="timeline-") as folder:
            scratch = Path(folder)
            if self._given is None:
                source = scratch / "log"
                source.mkdir()
                told = keyed.write(staging, position, source, self.partitions, workers=workers, progress=progress)
            else:
                source, told = self._given
                keyed.check(staging.connection, source, told, names)
                for concerns in keyed.concerns(source, names):
                    staging.put_index(Indexed(concerns, [], {}))
            progress("folding", 0, told.keys)
            out = self.run(source, names, past_of(staging.connection, position), scratch)
            keys = rows = 0
            for some_keys, some_rows in _collected(out, staging):
                keys += some_keys
                rows += some_rows
                progress("collecting", keys, told.keys)
            if (keys, rows) != (told.keys, told.rows):
                raise StoreError(
                    f"{keys} keys of {rows} rows were folded, and {told.keys} of {told.rows} exported to {source}; "
                    "nothing was changed"
                )


def _collected(folder: Path, staging: Staging) -> Iterator[tuple[int, int]]:
    """Put the answers down, and tell of each of how many keys and rows it was made."""
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=AT_ONCE):
            folded, keys, rows = unpacked(*(column.to_pylist() for column in batch.columns))
            staging.put_rows(folded)
            yield keys, rows
