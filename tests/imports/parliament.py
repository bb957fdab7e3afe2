"""A parliament as databases export it: terms, parties, constituencies, and what is wrong in real files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

GIVEN = ("Ада", "José", "Mary Ann", "Õie", "Łukasz", "Nguyễn", "Siân", "John", "Fatma", "Þóra", "Anne-Marie", "Kofi")
FAMILY = ("Smith", "O'Brien", "Müller", "García Márquez", "Иванова", "de Souza", "Öztürk", "Ní Dhomhnaill", "Mensah")
PLACES = (
    "Tartu linn",
    "Harju- ja Raplamaa",
    "Bade/Jakusko, Yobe State",
    "Jama’are/Itas-Gadau",
    "Ynys Môn",
    "Södermanland",
)
MALFORMED = ("2016--01-15", "15/01/2016", "2016-02-31", "0000-00-00", "circa 1990", "2016-13-01")
CHAMBER = "1ba661a9-22ad-4d0f-8a60-fe8e28f2488c"

Item = dict[str, Any]


def parliament(memberships: int, *, seed: int = 1, malformed: float = 0.0) -> Item:
    """A file with so many memberships of a third as many people; a share of their dates is malformed."""
    dice = random.Random(seed)
    people = max(1, memberships // 3)
    parties, areas, terms = _parties(), _areas(), list(_terms())
    ids = [str(UUID(int=dice.getrandbits(128), version=4)) for _ in range(people)]
    return {
        "areas": areas,
        "events": [*terms, {"classification": "general election", "id": "Q16412592", "name": "Election of 2015"}],
        "memberships": [
            _membership(dice, ids[n % people], dice.choice(parties), dice.choice(areas), terms, malformed)
            for n in range(memberships)
        ],
        "meta": {"sources": ["https://example.org/parliament"]},
        "organizations": [
            {"classification": "legislature", "id": CHAMBER, "name": "Chamber", "founding_date": "1919-04-23"},
            *parties,
        ],
        "persons": [_person(dice, given) for given in ids],
        "posts": [],
    }  # fmt: skip


def _parties() -> list[Item]:
    names = {"IRL": "Fatherland", "party/RE": "Reform", "Q123": "Green", "independent": "Independent"}
    return [{"classification": "party", "id": given, "name": name} for given, name in names.items()]


def _areas() -> list[Item]:
    return [
        {"id": f"area/{name.lower().replace(' ', '_')}", "name": name, "type": "constituency",
         "identifiers": [{"scheme": "wikidata", "identifier": f"Q{n}"}]}
        for n, name in enumerate(PLACES, 1000)
    ]  # fmt: skip


def _terms() -> Iterator[Item]:
    for number, year in enumerate(range(1995, 2019, 4), 8):
        term: Item = {"classification": "legislative period", "id": f"term/{number}", "name": f"{number}th Chamber"}
        yield term | {"organization_id": CHAMBER, "start_date": f"{year}-03-30", "end_date": f"{year + 4}-03-23"}
    yield {"classification": "legislative period", "id": "term/14", "name": "14th Chamber", "start_date": "2019-04-04"}


def _person(dice: random.Random, given: str) -> Item:
    first, last = dice.choice(GIVEN), dice.choice(FAMILY)
    person: Item = {"id": given, "name": f"{first} {last}"}
    if dice.random() < 0.5:
        person |= {"given_name": first, "family_name": last, "sort_name": f"{last}, {first}", "gender": "female"}
    if dice.random() < 0.4:
        person["other_names"] = [
            {"lang": lang, "name": f"{first} {last} ({lang})", "note": "multilingual"} for lang in ("ru", "et", "en")
        ]
    if dice.random() < 0.1:
        person.setdefault("other_names", []).append({"name": f"{first} Jones", "end_date": "1999-06"})
    if dice.random() < 0.6:
        person["identifiers"] = [{"scheme": "wikidata", "identifier": f"Q{dice.randrange(10**7)}"}]
        person["links"] = [{"note": "Wikipedia (et)", "url": f"https://et.wikipedia.org/wiki/{last}"}]
    if dice.random() < 0.7:
        person["contact_details"] = [{"type": "phone", "value": "0803 0000"}]
        person |= {"birth_date": "1960-01-01", "email": "member@example.org", "image": "https://example.org/a.jpg"}
    return person


def _membership(dice: random.Random, person: str, party: Item, area: Item, terms: list[Item], malformed: float) -> Item:
    term = dice.choice(terms)
    item: Item = {"area_id": area["id"], "legislative_period_id": term["id"], "on_behalf_of_id": party["id"]}
    item |= {"organization_id": CHAMBER, "person_id": person, "role": "member"}
    if dice.random() < 0.3:
        item["start_date"] = dice.choice(
            (f"{dice.randrange(1995, 1999)}-05-{dice.randrange(10, 28)}", "1996", "1997-03")
        )
    if dice.random() < 0.2:
        item["end_date"] = f"{dice.randrange(2021, 2024)}-06-01"
    if dice.random() < 0.1:
        del item["legislative_period_id"]
    if dice.random() < 0.5:
        item["sources"] = [{"url": f"http://example.org/mp/profile/{dice.randrange(1000)}"}]
    if dice.random() < malformed:
        item["start_date"] = dice.choice(MALFORMED)
    return item


def written(parliament: Item, *, indent: int | None = 2) -> bytes:
    """The file, as a program writes it."""
    return json.dumps(parliament, indent=indent, ensure_ascii=False).encode()
