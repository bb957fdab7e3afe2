"""A second opinion: the `edtf` package, on the forms where it is right."""

import pytest
from edtf import parse_edtf
from hypothesis import given, settings
from hypothesis import strategies as st

from events.dates import FOREVER, NEVER, DateError, civil, iso, parse

# The package takes milliseconds for a date, so it is asked about fewer examples.
FEW = settings(max_examples=60)

DAY = st.dates().map(lambda day: day.isoformat())
MONTH = st.builds("{:04d}-{:02d}".format, st.integers(1, 9999), st.integers(1, 12))
YEAR = st.integers(1, 9999).map("{:04d}".format)
PLAIN = st.one_of(DAY, MONTH, YEAR)

# Where the two differ, and why ours is right.
DISAGREEMENTS = {
    "1985/": ("1985-01-01", "FOREVER", "it makes an unknown end 10 years after the start"),
    "/1985": ("NEVER", "1985-12-31", "it makes an unknown start 10 years before the end"),
    "2001-24": ("2001-12-01", "2002-02-28", "it ends winter with the year"),
    "198X-02-29": ("1980-02-29", "1988-02-29", "it takes the last year of the decade, 1989, which was no leap year"),
    "1950S2": ("1900-01-01", "1999-12-31", "it reads the estimate as the only year, the specification as a precision"),
}


def ours(text: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    date = parse(text)
    return civil(date.earliest), civil(date.latest)


def theirs(text: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    date = parse_edtf(text)
    return tuple(date.lower_strict()[:3]), tuple(date.upper_strict()[:3])


def shown(day: int) -> str:
    return {NEVER: "NEVER", FOREVER: "FOREVER"}.get(day) or iso(day)


@FEW
@given(PLAIN)
def test_plain_dates_agree(text):
    """Level 0: a day, a month, a year."""
    assert ours(text) == theirs(text)


@FEW
@given(PLAIN, st.sampled_from("?~%"))
def test_dates_in_doubt_agree(text, sign):
    """Level 1: a sign at the end leaves the strict bounds alone."""
    assert ours(text + sign) == theirs(text + sign)


@FEW
@given(PLAIN, PLAIN)
def test_intervals_agree(start, end):
    """Level 0: from one date to another, in this order."""
    start, end = sorted([start, end], key=lambda text: ours(text)[0])

    assert ours(f"{start}/{end}") == theirs(f"{start}/{end}")


@FEW
@given(st.integers(100, 999), st.sampled_from(["X", "XX", "-XX", "-XX-XX", "-MM-XX"]), st.integers(1, 12))
def test_digits_left_open_from_the_right_agree(start, rest, month):
    """Level 1: decades, centuries, some month, some day."""
    digits = {"X": f"{start}", "XX": f"{start // 10}"}.get(rest) or f"{start}5"
    text = digits + rest.replace("MM", f"{month:02d}")

    assert ours(text) == theirs(text)


@FEW
@given(st.dates(), st.times(), st.sampled_from(["", "Z", "+04", "-05", "+04:30"]))
def test_dates_with_a_time_agree(day, time, zone):
    """Level 0: the calendar day as written."""
    text = f"{day}T{time:%H:%M:%S}{zone}"

    assert ours(text) == theirs(text)


@pytest.mark.parametrize(
    "text",
    [
        "-1985",
        "Y170000002",
        "Y-170000002",
        "-01XX",
        "2001-21",
        "2001-22",
        "2001-23",
        "2001-33",
        "2001-36",
        "2001-37",
        "2001-40",
        "156X-12-25",
        "XXXX-12-XX",
        "[1667,1668]",
        "{1960,1961-12}",
        "2004-06~-11",
        "2004-06-~01/2004-06-~20",
    ],
)
def test_other_forms_agree(text):
    """Long and negative years, parts of a year, patterns, sets."""
    assert ours(text) == theirs(text)


@pytest.mark.parametrize(("text", "expected"), DISAGREEMENTS.items())
def test_known_disagreements_still_stand(text, expected):
    """When the package is put right, this fails, and the form can move to those that agree."""
    earliest, latest, _why = expected
    date = parse(text)
    other = parse_edtf(text)

    assert (shown(date.earliest), shown(date.latest)) == (earliest, latest)
    other_bounds = [f"{year:04d}-{month:02d}-{day:02d}" for year, month, day in theirs(text)]
    assert other_bounds != [earliest, latest], other


@pytest.mark.parametrize("text", ["1985-02-29", "2008/2004"])
def test_it_accepts_what_never_was(text):
    """29 February 1985, and an interval that runs backwards: refused here."""
    assert parse_edtf(text) is not None
    with pytest.raises(DateError):
        parse(text)


def test_it_fails_on_a_month_with_one_open_digit(capsys):
    """It also prints a line while it fails."""
    with pytest.raises(AttributeError):
        parse_edtf("1984-1X")
    assert capsys.readouterr().out
    assert ours("1984-1X") == ((1984, 10, 1), (1984, 12, 31))
