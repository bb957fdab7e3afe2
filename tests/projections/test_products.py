"""Products: what was planned, what came of it, and which date was planned when."""

import pytest

from events.dates import FOREVER
from projections.products import fold
from tests.projections.facts import denied, fact_of, happened, on, ranked, said


def of(kind, date, **fields):
    return happened(kind, date, product="ml-1", **fields)


def states(*told):
    return [(r.status, r.planned, r.start, r.end) for r in said(*told)["products"]]


def test_a_plan_has_its_date():
    """Planned in January for the summer of 2025."""
    assert states(of("plan", "2025-01-10", planned="2025-22")) == [("planned", "2025-22", "2025-01-10", "..")]


def test_a_status_lasts_until_the_day_before_the_next():
    """Planned until 9 May, delayed from 10 May on; silence makes it no less certain."""
    plan, delay = said(of("plan", "2025-01-10"), of("delay", "2025-05-10"))["products"]

    assert (on(plan, "2025-05-09"), on(plan, "2025-05-10")) == ("certain", None)
    assert (on(delay, "2025-05-09"), on(delay, "2025-05-10"), on(delay, "2099-01-01")) == (None, "certain", "certain")


def test_a_delay_to_a_new_date_is_planned_for_it():
    """Put off from the summer to the autumn."""
    rows = states(of("plan", "2025-01-10", planned="2025-22"), of("delay", "2025-05-10", planned="2025-23"))

    assert [r[:2] for r in rows] == [("planned", "2025-22"), ("delayed", "2025-23")]


def test_a_delay_without_a_new_date_is_planned_for_none():
    """Put off, nobody knows until when: the old date no longer holds."""
    rows = states(of("plan", "2025-01-10", planned="2025-22"), of("delay", "2025-05-10"))

    assert rows[-1][:2] == ("delayed", "")


def test_the_previous_date_of_a_delay_tells_of_a_plan_that_nobody_recorded():
    """Put off from the summer: so it had been planned for the summer."""
    rows = states(of("delay", "2025-05-10", previous="2025-22", planned="2025-23"))

    assert rows == [("planned", "2025-22", "", "2025-05-09"), ("delayed", "2025-23", "2025-05-10", "..")]


def test_the_previous_date_of_a_delay_changes_no_recorded_plan():
    """The plan stands in the ledger; that the dates differ is for lint to say."""
    rows = states(of("plan", "2025-01-10", planned="2025-04"), of("delay", "2025-05-10", previous="2025-22"))

    assert [r[1] for r in rows] == ["2025-04", ""]


def test_an_announcement_keeps_the_planned_date():
    """Presented in February, still planned for the summer."""
    rows = states(of("plan", "2025-01-10", planned="2025-22"), of("announcement", "2025-02-01"))

    assert [r[:2] for r in rows] == [("planned", "2025-22"), ("announced", "2025-22")]


def test_an_announcement_of_what_is_out_changes_nothing():
    """Presented again after the release."""
    rows = states(of("release", "2025-01-10"), of("announcement", "2025-02-01"))

    assert [r[0] for r in rows] == ["released"]


def test_a_preview_is_not_yet_the_release():
    """A preview in April, everybody in June."""
    rows = states(of("release", "2025-04-05", stage="preview"), of("release", "2025-06-01"))

    assert [r[0] for r in rows] == ["preview", "released"]


def test_a_release_leaves_no_planned_date():
    """It is out."""
    rows = states(of("plan", "2025-01-10", planned="2025-22"), of("release", "2025-07-01"))

    assert rows[-1][:2] == ("released", "")


def test_a_cancellation_ends_the_plan():
    """Given up in May."""
    rows = states(of("plan", "2025-01-10"), of("cancellation", "2025-05-10"))

    assert [r[0] for r in rows] == ["planned", "cancelled"]


def test_a_plan_after_the_cancellation_revives_it():
    """Given up in May, taken up again in October."""
    rows = states(of("plan", "2025-01-10"), of("cancellation", "2025-05-10"), of("plan", "2025-10-01", planned="2026"))

    assert [r[:2] for r in rows] == [("planned", ""), ("cancelled", ""), ("planned", "2026")]


def test_a_plan_after_a_delay_changes_the_date_alone():
    """Put off without a date; later a date is given: it is still put off."""
    rows = states(of("delay", "2025-05-10"), of("plan", "2025-06-01", planned="2026"))

    assert [r[:2] for r in rows] == [("delayed", ""), ("delayed", "2026")]


def test_rival_cancellations_agree_on_their_common_days():
    """Given up in May, says one; on 10 May, says another: one cancellation."""
    rows = states(of("plan", "2025-01-10"), of("cancellation", "2025-05"), of("cancellation", "2025-05-10"))

    assert rows[-1] == ("cancelled", "", "2025-05-10", "..")


def test_rival_cancellations_without_a_common_day_are_disputed():
    """In May, or in July: some day between, and marked."""
    *_, row = said(of("cancellation", "2025-05"), of("cancellation", "2025-07"))["products"]

    assert row.disputed
    assert row.start == "[2025-05..2025-07]"


def test_the_preferred_of_rival_cancellations_answers():
    """In May, or in July; the recorder trusts the second."""
    (row,) = said(of("cancellation", "2025-05"), ranked(of("cancellation", "2025-07"), "preferred"))["products"]

    assert (row.start, row.disputed) == ("2025-07", False)


def test_a_deprecated_cancellation_does_not_count():
    """It was a false report."""
    rows = states(of("plan", "2025-01-10"), ranked(of("cancellation", "2025-05"), "deprecated"))

    assert [r[0] for r in rows] == ["planned"]


def test_a_denied_cancellation_counts_and_is_flagged():
    """The company denies it."""
    *_, row = said(of("plan", "2025-01-10"), denied(of("cancellation", "2025-05")))["products"]

    assert (row.status, row.disputed) == ("cancelled", True)


def test_a_milestone_changes_no_status():
    """Training was completed."""
    rows = states(of("plan", "2025-01-10"), of("milestone", "2025-03-01", name="training completed"))

    assert [r[0] for r in rows] == ["planned"]


@pytest.mark.parametrize("date", ["[2025-05..]", "2025-05/"])
def test_the_next_status_may_have_no_bound(date):
    """Cancelled some day after April 2025: planned until then, possibly for ever, and no day beyond the calendar."""
    plan, _ = said(of("plan", "2020-01-10"), of("cancellation", date))["products"]

    assert [on(plan, d) for d in ("2025-04-30", "2025-05-01", "2099-01-01")] == ["certain", "possible", "possible"]
    assert plan.end_max == FOREVER


def test_the_maker_is_the_first_that_is_named():
    """The plan named none; the release did, and all states have it."""
    rows = said(of("plan", "2025-01-10"), of("release", "2025-04-05", organization="acme"))["products"]

    assert {r.organization for r in rows} == {"acme"}


@pytest.mark.parametrize("kind", ["plan", "delay", "cancellation"])
def test_a_product_that_nobody_is_named_for_has_no_maker(kind):
    (row,) = said(of(kind, "2025-01-10"))["products"]

    assert (row.product, row.organization) == ("ml-1", None)


def test_what_follows_a_deprecated_report_counts():
    rows = states(ranked(of("plan", "2025-01-10"), "deprecated"), of("release", "2025-06-01"))

    assert [r[0] for r in rows] == ["released"]


def test_a_status_of_one_day_is_a_status():
    """Planned on 10 January, put off on the 11th."""
    rows = states(of("plan", "2025-01-10"), of("delay", "2025-01-11"))

    assert [(r[0], *r[2:]) for r in rows] == [
        ("planned", "2025-01-10", "2025-01-10"), ("delayed", "2025-01-11", ".."),
    ]  # fmt: skip


def test_what_says_nothing_of_a_status_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="Milestone says nothing about a product's state"):
        fold("ml-1", [fact_of(of("milestone", "2025-03-01", name="training completed"))])
