"""What rows are made of: how sure their sources are, and the text of a stretch of days."""

import pytest

from events.dates import FOREVER, NEVER, day_number, parse
from projections.rows import edtf_between, strongest, weakest


@pytest.mark.parametrize(
    ("given", "strong", "weak"),
    [
        ((), "stated", "stated"),
        (("rumoured",), "rumoured", "rumoured"),
        (("rumoured", "reported", "derived"), "reported", "rumoured"),
        (("derived", "stated"), "stated", "derived"),
    ],
)
def test_sources_are_as_sure_as_the_surest_or_the_least_sure(given, strong, weak):
    """In the order stated, reported, derived, rumoured; where nobody puts it in any way, it is stated."""
    assert (strongest(given), weakest(given)) == (strong, weak)


@pytest.mark.parametrize(
    ("earliest", "latest", "text"),
    [
        ((2020, 3, 5), (2020, 3, 5), "2020-03-05"),
        ((2020, 1, 1), (2020, 1, 1), "2020-01-01"),
        ((2020, 12, 31), (2020, 12, 31), "2020-12-31"),
        ((2020, 3, 1), (2020, 3, 31), "2020-03"),
        ((2020, 1, 1), (2020, 12, 31), "2020"),
        ((2020, 1, 1), (2021, 12, 31), "[2020..2021]"),
        ((2020, 2, 2), (2021, 6, 30), "[2020-02-02..2021-06]"),
        ((2020, 1, 1), (2021, 6, 30), "[2020-01..2021-06]"),
        ((2020, 2, 1), (2021, 12, 31), "[2020-02..2021-12]"),
        ((2020, 1, 1), (2021, 6, 29), "[2020..2021-06-29]"),
        ((-44, 3, 1), (-43, 3, 31), "[-0044-03..-0043-03]"),
        ((-1, 2, 1), (0, 2, 29), "[-0001-02..0000-02]"),
        ((0, 1, 1), (1, 12, 31), "[0000..0001]"),
        ((800, 1, 1), (800, 12, 31), "0800"),
        ((9999, 2, 1), (9999, 3, 31), "[9999-02..9999-03]"),
        ((-9999, 2, 1), (-9999, 3, 31), "[-9999-02..-9999-03]"),
        ((9999, 1, 1), (10000, 6, 5), "[9999..Y10000]"),
        ((-10000, 6, 5), (-9999, 12, 31), "[Y-10000..-9999]"),
        ((10000, 2, 1), (10000, 3, 31), "Y10000"),
    ],
)
def test_the_text_of_a_stretch_is_its_shortest_date(earliest, latest, text):
    """A year, a month or a day where it is one, otherwise the first and the last; beyond four digits years alone."""
    assert edtf_between(day_number(*earliest), day_number(*latest)) == text
    assert parse(text).text == text


def test_a_stretch_may_have_one_bound_or_none():
    day = day_number(2020, 3, 5)

    assert edtf_between(NEVER, day) == "[..2020-03-05]"
    assert edtf_between(day, FOREVER) == "[2020-03-05..]"
    assert edtf_between(NEVER, FOREVER) == ""
