"""States that follow one another, where the dates leave their order open."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.projections.facts import bounds, days, happened, said


def test_a_cancellation_sometime_in_the_year_follows_a_delay_in_may():
    """Of a product that was put off in May 2025 and given up in 2025, the dates alone would say either order."""
    rows = said(happened("cancellation", "2025", product="behemoth"), happened("delay", "2025-05", product="behemoth"))[
        "products"
    ]

    assert [r.status for r in rows] == ["delayed", "cancelled"]
    assert rows[1].start == "[2025-05..2025-12]"


def test_a_cancellation_that_surely_came_first_stays_first():
    """A product given up in January and planned anew in June is planned."""
    rows = said(
        happened("cancellation", "2025-01", product="behemoth"), happened("plan", "2025-06", product="behemoth")
    )["products"]

    assert [r.status for r in rows] == ["cancelled", "planned"]


def test_a_release_in_the_year_follows_the_plan_of_that_summer():
    rows = said(happened("release", "2025", product="llama"), happened("plan", "2025-07", product="llama"))["products"]

    assert [r.status for r in rows] == ["planned", "released"]


def test_a_unit_is_founded_before_it_moves():
    """Founded under Meta in June 2020, moved under the lab in 2020."""
    rows = said(
        happened("move", "2020", organization="fair", parent="lab"),
        happened("founding", "2020-06-01", organization="fair", parent="meta"),
    )["parents"]

    assert [r.parent for r in rows if r.organization == "fair"] == ["meta", "lab"]


def test_a_deal_sometime_cancelled_in_the_year_was_completed_before():
    rows = said(
        happened("deal", "2025-01", type="acquisition", parties=()),
        happened("deal-cancellation", "2025", deal=UUID(int=1)),
        happened("deal-completion", "2025-06", deal=UUID(int=1)),
    )["deals"]

    assert [r.stage for r in rows] == ["announced", "completed", "cancelled"]


def of(kind, date, **fields):
    return happened(kind, date, product="behemoth", **fields)


def products(*told):
    return said(*told)["products"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("release", "2025"), ("cancellation", "2025-06")),
        (("cancellation", "2025"), ("release", "2025-06")),
    ],
)
def test_what_may_follow_either_way_follows_by_date(first, second):
    """Given up after its preview, or released after all: dates alone tell."""
    status = {"release": "released", "cancellation": "cancelled"}

    assert [r.status for r in products(of(*first), of(*second))] == [status[first[0]], status[second[0]]]


def test_a_plan_in_the_year_of_a_delay_came_before_it():
    assert [r.status for r in products(of("delay", "2025"), of("plan", "2025-06"))] == ["planned", "delayed"]


def test_moves_in_one_year_follow_by_date():
    rows = said(*(happened("move", d, organization="fair", parent=p) for d, p in (("2020", "lab"), ("2020-06", "ai"))))

    assert [r.parent for r in rows["parents"]] == ["lab", "ai"]


@pytest.mark.parametrize(
    ("put_off", "statuses"),
    [
        ("[2025-11..2026-02]", ["delayed", "cancelled"]),  # perhaps before
        ("2025-12-31", ["cancelled"]),  # put off and given up on one day
        ("2026-01-01", ["cancelled", "delayed"]),
    ],
)
def test_a_delay_on_the_last_possible_day_came_before_the_end(put_off, statuses):
    """Given up in 2025."""
    assert [r.status for r in products(of("cancellation", "2025"), of("delay", put_off))] == statuses


def test_a_delay_goes_between_the_plan_and_the_end():
    """Planned on 10 January, put off in May, given up in 2025."""
    rows = products(of("cancellation", "2025"), of("plan", "2025-01-10"), of("delay", "2025-05"))

    assert [r.status for r in rows] == ["planned", "delayed", "cancelled"]


def test_a_state_begins_no_earlier_than_the_one_before_it():
    """Planned on the last day of 2025, and put off in 2025: on that day, then."""
    assert [(r.status, r.start) for r in products(of("plan", "2025-12-31"), of("delay", "2025"))] == [
        ("delayed", "2025-12-31"),
    ]  # fmt: skip


# -- rival dates of one change ----------------------------------------------------------------------------------------


def moved(*dates):
    rows = said(*(happened("move", date, organization="fair", parent="lab") for date in dates))["parents"]
    (row,) = rows
    return row


@pytest.mark.parametrize(
    ("dates", "start", "first", "last"),
    [
        (("2020", "2020-06"), "2020-06", "2020-06-01", "2020-06-30"),
        (("2020", "2020-06~"), "2020-06~", "2020-05-01", "2020-07-31"),
        (("2020-06~", "2020-06~"), "2020-06~", "2020-05-01", "2020-07-31"),
        (("2020-06~", "[2020-06~,2020-12]"), "2020-06~", "2020-05-01", "2020-07-31"),
        (("2020-06~", "[2020-07..2020-09]"), "2020-07", "2020-07-01", "2020-07-31"),
    ],
)
def test_rival_dates_agree_on_their_common_days(dates, start, first, last):
    """As the source gives them where they are those of one source."""
    row = moved(*dates)

    assert row.start == start
    assert bounds(row)[:2] == days(first, last, "", "")[:2]
    assert (len(row.entries), row.disputed) == (2, False)


def test_three_rival_dates_stay_disputed():
    row = moved("2020-01", "2020-03", "2020-02")

    assert (row.start, row.disputed, len(row.entries)) == ("[2020-01..2020-03]", True, 3)


# -- each until the next ----------------------------------------------------------------------------------------------


def test_a_state_begins_before_the_next_one_does():
    """Planned in 2025 and given up on 10 June 2025: planned by 9 June."""
    plan, _ = products(of("plan", "2025"), of("cancellation", "2025-06-10"))

    assert bounds(plan) == days("2025-01-01", "2025-06-09", "2025-06-09", "2025-06-09")
    assert plan.start == "[2025..2025-06-09]"


def test_a_start_that_the_next_state_does_not_bound_is_shown_as_it_was_given():
    """Planned about 15 January, from the 14th to the 16th; given up on the 17th."""
    plan, _ = products(of("plan", "2025-01-15~"), of("cancellation", "2025-01-17"))

    assert plan.start == "2025-01-15~"


def test_the_surest_source_of_a_state_tells_how_sure_it_is():
    """One calls it a rumour, one reports it."""
    (row,) = products(
        of("cancellation", "2025-05", certainty="rumoured"), of("cancellation", "2025-05", certainty="reported")
    )

    assert row.claim == "reported"
