"""Names as people type them: whatever their case and accents, by alias, by the beginning of a word."""

from __future__ import annotations

import pytest

from events.register import Entity, Merge
from tests.timeline.builders import org, person
from timeline.errors import NAME, AmbiguousName, UnknownName
from timeline.ledger import Ledger, new
from timeline.naming import Directory, near

ENTITIES = (
    org("meta", "Meta", other_names=("Facebook", "Meta Platforms")),
    org("fair", "FAIR", other_names=("Fundamental AI Research",)),
    org("google-deepmind", "Google DeepMind", other_names=("DeepMind",)),
    org("google", "Google"),
    person("timothee-lacroix", "Timothée Lacroix"),
    person("marie-anne-lachaux", "Marie-Anne Lachaux"),
    person("thibaut-lavril", "Thibaut Lavril"),
    person("strasse", "Ida Straße"),
    Entity(id="llama", type="product", name="Llama"),
    Entity(id="llama-4", type="product", name="Llama 4"),
    Entity(id="avocado", type="product", name="Avocado"),
    Entity(id="avocado-inc", type="organization", name="Avocado"),
)


@pytest.fixture
def find(sqlite_url):
    with Ledger.create(sqlite_url) as ledger:
        ledger.record([new(e) for e in ENTITIES])
        ledger.record([new(person("tim")), new(Merge(duplicate="tim", into="timothee-lacroix"))])
        with ledger.ask() as view:
            yield Directory(view.connection).find


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("meta", "meta"),
        ("META", "meta"),
        ("Facebook", "meta"),
        ("  meta   platforms ", "meta"),
        ("fundamental ai research", "fair"),
        ("Timothée Lacroix", "timothee-lacroix"),
        ("Timothee Lacroix", "timothee-lacroix"),
        ("TIMOTHÉE LACROIX", "timothee-lacroix"),
        ("Timothe\u0301e Lacroix", "timothee-lacroix"),  # the accent as a character of its own
        ("ida strasse", "strasse"),
        ("ＦＡＩＲ", "fair"),  # noqa: RUF001  # full-width letters, as East Asian keyboards give them
    ],
)
def test_a_name_is_found_whatever_its_case_accents_and_spaces(find, given, meant):
    assert find(given) == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Timoth", "timothee-lacroix"),
        ("lacr", "timothee-lacroix"),
        ("anne", "marie-anne-lachaux"),
        ("marie-a", "marie-anne-lachaux"),
        ("DeepM", "google-deepmind"),
        ("face", "meta"),
    ],
)
def test_the_beginning_of_any_word_is_enough_if_only_one_has_it(find, given, meant):
    assert find(given) == meant


@pytest.mark.parametrize(("given", "meant"), [("llama", "llama"), ("google", "google"), ("llama 4", "llama-4")])
def test_a_whole_name_goes_before_the_beginning_of_another(find, given, meant):
    """Otherwise nobody could ask for Llama once Llama 4 is registered."""
    assert find(given) == meant


def test_an_ambiguous_name_lists_who_may_be_meant(find):
    with pytest.raises(AmbiguousName) as caught:
        find("la")

    assert caught.value.exit_status == NAME
    assert str(caught.value) == (
        "'la' fits 3: Marie-Anne Lachaux (marie-anne-lachaux), Thibaut Lavril (thibaut-lavril), "
        "Timothée Lacroix (timothee-lacroix). Write more of it, or the id."
    )


def test_two_of_one_name_are_told_apart_by_id_or_type(find):
    assert find("avocado") == "avocado"  # an id goes before a name
    with pytest.raises(AmbiguousName, match=r"Avocado \(avocado\), Avocado \(avocado-inc\)"):
        find("Avocado ")
    assert find("Avocado ", "organization") == "avocado-inc"
    assert find("Avocado ", "product") == "avocado"


@pytest.mark.parametrize(
    ("given", "near"),
    [("Timotee Lacroix", "Timothée Lacroix"), ("lavrill", "Thibaut Lavril"), ("Gogle", "Google"), ("metta", "Meta")],
)
def test_a_name_nobody_has_suggests_the_nearest(find, given, near):
    with pytest.raises(UnknownName) as caught:
        find(given)

    assert caught.value.exit_status == NAME
    assert caught.value.near[0] == near
    assert str(caught.value).startswith(f"no entity is called {given!r}. Did you mean {near!r}")


@pytest.mark.parametrize("given", ["zzzzzz", "", " ", "\x1b[31m", "-", "%"])
def test_what_is_like_nothing_suggests_nothing(find, given):
    with pytest.raises(UnknownName) as caught:
        find(given)

    assert str(caught.value) == f"no entity is called {given!r}. `timeline search` looks everywhere."


def test_only_entities_of_the_type_asked_for_count(find):
    with pytest.raises(UnknownName, match="no person is called 'meta'"):
        find("meta", "person")


def test_a_merged_id_finds_what_it_was_merged_into(find):
    assert find("tim") == "timothee-lacroix"


def test_near_is_best_first_and_never_long():
    assert near("lama", ["llama-4", "meta", "llama", "llama-4-scout", "llama-api"])[0] == "llama"
    assert len(near("a", ["a1", "a2", "a3", "a4", "a5"])) <= 3
    assert near("lukasz", ["a", "lukas"]) == ["lukas"]  # one letter is a part of anything
    assert near("x" * 100_000, ["x"] * 100) is not None
