"""The first timeline says what the five articles say: checked without the articles.

What stands for them here are the fingerprints that fingerprint.py takes.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from ruamel.yaml import YAML

from events.about import Corroboration, Dispute
from events.base import Citation, Event, Happening
from events.dates import iso, parse
from events.deals import Deal
from events.kinds import KINDS, build, dec_hook, mentions, plain
from events.organizations import Layoff, Reorg
from events.people import Appointment, Arrival, Departure, Sighting, StepDown
from events.products import Cancellation, Delay
from events.register import Entity, Source
from tests.examples.fingerprint import ARTICLES, EXAMPLE, SHINGLES, WIDTH, shingles

DOC = EXAMPLE.parent.parent / "docs" / "first-timeline.md"
TEXT = EXAMPLE.read_text(encoding="utf-8")
FILE: dict[str, dict[str, Any]] = YAML(typ="base", pure=True).load(TEXT)  # every scalar is a string
SPACE = UUID("8c8a1b1e-5c52-4a6e-9d3f-0f1f6f0a5e11")

STAYED = {"hugo-touvron", "xavier-martinet", "faisal-azhar"}
COMMON = {"date", "date_text", "announced", "certainty", "sources", "derived_from", "note", "about"}


# -- from the form of the file to events ----------------------------------------------------------


def citation(given: str | dict[str, str]) -> dict[str, str]:
    """`bi-2025-05-26 §54` in full."""
    if isinstance(given, dict):
        return given
    source, _, locator = given.partition(" ")
    return {"source": source, "locator": locator}


def entry_id(slug: str) -> str:
    return str(uuid5(SPACE, slug))


def state_of(slug: str, item: dict[str, Any]) -> dict[str, Any]:
    """The plain values of an event: its kind, the kind's own fields, the common ones."""
    (kind,) = item.keys() - COMMON
    state: dict[str, Any] = {"kind": kind, **item[kind]}
    if "about" not in item:
        state |= {"id": slug, **{name: item[name] for name in COMMON & item.keys()}}
    if "sources" in state:
        state["sources"] = [citation(c) for c in state["sources"]]
    if "derived_from" in state:
        state["derived_from"] = [entry_id(other) for other in state["derived_from"]]
    if "deal" in state:
        state["deal"] = entry_id(state["deal"])
    return state


def event_of(state: dict[str, Any]) -> Any:
    """Numbers are strings here; once read as numbers, `build` must take the event as it is."""
    cls = KINDS[state["kind"]]
    read = msgspec.convert(state, cls, strict=False, dec_hook=dec_hook)
    return build(plain(read))


SOURCES = {key: event_of({"kind": "source", "id": key, **v}) for key, v in FILE["sources"].items()}
ENTITIES = {key: event_of({"kind": "entity", "id": key, **v}) for key, v in FILE["entities"].items()}
ITEMS = FILE["events"]


@pytest.fixture(scope="module")
def events() -> dict[str, Any]:
    return {slug: event_of(state_of(slug, item)) for slug, item in ITEMS.items()}


@pytest.fixture(scope="module")
def articles() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(ARTICLES.read_text(encoding="utf-8"))
    return found


def cited(event: Event) -> tuple[Citation, ...]:
    if isinstance(event, Corroboration):
        return (event.citation,)
    return event.sources if isinstance(event, Happening | Dispute) else ()


def lines_of(locator: str) -> tuple[int, int]:
    """First and last line: `§52-56`, `§54`."""
    match = re.fullmatch(r"§(\d+)(?:-(\d+))?", locator)
    assert match, f"{locator!r} is no §line"
    return int(match[1]), int(match[2] or match[1])


def numbers(ranges: str) -> set[int]:
    bounds = (part.partition("-") for part in ranges.split())
    return {n for low, _, high in bounds for n in range(int(low), int(high or low) + 1)}


def of_kind(events: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    return {slug: event for slug, event in events.items() if isinstance(event, kind)}


# -- the file holds together ----------------------------------------------------------------------


def test_there_are_at_least_130_happenings(events):
    assert len(of_kind(events, Happening)) >= 130


@pytest.mark.parametrize("slug", ITEMS)
def test_every_event_can_be_recorded(slug):
    """It has one kind, that kind's fields and nothing else."""
    event_of(state_of(slug, ITEMS[slug]))


def test_every_id_is_registered_with_the_right_type(events):
    types: dict[str, str] = {k: e.type for k, e in ENTITIES.items() if isinstance(e, Entity)}
    types |= dict.fromkeys(SOURCES, "source")
    wrong = [
        (slug, at, named)
        for slug, event in events.items()
        for at, named, allowed in mentions(event)
        if types.get(named) not in allowed
    ]

    assert not wrong


def test_no_name_is_given_twice():
    names = Counter(
        name.casefold()
        for entity in ENTITIES.values()
        if isinstance(entity, Entity)
        for name in {entity.name, *entity.other_names}
    )

    assert [name for name, count in names.items() if count > 1] == []


def test_what_an_event_is_about_or_derived_from_stands_in_the_file(events):
    named = [(slug, other) for slug, i in ITEMS.items() for other in i.get("derived_from", ())]
    about = [(slug, item["about"]) for slug, item in ITEMS.items() if "about" in item]

    assert not [pair for pair in named + about if pair[1] not in ITEMS]
    assert not [pair for pair in named + about if not isinstance(events[pair[1]], Happening)]


def test_no_fact_is_derived_from_itself():
    def behind(slug: str, seen: tuple[str, ...]) -> None:
        assert slug not in seen, " <- ".join((*seen, slug))
        for other in ITEMS[slug].get("derived_from", ()):
            behind(other, (*seen, slug))

    for slug in ITEMS:
        behind(slug, ())


# -- sources --------------------------------------------------------------------------------------


def test_every_event_but_a_ranking_has_a_source(events):
    """A ranking is the recorder's own judgement, and gives its reason instead."""
    bare = [slug for slug, event in events.items() if not cited(event)]

    assert {type(events[slug]).__name__ for slug in bare} <= {"Ranking"}
    assert all(events[slug].reason for slug in bare)


def test_every_citation_points_at_a_line_with_text(events, articles):
    for slug, event in events.items():
        for c in cited(event):
            first, last = lines_of(c.locator)
            with_text = numbers(articles[c.source]["not_empty"])
            assert first <= last, (slug, c)
            assert {first, last} <= with_text, (slug, c)


def test_the_article_that_repeats_itself_is_cited_once(events):
    """From line 24 on, the page holds its title and the whole text once more."""
    places = [
        lines_of(c.locator)[1] for event in events.values() for c in cited(event) if c.source == "es-crypto-2025-05"
    ]

    assert places
    assert max(places) < 24


def test_the_hashes_are_those_of_the_articles(articles):
    hashes = {key: s.content_hash for key, s in SOURCES.items() if isinstance(s, Source)}

    assert hashes == {key: f"sha256:{article['sha256']}" for key, article in articles.items()}


def test_a_source_that_is_not_dated_to_the_day_says_why():
    vague = [source for source in SOURCES.values() if source.issued.precision != "day"]

    assert len(vague) == 4
    assert all(source.note for source in vague)


def test_every_source_is_used(events):
    assert {c.source for event in events.values() for c in cited(event)} == SOURCES.keys()


# -- our own words --------------------------------------------------------------------------------


def strings(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from strings(part, f"{at}.{key}")
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, at)
    else:
        yield at, value


def test_no_sentence_of_an_article_is_copied():
    """No seven words in a row, but for the titles of the articles; in the page about it neither."""
    raw = SHINGLES.read_bytes()
    known = {raw[i : i + WIDTH] for i in range(0, len(raw), WIDTH)}
    texts = [*strings(FILE), (DOC.name, DOC.read_text(encoding="utf-8"))]
    copied = [
        at
        for at, text in texts
        if not re.fullmatch(r"\.sources\.[^.]+\.title", at) and not known.isdisjoint(shingles(text))
    ]

    assert len(known) > 5000
    assert not copied


def test_the_check_for_copies_notices_a_copy():
    """The titles are taken from two of the articles: they must be found."""
    raw = SHINGLES.read_bytes()
    known = {raw[i : i + WIDTH] for i in range(0, len(raw), WIDTH)}

    for source in ("bi-2025-05-26", "es-crypto-2025-05"):
        assert known.issuperset(shingles(FILE["sources"][source]["title"]))


def test_nobody_can_be_written_to_or_called():
    """No address and no telephone number of anybody."""
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", TEXT)
    assert not re.search(r"(?<![\w.-])\+?\d{1,3}[ .-]\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}", TEXT)


def test_the_words_for_a_date_are_a_few(events):
    for slug, event in of_kind(events, Happening).items():
        assert len(event.date_text.split()) <= 5, slug


# -- how sure it is -------------------------------------------------------------------------------


def test_a_derived_fact_says_what_it_follows_from(events):
    for slug, event in of_kind(events, Happening).items():
        if event.certainty == "derived":
            assert event.derived_from or event.note, slug
        else:
            assert not event.derived_from, slug


def test_what_another_outlet_said_is_not_stated(events):
    for slug, event in of_kind(events, Happening).items():
        if event.sources and all(c.reported_by for c in event.sources):
            assert event.certainty == "reported", slug


def test_anchors_and_aliases_are_not_used():
    assert not re.search(r"(?m)^[^#\"]*(?:: |\[|- )[&*]\w", TEXT)


# -- what it says ---------------------------------------------------------------------------------


def authors_leaving(events: dict[str, Any]) -> dict[str, Any]:
    authors = events["llama-paper-published"].authors
    return {
        event.person: event
        for event in of_kind(events, Departure).values()
        if event.person in authors and event.organization == "meta"
    }


def test_of_the_fourteen_authors_eleven_left_and_three_stayed(events):
    paper = events["llama-paper-published"]

    assert paper.author_count == len(set(paper.authors)) == 14
    assert set(paper.authors) - authors_leaving(events).keys() == STAYED


def test_each_who_left_has_a_length_of_service_and_a_next_employer(events):
    leaving = authors_leaving(events)

    assert {p: (e.length_of_service.text, e.date.text, e.destination) for p, e in leaving.items()} == {
        "naman-goyal": ("P6Y7M", "2025-02", "thinking-machines-lab"),
        "baptiste-roziere": ("P5Y1M", "2024-08", "mistral-ai"),
        "aurelien-rodriguez": ("P2Y7M", "2024-07", "cohere"),
        "eric-hambro": ("P3Y3M", "2023-11", "anthropic"),
        "timothee-lacroix": ("P8Y5M", "2023-06", "mistral-ai"),
        "marie-anne-lachaux": ("P5Y", "2023-06", "mistral-ai"),
        "thibaut-lavril": ("P4Y5M", "2023-06", "mistral-ai"),
        "armand-joulin": ("P8Y8M", "2023-05", "google-deepmind"),
        "gautier-izacard": ("P3Y2M", "2023-03", "microsoft-ai"),
        "edouard-grave": ("P7Y2M", "2023-02", "kyutai"),
        "guillaume-lample": ("P7Y", "2023-37", "mistral-ai"),
    }


def test_joining_the_next_employer_follows_from_leaving(events):
    """Some day between leaving and the article, which shows them there."""
    arrivals = of_kind(events, Arrival).values()
    sightings = of_kind(events, Sighting).values()
    for person, left in authors_leaving(events).items():
        (joined,) = (e for e in arrivals if e.person == person)
        (seen,) = (e for e in sightings if e.person == person and e.certainty == "stated")

        assert joined.organization == seen.organization == left.destination
        assert (joined.date.earliest, iso(joined.date.latest)) == (left.date.earliest, "2025-05-26")
        assert joined.certainty == "derived"
        assert seen.date.text == "2025-05-26"
        assert seen.role


def test_on_15_february_2023_only_two_authors_may_have_left(events):
    day = parse("2023-02-15")
    leaving = authors_leaving(events).items()

    assert {p for p, e in leaving if e.date.latest < day.earliest} == set()
    assert {p for p, e in leaving if e.date.earliest <= day.earliest} == {
        "edouard-grave",
        "guillaume-lample",
    }
    for person in STAYED:
        seen = [e for e in of_kind(events, Sighting).values() if e.person == person]
        assert [e.date.text for e in seen] == ["2025-05-26", "2023-01"]


def test_fair_is_handed_over_in_may_2025(events):
    heads = of_kind(events, Appointment | StepDown)  # type: ignore[arg-type]  # a union serves isinstance
    of_fair = [(s, e.date.text) for s, e in heads.items() if e.organization == "fair" and e.post == "head"]

    assert of_fair == [
        ("pineau-heads-fair", "2017~"),
        ("pineau-steps-down", "2025-05"),
        ("fergus-heads-fair", "2025-05"),
    ]
    assert events["pineau-steps-down"].announced.text == "2025-04"
    assert events["fergus-heads-fair"].predecessor == "joelle-pineau"


def test_the_superintelligence_lab_has_four_parts(events):
    founded = {e.organization: e.parent for e in events.values() if hasattr(e, "founders")}
    (moved,) = (e.moves for e in of_kind(events, Reorg).values() if e.moves)

    assert founded["fair"] == founded["msl"] == "meta"
    assert {o for o, parent in founded.items() if parent == "msl"} == {"tbd-lab", "par", "msl-infra"}
    assert [(m.organization, m.parent) for m in moved] == [("fair", "msl")]


def test_behemoth_is_delayed_before_it_is_cancelled(events):
    def dated(kind: type) -> list[Any]:
        return [e.date for e in of_kind(events, kind).values() if e.product == "behemoth"]

    delays, ends = dated(Delay), dated(Cancellation)

    assert len(delays) == len(ends) == 2
    assert max(iso(d.latest) for d in delays) == "2025-05-26" < min(iso(d.earliest) for d in ends)
    assert sorted(e.certainty for e in of_kind(events, Cancellation).values()) == ["derived", "rumoured"]


def test_avocado_moves_from_the_end_of_2025_to_the_first_quarter_of_2026(events):
    plan, delay = events["avocado-planned"], events["avocado-delayed"]

    assert plan.planned == delay.previous
    assert (plan.planned.text, delay.planned.text) == ("2025-39", "2026-33")
    assert (plan.date.earliest, plan.date.latest) < (delay.date.earliest, delay.date.latest)


def test_the_deals_and_the_layoff(events):
    deals = of_kind(events, Deal)
    (layoff,) = (e for e in of_kind(events, Layoff).values() if e.count)

    assert {s: (e.amount, e.currency, e.date.text) for s, e in deals.items()} == {
        "mistral-funding": (Decimal(100_000_000), "EUR", "[2023-01..2024-12]"),
        "scale-ai-deal": (Decimal(14_300_000_000), "USD", "2025-07"),
        "hyperion-venture": (Decimal(27_000_000_000), "USD", "2025-10"),
    }
    assert [p.entity for p in deals["hyperion-venture"].parties] == ["meta", "blue-owl-capital"]
    assert (layoff.count, layoff.count_qualifier, layoff.date.text) == (600, "about", "2025-10-22")
    assert "fair" in layoff.affected
    assert layoff.spared == ("tbd-lab",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mistral-founded-by-three", "mistral-founded-by-two"),
        ("authors-gone-in-january-2023", "lample-leaves-meta"),
        ("authors-gone-in-2025", "goyal-leaves-meta"),
        ("behemoth-delayed", "behemoth-delay-announced"),
        ("behemoth-dropped-by-meta", "behemoth-dropped-by-zuckerberg"),
        ("behemoth-dropped-by-meta", "behemoth-trained"),
        ("bosworth-heads-reality-labs", "shah-former-head-of-reality-labs"),
        ("avocado-may-be-closed", "avocado-closed"),
        ("avocado-delayed", "avocado-on-schedule"),
        ("cox-gives-up-ai", "cox-reassigned-to-genai"),
        ("llama-trained-on-public-data", "pirated-books-lawsuit"),
        ("meta-turns-to-closed-models", "meta-position-unchanged"),
    ],
)
def test_where_articles_contradict_each_other_both_claims_stand(events, one, other):
    assert isinstance(events[one], Happening)
    assert isinstance(events[other], Happening)
    assert events[one] != events[other]


def test_meta_denies_or_contests_what_the_articles_say_that_it_does(events):
    said = {(ITEMS[s]["about"], e.stance) for s, e in of_kind(events, Dispute).items()}

    assert all(e.by == "meta" for e in of_kind(events, Dispute).values())
    assert said == {
        ("bosworth-budget-moved", "denied"),
        ("wang-disagrees", "denied"),
        ("avocado-delayed", "contested"),
        ("meta-turns-to-closed-models", "contested"),
        ("authors-who-left", "confirmed"),
    }


def test_an_event_about_an_entry_follows_it(events):
    """A file is read from the top, by people too."""
    order = list(ITEMS)
    for slug, item in ITEMS.items():
        if "about" in item:
            assert order.index(item["about"]) < order.index(slug)
