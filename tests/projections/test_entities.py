"""Entities and sources: what is registered, how it is found, and what merges make one."""

from events.register import Entity, Identifier, Merge, Source
from projections.entities import folded
from projections.merges import follow
from tests.projections.facts import arrival, corrected, ranked, retracted, said


def person(given, name, **fields):
    return Entity(id=given, type="person", name=name, **fields)


def merge(duplicate, into):
    return Merge(duplicate=duplicate, into=into)


def entities(*told):
    return {r.entity: r for r in said(*told)["entities"]}


def test_a_name_is_found_whatever_its_case_and_accents():
    """Timothée LACROIX is timothee lacroix."""
    row = entities(person("tl", "Timothée  LACROIX", other_names=("Tim",)))["tl"]

    assert row.folded == ("tl", "timothee lacroix", "tim")
    assert folded("TIMOTHEE lacroix") in row.folded


def test_a_merged_entity_is_found_by_the_names_of_both():
    """Two ids were one person: one row, with the id and every name of the other."""
    rows = entities(person("nb", "N. Goyal", other_names=("Goyal",)), person("ng", "Naman Goyal"), merge("nb", "ng"))

    assert set(rows) == {"ng"}
    assert rows["ng"].name == "Naman Goyal"
    assert rows["ng"].other_names == ("N. Goyal", "Goyal", "nb")
    assert {"nb", "n. goyal", "goyal", "naman goyal"} <= set(rows["ng"].folded)


def test_a_merge_joins_identifiers_and_links():
    """Each register knew one of the two."""
    one = Identifier(scheme="wikidata", identifier="Q1")
    two = Identifier(scheme="orcid", identifier="0000")
    rows = entities(
        person("nb", "N", identifiers=(one,), links=("https://example.org/n",)),
        person("ng", "N", identifiers=(two, one)),
        merge("nb", "ng"),
    )

    assert rows["ng"].identifiers == (two, one)
    assert rows["ng"].links == ("https://example.org/n",)


def test_what_was_said_of_the_duplicate_counts_for_the_other():
    """She joined under another id."""
    (row,) = said(arrival("2020", "nb"), merge("nb", "ng"))["memberships"]

    assert row.person == "ng"


def test_merges_are_followed_through_a_chain():
    """A is B and B is C."""
    rows = said(
        arrival("2020", "a"), person("a", "A"), person("b", "B"), person("c", "C"), merge("a", "b"), merge("b", "c")
    )

    assert [r.person for r in rows["memberships"]] == ["c"]
    assert {r.entity for r in rows["entities"]} == {"c"}


def test_a_circle_of_merges_makes_all_of_them_one():
    """A is B, and B is A: everything counts for the first of them, whichever was named."""
    told = person("a", "A"), person("b", "B"), arrival("2020", "a"), arrival("2020", "b", "bell")
    rows = said(*told, merge("a", "b"), merge("b", "a"))

    assert [r.person for r in rows["memberships"]] == ["a", "a"]
    assert {r.entity for r in rows["entities"]} == {"a"}


def test_who_is_merged_into_a_circle_is_one_of_it():
    """C is B; A and B are each other."""
    assert {follow(i, {"a": "b", "b": "a", "c": "b"}) for i in "abc"} == {"a"}


def test_a_retracted_merge_tells_both_apart_again():
    """They were two people after all."""
    rows = said(person("a", "A"), person("b", "B"), arrival("2020", "a"), retracted(merge("a", "b"), 1))

    assert [r.person for r in rows["memberships"]] == ["a"]
    assert {r.entity for r in rows["entities"]} == {"a", "b"}


def test_a_deprecated_merge_does_not_count():
    """Nobody trusts it."""
    assert said(arrival("2020", "a"), ranked(merge("a", "b"), "deprecated"))["memberships"][0].person == "a"


def test_a_corrected_registration_gives_the_new_name():
    """A typing error in the name."""
    assert entities(corrected(person("a", "Naamn"), person("a", "Naman")))["a"].name == "Naman"


def test_a_retracted_registration_is_gone():
    """There is no such person."""
    assert entities(retracted(person("a", "A"), 1)) == {}


def test_a_source_gives_its_date_and_its_site_where_it_has_no_publisher():
    """An article in an online magazine."""
    (row,) = said(Source(id="post", title="On leaving", container_title="The Post"))["sources"]

    assert (row.publisher, row.issued) == ("The Post", "")
