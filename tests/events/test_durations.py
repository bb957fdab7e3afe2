"""Lengths of service, and the start that follows from one."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dates import FOREVER, NEVER, iso
from events.dates import parse as date
from events.durations import Duration, DurationError, implied_start, parse
from events.errors import TimelineError


@pytest.mark.parametrize(
    ("text", "counts", "words"),
    [
        ("P6Y7M", (6, 7, 0), "6 years 7 months"),
        ("P5Y", (5, 0, 0), "5 years"),
        ("P1Y", (1, 0, 0), "1 year"),
        ("P3M", (0, 3, 0), "3 months"),
        ("P18M", (0, 18, 0), "18 months"),
        ("P10D", (0, 0, 10), "10 days"),
        ("P1Y1M1D", (1, 1, 1), "1 year 1 month 1 day"),
        ("P1Y10D", (1, 0, 10), "1 year 10 days"),
        ("P2W", (0, 0, 14), "2 weeks"),
        ("P0D", (0, 0, 0), "0 days"),
    ],
)
def test_a_duration_is_read_and_said(text, counts, words):
    """Years, months and days, or weeks, which count as days."""
    duration = parse(text)

    assert (duration.years, duration.months, duration.days) == counts
    assert duration.words() == words
    assert duration.text == text


@pytest.mark.parametrize(("text", "canonical"), [("P0Y7M", "P7M"), ("P06Y", "P6Y"), ("P0W", "P0W"), ("P0Y0M", "P0D")])
def test_zeros_that_say_nothing_are_dropped(text, canonical):
    """Two texts that differ in a zero are one duration."""
    assert parse(text).text == canonical


def test_twelve_months_are_not_one_year():
    """Who counts months rounds to months; the text keeps what the source said."""
    assert parse("P12M") != parse("P1Y")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT5H",
        "P1YT5H",
        "P1Y2W",
        "P1M2Y",
        "p5y",
        "5Y",
        "P1.5Y",
        "-P5Y",
        "P-5Y",
        "P6Y7M ",
        "P\uff16Y",
        "P5Y\n",
        "P999999Y",
        "P5",
        "PY",
        "P6Y7",
        "five years",
        "P" + "1" * 500 + "Y",
        "P5Y5Y",
    ],
)
def test_what_is_no_duration_is_refused(text):
    """Strict ISO 8601, without a time of day."""
    with pytest.raises(DurationError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("6 years 7 months", "P6Y7M"),
        ("6 years, 7 months", "P6Y7M"),
        ("6 years and 7 months", "P6Y7M"),
        ("1 year", "P1Y"),
        ("3 months", "P3M"),
        ("2 weeks", "P2W"),
        ("10 days", "P10D"),
        ("6 yrs 7 mos", "P6Y7M"),
        ("6Y7M", "P6Y7M"),
        ("p5y", "P5Y"),
        (" P5Y ", "P5Y"),
    ],
)
def test_words_are_told_what_to_write(text, instead):
    """Profile pages give words."""
    with pytest.raises(DurationError) as caught:
        parse(text)

    assert caught.value.hint == instead
    assert parse(instead).text


def test_a_duration_error_says_what_is_wrong():
    """A user can put it right."""
    with pytest.raises(TimelineError) as caught:
        parse("P1Y2W")

    assert str(caught.value) == "'P1Y2W' is not a duration: weeks stand alone"


@given(st.one_of(st.text(max_size=30), st.text(alphabet="P0123456789YMWDT yearsmonthd", max_size=50)))
def test_any_text_is_a_duration_or_a_duration_error(text):
    """And the hint, if there is one, can be followed."""
    try:
        duration = parse(text)
    except DurationError as error:
        duration = parse(error.hint or "P0D")
    assert parse(duration.text) == duration


@pytest.mark.parametrize("value", [None, 5, b"P5Y", ["P5Y"]])
def test_only_text_can_be_parsed(value):
    """Anything else is a bug of the caller."""
    with pytest.raises(TypeError):
        parse(value)


def test_a_duration_cannot_be_changed():
    """It stands in frozen events."""
    duration = parse("P5Y")

    with pytest.raises(AttributeError, match="immutable"):
        duration.years = 6
    with pytest.raises(AttributeError, match="immutable"):
        del duration.years


def test_a_duration_survives_copying_and_pickling():
    """Folds run in other processes."""
    duration = parse("P6Y7M")

    assert pickle.loads(pickle.dumps(duration)) == copy.deepcopy(duration) == duration
    assert hash(duration) == hash(parse("P6Y7M"))
    assert duration != "P6Y7M"


@pytest.mark.parametrize(
    ("leaving", "service", "earliest", "latest"),
    [
        ("2025-02", "P6Y7M", "2018-06-01", "2018-08-31"),
        ("2025-02-14", "P6Y7M", "2018-06-01", "2018-08-31"),
        ("2025-03-31", "P1M", "2025-01-01", "2025-03-31"),
        ("2025-02~", "P5Y", "2019-12-01", "2020-04-30"),
        ("2025", "P5Y", "2019-12-01", "2021-01-31"),
        ("2025-02", "P2W", "2024-12-01", "2025-02-28"),
        ("2025-02-01/2025-05", "P5Y", "2020-01-01", "2020-06-30"),
    ],
)
def test_a_length_of_service_implies_a_start(leaving, service, earliest, latest):
    """The month of leaving minus the duration, one month wider on each side."""
    start, end = implied_start(date(leaving), parse(service))

    assert (iso(start), iso(end)) == (earliest, latest)


def test_an_unknown_leaving_implies_nothing_on_that_side():
    """Left by May 2020 after five years: they may have started at any time before."""
    start, end = implied_start(date("[..2020-05]"), parse("P5Y"))

    assert (start, iso(end)) == (NEVER, "2015-06-30")
    assert implied_start(date("2020-05/"), parse("P5Y"))[1] == FOREVER


@given(
    st.dates().map(lambda day: date(day.isoformat())),
    st.builds("P{}Y{}M{}D".format, st.integers(0, 90), st.integers(0, 40), st.integers(0, 90)).map(parse),
)
def test_the_implied_start_is_a_span_that_ends_before_the_leaving(leaving, service):
    """Nobody starts after leaving."""
    start, end = implied_start(leaving, service)

    assert start <= end <= leaving.latest
    assert end - start <= 31 * 5
    assert isinstance(service, Duration)
