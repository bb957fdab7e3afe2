"""docs/json.md lists the fields that items have: no more, no fewer."""

import re
from pathlib import Path

import msgspec
import pytest

from timeline import answers
from timeline.commands.dates import Explained
from timeline.comparing import Difference
from timeline.linting import Clash
from timeline.recorded import Recorded

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
ITEMS = PAGE[PAGE.index("## Items") : PAGE.index("**Every line**")]
SHAPES: dict[str, type[msgspec.Struct]] = {
    "`log`, `sources ID`": answers.Event,
    "`search`": answers.Found,
    "`sources`": answers.SourceAnswer,
    "`why`": answers.Why,
    "`diff`": Difference,
    "`history`": Recorded,
    "`lint`": Clash,
    "`date`": Explained,
}


@pytest.mark.parametrize("command", SHAPES)
def test_the_page_lists_the_fields_of_an_item(command):
    """Programs are written from this page."""
    (row,) = re.findall(rf"^\| {re.escape(command)} \| (.*) \|$", ITEMS, re.MULTILINE)
    listed = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row))

    assert listed == list(SHAPES[command].__struct_fields__)


def test_the_page_lists_the_fields_of_every_line():
    """What `who`, `person`, `product` and `deals` have in common."""
    table = PAGE[PAGE.index("**Every line**") : PAGE.index("People, organizations and products are")]
    rows = re.findall(r"^\| (`.*?`) \| ", table, re.MULTILINE)
    listed = [field for row in rows for field in re.findall(r"`(\w+)`", row)]

    assert set(listed) == set(answers.Answer.__struct_fields__)
