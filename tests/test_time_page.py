"""docs/time.md: its pictures are what the ledger answers, and its Python runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import pictures

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "time.md"
RENEW = os.environ.get("TIMELINE_RENEW") == "1"
SHOWN = re.compile(r"\]\(pictures/(\S+)\)")
NAMES = ("happened.svg", "recorded.svg", "published.svg")
PICTURES = sorted(path.name for path in pictures.FOLDER.iterdir())
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return pictures.drawn()


def test_no_picture_is_forgotten(drawn):
    assert tuple(drawn) == NAMES == tuple(SHOWN.findall(PAGE.read_text("utf-8")))


def test_every_picture_is_shown_on_a_page():
    shown = [name for page in PAGE.parent.glob("*.md") for name in SHOWN.findall(page.read_text("utf-8"))]
    assert sorted(shown) == PICTURES


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_what_the_ledger_answers(drawn, name):
    """TIMELINE_RENEW=1 draws it anew; look at it before you commit it."""
    path = pictures.FOLDER / name
    if RENEW:
        path.write_text(drawn[name], "utf-8")

    assert path.read_text("utf-8") == drawn[name]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_read_by_everybody(name):
    """Valid XML, with a title and a description for screen readers, in light and dark, and nothing from elsewhere."""
    text = (pictures.FOLDER / name).read_text("utf-8")
    root = ElementTree.fromstring(text)

    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert described is not None
    assert (title.text, described.text) != (None, None)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby", "").split() == [title.get("id"), described.get("id")]
    assert "prefers-color-scheme: dark" in text
    assert "currentColor" in text
    assert set(re.findall(r"https?://[^\s\"<]+", text)) == {"http://www.w3.org/2000/svg"}


def test_no_mark_lies_outside_of_the_picture():
    for name in NAMES:
        root = ElementTree.parse(pictures.FOLDER / name).getroot()
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for part in root.iter(f"{SVG}rect"):
            if part.get("x"):
                assert 0 <= float(part.get("x", 0)) <= float(part.get("x", 0)) + float(part.get("width", 0)) <= width
        for part in root.iter(f"{SVG}text"):
            assert 0 <= float(part.get("x", 0)) <= width
            assert 0 <= float(part.get("y", 0)) <= height


def test_the_python_of_the_page_prints_what_the_page_shows(tmp_path):
    page = PAGE.read_text("utf-8")
    found = re.search(r"```python\n(.*?)```\n\nIt prints:\n\n```text\n(.*?)```", page, re.DOTALL)
    assert found

    done = subprocess.run(
        [sys.executable, "-c", found[1]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    if RENEW:
        PAGE.write_text(page[: found.start(2)] + done.stdout + page[found.end(2) :], "utf-8")
        return
    assert done.stdout == found[2]
