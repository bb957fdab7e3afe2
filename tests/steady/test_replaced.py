"""The file of an open ledger is replaced or removed: nothing is acknowledged that nobody finds again."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from tests.serving.conftest import serving
from tests.store.old_ledgers import FORMS, load
from tests.timeline.builders import layoff, org
from timeline.audit.verifying import verify
from timeline.backup.making import backup
from timeline.errors import StoreError
from timeline.ledger import Ledger, new
from timeline.store import log

REPLACED = "was replaced by another file while it was open; nothing was recorded in what is there now"
REMOVED = "was removed while it was open; nothing was recorded in what is there now"


def made(path: Path, *names: str) -> Path:
    """A ledger with some organizations, which nobody has open."""
    with Ledger.create(str(path)) as ledger:
        for name in names:
            ledger.record([new(org(name))], by="ada")
    return path


def names(path: Path) -> list[str]:
    """What a process that comes now finds."""
    with Ledger.open(str(path)) as ledger:
        assert verify(ledger.database, needs_checkpoint=False).findings == []
        return standing(ledger)


def standing(ledger: Ledger) -> list[str]:
    with ledger.database.reading() as connection:
        return ids(connection)


def ids(connection: Connection) -> list[str]:
    return sorted(json.loads(entry.state or b"")["id"] for entry in log.read(connection))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made(tmp_path / "timeline.db", "meta")


def test_what_is_recorded_after_another_file_took_the_place_is_refused(path, tmp_path):
    other = made(tmp_path / "other.db", "acme")
    with Ledger.open(str(path)) as ledger:
        ledger.record([new(org("fair"))], by="ada")
        os.link(path, tmp_path / "old.db")
        other.replace(path)

        with pytest.raises(StoreError, match=REPLACED):
            ledger.record([new(org("lost"))], by="ada")

        ledger.record([new(org("initech"))], by="ada")
        assert standing(ledger) == ["acme", "initech"]
    assert names(path) == ["acme", "initech"]
    assert names(tmp_path / "old.db") == ["fair", "meta"]


def test_a_question_is_refused_once_too_and_then_answered_by_the_new_file(path, tmp_path):
    other = made(tmp_path / "other.db", "acme")
    with Ledger.open(str(path)) as ledger:
        assert standing(ledger) == ["meta"]
        other.replace(path)

        with pytest.raises(StoreError, match=REPLACED):
            standing(ledger)

        assert standing(ledger) == ["acme"]


def test_a_file_that_is_removed_is_not_made_anew(path, tmp_path):
    """And once it is back, with all that was acknowledged, the ledger goes on."""
    with Ledger.open(str(path)) as ledger:
        ledger.record([new(org("fair"))], by="ada")
        os.link(path, tmp_path / "kept.db")
        path.unlink()

        for _ in range(2):
            with pytest.raises(StoreError, match=REMOVED):
                ledger.record([new(org("lost"))], by="ada")
            with pytest.raises(StoreError, match=REMOVED):
                standing(ledger)
        assert not path.exists()

        (tmp_path / "kept.db").rename(path)
        ledger.record([new(org("initech"))], by="ada")
    assert names(path) == ["fair", "initech", "meta"]


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_file_that_is_replaced_while_an_event_is_recorded(path, tmp_path, monkeypatch, moment):
    """Whoever records is not told that it was done."""
    other = made(tmp_path / "other.db", "acme")
    with Ledger.open(str(path)) as ledger:

        def also(connection: Any, batch: Any) -> None:
            if moment == "before the commit":
                other.replace(path)

        def looked(connection: Any) -> None:
            other.replace(path)
            monkeypatch.undo()
            ledger.database._look(connection)

        if moment == "after the commit":
            monkeypatch.setattr(ledger.database, "_look", looked)
        with pytest.raises(StoreError, match=REPLACED):
            ledger.record([new(org("lost"))], by="ada", also=also)
    assert names(path) == ["acme"]


def test_the_new_file_waits_until_nobody_reads_the_old_one(path, tmp_path):
    """Both have one name for their write-ahead log."""
    other = made(tmp_path / "other.db", "acme")
    with Ledger.open(str(path)) as ledger:
        with ledger.ask() as view:
            other.replace(path)
            for _ in range(2):
                with pytest.raises(StoreError, match=REPLACED):
                    ledger.record([new(org("lost"))], by="ada")
            assert ids(view.connection) == ["meta"]
        ledger.record([new(org("initech"))], by="ada")
    assert names(path) == ["acme", "initech"]


def test_a_file_of_another_form_in_its_place_is_refused_for_good(path, tmp_path):
    load(next(f for f in FORMS if str(f) == "sqlite-tree"), f"sqlite:///{tmp_path / 'older.db'}")
    with Ledger.open(str(path)) as ledger:
        (tmp_path / "older.db").replace(path)
        with pytest.raises(StoreError, match=REPLACED):
            standing(ledger)
        for _ in range(2):
            with pytest.raises(StoreError, match="has to be migrated"):
                ledger.record([new(org("lost"))], by="ada")


def test_a_backup_and_a_rebuild_of_a_replaced_file_are_refused(path, tmp_path):
    from timeline.state.rebuild import rebuild

    for act in (lambda d: backup(d, tmp_path / "kept.db"), rebuild):
        other = made(tmp_path / "other.db", "acme")
        with Ledger.open(str(path)) as ledger:
            standing(ledger)
            other.replace(path)
            with pytest.raises(StoreError, match=REPLACED):
                act(ledger.database)
        assert not (tmp_path / "kept.db").exists()


def test_who_follows_the_log_of_a_replaced_file_is_told(path, tmp_path):
    other = made(tmp_path / "other.db", "acme")
    with Ledger.open(str(path)) as ledger, ledger.recorder.subscribe(gt=1) as following:
        other.replace(path)
        with pytest.raises(StoreError, match=REPLACED):
            next(following)


# -- the service ------------------------------------------------------------------------------------------------------


def position_of(client: httpx.Client) -> int:
    answer = client.get("/-/ready")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["position"])


def wait_until_ready(client: httpx.Client) -> None:
    for _ in range(100):
        if client.get("/-/ready").status_code == 200:
            return
    pytest.fail("the service did not open the new file")


def test_the_service_goes_on_with_the_new_file(path, tmp_path):
    """It answers nothing of the old one any more, from memory neither, and loses nothing of either."""
    other = made(tmp_path / "other.db", "acme", "fair", "initech")
    with serving(path) as client:
        assert client.get("/orgs/meta.json").status_code == 200
        assert client.get("/orgs/meta.json").status_code == 200  # from memory
        other.replace(path)

        answer = client.get("/orgs/meta.json")
        assert answer.status_code in (404, 503)  # whichever of its connections was the first to notice
        assert str(path) not in answer.text

        wait_until_ready(client)
        assert position_of(client) == 3
        assert client.get("/orgs/meta.json").status_code == 404
        assert client.get("/orgs/acme.json").status_code == 200
    assert names(path) == ["acme", "fair", "initech"]


def test_the_service_of_a_removed_file_says_so_until_it_is_back(path, tmp_path):
    shutil.copy(path, tmp_path / "copy.db")
    with serving(path) as client:
        assert client.get("/orgs/meta.json").status_code == 200
        path.unlink()
        for _ in range(3):
            refused = client.get("/orgs/meta.json")
            assert (refused.status_code, "was removed" in refused.text) == (503, True)
            assert client.get("/-/ready").status_code == 503
        (tmp_path / "copy.db").rename(path)
        wait_until_ready(client)
        assert client.get("/orgs/meta.json").status_code == 200


def test_an_untouched_ledger_is_looked_at_and_nothing_more(path):
    """Through a link, from another folder, and while the file itself is written anew."""
    link = path.with_name("link.db")
    link.symlink_to(path)
    with Ledger.open(str(link)) as ledger:
        with ledger.database.outside() as driver:
            driver.execute("VACUUM")
        ledger.record([new(layoff())], by="ada")
        with ledger.database.reading() as connection:
            assert log.head_position(connection) == 2
