"""Popolo: real parliaments come in whole, with their ids, and what is wrong with them is told where it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import convert

from events.ids import NewId
from tests.imports.parliament import CHAMBER, MALFORMED, parliament, written
from tests.imports.taking import events, notes, plain, positions, refused, taken, tried
from timeline.checks import MOST_COMPARED
from timeline.imports.foreign import Ids
from timeline.ledger import Ledger

ADA: dict[str, Any]
ADA, HOUSE = {"id": "ada", "name": "Ada Smith"}, {"id": "house", "name": "The House", "classification": "legislature"}


def file(**lists) -> bytes:
    """A file with Ada, a house, and whatever else."""
    return json.dumps({"persons": [ADA], "organizations": [HOUSE]} | lists).encode()


def member(**fields) -> dict[str, Any]:
    return {"person_id": "ada", "organization_id": "house"} | fields


def tenure(
    ledger: Ledger, *memberships: dict[str, Any], given: dict[str, str] | None = None, **lists
) -> dict[str, Any]:
    """The one tenure that a membership becomes."""
    taken(ledger, "popolo", file(memberships=list(memberships), **lists), given=given)
    (found,) = plain(ledger, "tenure").values()
    return found


# -- what becomes of what ---------------------------------------------------------------------------------------------


def test_a_person_keeps_all_names_and_identifiers(fresh):
    person = {
        "id": "Q7259",
        "name": " Ada\n King ",
        "given_name": "Augusta",
        "family_name": "King",
        "other_names": [
            {"name": "Ada Byron", "end_date": "1835-07"},
            {"name": "Ada Lovelace", "note": "multilingual", "lang": "en"},
            {"given_name": "A. A.", "family_name": "Byron"},
        ],
        "identifiers": [{"scheme": "viaf", "identifier": 7259}],
        "links": [{"url": "https://example.org/ada", "note": "Wikipedia"}, {"url": "javascript:alert(1)"}],
        "sources": [{"url": "https://example.org/members/1"}],
    }

    taken(fresh, "popolo", file(persons=[person]))

    assert plain(fresh, "entity")["q7259"] == {
        "kind": "entity",
        "id": "q7259",
        "type": "person",
        "name": "Ada King",
        "other_names": ["Augusta King", "Ada Byron", "Ada Lovelace", "A. A. Byron"],
        "identifiers": [{"scheme": "popolo", "identifier": "Q7259"}, {"scheme": "viaf", "identifier": "7259"}],
        "links": ["https://example.org/ada", "https://example.org/members/1"],
        "note": "Called Ada Byron (/1835-07).",
    }


def test_a_person_without_a_name_has_the_first_of_the_others(fresh):
    """Some parliaments give people no `name`, only `other_names` of which one is the main one."""
    main = {"given_name": "Ada", "family_name": "Smith", "note": "Main"}

    taken(fresh, "popolo", file(persons=[{"id": "ada", "other_names": [main, {"name": "A. Smith"}]}]))

    found = plain(fresh, "entity")["ada"]
    assert (found["name"], found["other_names"]) == ("Ada Smith", ["A. Smith"])


def test_an_organization_is_founded_named_and_dissolved(fresh):
    union = {
        "id": "union",
        "name": "New Union",
        "parent_id": "house",
        "founding_date": "1990-05",
        "dissolution_date": "2004",
        "other_names": [{"name": "New Union", "start_date": "1998"}, {"name": "Old Union", "end_date": "1998"}],
        "sources": [{"url": "https://www.example.org/union", "note": "The union's page"}],
    }

    taken(fresh, "popolo", file(organizations=[HOUSE, union]))

    (source,) = plain(fresh, "source").values()
    cited = [{"source": source["id"]}]
    assert source["id"].startswith("example.org-union-")
    assert (source["URL"], source["title"]) == ("https://www.example.org/union", "The union's page")
    assert plain(fresh, "founding") == {
        "union--founding": {
            "kind": "founding", "id": "union--founding", "date": "1990-05", "sources": cited,
            "organization": "union", "parent": "house",
        }
    }  # fmt: skip
    (renaming,) = plain(fresh, "renaming").values()
    assert (renaming["date"], renaming["name"]) == ("1998", "New Union")
    assert plain(fresh, "dissolution")["union--dissolution"]["date"] == "2004"


@pytest.mark.parametrize(
    ("end", "since", "previous"),
    [
        ("1997-12-31", "1998-01-01", "Old Union"),
        ("1998-01-01", "1998-01-01", "Old Union"),
        ("1998", "1998", "Old Union"),
        ("1997", "1998-05", ""),
        ("1997", "1999", ""),
        ("1999", "1998", ""),
        ("soon", "1998", ""),
    ],
)
def test_a_renaming_names_what_was_borne_until_then(fresh, end, since, previous):
    names = [{"name": "Old Union", "end_date": end}, {"name": "Union", "start_date": since}]

    taken(fresh, "popolo", file(organizations=[HOUSE, {"id": "union", "name": "Union", "other_names": names}]))

    (renaming,) = plain(fresh, "renaming").values()
    assert renaming.get("previous_name", "") == previous


def test_a_parent_without_a_founding_date_is_a_move_of_an_unknown_day(fresh):
    taken(fresh, "popolo", file(organizations=[HOUSE, {"id": "union", "name": "Union", "parent_id": "house"}]))

    assert plain(fresh, "move")["union--parent"]["date"] == "XXXX"


def test_a_post_names_the_organization_and_an_area_stands_in_the_note(fresh):
    found = tenure(
        fresh,
        {"person_id": "ada", "post_id": "seat/1", "role": "MP", "start_date": "2010-05-06", "end_date": "2015-03-30"},
        posts=[{"id": "seat/1", "label": "MP for Tartu", "role": "MP", "organization_id": "house", "area_id": "tartu"}],
        areas=[{"id": "tartu", "name": "Tartu linn", "type": "constituency"}],
    )

    assert (found["organization"], found["post"], found["role"]) == ("house", "MP for Tartu", "MP")
    assert found["date"] == "2010-05-06/2015-03-30"
    assert plain(fresh, "entity")["seat-1"] == {
        "kind": "entity",
        "id": "seat-1",
        "type": "post",
        "name": "MP for Tartu",
        "classification": "MP",
        "identifiers": [{"scheme": "popolo", "identifier": "seat/1"}],
        "note": "Area: Tartu linn (tartu).",
    }
    assert plain(fresh, "entity")["tartu"]["type"] == "place"


def test_whom_a_member_stands_for_is_in_the_note(fresh):
    party = {"id": "IRL", "name": "Isamaa"}

    found = tenure(fresh, member(on_behalf_of_id="IRL", area_id="x/y", start_date="2015"), organizations=[HOUSE, party])

    assert found["note"] == "For Isamaa (irl). Area: x-y."


def test_sources_of_memberships_are_registered_and_cited_once(fresh):
    url = "http://example.org/mp/594"
    pair = [member(start_date=y, sources=[{"url": url}, {"url": url}, {"url": "not a url"}]) for y in ("2010", "2015")]

    taken(fresh, "popolo", file(memberships=pair))

    (source,) = plain(fresh, "source")
    assert [t["sources"] for t in plain(fresh, "tenure").values()] == [[{"source": source}]] * 2


# -- dates ------------------------------------------------------------------------------------------------------------

TERM = {"id": "term/13", "classification": "legislative period", "name": "13th House", "start_date": "2015-03-30"}


@pytest.mark.parametrize(
    ("fields", "unknown", "ongoing"),
    [
        ({"start_date": "2016-01-15"}, "2016-01-15/", "2016-01-15/.."),
        ({"start_date": "2016-01-15", "end_date": ""}, "2016-01-15/", "2016-01-15/.."),
        ({"start_date": "2016-01-15", "end_date": None}, "2016-01-15/", "2016-01-15/.."),
        ({"start_date": "2016-01-15", "end_date": "9999-12-31"}, "2016-01-15/", "2016-01-15/.."),
        ({"end_date": "2016"}, "/2016", "/2016"),
        ({}, "XXXX/", "XXXX/.."),
        ({"start_date": "2016-01", "end_date": "2017"}, "2016-01/2017", "2016-01/2017"),
        ({"start_date": "2016-01-15T00:00:00Z", "end_date": 2017}, "2016-01-15/2017", "2016-01-15/2017"),
        ({"legislative_period_id": "term/13"}, "2015-03-30/", "2015-03-30/.."),
        ({"legislative_period_id": "term/13", "start_date": "2016", "end_date": "2017"}, "2016/2017", "2016/2017"),
        ({"legislative_period_id": "term/13", "end_date": "2017"}, "2015-03-30/2017", "2015-03-30/2017"),
    ],
)
@pytest.mark.parametrize("missing_end", ["unknown", "ongoing"])
def test_what_two_dates_and_a_term_say_together(fresh, fields, unknown, ongoing, missing_end):
    found = tenure(fresh, member(**fields), given={"missing_end": missing_end}, events=[TERM])

    assert found["date"] == (unknown if missing_end == "unknown" else ongoing)


def test_the_name_of_the_term_is_kept_where_its_dates_are_used(fresh):
    assert tenure(fresh, member(legislative_period_id="term/13"), events=[TERM])["date_text"] == "13th House"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2016--01-15", "write 2016-01-15"),
        ("2016-00-00", "write 2016"),
        ("15/01/2016", "write 2016-01-15"),
        ("circa 1990", "write 1990~"),
        ("2016/2017", "write a day, a month or a year"),
        ("0000-00-00", ""),
    ],
)
def test_a_bad_date_is_told_with_its_place_and_what_to_write(fresh, text, advice):
    raw = f"""{{"persons": [{{"id": "ada", "name": "Ada"}}], "organizations": [{{"id": "house", "name": "House"}}],
 "memberships": [
  {{"person_id": "ada", "organization_id": "house", "start_date": "2010"}},
  {{"person_id": "ada", "organization_id": "house", "start_date": "{text}"}}
]}}"""

    message = refused(fresh, "popolo", raw.encode())

    assert message.startswith(f"file.json:4:66: error: {text!r} is ")
    assert advice in message.splitlines()[2]
    assert message.endswith("1 error, 3 good. Nothing was recorded. (--keep-going records the 3)")
    assert taken(fresh, "popolo", raw.encode(), keep_going=True).count("new") == 3


def test_an_end_before_the_start_is_told_at_the_end(fresh):
    message = refused(fresh, "popolo", file(memberships=[member(start_date="2016", end_date="2015")]))

    assert "the dates do not fit together: the end (2015) comes before the start (2016)" in message


# -- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "id_"),
    [
        ("014f1aac-a694-4538-8b4f-a533233acb60", "014f1aac-a694-4538-8b4f-a533233acb60"),
        ("Q123", "q123"),
        ("person/1234", "person-1234"),
        ("uk.org.publicwhip/person/10001", "uk.org.publicwhip-person-10001"),
        ("area/jama’are/itas-gadau,_yobe", "area-jama-are-itas-gadau-_yobe"),
        ("Õie Ärm", "oie-arm"),
        ("1234", "person-1234"),
        ("ada--house--2", "ada--house--2"),
        ("a_-b", "a_-b"),
        ("x" * 100, "x" * 100),
    ],
)
def test_ids_are_kept_as_far_as_an_id_can(given, id_):
    assert Ids([("person", given)]).of("person", given) == id_


def test_ids_that_would_be_the_same_stay_apart():
    """The one that is written like the id keeps it, whatever the order."""
    given = [("person", "a-1"), ("person", "A/1"), ("place", "a 1"), ("person", "x" * 150), ("person", "x" * 151)]

    found = {key: Ids(given).of(*key) for key in given}

    assert found == {key: Ids(reversed(given)).of(*key) for key in given}
    assert len(set(found.values())) == len(given)
    assert found["person", "a-1"] == "a-1"
    assert found["person", "A/1"].startswith("person-a-1-")
    assert found["place", "a 1"].startswith("place-a-1-")
    assert max(map(len, found.values())) == 100


@given(st.lists(st.tuples(st.sampled_from(["person", "place"]), st.text(min_size=1)), max_size=8, unique=True))
def test_any_ids_become_ids_of_their_own(given):
    ids = Ids(given)
    found = [ids.of(*key) for key in given]

    assert [convert(i, NewId) for i in found] == found
    assert len(set(found)) == len(given)


def test_a_person_whose_id_was_given_up_is_the_other_one(fresh):
    """Parliaments that found two ids for one person leave a `redirect`."""
    old = {"id": "ada-old", "redirect": "ada"}

    assert tenure(fresh, member(person_id="ada-old", start_date="2010"), persons=[old, ADA])["person"] == "ada"


def test_a_broken_person_is_told_once_and_takes_the_memberships_along(fresh):
    raw = file(persons=[{"id": "ada"}], memberships=[member(start_date="2010"), member(start_date="2015")])

    message = refused(fresh, "popolo", raw)

    assert "it has no name" in message
    assert message.endswith("1 error, 1 good. Nothing was recorded. (--keep-going records the 1)")
    assert taken(fresh, "popolo", raw, keep_going=True).count("new") == 1


def test_a_bad_date_of_an_organization_or_a_name_takes_nothing_else_along(fresh):
    """The legislature stays, and with it all who sat in it."""
    house = HOUSE | {"founding_date": "1919--04-23", "dissolution_date": "soon", "parent_id": "union"}
    names = [{"name": "A", "start_date": "soon"}, {"name": "B", "start_date": "1999"}]
    union = {"id": "union", "name": "Union", "other_names": names}
    ada = ADA | {"other_names": names}
    raw = file(persons=[ada], organizations=[house, union], memberships=[member(start_date="2010")])

    report = taken(fresh, "popolo", raw, keep_going=True)

    assert [m.message.partition(":")[0] for m in report.mistakes] == [
        "'soon' is not a date",
        "'1919--04-23' is not a date",
        "'soon' is not a date",
        "'soon' is not a date",
    ]
    assert plain(fresh, "entity").keys() == {"ada", "house", "union"}
    assert plain(fresh, "entity")["ada"]["note"] == "Called B (1999/)."
    assert [e["name"] for e in plain(fresh, "renaming").values()] == ["B"]
    assert len(plain(fresh, "tenure")) == 1
    assert not plain(fresh, "move")


def test_an_unknown_person_is_told_at_its_place(fresh):
    message = refused(fresh, "popolo", file(memberships=[member(person_id="adda", start_date="2010")]))

    assert "no entity is registered as 'adda'" in message
    assert "did you mean 'ada'?" in message


def test_many_unknown_people_are_told_without_comparing_them_all(fresh):
    """Their ids look like those of entries, and are none; the first ones are told who may be meant."""
    ids = [f"014f1aac-a694-4538-8b4f-{n:012}" for n in range(60)]
    near = ADA | {"id": ids[0][:-1] + "x"}

    raw = file(persons=[near], memberships=[member(person_id=i, start_date="2010") for i in ids])
    shown = refused(fresh, "popolo", raw)

    assert f"error: no entity is registered as '{ids[0]}'" in shown
    assert shown.count("did you mean") == MOST_COMPARED
    assert shown.count("register it first") == 60 - MOST_COMPARED


# -- importing again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"id": "m/1"}, {}])
def test_an_end_that_was_missing_is_a_correction(fresh, given):
    """With an id of its own or without: the membership is known again when its end comes."""
    begun = member(start_date="2010", **given)
    taken(fresh, "popolo", file(memberships=[begun]))

    report = taken(fresh, "popolo", file(memberships=[begun | {"end_date": "2015"}]))

    assert (report.count("corrected"), report.count("unchanged")) == (1, 2)
    assert next(iter(plain(fresh, "tenure").values()))["date"] == "2010/2015"


def test_memberships_that_say_the_same_are_one_and_others_are_not(fresh):
    same = [member(start_date="2010"), member(start_date="2010"), member(start_date="2010", end_date="2012")]

    taken(fresh, "popolo", file(memberships=[*same, member(start_date="2010", role="clerk")]))

    assert len(plain(fresh, "tenure")) == 3


def test_pruning_retracts_what_is_gone_from_the_file(fresh):
    both = [member(start_date="2010", end_date="2012"), member(start_date="2015")]
    taken(fresh, "popolo", file(memberships=both))

    report = taken(fresh, "popolo", file(memberships=both[:1]), prune=True)

    assert len(report.pruned) == 1
    assert [t["date"] for t in plain(fresh, "tenure").values()] == ["2010/2012"]


# -- what stays behind ------------------------------------------------------------------------------------------------


def test_personal_data_stays_behind_and_is_counted(fresh):
    private: dict[str, Any] = {
        "birth_date": "1960-01-01",
        "email": "ada@example.org",
        "image": "https://example.org/a.jpg",
    }
    private |= {"contact_details": [{"type": "phone", "value": "0803"}], "gender": "female"}

    said = notes(fresh, "popolo", file(persons=[ADA | private], votes=[{}, {}], motions=[{}]))

    for expected in ("email of 1 person", "contact_details of 1 person", "birth_date of 1 person", "2 votes"):
        assert expected in said
    assert not any(part in str(plain(fresh, "entity")) for part in ("1960", "example.org", "0803", "female"))


def test_people_of_one_name_are_told_and_not_merged(fresh):
    """In the file, and between the file and the ledger; whoever was merged is one."""
    taken(fresh, "popolo", file(persons=[{"id": "ada-1", "name": "ADA  SMÏTH"}]))
    twins = [ADA, {"id": "bob-1", "name": "Bob"}, {"id": "bob-2", "name": "bob"}, {"id": "eve", "name": "Eve"}]

    said = notes(fresh, "popolo", file(persons=twins))

    assert "2 names stand for several people, who were not merged: Ada Smith (ada, ada-1)" in said
    assert "bob (bob-1, bob-2)" in said.lower()
    assert "Eve" not in said
    assert {"ada", "ada-1", "bob-1", "bob-2"} <= events(fresh).keys()


def test_the_command_line_takes_the_option_for_popolo_alone(run, tmp_path):
    source, db = tmp_path / "file.json", tmp_path / "a.db"
    source.write_bytes(file(persons=[ADA | {"email": "a@b"}], memberships=[member(start_date="2016")]))
    run("init", db=db)

    done = run("import", str(source), "--missing-end", "ongoing", db=db)
    wrong = run("import", "x.yaml", "--missing-end", "ongoing", db=db)

    assert done.status == 0
    assert done.err.startswith("Recorded 3 new")
    assert "not taken over: email of 1 person." in done.err
    assert run("log", "--kind", "tenure", "--json", db=db).items[0]["date"]["edtf"] == "2016/.."
    assert (wrong.status, wrong.err.strip()) == (
        2,
        "Error: --missing-end is for files of the format popolo, not for yaml",
    )


# -- a parliament -----------------------------------------------------------------------------------------------------


def test_a_parliament_comes_in_whole(fresh):
    """Two thousand memberships: terms, parties, areas, names in four scripts, dates that are missing."""
    raw = written(parliament(2000))

    report = taken(fresh, "popolo", raw)

    found = plain(fresh, "tenure")
    assert not report.mistakes
    assert len(found) == 2000
    assert {t["organization"] for t in found.values()} == {CHAMBER}
    assert {p["id"] for p in json.loads(raw)["persons"]} <= events(fresh).keys()
    assert taken(fresh, "popolo", raw).count("unchanged") == report.count("new")
    assert positions(fresh) == report.count("new")


def test_a_parliament_with_malformed_dates_comes_in_but_for_those(fresh):
    raw = written(parliament(2000, malformed=0.05))
    memberships = json.loads(raw)["memberships"]
    wrong = sum(m.get("start_date") in MALFORMED for m in memberships)
    good = {json.dumps(m) for m in memberships if m.get("start_date") not in MALFORMED}

    report = taken(fresh, "popolo", raw, keep_going=True)

    lines = raw.decode().split("\n")
    assert len(report.mistakes) == wrong > 50
    for mistake in report.mistakes:
        place = mistake.place
        assert lines[place.line - 1][place.column - 1 : place.column - 1 + place.width].strip('"') in MALFORMED
    assert len(plain(fresh, "tenure")) == len(good)


def test_the_order_and_the_spacing_of_the_file_do_not_matter(fresh):
    whole = parliament(60)
    taken(fresh, "popolo", written(whole))

    again = taken(fresh, "popolo", written(dict(reversed(whole.items())), indent=None))

    assert again.count("new") == again.count("corrected") == 0


# -- hostile files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "1:1: error: this is not a JSON object"),
        (b"[]", "1:1: error: this is not a JSON object"),
        (b"{}", "there is nothing of Popolo in this file"),
        (b'{"meta": {}}', "there is nothing of Popolo in this file"),
        (b'{"persons": [', "1:14: error: this is not JSON"),
        (b'{"persons": [{"id": "a"}', "1:25: error: this is not JSON: the file ends before its time"),
        (b'{"persons": [{"id": "a"},]}', "nothing follows this comma"),
        (b'{"persons": [{"id": "a" "b"}]}', "1:25: error: this is not JSON"),
        (b'{"persons": []} x', "1:17: error: this is not JSON: something stands behind its end"),
        (b'{"persons": [], "persons": []}', "1:17: error: the key 'persons' stands twice"),
        (b'{"persons": [\n{"id": "a", "id": "b"}]}', "2:1: error: a key stands twice in this: id"),
        (b'{"persons": [{"id": "a", "name": NaN}]}', "JSON has no NaN"),
        (b'{"persons": [{"id": "a", "name": "\\ud800"}]}', "half of a character"),
        (b'{"persons": [{"id": "a", "name": "\x01"}]}', "this is not JSON"),
        (b'{"persons": ' + b"[" * 100_000, "this is nested too deep"),
        (b'{"persons": [' + b'{"a":' * 100_000, "this is nested too deep"),
        (b"\xff\xfe{\x00", "byte 0xFF is not UTF-8 text"),
        (b'{"persons": [{"id": "a", "name": "J\xf6rg"}]}', "1:36: error: byte 0xF6 is not UTF-8 text"),
        (b'{"persons": [1, null, "x", []]}', "one of the persons is no object"),
        (b'{"persons": {"id": "a"}}', "it has no name"),
        (b'{"persons": [{"name": "A"}]}', "it has no id"),
        (b'{"persons": [{"id": "a", "name": "A\\u0007"}]}', "is not allowed here"),
        (b'{"persons": [{"id": "a", "name": ["A"]}]}', "it has no name"),
        (b'{"memberships": [{}]}', "the membership names no person"),
        (b'{"memberships": [{"person_id": "a"}]}', "the membership names no organization"),
        (b'{"persons": [{"id": "a", "name": "' + b"x" * 10_001 + b'"}]}', "at most 10,000 characters"),
        (b'{"memberships": [{"person_id": "a", "organization_id": "b", "role": "\\u0007"}]}', "is not allowed here"),
        (b'{"organizations": [{"id": "a", "name": "A", "parent_id": "a"}]}', "cannot be its own parent"),
    ],
)
def test_hostile_files_are_refused_with_their_place(fresh, raw, message):
    assert message in refused(fresh, "popolo", raw)


def test_organizations_in_a_circle_are_refused(fresh):
    ring = [
        {"id": a, "name": a, "parent_id": b, "founding_date": "2000"} for a, b in (("a", "b"), ("b", "c"), ("c", "a"))
    ]

    assert "the tree of organizations would go in a circle" in refused(fresh, "popolo", file(organizations=ring))


def test_a_list_that_is_nearly_one_of_popolo_is_told(fresh):
    assert "did you mean memberships?" in refused(fresh, "popolo", file(membership=[member()]))


def test_a_person_that_stands_twice_and_differs_is_refused(fresh):
    message = refused(fresh, "popolo", file(persons=[ADA, ADA | {"name": "Bob"}]))

    assert "ada stands in file.json:1 too, and says something else there" in message


GOOD = written(parliament(5))


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_file_never_ends_in_anything_but_a_message(fresh, data):
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        part = data.draw(st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"}", b"]", b",", b"null", b"\\ud800"]))
        raw[at : at + data.draw(st.integers(0, 20))] = part

    tried(fresh, "popolo", bytes(raw))


texts = st.text(max_size=5) | st.sampled_from(["ada", "house", "2016", "http://x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "url", "start_date", "scheme", "identifier"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
FIELDS = ("id", "name", "other_names", "identifiers", "links", "sources", "person_id", "organization_id", "parent_id",
          "post_id", "start_date", "end_date", "founding_date", "redirect", "legislative_period_id")  # fmt: skip
items = st.lists(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6) | json_values, max_size=3)
sections = st.sampled_from(["persons", "organizations", "posts", "areas", "events", "memberships", "votes"])


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(whole=st.dictionaries(sections, items, max_size=5))
def test_any_values_in_any_fields_never_end_in_anything_but_a_message(fresh, whole):
    tried(fresh, "popolo", json.dumps(whole).encode("utf-8", "surrogatepass"))


def test_a_file_of_one_long_line_shows_a_part_of_it(fresh):
    raw = written(parliament(200, malformed=0.2), indent=None)

    shown = refused(fresh, "popolo", raw)

    assert max(map(len, shown.splitlines())) < 300
