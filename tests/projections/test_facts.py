"""From the stream of an entry to the fact that is in force: every kind of second thought."""

from uuid import UUID

import pytest

from events.about import Correction, Corroboration, Dispute, Erasure, Ranking, Retraction
from events.base import Citation
from events.organizations import UnitMove
from events.register import Entity
from projections.facts import Fact, Version, first_said, in_force, in_order, resolved
from tests.projections.facts import arrival, cited, departure, fact_of, happened

HER, HIM = arrival("2020", "ada"), arrival("2020", "bob")


def test_an_entry_says_what_its_first_event_says():
    """Nobody had second thoughts."""
    fact = fact_of(HER)

    assert (fact.event, fact.version, fact.content_version, fact.rank, fact.disputed) == (HER, 1, 1, "normal", False)


def test_nothing_is_in_force_of_an_empty_stream():
    """No event, no fact."""
    assert in_force(UUID(int=1), []) is None


def test_the_last_correction_counts():
    """Ada, then Bob, then in another year."""
    last = arrival("2021", "bob")
    fact = fact_of(HER, Correction(event=HIM), Correction(event=last))

    assert (fact.event, fact.version, fact.content_version) == (last, 3, 3)


def test_a_retracted_correction_leaves_what_stood_before():
    """It had been Ada after all."""
    fact = fact_of(HER, Correction(event=HIM), Retraction(version=2))

    assert (fact.event, fact.version, fact.content_version) == (HER, 3, 1)


def test_a_retracted_entry_is_not_in_force():
    """It is false."""
    assert fact_of(HER, Retraction()) is None


def test_a_correction_does_not_bring_a_retracted_entry_back():
    """Only the withdrawal of the retraction does."""
    assert fact_of(HER, Retraction(), Correction(event=HIM)) is None
    assert fact_of(HER, Retraction(), Correction(event=HIM), Retraction(version=2)).event == HIM


def test_a_retraction_of_a_retraction_of_a_retraction_withdraws_again():
    """Yes, no, yes, no."""
    stream = [HER, Retraction(version=1), Retraction(version=2), Retraction(version=3)]

    assert [fact_of(*stream[:n]) is not None for n in (1, 2, 3, 4)] == [True, False, True, False]


def test_a_second_retraction_outlives_the_withdrawal_of_the_first():
    """Withdrawn twice, and one of the two withdrawn."""
    assert fact_of(HER, Retraction(), Retraction(), Retraction(version=2)) is None


def test_a_retraction_reaches_back_only():
    """It cannot name itself or a version yet to come."""
    assert fact_of(HER, Retraction(version=2)) is not None
    assert fact_of(HER, Retraction(version=3), Correction(event=HIM)).event == HIM


@pytest.mark.parametrize(("stance", "flagged"), [("denied", True), ("contested", True), ("confirmed", False)])
def test_a_dispute_flags_unless_it_confirms(stance, flagged):
    """Somebody speaks up; the fact counts all the same."""
    fact = fact_of(HER, Dispute(by="acme", stance=stance))

    assert (fact.event, fact.disputed, fact.disputes[0].by) == (HER, flagged, "acme")


def test_a_retracted_dispute_is_forgotten():
    """The denial was withdrawn."""
    assert not fact_of(HER, Dispute(by="acme", stance="denied"), Retraction(version=2)).disputed


def test_the_last_ranking_counts():
    """Preferred, then deprecated; then the second is withdrawn."""
    ranks = Ranking(rank="preferred"), Ranking(rank="deprecated")

    assert fact_of(HER, *ranks).deprecated
    assert fact_of(HER, *ranks, Retraction(version=3)).rank == "preferred"


def test_a_corroboration_adds_a_source():
    """One more article; the sources of the event come first."""
    told = arrival("2020", sources=cited("post"))
    more = Corroboration(citation=Citation(source="times", locator="§3"))

    assert [c.source for c in fact_of(told, more).sources] == ["post", "times"]
    assert [c.source for c in fact_of(told, more, Retraction(version=2)).sources] == ["post"]


def test_a_corroboration_outlives_a_correction():
    """The second article stands by what is said now, too."""
    fact = fact_of(
        arrival("2020", sources=cited("post")),
        Corroboration(citation=Citation(source="times")),
        Correction(event=arrival("2021", sources=cited("blog"))),
    )

    assert [c.source for c in fact.sources] == ["blog", "times"]


def test_an_erased_entry_is_not_in_force():
    """Its content is gone; no retraction brings it back."""
    assert fact_of(HER, Erasure()) is None
    assert fact_of(HER, Erasure(), Retraction(version=2)) is None
    assert in_force(UUID(int=1), [Version(1, 1, None), Version(2, 2, Erasure())]) is None


def test_an_event_of_content_cannot_follow_another():
    """A stream is one entry; a second happening has its own."""
    with pytest.raises(ValueError, match="no event about another entry"):
        fact_of(HER, HIM)


def test_facts_are_read_by_first_day_then_last_day_then_position():
    """The year begins with its first month; of two, the one recorded first."""
    dates = ["2020-06", "2020", "2020-01", "2019-12-31", "2020"]
    facts = [fact_of(arrival(d))._replace(position=n) for n, d in enumerate(dates)]

    assert [f.position for f in in_order(facts)] == [3, 2, 1, 4, 0]


# -- merged ids -------------------------------------------------------------------------------------------------------


def merged(fact, **ids):
    return resolved(fact, lambda given: ids.get(given, given))


def test_merged_ids_are_replaced_wherever_they_stand():
    """In fields, in lists and inside the moves of a reorganization."""
    moves = (UnitMove(organization="core", parent="acme"),)
    fact = fact_of(happened("reorg", "2020", original=("acme",), resulting=("bell",), moves=moves))

    event = merged(fact, acme="dyne").event

    assert event.original == ("dyne",)
    assert event.moves == (UnitMove(organization="core", parent="dyne"),)


def test_nothing_changes_where_no_merged_id_stands():
    """The same fact, not a copy."""
    fact = fact_of(departure("2020"))

    assert merged(fact, acme_2="bell") is fact


def test_a_move_under_itself_says_nothing():
    """The unit was merged into its parent."""
    assert merged(fact_of(happened("move", "2020", organization="acme", parent="bell")), acme="bell") is None


def test_a_founding_within_itself_is_a_founding():
    """The unit was merged into its parent: that it was founded, and when, still counts."""
    event = merged(fact_of(happened("founding", "2020", organization="acme", parent="bell")), acme="bell").event

    assert (event.organization, event.parent) == ("bell", None)


def test_a_reorg_keeps_the_moves_that_merges_left_a_meaning():
    """Acme is Bell now: its move under Bell is void, and it moves once."""
    moves = (("acme", "bell"), ("acme-2", "dyne"), ("core", "bell"), ("bell", "core"))
    told = happened("reorg", "2020", moves=tuple(UnitMove(organization=o, parent=p) for o, p in moves))

    event = merged(fact_of(told), **{"acme": "bell", "acme-2": "core"}).event

    assert [(m.organization, m.parent) for m in event.moves] == [("core", "dyne"), ("bell", "core")]


def test_a_reorg_of_nothing_but_void_moves_says_nothing():
    """All that it did was to move Acme under Bell, which it is."""
    told = happened("reorg", "2020", moves=(UnitMove(organization="acme", parent="bell"),))

    assert merged(fact_of(told), acme="bell") is None


def test_a_reorg_without_moves_has_its_ids_replaced_too():
    """Acme became Bell, which is Dyne now."""
    event = merged(fact_of(happened("reorg", "2020", original=("acme",), resulting=("bell",))), bell="dyne").event

    assert (event.original, event.resulting, event.moves) == (("acme",), ("dyne",), ())


# -- every field of a fact --------------------------------------------------------------------------------------------


def test_a_fact_of_one_event_is_what_was_said():
    told = arrival("2020", sources=cited("post"))
    entry = UUID(int=7)

    assert in_force(entry, [Version(5, 1, told)]) == Fact(entry, 5, 1, 1, told, "normal", (), told.sources)
    assert first_said(entry, 5, told) == Fact(entry, 5, 1, 1, told, "normal", (), told.sources)


def test_a_fact_of_several_events_stands_where_its_entry_began():
    """Said at position 5, corrected at 8, disputed at 9: its place among the facts of one day stays."""
    entry, dispute = UUID(int=7), Dispute(by="acme", stance="denied")
    stream = [Version(5, 1, HER), Version(8, 2, Correction(event=HIM)), Version(9, 3, dispute)]

    assert in_force(entry, stream) == Fact(entry, 5, 3, 2, HIM, "normal", (dispute,), ())


def test_a_fact_known_from_a_later_version_has_that_version():
    """Of an entry whose one event is at hand, but not its first."""
    fact = in_force(UUID(int=7), [Version(5, 3, HER)])

    assert fact is not None
    assert fact.version == 3


def test_an_erased_event_alone_is_not_in_force():
    assert in_force(UUID(int=1), [Version(1, 1, None)]) is None
    assert in_force(UUID(int=1), [Version(1, 1, Erasure())]) is None


def test_a_registration_has_the_sources_that_corroborate_it():
    """It is no happening and cites none itself."""
    told = Entity(id="ada", type="person", name="Ada")

    assert fact_of(told).sources == ()
    assert fact_of(told, Corroboration(citation=Citation(source="post"))).sources == cited("post")
