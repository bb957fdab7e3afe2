"""The replay finds every row that is not what the log says, says which, and finds nothing in an honest ledger."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from events.about import Correction, Retraction
from events.dates import FOREVER
from events.register import Merge
from projections.all import PROJECTIONS
from tests.audit.bundles import seal
from tests.projections.histories import Scribe, histories
from tests.timeline.builders import Clock, layoff, org
from tests.timeline.telling import tell
from timeline.audit.proofs import Damaged
from timeline.audit.replaying import replay
from timeline.audit.reporting import page
from timeline.ledger import Ledger, following, new
from timeline.printing.output import Envelope
from timeline.state.tables import TABLES
from timeline.store.log import digest_of
from timeline.store.tables import events, payloads

ENVELOPE = Envelope(None, "2025-01-01T00:00:00.000000Z", 310, root="AAAA")


def silent(step, done, of):
    pass


def replayed(ledger, known=None):
    return replay(ledger.database, known=known, progress=silent)[1]


def change(ledger, *statements):
    with ledger.database.writing() as connection:
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                connection.execute(statement)


def honest(address):
    """An organization renamed by a correction, layoffs of which one is retracted, and a merge of two."""
    ledger = Ledger.create(address, clock=Clock())
    ledger.record([new(org("meta")), new(org("facebook")), new(org("acme"))], by="ada")
    first, second = (new(layoff("facebook", date=year, id=f"layoff-{year}")) for year in ("2022", "2023"))
    ledger.record([first, second], by="ada")
    correction = Correction(event=layoff("facebook", date="2022-11", id="layoff-2022"), reason="More exactly.")
    ledger.record([following(first.originator_id, 1, correction)], by="bob")
    ledger.record([following(second.originator_id, 1, Retraction(reason="Not so."))], by="bob")
    ledger.record([new(Merge(duplicate="facebook", into="meta"))], by="ada")
    return ledger


@pytest.fixture
def ledger(database_url):
    with honest(database_url) as made:
        yield made


# -- honest ledgers ---------------------------------------------------------------------------------------------------


def test_an_honest_ledger_with_second_thoughts_has_no_difference(ledger):
    report = replayed(ledger)

    assert (report.verdict, report.differing, report.differences) == ("equal", 0, ())
    assert [c.projection for c in report.projections] == [p.name for p in PROJECTIONS]
    assert {c.projection: c.rows for c in report.projections}["happenings"] >= 3
    assert report.checkpoint is None


def test_nor_had_it_at_any_time_before(ledger):
    for known in (0, 3, 5, 6, 7, 8):  # where batches end
        position, report = replay(ledger.database, known=known, progress=silent)
        assert (position, report.differing) == (known, 0), known


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(history=histories(most=20), at=st.integers(0, 99))
def test_no_history_that_was_recorded_has_one_then_or_now(world, history, at):
    """Whatever was told in whatever order, corrected, merged, retracted."""
    with Ledger.open(str(world())) as ledger:
        tell(ledger, history, Scribe())
        with ledger.database.reading() as connection:
            ends = sorted(set(connection.exec_driver_sql("SELECT batch FROM events").scalars()))

        assert replayed(ledger).differences == ()
        assert replayed(ledger, known=ends[at % len(ends)]).differences == ()


# -- changed rows -----------------------------------------------------------------------------------------------------


def a_row(name):
    table = TABLES[name].table
    return select(func.min(table.c.id)).where(table.c.known_to == FOREVER).scalar_subquery()


def test_an_edited_row_is_found_with_what_it_should_be(ledger):
    table = TABLES["happenings"].table
    change(ledger, update(table).where(table.c.id == a_row("happenings")).values(words="Nothing happened"))

    report = replayed(ledger)

    assert (report.verdict, report.differing) == ("different", 2)
    (found,) = report.differences
    assert found.projection == "happenings"
    assert found.expected | {"words": "Nothing happened"} == found.found
    assert found.expected["words"] != "Nothing happened"


def test_a_deleted_row_is_found(ledger):
    table = TABLES["entities"].table
    change(ledger, table.delete().where(table.c.name == "Acme"))

    (found,) = replayed(ledger).differences

    assert (found.projection, found.key, found.found) == ("entities", "acme", None)
    assert found.expected["name"] == "Acme"


def test_an_added_row_is_found(ledger):
    table = TABLES["entities"].table
    with ledger.database.writing() as connection:
        row = dict(connection.execute(select(table).where(table.c.name == "Acme")).mappings().one())
        connection.execute(table.insert().values(row | {"id": 1 << 40, "name": "Acne"}))

    (found,) = replayed(ledger).differences

    assert (found.projection, found.key, found.expected) == ("entities", "acme", None)
    assert found.found["name"] == "Acne"


@pytest.mark.parametrize(
    "values",
    [
        {"known_to": 3},
        {"known_to": 10**9},
        {"known_to": FOREVER + 1},
        {"known_from": 1},
        {"known_from": 10**9},
        {"known_from": -5},
    ],
)
def test_a_row_that_was_known_at_another_time_is_found(ledger, values):
    """Also one that claims to be known from beyond the end of the log: today's answers would show it."""
    table = TABLES["happenings"].table
    change(ledger, update(table).where(table.c.id == a_row("happenings")).values(values))

    (found,) = replayed(ledger).differences

    ((name, value),) = values.items()
    assert found.found[name] == value
    assert found.expected[name] != value


def test_a_row_of_the_past_counts_as_well(ledger):
    """What was known before the correction is what --known-at answers from."""
    table = TABLES["happenings"].table
    change(ledger, update(table).where(table.c.known_to != FOREVER).values(words="Nothing happened"))

    assert {d.found["words"] for d in replayed(ledger).differences} == {"Nothing happened"}


def test_known_at_looks_at_what_was_known_then(ledger):
    """A row that became known later is of no concern; one known then, and since replaced, is."""
    table = TABLES["happenings"].table
    change(ledger, update(table).where(table.c.known_from > 6).values(words="Later"))

    assert replayed(ledger, known=6).verdict == "equal"
    assert replayed(ledger).verdict == "different"


def test_an_id_given_to_another_is_found(ledger):
    """The numbers that stand for ids are part of every row."""
    change(ledger, "UPDATE numbers SET id = 'acne' WHERE id = 'acme'")

    assert {d.projection for d in replayed(ledger).differences} >= {"entities"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE happenings SET entry = 'x'",
        "UPDATE happenings SET known_from = 'x'",
        "UPDATE happenings SET known_to = x'00ff'",
        "UPDATE happenings SET disputed = 'maybe'",
        "UPDATE entities SET entity = 'x'",
        "UPDATE entities SET identifiers = x'ff', entity = 999999",
        "DELETE FROM numbers",
    ],
)
def test_values_that_no_program_wrote_are_shown_and_do_no_harm(tmp_path, statement):
    """SQLite takes any value in any column."""
    with honest(str(tmp_path / "t.db")) as ledger:
        change(ledger, statement)

        report = replayed(ledger)

    assert report.verdict == "different"
    assert report.differences
    assert page(report, ENVELOPE)


def test_a_log_that_cannot_be_read_is_said_to_be_damaged(tmp_path):
    with honest(str(tmp_path / "t.db")) as ledger:
        change(ledger, "DROP TRIGGER payloads_no_update", "UPDATE payloads SET state = x'7b' WHERE position = 4")

        with pytest.raises(Damaged, match=r"position 4.*audit verify"):
            replayed(ledger)


def test_so_is_one_whose_digest_was_made_to_fit(tmp_path):
    """Then only a checkpoint could tell which event it is."""
    state = b'{"kind":'
    with honest(str(tmp_path / "t.db")) as ledger:
        change(ledger, "DROP TRIGGER payloads_no_update", "DROP TRIGGER events_no_update")
        with ledger.database.writing() as connection:
            connection.execute(update(payloads).where(payloads.c.position == 4).values(salt=bytes(16), state=state))
            digest = digest_of(bytes(16), state)
            connection.execute(update(events).where(events.c.position == 4).values(digest=digest))

        with pytest.raises(Damaged, match="cannot be read"):
            replayed(ledger)


def test_a_log_whose_end_is_gone_differs(tmp_path):
    with honest(str(tmp_path / "t.db")) as ledger:
        change(ledger, "DROP TRIGGER events_no_delete", "DROP TRIGGER payloads_no_delete")
        change(ledger, "DELETE FROM payloads WHERE position > 5", "DELETE FROM events WHERE position > 5")

        assert replayed(ledger).verdict == "different"


def test_the_newest_checkpoint_is_compared(ledger):
    sealed = seal(ledger)
    report = replayed(ledger)

    assert (report.checkpoint.size, report.checkpoint.agrees, report.verdict) == (8, True, "equal")
    assert replayed(ledger, known=7).checkpoint is None

    change(ledger, f"UPDATE checkpoints SET note = '{sealed.note.replace(sealed.note.split()[2], 'A' * 43 + '=')}'")
    report = replayed(ledger)
    assert (report.checkpoint.agrees, report.differing, report.verdict) == (False, 0, "different")

    change(ledger, "UPDATE checkpoints SET note = 'none'")
    report = replayed(ledger)
    assert (report.checkpoint.root, report.checkpoint.agrees, report.verdict) == ("", False, "different")
    assert "has another root there" in page(report, ENVELOPE)


def test_many_differences_are_counted_and_the_first_ones_told(ledger):
    ledger.record([new(org(f"o{n}")) for n in range(50)], by="ada")
    change(ledger, TABLES["entities"].table.delete().where(TABLES["entities"].table.c.name.like("O%")))

    report = replayed(ledger)

    assert report.differing == 50
    assert len(report.differences) == 20


# -- the report -------------------------------------------------------------------------------------------------------


def test_whatever_stands_in_a_row_is_only_text_in_the_page(ledger):
    change(ledger, """UPDATE entities SET name = '<script>alert("x")</script>&' WHERE name = 'Acme'""")
    report = replayed(ledger)

    html = page(report, ENVELOPE)

    assert "<script" not in html
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;&amp;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "2 rows missing or too many" in html


# -- the command line -------------------------------------------------------------------------------------------------


def test_replay_finds_nothing_in_the_first_timeline(run, example_ledger, example_on_postgresql):
    for address in (example_ledger, example_on_postgresql):
        ran = run("--format", "table", "audit", "replay", db=address)
        assert (ran.status, "Up to position 310: every row is what the log says" in ran.out) == (0, True)
        assert "never sealed" in ran.err


def test_replay_tells_the_rows_and_exits_with_7(run, own_ledger, tmp_path):
    with Ledger.open(str(own_ledger)) as ledger:
        table = TABLES["memberships"].table
        change(ledger, update(table).where(table.c.id == a_row("memberships")).values(role="queen"))

    ran = run("--format", "table", "audit", "replay", "--html", str(tmp_path / "r.html"), db=own_ledger)
    (report,) = run("--json", "audit", "replay", db=own_ledger).items

    assert ran.status == 7
    assert "role queen" in " ".join(ran.out.split())
    assert "queen" in (tmp_path / "r.html").read_text()
    assert (report["verdict"], report["differences"][0]["found"]["role"]) == ("different", "queen")


def test_replay_answers_as_known_at(run, own_ledger):
    run("add", "arrival", "--person", "touvron", "--organization", "openai", "--date", "2024-01", db=own_ledger)

    ran = run("--json", "audit", "replay", "--known-at", "@310", db=own_ledger)
    answer = json.loads(ran.out)

    assert (ran.status, answer["position"]) == (0, 310)
    assert answer["root"] == json.loads(run("--json", "--known-at", "@310", "sources", db=own_ledger).out)["root"]
    assert run("audit", "replay", "--known-at", "@999", db=own_ledger).status == 2
    assert run("audit", "replay", "--reported-by", "2025", db=own_ledger).status == 2
