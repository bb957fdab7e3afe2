"""Memberships: one rule a test, from facts to who was there when."""

import pytest

from events.about import Retraction
from events.dates import FOREVER, NEVER, day_of
from projections import certainty
from projections.memberships import claim
from tests.projections.facts import (
    absent,
    arrival,
    bounds,
    corrected,
    days,
    denied,
    departure,
    fact_of,
    happened,
    memberships,
    on,
    ranked,
    retracted,
    said,
    seen,
    span,
    tenure,
)

# -- arriving and leaving ---------------------------------------------------------------------------------------------


def test_the_day_of_leaving_still_counts():
    """She left on 1 June: there on the 1st, gone on the 2nd."""
    (row,) = memberships(arrival("2020-01-15"), departure("2024-06-01"))

    assert [on(row, d) for d in ("2020-01-14", "2020-01-15")] == [None, "certain"]
    assert [on(row, d) for d in ("2024-06-01", "2024-06-02")] == ["certain", None]


def test_a_month_of_leaving_is_possible_inside_and_out_after_it():
    """Left in February 2025: certain on its first day, possible until its last, gone in March."""
    (row,) = memberships(arrival("2020-01-15"), departure("2025-02"))

    assert on(row, "2025-01-31") == on(row, "2025-02-01") == "certain"
    assert on(row, "2025-02-02") == on(row, "2025-02-28") == "possible"
    assert on(row, "2025-03-01") is None
    assert span(row) == ("2020-01-15", "2025-02")


def test_a_month_of_arriving_is_possible_inside_and_certain_on_its_last_day():
    """Joined in May 2020 and left in 2024."""
    (row,) = memberships(arrival("2020-05"), departure("2024-06-01"))

    marks = [on(row, d) for d in ("2020-04-30", "2020-05-01", "2020-05-30", "2020-05-31")]
    assert marks == [None, "possible", "possible", "certain"]


def test_a_qualified_date_is_a_unit_wider_on_each_side():
    """About 2017 may be 2016 or 2018, and is shown as the source put it."""
    (row,) = memberships(arrival("2017~"), departure("2020-01-01"))

    assert bounds(row) == days("2016-01-01", "2018-12-31", "2020-01-01", "2020-01-01")
    assert row.start == "2017~"


def test_nobody_seen_since_is_unconfirmed():
    """She joined in 2020 and nothing was heard of her again."""
    (row,) = memberships(arrival("2020-05-04"))

    assert [on(row, d) for d in ("2020-05-03", "2020-05-04", "2020-05-05")] == [None, "certain", "unconfirmed"]
    assert span(row) == ("2020-05-04", "")


def test_a_departure_before_any_arrival_leaves_the_start_unknown():
    """The first thing told of her is that she left."""
    (row,) = memberships(departure("2024-06-01"))

    assert bounds(row) == (NEVER, day_of("2024-06-01"), day_of("2024-06-01"), day_of("2024-06-01"))
    assert span(row) == ("[..2024-06-01]", "2024-06-01")


def test_who_comes_back_has_two_memberships():
    """In, out, in again: two spans, and nobody there in between."""
    first, second = memberships(
        arrival("2020-01-01"), departure("2021-01-01"), arrival("2022-01-01", reason="rejoined")
    )

    assert (span(first), span(second)) == (("2020-01-01", "2021-01-01"), ("2022-01-01", ""))
    assert on(first, "2021-06-01") is on(second, "2021-06-01") is None


def test_the_order_of_recording_does_not_matter():
    """The return was told first, the first stay last."""
    told = [arrival("2020-01-01"), departure("2021-01-01"), arrival("2022-01-01"), departure("2023-01-01")]

    forward, backward = memberships(*told), memberships(*reversed(told))

    assert [span(r) for r in forward] == [span(r) for r in backward]


def test_leaving_within_the_year_of_arriving_keeps_the_order():
    """Joined in 2020, left on 1 June 2020: the join was no later, though 2020 sorts around it."""
    (row,) = memberships(arrival("2020"), departure("2020-06-01"))

    assert bounds(row) == days("2020-01-01", "2020-06-01", "2020-06-01", "2020-06-01")


def test_leaving_in_an_earlier_sorted_year_still_follows_the_arrival():
    """Joined on 1 June 2020, left in 2020: the year begins before the day, the departure does not."""
    (row,) = memberships(departure("2020"), arrival("2020-06-01"))

    assert bounds(row) == days("2020-06-01", "2020-06-01", "2020-06-01", "2020-12-31")
    assert span(row) == ("2020-06-01", "2020")


def test_a_return_in_the_year_of_leaving_comes_after_it():
    """Left on 1 June 2021 and rejoined in 2021: the return is no earlier than the departure."""
    first, second = memberships(arrival("2019"), arrival("2021", reason="rejoined"), departure("2021-06-01"))

    assert span(first) == ("2019", "2021-06-01")
    assert bounds(second)[:2] == days("2021-06-01", "2021-12-31", "", "")[:2]


def test_each_person_and_organization_has_memberships_of_its_own():
    """Leaving one place says nothing of another, nor of another person."""
    rows = memberships(arrival("2020"), arrival("2020", organization="bell"), arrival("2020", "bob"), departure("2021"))

    assert sorted((r.person, r.organization, r.end) for r in rows) == [
        ("ada", "acme", "2021"), ("ada", "bell", ""), ("bob", "acme", ""),
    ]  # fmt: skip


# -- length of service ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "served", "start", "shown"),
    [
        ("2025-02", "P6Y7M", ("2018-06-01", "2018-08-31"), "2018-07~"),
        ("2024-09", "P6Y7M", ("2018-01-01", "2018-03-31"), "2018-02~"),  # from the first day of a year
        ("2025-06", "P6Y7M", ("2018-10-01", "2018-12-31"), "2018-11~"),  # to the last day of a year
        ("2025-08", "P6Y7M", ("2018-12-01", "2019-02-28"), "2019-01~"),  # across the new year
    ],
)
def test_a_length_of_service_implies_the_start_a_month_wider_on_each_side(left, served, start, shown):
    """Left after so many years and months: people and profile pages round differently."""
    (row,) = memberships(departure(left, length_of_service=served))

    assert bounds(row)[:2] == days(start[0], start[1], "", "")[:2]
    assert row.start == shown


def test_a_length_of_service_yields_to_a_known_arrival():
    """The arrival stands in the ledger, so nothing needs to be derived."""
    (row,) = memberships(arrival("2017-03-01"), departure("2025-02", length_of_service="P6Y7M"))

    assert row.start == "2017-03-01"


@pytest.mark.parametrize("left", ["[..2024-06]", "../2024-06", "[2024-06..]", "Y12024", "-0044", "9999-12"])
def test_any_date_may_go_with_a_length_of_service(left):
    """Dates without a bound, and years far off."""
    (row,) = memberships(departure(left, length_of_service="P2Y"))

    assert row.start_min <= row.start_max


# -- whole tenures ----------------------------------------------------------------------------------------------------


def test_an_unknown_end_and_an_open_end_are_different():
    """`1985/` was heard of in 1985; `1985/..` is stated to go on."""
    (unknown,), (open_,) = memberships(tenure("1985/")), memberships(tenure("1985/.."))

    assert on(unknown, "2000-01-01") == "unconfirmed"
    assert on(open_, "2000-01-01") == "certain"
    assert (unknown.end, open_.end) == ("", "..")


def test_a_whole_tenure_states_both_sides():
    """From 2015 to 2020, as a register has it."""
    (row,) = memberships(tenure("2015/2020-03"))

    assert bounds(row) == days("2015-01-01", "2015-12-31", "2020-03-01", "2020-03-31")


@pytest.mark.parametrize(("date", "start"), [("/2020-03", ""), ("../2020-03", "")])
def test_a_tenure_without_a_start_is_bounded_by_its_end_alone(date, start):
    """Nobody gave the start: it was no later than the end."""
    (row,) = memberships(tenure(date))

    assert bounds(row) == (NEVER, *days("", "2020-03-31", "2020-03-01", "2020-03-31")[1:])


def test_a_tenure_joins_the_span_it_surely_overlaps():
    """The CV says 2015 to 2020, the news said that she joined in June 2015: one membership, the common days."""
    (row,) = memberships(tenure("2015/2020-03"), arrival("2015-06-01"))

    assert bounds(row) == days("2015-06-01", "2015-06-01", "2020-03-01", "2020-03-31")
    assert not row.disputed
    assert len(row.entries) == 2


def test_a_tenure_without_end_joins_the_departure_in_a_month():
    """The register has her since 2015; the news, that she left in March 2020. The day of leaving is a day there."""
    (row,) = memberships(tenure("2015/"), departure("2020-03"))

    assert span(row) == ("2015", "2020-03")


def test_tenures_with_other_roles_stand_apart():
    """A CV lists an engineer's years and a researcher's years: two memberships."""
    rows = memberships(tenure("2015/2018", role="engineer"), tenure("2017/2020", role="researcher"))

    assert [(r.role, *span(r)) for r in rows] == [("engineer", "2015", "2018"), ("researcher", "2017", "2020")]


def test_tenures_that_may_not_overlap_stand_apart():
    """2015 to 2016 and 2018 to 2020: she was there twice."""
    assert len(memberships(tenure("2015/2016"), tenure("2018/2020"))) == 2


def test_a_tenure_that_goes_on_disputes_a_departure():
    """One source says that it goes on, another that it ended: the end is known, and contested."""
    (row,) = memberships(tenure("2015/.."), departure("2020-03-01"))

    assert row.end == "2020-03-01"
    assert row.disputed


# -- sightings --------------------------------------------------------------------------------------------------------


def test_a_sighting_confirms_until_its_day():
    """Joined in 2020, still there on 26 May 2025."""
    (row,) = memberships(arrival("2020-05-04"), seen("2025-05-26"))

    assert [on(row, d) for d in ("2025-05-26", "2025-05-27")] == ["certain", "unconfirmed"]


def test_a_vague_sighting_confirms_until_the_first_day_it_may_mean():
    """Still there some day in May: nobody knows that she was on the 2nd."""
    (row,) = memberships(arrival("2020-05-04"), seen("2025-05"))

    assert [on(row, d) for d in ("2025-05-01", "2025-05-02")] == ["certain", "unconfirmed"]


def test_a_sighting_moves_no_start_and_no_end():
    """Seen between arrival and departure: nothing changes."""
    told = arrival("2020-05-04"), departure("2024-01-01")

    assert [bounds(r) for r in memberships(*told, seen("2022-01-01"))] == [bounds(r) for r in memberships(*told)]


def test_a_sighting_rules_out_the_readings_that_contradict_it():
    """Joined in 2020 and seen on 1 March: so she joined by then. Left in 2024 and seen in June: so she left after."""
    (row,) = memberships(arrival("2020"), departure("2024"), seen("2020-03-01"), seen("2024-06-01"))

    assert bounds(row) == days("2020-01-01", "2020-03-01", "2024-06-01", "2024-12-31")


def test_a_sighting_alone_opens_nothing_but_is_evidence():
    """She was there on a day: certain then, unknown before, unconfirmed after."""
    (row,) = memberships(seen("2022-03-04"))

    assert [on(row, d) for d in ("2022-03-03", "2022-03-04", "2022-03-05")] == ["possible", "certain", "unconfirmed"]
    assert row.end == ""


def test_a_sighting_after_the_departure_is_another_stay():
    """Left in 2021 and seen in 2023: she must have come back, nobody knows when."""
    first, second = memberships(arrival("2020-01-01"), departure("2021-01-01"), seen("2023-01-01"))

    assert span(first) == ("2020-01-01", "2021-01-01")
    assert bounds(second)[:2] == days("2021-01-01", "2023-01-01", "", "")[:2]


def test_who_was_not_there_had_not_arrived_yet():
    """Joined in 2020, not there in March, there in 2021: so she joined after March."""
    (row,) = memberships(arrival("2020"), absent("2020-03-31"), seen("2021-01-01"))

    assert bounds(row)[:2] == days("2020-04-01", "2020-12-31", "", "")[:2]


def test_who_is_not_there_any_more_has_left():
    """Joined in 2020, seen in 2022, gone by 2024: she left in between."""
    (row,) = memberships(arrival("2020-01-01"), seen("2022-01-01"), absent("2024-01-01"))

    assert bounds(row)[2:] == days("", "", "2022-01-01", "2023-12-31")[2:]
    assert row.end == "[2022..2023]"


def test_an_absence_rules_out_late_readings_of_a_departure():
    """Left in 2024, and not there on 1 June: gone by 31 May."""
    (row,) = memberships(arrival("2020-01-01"), departure("2024"), absent("2024-06-01"))

    assert bounds(row)[2:] == days("", "", "2024-01-01", "2024-05-31")[2:]


def test_an_absence_within_a_known_stay_is_a_contradiction():
    """Joined in 2020, left in 2024, said not to be there in 2022: nothing moves, and it is marked."""
    (row,) = memberships(arrival("2020-01-01"), departure("2024-01-01"), absent("2022-01-01"))

    assert row.disputed
    assert bounds(row) == days("2020-01-01", "2020-01-01", "2024-01-01", "2024-01-01")


def test_an_absence_alone_says_nothing():
    """She was not there: no membership."""
    assert memberships(absent("2022-01-01")) == []


# -- rival claims -----------------------------------------------------------------------------------------------------


def test_compatible_arrivals_narrow_each_other():
    """One source says 2020, one says spring to autumn: what both allow."""
    (row,) = memberships(arrival("2020"), arrival("2020-05"))

    assert bounds(row)[:2] == days("2020-05-01", "2020-05-31", "", "")[:2]
    assert (row.start, row.disputed) == ("2020-05", False)


def test_partly_common_departures_are_known_to_their_common_days():
    """One source says the second quarter, one says May to September: May or June, and an end was reported."""
    (row,) = memberships(arrival("2020-01-01"), departure("2024-34"), departure("[2024-05..2024-09]"))

    assert bounds(row)[2:] == days("", "", "2024-05-01", "2024-06-30")[2:]
    assert row.end == "[2024-05..2024-06]"
    assert on(row, "2024-06-30") == "possible"
    assert on(row, "2024-07-01") is None


def test_incompatible_arrivals_leave_all_open_between_them_and_are_disputed():
    """March 2020 or June 2020: any day from the one to the other."""
    (row,) = memberships(arrival("2020-03"), arrival("2020-06"))

    assert bounds(row)[:2] == days("2020-03-01", "2020-06-30", "", "")[:2]
    assert row.disputed
    assert row.start == "[2020-03..2020-06]"


def test_incompatible_departures_leave_all_open_between_them_and_are_disputed():
    """Left in January or in March: possible between, never merely unconfirmed."""
    (row,) = memberships(arrival("2020-01-01"), departure("2024-01"), departure("2024-03"))

    assert bounds(row)[2:] == days("", "", "2024-01-01", "2024-03-31")[2:]
    assert row.disputed
    assert row.end == "[2024-01..2024-03]"
    assert on(row, "2024-02-15") == "possible"


def test_departures_that_leave_no_bound_are_still_reported_ends():
    """By 2020 or after 2025: nothing is known of the day, but that she left is."""
    (row,) = memberships(departure("[..2020]"), departure("[2025..]"))

    assert row.disputed
    assert row.end not in ("", "..")
    assert on(row, "2030-01-01") == "possible"


def test_a_preferred_claim_answers_alone():
    """Two sources disagree, and the recorder trusts one."""
    (row,) = memberships(arrival("2020-03"), ranked(arrival("2020-06"), "preferred"))

    assert (row.start, row.disputed) == ("2020-06", False)
    assert len(row.entries) == 2


def test_a_deprecated_claim_does_not_count():
    """The only claim is not trusted: there is no membership; of two, the other answers."""
    assert memberships(ranked(arrival("2020-03"), "deprecated")) == []

    (row,) = memberships(ranked(arrival("2020-03"), "deprecated"), arrival("2020-06"))
    assert (row.start, row.disputed, len(row.entries)) == ("2020-06", False, 1)


def test_a_denied_claim_counts_and_is_flagged():
    """The company denies that she left: she left, disputed."""
    (row,) = memberships(arrival("2020-01-01"), denied(departure("2024-01-01")))

    assert (row.end, row.disputed) == ("2024-01-01", True)


# -- second thoughts --------------------------------------------------------------------------------------------------


def test_a_retracted_departure_reopens():
    """The departure was a mistake."""
    (row,) = memberships(arrival("2020-01-01"), retracted(departure("2024-01-01"), 1))

    assert row.end == ""


def test_a_retracted_retraction_closes_again():
    """The retraction was the mistake."""
    (row,) = memberships(arrival("2020-01-01"), [departure("2024-01-01"), Retraction(version=1), Retraction(version=2)])

    assert row.end == "2024-01-01"


def test_a_correction_to_another_person_changes_the_rows_of_both():
    """It was Bob who left."""
    before = memberships(arrival("2020"), arrival("2020", "bob"), departure("2024"))
    after = memberships(arrival("2020"), arrival("2020", "bob"), corrected(departure("2024"), departure("2024", "bob")))

    assert {r.person: r.end for r in before} == {"ada": "2024", "bob": ""}
    assert {r.person: r.end for r in after} == {"ada": "", "bob": "2024"}


def test_a_layoff_ends_no_membership():
    """A thousand jobs went; whose, nobody said."""
    (row,) = memberships(arrival("2020"), happened("layoff", "2022", organization="acme", count=1000))

    assert row.end == ""


def test_a_span_is_asked_by_its_days():
    """During 2024: certain sometime, not throughout."""
    (row,) = memberships(arrival("2020-01-01"), departure("2024-06-01"))
    year = day_of("2024-01-01"), day_of("2024-12-31")

    assert certainty.sometime(row, *year) == "certain"
    assert certainty.throughout(row, *year) == "no"


def test_an_open_row_has_no_last_day():
    """Nobody reported an end: any day may be the last."""
    assert memberships(arrival("2020"))[0].end_max == FOREVER


def test_who_is_seen_in_a_post_is_listed_by_the_post():
    """She is seen as head of the lab: that she holds the post is all that is told, and it opens no membership."""
    rows = said(
        happened("appointment", "2025-07", person="ada", organization="lab", post="head"),
        happened("sighting", "2025-12", person="ada", organization="lab", post="head"),
    )

    assert rows["memberships"] == []
    assert span(rows["posts"][0]) == ("2025-07", "")
    assert on(rows["posts"][0], "2025-11-15") == "certain"


def test_a_sighting_in_a_post_confirms_a_membership_that_is_known():
    rows = said(
        happened("arrival", "2020", person="ada", organization="lab"),
        happened("sighting", "2025-12", person="ada", organization="lab", post="head"),
    )

    assert on(rows["memberships"][0], "2025-11-15") == "certain"


def test_what_says_nothing_of_memberships_is_a_mistake_of_the_program():
    fact = fact_of(happened("layoff", "2022", organization="acme"))

    with pytest.raises(TypeError, match="Layoff says nothing about a membership"):
        claim(fact.event, fact)
