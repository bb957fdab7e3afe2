"""Popolo that this program wrote: read into an empty ledger and written again, it is the same document."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from events.base import Citation, Event
from events.dates import parse
from events.organizations import Dissolution, Founding, Renaming
from events.people import Appointment, Arrival, Departure, StepDown, Tenure
from events.register import Identifier, Source
from tests.exports.exported import export, ledger_of
from tests.imports.taking import plain, taken
from tests.timeline.builders import move, org, person
from timeline.ledger import Ledger

PEOPLE, ORGANIZATIONS, POSTS = ("ada", "bob--b"), ("acme", "bell.x"), ("head", "chief Ω")


def exported(ledger: Ledger) -> dict[str, Any]:
    """The document, without the sources of organizations, for what is above a unit has those of the unit besides."""
    document: dict[str, Any] = json.loads(export(ledger, "popolo")[0])
    for organization in document["organizations"]:
        organization.pop("sources", None)
        organization["other_names"] = sorted(map(str, organization.get("other_names", [])))
    return document


def again(raw: bytes, **given: str) -> dict[str, Any]:
    """What is exported of a ledger that holds nothing but the document."""
    with ledger_of([]) as ledger:
        taken(ledger, "popolo", raw, given=given)
        return exported(ledger)


# -- what Popolo can carry: stays and posts that do not touch, with dates that a year, a month or a day can hold -------

VAGUE = ("{}", "{}-37", "{}-05", "{}-05~", "{}-05-17", "[{}-05-03..{}-06-20]")


@st.composite
def spans(draw) -> list[tuple[str, str]]:
    """Stretches of years, one after the other; the first may have no beginning, the last no end."""
    years = draw(st.lists(st.integers(1950, 2020), max_size=6, unique_by=lambda year: year // 3))
    texts = [draw(st.sampled_from(VAGUE)).replace("{}", str(year)) for year in sorted(years)]
    if draw(st.booleans()):
        texts.insert(0, "")
    if len(texts) % 2:
        texts.append("")
    return list(zip(texts[::2], texts[1::2], strict=True))


def stays(person: str, organization: str, spans: list[tuple[str, str]], **fields: Any) -> list[Event]:
    return [
        Tenure(person=person, organization=organization, date=parse(f"{start or 'XXXX'}/{end}"), **fields)
        for start, end in spans
        if "[" not in start + end  # an interval holds no choice
    ]


def comings_and_goings(person: str, organization: str, spans: list[tuple[str, str]], **fields: Any) -> list[Event]:
    here = {"person": person, "organization": organization, **fields}
    told: list[Event] = []
    for start, end in spans:
        told += [Arrival(date=parse(start), **here)] if start else []
        told += [Departure(date=parse(end), **here)] if end else []
    return told


def posts(person: str, organization: str, post: str, spans: list[tuple[str, str]], **fields: Any) -> list[Event]:
    here = {"person": person, "organization": organization, "post": post, **fields}
    told: list[Event] = []
    for start, end in spans:
        told += [Appointment(date=parse(start), **here)] if start else []
        told += [StepDown(date=parse(end), **here)] if end else []
    return told


@st.composite
def lives(draw) -> list[Event]:
    """Who was where, and in which posts."""
    cited = (Citation(source=draw(st.sampled_from(["post", "web"]))),)
    told: list[Event] = []
    for who in PEOPLE:
        for where in ORGANIZATIONS:
            stay = draw(st.sampled_from([stays, comings_and_goings]))
            told += stay(who, where, draw(spans()), role=draw(st.sampled_from(["", "clerk"])), sources=cited)
            for post in POSTS:
                told += posts(who, where, post, draw(spans()), sources=cited)
    return told


@st.composite
def organizations(draw) -> list[Event]:
    """What became of an organization that belongs to another one."""
    cited = (Citation(source="web"),)
    told: list[Event] = []
    if draw(st.booleans()):
        parent = draw(st.sampled_from(["bell.x", None]))
        told.append(Founding(organization="acme", parent=parent, date=parse("1990-05"), sources=cited))
    elif draw(st.booleans()):
        told.append(move("acme", "bell.x", "1990"))
    names = draw(st.lists(st.sampled_from(["ACME", "Apex", "Ape"]), max_size=3, unique=True))
    for year, (before, name) in enumerate(pairwise(["Acme", *names]), 2000):
        told.append(Renaming(organization="acme", name=name, previous_name=before, date=parse(str(year))))
    if draw(st.booleans()):
        told.append(Dissolution(organization="acme", date=parse("2022-03-04"), sources=cited))
    return told


REGISTERED: list[Event] = [
    Source(id="post", title="A post"),
    Source(id="web", url="https://example.org/acme"),
    person("ada", "Ada Smith", other_names=("A. Smith",), links=("https://example.org/ada",)),
    person("bob--b", "Bob", identifiers=(Identifier(scheme="viaf", identifier="1"),)),
    org("acme", classification="company", other_names=("ACME Inc.",)),
    org("bell.x", "Bell"),
]


def follow_each_other(memberships: list[dict[str, Any]]) -> bool:
    """Whether one of several stays, or of several times in a post, has ended where the next one begins."""
    by_subject: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for found in memberships:
        here = found["person_id"], found["organization_id"], found.get("post_id", "")
        by_subject.setdefault(here, []).append(found)
    pairs = [pair for several in by_subject.values() for pair in pairwise(several)]
    return all("end_date" in earlier and "start_date" in later for earlier, later in pairs)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(told=st.tuples(lives(), organizations()))
def test_what_popolo_can_carry_comes_back_the_same(told):
    """People, organizations, posts and memberships, with their ids, dates, labels and sources."""
    with ledger_of([*REGISTERED, *told[0], *told[1]]) as ledger:
        raw, _ = export(ledger, "popolo")
        before = exported(ledger)
    assume(follow_each_other(before["memberships"]))

    assert again(raw) == before


def test_the_example_comes_back_the_same(example_ledger):
    with Ledger.open(str(example_ledger)) as ledger:
        raw, _ = export(ledger, "popolo")
        before = exported(ledger)

    assert again(raw) == before
    assert len(before["memberships"]) == 55


# -- posts ------------------------------------------------------------------------------------------------------------


def kinds_of(fresh: Ledger, *events: Event) -> dict[str, list[str]]:
    """The kinds and dates that come back of some events of Ada's at Acme."""
    with ledger_of([person("ada"), org("acme"), *events]) as ledger:
        raw, _ = export(ledger, "popolo")
    taken(fresh, "popolo", raw)
    kinds = ("tenure", "appointment", "step-down")
    return {kind: dates for kind in kinds if (dates := [e["date"] for e in plain(fresh, kind).values()])}


def test_a_post_comes_back_as_a_post_and_makes_no_member(fresh):
    led = posts("ada", "acme", "head", [("2001", "2003"), ("2010-05", "")])

    assert kinds_of(fresh, *led) == {"appointment": ["2001", "2010-05"], "step-down": ["2003"]}


def test_a_post_of_which_only_the_end_is_known_has_no_beginning(fresh):
    assert kinds_of(fresh, *posts("ada", "acme", "head", [("", "2003")])) == {"step-down": ["2003"]}


def test_a_post_without_any_date_began_some_day(fresh):
    assert kinds_of(fresh, *posts("ada", "acme", "head", [("[2001..2003]", "")])) == {"appointment": ["XXXX"]}


def test_a_post_within_a_stay_leaves_the_dates_of_the_stay_alone(fresh):
    stay = Tenure(person="ada", organization="acme", date=parse("2001/2020"))
    led = posts("ada", "acme", "head", [("2010", "2015")])

    found = kinds_of(fresh, stay, *led)

    assert found == {"tenure": ["2001/2020"], "appointment": ["2010"], "step-down": ["2015"]}


def test_a_post_in_a_file_of_another_program_makes_a_member(fresh):
    """Many parliaments tell of members by nothing but their seats."""
    seat = {"id": "seat--1", "label": "Seat 1", "organization_id": "seat"}
    member = {"id": "m1", "person_id": "ada", "post_id": "seat--1", "organization_id": "seat", "start_date": "2010"}
    document = {
        "persons": [{"id": "ada", "name": "Ada"}],
        "organizations": [{"id": "seat", "name": "Seats"}],
        "posts": [seat],
        "memberships": [member],
    }

    taken(fresh, "popolo", json.dumps(document).encode())

    assert [e["post"] for e in plain(fresh, "tenure").values()] == ["Seat 1"]
