"""The comparison with other systems: its history, its answers and its picture, at a size that takes no time."""

import argparse
from collections import Counter
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import sidebyside
from bench.sides import history as histories
from bench.sides.history import ENDED, FOREVER, interval_of, make
from bench.sides.load import load_tables
from bench.sides.ours import BareSQLite, OursSQLite
from bench.sides.plot import plot
from bench.sides.side import SIDES, mark_of, side_named
from events.dates import FOREVER as FOR_EVER
from events.dates import parse
from projections import certainty
from projections.rows import SpanRow
from timeline.ledger import Ledger


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    return make(tmp_path_factory.mktemp("history"), 600)


@pytest.fixture(scope="module")
def sides(history):
    """Ours, and the bare statements on its file."""
    with closing(OursSQLite(history, {})) as ours, closing(BareSQLite(history, {})) as bare:
        ours.load()
        bare.load()
        yield ours, bare


_ID = "(SELECT n.id FROM numbers AS n WHERE n.number = {})"
_SPAN = 'start_min, start_max, end_min, end_max, start, "end", confirmed, disputed, claim, sources'
COLUMNS = {
    "entities": f"{_ID.format('entity')}, type, name, other_names, classification, identifiers, links, folded",
    "organizations": f"{_ID.format('organization')}, {_SPAN}, founders, place, successors",
    "parents": f"{_ID.format('organization')}, {_ID.format('parent')}, {_SPAN}",
    "memberships": f"{_ID.format('person')}, {_ID.format('organization')}, role, {_SPAN}, entries",
}


def rows_of(history):
    return [row for part in history.parts() for row in part]


def naive(history, question):
    """The answer from reading the whole history."""
    rows = [r for r in rows_of(history) if (r.known_from == 0 if question.known == 0 else r.known_to == FOREVER)]
    if question.sort == "person":
        return {(r.person, r.organization, "") for r in rows if r.person == question.person}
    if question.sort == "diff":
        before, after = (
            {(r.person, r.organization) for r in rows if r.start_min <= day <= r.end_max}
            for day in (question.day, question.other_day)
        )
        return {(person, 0, "") for person, _ in before ^ after}
    wanted = set(range(len(history.parents))) if question.sort == "state" else {question.organization}
    for _ in range(2 if question.units else 0):
        wanted |= {n for n, parent in enumerate(history.parents) if parent in wanted}
    return {
        (r.person, r.organization, mark_of(r.start_max, r.end_min, r.ending == histories.UNKNOWN, question.day))
        for r in rows
        if r.organization in wanted and r.start_min <= question.day <= r.end_max
    }


def test_one_seed_gives_one_history(history, tmp_path):
    again = make(tmp_path, 600)

    assert again.file.read_bytes() == history.file.read_bytes()
    (tmp_path / "other").mkdir()
    assert make(tmp_path / "other", 600, seed=2).file.read_bytes() != history.file.read_bytes()


def test_one_membership_in_ten_is_corrected_once_and_after_all_others(history):
    rows = rows_of(history)
    corrected = [r for r in rows if r.known_from == 1]

    assert 0.05 < len(corrected) / history.memberships < 0.15
    assert [r.known_from for r in rows] == [0] * 600 + [1] * len(corrected)
    assert {r.membership for r in corrected} == {r.membership for r in rows if r.known_to == 1}


@pytest.mark.parametrize("end", ["", "2014-05"])
def test_marks_are_those_of_the_projections(end):
    bounds = {"start_min": 10, "start_max": 20, "end_min": 30 if end else 10, "end_max": 40 if end else FOR_EVER}
    row = SpanRow(**bounds, start="", end=end, confirmed=0, disputed=False, claim="", entries=(), sources=())

    for day in range(10, 41):
        assert mark_of(row.start_max, row.end_min, end == "", day) == certainty.on_day(row, day)


def test_nobody_has_two_memberships_at_one_organization(history):
    """Or the two would be folded into one, and the sides would not count alike."""
    now = Counter((r.person, r.organization) for r in rows_of(history) if r.known_to == FOREVER)

    assert max(now.values()) == 1


def test_the_bounds_are_those_of_the_dates_as_written(history):
    for row in rows_of(history):
        start, _, end = interval_of(row).partition("/")
        assert (parse(start).earliest, parse(start).latest) == (row.start_min, row.start_max)
        if row.ending == ENDED:
            assert (parse(end).earliest, parse(end).latest) == (row.end_min, row.end_max)
            assert row.start_max < row.end_min


@pytest.mark.parametrize("memberships", [10_000, 30_000])
def test_the_organization_asked_about_has_some_200_people(tmp_path, memberships):
    history = make(tmp_path, memberships)
    day = history.questions()["organization"][0].day
    there = [r for r in rows_of(history) if r.organization == history.leaf and r.start_min <= day <= r.end_max]

    assert 130 < len([r for r in there if r.known_to == FOREVER]) < 300


@pytest.mark.parametrize("sort", ["organization", "units", "known", "person", "state", "diff"])
def test_ours_and_the_bare_statements_say_what_the_history_says(history, sides, sort):
    for question in history.questions()[sort]:
        for side in sides:
            found = set(side.plain(question, side.ask(question)))
            if sort == "person":
                found = {(person, organization, "") for person, organization, _ in found}
            assert found == naive(history, question), side.name


def test_what_was_known_before_differs_from_what_is_known(history, sides):
    """Otherwise that question would tell nothing."""
    now, then = (history.questions()[sort] for sort in ("organization", "known"))

    assert [naive(history, q) for q in now] != [naive(history, q) for q in then]


def test_rows_written_directly_are_those_of_a_rebuild(history, sides, tmp_path):
    """But for when they were known, and which random entries tell of the tree."""
    ours, _ = sides

    def tables(ledger):
        with ledger.ask() as view:
            read = view.connection.exec_driver_sql
            return {
                name: sorted(map(tuple, read(f"SELECT {columns}, known_to = {FOR_EVER} FROM {name}")), key=repr)
                for name, columns in COLUMNS.items()
            }

    with Ledger.create(str(tmp_path / "direct.db")) as direct:
        load_tables(direct.database, history)
        assert tables(direct) == tables(ours.ledger)


class Told(sidebyside.Process):
    """A process that gives an answer it was made with, and is none."""

    def __init__(self, name, line):
        self.name, self.line, self.cannot = name, line, {}

    def tell(self, do, **more):
        Path(more["file"]).write_text(self.line + "\n", "utf-8")


def test_sides_that_disagree_end_the_run(history):
    ours = Told("ours, SQLite", "0 7 3 certain")

    sidebyside.compare([ours, Told("DuckDB", "0 7 3 certain")], history)
    with pytest.raises(SystemExit, match="DuckDB does not answer"):
        sidebyside.compare([ours, Told("DuckDB", "0 7 3 possible")], history)


def test_a_side_without_certainty_is_compared_by_who_is_possible(history):
    ours = Told("ours, SQLite", "0 7 3 certain")

    sidebyside.compare([ours, Told("Raphtory", "0 7 3 ")], history)
    with pytest.raises(SystemExit, match="Raphtory does not answer"):
        sidebyside.compare([ours, Told("Raphtory", "0 8 3 ")], history)


def test_a_process_answers_and_one_that_breaks_down_ends_the_run(history, sides):
    process = sidebyside.Process("bare SQL, SQLite", history, {})
    try:
        with pytest.raises(SystemExit, match=r"broke down at answer[^\0]*AttributeError"):
            process.tell("answer", question="state", file=str(history.folder / "answer"))  # nothing was loaded
    finally:
        process.end()


def test_every_side_is_where_its_name_says():
    assert all(side_named(name).name == name for name in SIDES)


def test_sizes_are_read_as_people_write_them():
    assert sidebyside.sizes_of("10k,1M,1_500") == [10_000, 1_000_000, 1_500]
    with pytest.raises(argparse.ArgumentTypeError, match="is no size"):
        sidebyside.size_of("many")


def test_the_picture_has_each_side_that_was_measured():
    panels = {"One & another": {"a": {10: 0.001, 100: 0.002}, "<b>": {10: 0.5}}}
    root = ElementTree.fromstring(plot("Title", "About", panels, ["a", "<b>", "c"]))
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]

    assert {"One & another", "a", "<b>", "1 ms", "100 ms"} <= set(texts)
    assert "c" not in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 3
