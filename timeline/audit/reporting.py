"""The report of a replay as a page that can be filed: it stands on its own, prints, and runs nothing."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from timeline.audit.replaying import Report
from timeline.imports.places import printable
from timeline.printing import words
from timeline.printing.output import Envelope


def page(report: Report, envelope: Envelope) -> str:
    """The report as HTML; whatever stands in the ledger is only ever text in it."""
    environment = Environment(
        loader=PackageLoader("timeline.audit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = lambda value: "" if value is None else printable(str(value))
    told = sum((d.expected is not None) + (d.found is not None) for d in report.differences)
    return environment.get_template("replay.html").render(
        report=report, envelope=envelope, verdict=verdict(report), more=told < report.differing
    )


def verdict(report: Report) -> str:
    """What came of it, in words."""
    if report.differing:
        return f"{words.counted(report.differing, 'row')} missing or too many"
    if not report.is_equal:
        return "every row is what the log says, but the log is not what the checkpoint says"
    return "every row is what the log says"
