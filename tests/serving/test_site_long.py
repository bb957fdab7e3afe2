"""The page of a ledger with thousands of happenings: whole, the same answers, and only what is near is worked on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from bench._history import entries, registered
from events.dates import day_of
from tests.pages.reading import day_shown, lines, settled, violations, wait_until
from tests.serving.conftest import serving
from timeline.ledger import Ledger
from timeline.pages.page import AT_ONCE, EAGER
from timeline.pages.panel import Group, Item, halves

pytestmark = pytest.mark.xdist_group("browser")

HAPPENINGS = 2_000
DAY = "2018-06-01"
SHEETS = "document.querySelectorAll('#plot > .sheet')"
EMPTY = f"[...{SHEETS}].filter((sheet) => !sheet.firstChild).length"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.db"
    with Ledger.create(str(path)) as made:
        made.record(registered(HAPPENINGS // 2))
        made.record(entries(0, HAPPENINGS))
    return path


@pytest.fixture(scope="module")
def address(ledger: Path) -> Iterator[str]:
    with serving(ledger) as client:
        yield f"{client.base_url}/as-of/{DAY}"


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Page]:
    """The page while its browser never has time to spare."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script("window.requestIdleCallback = (work) => (window.idle ||= []).push(work)")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


def leisure(page: Page) -> None:
    """All the time that it wants."""
    page.evaluate(
        """() => {
          while (window.idle.length) window.idle.shift()({ timeRemaining: () => Infinity });
        }"""
    )
    settled(page)


@pytest.fixture
def told(chromium: Browser, address: str) -> Iterator[Callable[[str], list[str]]]:
    """What the service itself says of a day, without a script."""
    context = chromium.new_context(java_script_enabled=False)

    def read(day: str) -> list[str]:
        page = context.new_page()
        page.goto(address.replace(DAY, day))
        return lines(page)

    yield read
    context.close()


def wait_for(page: Page, day: str) -> None:
    """The state of a day that was chosen follows when the line has come to rest."""
    wait_until(page, f"document.querySelectorAll('#state .line').length === {many(page, day)}")


def many(page: Page, day: str) -> int:
    return int(page.evaluate(f"timeline.state({day_of(day)}).flatMap((b) => b.groups).flatMap((g) => g.items).length"))


def test_what_is_out_of_sight_is_text_until_somebody_comes_near(opened):
    assert opened.locator("#plot > .sheet").count() > 20
    assert opened.evaluate(EMPTY) == opened.locator("#plot > .sheet").count() - EAGER
    opened.evaluate("document.getElementById('lanes').scrollTop = 9000")
    wait_until(opened, f"{SHEETS}[11].firstChild")
    settled(opened)

    assert opened.evaluate(f"{SHEETS}[EAGER_].firstChild".replace("EAGER_", str(EAGER))) is None
    assert opened.locator("#names >> text=Given Family 1").first.is_visible()


def test_what_nobody_came_near_is_made_while_there_is_nothing_else_to_do(opened, told):
    leisure(opened)

    assert opened.evaluate(EMPTY) == 0
    assert opened.locator("noscript").count() == 1  # the tables
    assert opened.locator("#names .lane").count() == opened.locator("#plot .lane").count() >= HAPPENINGS / 2
    assert lines(opened) == told(DAY)


def test_the_people_of_another_day_are_those_of_the_ledger(opened, told):
    """After keys were held down, and the state was drawn bit by bit."""
    for _ in range(14):
        opened.keyboard.down("ArrowRight")
    day = day_shown(opened)
    assert day == "2019-08-01"
    wait_for(opened, day)

    assert lines(opened) == told(day)


def test_a_key_changes_the_sheets_that_are_near_and_no_others(opened):
    leisure(opened)
    opened.evaluate(
        f"""() => {{
          window.changed = new Set();
          const sheets = [...{SHEETS}];
          new MutationObserver((all) => {{
            for (const {{ target }} of all) window.changed.add(sheets.indexOf(target.closest("#plot > .sheet")));
          }}).observe(document.getElementById("plot"), {{ subtree: true, attributes: true, childList: true }});
        }}"""
    )
    for _ in range(6):
        opened.keyboard.press("Shift+ArrowRight")
        settled(opened)
    changed = set(opened.evaluate("[...window.changed]")) - {-1}

    assert changed
    assert max(changed) <= 2


def test_the_line_moves_without_being_drawn(opened):
    """It is a layer of its own that is shifted; only what is at the head of it is written."""
    layer = opened.locator("#plot > .over")
    before = layer.bounding_box()
    opened.evaluate(
        """() => {
          window.written = [];
          new MutationObserver((all) => window.written.push(...all.map((one) => one.attributeName)))
            .observe(document.querySelector("#plot > .over"), { subtree: true, attributes: true, childList: true });
        }"""
    )
    opened.keyboard.press("Shift+ArrowRight")
    settled(opened)

    assert opened.evaluate("window.written") == ["style"]
    assert layer.evaluate("(layer) => getComputedStyle(layer).willChange") == "transform"
    assert layer.bounding_box()["x"] > before["x"] + 20


def test_bars_that_come_near_are_outlined_for_the_day_that_was_chosen(opened, chromium, address):
    opened.keyboard.press("Shift+ArrowRight")
    settled(opened)
    opened.evaluate("document.getElementById('lanes').scrollTop = 9000")
    wait_until(opened, f"{SHEETS}[11].firstChild")
    settled(opened)
    classes = f"[...{SHEETS}[11].querySelectorAll('.bar')].map((bar) => bar.getAttribute('class').trim())"
    context = chromium.new_context(java_script_enabled=False)
    made = context.new_page()
    made.goto(address.replace(DAY, "2019-06-01"))
    drawn = made.locator("#plot > .sheet, #plot > noscript > .sheet").nth(11).locator(".bar")
    by_server = drawn.evaluate_all("all => all.map((bar) => bar.getAttribute('class').trim())")
    context.close()

    assert opened.evaluate(classes) == by_server
    assert "bar certain" in by_server or "bar possible" in by_server


def test_the_filter_finds_rows_that_were_never_drawn(opened):
    opened.fill("#filter", "family 987")
    wait_until(opened, "document.querySelectorAll('#names .lane').length")
    wait_until(opened, "document.getElementById('toast').textContent === '1 row'")
    shown = opened.locator("#names .lane:visible")
    shown.first.wait_for()

    assert shown.all_text_contents() == ["Given Family 987"]
    assert opened.locator("#names .section:visible").count() == 1
    opened.fill("#filter", "")
    assert opened.locator("#plot").bounding_box()["height"] > HAPPENINGS / 2 * 20


def test_arrows_walk_into_rows_that_were_never_drawn(opened):
    opened.locator("#plot .bar[tabindex='0']").focus()
    for _ in range(150):
        opened.keyboard.press("ArrowDown")

    assert "Given Family" in str(opened.evaluate("document.activeElement.ariaLabel"))
    assert opened.evaluate("document.getElementById('lanes').scrollTop") > 1500
    assert opened.locator("#plot [tabindex]").count() == 1


def test_the_tables_are_made_when_they_are_opened(opened):
    assert opened.locator("#tables tr").count() == 0
    opened.locator("#tables summary").focus()
    opened.keyboard.press("Enter")

    wait_until(opened, "document.querySelectorAll('#tables tbody tr').length")
    assert opened.locator("#tables tbody tr").count() == opened.evaluate("timeline.data.bars.length")


def test_lanes_are_dragged_along_when_they_are_wider_than_the_plot(opened):
    opened.click("#zooms [data-years='2']")
    settled(opened)
    plot, day = opened.locator("#plot").bounding_box(), day_shown(opened)
    before = opened.locator("#plot > .over").bounding_box()["x"]
    opened.mouse.move(plot["x"] + 400, plot["y"] + 200)
    opened.mouse.down()
    opened.mouse.move(plot["x"] + 500, plot["y"] + 200, steps=4)
    opened.mouse.up()
    settled(opened)

    assert abs(opened.locator("#plot > .over").bounding_box()["x"] - before - 100) <= 2
    assert day_shown(opened) == day
    assert "/as-of/" in opened.url


def test_the_wheel_over_the_axis_and_keys_look_closer(opened):
    settled(opened)
    axis = opened.locator("#axis").bounding_box()
    wide = "parseFloat(document.querySelector('#axis > .stage').getAttribute('width'))"
    opened.mouse.move(axis["x"] + 400, axis["y"] + 30)
    opened.mouse.wheel(0, -100)
    wait_until(opened, f"{wide} > 110")
    closer = opened.evaluate(wide)
    opened.keyboard.press("+")
    settled(opened)
    assert opened.evaluate(wide) > closer
    assert opened.get_attribute("#zooms [data-years='0']", "aria-pressed") == "false"
    for _ in range(3):
        opened.keyboard.press("-")
        settled(opened)

    assert opened.evaluate(wide) == 100
    assert opened.get_attribute("#zooms [data-years='0']", "aria-pressed") == "true"


def test_without_a_script_all_of_it_stands_there(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#plot .lane").count() >= HAPPENINGS / 2
    assert page.locator("#tables tbody tr").count() >= HAPPENINGS / 2
    assert page.locator("#names .lane", has_text="Family 987").count() == 1
    assert page.locator("#plot .bar").first.is_visible()
    box = page.locator("#names").bounding_box()
    assert box["height"] == page.locator("#plot").bounding_box()["height"] > HAPPENINGS / 2 * 20
    context.close()


def test_on_paper_every_row_is_drawn(opened):
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert opened.evaluate(EMPTY) == 0
    assert opened.locator("#plot .lane").last.is_visible()


def test_axe_finds_nothing_in_a_long_page(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "best-practice"], "rules": {"color-contrast": {"enabled": False}}}
    found = [v["id"] for v in violations(page, options=rules)]
    context.close()

    assert found == []


def test_a_list_is_cut_where_it_is_long_and_nowhere_else():
    def group(lines: int, heading: str = "") -> Group:
        return Group(tuple(Item("", False, (), ()) for _ in range(lines)), heading)

    first, later = halves([group(3, "a"), group(4, "b"), group(1, "c")], 5)

    assert [(g.heading, len(g.items)) for g in first] == [("a", 3), ("b", 2)]
    assert [(g.heading, len(g.items)) for g in later] == [("", 2), ("c", 1)]
    assert halves([group(AT_ONCE)], AT_ONCE) == ([group(AT_ONCE)], [])
    assert halves([group(2, "a"), group(2, "b")], 2)[1][0].items == group(2).items


def test_the_page_holds_no_text_that_ends_a_part_of_it_early(address):
    page = httpx.get(address).text
    assert len(re.findall("<noscript>", page)) == len(re.findall("</noscript>", page)) > 20
