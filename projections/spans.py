"""From claims about one thing - she joined, he left, they were seen there - to the spans in which it was so.

One call handles the claims about one subject: one person at one organization, one person in one post, one organization
as such. Sources contradict each other; nothing is refused here. Rules, in the order in which they apply:

1. Starts and ends are read in order of their dates. A start opens, an end closes. Where an uncertain date lets two
   claims change places, the order that fits (start before end, end before a new start) is taken.
2. A second start of an open span, or a second end of a closed one, is a rival claim of the same fact: the best rank
   answers; what several of that rank allow in common is what is known; where they have nothing in common the answer
   stays open between them, and the span is marked as disputed.
3. A statement about a whole span joins the span that it certainly overlaps, if their roles agree, or stands by itself.
4. A sighting confirms: it moves no start and no end, but rules out the readings that contradict it. Where no span
   could hold it, it is evidence of one whose start and end nobody reported.
5. An end that closes whatever is open - somebody left, and held a post there - closes what only whole statements and
   sightings tell of, too, where it surely comes after the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from events.base import Happening
from events.dates import FOREVER, NEVER, Date
from projections.facts import Fact
from projections.rows import ANY_DAY, SpanFields, edtf_between, unique, weakest

Range = tuple[int, int]
"""The earliest and the latest day that something may have happened on, both inclusive."""

ANY: Range = (NEVER, FOREVER)


class Claim(NamedTuple):
    """What one fact says of the subject."""

    sort: Literal["start", "end", "whole", "present", "absent"]
    fact: Fact
    when: Range
    text: str = ""
    """The EDTF of `when`, where a source gave it."""
    until: Range = ANY
    """Of a whole span: when it ended."""
    until_text: str = ""
    """Of a whole span: the EDTF of `until`; `..` when it is stated to go on, empty when it is unknown."""
    role: str = ""
    implied_start: Range | None = None
    """Of an end: the start that follows from the length of service."""
    implied_text: str = ""
    """Of an end: the EDTF of `implied_start`."""
    again: bool = False
    """Of a start: it is said to follow an earlier end."""
    derived: bool = False
    """It follows from something said of another subject, and yields to anything said of this one."""
    weak: bool = False
    """Of an end: it closes what is open, and means nothing where nothing is. Of a sighting: it confirms, no more."""


class Span(NamedTuple):
    """A stretch of days in which it was so; the fields are those of `projections.rows.SpanRow`."""

    start_min: int
    start_max: int
    end_min: int
    end_max: int
    start: str
    end: str
    confirmed: int
    disputed: bool
    role: str
    facts: tuple[Fact, ...]


def of_date(date: Date) -> Range:
    """The days that a date may mean in an answer: its bounds, widened where the source qualified it."""
    return (date.earliest_reading, date.latest_reading)


def when(
    sort: Literal["start", "end", "present", "absent"],
    fact: Fact,
    date: Date,
    role: str = "",
    *,
    again: bool = False,
    derived: bool = False,
    weak: bool = False,
) -> Claim:
    """The plain claim that something happened on a date."""
    return Claim(sort, fact, of_date(date), date.text, ANY, "", role, None, "", again, derived, weak)


def spans(claims: Iterable[Claim], *, lasting: bool = False) -> list[Span]:
    """The spans that the claims add up to, by start. `lasting`: it goes on until somebody says otherwise."""
    counted = [c for c in claims if c.fact.rank != "deprecated"]
    turning = [c for c in counted if c.sort in ("start", "end")]
    drafts = _open_and_close(turning)
    in_turn = list(drafts)
    others = [] if len(turning) == len(counted) else [c for c in counted if c.sort not in ("start", "end")]
    for claim in others:
        if claim.sort == "whole":
            _join_or_add(drafts, claim)
    for draft in drafts:
        draft.settle()
    for earlier, later in pairwise(in_turn):
        _one_after_the_other(earlier, later)
    for claim in others:
        if claim.sort == "present":
            _confirm(drafts, claim)
    for claim in counted:
        if claim.weak:
            _close_the_rest(drafts, claim)
    for claim in others:
        if claim.sort == "absent":
            _rule_out(drafts, claim)
    found = [d.span(lasting=lasting) for d in drafts]
    return found if len(found) < 2 else sorted(found, key=lambda s: s[:4])


class _Draft:
    """A span in the making."""

    def __init__(self) -> None:
        self.starts: list[Claim] = []
        self.ends: list[Claim] = []
        self.others: list[Claim] = []
        self.start: Range = ANY
        self.end: Range = ANY
        self.start_text = ""
        self.end_text = ""
        self.opened = NEVER
        self.confirmed = NEVER
        self.disputed = False

    @property
    def open(self) -> bool:
        return not self.ends

    def settle(self) -> None:
        """Work out start and end from the claims of each."""
        self.start, self.start_text = self._agree([(c, c.when, c.text) for c in self.starts])
        if not self.starts:
            implied = [(c, c.implied_start, c.implied_text) for c in self.ends if c.implied_start]
            self.start, self.start_text = self._agree(implied)
        closing = [
            (c, c.until, c.until_text) if c.sort == "whole" else (c, c.when, c.text)
            for c in self.ends
            if c.sort != "whole" or c.until_text
        ]
        reported = [c for c in closing if c[2] != ".."]
        self.end, self.end_text = self._agree(reported) if reported else (ANY, ".." if closing else "")
        if reported and not self.end_text:
            self.end_text = edtf_between(*self.end) or ANY_DAY
        if reported and len(reported) < len(closing):
            self.disputed = True  # one source says that it goes on, another that it ended
        if self.starts:  # who opens it was there, but that is no news of how it went on
            self.opened = max([c.when[0] for c in self.starts])
        self.keep_in_order()

    def _agree(self, claims: Sequence[tuple[Claim, Range, str]]) -> tuple[Range, str]:
        """One range from rival claims: the best rank, then what they have in common, or all that they leave open."""
        if not claims:
            return ANY, ""
        if len(claims) == 1:
            return claims[0][1:]
        claims = [c for c in claims if not c[0].derived] or claims
        claims = [c for c in claims if c[0].fact.rank == "preferred"] or claims
        earliest, latest = max(r[0] for _, r, _ in claims), min(r[1] for _, r, _ in claims)
        if earliest > latest:
            earliest, latest = min(r[0] for _, r, _ in claims), max(r[1] for _, r, _ in claims)
            self.disputed = True
        return (earliest, latest), next((t for _, r, t in claims if r == (earliest, latest)), "")

    def keep_in_order(self) -> None:
        """A start is no later than its end, whatever the single dates would allow."""
        (start_min, start_max), (end_min, end_max) = self.start, self.end
        if start_min > end_max:
            self.disputed = True  # ranked so that the end comes before the start: both stand
            self.start, self.end = (end_min, start_max), (end_min, start_max)
            return
        self.start = (start_min, min(start_max, end_max))
        self.end = (max(end_min, start_min), end_max)

    def surely_holds(self, days: Range) -> bool:
        end = FOREVER if self.end_text in ("", "..") else self.end[0]
        return self.start[1] <= days[0] and days[1] <= end

    def may_hold(self, days: Range) -> bool:
        return self.start[0] <= days[1] and days[0] <= self.end[1]

    @property
    def roles(self) -> set[str]:
        return {c.role for c in (*self.starts, *self.others) if c.role}

    def span(self, *, lasting: bool) -> Span:
        end_min = self.end[0]
        if not self.end_text:
            end_min = FOREVER if lasting else max(self.confirmed, self.opened, self.start[0])
        elif self.end_text == "..":
            end_min = FOREVER
        start_text = self.start_text or edtf_between(*self.start)
        claims = [*self.starts, *self.ends, *self.others]
        if len(claims) > 1:
            claims.sort(key=lambda c: (c.when, c.fact.position))
        return Span(
            start_min=self.start[0],
            start_max=self.start[1],
            end_min=end_min,
            end_max=self.end[1],
            start=start_text,
            end=self.end_text or (".." if lasting else ""),
            confirmed=self.confirmed,
            disputed=self.disputed or any(c.fact.disputes and c.fact.disputed for c in claims),
            role=next((c.role for c in reversed(claims) if c.role), ""),
            facts=tuple({c.fact.entry: c.fact for c in claims}.values()),
        )


# -- rules 1 and 2 ----------------------------------------------------------------------------------------------------


def _open_and_close(claims: Sequence[Claim]) -> list[_Draft]:
    drafts: list[_Draft] = []
    for claim in _in_fitting_order(claims):
        last = drafts[-1] if drafts else None
        if claim.sort == "start":
            if last is not None and last.open:
                last.starts.append(claim)
            else:
                drafts.append(_Draft())
                drafts[-1].starts.append(claim)
        elif last is not None and (last.open or _ends_the_same(last, claim)):
            last.ends.append(claim)
        elif not claim.weak:
            drafts.append(_Draft())
            drafts[-1].ends.append(claim)
    return drafts


def _in_fitting_order(claims: Sequence[Claim]) -> Iterator[Claim]:
    """Rule 1: by date, but a claim that does not fit lets the next one go first if their dates allow it."""
    waiting = list(claims)
    last: Claim | None = None
    while waiting:
        place = 1 if len(waiting) > 1 and _should_wait(waiting[0], waiting[1], last) else 0
        last = waiting.pop(place)
        yield last


def _should_wait(claim: Claim, rival: Claim, last: Claim | None) -> bool:
    """Whether `claim` makes better sense after `rival`, which follows it in the order of dates."""
    if rival.sort == claim.sort or rival.when[0] > claim.when[1]:
        return False
    if claim.sort == "start":  # a start while it is open: rather a return after the end, unless it is the same start
        return last is not None and last.sort == "start" and (claim.again or not _meet(last.when, claim.when))
    if last is None or last.sort == "end":  # an end with nothing open: the start may have come before it
        return not rival.again and (last is None or not _meet(last.when, claim.when))
    return False


def _meet(one: Range, other: Range) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _ends_the_same(last: _Draft, claim: Claim) -> bool:
    """Whether a further end is about the span that has ended already."""
    if claim.weak:
        return False
    latest_end = max(c.when[1] for c in last.ends)
    return claim.implied_start is None or claim.implied_start[0] <= latest_end


def _one_after_the_other(earlier: _Draft, later: _Draft) -> None:
    """Who came back had left before: the dates of one bound those of the other."""
    if later.start[0] < earlier.end[0] <= later.start[1]:
        later.start, later.start_text = (earlier.end[0], later.start[1]), ""
    if earlier.end_text not in ("", "..") and earlier.end[0] <= later.start[1] < earlier.end[1]:
        earlier.end = (earlier.end[0], later.start[1])
        earlier.end_text = edtf_between(*earlier.end)
    earlier.keep_in_order()
    later.keep_in_order()


# -- rule 3 -----------------------------------------------------------------------------------------------------------


def _join_or_add(drafts: list[_Draft], claim: Claim) -> None:
    for draft in drafts:
        draft.settle()
        if draft.roles and claim.role and claim.role not in draft.roles:
            continue
        draft_end = FOREVER if draft.open or draft.end_text in ("", "..") else draft.end[0]
        claim_end = FOREVER if claim.until_text in ("", "..") else claim.until[0]
        sure = draft.start[1] <= claim_end and claim.when[1] <= draft_end
        # An end that came without a start is most likely the end of the span that is told of here.
        if sure or (not draft.starts and _meet(draft.end, claim.until) and _starts_alike(draft, claim)):
            break
    else:
        draft = _Draft()
        drafts.append(draft)
    draft.starts.append(claim)
    draft.ends.append(claim)


def _starts_alike(draft: _Draft, claim: Claim) -> bool:
    """Whether the span that is told of began before the end, and not otherwise than the end implies."""
    implied = [c.implied_start for c in draft.ends if c.implied_start is not None]
    return claim.when[0] <= draft.end[1] and all(_meet(start, claim.when) for start in implied)


# -- rule 4 -----------------------------------------------------------------------------------------------------------


def _confirm(drafts: list[_Draft], claim: Claim) -> None:
    draft = _which(drafts, claim.when)
    if draft is None:
        if claim.weak or any(d.may_hold(claim.when) for d in drafts):
            return  # it fits several, and tells nothing of either
        draft = _unreported(drafts, claim.when)
        drafts.append(draft)
    first, last = claim.when
    draft.others.append(claim)
    draft.confirmed = max(draft.confirmed, first)
    if draft.start[0] <= last < draft.start[1]:
        draft.start, draft.start_text = (draft.start[0], last), ""
    if draft.end_text not in ("", "..") and draft.end[0] < first <= draft.end[1]:
        draft.end, draft.end_text = (first, draft.end[1]), edtf_between(first, draft.end[1])


def _close_the_rest(drafts: Sequence[_Draft], claim: Claim) -> None:
    """A weak end also closes what whole statements and sightings tell of, where it surely comes after the start."""
    for draft in drafts:
        told_otherwise = not any(c.sort == "start" for c in draft.starts)
        surely_later = draft.start[1] <= claim.when[0] and draft.confirmed <= claim.when[1]
        if told_otherwise and draft.end_text in ("", "..") and surely_later:
            draft.disputed = draft.disputed or draft.end_text == ".."  # one source says that it goes on
            draft.ends.append(claim)
            draft.end = (max(claim.when[0], draft.confirmed), claim.when[1])
            draft.end_text = claim.text if draft.end == claim.when else edtf_between(*draft.end) or ANY_DAY


def _unreported(drafts: Sequence[_Draft], days: Range) -> _Draft:
    """A span that nobody reported the start or the end of, between those that are known."""
    draft = _Draft()
    before = [d.end[0] for d in drafts if d.end[1] < days[0]]
    after = [d.start[1] for d in drafts if d.start[0] > days[1]]
    draft.start = (max(before, default=NEVER), FOREVER)
    if after:
        draft.end = (NEVER, min(after))
        draft.end_text = edtf_between(*draft.end)
    return draft


def _rule_out(drafts: list[_Draft], claim: Claim) -> None:
    draft = _which(drafts, claim.when)
    if draft is None:
        return
    first, last = claim.when
    day_before = last if last == FOREVER else last - 1
    draft.others.append(claim)
    ended = draft.end_text not in ("", "..")
    surely_later = max(draft.confirmed, draft.end[0] if ended else NEVER) > last
    if draft.start[0] <= first and last < draft.start[1] and surely_later:
        draft.start, draft.start_text = (first if first == NEVER else first + 1, draft.start[1]), ""
    elif draft.end_text == "" and draft.start[1] < first and draft.confirmed < first:
        draft.end = (max(draft.confirmed, draft.start[0]), day_before)
        draft.end_text = edtf_between(*draft.end)
    elif ended and draft.start[1] < first and draft.end[0] < last <= draft.end[1]:
        draft.end = (draft.end[0], day_before)
        draft.end_text = edtf_between(*draft.end)
    elif draft.surely_holds(claim.when):
        draft.disputed = True


def _which(drafts: Sequence[_Draft], days: Range) -> _Draft | None:
    """The span that a sighting is about: the one that surely holds its days, or the only one that may."""
    sure = [d for d in drafts if d.surely_holds(days)]
    if sure:
        return sure[0]
    possible = [d for d in drafts if d.may_hold(days)]
    return possible[0] if len(possible) == 1 else None


# -- for the rows -----------------------------------------------------------------------------------------------------


def shown(span: Span) -> SpanFields:
    """The fields that every row of a span has."""
    return {
        "start_min": span.start_min,
        "start_max": span.start_max,
        "end_min": span.end_min,
        "end_max": span.end_max,
        "start": span.start,
        "end": span.end,
        "confirmed": span.confirmed,
        "disputed": span.disputed,
        "claim": weakest([f.event.certainty for f in span.facts if isinstance(f.event, Happening)]),
        "entries": tuple([f.entry for f in span.facts]),
        "sources": unique([c.source for f in span.facts for c in f.sources]),
    }
