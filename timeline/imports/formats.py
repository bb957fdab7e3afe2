"""The formats to import from. Each has a module here with

    def open_document(file: BinaryIO, name: str) -> Document

which reads what it needs of a file that can be read again from any place. What else it may be told it names among its
options, and takes by that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from timeline.errors import UsageError
from timeline.imports.document import Document


class Format(NamedTuple):
    """A format by its name."""

    module: str
    suffixes: tuple[str, ...]
    about: str
    """What it is, in a line."""
    options: tuple[str, ...] = ()


FORMATS: dict[str, Format] = {
    "yaml": Format("yamlfile", (".yaml", ".yml"), "the form that people write"),
    "jsonl": Format("jsonlfile", (".jsonl", ".ndjson"), "the log of another ledger, as CloudEvents"),
    "csv": Format("csvfile", (".csv",), "a table with a header of field names"),
    "popolo": Format("popolofile", (".json",), "people, organizations and memberships", ("missing_end",)),
    "ics": Format("icsfile", (".ics", ".ical"), "a calendar that somebody keeps"),
}


def format_told(name: str) -> str | None:
    """The format that a file's name tells; None if it tells none."""
    suffix = PurePath(name).suffix.lower()
    return next((f for f, known in FORMATS.items() if suffix in known.suffixes), None)


def format_of(name: str) -> str:
    """The format that a file's name tells; YAML where it tells none."""
    return format_told(name) or "yaml"


def opener(format_name: str, options: Mapping[str, str] | None = None) -> Callable[[BinaryIO, str], Document]:
    """The function that opens files of a format, told what was given of its options.

    Raises UsageError for an option that the format does not have.
    """
    given = options or {}
    for name in given:
        if name not in FORMATS[format_name].options:
            having = " and ".join(f for f, known in FORMATS.items() if name in known.options)
            raise UsageError(f"--{name.replace('_', '-')} is for files of the format {having}, not for {format_name}")
    function = import_module(f"timeline.imports.{FORMATS[format_name].module}").open_document
    return partial(function, **given)
