"""The page in a real browser: it asks nobody for anything, and answers for every day as the ledger does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from events.dates import day_of, iso
from events.kinds import build
from events.register import Entity, Source
from tests.pages.conftest import exported
from tests.pages.hostile import events
from tests.pages.reading import day_shown, expected, lines, settled, violations, wait_until
from timeline.exports.selection import Selection
from timeline.pages.content import Gathered
from timeline.pages.lanes import lanes
from timeline.pages.panel import panel
from timeline.view import View

pytestmark = pytest.mark.xdist_group("browser")

SHOWN = "2024-06-01"
DAYS = (
    "2014-01-01", "2015-02-01", "2020-06-15", "2023-01-15", "2023-06-30", "2024-06-01", "2025-02-14", "2025-05-15",
    "2025-05-26", "2025-07-15", "2025-10-22", "2025-12-31",
)  # fmt: skip

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def example_file(example_view: View, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(exported(example_view, "html", as_of=day_of(SHOWN)), "utf-8")
    return file


@pytest.fixture
def opened(chromium: Browser, example_file: Path) -> Iterator[Open]:
    """Opens the page; whatever the browser complains of or asks for in the meantime fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(file: Path = example_file, hash_: str = "", **options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked(request.url))
        page.goto(f"{file.as_uri()}{hash_}")
        return page

    def asked(url: str) -> None:
        if not url.startswith("file:"):
            complaints.append(f"request: {url}")

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


# -- the state of a day -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", DAYS)
def test_the_panel_says_of_a_day_what_the_ledger_says(opened, example_view, day):
    """The page works it out itself, from the rows that it holds."""
    page = opened(hash_=f"#as-of={day}")
    gathered = Gathered(example_view, Selection())
    colours = lanes(gathered, day_of(day)).colours

    assert day_shown(page) == day
    assert lines(page) == expected(panel(gathered, day_of(day), colours))


def test_the_people_of_a_day_are_those_of_the_command_line(opened, example_view):
    page = opened(hash_="#as-of=2025-05-15")
    settled(page)
    shown = page.eval_on_selector_all(
        "#state section:nth-child(2) .line",
        "all => all.map((l) => [l.children[0].className, l.querySelector('bdi').textContent])",
    )

    asked = example_view.members(None, day_of("2025-05-15"))
    assert shown == [[f"mark {m.certainty}", m.person.name] for m in asked]


def test_without_a_script_it_says_the_same_of_the_day_it_was_made_for(opened, example_view):
    page = opened(java_script_enabled=False)
    gathered = Gathered(example_view, Selection())
    colours = lanes(gathered, day_of(SHOWN)).colours

    assert lines(page) == expected(panel(gathered, day_of(SHOWN), colours))
    assert not page.is_visible("#tools")
    page.click("summary")
    assert page.is_visible("text=The lanes as tables")
    assert page.locator("#tables tbody tr").first.is_visible()


def to_the_end(page: Page) -> None:
    """Rows out of sight wait until somebody comes near."""
    page.evaluate("document.getElementById('lanes').scrollTop = 1e6")
    settled(page)
    settled(page)


def test_what_is_so_on_the_day_is_outlined_as_the_server_would(opened, example_view, tmp_path):
    file = tmp_path / "other.html"
    file.write_text(exported(example_view, "html", as_of=day_of("2025-12-12")), "utf-8")
    classes = "bars => bars.map((bar) => bar.getAttribute('class').trim())"
    page, made = opened(hash_="#as-of=2025-12-12"), opened(file, java_script_enabled=False)
    settled(page)
    to_the_end(page)

    assert page.eval_on_selector_all("#plot .bar", classes) == made.eval_on_selector_all("#plot .bar", classes)


# -- choosing a day ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "day"),
    [
        (["ArrowRight"], "2024-07-01"),
        (["ArrowLeft"], "2024-05-01"),
        (["Shift+ArrowLeft", "ArrowLeft"], "2023-05-01"),
        (["Shift+ArrowRight"], "2025-06-01"),
        (["n"], "2024-07-01"),
        (["p"], "2023-12-31"),
        (["n", "n", "p"], "2024-07-01"),
    ],
)
def test_keys_choose_a_day(opened, keys, day):
    """The next change after June 2024 is the first day on which Rodriguez may have left Meta."""
    page = opened()
    for key in keys:
        page.keyboard.press(key)

    assert day_shown(page) == day


def test_a_month_after_the_thirty_first_is_the_last_of_a_shorter_one(opened):
    page = opened(hash_="#as-of=2025-01-31")
    page.keyboard.press("ArrowRight")

    assert day_shown(page) == "2025-02-28"


def test_the_line_is_a_slider(opened):
    page = opened()
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowUp")
    settled(page)

    assert slider.get_attribute("aria-valuetext") == "1 Jul 2024"
    assert int(str(slider.get_attribute("aria-valuenow"))) == day_of("2024-07-01")
    slider.press("Home")
    settled(page)
    assert slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemin")


def test_the_line_can_be_dragged(opened):
    page = opened()
    plot = page.locator("#plot").bounding_box()
    pill = page.locator(".handle .pill").bounding_box()
    first, last = (int(str(page.get_by_role("slider").get_attribute(f"aria-value{x}"))) for x in ("min", "max"))
    target = plot["x"] + plot["width"] / 2

    page.mouse.move(pill["x"] + pill["width"] / 2, pill["y"] + 8)
    page.mouse.down()
    page.mouse.move(target, pill["y"] + 30, steps=5)
    page.mouse.up()
    page.mouse.move(plot["x"] + 10, pill["y"] + 30)

    assert abs(day_of(day_shown(page)) - (first + last) / 2) <= 4


def test_a_click_on_the_axis_chooses_a_day(opened):
    page = opened()
    plot = page.locator("#plot").bounding_box()
    page.mouse.click(plot["x"] + 3, page.locator("#axis").bounding_box()["y"] + 30)

    assert day_shown(page).startswith("2014-01")


def test_the_date_can_be_typed(opened):
    page = opened()
    page.fill("#asked", "2019-03-05")
    page.dispatch_event("#asked", "change")

    assert day_shown(page) == "2019-03-05"


def test_half_a_year_is_not_a_day(opened):
    """Whoever types 2019 has typed the years 2, 20 and 201 before."""
    page = opened()
    page.locator("#asked").focus()
    for typed in ("0002-06-01", "0020-06-01", "0201-06-01"):
        page.fill("#asked", typed)
        page.dispatch_event("#asked", "change")

    assert day_shown(page) == SHOWN
    assert page.input_value("#asked") == "0201-06-01"
    page.locator("#filter").focus()
    assert page.input_value("#asked") == SHOWN


def test_a_copied_link_opens_on_its_day(opened):
    page = opened()
    page.keyboard.press("ArrowRight")
    settled(page)
    page.keyboard.press("y")
    wait_until(page, "document.getElementById('toast').textContent !== ''")

    assert page.url.endswith("#as-of=2024-07-01")
    other = opened(hash_="#as-of=2024-07-01")
    assert day_shown(other) == "2024-07-01"
    assert lines(other) == lines(page)


BROKEN = ("#as-of=nonsense", "#as-of=", "#as-of=%3Cb%3E", "#as-of=%E0%A4%A", "#else", "#as-of=2024-99-99x")


@pytest.mark.parametrize("given", BROKEN)
def test_a_broken_link_opens_on_the_day_of_the_page(opened, given):
    assert day_shown(opened(hash_=given)) == SHOWN


@pytest.mark.parametrize(("given", "day"), [("#as-of=0001-01-01", "2014-01-01"), ("#as-of=9999-12-31", None)])
def test_a_day_beyond_the_axis_is_its_end(opened, given, day):
    page = opened(hash_=given)

    assert day_shown(page) == (day or iso(int(str(page.get_by_role("slider").get_attribute("aria-valuemax")))))


# -- rows and bars ----------------------------------------------------------------------------------------------------


def rows_shown(page: Page) -> list[str]:
    return [t for t in page.locator("#names .lane:visible").all_text_contents() if t]


def test_the_filter_keeps_the_rows_that_hold_every_word(opened):
    page = opened()
    everything = rows_shown(page)
    page.keyboard.press("/")
    page.keyboard.type("Timothee")
    settled(page)

    assert rows_shown(page) == ["Timothée Lacroix", "Founding"]
    page.keyboard.press("Escape")
    settled(page)
    assert rows_shown(page) == everything


def test_the_filter_closes_the_gaps(opened):
    page = opened()
    high = page.locator("#plot").bounding_box()["height"]
    page.fill("#filter", "goyal")
    settled(page)

    assert page.locator("#plot").bounding_box()["height"] < high / 4
    assert page.locator("#names .section:visible").all_text_contents() == ["Meta"]


def test_a_bar_that_is_pointed_at_tells_its_dates_and_sources(opened):
    page = opened()
    page.locator("#plot .lane").nth(9).locator(".bar .label").first.hover()

    tip = page.locator("#tip")
    assert tip.is_visible()
    assert "→" in tip.inner_text()
    assert "on 1 Jun 2024" in tip.inner_text()
    assert "[" in tip.inner_text()
    page.mouse.move(5, 5)
    assert not tip.is_visible()


def test_bars_are_reached_by_keys(opened):
    page = opened()
    page.locator("#plot .bar").first.focus()
    assert "Yann LeCun: Meta · chief AI scientist" in str(page.evaluate("document.activeElement.ariaLabel"))

    page.keyboard.press("ArrowDown")

    assert "Mark Zuckerberg: Meta · chief executive" in str(page.evaluate("document.activeElement.ariaLabel"))
    assert page.locator("#tip").is_visible()
    assert page.locator("#plot [tabindex]").count() == 1
    assert day_shown(page) == SHOWN


def test_a_closer_look_shows_months_and_keeps_the_day_in_view(opened):
    page = opened()
    page.click("text=1 year")
    settled(page)
    assert "Feb" in page.locator("#axis .tick").all_text_contents()

    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    settled(page)

    pill, plot = page.locator(".handle .pill").bounding_box(), page.locator("#plot").bounding_box()
    assert plot["x"] - 1 <= pill["x"] <= plot["x"] + plot["width"] - pill["width"] + 1
    assert day_shown(page) == "2021-12-01"


def test_help_opens_with_its_key_and_closes_with_escape(opened):
    page = opened()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")

    assert not page.locator("#keys").is_visible()
    assert day_shown(page) == SHOWN


def test_light_and_dark_follow_the_system_until_the_reader_chooses(opened):
    page = opened(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")

    assert dark == "rgb(20, 25, 31)"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.click("#theme")
    assert page.evaluate(ground) == dark


# -- every reader -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_axe_finds_nothing(opened, width, scheme):
    page = opened(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page.click("summary")
    settled(page)

    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in violations(page)] == []


def test_axe_finds_an_image_without_words(opened):
    page = opened(bypass_csp=True)
    page.evaluate("document.body.append(new Image())")

    assert [v["id"] for v in violations(page, "img")] == ["image-alt"]


def test_axe_finds_nothing_in_the_help(opened):
    page = opened(bypass_csp=True)
    page.keyboard.press("?")

    assert violations(page, "#keys") == []


@pytest.mark.parametrize("width", [1440, 1024, 800, 390])
def test_nothing_sticks_out(opened, width):
    page = opened(viewport={"width": width, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width > 800:
        assert page.evaluate("(pane => pane.scrollWidth <= pane.clientWidth)(document.getElementById('lanes'))")


def test_a_phone_shows_the_day_at_once(opened):
    page = opened(viewport={"width": 390, "height": 844}, hash_="#as-of=2025-06-01")
    settled(page)
    pill = page.locator(".handle .pill").bounding_box()

    assert 0 <= pill["x"] <= 390 - pill["width"]


def test_on_paper_everything_is_there(opened):
    page = opened()
    page.emulate_media(media="print")

    assert not page.is_visible("#tools")
    assert page.locator("#lanes").bounding_box()["height"] > 1000
    assert page.locator("#state").bounding_box()["height"] > 1000


# -- whatever the ledger holds ----------------------------------------------------------------------------------------


def test_hostile_texts_do_nothing(opened, view_of, tmp_path):
    """Opened, moved through, filtered and pointed at: no script of theirs runs, and the page holds together."""
    file = tmp_path / "hostile.html"
    file.write_text(exported(view_of(events()), "html"), "utf-8")
    page = opened(file)
    for key in ("p", "p", "n", "ArrowLeft", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    page.fill("#filter", "script")
    settled(page)
    page.locator("#plot .bar:visible").first.focus()

    assert page.locator("script").count() == 2
    assert page.locator("img, iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_an_empty_page_works(opened, view_of, tmp_path):
    file = tmp_path / "empty.html"
    file.write_text(exported(view_of([]), "html"), "utf-8")
    page = opened(file)
    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")

    assert page.is_visible("text=Nothing is known that could be shown here.")


@pytest.mark.parametrize("far", ["Y20000", "Y1000000"])
def test_dates_before_the_year_one_and_far_ahead_can_be_shown(opened, view_of, tmp_path, far):
    """Founded in 753 BC, at work in a year that dates of JavaScript do not reach: the page stays whole."""
    made = [Source(id="livy"), Entity(id="rome", type="organization", name="Rome")]
    cited = {"organization": "rome", "sources": [{"source": "livy"}]}
    made += [
        build({"kind": "founding", "date": "-0752", **cited}),
        build({"kind": "layoff", "date": far, **cited}),
    ]
    file = tmp_path / "rome.html"
    file.write_text(exported(view_of(made), "html", as_of=day_of("0100-01-01")), "utf-8")
    page = opened(file)
    assert day_shown(page) == "0100-01-01"
    page.keyboard.press("n")
    page.keyboard.press("p")

    assert day_shown(page) == "-0752-12-31"
    assert page.locator(".handle text").text_content() == "31 Dec -752"
