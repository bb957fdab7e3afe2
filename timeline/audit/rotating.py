"""Changing the key that signs: said in the log, and by one checkpoint that both keys sign."""

from __future__ import annotations

from pathlib import Path

from events.keeping import KeyRotation
from timeline.audit.checkpoints import Keys
from timeline.audit.notes import Signer
from timeline.audit.sealing import Sealed, Sealer
from timeline.errors import BadData, Conflict
from timeline.ledger import Ledger, new

TRIES = 3


class NoRotation(BadData):
    """These keys do not follow one another; nothing was recorded."""


def rotate(
    ledger: Ledger, leaving: Signer, coming: Signer, folder: Path | None, *, because: str = "", by: str = ""
) -> Sealed:
    """Record the change, and seal the log by both keys.

    An interrupted one is simply done again: the log then says it twice. Raises NoRotation for keys of two origins or
    the same key twice, NotConsistent if the log is not what the old key sealed.
    """
    if leaving.key.name != coming.key.name:
        raise NoRotation(
            f"the keys are of {leaving.key.name} and {coming.key.name}: a log keeps its name, so make the new key with "
            f"--origin {leaving.key.name}; nothing was recorded"
        )
    if leaving.key == coming.key:
        raise NoRotation("both files hold the same key; nothing was recorded")
    Sealer(ledger.database, (leaving,), folder).check()
    event = KeyRotation(old=leaving.key.text, new=coming.key.text, reason=because)
    sealer = Sealer(ledger.database, (coming, leaving), folder)
    for _ in range(TRIES):
        ledger.record([new(event)], by=by)
        sealed = sealer.seal()
        if _are_all_there(sealed, leaving, coming):
            return sealed
        # Somebody sealed with the old key between the record and the seal: another event makes room for another seal.
    raise Conflict("somebody keeps sealing with the old key: stop that, and rotate again")


def _are_all_there(sealed: Sealed, *signers: Signer) -> bool:
    by = Keys.of(signer.key for signer in signers).read(sealed.note.encode()).by
    return {signer.key for signer in signers} <= set(by)
