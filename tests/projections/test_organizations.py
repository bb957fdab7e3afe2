"""Organizations: existence, parents, names, and their part in reorganizations and layoffs."""

import pytest

from events.organizations import UnitMove
from projections.organizations import keys
from tests.projections.facts import denied, fact_of, happened, on, ranked, said, span


def founded(date, organization="acme", **fields):
    return happened("founding", date, organization=organization, **fields)


def dissolved(date, organization="acme", **fields):
    return happened("dissolution", date, organization=organization, **fields)


def moved(date, parent, organization="acme"):
    return happened("move", date, organization=organization, parent=parent)


def renamed(date, name, **fields):
    return happened("renaming", date, organization="acme", name=name, **fields)


def reorganized(date, *moves, **fields):
    return happened("reorg", date, moves=tuple(UnitMove(organization=o, parent=p) for o, p in moves), **fields)


# -- existence --------------------------------------------------------------------------------------------------------


def existing(*told):
    return [r for r in said(*told)["organizations"] if r.organization == "acme"]


def test_an_organization_exists_until_its_last_day():
    """Founded on 1 May 2013, dissolved on 30 June 2025: both days count."""
    (row,) = existing(founded("2013-05-01"), dissolved("2025-06-30"))

    marks = [on(row, d) for d in ("2013-04-30", "2013-05-01", "2025-06-30", "2025-07-01")]
    assert marks == [None, "certain", "certain", None]


def test_an_organization_goes_on_without_being_confirmed():
    """Nothing was heard of it since its founding; it is there all the same."""
    (row,) = existing(founded("2013-05-01"))

    assert on(row, "2099-01-01") == "certain"
    assert row.end == ".."


def test_a_layoff_shows_that_an_organization_was_there():
    """Nobody recorded its founding."""
    (row,) = existing(happened("layoff", "2022-11-09", organization="acme"))

    assert (on(row, "2022-11-08"), on(row, "2022-11-09")) == ("possible", "certain")


def test_founding_a_unit_shows_that_the_parent_was_there():
    """Bell was founded within Acme."""
    (row,) = existing(founded("2013-05-01", "bell", parent="acme"))

    assert on(row, "2013-05-01") == "certain"


def test_an_organization_founded_again_has_two_lives():
    """Dissolved in 2015, founded again in 2020."""
    first, second = existing(founded("2013"), dissolved("2015"), founded("2020"))

    assert (span(first), span(second)) == (("2013", "2015"), ("2020", ".."))


def test_founders_place_and_successors_are_listed():
    """By Ada and Bob in Paris; Bell and Core followed."""
    (row,) = existing(
        founded("2013", founders=("ada", "bob"), place="paris"), dissolved("2015", successors=("bell", "core"))
    )

    assert (row.founders, row.place, row.successors) == (("ada", "bob"), "paris", ("bell", "core"))


def test_rival_lists_of_founders_are_disputed():
    """One source says Ada, one says Ada and Bob: all are listed, and marked."""
    (row,) = existing(founded("2013", founders=("ada",)), founded("2013", founders=("ada", "bob")))

    assert (row.founders, row.disputed) == (("ada", "bob"), True)


def test_equal_lists_of_founders_are_not_disputed():
    """In another order."""
    (row,) = existing(founded("2013", founders=("bob", "ada")), founded("2013", founders=("ada", "bob")))

    assert not row.disputed


def test_a_list_of_founders_against_none_is_not_disputed():
    """One source names no founder."""
    (row,) = existing(founded("2013"), founded("2013", founders=("ada",)))

    assert not row.disputed


# -- parents ----------------------------------------------------------------------------------------------------------


def parents(*told):
    return [(r.parent, *span(r)) for r in said(*told)["parents"] if r.organization == "acme"]


def test_a_unit_is_founded_under_its_parent():
    """Within Bell, since May 2013."""
    assert parents(founded("2013-05-01", parent="bell")) == [("bell", "2013-05-01", "..")]


def test_a_move_ends_the_day_before_it():
    """Under Bell until 31 May, under Core from 1 June."""
    bell, core = (r for r in said(founded("2013-05-01", parent="bell"), moved("2022-06-01", "core"))["parents"])

    assert [on(bell, d) for d in ("2022-05-31", "2022-06-01")] == ["certain", None]
    assert [on(core, d) for d in ("2022-05-31", "2022-06-01")] == [None, "certain"]


def test_a_move_in_some_month_leaves_open_which_parent_it_was():
    """Moved in June 2022: on the 10th it is possibly under the one or the other."""
    bell, core = said(founded("2013-05-01", parent="bell"), moved("2022-06", "core"))["parents"]

    assert on(bell, "2022-06-10") == on(core, "2022-06-10") == "possible"


def test_independence_is_stated():
    """No longer a unit of anybody: a row without a parent."""
    assert parents(founded("2013-05-01", parent="bell"), moved("2022-06-01", None))[-1] == (None, "2022-06-01", "..")


def test_a_founding_without_parent_says_nothing_of_one():
    """Neither a parent nor independence."""
    assert parents(founded("2013")) == []


def test_a_reorg_moves_the_units_it_names():
    """Acme comes under Core; Dyne, too."""
    rows = said(founded("2013-05-01", parent="bell"), reorganized("2022-06-01", ("acme", "core"), ("dyne", "core")))

    assert [(r.organization, r.parent) for r in rows["parents"]] == [
        ("acme", "bell"),
        ("acme", "core"),
        ("dyne", "core"),
    ]


def test_the_last_day_of_a_unit_counts_under_its_parent():
    """Dissolved on 30 June 2025: a unit of Bell on that day, nobody's on the next."""
    (row,) = said(founded("2013-05-01", parent="bell"), dissolved("2025-06-30"))["parents"]

    assert [on(row, d) for d in ("2025-06-30", "2025-07-01")] == ["certain", None]


def test_rival_dates_of_one_move_agree_on_their_common_days():
    """In June, says one; on 10 June, says another."""
    assert parents(moved("2022-06", "core"), moved("2022-06-10", "core")) == [("core", "2022-06-10", "..")]


def test_a_deprecated_move_does_not_count():
    """It stayed under Bell."""
    rows = parents(founded("2013-05-01", parent="bell"), ranked(moved("2022-06-01", "core"), "deprecated"))

    assert rows == [("bell", "2013-05-01", "..")]


# -- names ------------------------------------------------------------------------------------------------------------


def names(*told):
    return [(r.name, *span(r)) for r in said(*told)["names"]]


def test_a_renaming_gives_the_name_before_and_after():
    """Acme Lab until 27 October 2021, Meta Lab from the 28th."""
    assert names(renamed("2021-10-28", "Meta Lab", previous_name="Acme Lab")) == [
        ("Acme Lab", "", "2021-10-27"), ("Meta Lab", "2021-10-28", ".."),
    ]  # fmt: skip


def test_a_renaming_without_the_name_before_says_nothing_of_it():
    """Only the new name has a row."""
    assert names(renamed("2021-10-28", "Meta Lab")) == [("Meta Lab", "2021-10-28", "..")]


def test_names_follow_one_another():
    """Renamed twice, told the wrong way round."""
    rows = names(renamed("2023-01-01", "Third"), renamed("2021-01-01", "Second", previous_name="First"))

    assert [r[0] for r in rows] == ["First", "Second", "Third"]


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_reorg_changes_all_that_have_a_part_in_it():
    """Acme became Bell and Core, and Dyne was moved."""
    rows = said(reorganized("2022-06", ("dyne", "bell"), original=("acme",), resulting=("bell", "core")))["changes"]

    assert {(r.organization, r.part) for r in rows} == {
        ("acme", "original"), ("bell", "resulting"), ("core", "resulting"), ("dyne", "moved"),
    }  # fmt: skip


def test_a_layoff_changes_the_organization_and_the_units_it_names():
    """600 jobs at Acme; Bell lost some, Core none."""
    rows = said(happened("layoff", "2022-06", organization="acme", count=600, affected=("bell",), spared=("core",)))

    found = {(r.organization, r.part, r.count) for r in rows["changes"]}
    assert found == {("acme", "cut", 600), ("bell", "affected", 600), ("core", "spared", 600)}


def test_a_deprecated_layoff_is_no_change():
    """It did not happen; denied, it stands."""
    layoff = happened("layoff", "2022-06", organization="acme")

    assert said(ranked(layoff, "deprecated"))["changes"] == []
    assert len(said(denied(layoff))["changes"]) == 1


# -- whose, from whom, and in which order -----------------------------------------------------------------------------


def test_the_preferred_founders_are_listed_alone():
    """One source says Ada, one says Bob, and the recorder trusts the second."""
    (row,) = existing(founded("2013", founders=("ada",)), ranked(founded("2013", founders=("bob",)), "preferred"))

    assert (row.founders, row.disputed) == (("bob",), False)


def test_two_reports_of_one_founding_are_one_life():
    """Founded in 2013, says one and says another; dissolved in 2013."""
    assert len(existing(founded("2013"), founded("2013"), dissolved("2013"))) == 1


def test_a_deprecated_renaming_does_not_count():
    """The first of two was a false report."""
    rows = said(ranked(renamed("2021-01-01", "Second"), "deprecated"), renamed("2022-01-01", "Third"))["names"]

    assert [(r.organization, r.name) for r in rows] == [("acme", "Third")]


def test_a_unit_moves_before_it_is_dissolved():
    """Dissolved in 2020, moved in June 2020."""
    rows = parents(founded("2013", parent="bell"), dissolved("2020"), moved("2020-06-10", "core"))

    assert rows == [("bell", "2013", "2020-06-09"), ("core", "2020-06-10", "[2020-06-10..2020]")]


def test_a_unit_that_may_have_moved_at_its_founding_was_founded_first():
    """Founded on 1 June 2020 under Bell; moved under Core and dissolved in 2020."""
    rows = parents(moved("2020", "core"), dissolved("2020"), founded("2020-06-01", parent="bell"))

    assert [r[0] for r in rows] == ["bell", "core"]


def test_each_unit_of_a_reorg_has_the_parent_that_it_names():
    rows = said(reorganized("2022-06~", ("acme", "core"), ("dyne", "bell")))["parents"]

    assert {(r.organization, r.parent, r.start) for r in rows} == {
        ("acme", "core", "2022-06~"), ("dyne", "bell", "2022-06~"),
    }  # fmt: skip


def test_two_reports_of_one_dissolution_agree_on_their_common_days():
    ((_, _, end),) = parents(founded("2013", parent="bell"), dissolved("2025"), dissolved("2025-06-30"))

    assert end == "2025-06-30"


def test_what_says_nothing_of_organizations_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="Plan says nothing about an organization"):
        keys(fact_of(happened("plan", "2025", product="ml-1")))


def test_a_unit_founded_again_has_a_parent_again():
    """Dissolved in 2015, founded again in 2020."""
    rows = parents(founded("2013", parent="bell"), dissolved("2015"), founded("2020", parent="core"))

    assert rows == [("bell", "2013", "2015"), ("core", "2020", "..")]
