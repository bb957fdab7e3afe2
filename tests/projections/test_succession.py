"""States that follow one another, where the dates leave their order open."""

from __future__ import annotations

from uuid import UUID

from tests.projections.facts import happened, said


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
