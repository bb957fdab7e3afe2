"""One bit is enough: in the columns of a leaf, in stored bytes, in a checkpoint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.attacks import attacking
from tests.audit.sealed import SIZE, honest
from timeline.audit import checkpoints
from timeline.audit.checkpoints import Keys
from timeline.audit.notes import BadNote

FEW = settings(max_examples=30)
positions = st.integers(1, SIZE).filter(lambda p: p != 277)  # whose payload was erased
bits = st.integers(0, 10_000)
COLUMNS = ("batch", "entry_id", "version", "kind", "recorded_at", "recorded_by", "digest")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    home = tmp_path_factory.mktemp("flipped")
    with honest(f"sqlite:///{home / 'timeline.db'}", home) as kept:
        yield kept


def flipped(value: Any, bit: int) -> Any:
    """The value with one bit turned over."""
    if isinstance(value, int):
        return value ^ (1 << bit % 20)
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[bit // 8 % len(raw)] ^= 1 << bit % (7 if isinstance(value, str) else 8)
    return raw.decode() if isinstance(value, str) else bytes(raw)


def found_after(kept, table: str, column: str, position: int, bit: int, *, covered: bool) -> list[Any]:
    """What is found after the flip; afterwards everything is as it was."""
    query = f"UPDATE {table} SET {column} = ? WHERE position = {position}"
    with attacking(kept.url) as attacker:
        (value,) = attacker.row(f"SELECT {column} FROM {table} WHERE position = {position}")
        attacker.run(query, flipped(value, bit))
        if covered:
            attacker.cover_up()
    findings = kept.verify(*(["outside"] if covered else [])).findings
    with attacking(kept.url) as attacker:
        attacker.run(query, value)
        if covered:
            attacker.cover_up()
    return list(findings)


@FEW
@given(column=st.sampled_from(["salt", "state"]), position=positions, bit=bits)
def test_a_bit_of_what_is_stored_shows_in_the_database_itself(kept, column, position, bit):
    findings = found_after(kept, "payloads", column, position, bit, covered=False)

    assert (position, "digest") in {(f.position, f.code) for f in findings}


@FEW
@given(column=st.sampled_from(COLUMNS), position=positions, bit=bits)
def test_a_bit_of_a_leaf_shows_in_the_database_itself(kept, column, position, bit):
    assert found_after(kept, "events", column, position, bit, covered=False)


@FEW
@given(column=st.sampled_from([c for c in COLUMNS if c != "entry_id"]), position=positions, bit=bits)
def test_a_bit_of_a_leaf_shows_by_the_checkpoint_when_the_tree_was_made_anew(kept, column, position, bit):
    findings = found_after(kept, "events", column, position, bit, covered=True)

    assert {"root"} <= {f.code for f in findings}


@settings(max_examples=300)
@given(bit=bits)
def test_a_bit_of_a_checkpoint_is_refused(kept, bit):
    """Whichever it is: in the text, in the name of the key, in the signature, in the line ends."""
    raw = checkpoints.in_folder(kept.folder)[-1].read_bytes()

    with pytest.raises(BadNote):
        Keys.of([kept.signer.key]).read(flipped(raw, bit))


def test_nothing_is_found_when_all_bits_are_back(kept):
    assert kept.verify("outside", "journal").findings == []
