"""Roles and posts: what a row says of them, from every kind of statement."""

import pytest

from tests.projections.facts import (
    absent,
    appointed,
    arrival,
    bounds,
    days,
    departure,
    said,
    seen,
    span,
    tenure,
)


@pytest.mark.parametrize(
    "told",
    [
        arrival("2020", role="chief"),
        departure("2020", role="chief"),
        departure("2020-06", role="chief", length_of_service="P2Y"),
        tenure("2020/2021", role="chief"),
        seen("2020", role="chief"),
    ],
)
def test_a_membership_has_the_role_that_was_told(told):
    (row,) = said(told)["memberships"]

    assert row.role == "chief"


@pytest.mark.parametrize(
    "told",
    [
        arrival("2020", post="head", role="chief"),
        tenure("2020/2021", post="head", role="chief"),
        seen("2020", post="head", role="chief"),
    ],
)
def test_a_post_has_the_role_that_was_told(told):
    (row,) = said(told)["posts"]

    assert row.role == "chief"


def test_without_a_role_there_is_none():
    rows = said(arrival("2020", post="head"), appointed("2021", "bob"), tenure("2019/2020", "cid", post="head"))

    assert {r.role for r in (*rows["memberships"], *rows["posts"])} == {""}


def test_the_last_role_counts():
    """Joined as an engineer, seen as a lead, and left."""
    (row,) = said(arrival("2020", role="engineer"), seen("2022", role="lead"), departure("2023"))["memberships"]

    assert row.role == "lead"


def test_a_length_of_service_leaves_the_date_of_leaving_as_it_was_given():
    (row,) = said(departure("2025-02~", length_of_service="P6Y7M"))["memberships"]

    assert row.end == "2025-02~"


@pytest.mark.parametrize(
    ("left", "served", "start"),
    [
        ("0001-09", "P1Y", "0000-09~"),
        ("0002-09", "P1Y", "0001-09~"),
        ("9999-12", "P1M", "9999-11~"),
        ("Y10001", "P1Y", "[9999-12..Y10001]"),
    ],
)
def test_an_implied_start_is_a_month_in_years_of_four_digits(left, served, start):
    (row,) = said(departure(left, length_of_service=served))["memberships"]

    assert row.start == start


# -- what is about no post ------------------------------------------------------------------------------------------


def test_what_names_no_post_starts_confirms_and_ends_none():
    """Head since 2021; she joined in 2020, is in a register, and was seen and not seen at work."""
    told = arrival("2020"), tenure("2019/2022-05"), seen("2023"), absent("2024")

    assert [(span(r), r.confirmed, r.entries) for r in said(appointed("2021"), *told)["posts"]] == [
        (span(r), r.confirmed, r.entries) for r in said(appointed("2021"))["posts"]
    ]


def test_who_is_not_in_the_post_any_more_has_given_it_up():
    """Head since 2021, and not head on 1 June 2023."""
    (row,) = said(appointed("2021-01-01"), absent("2023-06-01", post="head"))["posts"]

    assert bounds(row)[2:] == days("", "", "2021-01-01", "2023-05-31")[2:]


def test_who_rejoins_in_a_post_had_given_it_up():
    """Joined as head in 2021, left in 2021, rejoined as head in 2021; without the return, one stay as head."""
    told = arrival("2021", post="head"), departure("2021")

    assert len(said(*told, arrival("2021", post="head", reason="rejoined"))["posts"]) == 2
    assert len(said(*told, arrival("2021", post="head"))["posts"]) == 1


# -- departures from a post that nobody reported the start of ---------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "end"),
    [
        ("2014-12-31", ""),
        ("2015", ""),  # perhaps before
        ("2015-12-30", ""),
        ("2015-12-31", "2015-12-31"),
        ("2016~", ""),
        ("2017~", "2017~"),
        ("2020", "2020"),
    ],
)
def test_a_departure_closes_a_post_of_a_tenure_that_surely_began_before(left, end):
    """A register has her as head since 2015."""
    (row,) = said(tenure("2015/", post="head"), departure(left))["posts"]

    assert row.end == end


@pytest.mark.parametrize(
    ("left", "end"),
    [
        ("2019-04-30", ""),
        ("2019-05-01", "2019-05-01"),
        ("2019", ""),
        ("[2019-05-01..2019-08]", "[2019-05-01..2019-08]"),
    ],
)
def test_a_departure_on_the_day_of_a_sighting_is_not_before_it(left, end):
    (row,) = said(seen("2019-05-01", post="head"), departure(left))["posts"]

    assert row.end == end


def test_a_departure_in_the_year_of_a_sighting_is_no_earlier_than_it():
    """Head since 2015 and seen as head in March 2020; left in 2020."""
    (row,) = said(tenure("2015/", post="head"), seen("2020-03-01", post="head"), departure("2020"))["posts"]

    assert bounds(row)[2:] == days("", "", "2020-03-01", "2020-12-31")[2:]
    assert row.end == "[2020-03..2020-12]"
