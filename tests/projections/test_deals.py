"""Deals: announced, completed, cancelled."""

from decimal import Decimal
from uuid import UUID

from events.deals import Party
from tests.projections.facts import denied, happened, on, ranked, retracted, said

FIRST = UUID(int=1)  # the entry of the first thing that is said


def deal(date="2025-01-10", **fields):
    parties = (Party(entity="acme", role="acquirer"), Party(entity="bell", role="target"))
    return happened("deal", date, **{"type": "acquisition", "parties": parties} | fields)


def completed(date):
    return happened("deal-completion", date, deal=FIRST)


def cancelled(date):
    return happened("deal-cancellation", date, deal=FIRST)


def stages(*told):
    return [(r.stage, r.start, r.end) for r in said(*told)["deals"]]


def test_a_deal_stands_as_announced_until_more_is_told():
    """Announced in January."""
    assert stages(deal()) == [("announced", "2025-01-10", "..")]


def test_a_completion_ends_the_stage_before_it():
    """Announced in January, closed on 1 March: the last day as announced is 28 February."""
    first, second = said(deal(), completed("2025-03-01"))["deals"]

    assert (first.stage, second.stage) == ("announced", "completed")
    assert [on(first, d) for d in ("2025-02-28", "2025-03-01")] == ["certain", None]
    assert [on(second, d) for d in ("2025-02-28", "2025-03-01")] == [None, "certain"]


def test_a_cancellation_ends_it():
    """Fell through in March."""
    assert [s[0] for s in stages(deal(), cancelled("2025-03"))] == ["announced", "cancelled"]


def test_the_terms_stand_on_every_stage():
    """Parties with their roles, the amount as a plain number."""
    rows = said(deal(amount=Decimal("14300000000"), currency="USD", amount_qualifier="about"), completed("2025-03-01"))

    for row in rows["deals"]:
        assert (row.parties, row.roles) == (("acme", "bell"), ("acquirer", "target"))
        assert (row.amount, row.currency, row.amount_qualifier) == ("14300000000", "USD", "about")


def test_a_completion_without_its_deal_says_nothing():
    """The deal was retracted, or is not trusted."""
    assert stages(retracted(deal(), 1), completed("2025-03-01")) == []
    assert stages(ranked(deal(), "deprecated"), completed("2025-03-01")) == []


def test_a_deprecated_completion_does_not_count():
    """The report of the closing was wrong."""
    assert [s[0] for s in stages(deal(), ranked(completed("2025-03-01"), "deprecated"))] == ["announced"]


def test_a_completion_in_the_year_of_the_deal_follows_it():
    """Closed in 2025, announced in June 2025: not closed before it was agreed."""
    _, second = said(deal("2025-06-10"), completed("2025"))["deals"]

    assert on(second, "2025-06-09") is None


def test_a_denied_deal_is_flagged():
    """A party denies it."""
    assert said(denied(deal()))["deals"][0].disputed


def test_a_row_has_all_that_its_deal_says():
    """What it was about; where nothing is said of the money, nothing is shown."""
    (row,) = said(deal(object="a minority stake"))["deals"]

    assert (row.deal, row.type, row.object) == (FIRST, "acquisition", "a minority stake")
    assert (row.amount, row.currency) == ("", "")
