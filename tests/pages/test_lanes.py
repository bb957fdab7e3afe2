"""The lanes: who gets a row, what stands in it, and how the parts of a bar follow from its dates."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dates import FOREVER, NEVER, day_of
from events.register import Entity
from projections import certainty
from projections.happenings import Listed
from projections.rows import SpanRow
from timeline.exports.selection import Selection
from timeline.pages.axis import Axis, fitting
from timeline.pages.colours import GREY, INKS, PALETTE, assigned
from timeline.pages.content import Gathered, Part
from timeline.pages.lanes import ELSEWHERE, lanes
from timeline.pages.layout import pieces
from timeline.pages.texts import fitted, width

JUNE = day_of("2024-06-01")


def row(start_min: int, start_max: int, end_min: int, end_max: int, end: str = "2020") -> SpanRow:
    return SpanRow(
        start_min=start_min, start_max=start_max, end_min=end_min, end_max=end_max, start="2019", end=end,
        confirmed=NEVER, disputed=False, claim="stated", entries=(), sources=(),
    )  # fmt: skip


def titles(view, wanted=None, day=JUNE):
    return [section.title for section in lanes(Gathered(view, wanted or Selection()), day).sections]


def names(view, title, wanted=None, day=JUNE):
    sections = lanes(Gathered(view, wanted or Selection()), day).sections
    return [lane.name for section in sections if section.title == title for lane in section.lanes]


# -- rows -------------------------------------------------------------------------------------------------------------


def test_sections_go_from_people_to_events(example_view):
    assert titles(example_view) == [
        "Meta", ELSEWHERE, "Organizations", "Models and products", "Deals", "Events",
    ]  # fmt: skip


def test_a_person_has_one_row_however_many_employers(example_view):
    everybody = [name for title in ("Meta", ELSEWHERE) for name in names(example_view, title)]

    assert everybody.count("Guillaume Lample") == 1
    assert len(everybody) == len(set(everybody)) == 29


def test_who_was_surely_there_longest_comes_first(example_view):
    """LeCun from 2014 to 2025, before Goyal from 2018 and before those who came in 2025."""
    people = names(example_view, "Meta")

    assert people[0] == "Yann LeCun"
    assert people.index("Naman Goyal") < people.index("Alexandr Wang")


def test_a_career_reads_as_a_line_where_one_stay_follows_another(example_view):
    """Lample left Meta early in 2023 and co-founded Mistral that year: the fades may meet, so one line holds both."""
    shown = lanes(Gathered(example_view, Selection()), JUNE)
    (lane,) = [x for s in shown.sections for x in s.lanes if x.name == "Guillaume Lample"]

    assert [[bar.label.partition(" · ")[0] for bar in line] for line in lane.lines] == [["Meta", "Mistral AI"]]


def test_two_stays_at_once_stand_below_each_other(example_view):
    shown = lanes(Gathered(example_view, Selection()), JUNE)
    (lane,) = [x for s in shown.sections for x in s.lanes if x.name == "Yann LeCun"]

    assert [[bar.label for bar in line] for line in lane.lines] == [["Meta · chief AI scientist"], ["FAIR"]]


def test_every_row_is_drawn_or_stands_behind_a_label(example_view):
    """But for parents, which the tree of a day shows."""
    gathered = Gathered(example_view, Selection())
    shown = lanes(gathered, JUNE)
    drawn = {n for s in shown.sections for x in s.lanes for line in (x.thin, *x.lines) for b in line for n in b.rows}
    drawn |= {m.number for s in shown.sections for x in s.lanes for m in x.markers}

    missing = set(range(len(gathered.spans))) - drawn
    assert {type(gathered.spans[n]).__name__ for n in missing} == {"Parent"}


def test_a_selection_shows_what_its_entries_speak_of(example_view):
    wanted = Selection(people=("naman-goyal",))

    assert names(example_view, "Meta", wanted) + names(example_view, "Thinking Machines Lab", wanted) == ["Naman Goyal"]
    assert names(example_view, "Models and products", wanted) == []


def test_a_selection_by_kind_shows_the_rows_that_such_an_event_made(example_view):
    assert titles(example_view, Selection(kinds=("layoff",))) == ["Organizations", "Events"]


def test_dates_of_a_selection_bound_the_axis_and_leave_the_rows(example_view):
    wanted = Selection(first=day_of("2023-01-01"), last=day_of("2024-12-31"))
    shown = lanes(Gathered(example_view, wanted), JUNE)

    assert shown.axis == Axis(day_of("2023-01-01"), day_of("2024-12-31"))
    assert names(example_view, "Meta", wanted) == names(example_view, "Meta")


def test_without_a_day_it_is_the_first_on_which_the_newest_source_can_be_out(example_view):
    """ifanr is dated about December 2025, which may be November."""
    assert Gathered(example_view, Selection()).day == day_of("2025-11-01")


def test_an_empty_ledger_has_a_day_and_no_sections(view_of):
    gathered = Gathered(view_of([Entity(id="a", type="person", name="A")]), Selection())

    assert gathered.day == day_of("2025-12-12")
    assert lanes(gathered, gathered.day).sections == ()


# -- the parts of a bar -----------------------------------------------------------------------------------------------

AXIS = Axis(0, 999)


@pytest.mark.parametrize(
    ("given", "manners"),
    [
        (row(100, 200, 500, 600), ["in", "solid", "out"]),
        (row(100, 100, 500, 500), ["solid"]),
        (row(NEVER, 200, 500, 600), ["open", "solid", "out"]),
        (row(100, 200, FOREVER, FOREVER, end=".."), ["in", "solid"]),
        (row(100, 200, 500, FOREVER, end=""), ["in", "solid", "unconfirmed"]),
        (row(100, 400, 150, FOREVER, end=""), ["in", "unconfirmed"]),
        (row(100, 400, 200, 600), ["in", "maybe", "out"]),
        (row(NEVER, 400, NEVER, 400), ["open"]),
    ],
)
def test_the_parts_of_a_bar(given, manners):
    assert [piece.manner for piece in pieces(given, AXIS)] == manners


days = st.integers(0, 999)


@given(st.lists(days, min_size=4, max_size=4), st.sampled_from(["2020", "", ".."]), st.booleans())
def test_the_parts_join_and_are_solid_where_it_is_certain(bounds, end, has_start):
    """On every day of the axis, the part at that day is the one that the mark of the day asks for."""
    start_min, start_max = sorted(bounds[:2])
    end_min, end_max = sorted(bounds[2:])
    if start_min > end_max:
        start_min, start_max, end_min, end_max = end_min, end_max, start_min, start_max
    if end == "":
        end_max = FOREVER
    elif end == "..":
        end_min = end_max = FOREVER
    given = row(start_min if has_start else NEVER, start_max, end_min, end_max, end)
    found = list(pieces(given, AXIS))

    assert all(one.end == pytest.approx(other.begin) for one, other in pairwise(found))
    for day in range(0, 1000, 7):
        here = {p.manner for p in found if p.begin <= AXIS.at(day) + 1e-9 and AXIS.at(day + 1) <= p.end + 1e-9}
        match certainty.on_day(given, day):
            case "certain":
                assert here == {"solid"}
            case "unconfirmed":
                assert here == {"unconfirmed"}
            case "possible":
                assert here
                assert here <= {"in", "out", "maybe", "open"}
            case None:
                assert here == set()


# -- axis, texts, colours ---------------------------------------------------------------------------------------------


@given(st.integers(-(10**7), 10**7), st.integers(28, 10**9), st.integers(100, 3000))
def test_ticks_never_crowd(first, length, wide):
    axis = Axis(first, first + length)
    places = [axis.at(tick.day) * wide for tick in axis.ticks(wide)]

    assert all(b - a >= 27 for a, b in pairwise(places))
    assert len(places) <= wide / 27 + 1


def test_the_axis_begins_with_a_year_and_ends_with_a_month():
    axis = fitting([day_of("2014-05-05"), day_of("2025-03-03")], NEVER, FOREVER, shown=JUNE)

    assert axis.first == day_of("2014-01-01")
    assert day_of("2025-03-31") <= axis.last <= day_of("2025-06-30")


@given(st.text(max_size=60), st.floats(0, 400))
def test_a_cut_text_fits_and_begins_like_the_whole(text, room):
    cut = fitted(text, room)

    assert cut in (text, "") or (cut.endswith("…") and text.startswith(cut[:-1]))
    assert cut == "" or width(cut) <= room + 0.01


def test_units_wear_the_colour_of_the_organization_above():
    found = assigned(["meta", "mistral", "fair", *"abcdefgh"], {"fair": "msl", "msl": "meta"})

    assert found["fair"] == found["meta"] == 0
    assert found["mistral"] == 1
    assert found["h"] == GREY


def test_a_circle_of_units_ends_somewhere():
    assert assigned(["a", "b"], {"a": "b", "b": "a"}) != {}


SIMULATIONS = {
    "protanopia": ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.0520)),
    "deuteranopia": ((0.3673, 0.8606, -0.2280), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    "tritanopia": ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
}
"""What those eyes see of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)."""


def linear(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def lab(rgb: list[float]) -> list[float]:
    r, g, b = (min(1.0, max(0.0, v)) for v in rgb)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


@pytest.mark.parametrize("eyes", SIMULATIONS)
@pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
def test_colour_blind_eyes_tell_the_colours_apart(eyes, shade):
    """A difference of 2 is just noticed side by side; this is far from it."""
    seen = [
        lab([sum(a * b for a, b in zip(line, linear(pair[shade]), strict=True)) for line in SIMULATIONS[eyes]])
        for pair in PALETTE
    ]

    assert min(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5 for x, y in combinations(seen, 2)) > 12


def contrast(one: str, other: str) -> float:
    light = [sum(f * v for f, v in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other)]
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
def test_labels_are_readable_on_every_colour(shade):
    """4.5 to 1 is what WCAG asks of text."""
    assert min(contrast(pair[shade], INKS["ink"][shade]) for pair in PALETTE) >= 4.5
    assert min(contrast(INKS[ink][shade], INKS["paper"][shade]) for ink in ("ink", "faint", "red")) >= 4.5


def test_what_rests_on_a_source_is_counted_of_all_and_of_a_part(example_view):
    rows = example_view.rows(Listed)
    some = [row for row in rows if row.kind == "departure"]
    part = Part(example_view, frozenset(row.entry for row in some))

    for view, counted in ((example_view, rows), (part, some)):
        expected = Counter(source for row in counted for source in row.sources)
        assert {s.source: s.facts for s in view.sources() if s.facts} == expected
    assert 0 < len(some) < len(rows)
