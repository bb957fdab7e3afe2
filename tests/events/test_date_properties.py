"""What holds for all dates, whatever is written."""

import datetime
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from events.dates import (
    FOREVER,
    NEVER,
    Date,
    DateError,
    add_months,
    civil,
    day_number,
    days_in_month,
    exact,
    iso,
    month_bounds,
    parse,
)

SIGN = st.sampled_from(["", "", "", "?", "~", "%"])
DIGITS = "0123456789"


def masked(low: int, high: int, width: int) -> st.SearchStrategy[str]:
    """A number with some digits left open."""

    def mask(number: int, opened: list[bool]) -> str:
        pairs = zip(f"{number:0{width}d}", opened, strict=True)
        return "".join("X" if is_open else digit for digit, is_open in pairs)

    flags = st.lists(st.sampled_from([False, False, True]), min_size=width, max_size=width)
    return st.builds(mask, st.integers(low, high), flags)


YEAR = st.builds("".join, st.tuples(st.sampled_from(["", "", "", "-"]), masked(0, 9999, 4)))
MONTH, DAY = masked(1, 12, 2), masked(1, 31, 2)


def joined(*parts: str) -> str:
    return "".join(parts)


PATTERN = st.one_of(
    st.builds(joined, SIGN, YEAR, SIGN),
    st.builds(joined, SIGN, YEAR, SIGN, st.just("-"), SIGN, MONTH, SIGN),
    st.builds(joined, SIGN, YEAR, SIGN, st.just("-"), SIGN, MONTH, SIGN, st.just("-"), SIGN, DAY, SIGN),
)
SINGLE = st.one_of(
    PATTERN,
    st.builds("{:04d}-{:02d}{}".format, st.integers(0, 9999), st.integers(21, 41), SIGN),
    st.builds("Y{}{}".format, st.integers(10_000, 10**15), SIGN),
    st.builds("Y-{}E{}".format, st.integers(10_000, 99_999), st.integers(0, 10)),
    st.builds("Y{}S{}".format, st.integers(10_000, 10**15), st.integers(1, 6)),
    st.builds("{:04d}S{}{}".format, st.integers(0, 9999), st.integers(1, 4), SIGN),
)
SIDE = st.one_of(SINGLE, st.sampled_from(["", ".."]))
INTERVAL = st.builds("{}/{}".format, SIDE, SIDE)
MEMBERS = st.lists(st.one_of(SINGLE, st.builds("{}..{}".format, SINGLE, SINGLE)), min_size=1, max_size=4)
SET = st.builds(
    lambda brackets, before, members, after: brackets[0] + before + ",".join(members) + after + brackets[1],
    st.sampled_from(["[]", "{}"]),
    st.sampled_from(["", ".."]),
    MEMBERS,
    st.sampled_from(["", ".."]),
)
TEXT = st.one_of(SINGLE, INTERVAL, SET)
NOISE = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789XYEST-/.,[]{}?~%:Z+ uxq", max_size=30),
    st.text(alphabet="0123456789 -/.:'cafbyjunemrlotsidpgwh~?", max_size=60),
)


def date_or_none(text: str) -> Date | None:
    try:
        return parse(text)
    except DateError:
        return None


@st.composite
def dates(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXT) -> Date:
    """A date, drawn as a text that may be refused for days that never were."""
    date = date_or_none(draw(texts))
    assume(date is not None)
    assert date is not None
    return date


@given(NOISE)
@example("Y1E999999999")
@example("1 - " * 50)
@example("0" * 200)
@example("c c c c c c c 1")
def test_any_text_is_a_date_or_a_date_error(text):
    """Never another exception, so that importing a bad file ends in a message."""
    date = date_or_none(text)

    assert date is None or parse(date.text) == date


@given(NOISE)
@example("{ {}")
@example("{0 }")
def test_what_an_error_offers_is_a_date(text):
    """Whoever follows the hint is not refused again."""
    try:
        parse(text)
    except DateError as error:
        offered = error.hint.split(" ")[0]
        if offered[:1] in set("[{-Y./" + DIGITS):
            assert parse(offered).text


@given(dates())
def test_the_canonical_text_is_a_fixed_point(date):
    """Storing a date and reading it back changes nothing."""
    again = parse(date.text)

    assert again == date
    assert again.text == date.text
    assert (again.earliest, again.latest) == (date.earliest, date.latest)
    assert (again.earliest_reading, again.latest_reading) == (date.earliest_reading, date.latest_reading)
    assert (again.uncertain, again.approximate) == (date.uncertain, date.approximate)


@given(dates())
def test_the_bounds_lie_within_the_readings(date):
    """Doubt only widens, and the earliest day never comes after the latest."""
    assert NEVER <= date.earliest_reading <= date.earliest
    assert date.earliest <= date.latest or date.is_interval
    assert date.latest <= date.latest_reading <= FOREVER


@given(dates(INTERVAL))
def test_the_bounds_of_an_interval_come_from_its_sides(date):
    """The start gives the earliest day, the end the latest."""
    assert date.earliest == (date.start.earliest if date.start else NEVER)
    assert date.latest == (date.end.latest if date.end else FOREVER)
    assert date.earliest_reading == (date.start.earliest_reading if date.start else NEVER)
    assert date.latest_reading == (date.end.latest_reading if date.end else FOREVER)
    assert date.earliest <= date.latest


@given(dates(SET))
def test_the_bounds_of_a_set_hold_all_its_members(date):
    """One of them, or all: none lies outside."""
    members = [member for pair in date.parts for member in pair if member is not None]

    assert all(date.earliest <= member.earliest and member.latest <= date.latest for member in members)


@given(dates(PATTERN), st.data())
def test_every_day_of_a_pattern_lies_within_its_bounds(date, data):
    """Fill in the open digits in any way that gives a day that exists."""
    plain = re.sub("[?~%]", "", date.text)
    filled = re.sub("X", lambda _: data.draw(st.sampled_from(DIGITS)), plain)
    day = date_or_none(filled)
    assume(day is not None and (len(filled.lstrip("-")) != 7 or int(filled[-2:]) <= 12))
    assert day is not None

    assert date.earliest <= day.earliest
    assert day.latest <= date.latest


@given(dates(PATTERN))
@example(parse("-00X0"))
def test_the_bounds_of_a_pattern_fit_it(date):
    """The earliest and the latest day are days that the pattern allows, not just limits."""
    pattern = re.sub("[?~%]", "", date.text).replace("X", "[0-9]")

    assert re.match(pattern, iso(date.earliest))
    assert re.match(pattern, iso(date.latest))


@given(dates(), dates(), dates())
def test_the_order_is_total_and_agrees_with_equality(a, b, c):
    """Sorting gives one result, whatever the order it starts from."""
    assert (a < b) + (a == b) + (a > b) == 1
    assert (a <= b) == (a < b or a == b)
    assert (a >= b) == (b <= a)
    assert not (a < b and b < c) or a < c
    assert a != b or hash(a) == hash(b)


@given(dates())
def test_words_fit_a_line_and_show_doubt(date):
    """A reader of a table sees that a date is in doubt."""
    words = date.words()

    assert words == words.strip()
    assert "\n" not in words
    assert not date.approximate or "c. " in words
    assert not date.uncertain or "?" in words


@given(st.dates())
def test_day_numbers_are_those_of_datetime(date):
    """Where datetime has a day, the numbers agree."""
    assert day_number(date.year, date.month, date.day) == date.toordinal()
    assert civil(date.toordinal()) == (date.year, date.month, date.day)
    assert iso(date.toordinal()) == date.isoformat()
    assert parse(date.isoformat()).earliest == date.toordinal()


@given(st.integers(-(10**17), 10**17))
def test_civil_and_day_number_are_inverse(day):
    """Also some hundred million million years away."""
    assert day_number(*civil(day)) == day


@given(st.integers(-(10**15), 10**15))
def test_a_year_follows_the_year_before(year):
    """No day is missing or counted twice between two years."""
    assert day_number(year, 12, 31) + 1 == day_number(year + 1, 1, 1)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    assert day_number(year + 1, 1, 1) - day_number(year, 1, 1) == 365 + leap


@given(st.integers(day_number(-9999, 1, 1), day_number(9999, 12, 31)))
def test_exact_is_the_inverse_of_earliest(day):
    """Each day of the years that EDTF writes with four digits has its date."""
    date = exact(day)

    assert date.earliest == date.latest == day
    assert date.text == iso(day)


@given(st.integers(-(10**10), 10**10), st.integers(-50_000, 50_000))
def test_adding_months_lands_in_the_right_month(day, months):
    """The day of the month stays, or becomes the last one."""
    year, month, dom = civil(day)
    moved_year, moved_month, moved_dom = civil(add_months(day, months))

    assert (moved_year * 12 + moved_month) - (year * 12 + month) == months
    assert moved_dom == min(dom, days_in_month(moved_year, moved_month))


@given(st.integers(-(10**6), 10**6), st.integers(1, 12))
def test_a_month_is_as_long_as_its_bounds(year, month):
    """First and last day are both in it, and the day after is not."""
    first, last = month_bounds(year, month)

    assert civil(first) == (year, month, 1)
    assert last - first + 1 == days_in_month(year, month)
    assert civil(last + 1)[2] == 1


def test_adding_months_to_no_bound_leaves_it():
    """Nobody leaves forever by a year."""
    assert add_months(NEVER, 5) == NEVER
    assert add_months(FOREVER, -5) == FOREVER


@pytest.mark.parametrize("day", [NEVER, FOREVER])
def test_a_missing_bound_is_no_day(day):
    """Printing one would be a bug: it must be shown as open."""
    with pytest.raises(ValueError, match="no days"):
        iso(day)


@pytest.mark.parametrize("month", [0, 13, -1])
def test_there_are_twelve_months(month):
    """A table must not be read from its other end."""
    with pytest.raises(ValueError, match="month"):
        days_in_month(2025, month)


def test_day_one_is_the_first_of_january_of_year_one():
    """The origin, and the year before it."""
    assert day_number(1, 1, 1) == datetime.date(1, 1, 1).toordinal() == 1
    assert iso(0) == "0000-12-31"
    assert iso(day_number(-44, 3, 15)) == "-0044-03-15"
    assert iso(day_number(170000002, 1, 1)) == "+170000002-01-01"
