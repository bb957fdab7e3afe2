"""Whole tenures: which span a statement about a whole stay joins, and which it stands beside."""

import pytest

from tests.projections.facts import arrival, departure, said, stays, tenure


@pytest.mark.parametrize(
    "left", ["2020-01-01", "2020-03-01", "2020-12-31", "2020", "[2020-06..2021-05]", "[2019-06..2020-05]"]
)
def test_an_end_without_a_start_is_the_end_of_a_tenure_that_may_end_so(left):
    """A register has her from 2015 to 2020, the news that she left: one stay, if they have a day in common."""
    assert len(stays(departure(left), tenure("2015/2020"))) == 1


@pytest.mark.parametrize("left", ["2014-12-31", "2021-01-01", "2022"])
def test_an_end_without_a_start_on_other_days_is_another_stay(left):
    """She left before the tenure began, or after it ended."""
    assert len(stays(departure(left), tenure("2015/2020"))) == 2


def test_an_end_on_the_first_day_of_a_tenure_belongs_to_it():
    """In 2020 from some day on, and gone on 1 January: she was there on that day."""
    assert len(stays(departure("2020-01-01"), tenure("2020/2020"))) == 1


def test_an_end_up_to_the_last_day_of_a_tenure_belongs_to_it():
    """Left in 2019; a register has her from June to 31 December."""
    assert stays(departure("2019"), tenure("2019-06/2019-12-31")) == [("2019-06", "2019-12-31")]


def test_an_end_after_another_length_of_service_is_another_stay():
    """Left in March 2020 after two months: not who has been there since 2010, but perhaps since some day in 2020."""
    left = departure("2020-03", length_of_service="P2M")

    assert len(stays(left, tenure("2020/2020"))) == 1
    assert len(stays(left, tenure("2010/2020"))) == 2


@pytest.mark.parametrize(
    "others",
    [
        ("2015/2020", "2015/"),
        ("2015/2020", "2015/.."),
        ("2015/2020", "2016/"),
        ("2015/", "2016/2020"),
        ("2015/..", "2016/2020"),
        ("2015/2020-12-31", "2020/2022"),  # there on the last day of 2020, by both
        ("2015/2017-06-01", "2017-06-01/2020"),
    ],
)
def test_tenures_that_surely_overlap_are_one_stay(others):
    assert len(stays(*map(tenure, others))) == 1


@pytest.mark.parametrize(
    "others",
    [
        ("2015/2020", "2020/2022"),
        ("2015/2020", "2020-06/2022"),  # perhaps gone by June
        ("2015/2017-06-01", "2017-06-02/2020"),
        ("2015/2018", "2020/"),
        ("2015/2018", "2020/.."),
    ],
)
def test_tenures_that_may_not_overlap_are_two_stays(others):
    assert len(stays(*map(tenure, others))) == 2


@pytest.mark.parametrize(
    ("start", "count"), [("2019-12-31", 1), ("2020-01-01", 1), ("2020-01-02", 2), ("2020-06-01", 2)]
)
def test_a_tenure_joins_an_arrival_before_it_may_have_ended(start, count):
    """A register has her until 2020; the news, that she joined."""
    assert len(stays(arrival(start), tenure("2015/2020"))) == count


@pytest.mark.parametrize(("role", "count"), [("", 1), ("engineer", 1), ("researcher", 2)])
def test_a_tenure_without_a_role_or_with_the_same_joins_the_stay_it_overlaps(role, count):
    assert len(stays(arrival("2015-06-01", role="engineer"), tenure("2015/2020", role=role))) == count


def test_a_tenure_with_a_role_joins_a_stay_without_one():
    (row,) = said(arrival("2015-06-01"), tenure("2015/2020", role="engineer"))["memberships"]

    assert row.role == "engineer"


def test_a_tenure_without_a_start_shows_what_is_known_of_it():
    assert stays(tenure("/2020-03")) == [("[..2020-03]", "2020-03")]
    assert stays(tenure("2015~/2020-03~")) == [("2015~", "2020-03~")]
