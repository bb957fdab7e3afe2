"""The picture of its own: well-formed whatever the names are, readable alone, the same for the same log."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

from events.dates import day_of
from tests.pages.conftest import exported
from tests.pages.hostile import TEXTS, events
from timeline.exports.selection import Selection

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = ("svg", "title", "desc", "style", "defs", "linearGradient", "stop", "pattern", "path", "rect", "text", "line")


def test_the_picture_is_well_formed_and_says_what_it_shows(example_view):
    root = ElementTree.fromstring(exported(example_view, "svg", title="Meta AI"))

    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "Meta AI"
    assert "A line marks 1 Nov 2025" in (root.findtext(f"{SVG}desc") or "")


def test_the_picture_of_the_pages_is_what_the_ledger_shows(example_view):
    """TIMELINE_RENEW=1 draws it anew; look at it before you commit it."""
    path = ROOT / "docs" / "page.svg"
    careers = Selection(people=("yann-lecun", "guillaume-lample", "naman-goyal", "hugo-touvron"))
    drawn = exported(example_view, "svg", careers, title="Four careers", as_of=day_of("2023-06-15"))
    if os.environ.get("TIMELINE_RENEW") == "1":
        path.write_text(drawn, "utf-8")

    assert path.read_text("utf-8") == drawn


def test_the_same_log_gives_the_same_picture(example_view):
    assert exported(example_view, "svg") == exported(example_view, "svg")


def test_nothing_is_fetched_and_nothing_runs(example_view):
    picture = exported(example_view, "svg")
    addresses = [a for a in re.findall(r"https?://[^\s\"<]+", picture) if a != "http://www.w3.org/2000/svg"]

    assert addresses == []
    assert not re.search(r"<script|\son\w+=|<foreignObject|@import|@font-face", picture)
    assert set(re.findall(r"url\((.)", picture)) == {"#"}


def test_every_fill_is_given_for_programs_without_style_sheets(example_view):
    """They would draw a bar black that has its colour from a class alone."""
    root = ElementTree.fromstring(exported(example_view, "svg"))

    assert [r.attrib for r in root.iter(f"{SVG}rect") if "fill" not in r.attrib and r.get("class") != "pill"] == []


def test_ids_that_are_referred_to_exist_once(example_view):
    picture = exported(example_view, "svg")
    ids = re.findall(r'\bid="([^"]+)"', picture)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(ids)


def test_what_is_so_on_the_day_is_outlined(example_view):
    def marks(day: str) -> set[str]:
        root = ElementTree.fromstring(exported(example_view, "svg", as_of=day_of(day)))
        return {g.get("class", "").removeprefix("bar ") for g in root.iter(f"{SVG}g") if "bar" in g.get("class", "")}

    assert "unconfirmed" not in marks("2014-06-01")
    assert {"certain", "possible", "unconfirmed"} <= marks("2025-12-12")


def test_a_day_beyond_the_dates_widens_the_axis(example_view):
    assert ">2028<" in exported(example_view, "svg", as_of=day_of("2029-01-01"))


def test_hostile_texts_stay_texts(view_of):
    root = ElementTree.fromstring(exported(view_of(events()), "svg"))
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]

    assert {e.tag for e in root.iter()} <= {SVG + tag for tag in (*DRAWN, "g")}
    assert not any(key.startswith("on") for e in root.iter() for key in e.attrib)
    assert any(text.startswith("<script>") for text in texts)
    assert max(map(len, texts)) < 400


def test_letters_that_xml_cannot_hold_are_replaced(view_of):
    made = exported(view_of(events(TEXTS[:1])), "svg", title="a\x00b\x0b\ud800c")

    assert ElementTree.fromstring(made).findtext(f"{SVG}title") == "a\ufffdb\ufffd\ufffdc"


def test_a_selection_of_nothing_is_a_picture_of_nothing(example_view):
    root = ElementTree.fromstring(exported(example_view, "svg", Selection(kinds=("budget",), people=("mark-chen",))))

    assert "none" in (root.findtext(f"{SVG}desc") or "")
