"""Every kind of event: its stored form, what it names, what it is called, and its schema."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.about import Correction
from events.base import Citation, Event
from events.dates import parse
from events.kinds import KINDS, build, decode, encode, kind_of, mentions, plain, schema
from events.organizations import Layoff, Reorg, UnitMove
from events.people import Arrival
from events.upcasts import Upcasts
from tests.projections import histories

GOLDEN = Path(__file__).parent / "golden" / "stored.jsonl"
LINES = GOLDEN.read_bytes().splitlines() if GOLDEN.exists() else []
STORED: dict[str, bytes] = {msgspec.json.decode(line)["kind"]: line for line in LINES}
STRATEGIES: dict[type[Event], st.SearchStrategy[Any]] = histories.CONTENT | histories.ABOUT

every_kind = pytest.mark.parametrize("kind", KINDS)
any_event = st.sampled_from(list(STRATEGIES)).flatmap(lambda cls: STRATEGIES[cls])


def name(given: str) -> str:
    return given.title()


# -- stored form ------------------------------------------------------------------------------------------------------


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(any_event)
def test_the_stored_form_gives_the_event_back_and_the_same_bytes_again(event):
    """Whatever is recorded can be read, and stored again it does not change by a byte."""
    raw = encode(event)
    again = decode(kind_of(event), raw)

    assert again == event
    assert encode(again) == raw
    assert build(plain(event)) == event


def test_renew_the_golden_file():
    """`TIMELINE_RENEW=1` adds the kinds that are new. Lines that stand are stored in ledgers: they never change."""
    if os.environ.get("TIMELINE_RENEW"):
        fresh = {kind: STORED.get(kind) or encode(EXAMPLES[kind]) for kind in KINDS}
        GOLDEN.write_bytes(b"".join(line + b"\n" for line in fresh.values()))
        STORED.update(fresh)

    assert list(STORED) == list(KINDS)


@every_kind
def test_bytes_that_were_stored_still_read_and_are_written_the_same(kind):
    """A ledger of the first day is read by today's program."""
    event = decode(kind, STORED[kind])

    assert event == EXAMPLES[kind]
    assert encode(event) == STORED[kind]


def test_defaults_are_left_out_and_nothing_is_spaced():
    """The shortest form, fields as declared."""
    event = Arrival(person="ada", organization="acme", date=parse("2020-05"))

    assert encode(event) == b'{"kind":"arrival","date":"2020-05","person":"ada","organization":"acme"}'


@every_kind
def test_an_unknown_field_is_refused(kind):
    """A typing error in a field's name is not stored, and does not vanish."""
    with pytest.raises(msgspec.ValidationError, match="surprise"):
        build(msgspec.json.decode(STORED[kind]) | {"surprise": 1})


def test_an_unknown_kind_is_refused():
    """Nobody declared it."""
    with pytest.raises(msgspec.ValidationError, match="unknown kind 'party'"):
        build({"kind": "party"})


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        ({"kind": "tenure", "date": "2020", "person": "ada", "organization": "acme"}, "a tenure's date is an interval"),
        ({"kind": "merge", "duplicate": "ada", "into": "ada"}, "merged into itself"),
        ({"kind": "move", "date": "2020", "organization": "acme", "parent": "acme"}, "its own parent"),
        ({"kind": "founding", "date": "2020", "organization": "acme", "parent": "acme"}, "its own parent"),
        ({"kind": "reorg", "date": "2020"}, "at least one organization"),
        ({"kind": "layoff", "date": "2020", "organization": "acme", "count": -1}, "count"),
        ({"kind": "arrival", "date": "in May", "person": "ada", "organization": "acme"}, "EDTF"),
        ({"kind": "arrival", "date": 2020, "person": "ada", "organization": "acme"}, "as text"),
        ({"kind": "arrival", "date": "2020", "person": "Ada", "organization": "acme"}, "person"),
        ({"kind": "figure", "date": "2020", "subject": "acme", "metric": "staff"}, "value, or low and high"),
        ({"kind": "budget", "date": "2020", "from": "acme", "amount": 1}, "needs a currency"),
        ({"kind": "retraction", "version": 0}, "version"),
    ],
)
def test_what_cannot_be_so_is_refused(state, complaint):
    """The error names the place or the rule."""
    with pytest.raises(msgspec.ValidationError, match=complaint):
        build(state)


# -- older forms ------------------------------------------------------------------------------------------------------


@pytest.fixture
def upcasts() -> Upcasts:
    """In an earlier form, a layoff counted its jobs in `number`."""
    steps = Upcasts()

    @steps.step("layoff", 1)
    def _(state: dict[str, Any]) -> None:
        state["count"] = state.pop("number")

    return steps


OLD = b'{"kind":"layoff","date":"2022-11-09","organization":"acme","number":600}'
LAYOFF = Layoff(date=parse("2022-11-09"), organization="acme", count=600)


def test_bytes_of_an_older_form_are_read(upcasts, monkeypatch):
    """Stored before the field was renamed; bytes without a form are of form 1."""
    monkeypatch.setattr(Layoff, "form", 2)

    assert decode("layoff", OLD, upcasts) == LAYOFF


def test_an_event_of_an_older_form_is_read_within_a_correction(upcasts, monkeypatch):
    """What a correction carries is stored in a form, too."""
    monkeypatch.setattr(Layoff, "form", 2)

    read = decode("correction", b'{"kind":"correction","event":%s,"reason":"typo"}' % OLD, upcasts)

    assert read == Correction(event=LAYOFF, reason="typo")


def test_bytes_of_the_present_form_say_so_and_pass_by_the_steps(upcasts, monkeypatch):
    """Written today, read today: alone and within a correction."""
    monkeypatch.setattr(Layoff, "form", 2)
    correction = Correction(event=LAYOFF)

    assert encode(LAYOFF).startswith(b'{"form":2,"kind":"layoff"')
    assert decode("layoff", encode(LAYOFF), upcasts) == LAYOFF
    assert decode("correction", encode(correction), upcasts) == correction


def test_other_kinds_are_read_as_ever(upcasts):
    """Steps for one kind do not touch another."""
    assert decode("arrival", STORED["arrival"], upcasts) == EXAMPLES["arrival"]


def test_two_steps_from_one_form_are_refused(upcasts):
    """There is one way to read old bytes."""
    with pytest.raises(ValueError, match="two steps lead from form 1 of layoff"):
        upcasts.step("layoff", 1)(lambda state: None)


# -- what it says -----------------------------------------------------------------------------------------------------


@every_kind
def test_every_kind_says_what_it_means(kind):
    """The docstring is the help, the schema's description and the page in the docs."""
    text = KINDS[kind].__doc__ or ""

    assert text[:1].isupper()
    assert text.split("\n\n")[0].strip().endswith(".")


@every_kind
def test_every_kind_has_a_headline(kind):
    """One line, in English, with names in the place of ids."""
    assert EXAMPLES[kind].headline(name) == HEADLINES[kind]


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(any_event)
def test_a_headline_never_fails(event):
    """Whatever is left out, something can be said."""
    line = event.headline(name)

    assert line == line.rstrip()
    assert not line.endswith((":", ",", " into"))


# -- what it names ----------------------------------------------------------------------------------------------------


def test_mentions_are_found_in_fields_lists_and_nested_parts():
    """Where each stands, and what may stand there."""
    event = Reorg(
        date=parse("2022"),
        original=("acme",),
        resulting=("bell", "core"),
        moves=(UnitMove(organization="dyne", parent="core"), UnitMove(organization="core", parent=None)),
        sources=(Citation(source="post"),),
    )

    assert list(mentions(event)) == [
        ("sources[0].source", "post", ("source",)),
        ("original[0]", "acme", ("organization",)),
        ("resulting[0]", "bell", ("organization",)),
        ("resulting[1]", "core", ("organization",)),
        ("moves[0].organization", "dyne", ("organization",)),
        ("moves[0].parent", "core", ("organization",)),
        ("moves[1].organization", "core", ("organization",)),
    ]


def test_mentions_stand_where_the_file_has_them():
    """A budget has `from` and `to` in a file, which are no names in Python."""
    assert [at for at, _, _ in mentions(EXAMPLES["budget"])] == ["sources[0].source", "from", "to"]


def test_mentions_of_a_correction_are_its_own():
    """The event inside is asked separately."""
    assert list(mentions(Correction(event=LAYOFF))) == []


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(any_event)
def test_every_mention_can_be_found_by_its_place(event):
    """The place is a way into the plain values."""
    state = plain(event)
    for at, named, _ in mentions(event):
        value: Any = state
        for step in at.replace("]", "").replace("[", ".").split("."):
            value = value[int(step)] if step.isdigit() else value[step]
        assert value == named


# -- schema -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


@every_kind
def test_the_schema_takes_what_is_stored(validator, kind):
    """An editor that checks a file by the schema agrees with the program."""
    validator.validate(json.loads(STORED[kind]))


@every_kind
def test_the_schema_refuses_unknown_fields(validator, kind):
    """A typing error in a field's name is underlined."""
    assert not validator.is_valid(json.loads(STORED[kind]) | {"surprise": 1})


@every_kind
def test_the_schema_of_one_kind_takes_that_kind_alone(kind):
    """What an import format or a form is made from."""
    one = jsonschema.Draft202012Validator(schema(kind))
    other = "arrival" if kind != "arrival" else "departure"

    assert one.is_valid(json.loads(STORED[kind]))
    assert not one.is_valid(json.loads(STORED[other]))


# -- one example a kind -----------------------------------------------------------------------------------------------

COMMON = {
    "id": "the-slug",
    "date_text": "early that year",
    "announced": "2020-04",
    "certainty": "reported",
    "sources": [{"source": "post", "locator": "§3", "reported_by": "The Wall Street Journal", "lang": "en"}],
    "derived_from": ["00000000-0000-0000-0000-000000000007"],
    "note": "two\nlines",
}
DEAL = "00000000-0000-0000-0000-000000000001"
PERSON_THERE = {"person": "ada", "organization": "acme"}
STATES: dict[str, dict[str, Any]] = {
    "arrival": PERSON_THERE | {"role": "Research Scientist", "post": "head", "reason": "rejoined"},
    "departure": PERSON_THERE
    | {"role": "Engineer", "reason": "resigned", "length_of_service": "P6Y7M", "destination": "bell"},
    "appointment": PERSON_THERE | {"post": "head", "predecessor": "bob"},
    "step-down": PERSON_THERE | {"post": "head", "successor": "bob"},
    "tenure": PERSON_THERE | {"date": "2015-02/2020~", "role": "Engineer", "post": "head"},
    "sighting": PERSON_THERE | {"role": "Engineer", "post": "head", "present": False},
    "founding": {"organization": "acme", "founders": ["ada", "bob"], "parent": "bell", "place": "paris"},
    "dissolution": {"organization": "acme", "successors": ["bell", "core"]},
    "renaming": {"organization": "acme", "name": "Acmé", "previous_name": "Acme"},
    "move": {"organization": "acme", "parent": None},
    "reorg": {
        "original": ["acme"],
        "resulting": ["bell", "core"],
        "moves": [{"organization": "dyne", "parent": "core"}],
    },
    "layoff": {
        "organization": "acme",
        "count": 600,
        "count_qualifier": "about",
        "affected": ["bell"],
        "spared": ["core"],
    },
    "plan": {"product": "ml-1", "organization": "acme", "planned": "2025-22"},
    "announcement": {"product": "ml-1", "organization": "acme", "attributes": {"parameters": "2T", "series": "ml"}},
    "release": {"product": "ml-1", "organization": "acme", "stage": "preview", "licence": "open weights"},
    "delay": {
        "product": "ml-1",
        "planned": "2025-23",
        "previous": "2025-22",
        "reason": "quality",
        "announced_by": "ada",
    },
    "cancellation": {"product": "ml-1", "reason": "quality"},
    "milestone": {"product": "ml-1", "name": "training completed"},
    "deal": {
        "type": "investment",
        "parties": [{"entity": "acme", "role": "investor"}, {"entity": "bell"}],
        "amount": 14300000000,
        "currency": "USD",
        "amount_qualifier": "about",
        "object": "49 percent",
    },
    "deal-completion": {"deal": DEAL},
    "deal-cancellation": {"deal": DEAL, "reason": "no money"},
    "publication": {"work": "paper", "organization": "acme", "authors": ["ada"], "author_count": 14},
    "statement": {"speaker": "ada", "topic": "leaving", "summary": "it was time"},
    "policy": {"subject": "acme", "topic": "open weights", "position": "careful", "previous_position": "open"},
    "lawsuit": {"matter": "copyright", "parties": [{"entity": "acme", "role": "defendant"}], "stage": "filed"},
    "gathering": {"name": "AcmeCon", "organizer": "acme", "participants": ["ada", "bob"]},
    "figure": {"subject": "acme", "metric": "staff", "value": 1200.5, "unit": "employees", "period": "2024"},
    "forecast": {
        "subject": "acme",
        "metric": "capital expenditure",
        "low": 64000000000,
        "high": 72000000000,
        "previous_low": 60000000000,
        "previous_high": 65000000000,
        "unit": "USD",
        "period": "2025",
    },
    "relation": {"subject": "ml-1", "predicate": "distilled-from", "object": "ml-2"},
    "budget": {"from": "acme", "to": "bell", "amount": 1000000, "currency": "EUR", "period": "2024"},
}
OTHERS: dict[str, dict[str, Any]] = {
    "source": {
        "id": "post",
        "type": "article-newspaper",
        "title": "On leaving",
        "author": ["A. Writer"],
        "container-title": "The Post",
        "publisher": "Post & Co.",
        "issued": "2025-05-26",
        "language": "en",
        "URL": "https://example.org/post",
        "accessed": "2025-05-27",
        "content_hash": "sha256:" + "0" * 64,
        "note": "paywalled",
    },
    "entity": {
        "id": "ada",
        "type": "person",
        "name": "Ada É",
        "other_names": ["A. É"],
        "classification": "researcher",
        "identifiers": [{"scheme": "wikidata", "identifier": "Q1"}],
        "links": ["https://example.org/ada"],
        "note": "one of two",
    },
    "merge": {"duplicate": "ada-2", "into": "ada", "note": "the same page"},
    "key-rotation": {"old": histories.OLD_KEY, "new": histories.NEW_KEY, "reason": "the old one was lost"},
    "correction": {
        "event": {"kind": "departure", "date": "2025-02", **PERSON_THERE, "length_of_service": "P6Y7M"},
        "reason": "misread",
    },
    "retraction": {"version": 2, "reason": "false"},
    "dispute": {"by": "acme", "stance": "denied", "reason": "she is here", "sources": [{"source": "post"}]},
    "ranking": {"rank": "preferred", "reason": "closer to it"},
    "corroboration": {"citation": {"source": "times", "locator": "§9"}, "reason": "found later"},
    "erasure": {"reason": "asked for", "ground": "GDPR Art. 17"},
}
EXAMPLES: dict[str, Event] = {
    **{kind: build({"kind": kind, **state}) for kind, state in OTHERS.items()},
    **{kind: build({"kind": kind, "date": "2020-05", **COMMON, **state}) for kind, state in STATES.items()},
}
HEADLINES = {
    "source": "Source post: Post & Co., On leaving",
    "entity": "Person Ada É registered as ada",
    "merge": "ada-2 is the same as Ada",
    "key-rotation": "example.org/log is signed by key aa9f7504 from here on: the old one was lost",
    "arrival": "Ada rejoined Acme as head",
    "departure": "Ada left Acme after 6 years 7 months for Bell",
    "appointment": "Ada became head of Acme after Bob",
    "step-down": "Ada stepped down as head of Acme, followed by Bob",
    "tenure": "Ada was at Acme as head",
    "sighting": "Ada is not at Acme as head",
    "founding": "Acme founded within Bell in Paris by Ada, Bob",
    "dissolution": "Acme dissolved, succeeded by Bell, Core",
    "renaming": "Acme renamed Acmé",
    "move": "Acme became independent",
    "reorg": "Acme reorganized into Bell, Core",
    "layoff": "Acme cut about 600 jobs (not Core)",
    "plan": "Ml-1 planned for summer 2025",
    "announcement": "Ml-1 announced (parameters 2T, series ml)",
    "release": "Ml-1 released as a preview (open weights)",
    "delay": "Ml-1 delayed from summer 2025 to autumn 2025",
    "cancellation": "Ml-1 cancelled",
    "milestone": "Ml-1: training completed",
    "deal": "Investment of Acme, Bell, about $14.3 billion: 49 percent",
    "deal-completion": "00000000-0000-0000-0000-000000000001: completed",
    "deal-cancellation": "00000000-0000-0000-0000-000000000001: cancelled",
    "publication": "Paper published, 14 authors",
    "statement": "Ada: it was time",
    "policy": "Acme on open weights: careful (before: open)",
    "lawsuit": "Lawsuit over copyright: Acme (filed)",
    "gathering": "AcmeCon with Ada, Bob",
    "figure": "Acme, staff for 2024: 1200.5 employees",
    "forecast": "Acme expects capital expenditure for 2025 of $64 billion to $72 billion "
    "(before: $60 billion to $65 billion)",
    "relation": "Ml-1 is distilled from Ml-2",
    "budget": "€1 million of budget moved from Acme to Bell for 2024",
    "correction": "Corrected: Ada left Acme after 6 years 7 months",
    "retraction": "Version 2 retracted: false",
    "dispute": "Denied by Acme: she is here",
    "ranking": "Ranked preferred: closer to it",
    "corroboration": "Also in Times",
    "erasure": "Erased (GDPR Art. 17)",
}
