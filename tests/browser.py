"""A Chromium for the tests of the pages: one that the machine has, or one that is fetched.

python -m tests.browser        # says which one is used, and fetches one if there is none
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")

ARGUMENTS = ("--no-sandbox", "--disable-background-networking")
"""A container has no user namespaces for the sandbox, and the browser shall ask for nothing on its own account."""

MISSING = """\
No Chromium was found, and none could be fetched. The tests of the pages need one: install it (on Debian and Ubuntu:
apt-get install chromium), or say where one is: TIMELINE_BROWSER=/path/to/chromium."""


def found() -> str | None:
    """The program of a browser: the one that TIMELINE_BROWSER names, one on the path, or the one Playwright fetched."""
    if given := os.environ.get("TIMELINE_BROWSER"):
        return given
    for name in NAMES:
        if program := shutil.which(name):
            return program
    with sync_playwright() as playwright:
        fetched = playwright.chromium.executable_path
    return fetched if Path(fetched).exists() else None


def fetch() -> None:
    """Fetch a browser as Playwright does, into the user's cache; where that is out of reach, as the system does."""
    ways: list[list[str]] = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        ways += [
            ["apt-get", "update", "--quiet=2"],
            ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"],
        ]
    for way in ways:
        subprocess.run(way, check=False, stdin=subprocess.DEVNULL)
        if found() is not None:
            return


def browser() -> str:
    """The program of a browser; without one the tests fail, they are not passed over."""
    program = found()
    if program is None:
        raise RuntimeError(MISSING)
    return program


if __name__ == "__main__":
    if found() is None:
        print("Fetching a browser for the tests (once) ...", file=sys.stderr)
        fetch()
    try:
        print(f"The tests use {browser()}")
    except RuntimeError as problem:
        sys.exit(str(problem))
