"""Popolo: a document whose parts fit each other and its schemas, and a word about everything that it cannot hold."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from events.base import Citation
from events.dates import parse
from events.organizations import Dissolution, Founding, Renaming
from events.people import Arrival, Tenure
from events.register import Identifier, Source
from tests.exports.exported import export, ledger_of, lossy, register, texts
from tests.timeline.builders import layoff, move, org, person
from timeline.errors import UsageError
from timeline.exports.formats import Options
from timeline.exports.popolodates import cut, post_id
from timeline.exports.selection import Selection

# What the JSON Schemas of the specification allow (schemas/person.json and its like); all of these are texts, or lists.
LISTS = {"other_names", "identifiers", "links", "sources"}
SCHEMAS = {
    "persons": {"id", "name", *LISTS},
    "organizations": {"id", "name", "classification", "parent_id", "founding_date", "dissolution_date", *LISTS},
    "posts": {"id", "label", "role", "organization_id"},
    "memberships": {"id", "role", "person_id", "organization_id", "post_id", "start_date", "end_date", "sources"},
}
INNER = {
    "other_names": {"name", "start_date", "end_date"},
    "identifiers": {"scheme", "identifier"},
    "links": {"url"},
    "sources": {"url", "note"},
}
DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}").fullmatch


def document_of(written: bytes | str) -> dict[str, Any]:
    """The document, after checks against the specification, and that no id leads nowhere."""
    document: dict[str, Any] = json.loads(written)
    assert set(document) == set(SCHEMAS)
    ids = {name: {item["id"] for item in items} for name, items in document.items()}
    for name, items in document.items():
        assert len(ids[name]) == len(items)
        for item in items:
            fits(item, SCHEMAS[name])
            assert item.get("person_id", "") in {"", *ids["persons"]}
            assert item.get("organization_id", "") in {"", *ids["organizations"]}
            assert item.get("parent_id", "") in {"", *ids["organizations"]}
            assert item.get("post_id", "") in {"", *ids["posts"]}
    return document


def fits(item: dict[str, Any], allowed: set[str]) -> None:
    assert set(item) <= allowed
    for name, value in item.items():
        if name in INNER:
            assert value
            for inner in value:
                fits(inner, INNER[name])
        else:
            assert isinstance(value, str)
            assert DATE(value) or not name.endswith("_date")


def test_the_example_fits_the_specification(run, example_ledger):
    ran = run("export", "popolo", db=example_ledger)
    document = document_of(ran.out)

    assert len(document["memberships"]) == 55
    pineau = {m["id"]: m for m in document["memberships"] if m["person_id"] == "joelle-pineau"}
    assert pineau["joelle-pineau--fair--head"]["post_id"] == "fair--head"
    assert {"id": "fair--head", "label": "head", "role": "head", "organization_id": "fair"} in document["posts"]
    assert "Left out: 32 dates cut to a day, a month or a year." in ran.err
    assert "2 layoff" in ran.err


def test_an_organization_brings_its_units_and_its_people(run, example_ledger):
    document = document_of(run("export", "popolo", "--org", "FAIR", db=example_ledger).out)

    assert {m["organization_id"] for m in document["memberships"]} == {"fair"}
    assert {"fair", "meta"} <= {o["id"] for o in document["organizations"]}, "what it is a unit of is told too"
    assert "alexandr-wang" not in {p["id"] for p in document["persons"]}


def test_a_person_brings_the_organizations(run, example_ledger):
    document = document_of(run("export", "popolo", "--person", "Lample", db=example_ledger).out)

    assert [p["id"] for p in document["persons"]] == ["guillaume-lample"]
    assert {"meta", "mistral-ai"} <= {o["id"] for o in document["organizations"]}


def test_from_and_to_keep_who_may_have_been_there(run, example_ledger):
    everybody = document_of(run("export", "popolo", "--org", "FAIR", db=example_ledger).out)
    late = document_of(run("export", "popolo", "--org", "FAIR", "--from", "2026", db=example_ledger).out)

    assert 0 < len(late["memberships"]) < len(everybody["memberships"])
    assert not [m for m in late["memberships"] if m.get("end_date", "9999") < "2026"]


@pytest.mark.parametrize("wanted", [Selection(kinds=("layoff",)), Selection(products=("x",)), Selection(limit=3)])
def test_what_chooses_events_is_refused(wanted):
    with ledger_of([org("acme")]) as ledger, pytest.raises(UsageError, match="popolo holds memberships, not events"):
        export(ledger, "popolo", wanted)


def test_names_and_identifiers_are_kept():
    acme = org(
        "acme", "Acme", other_names=("ACME Inc.",), classification="company",
        identifiers=(Identifier(scheme="wikidata", identifier="Q1"),), links=("https://acme.example/",),
    )  # fmt: skip
    with ledger_of(
        [acme, Renaming(organization="acme", name="Apex", previous_name="Acme", date=parse("2020"))]
    ) as ledger:
        document = document_of(export(ledger, "popolo")[0])
        before = document_of(export(ledger, "popolo", options=Options(as_of=parse("2019-01-01").earliest))[0])

    (told,) = document["organizations"]
    assert told["name"] == "Apex"
    assert {n["name"]: n.get("start_date") for n in told["other_names"]} == {
        "Acme": None, "Apex": "2020", "ACME Inc.": None,
    }  # fmt: skip
    assert told["identifiers"] == [{"scheme": "wikidata", "identifier": "Q1"}]
    assert (told["classification"], told["links"]) == ("company", [{"url": "https://acme.example/"}])
    assert before["organizations"][0]["name"] == "Acme"


def test_an_organization_has_its_dates_and_its_parent_of_the_day():
    history = [
        org("acme"),
        org("bell"),
        org("core"),
        Founding(organization="acme", parent="bell", date=parse("2010-05")),
        move("acme", "core", "2015"),
        Dissolution(organization="acme", date=parse("2020-01-31")),
    ]
    with ledger_of(history) as ledger:
        document, said = export(ledger, "popolo")
        early = document_of(export(ledger, "popolo", options=Options(as_of=parse("2012-01-01").earliest))[0])

    told = document_of(document)["organizations"][0]
    assert (told["parent_id"], told["founding_date"], told["dissolution_date"]) == ("core", "2010-05", "2020-01-31")
    assert early["organizations"][0]["parent_id"] == "bell"
    assert "1 parent that an organization had at other times" in said.dropped


def test_two_stays_have_two_ids():
    stays = [Tenure(person="ada", organization="acme", date=parse(d)) for d in ("2001/2003", "2010/2012")]
    with ledger_of([org("acme"), person("ada"), *stays]) as ledger:
        document = document_of(export(ledger, "popolo")[0])

    assert [(m["id"], m["start_date"], m["end_date"]) for m in document["memberships"]] == [
        ("ada--acme", "2001", "2003"),
        ("ada--acme--2", "2010", "2012"),
    ]


def test_an_end_that_is_open_and_one_that_is_unknown_are_told_apart_beside_the_document():
    stays = [Tenure(person=p, organization="acme", date=parse(d)) for p, d in (("ada", "2001/"), ("bob", "2001/.."))]
    with ledger_of([org("acme"), person("ada"), person("bob"), *stays]) as ledger:
        written, said = export(ledger, "popolo")

    assert not [m for m in document_of(written)["memberships"] if "end_date" in m]
    assert said.dropped == (
        "1 end that nobody reported: no end_date, as for what goes on",
        "1 end stated to be open: no end_date, as for what nobody reported",
    )


def test_what_is_lost_is_said():
    with ledger_of(lossy()) as ledger:
        _, said = export(ledger, "popolo")

    assert said.number == 3
    assert said.dropped == (
        "1 date cut to a day, a month or a year",
        "3 dates for which no single day, month or year stands",
        "2 ends that nobody reported: no end_date, as for what goes on",
        "1 mark that a membership is only reported, derived or rumoured",
        "3 events of other kinds (3 layoff)",
    )


def test_a_source_without_an_address_is_named():
    sources = [
        Source(id="post", publisher="The Post", issued=parse("2024-05")),
        Source(id="web", url="https://w.example/"),
    ]
    arrival = Arrival(
        person="ada", organization="acme", date=parse("2024"), sources=(Citation(source="post"), Citation(source="web"))
    )
    with ledger_of([*sources, org("acme"), person("ada"), arrival]) as ledger:
        (membership,) = document_of(export(ledger, "popolo")[0])["memberships"]

    assert membership["sources"] == [
        {"url": "urn:timeline:source:post", "note": "The Post, May 2024"},
        {"url": "https://w.example/", "note": "web"},
    ]


@given(texts(one_line=True))
@settings(max_examples=10)
def test_hostile_text_keeps_the_document_whole(line):
    arrival = Arrival(person="ada", organization="acme", post=line, role=line, date=parse("2020"))
    with ledger_of([*register(line), arrival]) as ledger:
        document = document_of(export(ledger, "popolo")[0])

    assert [p["label"] for p in document["posts"]] == ([line] if line else [])
    assert line.strip() in ("", document["persons"][0]["name"].strip())


def test_a_layoff_alone_makes_no_membership_and_vouches_for_nothing():
    """Sources of an organization stand for its dates and its parent; without these there is nothing to stand for."""
    cut = layoff(sources=(Citation(source="web"),))
    with ledger_of([org("meta"), Source(id="web", url="https://w.example/"), cut]) as ledger:
        written, said = export(ledger, "popolo")

    assert document_of(written)["memberships"] == []
    assert document_of(written)["organizations"] == [{"id": "meta", "name": "Meta"}]
    assert said.dropped == (
        "1 date for which no single day, month or year stands",  # Meta existed by then
        "1 event of other kinds (1 layoff)",
    )


@pytest.mark.parametrize(
    ("edtf", "date", "whole"),
    [
        ("2024", "2024", True),
        ("2024-06", "2024-06", True),
        ("2024-06-01", "2024-06-01", True),
        ("2024~", "2024", False),
        ("2024-37", "2024", False),
        ("2024-06-XX", "2024-06", False),
        ("2024-06-01T10:00:00Z", "2024-06-01", False),
        ("[2024-06-03..2024-06-20]", "2024-06", False),
        ("2024-06/2024-08", "2024", False),
        ("[2013,2014]", None, False),
        ("201X", None, False),
        ("[..2014]", None, False),
        ("2014/", None, False),
        ("-0044", None, False),
        ("Y12024", None, False),
        ("XXXX", None, False),
    ],
)
def test_a_date_is_cut_to_the_smallest_that_holds_it(edtf, date, whole):
    assert cut(edtf) == (date, whole)


def test_posts_that_differ_have_ids_that_differ():
    posts = ["head", "chief scientist", "Chief Scientist", "chief-scientist", "Ω", "主任"]

    assert post_id("fair", "chief scientist") == "fair--chief-scientist"
    assert len({post_id("fair", post) for post in posts}) == len(posts)
