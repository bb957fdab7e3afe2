"""Sealed ledgers and their bundles for the tests, and the verifier that shares no code with ours."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import insert

from timeline.audit.bundling import Bundled, Wanted, bundle
from timeline.audit.notes import Checkpoint, Signer, signed
from timeline.audit.proofs import Sealed
from timeline.ledger import Ledger
from timeline.store import log, nodes
from timeline.store.tables import checkpoints

ORIGIN = "example.org/log"
LOG = Signer.make(ORIGIN)
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_bundle.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_bundle", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify_bundle: Any = _loaded()


def seal(ledger: Ledger, *signers: Signer) -> Sealed:
    """Sign the log as it stands, and keep the checkpoint in the ledger."""
    with ledger.database.writing() as connection:
        size = log.head_position(connection)
        checkpoint = Checkpoint(ORIGIN, size, nodes.root_at(connection, size))
        note = signed(checkpoint.text, signers or (LOG,))
        connection.execute(insert(checkpoints).values(size=size, note=note, sealed_at=0))
    return Sealed(checkpoint, note)


def bundled(ledger: Ledger, **wanted: Any) -> tuple[bytes, Bundled]:
    """The bundle of a ledger, and what it is said to hold."""
    file = io.BytesIO()
    with ledger.database.reading() as connection:
        made = bundle(connection, file, Wanted(**wanted), lambda step, done, of: None)
    return file.getvalue(), made


def contents(raw: bytes) -> dict[str, bytes]:
    """The files of a bundle."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as a bundle of the form that the verifier asks for."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, files[name])
    return file.getvalue()


def verify(path: Path, raw: bytes, *words: str, key: str = LOG.key.text) -> int:
    """The exit status of the verifier for a bundle, which is written to the path."""
    path.write_bytes(raw)
    status: int = verify_bundle.main([str(path), "--key", key, *words])
    return status
