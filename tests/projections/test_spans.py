"""Spans: what the rules on claims say whatever the claims are about."""

from hypothesis import HealthCheck, given, settings

from events.dates import parse
from projections.all import fold_all
from projections.rows import ANY_DAY, SpanRow
from projections.spans import of_date
from tests.projections.facts import arrival, bounds, days, departure, happened, said, seen, span, tenure
from tests.projections.histories import Scribe, histories


def memberships(*told):
    return said(*told)["memberships"]


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
        for text, first, last in ((row.start, row.start_min, row.start_max), (row.end, row.end_min, row.end_max)):
            if text not in ("", "..", ANY_DAY):
                earliest, latest = of_date(parse(text))
                assert earliest <= first, row
                assert last <= latest, row


def test_only_what_happened_is_folded_into_spans():
    """A statement of hers opens no membership."""
    rows = said(happened("statement", "2020", speaker="ada", summary="I am at Acme"))

    assert rows["memberships"] == rows["posts"] == []
