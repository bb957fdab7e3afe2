"""How sure an answer is: every boundary day on both sides, and the meaning by which the rules are defined."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.dates import FOREVER, NEVER
from projections.certainty import in_span, on_day, sometime, throughout
from projections.rows import SpanRow


def row(start_min: int, start_max: int, end_min: int, end_max: int, *, end: str = "2024") -> SpanRow:
    return SpanRow(
        start_min=start_min,
        start_max=start_max,
        end_min=end_min,
        end_max=end_max,
        start="2020",
        end=end,
        confirmed=NEVER,
        disputed=False,
        claim="stated",
        entries=(),
        sources=(),
    )


# -- the boundary days ------------------------------------------------------------------------------------------------

ENDED = row(10, 12, 20, 22)
UNREPORTED = row(10, 12, 15, FOREVER, end="")
OPEN = row(10, 12, FOREVER, FOREVER, end="..")


@pytest.mark.parametrize(
    ("day", "mark"),
    [
        (9, None), (10, "possible"), (11, "possible"), (12, "certain"),
        (20, "certain"), (21, "possible"), (22, "possible"), (23, None),
    ],
)  # fmt: skip
def test_between_the_last_start_and_the_first_end_it_is_certain(day, mark):
    """Days 10 to 12 may be the first, days 20 to 22 the last; both ends of each range count."""
    assert on_day(ENDED, day) == mark


@pytest.mark.parametrize(
    ("day", "mark"),
    [(9, None), (11, "possible"), (12, "certain"), (15, "certain"), (16, "unconfirmed"), (10**6, "unconfirmed")],
)
def test_after_the_last_confirmation_an_unreported_end_leaves_it_unconfirmed(day, mark):
    """Seen on day 15, and never heard of since."""
    assert on_day(UNREPORTED, day) == mark


def test_an_end_stated_to_be_open_stays_certain():
    """`1985/..` goes on for ever; `1985/` does not."""
    assert on_day(OPEN, 10**6) == "certain"


@pytest.mark.parametrize(
    ("day", "mark"), [(10, "possible"), (11, "possible"), (12, "unconfirmed"), (13, "unconfirmed")]
)
def test_before_the_last_possible_start_a_missing_end_is_not_the_only_doubt(day, mark):
    """Joined on some day from 10 to 12, unseen since: until day 11 it is open whether it had begun."""
    assert on_day(row(10, 12, 10, FOREVER, end=""), day) == mark


@pytest.mark.parametrize(
    ("first", "last", "degree"),
    [
        (1, 9, "no"), (1, 10, "possible"), (1, 11, "possible"), (1, 12, "certain"), (13, 19, "certain"),
        (20, 30, "certain"), (21, 30, "possible"), (22, 30, "possible"), (23, 30, "no"),
    ],
)  # fmt: skip
def test_sometime_asks_for_one_common_day(first, last, degree):
    """The span meets every reading, some reading or none."""
    assert sometime(ENDED, first, last) == degree


@pytest.mark.parametrize(
    ("first", "last", "degree"),
    [
        (9, 15, "no"), (10, 15, "possible"), (11, 15, "possible"), (12, 15, "certain"), (12, 20, "certain"),
        (12, 21, "possible"), (12, 22, "possible"), (12, 23, "no"), (10, 22, "possible"), (1, 30, "no"),
    ],
)  # fmt: skip
def test_throughout_asks_for_every_day(first, last, degree):
    """The span lies within every reading, some reading or none."""
    assert throughout(ENDED, first, last) == degree


@pytest.mark.parametrize(
    ("first", "last", "mark"),
    [
        (1, 9, None), (1, 10, "possible"), (1, 12, "certain"), (15, 30, "certain"), (16, 30, "unconfirmed"),
    ],
)  # fmt: skip
def test_a_span_after_the_last_confirmation_is_unconfirmed(first, last, mark):
    """Asked for a span, the mark is that of `sometime`, and silence is told from doubt."""
    assert in_span(UNREPORTED, first, last) == mark


def test_nothing_bounds_an_unknown_start():
    """Left on some day from 20 to 22, joined nobody knows when: possible on any day until then."""
    unknown = row(NEVER, 22, 20, 22)

    assert on_day(unknown, -(10**9)) == "possible"
    assert on_day(unknown, 22) == "possible"
    assert on_day(unknown, 23) is None


# -- the meaning ------------------------------------------------------------------------------------------------------

DAYS = range(1, 9)


@st.composite
def rows(draw: st.DrawFn) -> SpanRow:
    """Rows as the folds make them: no start beyond the last end, no end before the first start."""
    start_min, end_max = sorted(draw(st.tuples(*[st.sampled_from(DAYS)] * 2)))
    start_max = draw(st.integers(start_min, end_max))
    return row(
        start_min, start_max, draw(st.integers(start_min, end_max)), end_max, end=draw(st.sampled_from(["x", ".."]))
    )


def readings(of: SpanRow) -> list[range]:
    """Every span of days that the dates allow: a start and an end that is not before it."""
    starts, ends = range(of.start_min, of.start_max + 1), range(of.end_min, of.end_max + 1)
    return [range(start, end + 1) for start, end in product(starts, ends) if start <= end]


@given(rows(), st.sampled_from(DAYS))
def test_certain_is_every_reading_and_possible_is_some(of, day):
    """The definition of certainty on a day."""
    answers = [day in reading for reading in readings(of)]

    assert on_day(of, day) == ("certain" if all(answers) else "possible" if any(answers) else None)


@given(rows(), st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted))
def test_sometime_and_throughout_are_what_the_readings_say(of, asked):
    """The definition of certainty in a span."""
    days = range(asked[0], asked[1] + 1)
    some = [any(d in reading for d in days) for reading in readings(of)]
    every = [all(d in reading for d in days) for reading in readings(of)]

    assert sometime(of, *asked) == ("certain" if all(some) else "possible" if any(some) else "no")
    assert throughout(of, *asked) == ("certain" if all(every) else "possible" if any(every) else "no")


@given(rows(), st.sampled_from(DAYS), st.sampled_from(["", "x", ".."]))
def test_a_span_of_one_day_is_that_day(of, day, end):
    """Asked for a day as a span, the mark is the same."""
    of = row(of.start_min, of.start_max, of.end_min, FOREVER if end == "" else of.end_max, end=end)

    assert in_span(of, day, day) == on_day(of, day)
