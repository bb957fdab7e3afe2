"""docs/lint.md lists every contradiction and every number that is checked: no more, no fewer."""

import re
from pathlib import Path

import pytest

from projections.aggregates import METRICS
from projections.contradictions import CODES
from tests.projections.test_contradictions import CASES, found

PAGE = (Path(__file__).parents[1] / "docs" / "lint.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [line.split(" | ") for line in lines[2:]]


def test_the_page_lists_every_code_with_what_it_means():
    assert {code.strip("`"): means for code, means, _ in rows("What is looked for")} == CODES


@pytest.mark.parametrize("code", CASES)
def test_the_page_says_what_the_command_says_would_settle_it(code):
    (settles,) = (settles for given, _, settles in rows("What is looked for") if given == f"`{code}`")

    assert settles in {c.settle for c in found(*CASES[code][0]) if c.code == code}


def test_the_page_lists_every_metric():
    assert [metric for metric, _ in rows("Numbers that are counted again")] == list(METRICS)
