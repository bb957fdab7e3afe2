"""TimelineJS: slides in its form, whatever the dates, and no text of which is markup."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings

from events.kinds import KINDS
from tests.exports.exported import export, hostile, ledger_of, lossy, register, texts
from tests.timeline.builders import layoff, org
from timeline.exports.formats import Options

SLIDE = {"unique_id", "start_date", "end_date", "display_date", "group", "autolink", "text"}


def document_of(written: bytes | str) -> dict[str, Any]:
    """The document, after checks of what TimelineJS's documentation of its JSON says."""
    document: dict[str, Any] = json.loads(written)
    assert set(document) <= {"events", "title", "scale"}
    for slide in document["events"]:
        assert set(slide) <= SLIDE
        assert slide["group"] in KINDS
        for date in (slide["start_date"], slide.get("end_date", slide["start_date"])):
            assert set(date) == {"year", "month", "day"}
            assert 1 <= date["month"] <= 12
            assert 1 <= date["day"] <= 31
    ids = [slide["unique_id"] for slide in document["events"]]
    assert len(ids) == len(set(ids))
    return document


def slides(dates: list[str], imprecise: str = "span") -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    with ledger_of([org("meta"), *(layoff(date=d) for d in dates)]) as ledger:
        written, said = export(ledger, "timelinejs", options=Options(imprecise=imprecise))
    return document_of(written)["events"], said.dropped


def test_the_example_makes_slides(run, example_ledger):
    ran = run("export", "timelinejs", "--title", "AI & <Meta>", "--base-url", "https://t.example", db=example_ledger)
    document = document_of(ran.out)

    assert len(document["events"]) == 214
    assert document["title"]["text"]["headline"] == "AI &amp; &lt;Meta&gt;"
    assert document["scale"] == "human"
    assert "Left out: 8 beginnings that nobody knows; the slide stands at the end." in ran.err


def test_a_vague_date_is_a_span_and_said_in_words():
    (slide,), dropped = slides(["2023-37"])

    assert slide["start_date"] == {"year": 2023, "month": 1, "day": 1}
    assert slide["end_date"] == {"year": 2023, "month": 4, "day": 30}
    assert slide["display_date"] == "early 2023"
    assert dropped == ()


def test_a_day_has_no_end():
    (slide,), _ = slides(["2023-04-05"])

    assert "end_date" not in slide


def test_a_span_can_be_marked_as_one_day_or_left_out():
    (slide,), _ = slides(["2023"], imprecise="marker")
    none, dropped = slides(["2023"], imprecise="omit")

    assert "end_date" not in slide
    assert (none, dropped) == ([], ("1 event less exact than a day",))


@pytest.mark.parametrize(
    ("date", "start", "end", "dropped"),
    [
        ("[..2014]", (2014, 12, 31), None, "1 beginning that nobody knows; the slide stands at the end"),
        ("2015/", (2015, 1, 1), None, "1 end that is open or that nobody knows; the slide stands at the beginning"),
        ("2015/..", (2015, 1, 1), None, "1 end that is open or that nobody knows; the slide stands at the beginning"),
    ],
)
def test_a_side_that_nothing_bounds_is_left_out_and_counted(date, start, end, dropped):
    (slide,), said = slides([date])

    assert tuple(slide["start_date"].values()) == start
    assert slide.get("end_date") is end
    assert said == (dropped,)


def test_a_date_without_any_year_is_left_out_and_counted():
    assert slides(["XXXX"]) == ([], ("1 event without a year to stand in",))


@pytest.mark.parametrize("imprecise", ["span", "marker"])
@pytest.mark.parametrize("date", ["[..1990,2020..]", "{..1990,2020..}", "XXXX/..", "../XXXX", "XXXX-05", "-XXXX"])
def test_a_date_without_a_year_on_either_side_is_left_out_and_counted(date, imprecise):
    """A choice of dates can be open on both sides."""
    assert slides([date], imprecise) == ([], ("1 event without a year to stand in",))


@pytest.mark.parametrize(
    ("date", "stands", "dropped"),
    [
        ("2020/XXXX", (2020, 1, 1), "1 end that is open or that nobody knows; the slide stands at the beginning"),
        ("[2020,XXXX]", (2020, 1, 1), "1 end that is open or that nobody knows; the slide stands at the beginning"),
        ("{XXXX,2020}", (2020, 12, 31), "1 beginning that nobody knows; the slide stands at the end"),
        ("XXXX-05/2020-06-07", (2020, 6, 7), "1 beginning that nobody knows; the slide stands at the end"),
    ],
)
def test_a_side_in_some_year_is_one_that_nobody_knows(date, stands, dropped):
    """It is not the year 9999, the last one that it can mean."""
    (slide,), said = slides([date])

    assert tuple(slide["start_date"].values()) == stands
    assert "end_date" not in slide
    assert said == (dropped,)


def test_years_before_our_era_keep_their_number():
    """TimelineJS takes what JavaScript does: year 0 is the one before year 1, as in EDTF."""
    (slide,), _ = slides(["-0044-03-15"])

    assert slide["start_date"] == {"year": -44, "month": 3, "day": 15}


def test_a_year_beyond_the_calendar_of_javascript_changes_the_scale():
    with ledger_of([org("meta"), layoff(date="Y-400000"), layoff(date="2025")]) as ledger:
        document = document_of(export(ledger, "timelinejs")[0])

    assert document["scale"] == "cosmological"


def test_what_is_left_out_is_said():
    with ledger_of(lossy()) as ledger:
        _, said = export(ledger, "timelinejs")

    assert said.number == 5
    assert said.dropped == (
        "1 event without a year to stand in",
        "1 beginning that nobody knows; the slide stands at the end",
        "1 end that is open or that nobody knows; the slide stands at the beginning",
    )


class Reader(HTMLParser):
    """What a browser makes of a text: its elements, and what it shows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.shown += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.shown += data


@given(texts(one_line=True), texts())
@settings(max_examples=15)
def test_hostile_text_is_no_markup(line, text):
    with ledger_of([*register(line), *hostile(line, text)]) as ledger:
        document = document_of(export(ledger, "timelinejs", options=Options(title=f"T{line}"))[0])

    read = [Reader(slide["text"]["text"]) for slide in document["events"]]
    assert {tag for r in read for tag, _ in r.elements} <= {"p", "br", "a"}
    assert {name for r in read for _, attributes in r.elements for name in attributes} <= {"href"}
    urls = {a["href"] for r in read for tag, a in r.elements if tag == "a"}
    assert urls == {"https://example.org/a?b=1&c=\"<x>'"}
    assert any(text in r.shown for r in read)
    headlines = [Reader(slide["text"]["headline"]) for slide in (*document["events"], document["title"])]
    assert {tag for r in headlines for tag, _ in r.elements} <= {"br"}
    assert headlines[-1].shown == f"T{line}"
