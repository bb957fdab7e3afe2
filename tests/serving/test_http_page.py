"""docs/http.md: what it says can be asked, can be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from timeline.serving.resources import RESOURCES

PAGE = (Path(__file__).parent.parent.parent / "docs" / "http.md").read_text("utf-8")
ASKED = re.findall(r"^    GET (\S+)$", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| (`/.*?) \| .* \| (.*?) \|$", PAGE, re.MULTILINE)


def forms_on_the_page() -> dict[str, set[str]]:
    """Each address of the table with its forms."""
    return {
        path.partition("?")[0]: set(re.findall(r"`([a-z.]+)`", forms))
        for paths, forms in ROWS
        for path in re.findall(r"`(/[^`]+)`", paths)
    }


@pytest.mark.parametrize("path", [p for p in ASKED if "stream" not in p])
def test_what_the_page_asks_is_answered(example_client, path):
    assert example_client.get(path).status_code == 200


def test_the_stream_is_there(example_client):
    (path,) = [p for p in ASKED if "stream" in p]
    with example_client.stream("GET", path) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("path", forms_on_the_page())
def test_every_address_of_the_page_is_there(example_client, path):
    if path != "/api/stream":
        assert example_client.get(path).status_code == 200


def test_the_page_names_every_resource_in_every_form():
    shown = forms_on_the_page()
    for resource in RESOURCES.values():
        pattern = re.escape(resource.path).replace(re.escape("{name}"), "[^/]+")
        ((path, forms),) = [(p, f) for p, f in shown.items() if re.fullmatch(pattern, p)]
        assert forms == set(resource.forms), path
