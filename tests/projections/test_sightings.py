"""Sightings: which stay one is about, and what it rules out, on every boundary day."""

import pytest

from events.dates import FOREVER, NEVER, day_of
from tests.projections.facts import absent, arrival, bounds, days, departure, memberships, seen, span, tenure

TWO_STAYS = tenure("2019/2021", role="a"), tenure("2021/2023", role="b")


@pytest.mark.parametrize(
    ("day", "confirmed"),
    [
        ("2021-01-01", (True, False)),  # the first stay cannot have ended before
        ("2021-01-02", (False, False)),
        ("2021-03-01", (False, False)),
        ("2021-12", (False, False)),
        ("2021-12-30", (False, False)),
        ("2021-12-31", (False, True)),  # the second cannot begin later
    ],
)
def test_a_sighting_is_about_the_stay_that_surely_holds_its_days(day, confirmed):
    """Of a stay until 2021 and one from 2021 on; in between it tells nothing of either."""
    before, after = memberships(*TWO_STAYS), memberships(*TWO_STAYS, seen(day))

    assert [bounds(r) for r in after] == [bounds(r) for r in before]
    assert tuple(r.confirmed > NEVER for r in after) == confirmed


@pytest.mark.parametrize("stay", ["2015/", "2015/.."])
def test_a_stay_without_a_reported_end_surely_holds_every_later_day(stay):
    """Seen in 2020: that tells nothing of the other stay, which may have begun in 2020."""
    first, second = memberships(tenure(stay, role="a"), tenure("2020/2023", role="b"), seen("2020-06-01"))

    assert (first.confirmed, second.confirmed) == (day_of("2020-06-01"), NEVER)


@pytest.mark.parametrize("day", ["2020-01-01", "2024-06-30", "2024"])
def test_a_sighting_on_the_first_or_last_possible_day_is_within_the_stay(day):
    """Joined in 2020 and left in June 2024."""
    assert len(memberships(arrival("2020"), departure("2024-06"), seen(day))) == 1


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2020-01-01", "2020-01-01", "2024"),
        ("2020-03", "[2020-01..2020-03]", "2024"),
        ("2020-12-31", "2020", "2024"),
        ("2024-01-01", "2020", "2024"),
        ("2024-06", "2020", "[2024-06..2024-12]"),
        ("2024-12-31", "2020", "2024-12-31"),
    ],
)
def test_a_sighting_rules_out_later_starts_and_earlier_ends(day, start, end):
    """Joined in 2020 and left in 2024; of a month, by its last day, and not before its first."""
    (row,) = memberships(arrival("2020"), departure("2024"), seen(day))

    assert span(row) == (start, end)


def test_the_last_of_several_sightings_confirms():
    (row,) = memberships(arrival("2020"), seen("2022-01-01"), seen("2021-01-01"), seen("2021-06-01"))

    assert row.confirmed == day_of("2022-01-01")


# -- stays that nobody reported ---------------------------------------------------------------------------------------


def test_an_unreported_stay_begins_no_earlier_than_the_last_one_may_have_ended():
    """Left in 2021, or in 2015 before that, and seen in 2023."""
    *_, last = memberships(tenure("2010/2015"), tenure("2018/2021"), seen("2023-01-01"))

    assert bounds(last)[:2] == days("2021-01-01", "2023-01-01", "", "")[:2]
    assert (last.end, last.end_max) == ("", FOREVER)


def test_an_unreported_stay_ends_no_later_than_the_next_one_may_have_begun():
    """Seen in May 2018; joined in 2020, and again in 2022."""
    first, *_ = memberships(seen("2018-05-01"), tenure("2020/2021"), tenure("2022/"))

    assert bounds(first)[2:] == days("", "", "2018-05-01", "2020-12-31")[2:]
    assert span(first) == ("[..2018-05-01]", "[2018-05..2020-12]")


def test_an_unreported_stay_without_a_bound_still_ends_before_the_next_one():
    """Seen some day until 2018; joined in 2020."""
    first, _ = memberships(seen("[..2018]"), arrival("2020"))

    assert span(first) == ("[..2018]", "[..2020]")


def test_a_sighting_after_a_known_stay_is_not_about_an_unreported_one_before_it():
    """Seen in 2016, there from 2020 to 2021, and seen in 2023: three stays, and the first was over by 2020."""
    first, second, third = memberships(seen("2016"), arrival("2020"), departure("2021"), seen("2023"))

    assert (first.start, second.start, third.start) == ("[..2016]", "2020", "[2021..2023]")
    assert first.confirmed < first.end_max < third.confirmed


def test_an_unreported_stay_confirmed_twice_is_one():
    first, second = memberships(departure("2020-01-01"), seen("2022-01-01"), seen("2023-01-01"))

    assert first.end == "2020-01-01"
    assert bounds(second)[:3] == days("2020-01-01", "2022-01-01", "2023-01-01", "")[:3]


def test_a_sighting_in_a_post_tells_of_no_unreported_stay():
    """Who is seen in a post is listed by the post."""
    assert len(memberships(departure("2020-01-01"), seen("2022-01-01", post="head"))) == 1


def test_an_absence_tells_of_no_stay():
    assert len(memberships(departure("2020-01-01"), absent("2022-01-01"))) == 1


def test_an_absence_within_a_stay_without_a_reported_end_is_a_contradiction():
    (row,) = memberships(tenure("2015/"), seen("2022-01-01"), absent("2020-01-01"))

    assert (row.end, row.disputed) == ("", True)
