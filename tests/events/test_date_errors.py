"""What a wrong date is told: the reason, and what to write instead."""

import pickle

import pytest

from events.dates import DateError, day_of, parse
from events.errors import TimelineError

# What people write, and the EDTF that the error offers.
USUAL_MISTAKES = {
    "early 2023": "2023-37",
    "mid-2023": "2023-38",
    "Late 2023": "2023-39",
    "end of 2024": "2024-39",
    "Q1 2026": "2026-33",
    "2026-Q1": "2026-33",
    "2026Q1": "2026-33",
    "Q4/2024": "2024-36",
    "first quarter of 2025": "2025-33",
    "H1 2025": "2025-40",
    "2025-H2": "2025-41",
    "second half of 2025": "2025-41",
    "spring 2023": "2023-21",
    "fall of 2024": "2024-23",
    "winter 2023": "2023-24",
    "February 2025": "2025-02",
    "Feb 2025": "2025-02",
    "Sept. 2025": "2025-09",
    "26 May 2025": "2025-05-26",
    "May 26, 2025": "2025-05-26",
    "May 26th 2025": "2025-05-26",
    "Monday, 26 May 2025": "2025-05-26",
    "mid-May 2025": "2025-05",
    "2025/02": "2025-02",
    "2025/02/26": "2025-02-26",
    "2025.02.26": "2025-02-26",
    "2025-5": "2025-05",
    "2025-5-3": "2025-05-03",
    "05/26/2025": "2025-05-26",
    "26.05.2025": "2025-05-26",
    "20250526": "2025-05-26",
    "2025-146": "2025-05-26",
    "2025-W05": "[2025-01-27..2025-02-02]",
    "2025-W05-3": "2025-01-29",
    "c. 2017": "2017~",
    "circa 2017": "2017~",
    "around 2017": "2017~",
    "about 2017": "2017~",
    "about May 2017": "2017-05~",
    "probably 2017": "2017?",
    "2010s": "201X",
    "the 1990s": "199X",
    "early 1990s": "199X",
    "19th century": "18XX",
    "44 BC": "-0043",
    "2008/2004": "2004/2008",
    "2015/present": "2015/..",
    "2015-present": "2015/..",
    "since 2015": "2015/..",
    "until 2015": "../2015",
    "before May 2015": "[..2015-05]",
    "after 2015": "[2015..]",
    "2015-2020": "2015/2020",
    "2015–2020": "2015/2020",
    "2015-20": "2015/2020",
    "2015 to 2020": "2015/2020",
    "Feb 2015 - May 2020": "2015-02/2020-05",
    "Feb 2015/May 2020": "2015-02/2020-05",
    "between 2015 and 2020": "[2015..2020]",
    "2015 or 2016": "[2015,2016]",
    "[2015, 2016]": "[2015,2016]",
    "2004-06-uu": "2004-06-XX",
    "199u": "199X",
    "1984?~": "1984%",
    "2004-06-11~?": "2004-06-11%",
    "unknown/2004": "/2004",
    "2004/unknown": "2004/",
    "2004/open": "2004/..",
    "y17e8": "Y17E8",
    "y171010000p3": "Y171010000S3",
    "201x": "201X",
    "1985-04-12t23:20:30z": "1985-04-12T23:20:30Z",
    "1985-04-12 23:20:30": "1985-04-12T23:20:30",
    "1985-04-12T23:20": "1985-04-12T23:20:00",
    "1985-04-12T23:20:30.123Z": "1985-04-12T23:20:30Z",
    "1985-04-12T23:20:30+0430": "1985-04-12T23:20:30+04:30",
    "1985-04-12T24:00:00": "1985-04-13T00:00:00",
    "12345": "Y12345",
    "Y2025": "2025",
    "+2025": "2025",
    "-0000": "0000",
    "800": "0800",
    " 2025-05 ": "2025-05",
    "2017 ~": "2017~",
    "\uff12\uff10\uff12\uff15": "2025",
}

# What no better text can be offered for, and the reason that is given.
NO_BETTER_TEXT = {
    "2023-02-30": "February 2023 has 28 days",
    "30 February 2023": "February 2023 has 28 days",
    "2025-04-31": "April 2025 has 30 days",
    "19X1-02-29": "no February that fits has a day 29",
    "2025-02-30/..": "its start '2025-02-30': February 2025 has 28 days",
    "2025-13": "there is no month 13",
    "2025-42": "there is no month 42",
    "19XX-21": "21 is a part of one year",
    "05/06/2025": "which is the month cannot be told",
    "'98": "a year has four digits",
    "5/26/25": "a year has four digits",
    "26 May": "it has no year",
    "winter": "it has no year",
    "now": "its meaning changes every day",
    "unknown": "it is no date",
    "2025W60": "2025 has no such week",
    "2025-366": "EDTF does not count the days of a year",
    "2025-000": "EDTF does not count the days of a year",
    "mayor 2025": "EDTF has no words",
    "hello": "EDTF has no words",
    "Y1E999999999": "years beyond 10 to the 15th",
    "2004-(06)~": "EDTF has no parentheses",
    "/": "one side of an interval must be a date",
    "": "it is empty",
}


def error_of(text: str) -> DateError:
    with pytest.raises(DateError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(("text", "instead"), USUAL_MISTAKES.items())
def test_a_usual_mistake_is_told_what_to_write(text, instead):
    """The hint starts with a text that is a date itself."""
    offered = error_of(text).hint.split()[0]

    assert offered == instead
    assert parse(offered).text


@pytest.mark.parametrize(("text", "reason"), NO_BETTER_TEXT.items())
def test_where_nothing_can_be_offered_the_reason_is_given(text, reason):
    """A wrong hint is worse than none."""
    assert reason in error_of(text).reason


def test_the_message_says_what_is_wrong_and_what_to_do():
    """It names the months, because few people know the code 37."""
    assert str(error_of("early 2023")) == (
        "'early 2023' is not an EDTF date: EDTF has no words; "
        "write 2023-37 (January–April 2023) and keep the words in date_text"
    )


def test_an_ambiguous_order_offers_both_readings():
    """5/6 is in May on one side of the ocean and in June on the other."""
    assert error_of("05/06/2025").hint == "2025-05-06 or 2025-06-05"


def test_a_date_error_is_one_that_a_user_can_put_right():
    """The command line catches the base class; libraries that know ValueError understand it too."""
    error = error_of("hello")

    assert isinstance(error, TimelineError)
    assert isinstance(error, ValueError)
    assert error.exit_status == 4


def test_a_long_text_is_refused_at_once_and_shortened():
    """Nobody wants a megabyte quoted back."""
    error = error_of("2025" * 1_000_000)

    assert len(error.text) == 60
    assert "200 characters" in error.reason
    assert len(str(error)) < 150


def test_control_characters_do_not_reach_the_terminal():
    """The message shows them escaped."""
    assert "\x1b" not in str(error_of("\x1b[31m2025"))


def test_an_error_survives_pickling():
    """Imports may parse in other processes."""
    error = error_of("early 2023")

    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_day_of_wants_a_plain_day():
    """Options such as --as-of name one day."""
    assert day_of("2025-05-26") == parse("2025-05-26").earliest


@pytest.mark.parametrize("text", ["2025-05", "2025", "2025-05-26~", "2025-05-26T10:00:00", "2025-05-XX", "Q1 2026", ""])
def test_day_of_refuses_every_other_form(text):
    """Also EDTF that is fine elsewhere."""
    with pytest.raises(DateError):
        day_of(text)


def test_day_of_offers_the_day_of_a_time():
    """What was meant is plain."""
    with pytest.raises(DateError, match="write 2025-05-26"):
        day_of("2025-05-26T10:00:00Z")
