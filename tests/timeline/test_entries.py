"""The UUIDs of entries, as the log holds them and by their names."""

from __future__ import annotations

import pickle
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from timeline.entries import entry_from


@given(st.uuids())
def test_a_uuid_of_digits_is_the_uuid(entry: UUID):
    """It is made another way, and nobody can tell: it is equal, hashes and sorts alike, and travels to a process."""
    made = entry_from(entry.hex)

    assert made == entry
    assert hash(made) == hash(entry)
    assert (repr(made), str(made), made.bytes) == (repr(entry), str(entry), entry.bytes)
    assert pickle.loads(pickle.dumps(made)) == entry
