"""Every way in which a text is no date: the whole message of each stands in golden/date-refusals.txt.

`RENEW_GOLDEN=1 make test` writes that file again, to be read as a reader of the messages would.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from events.dates import GREATEST_YEAR, LONGEST_TEXT, Date, DateError, day_of, exact, parse

GOLDEN = Path(__file__).parent / "golden" / "date-refusals.txt"

REFUSED = (
    *("", " ", "abc", "20x5", "-0000", "-0000-01", "2025-13", "2025-02-30", "2025-00-01", "2025-02-00", "2025-42"),
    *(
        "Y-0000S1",
        "-0000S2",
        "Y-0",
        "Y0123",
        "Y2025",
        "Y-123",
        "Y1E16",
        "Y1E99",
        "Y1E100",
        "Y1E999999999",
        "Y17E15",
        "Y9E15",
    ),
    *(
        "Y11111111111111111",
        "Y1234567890123456",
        "Y12E14",
        "1950S0",
        "1950S5",
        "1950S99",
        "1950S100",
        "1950S101",
        "Y171010000S10",
    ),
    *("2004-01-01T24:00:00", "2004-01-01T10:60:00", "2004-01-01T10:10:60", "2004-01-01T23:59:60+01:00"),
    *("2004-01-01T10:10:10+24:00", "2004-01-01T10:10:10+05:60", "2004-01-01T10:10:10+24", "2004-01-01T10:10:10-00:00"),
    *(
        "2004-02-30T10:10:10",
        "2004/2005/2006",
        "/",
        "../..",
        "../",
        "2006/2004",
        "2004-02-01/2003",
        "2004/20x5",
        "20x4/2005",
    ),
    *(
        "2004-01-01T10:10:10/2005",
        "[2004]/2005",
        "{2004}/2005",
        "2004/[2005]",
        "2004/{2005}",
        "[2004-01-01T10:10:10,2005]",
    ),
    *(
        "[2004/2005]",
        "{2004/2005}",
        "[2004}",
        "{2004]",
        "[]",
        "[ ]",
        "{}",
        "[2004, 2005]",
        "[2004 ,2005]",
        "[2004",
        "[,]",
    ),
    *(
        "[2004,,2005]",
        "[..]",
        "[2004,..2005]",
        "[2004..,2005]",
        "[2005..2004]",
        "[2004..20x5]",
        "[20x4..2005]",
        "[20x4]",
    ),
    *(
        "[2004..2005..2006]",
        "2004-06-(01)~",
        "2004--06",
        "early 2023",
        "Q1 2026",
        "1985-04-12T23:20:30z",
        "9999999-01-01",
    ),
)


def message(text: str) -> str:
    """What somebody is told who wrote it."""
    with pytest.raises(DateError) as told:
        parse(text)
    assert told.value.text == text
    return f"{text!r}\n    {told.value.reason}\n    {told.value.hint}".rstrip()


def test_every_refusal_says_what_the_golden_file_says():
    """Reason and hint, word for word."""
    found = "\n".join(map(message, REFUSED)) + "\n"
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(found, "utf-8")

    assert found == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" X", "there are spaces around it"),
        ("s", "its letters are capitals: X Y E S T Z"),
        ("s/", "its start 's': its letters are capitals: X Y E S T Z"),
    ],
)
def test_what_has_no_form_even_when_put_right_is_told_its_own_mistake(text, reason):
    """Without its spaces it would still be no date; that is no better reason than the spaces."""
    with pytest.raises(DateError) as told:
        parse(text)

    assert (told.value.reason, told.value.hint) == (reason, "")


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("Y2020 ", "Y is only for years of more than four digits", "2020"),
        ("[c. ]", "a set is written without spaces", ""),
    ],
)
def test_what_is_no_date_when_put_right_may_be_put_right_again(text, reason, hint):
    """Twice and no more; where that leads to no date either, nothing is offered."""
    with pytest.raises(DateError) as told:
        parse(text)

    assert (told.value.text, told.value.reason, told.value.hint) == (text, reason, hint)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Y2020?", "2020?"),
        ("~Y-20", "~-0020"),
        ("Y2020S2", "2020S2"),
        ("Y20S1", "0020S3"),
        ("Y1E2S1%", "0100S2%"),
    ],
)
def test_a_short_year_keeps_its_doubt_without_its_letter(text, hint):
    """As uncertain and as many of its digits significant as before."""
    with pytest.raises(DateError) as told:
        parse(text)

    assert told.value.hint == hint


def test_nothing_follows_a_hint_without_a_remark():
    with pytest.raises(DateError) as told:
        parse("2025-5")

    assert told.value.hint == "2025-05"


def test_a_hint_is_a_date_itself():
    for text in REFUSED:
        with pytest.raises(DateError) as told:
            parse(text)
        if hint := told.value.hint.partition(" ")[0]:
            assert parse(hint).text


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("2025-02", "a plain day is asked for, YYYY-MM-DD", ""),
        ("2025-02-03~", "a plain day is asked for, YYYY-MM-DD", "2025-02-03"),
        ("-0044-03-15", "a plain day is asked for, YYYY-MM-DD", ""),
        ("2025-02-03/2025-02-03", "a plain day is asked for, YYYY-MM-DD", "2025-02-03"),
    ],
)
def test_what_is_no_plain_day(text, reason, hint):
    with pytest.raises(DateError) as told:
        day_of(text)

    assert (told.value.text, told.value.reason, told.value.hint) == (text, reason, hint)


def test_a_day_of_a_long_year_has_no_text():
    with pytest.raises(DateError) as told:
        exact(10**7)

    assert told.value.reason == "EDTF has no days in years of more than four digits"
    assert told.value.hint == "Y27380"


@pytest.mark.parametrize("given", [2025, None, b"2025"])
def test_what_is_no_text_is_a_mistake_of_the_program(given):
    with pytest.raises(TypeError, match=f"^an EDTF date is a str, not {type(given).__name__}$"):
        parse(given)


class Loud(str):
    """A text that compares in its own way."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def test_a_sort_of_text_is_read_as_text():
    assert (parse(Loud("2024")), parse(Loud("2025"))) == (parse("2024"), parse("2025"))


def test_the_longest_text():
    longest = "[" + ",".join(["2004-01-01"] * 200)[: LONGEST_TEXT - 12] + "]"
    assert len(longest) <= LONGEST_TEXT

    with pytest.raises(DateError, match=f"longer than {LONGEST_TEXT} characters"):
        parse("2" * (LONGEST_TEXT + 1))
    with pytest.raises(DateError) as told:
        parse("2" * LONGEST_TEXT)
    assert "longer than" not in told.value.reason


def test_the_greatest_year():
    assert parse("Y1E15").earliest_reading < parse("Y1E15").latest
    assert parse(f"Y{GREATEST_YEAR}").text == parse("Y1E15").text or GREATEST_YEAR == 10**15


# -- what a date says of itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start_is", "end_is"),
    [
        ("2004", "known", "known"),
        ("2004/2005", "known", "known"),
        ("2004/..", "known", "open"),
        ("../2005", "open", "known"),
        ("2004/", "known", "unknown"),
        ("/2005", "unknown", "known"),
    ],
)
def test_what_is_known_of_its_ends(text, start_is, end_is):
    date = parse(text)

    assert (date.start_is, date.end_is) == (start_is, end_is)


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("2004-06-11", "day"),
        ("2004-01-01T10:10:10Z", "day"),
        ("2004-06", "month"),
        ("2004", "year"),
        ("2004-21", "season"),
        ("2004-06~", "month"),
        ("2004?-06-11", "day"),
        ("201X%", "decade"),
    ],
)
def test_its_precision(text, precision):
    assert parse(text).precision == precision


def test_dates_have_an_order_among_themselves_only():
    early, late, same = parse("2004"), parse("2005"), parse("2004")

    assert early < late
    assert not late < early
    assert not early < same
    assert early <= late
    assert early <= same
    assert not late <= early
    assert late > early
    assert not early > late
    assert not early > same
    assert late >= early
    assert early >= same
    assert not early >= late
    for compared in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(early, compared)("2005") is NotImplemented
    with pytest.raises(TypeError):
        assert early < "2005"


def test_equal_dates_have_equal_hashes():
    assert hash(parse("{2004}")) == hash(parse("2004"))
    assert len({hash(parse(str(year))) for year in range(1000, 1100)}) > 90


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("[2004]", "2004"),
        ("{2004}", "2004"),
        ("2004-01-01T10:10:10+05", "2004-01-01T10:10:10+05:00"),
    ],
)
def test_equal_meanings_have_equal_texts(text, same):
    assert parse(text) == parse(same)


def test_marks_are_those_of_all_parts():
    """What is uncertain or approximate in any part of it shows."""
    either: Date = parse("[2004?,2005,2006~]")

    assert (either.uncertain, either.approximate) == (True, True)
    for whole in ("2004?/2005~", "2004~/2005?", "[2004?,2005~]"):
        assert (parse(whole).uncertain, parse(whole).approximate) == (True, True)
    for whole in ("2004/2005", "2004/..", "../2005", "[2004,2005]", "2004-01-01T10:10:10Z"):
        assert (parse(whole).uncertain, parse(whole).approximate) == (False, False)


def test_an_offset_may_go_to_its_last_minute():
    for good in ("+23:59", "-23:59", "+23", "+00:00", "Z"):
        assert parse(f"2004-01-01T10:10:10{good}").precision == "day"


def test_a_long_year_is_as_sure_as_it_is_marked():
    sure, unsure, about = parse("Y17000"), parse("Y17000?"), parse("~Y17000")

    assert (sure.uncertain, unsure.uncertain, about.uncertain) == (False, True, False)
    assert (sure.approximate, unsure.approximate, about.approximate) == (False, False, True)
    assert (sure.earliest_reading, sure.latest_reading) == (sure.earliest, sure.latest)
    assert unsure.earliest_reading < unsure.earliest
    assert unsure.latest < unsure.latest_reading


def test_years_before_year_0_end_before_it():
    """Of -0999 the first digit is significant: from -999 to -1, for -0 is no year."""
    assert parse("-0999S1").latest == parse("-0001").latest
    assert parse("-0999S1").earliest == parse("-0999").earliest


def test_sign_and_digits_of_a_year():
    assert parse("Y-17E7").earliest < parse("Y-16E7").earliest
    assert parse("1950S1").earliest < parse("1950").earliest
    assert parse("1950S4").latest == parse("1950").latest
