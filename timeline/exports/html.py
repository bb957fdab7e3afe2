"""The page as one file, to keep, to send or to put on any web server."""

from __future__ import annotations

from timeline.exports.formats import Options, Write, Written
from timeline.exports.selection import Selection
from timeline.pages.content import Gathered
from timeline.pages.lanes import lanes
from timeline.pages.page import page
from timeline.view import View


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the page of the selection. It opens on the day; whoever reads it may choose another."""
    gathered = Gathered(view, wanted)
    shown = lanes(gathered, gathered.day if options.as_of is None else options.as_of)
    for part in page(gathered, shown, options.title):
        write(part.encode())
    return Written(sum(len(section.lanes) for section in shown.sections), "lane")
