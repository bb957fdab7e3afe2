"""Without a browser the tests of the pages fail, and say what to do."""

from __future__ import annotations

import pytest

from tests import browser


def test_a_named_browser_is_taken(monkeypatch):
    monkeypatch.setenv("TIMELINE_BROWSER", "/opt/chromium")

    assert browser.found() == "/opt/chromium"


def test_a_missing_browser_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(browser, "found", lambda: None)

    with pytest.raises(RuntimeError, match="apt-get install chromium"):
        browser.browser()
