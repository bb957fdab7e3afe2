"""The pages over HTTP: whole without a script, linked with each other, closed to everything outside."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from tests.pages.hostile import events
from tests.serving.conftest import serving
from timeline.ledger import Ledger, new
from timeline.serving.resources import RESOURCES
from timeline.serving.site.assets import assets

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = (
    "/", "/as-of/2024-06-01", "/as-of/2024-06-01?org=fair", "/orgs?as_of=2024-06-01", "/people?as_of=2024-06-01",
    "/products?as_of=2025-06-01", "/deals", "/events", "/events?org=fair&from=2023", "/events?after=0&limit=20",
    "/sources", "/history?limit=40", "/search", "/search?q=llama", "/orgs/meta?as_of=2024-06-01",
    "/orgs/fair/tree?as_of=2024-06-01", "/orgs/fair/people?during=2024", "/people/guillaume-lample?as_of=2024-06-01",
    "/products/behemoth?as_of=2025-06-01", "/events/goyal-leaves-meta", "/sources/bi-2025-05-26",
    "/diff/2023-06..2024-06", "/learned/@0..2100?as_of=2024-06-01",
)  # fmt: skip
"""A page of every resource."""
VOID = {"meta", "input", "br", "link", "img"}


class Parsed(HTMLParser):
    """A page's elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        return [str(a["href"]) for tag in ("a", "link") for a in self.all(tag) if "href" in a]


def page(client: httpx.Client, path: str) -> Parsed:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Parsed(answer.text)


def test_there_is_a_page_of_every_resource():
    paths = {urlsplit(p).path for p in PAGES}
    patterns = {name: re.escape(r.path).replace(r"\{name\}", "[^/]+") for name, r in RESOURCES.items()}

    assert [name for name, pattern in patterns.items() if not any(re.fullmatch(pattern, p) for p in paths)] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound(example_client, path):
    """Every element closed, ids unique, every number leads to a source, nothing that the policy would refuse."""
    found = page(example_client, path)
    ids = [a["id"] for _, a in found.elements if "id" in a]
    attributes = {name for _, a in found.elements for name in a}

    assert (found.wrong, found.open) == ([], [])
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in found.links() if link.startswith("#")} <= set(ids)
    assert "style" not in attributes
    assert not [name for name in attributes if name.startswith("on")]
    assert all("src" in a or a.get("type") == "application/json" for a in found.all("script"))
    assert not found.all("style")
    assert len(found.all("h1")) == 1
    assert found.all("html") == [{"lang": "en"}]
    assert found.all("title")


def test_every_link_of_every_page_leads_somewhere(example_client):
    """From the first page on, through every page there is; of its data, and of entries by UUID, some of each sort."""
    waiting, seen = ["/", *PAGES], set[str]()
    asked: dict[str, int] = {}
    while waiting:
        path = waiting.pop()
        sort = urlsplit(path).path
        first = f"/{sort.split('/')[1]}/"
        if re.search(r"\.[a-z]+$", sort) and "/static/" not in sort:
            sort, most = first + sort.rpartition(".")[2], 3
        elif re.search(r"[0-9a-f]{12}$", sort):
            sort, most = f"{first} by UUID", 20
        else:
            most = 1
        if path in seen or (asked.get(sort, 0) >= most and path not in PAGES):
            continue
        seen.add(path)
        asked[sort] = asked.get(sort, 0) + 1
        answer = example_client.get(path, headers=HTML, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        if answer.headers["content-type"].startswith("text/html"):
            waiting += [urljoin(path, link) for link in Parsed(answer.text).links() if link.startswith("/")]

    assert len(seen) > 250


def test_links_that_leave_lead_to_sources_alone(example_client):
    for path in PAGES:
        for link in page(example_client, path).all("a"):
            if not str(link["href"]).startswith(("/", "#", "webcal:")):
                assert str(link["href"]).startswith(("https://", "http://"))
                assert link["rel"] == "noopener noreferrer"


def test_the_clocks_go_from_page_to_page(example_client):
    """Names, parts and forms ask for the same day, the same knowledge and the same reports."""
    clocks = {"as_of": ["2024-06-01"], "known_at": ["@310"], "reported_by": ["2025-12-31"]}
    query = "as_of=2024-06-01&known_at=@310&reported_by=2025-12-31"
    found = page(example_client, f"/people/guillaume-lample?{query}")
    named = [p for p in found.links() if p.startswith(("/orgs/", "/events/", "/sources/", "/people?", "/history?"))]

    assert len(named) > 5
    for link in named:
        assert parse_qs(urlsplit(link).query).items() >= clocks.items(), link
        assert example_client.get(link, headers=HTML, follow_redirects=True).status_code == 200


def test_what_is_on_screen_can_be_taken_away(example_client):
    found = page(example_client, "/events?org=fair&from=2023&as_of=2024-06-01")
    (data,) = {link for link in found.links() if ".json?" in link}
    taken = example_client.get(data).json()

    assert data == "/events.json?org=fair&from=2023"
    assert taken["items"]
    assert {a.get("type") for a in found.all("link") if a.get("rel") == "alternate"} >= {
        "application/atom+xml",
        "text/calendar",
        "application/json",
    }


def test_a_calendar_subscribes_to_a_page(example_ledger):
    with serving(example_ledger, public_url="https://news.example.org/ai") as client:
        found = page(client, "/orgs/fair")
        (subscribe,) = [link for link in found.links() if link.startswith("webcal:")]

        assert subscribe == "webcal://news.example.org/ai/orgs/fair.ics"
        assert client.get("/orgs/fair.ics").status_code == 200
        assert "/ai/people" in found.links()
        assert "https://news.example.org/ai/orgs/fair" in found.links()


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/?as_of=2024-06-01", "/as-of/2024-06-01"),
        ("/?as_of=2024-06-01&known_at=%40310&reported_by=", "/as-of/2024-06-01?known_at=@310"),
        ("/?as_of=", "/"),
        ("/diff?from=2023-06&to=2024-06", "/diff/2023-06..2024-06"),
        ("/learned?from=%400&to=2100&as_of=2024-06-01", "/learned/%400..2100?as_of=2024-06-01"),
        ("/?as_of=//evil.example", "/as-of/%2F%2Fevil.example"),
        ("/diff?from=https://evil.example/&to=x", "/diff/https%3A%2F%2Fevil.example%2F..x"),
    ],
)
def test_a_form_leads_to_the_address_of_its_answer(example_client, asked, leads):
    answer = example_client.get(asked)

    assert (answer.status_code, answer.headers["location"]) == (303, leads)


def test_files_are_kept_for_ever_under_a_name_that_tells_their_content(example_client):
    found = page(example_client, "/")
    used = [str(a["src"]) for a in found.all("script") if "src" in a]
    used += [str(a["href"]) for a in found.all("link") if a["rel"] in ("stylesheet", "icon")]

    assert len(used) == 5
    for name in used:
        answer = example_client.get(name)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert example_client.get("/static/../app.py").status_code == 404
    assert example_client.get("/static/frame-000000000000.js").status_code == 404


def test_a_page_is_the_same_until_something_changes(example_client):
    first = example_client.get("/orgs/meta", headers=HTML)
    again = example_client.get("/orgs/meta", headers={**HTML, "if-none-match": first.headers["etag"]})

    assert again.status_code == 304
    assert first.headers["cache-control"] == "no-cache"


def test_a_pinned_page_is_asked_for_again(example_client):
    """It says how much was recorded since, which nothing pins."""
    assert example_client.get("/as-of/2024-06-01?known_at=@310").headers["cache-control"] == "no-cache"
    assert "immutable" in example_client.get("/as-of/2024-06-01.json?known_at=@310").headers["cache-control"]


# -- problems ---------------------------------------------------------------------------------------------------------


def test_a_problem_is_a_page_for_a_browser(example_client):
    answer = example_client.get("/people/lampel?as_of=2024-06-01", headers=HTML)
    found = Parsed(answer.text)
    meant = [link for link in found.links() if link.startswith("/people/")]

    assert answer.status_code == 404
    assert "Nothing is called so" in answer.text
    assert example_client.get(meant[0], headers=HTML, follow_redirects=True).status_code == 200
    assert "guillaume-lample" in str(example_client.get(meant[0], follow_redirects=True).url)


def test_a_name_in_a_question_can_be_meant_otherwise(example_client):
    answer = example_client.get("/events?org=mistrall", headers=HTML)
    (meant,) = [link for link in Parsed(answer.text).links() if link.startswith("/events?org=")]

    assert answer.status_code == 404
    assert example_client.get(meant, headers=HTML).status_code == 200


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/people/lampel", "*/*"),
        ("/people/lampel", "application/json"),
        ("/people/lampel", "application/json, text/html;q=0.5"),
        ("/people/lampel.json", HTML["accept"]),
        ("/api/nothing", HTML["accept"]),
    ],
)
def test_a_problem_is_json_for_a_program(example_client, path, accept):
    answer = example_client.get(path, headers={"accept": accept})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nothing", "/people/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/as-of/x%22onload=1"])
def test_a_problem_shows_what_was_asked_as_text(example_client, path):
    answer = example_client.get(path, headers=HTML)
    found = Parsed(answer.text)

    assert answer.status_code in (400, 404)
    assert (found.wrong, found.open) == ([], [])
    assert all("src" in a for a in found.all("script"))


# -- whatever the ledger holds ----------------------------------------------------------------------------------------


def test_hostile_texts_stay_texts(tmp_path):
    path = tmp_path / "hostile.db"
    with Ledger.create(str(path)) as ledger, serving(path, title="<b>x</b>") as client:
        ledger.record([new(e) for e in events()])
        found = [
            "/as-of/2024-06-01", "/orgs", "/people", "/products", "/deals", "/events", "/sources", "/history",
            "/search?q=script", "/orgs/o0", "/people/p1", "/products/m2", "/sources/s3", "/sources/s11",
            "/diff/2019..2024",
        ]  # fmt: skip
        found += [link for link in page(client, "/events?limit=12").links() if link.startswith("/events/")]
        for name in found:
            shown = Parsed(client.get(name, headers=HTML, follow_redirects=True).text)
            tags = {tag for tag, _ in shown.elements}
            assert (shown.wrong, shown.open) == ([], []), name
            assert tags.isdisjoint({"img", "iframe", "object", "embed", "b"}), name
            assert not [a for _, a in shown.elements if any(n.startswith("on") for n in a)], name
            assert not [link for link in shown.links() if link.lower().startswith(("javascript:", "data:"))], name
            assert all("src" in a or a.get("type") == "application/json" for a in shown.all("script")), name


def test_an_empty_ledger_has_pages_too(tmp_path):
    path = tmp_path / "empty.db"
    with Ledger.create(str(path)), serving(path) as client:
        for name in ("/", "/orgs", "/people", "/products", "/deals", "/events", "/sources", "/history", "/search"):
            page(client, name)


def test_the_scripts_are_small():
    sent = sum(len(gzip.compress(a.body)) for a in assets().values() if a.name.endswith(".js"))

    assert sent < 15_500


def test_what_was_learned_is_what_the_command_line_says(example_client, run, example_ledger):
    ran = run("diff", "--known", "@0", "@310", "--as-of", "2024-06-01", "--json", db=example_ledger)

    assert example_client.get("/learned/@0..@310.json?as_of=2024-06-01").json() == json.loads(ran.out)


def test_a_length_of_service_is_said_in_words(example_client):
    said = example_client.get("/events/goyal-leaves-meta").text

    assert "6 years 7 months</dd>" in re.sub(r"</?bdi>", "", said)
    assert "P6Y7M" not in said
