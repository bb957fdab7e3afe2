"""The ledger as a program uses it: record, ask, and be told what cannot be recorded."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application

from events.about import Correction, Corroboration, Dispute, Ranking, Retraction
from events.base import Citation
from events.dates import day_of, parse
from events.people import Arrival
from events.register import Merge
from tests.timeline.builders import (
    Clock,
    completion,
    deal,
    folded,
    kept,
    layoff,
    move,
    org,
    person,
    reorg,
    rows,
    source,
)
from timeline.checks import Invalid
from timeline.errors import CONFLICT, DATA, Conflict
from timeline.ledger import Ledger, entry_named, following, new


@pytest.fixture
def ledger(database_url):
    """Meta with three units that sit under nobody yet, a source, a person."""
    with Ledger.create(database_url, clock=Clock()) as ledger:
        entities = (org("meta"), org("fair"), org("genai"), org("msl"), person("yann-lecun", "Yann LeCun"))
        ledger.record([*map(new, entities), new(source("bi-2025"))], by="ada")
        yield ledger


def record(ledger, *events):
    return ledger.record([new(e) for e in events], by="ada")


def problems(ledger, *batch):
    """What is wrong with a batch; checks that nothing of it was recorded."""
    before = rows(ledger), kept(ledger)
    with pytest.raises(Invalid) as caught:
        ledger.record([e if hasattr(e, "originator_id") else new(e) for e in batch])
    assert (rows(ledger), kept(ledger)) == before
    assert caught.value.exit_status == DATA
    return caught.value.problems


def problem(ledger, *batch):
    (only,) = problems(ledger, *batch)
    return only


# -- recording --------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_answered_at_once(ledger):
    """The projections are brought up to date in the transaction that records."""
    record(ledger, Arrival(person="yann-lecun", organization="fair", date=parse("2013-12")))

    with ledger.ask() as view:
        (member,) = view.members("fair", day_of("2020-01-01"))
    assert member.person.id == "yann-lecun"
    assert kept(ledger) == folded(ledger)


def test_one_bad_event_keeps_the_whole_batch_out(ledger):
    """The log, the projections and the numbers of new ids are as before."""
    found = problem(ledger, org("new-one"), layoff("new-one"), layoff("nobody"))

    assert (found.index, found.at, found.unknown) == (2, "organization", "nobody")


def test_work_in_the_same_transaction_can_undo_it(ledger):
    """`also` sees what was recorded, and an error of its own takes all back."""
    before = rows(ledger)

    with pytest.raises(ZeroDivisionError):
        ledger.record([new(layoff())], also=lambda connection, batch: 1 / 0)

    assert rows(ledger) == before


def test_an_empty_batch_is_a_mistake_of_the_program(ledger):
    with pytest.raises(ValueError, match="empty batch"):
        ledger.record([])


def test_the_injected_clock_gives_the_recorded_time(database_url):
    with Ledger.create(database_url, clock=Clock(1_700_000_000_000_000)) as ledger:
        assert record(ledger, org("meta")).recorded_at == 1_700_000_000_000_000


def test_an_event_of_a_wrong_form_is_refused(ledger):
    """Made in Python, it passed no reader yet: an escape sequence in a text is caught all the same."""
    for bad in (org("x", "\x1b[31m"), org("Not An Id"), layoff(count=-1), layoff(note="\ud800")):
        assert problem(ledger, bad).index == 0


# -- entries ----------------------------------------------------------------------------------------------------------


def test_the_entry_of_a_name_is_the_same_for_ever():
    """These stand in other people's calendars and links; a change here breaks them."""
    assert entry_named("event", "goyal-leaves-meta") == UUID("7b1d3ecc-ba2c-5b24-90a1-78ebb024d88e")
    assert new(org("meta")).originator_id == entry_named("entity", "meta")
    assert new(source("bi-2025")).originator_id == entry_named("source", "bi-2025")
    assert new(layoff(id="cut")).originator_id == entry_named("event", "cut")
    assert new(layoff()).originator_id != new(layoff()).originator_id


@pytest.mark.parametrize("again", [org("meta", "Facebook"), source("bi-2025", title="Other")])
def test_an_id_is_registered_once(ledger, again):
    with pytest.raises(Conflict, match="is recorded already; to change it, correct it") as caught:
        record(ledger, again)

    assert caught.value.exit_status == CONFLICT


def test_an_event_id_is_used_once(ledger):
    record(ledger, layoff(id="cut"))

    with pytest.raises(Conflict, match="cut is recorded already"):
        record(ledger, layoff(id="cut", date="2024"))
    with pytest.raises(Conflict):
        record(ledger, layoff(id="twice"), layoff(id="twice"))


def test_a_name_cannot_be_given_to_another_entry(ledger):
    """Otherwise two entries would register one id, and neither would be found by it."""
    assert "belongs to the entry" in problem(ledger, new(org("meta"), uuid4())).message
    meta, cut = new(org("meta")), new(layoff(id="cut"))
    ledger.record([cut])
    for entry, said in ((meta, org("fair")), (cut, layoff(id="other"))):
        found = problem(ledger, following(entry.originator_id, 1, Correction(event=said)))
        assert "belongs to the entry" in found.message


def test_a_change_names_the_version_that_it_follows(ledger):
    """A stale one is a conflict, and so is one that would leave a gap or come out of order."""
    cut = new(layoff())
    ledger.record([cut])
    entry = cut.originator_id
    ledger.record([following(entry, 1, Ranking(rank="preferred"))])

    for version in (1, 3):
        with pytest.raises(Conflict, match=f"{entry} is at version 2 now, not at {version}: read it again"):
            ledger.record([following(entry, version, Ranking(rank="normal"))])
    with pytest.raises(Conflict):
        ledger.record([following(entry, 3, Ranking(rank="normal")), following(entry, 2, Ranking(rank="normal"))])

    ledger.record([following(entry, 2, Ranking(rank="normal")), following(entry, 3, Ranking(rank="preferred"))])


# -- what cannot stand ------------------------------------------------------------------------------------------------


def test_an_unknown_id_is_told_with_what_may_be_meant(ledger):
    found = problem(ledger, Arrival(person="yan-lecun", organization="fair", date=parse("2013")))

    assert found.at == "person"
    assert (found.message, found.help) == (
        "no entity is registered as 'yan-lecun'",
        "did you mean 'yann-lecun'?",
    )


def test_an_unknown_source_is_told(ledger):
    found = problem(ledger, layoff(sources=(Citation(source="bi-2024"),)))

    assert found.at == "sources[0].source"
    assert (found.message, found.help) == ("no source is registered as 'bi-2024'", "did you mean 'bi-2025'?")


def test_an_id_of_the_wrong_type_is_told(ledger):
    found = problem(ledger, layoff("yann-lecun"))

    assert found.message == "'yann-lecun' is a person, and here stands an organization"


def test_all_problems_are_told_together(ledger):
    found = problems(ledger, layoff("nobody"), layoff(), layoff("nowhere", sources=(Citation(source="none"),)))

    assert [(p.index, p.at) for p in found] == [(0, "organization"), (2, "organization"), (2, "sources[0].source")]


def test_an_entity_of_the_same_batch_counts_as_registered(ledger):
    """Files list things in any order."""
    record(ledger, layoff("late"), org("late"))


def test_only_a_deal_is_completed(ledger):
    agreed, cut = new(deal()), new(layoff())
    ledger.record([agreed, cut])

    record(ledger, completion(agreed.originator_id))

    other = cut.originator_id
    assert problem(ledger, completion(other)).message == f"{other} is a layoff, and here stands a deal"
    unknown = uuid4()
    assert problem(ledger, completion(unknown)).message == f"no deal is called {unknown}"


def test_a_deal_is_not_corrected_into_its_own_end(ledger):
    agreed = new(deal())
    ledger.record([agreed])
    own_end = Correction(event=completion(agreed.originator_id))

    with pytest.raises(Invalid, match="into its own end"):
        ledger.record([following(agreed.originator_id, 1, own_end)])


def test_a_fact_is_derived_from_entries_that_exist(ledger):
    unknown = uuid4()

    found = problem(ledger, layoff(derived_from=(entry_named("entity", "meta"), unknown)))

    assert (found.at, found.unknown) == ("derived_from[1]", str(unknown))


def test_only_entities_of_one_type_are_merged(ledger):
    found = problem(ledger, Merge(duplicate="yann-lecun", into="meta"))

    assert found.message == "'yann-lecun' is a person and 'meta' is an organization: never the same"


def test_merges_do_not_go_in_a_circle(ledger):
    record(ledger, Merge(duplicate="fair", into="meta"), Merge(duplicate="meta", into="msl"))

    assert "is merged into 'msl' already" in problem(ledger, Merge(duplicate="msl", into="fair")).message


def test_an_event_about_another_finds_it(ledger):
    unknown = uuid4()

    about = (Retraction(), Dispute(by="meta", stance="denied"), Corroboration(citation=Citation(source="bi-2025")))
    for event in about:
        assert problem(ledger, following(unknown, 1, event)).message == f"no entry is called {unknown}"
        assert "cannot begin one" in problem(ledger, new(event, uuid4())).message


def test_an_entry_is_changed_by_a_correction_only(ledger):
    cut = new(layoff())
    ledger.record([cut])

    found = problem(ledger, following(cut.originator_id, 1, layoff()))

    assert found.message == "this entry exists; to change it, record a correction"


def test_a_retraction_names_an_earlier_version(ledger):
    cut = new(layoff())
    ledger.record([cut])

    found = problem(ledger, following(cut.originator_id, 1, Retraction(version=7)))

    assert (found.at, found.message) == ("version", "the entry has no version 7 yet")


def test_a_source_is_not_corrected_into_a_happening(ledger):
    """Who cites it must still find a source; one happening may become another kind."""
    cut = new(layoff())
    ledger.record([cut])
    of_source = entry_named("source", "bi-2025")

    found = problems(ledger, following(of_source, 1, Correction(event=layoff())))
    assert found[0].message == "a source cannot be corrected into a layoff"
    found = problems(ledger, following(cut.originator_id, 1, Correction(event=source("x"))))
    assert "a layoff cannot be corrected into a source" in [p.message for p in found]

    ledger.record([following(cut.originator_id, 1, Correction(event=move("fair", "meta", "2025")))])


def test_the_event_of_a_correction_is_checked_too(ledger):
    cut = new(layoff())
    ledger.record([cut])

    found = problem(ledger, following(cut.originator_id, 1, Correction(event=layoff("nobody"))))

    assert found.at == "event.organization"


# -- the tree ---------------------------------------------------------------------------------------------------------


def circle(ledger, *batch):
    return problem(ledger, *batch).message.removeprefix("the tree of organizations would go in a circle: ")


def test_two_units_are_not_under_each_other(ledger):
    record(ledger, move("fair", "meta", "2014"))

    assert circle(ledger, move("meta", "fair", "2015")) == "meta → fair → meta"


def test_a_circle_through_three_units_is_found(ledger):
    record(ledger, move("fair", "genai", "2014"), move("genai", "msl", "2015"))

    assert circle(ledger, move("msl", "fair", "2016")) == "msl → fair → genai → msl"


def test_a_circle_within_one_batch_is_found_at_each_of_its_events(ledger):
    found = problems(ledger, move("fair", "meta", "2014"), layoff(), move("meta", "fair", "2014"))

    assert [p.index for p in found] == [0, 2]


def test_a_reorg_makes_no_circle(ledger):
    record(ledger, reorg("2014", fair="meta", genai="fair"))

    assert circle(ledger, reorg("2015", msl="genai", meta="msl")) == "msl → genai → fair → meta → msl"


def test_units_may_change_places_when_the_days_do_not_overlap(ledger):
    """FAIR was under Meta until 2015; from 2016 on Meta is under FAIR."""
    record(ledger, move("fair", "meta", "2014"), move("fair", None, "2015"), move("meta", "fair", "2016"))


def test_a_circle_that_no_day_certainly_sees_is_allowed(ledger):
    """Both moved in 2015, nobody knows when: rival claims may stand side by side."""
    record(ledger, move("fair", "meta", "2014"), move("fair", None, "2015-06"), move("meta", "fair", "2015"))


@pytest.mark.parametrize("how", ["retracted", "corrected", "deprecated"])
def test_taking_back_a_move_makes_no_circle(ledger, how):
    """FAIR left Meta, then Meta came under it. Without the first move, each would be under the other."""
    left = new(move("fair", None, "2015"))
    record(ledger, move("fair", "meta", "2014"))
    ledger.record([left])
    record(ledger, move("meta", "fair", "2016"))
    event = {
        "retracted": Retraction(),
        "corrected": Correction(event=move("genai", None, "2015")),
        "deprecated": Ranking(rank="deprecated"),
    }[how]

    assert circle(ledger, following(left.originator_id, 1, event)) == "fair → meta → fair"


def test_merging_makes_no_circle(ledger):
    """GenAI sits under FAIR and FAIR under MSL; if MSL were GenAI, GenAI would sit above itself."""
    record(ledger, move("genai", "fair", "2014"), move("fair", "msl", "2015"))

    assert circle(ledger, Merge(duplicate="msl", into="genai")) == "genai → fair → genai"


# -- as the eventsourcing library sees it -----------------------------------------------------------------------------


def test_the_ledger_is_an_application_of_the_library(ledger):
    assert isinstance(ledger, Application)


def test_the_log_is_the_notification_log(ledger):
    """Positions are notification ids; a topic is the kind, never the name of a class."""
    section = ledger.notification_log["1,4"]

    assert [n.id for n in section.items] == [1, 2, 3, 4]
    assert {n.topic for n in section.items} == {"entity"}
    assert section.next_id == "5,8"
    assert [n.topic for n in ledger.notification_log.select(start=5, limit=10)] == ["entity", "source"]


def test_a_stream_is_read_back_as_events(ledger):
    cut = new(layoff(id="cut"))
    ledger.record([cut])
    change = following(cut.originator_id, 1, Correction(event=layoff(id="cut", date="2024")))
    ledger.record([change])

    assert list(ledger.events.get(cut.originator_id)) == [cut, change]
    assert list(ledger.events.get(cut.originator_id, gt=1)) == [change]


def test_a_subscription_gives_what_is_there_and_what_comes(ledger):
    """A follower starts at position 5; the next event is recorded while it waits."""
    with ledger.recorder.subscribe(gt=5) as subscription:
        assert next(subscription).topic == "source"

        record(ledger, layoff(), layoff())

        assert [next(subscription).id for _ in range(2)] == [7, 8]


def test_a_subscription_can_ask_for_kinds(ledger):
    record(ledger, layoff(), org("late"), layoff())

    with ledger.recorder.subscribe(topics=["layoff"]) as subscription:
        assert [next(subscription).id for _ in range(2)] == [7, 9]
