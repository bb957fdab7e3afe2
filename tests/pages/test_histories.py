"""Whatever was recorded, corrected, merged or withdrawn: the page says of any day what the ledger says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.dates import iso
from tests.pages.conftest import clock, exported
from tests.pages.reading import expected, lines, settled
from tests.projections.histories import ORGANIZATIONS, PEOPLE, PRODUCTS, Scribe, histories
from tests.timeline.telling import register, tell
from timeline.exports.selection import Selection
from timeline.ledger import Ledger
from timeline.pages.content import Gathered
from timeline.pages.lanes import lanes as lanes_of
from timeline.pages.panel import panel
from timeline.view import View

pytestmark = pytest.mark.xdist_group("browser")

selections = st.just(Selection()) | st.builds(
    Selection()._replace,
    organizations=st.sampled_from([(), *((o,) for o in ORGANIZATIONS)]),
    people=st.sampled_from([(), (), *((p,) for p in PEOPLE)]),
    products=st.sampled_from([(), (), (), *((p,) for p in PRODUCTS)]),
)


@contextmanager
def told(history) -> Iterator[View]:
    """A view of a ledger after everything that could be recorded of a history."""
    with tempfile.TemporaryDirectory() as folder, Ledger.create(f"{folder}/told.db", clock=clock) as ledger:
        scribe = Scribe()
        register(ledger, scribe)
        tell(ledger, history, scribe)
        with ledger.ask() as view:
            yield view


def test_the_page_says_of_any_day_what_the_ledger_says(chromium, tmp_path):
    page = chromium.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    file = Path(tmp_path) / "page.html"

    @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
    @given(histories(most=16), selections, st.lists(st.floats(0, 1), min_size=3, max_size=3))
    def holds(history, wanted, places):
        with told(history) as view:
            gathered = Gathered(view, wanted)
            lanes = lanes_of(gathered, gathered.day)
            ElementTree.fromstring(exported(view, "svg", wanted))
            file.write_text(exported(view, "html", wanted), "utf-8")
            page.goto(file.as_uri())
            for place in places:
                day = lanes.axis.first + int(place * (lanes.axis.last - lanes.axis.first))
                page.goto(f"{file.as_uri()}#as-of={iso(day)}")
                settled(page)
                assert lines(page) == expected(panel(gathered, day, lanes.colours))
        assert problems == []

    holds()
    page.close()
