"""The page as a file: whole without a script, closed to everything outside, harmless whatever the names are."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dates import day_of
from tests.pages.conftest import exported
from tests.pages.hostile import TEXTS, events
from timeline.exports.selection import Selection
from timeline.pages.embedded import for_script
from timeline.pages.page import SCRIPTS, asset, is_web_address

VOID = {"meta", "input", "br", "link", "img"}


class Outline(HTMLParser):
    """The elements of a page, with their texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.unbalanced: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def text(self, tag: str) -> str:
        return "".join(self.texts.get(tag, []))


@pytest.fixture(scope="module")
def page(example_view):
    return exported(example_view, "html", as_of=day_of("2024-06-01"), title="Meta AI")


def test_every_element_is_closed_where_it_belongs(page):
    outline = Outline(page)

    assert (outline.unbalanced, outline.open) == ([], [])


def test_the_same_log_gives_the_same_page(example_view):
    assert exported(example_view, "html") == exported(example_view, "html")


def test_the_policy_names_the_one_style_and_the_one_script_and_nothing_else(page):
    outline = Outline(page)
    (policy,) = [str(a["content"]) for t, a in outline.seen if a.get("http-equiv") == "Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)

    def hashed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert policy == (
        f"default-src 'none'; style-src {hashed(style)}; script-src {hashed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert script == "".join(map(asset, SCRIPTS))


def test_nothing_needs_an_exception_from_the_policy(page):
    """The same markup will do under a policy that allows files of the server alone."""
    attributes = {name for _, attributes in Outline(page).seen for name in attributes}

    assert "style" not in attributes
    assert not [name for name in attributes if name.startswith("on")]


def test_the_page_refers_to_nothing_but_itself_and_its_sources(page):
    outline = Outline(page)
    names = ("src", "href", "action", "data", "srcset", "poster", "xlink:href")
    addresses = {str(a[n]) for _, a in outline.seen for n in names if n in a}

    assert all(re.fullmatch(r"#source-\d+", address) for address in addresses)


def test_ids_are_unique_and_every_number_leads_to_a_source(page):
    outline = Outline(page)
    ids = [a["id"] for _, a in outline.seen if "id" in a]
    links = {str(a["href"])[1:] for t, a in outline.seen if t == "a"}

    assert len(ids) == len(set(ids))
    assert links <= set(ids)


def test_the_state_of_the_day_stands_there_without_a_script(page):
    said = " ".join(re.sub(r"<[^>]+>", " ", page[page.index('<aside class="state"') :]).split())

    assert said.startswith("On 1 Jun 2024")
    assert "People 14 certain · 14 possible" in said
    assert "Joelle Pineau head" in said


def test_every_row_stands_in_the_tables_too(page):
    rows = re.findall(r'<tr><th scope="row"><bdi>(.*?)</bdi></th><td><bdi>(.*?)</bdi></td>', page)
    data = json.loads(Outline(page).texts["script"][0])

    assert len(rows) == len(data["bars"])
    assert ("Naman Goyal", "Meta") in rows


def test_bars_of_the_data_are_those_of_the_picture(page):
    data = json.loads(Outline(page).texts["script"][0])
    drawn = re.findall(r'<g class="bar ?(\w*)"', page[page.index('id="plot"') :])

    assert len(data["bars"]) == len(drawn)


def test_a_page_of_a_selection_holds_nothing_of_the_rest(example_view):
    page = exported(example_view, "html", Selection(people=("naman-goyal",)))

    assert "Naman Goyal" in page
    assert "LeCun" not in page


def test_hostile_texts_stay_texts(view_of):
    page = exported(view_of(events()), "html", title=TEXTS[1])
    outline = Outline(page)

    assert (outline.unbalanced, outline.open) == ([], [])
    assert [t for t, _ in outline.seen].count("script") == 2
    assert not [a for _, a in outline.seen if any(name.startswith("on") for name in a)]
    assert {t for t, _ in outline.seen}.isdisjoint({"img", "iframe", "object", "embed", "b"})
    assert "{{ 7 * 7 }}" in page
    data = json.loads(outline.texts["script"][0])
    assert data["names"]["p0"] == TEXTS[0]


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<b>", False),
        ("//example.org", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(address, leads):
    """The import refuses others as well; a ledger may come from elsewhere."""
    assert is_web_address(address) is leads


@given(st.text())
def test_json_in_a_script_is_the_same_json_and_cannot_end_the_script(text):
    written = for_script(json.dumps(text, ensure_ascii=False))

    assert json.loads(written) == text
    assert not set(written) & set("<>&\u2028\u2029")


def test_the_script_is_small(page):
    """What is sent is compressed; the page stays one that a phone opens at once."""
    assert len(gzip.compress("".join(map(asset, SCRIPTS)).encode())) < 14_500
