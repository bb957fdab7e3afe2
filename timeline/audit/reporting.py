"""The report of a replay as a page that can be filed: it stands on its own, prints, and runs nothing."""

from __future__ import annotations

from timeline.audit.replaying import Report
from timeline.imports.places import printable
from timeline.printing import words
from timeline.printing.output import Envelope
from timeline.templates import templates_of


def page(report: Report, envelope: Envelope) -> str:
    """The report as HTML; whatever stands in the ledger is only ever text in it."""
    templates = templates_of("timeline.audit")
    templates.filters["text"] = lambda value: "" if value is None else printable(str(value))
    told = sum((d.expected is not None) + (d.found is not None) for d in report.differences)
    return templates.get_template("replay.html").render(
        report=report, envelope=envelope, verdict=verdict(report), more=told < report.differing
    )


def verdict(report: Report) -> str:
    """What came of it, in words."""
    if report.differing:
        return f"{words.counted(report.differing, 'row')} missing or too many"
    if not report.is_equal:
        return "every row is what the log says, but the log is not what the checkpoint says"
    return "every row is what the log says"
