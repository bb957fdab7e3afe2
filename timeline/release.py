"""Which release of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """The version of the installed distribution."""
    try:
        return version("timeline-service")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "(not installed)"
