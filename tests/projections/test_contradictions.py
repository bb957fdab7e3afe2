"""Contradictions, code by code: a small case that is one, one that is none, and those of the first timeline by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from events.about import Correction, Dispute
from events.base import Citation, Event
from events.kinds import build
from projections import contradictions as contradictions_module
from projections.aggregates import METRICS
from projections.all import fold_facts
from projections.contradictions import CODES, Contradiction, contradictions
from projections.facts import Fact, Version, in_force
from tests.projections.facts import arrival, departure, happened, ranked, retracted, seen, tenure
from tests.timeline.builders import org, person
from timeline.commands.start import EXAMPLE, example
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, new
from timeline.linting import clashes

Told = Event | Sequence[Event]


def found(*told: Told) -> list[Contradiction]:
    """The contradictions among entries: each an event, or a stream of events. Every happening gets a source."""
    facts: list[Fact] = []
    for number, entry in enumerate(told, 1):
        stream = [entry] if isinstance(entry, Event) else list(entry)
        fact = in_force(UUID(int=number), [Version(number, v, e) for v, e in enumerate(stream, 1)])
        if fact is not None:
            facts.append(fact if fact.sources else fact._replace(sources=(Citation(source="post"),)))
    return contradictions(facts, fold_facts(facts))


def codes(*told: Told) -> list[str]:
    return [c.code for c in found(*told)]


def heads(date: str, person: str, **fields: str) -> Event:
    event: Event = happened("appointment", date, person=person, organization="acme", post="head", **fields)
    return event


def leads(date: str, person: str) -> Event:
    event: Event = seen(date, person, post="head")
    return event


def steps_down(date: str, person: str) -> Event:
    event: Event = happened("step-down", date, person=person, organization="acme", post="head")
    return event


def founded(*founders: str, date: str = "2014") -> Event:
    event: Event = happened("founding", date, organization="acme", founders=founders)
    return event


def about(kind: str, date: str, **fields: str) -> Event:
    event: Event = happened(kind, date, product="ml-1", **fields)
    return event


def figure(metric: str, **fields: object) -> Event:
    return build({"kind": "figure", "subject": "paper", "metric": metric, "date": "2025-05-26", **fields})


PAPER = happened("publication", "2023", work="paper", organization="acme", authors=("ada", "bob", "cy"))
AUTHORS: tuple[Told, ...] = (
    PAPER,
    tenure("2019-01-01/2024-01-01", "ada"),
    tenure("2020-01-01/2025-01-01", "bob"),
    tenure("2020/..", "cy"),
)
"""Three authors: one left after five years, one after five years as well, one is there."""

CASES: dict[str, tuple[tuple[Told, ...], tuple[Told, ...]]] = {
    # code: what contradicts itself, and what comes nearest without
    "departure-before-arrival": (
        (departure("2019"), arrival("2020")),
        (departure("2019"), arrival("2020", reason="rejoined")),
    ),
    "length-of-service": (
        (arrival("2015"), departure("2020", length_of_service="P2Y")),
        (arrival("2015"), departure("2020", length_of_service="P5Y")),
    ),
    "two-heads": (
        (heads("2020", "ada"), heads("2022", "bob")),
        (heads("2020", "ada"), heads("2022", "bob"), steps_down("2021", "ada")),
    ),
    "unclear-heads": (
        (leads("2022", "ada"), steps_down("2023", "bob")),
        (leads("2022", "ada"), steps_down("2021", "bob")),
    ),
    "release-after-cancellation": (
        (about("cancellation", "2022"), about("release", "2023")),
        (about("cancellation", "2022"), about("plan", "2022-12"), about("release", "2023")),
    ),
    "delay-from-another-date": (
        (about("plan", "2021", planned="2022"), about("delay", "2022", previous="2023", planned="2024")),
        (about("plan", "2021", planned="2022-39"), about("delay", "2022", previous="2022-12", planned="2024")),
    ),
    "founders": (
        (founded("ada", "bob"), founded("ada")),
        (founded("ada", "bob"), founded("bob", "ada"), founded()),
    ),
    "rival-claims": (
        (arrival("2018"), departure("2020"), departure("2022")),
        (arrival("2018"), departure("2020"), departure("2020-05")),
    ),
    "rival-readings": (
        (about("cancellation", "2022"), about("cancellation", "2022-05")),
        (about("cancellation", "2022"), ranked(about("cancellation", "2022-05"), "preferred")),
    ),
    "likely-duplicate": (
        (departure("2020-05"), departure("2020-05")),
        (departure("2020-05"), departure("2020-05", "bob"), arrival("2020-05", "bob", reason="rejoined")),
    ),
    "aggregate-claim": (
        (*AUTHORS, figure("authors departed", value="3")),
        AUTHORS,
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_contradiction_is_found_and_what_comes_nearest_is_none(code: str):
    clashing, agreeing = CASES[code]

    assert code in codes(*clashing)
    assert code not in codes(*agreeing)


def test_every_code_has_its_case():
    declared = re.findall(r'Contradiction\(\s*"([a-z-]+)"', inspect.getsource(contradictions_module))

    assert {*CASES, "no-source"} == set(CODES) == {*declared}


def test_a_fact_without_a_source_is_a_gap():
    """One that follows from others has none of its own, and needs none."""
    bare = in_force(UUID(int=1), [Version(1, 1, arrival("2020"))])
    derived = in_force(UUID(int=2), [Version(2, 1, arrival("2020", "bob", derived_from=(UUID(int=1),)))])
    assert bare
    assert derived

    assert [(c.code, c.entries) for c in contradictions([bare, derived], fold_facts([bare, derived]))] == [
        ("no-source", (UUID(int=1),))
    ]


# -- what would settle it does ----------------------------------------------------------------------------------------


def deprecated(event: Event) -> Told:
    ranked_low: Told = ranked(event, "deprecated")
    return ranked_low


@pytest.mark.parametrize("code", [c for c in CASES if c != "aggregate-claim"])
def test_what_is_deprecated_contradicts_nothing(code: str):
    """A person can always decide which of two entries is wrong, and says so by its rank."""
    *others, last = CASES[code][0]
    assert isinstance(last, Event)

    assert code not in codes(*others, deprecated(last))


@pytest.mark.parametrize("code", CASES)
def test_what_is_retracted_contradicts_nothing(code: str):
    *others, last = CASES[code][0]
    assert isinstance(last, Event)

    assert code not in codes(*others, retracted(last, 1))


@pytest.mark.parametrize("rank", ["preferred", "deprecated"])
def test_a_ranked_rival_date_is_settled(rank: str):
    assert "rival-claims" not in codes(arrival("2018"), departure("2020"), ranked(departure("2022"), rank))


def test_founders_are_settled_by_a_preference_and_stay_listed():
    (clash,) = found(founded("ada", "bob"), ranked(founded("ada"), "preferred"))

    assert (clash.code, clash.settle) == ("founders", "settled: the preferred statement answers")


def test_a_correction_settles_a_slip():
    wrong = arrival("2020")
    assert codes(departure("2019"), wrong) == ["departure-before-arrival"]

    assert codes(departure("2019"), [wrong, Correction(event=arrival("2010"))]) == []


# -- edges ------------------------------------------------------------------------------------------------------------


def test_dates_that_may_fit_do_not_clash():
    """He left and came in one year, on days that nobody gives."""
    assert codes(departure("2020"), arrival("2020-06")) == []
    assert "two-heads" not in codes(heads("2020", "ada"), steps_down("2022", "ada"), heads("2022", "bob"))


def test_a_rival_that_somebody_denies_is_no_second_finding():
    """The dispute says who contests what; that dates differ goes with it."""
    told = [departure("2022"), Dispute(by="acme", stance="denied")]

    assert codes(arrival("2018"), departure("2020"), told) == []


def test_rival_dates_of_a_founding_are_told():
    """Founded in 2014 by one source, in 2016 by another; who founded it is not in doubt."""
    assert codes(founded(date="2014"), founded(date="2016")) == ["rival-claims"]
    assert codes(founded("ada", date="2014"), founded("bob", date="2016")) == ["founders"]


def test_a_merged_person_contradicts_himself(tmp_path):
    """Two ids told two stories; once they are one, the stories clash. The command names what was merged by one id."""
    with Ledger.create(str(tmp_path / "merged.db")) as ledger:
        ledger.record([new(e) for e in (org("acme"), person("ada"), person("al"))])
        ledger.record([new(e) for e in (departure("2019", id="left"), arrival("2020", "al", id="came"))])
        assert _of(ledger) == set()
        ledger.record([new(build({"kind": "merge", "duplicate": "al", "into": "ada"}))])
        assert _of(ledger) == {"departure-before-arrival"}


def _of(ledger: Ledger) -> set[str]:
    with ledger.ask() as view:
        return {c.code for c in clashes(view)} - {"no-source"}


# -- numbers of a group -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "values", "agrees"),
    [
        ("authors departed", {"value": "2"}, True),
        ("authors departed", {"value": "1"}, False),
        ("authors departed", {"low": "2"}, True),
        ("authors departed", {"low": "3"}, False),
        ("authors departed", {"high": "2"}, True),
        ("authors departed", {"high": "1"}, False),
        ("authors departed", {"value": "1", "period": "2024"}, True),
        ("authors departed", {"value": "2", "period": "2024"}, False),
        ("authors departed", {"value": "0", "period": "2023"}, True),
        ("authors remaining", {"value": "1"}, True),
        ("authors remaining", {"value": "2"}, False),
        ("average length of service of departed authors", {"value": "5"}, True),
        ("average length of service of departed authors", {"value": "5.4"}, False),
        ("average length of service of departed authors", {"low": "5.5"}, False),
    ],
)
def test_a_number_of_a_group_is_counted_again(metric: str, values: dict[str, str], agrees: bool):
    """Ada left at the beginning of 2024 and Bob of 2025, each after five years; Cy is there."""
    (check,) = (c for c in found(*AUTHORS, figure(metric, **values)) if c.code == "aggregate-claim")

    assert check.agrees is agrees


def test_every_metric_is_tried():
    tried = {"authors departed", "authors remaining", "average length of service of departed authors"}

    assert set(METRICS) == tried


@pytest.mark.parametrize(
    "told",
    [
        (*AUTHORS, figure("authors who like tea", value="3")),
        (*AUTHORS[:3], figure("authors departed", value="3")),
        (*AUTHORS[1:], figure("authors departed", value="3")),
    ],
    ids=["another metric", "an author of whom nothing is known", "no publication"],
)
def test_what_cannot_be_counted_is_not_checked(told: tuple[Told, ...]):
    assert codes(*told) == []


def test_an_open_end_has_not_departed():
    told = (PAPER, tenure("2019/2021", "ada"), tenure("2020/", "bob"), tenure("2020/..", "cy"))

    (check,) = found(*told, figure("authors departed", value="2"))
    assert (check.agrees, check.code) == (False, "aggregate-claim")


# -- the first timeline -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, bool, tuple[str, ...], str]]]:
    """(code, agrees, ids of the entries, message) of what lint finds in the example."""
    path = tmp_path_factory.mktemp("lint") / "example.db"
    with Ledger.create(str(path)) as ledger:
        import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
        with ledger.ask() as view:
            yield [(c.code, c.agrees, c.ids, c.message) for c in clashes(view)]


@pytest.mark.parametrize(
    ("code", "agrees", "ids", "says"),
    [
        (
            "rival-readings",
            False,
            {"behemoth-dropped-by-meta", "behemoth-dropped-by-zuckerberg"},
            "Behemoth cancelled, told twice",
        ),
        (
            "unclear-heads",
            False,
            {"shah-former-head-of-reality-labs", "bosworth-heads-reality-labs"},
            "both named as head of Reality Labs",
        ),
        ("founders", False, {"mistral-founded-by-three", "mistral-founded-by-two"}, "Mistral AI was founded by"),
        (
            "aggregate-claim",
            False,
            {"authors-gone-in-january-2023", "llama-paper-published"},
            "at least 2 people (Jan 2023); the listed facts give 0 to 1",
        ),
        ("aggregate-claim", False, {"authors-gone-in-2025", "llama-paper-published"}, "the listed facts give 1"),
        (
            "aggregate-claim",
            True,
            {"average-service-of-authors", "llama-paper-published"},
            "at least 5 years (26 May 2025); the listed facts give 5.39 to 5.76",
        ),
        ("aggregate-claim", True, {"authors-who-left", "llama-paper-published"}, "the listed facts give 11"),
        ("aggregate-claim", True, {"authors-who-stayed", "llama-paper-published"}, "the listed facts give 3"),
    ],
)
def test_what_the_articles_contradict_each_other_in(
    of_example: list[tuple[str, bool, tuple[str, ...], str]], code: str, agrees: bool, ids: set[str], says: str
):
    """The real ones: Behemoth's end, the heads of Reality Labs, the founders of Mistral, "as early as January 2023",
    and the numbers that were checked.
    """
    (message,) = (m for c, a, i, m in of_example if (c, a, set(i)) == (code, agrees, ids))

    assert says in message


def test_nothing_else_is_found_in_the_first_timeline(of_example: list[tuple[str, bool, tuple[str, ...], str]]):
    assert len(of_example) == 8
    assert [agrees for _, agrees, _, _ in of_example] == [False] * 5 + [True] * 3
