"""The pages in a real browser: choosing days and knowledge, following names to sources, for every reader."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from events.kinds import build
from tests.pages.hostile import events
from tests.pages.reading import day_shown, lines, settled, violations, wait_until
from tests.serving.conftest import serving
from tests.serving.test_site import PAGES
from timeline.ledger import Ledger, new

pytestmark = pytest.mark.xdist_group("browser")

DAY = "/as-of/2024-06-01"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(example_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service of the first timeline, to which something was added later."""
    path = shutil.copy(example_ledger, tmp_path_factory.mktemp("site") / "site.db")
    cited = {"sources": [{"source": "bi-2025-05-26"}]}
    with Ledger.open(str(path)) as ledger:
        ledger.record([new(build({"kind": "entity", "id": "ada", "type": "person", "name": "Ada Late"}))])
        ledger.record(
            [new(build({"kind": "arrival", "person": "ada", "organization": "meta", "date": "2024-01", **cited}))]
        )
    with serving(path, title="Meta AI") as client:
        yield str(client.base_url)


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Open]:
    """Opens pages; whatever the browser complains of, or asks of anybody else, fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_(path: str = DAY, at: str = address, **options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked(request.url, at))
        page.goto(at + path)
        return page

    def asked(url: str, at: str) -> None:
        if not url.startswith((at, "data:")):
            complaints.append(f"request: {url}")

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def path_of(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


# -- choosing a day ---------------------------------------------------------------------------------------------------


def test_the_line_can_be_dragged_and_the_address_follows(opened, address):
    page = opened()
    plot, pill = page.locator("#plot").bounding_box(), page.locator(".handle .pill").bounding_box()
    page.mouse.move(pill["x"] + pill["width"] / 2, pill["y"] + 8)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] / 2, pill["y"] + 30, steps=5)
    page.mouse.up()
    day = day_shown(page)
    page.wait_for_url(f"**/as-of/{day}")
    other = opened(path_of(page))

    assert day != "2024-06-01"
    assert lines(other) == lines(page)


@pytest.mark.parametrize(
    ("keys", "day"),
    [
        (["ArrowRight"], "2024-07-01"),
        (["Shift+ArrowLeft"], "2023-06-01"),
        (["n"], "2024-07-01"),
        (["n", "p"], "2024-01-31"),
    ],
)
def test_keys_choose_a_day(opened, keys, day):
    page = opened()
    for key in keys:
        page.keyboard.press(key)

    assert day_shown(page) == day
    page.wait_for_url(f"**/as-of/{day}")


def test_another_day_has_the_links_that_the_server_would_make(opened):
    """Names drawn by the script lead where those of the server do; what stood there before follows the day."""
    page = opened()
    page.keyboard.press("Shift+ArrowRight")
    settled(page)
    made = opened("/as-of/2025-06-01")
    hrefs = "all => all.map((a) => [a.textContent, a.getAttribute('href').replace(/\\?.*/, '')])"
    page.locator("header a", has_text="People").hover()
    page.locator("footer a", has_text="CSV").hover()

    of_panel = "#state a:not([href^='#'])"
    assert page.eval_on_selector_all(of_panel, hrefs) == made.eval_on_selector_all(of_panel, hrefs)
    assert page.get_attribute("header nav a >> text=People", "href") == "/people?as_of=2025-06-01"
    assert page.get_attribute("footer a >> text=CSV", "href") == "/as-of/2025-06-01.csv"


def test_a_day_can_be_typed_and_sent(opened):
    page = opened()
    page.fill("#asked", "2023-03-05")
    with page.expect_event("load"):  # the script puts the day into the address, so that tells nothing
        page.click("text=Show")

    assert page.url.endswith("/as-of/2023-03-05")
    assert day_shown(page) == "2023-03-05"


# -- choosing what was known ------------------------------------------------------------------------------------------


def test_brackets_step_through_what_was_known(opened):
    page = opened()
    assert "Ada Late" in page.inner_text("#state")
    page.keyboard.press("ArrowRight")
    settled(page)
    page.keyboard.press("[")
    page.wait_for_url("**known_at**")

    assert path_of(page).startswith("/as-of/2024-07-01?known_at=")
    assert "Ada Late" not in page.inner_text("#state")
    assert "1 later change · show latest · what changed" in page.inner_text(".notice")
    page.keyboard.press("]")
    page.wait_for_url("**/as-of/2024-07-01")
    assert "Ada Late" in page.inner_text("#state")


def test_what_was_learned_since_is_a_page(opened):
    page = opened(f"{DAY}?known_at=@310")
    page.click("text=what changed")

    assert page.inner_text("h1") == "@310 → @312"
    assert page.inner_text(".rows .row .what").startswith("Ada Late")


def test_a_state_of_knowledge_is_chosen_from_a_list(opened):
    page = opened("/orgs/meta?as_of=2024-06-01")
    page.select_option("#known", "@310")
    page.wait_for_url("**known_at=%40310**")

    assert "2 later changes" in page.inner_text(".notice")
    assert "as_of=2024-06-01" in page.url
    page.click("text=show latest")
    page.wait_for_url("**/orgs/meta?as_of=2024-06-01")


def test_a_copied_link_pins_both_dates(opened):
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("ArrowRight")
    settled(page)
    page.keyboard.press("y")
    wait_until(page, "document.getElementById('toast').textContent !== ''")
    copied = page.evaluate("navigator.clipboard.readText()")
    other = opened(copied.removeprefix(page.evaluate("location.origin")))

    assert urlsplit(copied).path == "/as-of/2024-07-01"
    assert urlsplit(copied).query == "known_at=@312"
    assert lines(other) == lines(page)


# -- from page to page ------------------------------------------------------------------------------------------------


def test_a_person_leads_to_an_event_and_that_to_its_source(opened):
    page = opened()
    page.click("#state >> text=Naman Goyal")
    page.wait_for_url("**/people/naman-goyal?as_of=2024-06-01")
    page.click("text=Naman Goyal left Meta")
    page.wait_for_url("**/events/goyal-leaves-meta**")
    page.click(".quotes a >> text=bleeding talent")
    page.wait_for_url("**/sources/bi-2025-05-26**")

    assert "82 facts" in page.inner_text("main") or "83 facts" in page.inner_text("main")
    assert page.get_by_text("Ada Late").first.is_visible()


def test_a_marker_and_a_name_in_the_lanes_lead_to_their_pages(opened):
    page = opened()
    page.locator("#names a", has_text="Yann LeCun").click()
    page.wait_for_url("**/people/yann-lecun**")
    page.go_back()
    page.locator("#plot .bar", has_text="Mistral AI founded").first.locator(".dot").click()
    page.wait_for_url("**/events/**")

    assert "Mistral AI founded" in page.inner_text("h1")


def test_words_filter_the_rows_and_enter_searches(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("lecun")
    settled(page)
    assert page.locator("#plot .lane:visible").count() < 5
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**q=lecun")

    assert page.locator("main a", has_text="Yann LeCun").first.is_visible()


def test_a_calendar_subscribes_to_the_host_that_the_browser_knows(opened, address):
    page = opened("/orgs/fair")
    link = page.get_attribute("footer a >> text=Subscribe", "href")

    assert link == address.replace("http:", "webcal:") + "/orgs/fair.ics"


def test_a_page_can_be_walked_by_keys_alone(opened):
    """To the content past all navigation, along the lanes, and in to a person."""
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "lanes"
    page.locator("#plot .bar[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    assert "Mark Zuckerberg" in str(page.evaluate("document.activeElement.ariaLabel"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/mark-zuckerberg**")
    page.keyboard.press("?")

    assert page.locator("#keys").is_visible()


# -- without a script -------------------------------------------------------------------------------------------------


def test_without_a_script_everything_is_there(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("#plot .bar").first.is_visible()
    page.click("summary")
    assert page.locator("#tables tbody tr").first.is_visible()
    page.fill("input[name=as_of]", "2023-03-05")
    page.select_option("select[name=known_at]", "@310")
    page.fill("input[name=reported_by]", "2025-06-30")
    page.click("text=Show")
    page.wait_for_url("**/as-of/2023-03-05?known_at=@310&reported_by=2025-06-30")

    assert "On 5 Mar 2023" in page.inner_text(".state h2")
    assert "Reported by 30 Jun 2025" in page.inner_text(".notice")
    page.fill("input[name=q]", "goyal")
    page.press("input[name=q]", "Enter")
    assert page.locator("main a", has_text="Naman Goyal").first.is_visible()


# -- every reader -----------------------------------------------------------------------------------------------------


LIKE_OTHERS = ("/", "/as-of/2024-06-01", "/as-of/2024-06-01?org=fair", "/events?org=fair&from=2023", "/search")
KINDS = [p for p in PAGES if p not in LIKE_OTHERS]


@pytest.mark.parametrize("path", [*KINDS, f"{DAY}?known_at=@310", "/nothing"])
def test_a_page_shuts_nobody_out(chromium, address, path):
    """By the rules of axe, light and dark; nothing sticks out at any width."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(address + path, wait_until="load")
    found = {}
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        for violation in violations(page, options=rules):
            found[f"{violation['id']} {scheme}"] = violation["nodes"][0]["html"][:200]
    for width in (1440, 1024, 800, 390):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found[f"width {width}"] = "sticks out"
    context.close()

    assert found == {}


def test_the_colours_that_a_reader_chose_are_remembered(opened):
    page = opened(color_scheme="light")
    page.click("#theme")
    page.click("header nav >> text=People")
    page.wait_for_url("**/people**")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 31)"
    assert page.get_attribute("#theme", "aria-pressed") == "true"


def test_on_paper_there_is_the_content_alone(opened):
    page = opened("/people/guillaume-lample")
    page.emulate_media(media="print")

    assert not page.is_visible(".clocks")
    assert not page.is_visible("header nav")
    assert page.is_visible("text=Career")


def test_hostile_texts_do_nothing(opened, tmp_path):
    path = tmp_path / "hostile.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(e) for e in events()])
        for name in ("/as-of/2024-06-01", "/people", "/events", "/orgs/o1", "/people/p2", "/sources/s3", "/history"):
            page = opened(name, at=str(client.base_url))
            page.keyboard.press("p")
            settled(page)
            assert page.locator("img, iframe").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 1440, name
