"""Which release of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release_in_a_word() -> str:
    """The same without blanks and brackets, for a header."""
    return release().strip("()").replace(" ", "-")


def release() -> str:
    """The version of the installed distribution."""
    try:
        return version("timeline-service")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "(not installed)"
