"""A part of the log as JSON Lines: what is selected and what it needs, without a ledger in memory."""

from __future__ import annotations

import json

from events.about import Correction
from events.dates import parse
from events.deals import DealCompletion
from events.register import Merge
from tests.exports.exported import export, ledger_of
from tests.timeline.builders import deal, layoff, org, person
from timeline.entries import entry_named
from timeline.exports import jsonl
from timeline.exports.selection import Selection
from timeline.ledger import following, new
from timeline.naming import Directory

EVENTS = [
    org("meta"), org("other"), org("fb"), person("ada"),
    Merge(duplicate="fb", into="meta"),
    deal(id="first"),
    layoff("other", id="unrelated"),
    *(layoff("fb", f"20{n}", id=f"cut-{n}", derived_from=(entry_named("event", f"cut-{n - 1}"),) if n > 20 else ())
      for n in range(20, 40)),
    layoff("other", id="more"),
    DealCompletion(id="done", deal=entry_named("event", "first"), date=parse("2026"),
                   derived_from=(entry_named("event", "cut-39"),)),
]  # fmt: skip


def test_a_selection_goes_by_position_with_all_that_it_needs_in_turn(monkeypatch):
    """Also what needed entries need, over more parts than one."""
    monkeypatch.setattr(jsonl, "PART", 3)
    with ledger_of(EVENTS) as ledger:
        corrected = layoff("meta", "2031", id="cut-30")
        ledger.record([following(entry_named("event", "cut-30"), 1, Correction(event=corrected))], by="ada")
        whole, _ = export(ledger, "jsonl")
        some, written = export(ledger, "jsonl", Selection(kinds=("deal-completion",)))

    left_out = {
        str(new(e).originator_id) for e in EVENTS if getattr(e, "id", "") in ("other", "ada", "unrelated", "more")
    }
    assert some.splitlines() == [line for line in whole.splitlines() if json.loads(line)["subject"] not in left_out]
    assert written.number == len(EVENTS) + 1 - len(left_out)


def test_no_name_is_looked_up_for_what_shows_none(monkeypatch):
    monkeypatch.setattr(Directory, "prefetch", lambda *_: 1 / 0)
    with ledger_of(EVENTS) as ledger:
        assert export(ledger, "jsonl", Selection(kinds=("layoff",)))[1].number
