"""The page about dates says what the code does: its tables are read here."""

import re

import pytest

from events.dates import FOREVER, NEVER, DateError, civil, iso, parse
from events.durations import implied_start
from events.durations import parse as duration
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "dates.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def shown(day: int, side: str) -> str:
    return side if day in (NEVER, FOREVER) else iso(day)


@pytest.mark.parametrize("row", table("The forms"), ids=lambda row: row[1])
def test_each_form_has_the_bounds_and_words_of_its_row(row):
    """What a reader looks up is what the program does."""
    _, text, earliest, latest, words = row
    date = parse(text)

    assert shown(date.earliest, date.start_is) == earliest
    assert shown(date.latest, date.end_is) == latest
    assert date.words() == words


@pytest.mark.parametrize("row", table("Doubt"), ids=lambda row: row[0])
def test_each_sign_of_doubt_widens_as_its_row_says(row):
    """The bounds stay, the readings widen."""
    text, _, bounds, readings = row
    date = parse(text)

    assert f"{iso(date.earliest)} to {iso(date.latest)}" == bounds
    assert f"{iso(date.earliest_reading)} to {iso(date.latest_reading)}" == readings


@pytest.mark.parametrize("row", table("The months of seasons and other parts of a year"), ids=lambda row: row[0])
def test_each_code_has_the_months_of_its_row(row):
    """The reading of the codes is ours, so the page must tell it."""
    codes, _, months = (cell.split(", ") for cell in row)

    for code, span in zip(codes, months, strict=True):
        date = parse(f"2023-{code}")
        assert f"{civil(date.earliest)[1]:02d}-{civil(date.latest)[1]:02d}" == span


@pytest.mark.parametrize("row", table("What is refused, and what to write instead"), ids=lambda row: row[0])
def test_each_refused_text_is_told_what_its_row_says(row):
    """The page and the error give the same advice."""
    wrong, right = row
    with pytest.raises(DateError) as caught:
        parse(wrong)

    assert caught.value.hint.split()[0] == right
    assert parse(right).text


def test_the_other_examples_of_the_page_are_dates():
    """Also those in the running text."""
    section = PAGE.split("## One meaning, one text")[1]
    equal = re.findall(r"`([^`]+)` (?:is stored )?as `([^`]+)`", section)

    assert len(equal) == 4
    for text, canonical in equal[:3]:
        assert parse(text).text == canonical
    assert parse("2025-01-01T00:00:00" + equal[3][0]).text.endswith(equal[3][1])
    for text in ("2025-36~", "2023-37/2025-36", "[2023-33,2023-35]"):
        assert f"`{text}`" in section
        assert parse(text).text == text
    start, end = implied_start(parse("2025-02"), duration("P6Y7M"))
    assert f"from {iso(start)} to {iso(end)}" in section
