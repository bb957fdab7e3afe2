"""Packages that are only needed for some of the work, and installed with an extra."""

from __future__ import annotations

from importlib import import_module

from timeline.errors import UsageError


def need(what: str, packages: tuple[str, ...], extra: str) -> None:
    """Raise UsageError, with the extra to install, where one of the packages that something needs is missing."""
    try:
        for package in packages:
            import_module(package)
    except ImportError:
        needs = " and ".join(packages)
        raise UsageError(f"{what} needs {needs}: pip install 'timeline-service[{extra}]'") from None


def need_pyarrow() -> None:
    """Raise UsageError where Parquet can be neither read nor written."""
    need("parquet", ("pyarrow",), "parquet")
