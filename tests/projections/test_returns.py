"""Returns: who comes back has left before, where the dates leave the order open."""

import pytest

from tests.projections.facts import arrival, bounds, days, departure, memberships, span, stays

BACK = {"reason": "rejoined"}


def test_a_second_arrival_in_the_year_of_the_first_is_a_return_if_it_is_said_to_be_one():
    """Joined, left and joined in 2021: two stays, if the second is a return; otherwise two reports of one arrival."""
    assert len(memberships(arrival("2021"), arrival("2021", **BACK), departure("2021"))) == 2
    assert len(memberships(arrival("2021"), arrival("2021"), departure("2021"))) == 1


def test_an_arrival_on_other_days_is_a_return_if_a_departure_may_stand_between():
    """Joined in 2019, joined in 2021, left in June 2021: left, rather, and then came back in 2021."""
    first, second = memberships(arrival("2019"), arrival("2021"), departure("2021-06-01"))

    assert span(first) == ("2019", "2021-06-01")
    assert bounds(second)[:2] == days("2021-06-01", "2021-12-31", "", "")[:2]


@pytest.mark.parametrize("left", ["2021-06-30", "[2021-06-30..2021-07]"])
def test_a_departure_on_the_last_day_of_a_return_may_stand_before_it(left):
    assert stays(arrival("2019"), arrival("2021-06"), departure(left))[0][0] == "2019"
    assert len(memberships(arrival("2019"), arrival("2021-06"), departure(left))) == 2


def test_a_departure_that_came_later_stands_before_no_return():
    """Joined in 2019 or in May 2021, and left in June: one stay, and rival reports of its beginning."""
    (row,) = memberships(arrival("2019"), arrival("2021-05"), departure("2021-06"))

    assert row.disputed


def test_a_departure_in_the_year_of_a_return_came_before_it():
    """Left in 2020 and rejoined in June 2020: nobody knows when that earlier stay began."""
    first, second = memberships(departure("2020"), arrival("2020-06", **BACK))

    assert bounds(first)[3] == bounds(second)[1] == days("", "", "", "2020-06-30")[3]
    assert second.end == ""


def test_a_second_departure_waits_for_an_arrival_between_the_two():
    """Left in 2019; left in 2021, and joined in June 2021: joined before she left the second time."""
    assert stays(departure("2019"), departure("2021"), arrival("2021-06-01"))[1] == ("2021-06-01", "2021")


def test_a_second_departure_on_the_days_of_the_first_is_the_same():
    """Left in 2021, or in June 2021; joined in September 2021: she left, and came back."""
    first, second = stays(departure("2021"), departure("2021-02"), arrival("2021-09-01"))

    assert first[1] == "2021-02"
    assert second == ("2021-09-01", "")


# -- the days of leaving and of coming back bound each other ----------------------------------------------------------


def test_a_return_is_no_earlier_than_the_first_day_of_leaving():
    """Left in June 2021 and rejoined in 2021."""
    first, second = memberships(arrival("2019"), arrival("2021", **BACK), departure("2021-06"))

    assert bounds(first)[2:] == days("", "", "2021-06-01", "2021-06-30")[2:]
    assert bounds(second)[:2] == days("2021-06-01", "2021-12-31", "", "")[:2]
    assert second.start == "[2021-06..2021-12]"


def test_leaving_is_no_later_than_the_last_day_of_a_return():
    """Left from June to September 2021, rejoined in about June."""
    first, second = memberships(arrival("2019"), arrival("2021-06~", **BACK), departure("[2021-06..2021-09]"))

    assert bounds(first)[2:] == days("", "", "2021-06-01", "2021-07-31")[2:]
    assert first.end == "[2021-06..2021-07]"
    assert bounds(second)[:2] == days("2021-06-01", "2021-07-31", "", "")[:2]


@pytest.mark.parametrize(
    ("left", "back"),
    [
        ("2021-12-31", ("2021", "2021-12-31")),  # on the last day of the return
        ("2021-01-01", ("2021", "2021")),
        ("2021-05-01", ("2021-06~", "2021-06~")),  # on the first day of it
        ("2021-06~", ("2021-07-31", "2021-07-31")),  # up to the day of the return
    ],
)
def test_dates_that_bound_nothing_are_shown_as_they_were_given(left, back):
    first, second = memberships(arrival("2019"), departure(left), arrival(back[0], **BACK))

    assert (first.end, second.start) == (left, back[1])


def test_a_return_on_the_first_day_of_leaving_fixes_both():
    first, second = memberships(arrival("2019"), departure("2021-03"), arrival("2021-03-01", **BACK))

    assert (first.end, second.start) == ("2021-03-01", "2021-03-01")


# -- departures of which one tells a length of service ----------------------------------------------------------------


@pytest.mark.parametrize("left", ["2015-05-01", "2015-06-01", "2015-07-31"])
def test_a_length_of_service_from_the_days_of_an_earlier_end_may_be_of_the_same_stay(left):
    """Left in 2015 or after a year of service in June 2016: rivals, unless she must have begun after the first."""
    assert len(memberships(departure(left), departure("2016-06-01", length_of_service="P1Y"))) == 1


def test_a_length_of_service_from_after_an_earlier_end_is_of_another_stay():
    assert len(memberships(departure("2015-04-30"), departure("2016-06-01", length_of_service="P1Y"))) == 2
