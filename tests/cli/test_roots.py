"""An answer names the position and the root that it was made from, and can be given again byte for byte."""

import base64
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from timeline.ledger import Ledger
from timeline.store import nodes

QUESTIONS = [
    ("as-of", "2024-06-01"),
    ("who", "FAIR", "--during", "2024"),
    ("person", "touvron"),
    ("product", "llama-4"),
    ("deals",),
    ("log",),
    ("diff", "2024-01-01", "2025-12-31"),
    ("history", "--limit", "400"),
    ("sources",),
    ("why", "goyal-leaves-meta"),
    ("lint",),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_a_past_answer_is_given_again_byte_for_byte(run: Run, own_ledger: Path, question: tuple[str, ...]):
    """Everything that can happen to it happens in between: an addition, a correction, a retraction."""
    first = run("--json", *question, db=own_ledger).out
    position = json.loads(first)["position"]
    run("add", "arrival", "--person", "touvron", "--organization", "fair", "--date", "2024-01", db=own_ledger)
    run("correct", "goyal-leaves-meta", "--date", "2025-03", "--because", "Misread.", db=own_ledger)
    run("retract", "goyal-leaves-meta", "--because", "Not so.", db=own_ledger)

    again = run("--json", "--known-at", f"@{position}", *question, db=own_ledger).out
    now = json.loads(run("--json", *question, db=own_ledger).out)

    assert again == first
    assert (now["position"], now["root"] != json.loads(first)["root"]) == (position + 3, True)


def test_the_root_is_that_of_the_tree_at_the_position(run: Run, example_ledger: Path):
    with Ledger.open(str(example_ledger)) as ledger, ledger.database.reading() as connection:
        root = base64.b64encode(nodes.root_at(connection, 310)).decode()

    for words in (("deals",), ("export", "json"), ("projections", "status"), ("deals", "--reported-by", "2025-06")):
        answer = json.loads(run("--json", *words, db=example_ledger).out)
        assert (answer["position"], answer["root"]) == (310, root)
    nothing = json.loads(run("--json", "--known-at", "@0", "deals", db=example_ledger).out)
    assert nothing["root"] == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # SHA-256 of nothing, by RFC 6962


def test_the_root_in_an_answer_is_the_one_that_a_checkpoint_signs(run: Run, own_ledger: Path, tmp_path: Path):
    key, folder = tmp_path / "seal.key", tmp_path / "checkpoints"
    run("audit", "key", "create", str(key), "--origin", "example.org/log", db=own_ledger)
    run("audit", "seal", "--key", str(key), "--to", str(folder), db=own_ledger)

    (checkpoint,) = folder.iterdir()
    assert checkpoint.read_text().split("\n")[2] == json.loads(run("--json", "deals", db=own_ledger).out)["root"]


def test_a_log_that_lacks_events_has_no_root(run: Run, own_ledger: Path):
    """It still answers; `doctor` says what is wrong."""
    with Ledger.open(str(own_ledger)) as ledger, ledger.database.writing() as connection:
        for statement in ("DROP TRIGGER events_no_delete", "DROP TRIGGER payloads_no_delete"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("DELETE FROM payloads WHERE position = 300")
        connection.exec_driver_sql("DELETE FROM events WHERE position = 300")

    assert json.loads(run("--json", "deals", db=own_ledger).out)["root"] is None


def test_where_no_ledger_is_asked_there_is_no_root(run: Run):
    assert json.loads(run("--json", "date", "2024").out)["root"] is None
