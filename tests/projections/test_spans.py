"""Spans: what the rules on claims say whatever the claims are about."""

import pytest
from hypothesis import HealthCheck, given, settings

from events.about import Dispute
from events.dates import parse
from projections.all import fold_all
from projections.memberships import fold
from projections.rows import ANY_DAY, SpanRow
from projections.spans import of_date
from tests.projections.facts import (
    arrival,
    bounds,
    days,
    departure,
    fact_of,
    happened,
    memberships,
    ranked,
    said,
    seen,
    span,
    tenure,
)
from tests.projections.histories import Scribe, histories


def test_a_second_start_of_an_open_span_is_the_same_start():
    """Two articles tell of one arrival: one membership with two entries."""
    (row,) = memberships(arrival("2020-03"), arrival("2020-03"))

    assert len(row.entries) == 2


def test_a_second_end_of_a_closed_span_is_the_same_end():
    """Two articles tell of one departure."""
    (row,) = memberships(departure("2024-03"), departure("2024-03-05"))

    assert row.end == "2024-03-05"


def test_a_later_end_that_began_after_the_first_is_another_span():
    """Left in 2015; left again in 2024 after a year of service: she must have come back."""
    first, second = memberships(departure("2015-06-01"), departure("2024-06-01", length_of_service="P1Y"))

    assert first.end == "2015-06-01"
    assert bounds(second)[:2] == days("2023-05-01", "2023-07-31", "", "")[:2]


def test_a_return_bounds_the_leaving_before_it():
    """Left in 2021 and back on 1 March 2021: she left by then."""
    first, second = memberships(
        arrival("2019-01-01"), departure("2021"), arrival("2021-03-01", reason="rejoined"), seen("2023-01-01")
    )

    assert bounds(first)[2:] == days("", "", "2021-01-01", "2021-03-01")[2:]
    assert second.start == "2021-03-01"


def test_dates_that_surely_follow_are_read_in_their_order():
    """In, out, in, out, each on a day: two spans, however they were recorded."""
    told = arrival("2022-01-01"), departure("2021-01-01"), departure("2023-01-01"), arrival("2020-01-01")

    assert [span(r) for r in memberships(*told)] == [("2020-01-01", "2021-01-01"), ("2022-01-01", "2023-01-01")]


def test_a_sighting_that_fits_two_spans_tells_nothing_of_either():
    """There on some day of 2021, between two stays that both may hold it."""
    told = tenure("2019/2021", role="a"), tenure("2021/2023", role="b")

    assert [bounds(r) for r in memberships(*told, seen("2021"))] == [bounds(r) for r in memberships(*told)]


def test_the_sources_of_every_claim_are_listed_once():
    """A row can be traced to all entries it follows from."""
    (row,) = memberships(arrival("2020"), seen("2021"), departure("2022"))

    assert len(row.entries) == 3
    assert len(set(row.entries)) == 3


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(histories(most=16))
def test_a_row_never_contradicts_itself(history):
    """Whatever is told: bounds in order, and the dates shown are EDTF that allow every day that the bounds do."""
    scribe = Scribe()
    for steps in history:
        scribe.keep(scribe.write(steps))

    for row in [r for rows in fold_all(scribe.log).values() for r in rows if isinstance(r, SpanRow)]:
        assert row.start_min <= row.start_max <= row.end_max, row
        assert row.start_min <= row.end_min <= row.end_max, row
        assert row.confirmed <= row.end_max, row
        for text, first, last in ((row.start, row.start_min, row.start_max), (row.end, row.end_min, row.end_max)):
            if text not in ("", "..", ANY_DAY):
                earliest, latest = of_date(parse(text))
                assert earliest <= first, row
                assert last <= latest, row


def test_only_what_happened_is_folded_into_spans():
    """A statement of hers opens no membership."""
    rows = said(happened("statement", "2020", speaker="ada", summary="I am at Acme"))

    assert rows["memberships"] == rows["posts"] == []


# -- how claims add up ------------------------------------------------------------------------------------------------


def test_a_stay_of_one_day_is_no_contradiction():
    (row,) = memberships(arrival("2020-01-01"), departure("2020-01-01"))

    assert bounds(row) == days("2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01")
    assert not row.disputed


def test_who_opens_a_span_was_there_on_the_first_day_it_may_mean():
    """Joined in 2020, on some day: nobody saw her on the second."""
    (row,) = memberships(arrival("2020"))

    assert row.end_min == bounds(row)[0]


def test_of_rival_starts_the_latest_shows_that_it_was_so():
    """Joined in March or in June: in June she was there."""
    (row,) = memberships(arrival("2020-03"), arrival("2020-06"))

    assert bounds(row) == days("2020-03-01", "2020-06-30", "2020-06-01", "")


def test_who_came_back_was_there_when_the_stay_before_had_ended():
    """Rejoined in 2021 and left before that on 1 June 2021."""
    _, back = memberships(arrival("2019"), arrival("2021", reason="rejoined"), departure("2021-06-01"))

    assert bounds(back) == days("2021-06-01", "2021-12-31", "2021-06-01", "")


def test_an_end_ranked_before_the_start_leaves_both_open_between_them():
    """Preferred: left in 2015. Two more reports of the end, of which one has her there since early 2017."""
    (row,) = memberships(
        ranked(departure("2015"), "preferred"), departure("[2015..2018]"), departure("2020", length_of_service="P3Y")
    )

    assert row.disputed
    assert (row.start_min, row.start_max) == (row.end_min, row.end_max)
    assert row.start_min == bounds(memberships(departure("2015"))[0])[2]


def test_the_entries_of_a_row_are_in_the_order_of_their_dates():
    """Left in 2022, seen in 2021, joined in 2020, as they were recorded."""
    (row,) = memberships(departure("2022"), seen("2021"), arrival("2020"))

    assert [entry.int for entry in row.entries] == [3, 2, 1]


def test_the_last_role_counts_of_two_claims():
    (row,) = memberships(departure("2023", role="lead"), seen("2020", role="engineer"))

    assert (row.role, [entry.int for entry in row.entries]) == ("lead", [2, 1])


def test_a_confirmation_disputes_nothing():
    """The company says that it was so."""
    (row,) = memberships([arrival("2020"), Dispute(by="acme", stance="confirmed")])

    assert not row.disputed


def test_rows_come_by_start_and_then_as_they_were_told():
    """Joined in 2020, seen in 2016 and perhaps in 2023; of two stays on the same days, the one told first."""
    joined, left, before, after = map(fact_of, (arrival("2020"), departure("2021"), seen("2016"), seen("2023")))
    alike = [fact_of(tenure("2015/2020", role=role)) for role in ("b", "a")]

    assert [r.start for r in fold("ada", [joined, before])] == ["[..2016]", "2020"]
    assert [r.start for r in fold("ada", [joined, left, before, after])] == ["[..2016]", "2020", "[2021..2023]"]
    assert [r.role for r in fold("ada", alike)] == ["b", "a"]


def test_a_sighting_leaves_an_end_as_it_was_given_where_it_rules_nothing_out():
    """Left about June 2024: from May to July. On 1 May she was there."""
    (row,) = memberships(arrival("2020"), departure("2024-06~"), seen("2024-05-01"))

    assert row.end == "2024-06~"


def test_a_sighting_leaves_a_start_as_it_was_given_where_it_rules_nothing_out():
    """Joined about 2020: by the end of 2021, when she was seen."""
    (row,) = memberships(arrival("2020~"), seen("2021-12-31"))

    assert row.start == "2020~"


@pytest.mark.parametrize("date", ["2015/", "2015/.."])
def test_a_sighting_ends_no_tenure(date):
    (row,) = memberships(tenure(date), seen("2020-05-01"))

    assert row.end == date.removeprefix("2015/")


def test_two_reports_of_one_appointment_are_no_return():
    """Appointed in 2021, says one and says another; stepped down in 2021."""
    told = [happened(k, "2021", person="ada", organization="acme", post="head") for k in ("appointment", "step-down")]

    assert len(said(told[0], told[0], told[1])["posts"]) == 1
