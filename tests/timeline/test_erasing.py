"""An erasure leaves the log and every state of knowledge as though the entry had never said anything."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from events.about import Correction, Corroboration, Dispute, Erasure, Retraction
from events.base import Citation
from events.dates import parse
from events.deals import Deal, DealCompletion, Party
from events.organizations import Founding, Move, Reorg
from events.people import Appointment, Arrival
from events.said import Gathering
from tests.projections.facts import arrival, departure
from tests.projections.histories import History, Scribe, histories, of_kinds
from tests.projections.test_projector import differences, folded, standing
from tests.timeline.builders import layoff, org, person, source
from tests.timeline.telling import begin, told
from tests.timeline.test_rebuild import at_step, kept
from timeline.checks import Invalid
from timeline.entries import entry_named
from timeline.erasing import is_put_back, remove_again
from timeline.errors import Conflict, StoreError
from timeline.exports.formats import Options
from timeline.exports.ical import calendar
from timeline.exports.selection import Selection
from timeline.ledger import Ledger, following, new
from timeline.state.rebuild import rebuild, verify
from timeline.state.scrubbing import pending
from timeline.state.soundness import find_faults
from timeline.state.tables import entry_keys, numbers
from timeline.store import log
from timeline.store.nodes import root_at
from timeline.store.tables import events, payloads

GROUND = Erasure(reason="asked for", ground="GDPR Art. 17")


@pytest.fixture
def ledger(database_url):
    """Ada came to Acme and left; both stand in the ledger, and who is who."""
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme")), new(org("bell")), new(person("ada")), new(person("bob")), new(source("post"))])
        ledger.record([new(arrival("2019", id="came")), new(departure("2021", id="left"))])
        yield ledger


def erased(ledger: Ledger, *entries, said: Erasure = GROUND) -> log.Batch:
    with ledger.database.reading() as connection:
        last = {e: len(stream) for e, stream in log.streams(connection, entries).items()}
    return ledger.record([following(e, last[e], said) for e in entries])


def faults(ledger: Ledger) -> list[str]:
    with ledger.database.reading() as connection:
        return find_faults(connection)


CAME, LEFT = entry_named("event", "came"), entry_named("event", "left")


# -- the property -----------------------------------------------------------------------------------------------------


def erasing_is_as_never_said(ledger: Ledger, history: History) -> None:
    """Rows kept, rows rebuilt and rows folded from what is left of the log are the same, at the end of every batch."""
    scribe = Scribe()
    ends = []
    for batch, _ in told(ledger, history, scribe):
        ends.append(batch.last)
        assert differences(standing(ledger), folded(scribe.log)) == {}
    for position in ends:
        assert differences(standing(ledger, position), folded(scribe.log[:position])) == {}, f"known at {position}"
    before = kept(ledger)
    assert verify(ledger.database) == (0, [])
    rebuild(ledger.database)
    assert differences(kept(ledger), before) == {}
    assert faults(ledger) == []
    with ledger.database.reading() as connection:
        left = set(connection.scalars(select(payloads.c.position)))
    assert left == {v.position for _, v in scribe.log if v.event is not None}


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    history=histories(
        most=24, sorts=(*("begin",) * 8, "merge", Correction, Correction, Dispute, Retraction, *(Erasure,) * 3)
    )
)
def test_what_is_erased_was_never_known(world, history):
    with Ledger.open(str(world())) as ledger:
        erasing_is_as_never_said(ledger, history)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    history=histories(
        most=16,
        content=of_kinds(Arrival, Appointment, Founding, Move, Reorg, Gathering),
        sorts=("begin", "begin", "merge", "merge", Correction, Retraction, Erasure, Erasure),
    )
)
def test_a_merge_that_is_erased_was_never_known(world, history):
    """What was recorded before and after it counts for the ids that it names."""
    with Ledger.open(str(world())) as ledger:
        erasing_is_as_never_said(ledger, history)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(history=histories(most=16, sorts=(*("begin",) * 6, "merge", Correction, Retraction, Erasure, Erasure)))
def test_so_it_is_on_postgresql(postgres_server, history):
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            erasing_is_as_never_said(ledger, history)


# -- rule by rule -----------------------------------------------------------------------------------------------------


def test_the_leaves_and_the_tree_stay(ledger):
    """Every earlier root can still be proven; only salt and state of the erased entry are gone."""
    with ledger.database.reading() as connection:
        head = log.head_position(connection)
        before = root_at(connection, head), connection.execute(select(events)).all()

    erased(ledger, CAME)

    with ledger.database.reading() as connection:
        assert (root_at(connection, head), connection.execute(select(events)).all()[:head]) == before
        assert [e.position for e in log.read(connection) if e.state is None] == [6]


def test_no_row_of_any_time_and_no_key_is_left_of_it(ledger):
    """Also those of earlier versions, which had known_to in the past."""
    with ledger.database.reading() as connection:
        seen = log.head_position(connection)
    ledger.record([following(CAME, 1, Correction(event=arrival("2018", organization="bell", id="came")))])

    erased(ledger, CAME)

    shown = repr(kept(ledger))
    assert str(CAME) not in shown
    assert repr(CAME) not in shown
    (membership,) = standing(ledger, seen)["memberships"]
    assert membership.entries == (LEFT,)


def test_an_id_that_stands_nowhere_any_more_loses_its_number(ledger):
    ledger.record([new(person("eve"))])

    erased(ledger, entry_named("entity", "eve"))

    with ledger.database.reading() as connection:
        assert set(connection.scalars(select(numbers.c.id))) == {"acme", "bell", "ada", "bob"}
        assert "eve" not in set(connection.scalars(select(entry_keys.c.key)))


def test_a_registration_goes_only_with_all_that_name_it(ledger):
    """Ada is named by both events: her id there would still say who it was."""
    ada = entry_named("entity", "ada")

    with pytest.raises(Invalid, match="2 other entries name 'ada': came, left; erase them too"):
        erased(ledger, ada)
    with pytest.raises(Invalid, match="one other entry names 'ada': left"):
        erased(ledger, ada, CAME)
    erased(ledger, ada, CAME, LEFT)

    assert faults(ledger) == []
    assert "ada" not in repr(kept(ledger))


@pytest.mark.parametrize(
    "said",
    [
        Correction(event=arrival("2019", "bob", id="came")),
        Dispute(by="ada", stance="denied"),
        Retraction(version=1, reason="no"),
    ],
)
def test_a_name_in_any_version_counts(ledger, said):
    """The correction says that it was Bob; the version before still names Ada."""
    ledger.record([following(CAME, 1, said)])

    with pytest.raises(Invalid, match="'ada': came, left"):
        erased(ledger, entry_named("entity", "ada"))


def test_a_source_goes_only_with_all_that_cite_it(ledger):
    ledger.record([following(CAME, 1, Corroboration(citation=Citation(source="post")))])

    with pytest.raises(Invalid, match="one other entry names 'post': came"):
        erased(ledger, entry_named("source", "post"))


@pytest.mark.parametrize(
    "said",
    [
        Retraction(version=1),
        Retraction(version=2),
        Correction(event=arrival("2020", id="came")),
        Corroboration(citation=Citation(source="post")),
        GROUND,
    ],
)
def test_nothing_more_is_said_of_an_erased_entry(ledger, said):
    """Neither to bring it back, nor to erase it again."""
    erased(ledger, CAME)

    with pytest.raises(Invalid, match="was erased, and nothing more is said of it"):
        ledger.record([following(CAME, 2, said)])


def test_what_was_erased_is_not_recorded_again(ledger):
    erased(ledger, CAME)

    with pytest.raises(Conflict, match="is recorded already"):
        ledger.record([new(arrival("2019", id="came"))])


def test_an_erased_id_is_called_erased(ledger):
    ledger.record([new(person("eve"))])
    erased(ledger, entry_named("entity", "eve"))

    with pytest.raises(Invalid, match="'eve' was erased from this ledger; what is recorded of it again needs another"):
        ledger.record([new(arrival("2019", "eve"))])


def test_who_erases_must_have_seen_the_last_version(ledger):
    ledger.record([following(CAME, 1, Dispute(by="bob", stance="denied"))])

    with pytest.raises(Conflict, match="is at version 2 now, not at 1"):
        ledger.record([following(CAME, 1, GROUND)])


def test_the_stages_of_an_erased_deal_say_nothing(ledger):
    deal = new(Deal(type="acquisition", parties=(Party(entity="acme"),), date=parse("2020"), id="bought"))
    ledger.record([deal])
    ledger.record([new(DealCompletion(deal=deal.originator_id, date=parse("2021")))])

    erased(ledger, deal.originator_id)

    assert not standing(ledger)["deals"]
    assert faults(ledger) == []
    assert verify(ledger.database) == (0, [])


def test_a_long_batch_erases_too(ledger):
    """As many erasures as are recorded in parts."""
    cuts = [new(layoff("acme")) for _ in range(2600)]
    ledger.record(cuts)

    ledger.record([*(following(c.originator_id, 1, GROUND) for c in cuts), *(new(layoff("bell")) for _ in range(2600))])

    assert faults(ledger) == []
    assert verify(ledger.database) == (0, [])


@pytest.mark.parametrize("step", ["reading", "folding", "loading", "swapping"])
def test_during_a_rebuild_nothing_is_erased(ledger, step):
    """It would put back the rows that it has read before."""
    refused = []

    def erase() -> None:
        with pytest.raises(StoreError, match="being rebuilt by somebody else; nothing was changed") as problem:
            erased(ledger, CAME)
        refused.append(problem)

    rebuild(ledger.database, progress=at_step(step, erase))

    assert refused
    erased(ledger, CAME)
    assert verify(ledger.database) == (0, [])


def put_back(ledger: Ledger, entry, batch: log.Batch, kept_rows) -> None:
    """Somebody with a backup."""
    with ledger.database.writing() as connection:
        connection.execute(payloads.insert(), kept_rows)
        left = log.streams(connection, [entry], as_stored=True)[entry]
    assert any(e.state is not None for e in left if e.position < batch.first)


@pytest.fixture
def restored(ledger):
    """Who left Acme was erased, and what it said stands in the log again."""
    with ledger.database.reading() as connection:
        of_entry = payloads.c.position.in_(select(events.c.position).where(events.c.entry_id == LEFT))
        rows = [row._asdict() for row in connection.execute(select(payloads).where(of_entry))]
    batch = erased(ledger, LEFT)
    before = kept(ledger)
    put_back(ledger, LEFT, batch, rows)
    return ledger, before


def test_what_is_put_back_after_an_erasure_is_read_by_nobody(restored):
    """Not by who asks for the entry, reads the log, knew it in the past, or makes the projections anew."""
    ledger, before = restored

    with ledger.database.reading() as connection:
        for found in (
            log.streams(connection, [LEFT])[LEFT],
            log.streams(connection, [LEFT], upto=7)[LEFT],  # as known before the erasure
            [e for e in log.read(connection) if e.entry_id == LEFT],
            [e for e in log.read(connection, upto=7) if e.entry_id == LEFT],
            [e for e in log.batch_of(connection, 7) if e.entry_id == LEFT],
            log.stored_events(connection, LEFT),
            [e for e in log.notifications(connection, 1, 100) if e.originator_id == LEFT],
        ):
            assert found[0].state in (None, b"")
    assert verify(ledger.database) == (0, [])
    rebuild(ledger.database)
    assert differences(kept(ledger), before) == {}
    assert faults(ledger) == ["the content of erased events is still there, at position 7"]


def test_what_is_put_back_after_an_erasure_can_be_removed_again(restored):
    """The erasure stands, so nothing is recorded; the files are due to be cleaned once more."""
    ledger, before = restored
    with ledger.database.reading() as connection:
        assert is_put_back(log.streams(connection, [LEFT], as_stored=True)[LEFT])
        head = log.head_position(connection)

    remove_again(ledger.database, LEFT)

    with ledger.database.reading() as connection:
        assert not is_put_back(log.streams(connection, [LEFT], as_stored=True)[LEFT])
        assert log.head_position(connection) == head == pending(connection)
    assert faults(ledger) == []
    assert differences(kept(ledger), before) == {}


def test_a_calendar_that_was_shown_before_an_erasure_elsewhere_does_not_show_it_again(ledger):
    """A server keeps events that it showed before; another process erases one."""

    def shown() -> bytes:
        file = BytesIO()
        with ledger.ask() as view:
            calendar.export(view, Selection(), file.write, Options())
        return file.getvalue()

    assert b"left" in shown()
    with Ledger.open(ledger.database.url.render_as_string(hide_password=False)) as elsewhere:
        erased(elsewhere, LEFT)

    assert b"left" not in shown()
    with ledger.ask() as view:
        assert view.facts([LEFT]) == {}


def test_content_that_is_gone_without_an_erasure_is_found(ledger):
    with ledger.database.writing() as connection:
        if ledger.database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER payloads_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE payloads DISABLE TRIGGER USER")
        connection.exec_driver_sql("DELETE FROM payloads WHERE position = 7")

    assert "the content of events is gone, and no erasure says why, at position 7" in faults(ledger)
