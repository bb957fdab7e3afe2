"""Keys folded file by file, as a cluster would fold them, and no cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from timeline.state.grouped import grouped
from timeline.state.handing import Handed
from timeline.state.joined import Joined


class InFiles(Handed):
    """Folds each file by itself, the last one first."""

    def run(self, source: Path, names: Sequence[str], past: Joined, scratch: Path) -> Path:
        """Fold every file of a folder, and give the folder in which the answers lie."""
        out = scratch / "rows"
        out.mkdir()
        for path in sorted(source.glob("*.parquet"), reverse=True):
            batches = list(grouped(names, past)(pq.ParquetFile(path).iter_batches(batch_size=7)))
            if batches:
                pq.write_table(pa.Table.from_batches(batches), out / path.name)
        return out
