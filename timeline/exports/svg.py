"""A picture of the lanes, for a report or a page."""

from __future__ import annotations

from timeline.exports.formats import Options, Write, Written
from timeline.exports.selection import Selection
from timeline.pages.content import Gathered
from timeline.pages.lanes import lanes
from timeline.pages.svg import picture
from timeline.pages.wording import described, origin, title_of
from timeline.view import View


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Draw the selection, with what is so on the day outlined."""
    gathered = Gathered(view, wanted)
    shown = lanes(gathered, gathered.day if options.as_of is None else options.as_of)
    for part in picture(shown, title_of(gathered, options.title), described(shown), origin(gathered)):
        write(part.encode())
    return Written(sum(len(section.lanes) for section in shown.sections), "lane")
