"""Absences: what it says of a stay that somebody was not there on a day, on every boundary day."""

import pytest

from tests.projections.facts import absent, arrival, bounds, days, departure, membership, seen, span, tenure


@pytest.mark.parametrize(
    ("absence", "start_min"),
    [
        ("2020-01-01", "2020-01-02"),
        ("2020-03-31", "2020-04-01"),
        ("2020-03", "2020-03-02"),
        ("2020-12-30", "2020-12-31"),
    ],
)
def test_who_was_seen_later_had_not_arrived_yet(absence, start_min):
    """Joined in 2020 and there in 2021: the join came after the absence, of a month after its first day."""
    row = membership(arrival("2020"), absent(absence), seen("2021-01-01"))

    assert bounds(row)[:2] == days(start_min, "2020-12-31", "", "")[:2]
    assert not row.disputed


def test_who_left_later_had_not_arrived_yet():
    """Nobody saw her, but she left in 2022."""
    row = membership(arrival("2020"), absent("2020-03-31"), departure("2022-01-01"))

    assert bounds(row) == days("2020-04-01", "2020-12-31", "2022-01-01", "2022-01-01")
    assert row.start == "[2020-04..2020-12]"


@pytest.mark.parametrize("left", ["2020", "[2020-03-31..2021-05-01]"])
def test_who_may_have_left_before_the_absence_tells_nothing_by_it(left):
    """She may have joined and left by then."""
    row = membership(arrival("2020"), departure(left), absent("2020-03-31"))

    assert bounds(row) == bounds(membership(arrival("2020"), departure(left)))
    assert not row.disputed


def test_who_must_have_arrived_by_the_day_contradicts_the_absence():
    """Joined in 2020: on 31 December she was there, whichever day it was."""
    row = membership(arrival("2020"), absent("2020-12-31"), seen("2021-01-01"))

    assert row.disputed
    assert bounds(row)[:2] == days("2020-01-01", "2020-12-31", "", "")[:2]


@pytest.mark.parametrize(("day", "disputed"), [("2020-01-01", True), ("2020-01-02", False)])
def test_the_first_day_is_a_day_of_presence(day, disputed):
    """Joined on 1 January 2020: an absence on that day contradicts it, one on the next day says that she left."""
    row = membership(arrival("2020-01-01"), absent(day))

    assert row.disputed is disputed
    assert (row.end == "") is disputed


@pytest.mark.parametrize(("day", "disputed"), [("2021-12-31", True), ("2022-01-01", True), ("2022-01-02", False)])
def test_an_absence_up_to_the_last_sighting_is_a_contradiction(day, disputed):
    """Joined in 2020 and seen on 1 January 2022: she had not left by then."""
    row = membership(arrival("2020-01-01"), seen("2022-01-01"), absent(day))

    assert row.disputed is disputed
    assert bounds(row)[2:] == days("", "", "2022-01-01", "" if disputed else "2022-01-01")[2:]


def test_who_is_gone_may_have_left_on_any_day_since_arriving():
    """Joined in 2020, gone on 1 January 2022, never seen: she may have left in January 2020."""
    row = membership(arrival("2020"), absent("2022-01-01"))

    assert bounds(row) == days("2020-01-01", "2020-12-31", "2020-01-01", "2021-12-31")
    assert row.end == "[2020..2021]"


@pytest.mark.parametrize(
    ("day", "end_max", "disputed"),
    [
        ("2024-01-01", "2024-12-31", True),  # until then she was there
        ("2024-01-02", "2024-01-01", False),
        ("2024-12-31", "2024-12-30", False),
        ("2025-01-01", "2024-12-31", False),  # she had left anyway
    ],
)
def test_an_absence_within_the_days_of_leaving_ends_them(day, end_max, disputed):
    row = membership(arrival("2020-01-01"), departure("2024"), absent(day))

    assert bounds(row)[2:] == days("", "", "2024-01-01", end_max)[2:]
    assert row.disputed is disputed


def test_an_absence_says_nothing_while_the_arrival_is_still_open():
    """Joined in June 2020 and left in 2020; not there on 30 June: not yet, or no more."""
    row = membership(arrival("2020-06"), departure("2020"), absent("2020-06-30"))

    assert bounds(row) == days("2020-06-01", "2020-06-30", "2020-06-01", "2020-12-31")
    assert not row.disputed


def test_an_absence_contradicts_a_stay_that_is_stated_to_go_on():
    """A register has her since 2015, and says that it goes on; she was not there in 2020."""
    row = membership(tenure("2015/.."), absent("2020-01-01"))

    assert (row.end, row.disputed) == ("..", True)


@pytest.mark.parametrize(
    ("told", "start", "end"),
    [
        ((arrival("2020-05-04"), absent("[2021..]")), "2020-05-04", "[2020-05-04..]"),
        ((arrival("2020-05-04"), absent("2021/..")), "2020-05-04", "[2020-05-04..]"),
        ((arrival("2020-05-04"), departure("[2021..]"), absent("[2022..]")), "2020-05-04", "[2021..]"),
        ((departure("2024-05-04"), absent("[..2019]")), "[..2024-05-04]", "2024-05-04"),
        ((arrival("[..2020]"), absent("[..2019]"), seen("2022")), "[..2020]", ""),
    ],
)
def test_an_absence_without_a_bound_leaves_that_bound_open(told, start, end):
    """Not there on some day after 2020, or before: no day beyond the calendar comes of it."""
    assert span(membership(*told)) == (start, end)
