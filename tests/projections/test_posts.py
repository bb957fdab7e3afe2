"""Posts: who heads what, and what follows for those before and after."""

import pytest

from events.dates import day_of
from projections.posts import keys
from tests.projections.facts import (
    appointed,
    arrival,
    bounds,
    days,
    departure,
    fact_of,
    happened,
    on,
    ranked,
    said,
    seen,
    span,
    tenure,
)


def stepped_down(date, person="ada", organization="acme", post="head", **fields):
    return happened("step-down", date, person=person, organization=organization, post=post, **fields)


def posts(*told, of=None):
    return [r for r in said(*told)["posts"] if of in (None, r.person)]


def test_a_post_is_held_from_the_appointment_to_the_step_down_both_days_counted():
    """Head from 1 May 2020 to 1 May 2023."""
    (row,) = posts(appointed("2020-05-01"), stepped_down("2023-05-01"))

    marks = [on(row, d) for d in ("2020-04-30", "2020-05-01", "2023-05-01", "2023-05-02")]
    assert marks == [None, "certain", "certain", None]


def test_a_step_down_leaves_the_membership_alone():
    """She is no longer head, and still there."""
    rows = said(arrival("2020"), appointed("2021"), stepped_down("2023"))

    assert (rows["posts"][0].end, rows["memberships"][0].end) == ("2023", "")


def test_an_appointment_implies_that_the_predecessor_held_it_until_then():
    """Bob took over from Ada in May 2023: nothing else was told of her."""
    (row,) = posts(appointed("2023-05", "bob", predecessor="ada"), of="ada")

    assert row.end == "2023-05"
    assert bounds(row)[2:] == days("", "", "2023-05-01", "2023-05-31")[2:]


def test_an_appointment_closes_the_post_of_the_predecessor():
    """Ada was head since 2020, Bob took over in May 2023."""
    (row,) = posts(appointed("2020"), appointed("2023-05", "bob", predecessor="ada"), of="ada")

    assert span(row) == ("2020", "2023-05")


@pytest.mark.parametrize("date", ["2023-03-01", "2023-08-01"])
def test_an_implied_end_yields_to_a_step_down(date):
    """Ada stepped down earlier, or later, than Bob took over: what was told of her counts, without contradiction."""
    told = appointed("2020"), stepped_down(date), appointed("2023-05", "bob", predecessor="ada")
    (row,) = posts(*told, of="ada")

    assert (row.end, row.disputed) == (date, False)


def test_a_step_down_implies_that_the_successor_took_over():
    """Ada stepped down in May 2023, and Bob followed."""
    (row,) = posts(appointed("2020"), stepped_down("2023-05", successor="bob"), of="bob")

    assert span(row) == ("2023-05", "")


def test_an_implied_start_yields_to_an_appointment():
    """Bob was appointed in June, though Ada stepped down in May."""
    (row,) = posts(stepped_down("2023-05-01", successor="bob"), appointed("2023-06-01", "bob"), of="bob")

    assert (row.start, row.disputed) == ("2023-06-01", False)


def test_a_departure_closes_every_post_there():
    """Who leaves is neither head nor chief scientist any more."""
    rows = posts(appointed("2020"), appointed("2021", post="chief scientist"), departure("2023-05-01"))

    assert [(r.post, r.end) for r in rows] == [("head", "2023-05-01"), ("chief scientist", "2023-05-01")]


def test_a_departure_from_elsewhere_closes_nothing_here():
    """She left Bell."""
    (row,) = posts(appointed("2020"), departure("2023", organization="bell"))

    assert row.end == ""


def test_a_departure_alone_is_about_no_post():
    """Nobody said that she held one."""
    assert posts(departure("2023")) == []


def test_a_departure_after_the_step_down_moves_nothing():
    """Stepped down in 2022, left in 2023."""
    (row,) = posts(appointed("2020"), stepped_down("2022"), departure("2023"))

    assert (row.end, row.disputed) == ("2022", False)


def test_an_arrival_with_a_post_starts_it():
    """She joined as head."""
    (row,) = posts(arrival("2020-05-01", post="head"))

    assert (row.person, row.organization, row.post, row.start) == ("ada", "acme", "head", "2020-05-01")


def test_an_arrival_without_a_post_starts_none():
    """She joined."""
    assert posts(arrival("2020", role="engineer")) == []


def test_a_tenure_with_a_post_states_both_sides():
    """A register has her as head from 2015 to 2020."""
    (row,) = posts(tenure("2015/2020", post="head"))

    assert span(row) == ("2015", "2020")


def test_a_departure_closes_a_post_of_a_tenure_without_end():
    """A register has her as head since 2015; she left in May 2020."""
    (row,) = posts(tenure("2015/", post="head"), departure("2020-05-01"))

    assert span(row) == ("2015", "2020-05-01")


def test_a_departure_contradicts_a_tenure_that_goes_on():
    """A register has her as head from 2015 on; she left in May 2020."""
    (row,) = posts(tenure("2015/..", post="head"), departure("2020-05-01"))

    assert (row.end, row.disputed) == ("2020-05-01", True)


def test_a_departure_closes_a_post_that_only_a_sighting_tells_of():
    """Seen as head in 2019, left in May 2020: not head since, and possibly until then."""
    (row,) = posts(seen("2019-05-01", post="head"), departure("2020-05-01"))

    assert [on(row, d) for d in ("2020-05-01", "2020-05-02")] == ["certain", None]


def test_a_departure_before_a_sighting_closes_nothing():
    """Left in 2018, seen as head in 2019: she must have come back."""
    (row,) = posts(departure("2018-05-01"), seen("2019-05-01", post="head"))

    assert row.end == ""


def test_a_departure_before_a_tenure_is_another_story():
    """She left in 2010, and has been head since 2015."""
    (row,) = posts(departure("2010-05-01"), tenure("2015/", post="head"))

    assert span(row) == ("2015", "")


def test_a_sighting_with_a_post_confirms_it():
    """Still head on 26 May 2025; the next day nobody knows."""
    (row,) = posts(appointed("2020-05-01"), seen("2025-05-26", post="head"))

    assert row.confirmed == day_of("2025-05-26")
    assert [on(row, d) for d in ("2025-05-26", "2025-05-27")] == ["certain", "unconfirmed"]


def test_a_sighting_in_another_post_confirms_nothing():
    """Seen as chief scientist."""
    row, other = posts(appointed("2020-05-01"), seen("2025-05-26", post="chief scientist"))[::1]

    by_post = {r.post: r for r in (row, other)}
    assert on(by_post["head"], "2025-05-26") == "unconfirmed"
    assert on(by_post["chief scientist"], "2025-05-26") == "certain"


def test_a_deprecated_appointment_gives_nobody_the_post_and_takes_it_from_nobody():
    """The report was wrong: Ada is still head."""
    rows = posts(appointed("2020"), ranked(appointed("2023", "bob", predecessor="ada"), "deprecated"))

    assert [(r.person, r.end) for r in rows] == [("ada", "")]


def test_what_says_nothing_of_posts_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="Layoff says nothing about a post"):
        keys(fact_of(happened("layoff", "2022", organization="acme")))
