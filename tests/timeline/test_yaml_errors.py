"""What somebody is told whose file has a mistake: the place, the cause, what to do; and nothing is recorded.

The whole messages stand in golden/yaml-errors.txt. `RENEW_GOLDEN=1 make test` writes that file again, to be read as a
change like any other.
"""

from __future__ import annotations

import os
import re
import resource
import time
from pathlib import Path

import msgspec
import pytest

from events.about import Correction, Dispute, Retraction
from events.dates import parse
from events.errors import TimelineError
from tests.timeline.builders import kept, rows
from timeline.errors import DATA
from timeline.imports.places import BadFile, Mistake, Place
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, entry_named, following

GOLDEN = Path(__file__).parent / "golden" / "yaml-errors.txt"
EXAMPLE = Path(__file__).parents[2] / "examples" / "meta-ai.yaml"

HEAD = """\
sources:
  bi-2025: {type: article, title: On the authors}
entities:
  meta: {type: organization, name: Meta}
  fair: {type: organization, name: FAIR}
  genai: {type: organization, name: GenAI}
  naman-goyal: {type: person, name: Naman Goyal}
events:
  cut: {layoff: {organization: meta}, date: 2025}
"""


def event(body: str) -> str:
    """A file with one more event, called `bad`."""
    return f"{HEAD}  bad:\n" + "".join(f"    {line}\n" for line in body.splitlines())


DEAL = "type: acquisition\n  parties: [{entity: meta}]"
FAIR_UNDER_GENAI = "{organization: fair, parent: genai}"
GENAI_UNDER_FAIR = "{organization: genai, parent: fair}"
DEEP = "[" * 50_000
BOMB = 'a: &a ["lol"]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n'

BAD: dict[str, str | bytes] = {
    # -- no YAML
    "an empty file": "",
    "only a comment": "# nothing yet\n",
    "a list at the top": "- meta\n- fair\n",
    "a text at the top": "hello\n",
    "a section without anything": "events:\n",
    "a colon in a text": f"{HEAD}  bad:\n    note: Meta: a story\n",
    "a tab for indentation": "events:\n\tcut: {}\n",
    "a quote that is not closed": f'{HEAD}  bad:\n    note: "never closed\n    date: 2025\n',
    "a bracket that is not closed": "sources: {a: {title: x\n",
    "a line too far left": "events:\n    a:\n      date: 2025\n   b: {}\n",
    "no colon": "events:\n  a:\n    date 2025\n    layoff: {}\n",
    "an unknown escape": 'sources:\n  a: {title: "C:\\path"}\n',
    "an at sign": "sources:\n  a: {title: @home}\n",
    "a directive": "%YAML 1.1\n---\nsources: {}\n",
    "a second document": "sources: {a: {}}\n---\nevents: {}\n",
    "an alias": "sources:\n  a: *b\n",
    "an anchor": "sources:\n  a: &b {title: x}\n",
    "an alias bomb": BOMB,
    "a merge key": "sources:\n  <<: {title: x}\n",
    "a tag": "sources: !!python/object/apply:os.system [ls]\n",
    "a key that is a list": "sources:\n  ? [a, b]\n  : {}\n",
    "a key that is null": "sources:\n  ~: {}\n",
    "the same key twice": "sources:\n  a: {}\n  b: {}\n  a: {}\n",
    "the same field twice": event("layoff: {organization: meta}\ndate: 2025\ndate: 2026"),
    "deep brackets": f"sources: {DEEP}\n",
    "deep lines": "\n".join(" " * depth + "a:" for depth in range(1000)),
    # -- no text
    "NUL": b"sources:\n  a: {title: x\x00}\n",
    "a terminal escape": b"sources:\n  a: {title: \x1b[31mred}\n",
    "an escaped terminal escape": 'sources:\n  a: {title: "\\e]0;title\\a"}\n',
    "half a character": 'sources:\n  a: {title: "\\ud800"}\n',
    "a line separator": "sources:\n  a: {title: one\u2028two}\n",
    "carriage returns alone": b"sources:\r  a: {}\r",
    "Latin-1": "sources:\n  a: {title: Café}\n".encode("latin-1"),
    "UTF-16": "sources: {}\n".encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "a line of 10 MB": b"sources:\n  a: {title: " + b"x" * 10_000_000 + b"}\n",
    # -- no ledger
    "an unknown section": "event:\n  cut: {}\n",
    "a section that is a list": "events:\n  - cut\n",
    "an id with spaces": "sources:\n  Business Insider: {}\n",
    "an id with accents": "entities:\n  Timothée Lacroix: {type: person, name: x}\n",
    "a very long id": f"sources:\n  {'a' * 300}: {{}}\n",
    "an endless id": f"sources:\n  {'a' * 3000}: {{}}\n",
    "an event that is a text": f"{HEAD}  bad: today\n",
    "no kind": event("date: 2025"),
    "an unknown kind": event("layof: {organization: meta}\ndate: 2025"),
    "two kinds": event("layoff: {organization: meta}\nfounding: {organization: meta}\ndate: 2025"),
    "a kind that is a text": event("layoff: meta\ndate: 2025"),
    "an unknown field": event("layoff: {organisation: meta}\ndate: 2025"),
    "an unknown field far down": event("deal: {type: acquisition, parties: [{entity: meta, rol: buyer}]}\ndate: 2025"),
    "a missing field": event("layoff: {}\ndate: 2025"),
    "a kind without fields": event("layoff:\ndate: 2025"),
    "no date": event("layoff: {organization: meta}"),
    # -- wrong values
    "words for a date": event("layoff: {organization: meta}\ndate: early 2023"),
    "an impossible date": event("layoff: {organization: meta}\ndate: 2025-02-30"),
    "a list for a date": event("layoff: {organization: meta}\ndate: [2025]"),
    "no duration": event("departure: {person: naman-goyal, organization: meta, length_of_service: 6y}\ndate: 2025"),
    "words for a number": event("layoff: {organization: meta, count: many}\ndate: 2025"),
    "a negative count": event("layoff: {organization: meta, count: -5}\ndate: 2025"),
    "an enormous count": event(f"layoff: {{organization: meta, count: {'9' * 30}}}\ndate: 2025"),
    "no yes and no no": event("sighting: {person: naman-goyal, organization: meta, present: maybe}\ndate: 2025"),
    "none of the choices": event("layoff: {organization: meta, count_qualifier: roughly}\ndate: 2025"),
    "a text for a list": event("layoff: {organization: meta, spared: fair}\ndate: 2025"),
    "a list for a text": event("layoff: {organization: [meta]}\ndate: 2025"),
    "an empty list of parties": event("deal: {type: acquisition, parties: []}\ndate: 2025"),
    "an amount without a currency": event(f"deal:\n  {DEAL}\n  amount: 5\ndate: 2025"),
    "no currency": event(f"deal:\n  {DEAL}\n  amount: 5\n  currency: $\ndate: 2025"),
    "no number": event(f"deal:\n  {DEAL}\n  amount: lots\n  currency: USD\ndate: 2025"),
    "an amount that is no number": event(f"deal:\n  {DEAL}\n  amount: NaN\n  currency: USD\ndate: 2025"),
    "a tab in a text": event('layoff: {organization: meta}\ndate: 2025\nnote: "one\\ttwo"'),
    # -- wrong names
    "a near miss": event("layoff: {organization: metta}\ndate: 2025"),
    "an unknown id": event("layoff: {organization: zzz}\ndate: 2025"),
    "an id of the wrong type": event("layoff:\n  organization: meta\n  spared: [fair, naman-goyal]\ndate: 2025"),
    "an unknown source": event("layoff: {organization: meta}\ndate: 2025\nsources: [bi-2025 §3, bi-2024 §3]"),
    "a name for an id": event("layoff: {organization: Meta Platforms}\ndate: 2025"),
    "about nothing": event("retraction: {}"),
    "about a list": event("retraction: {}\nabout: [cut]"),
    "about an unknown event": event("retraction: {}\nabout: cuts"),
    "about something, and a happening": event("layoff: {organization: meta}\nabout: cut\ndate: 2025"),
    "a date of a retraction": event("retraction: {}\nabout: cut\ndate: 2025"),
    "derived from an unknown event": event("layoff: {organization: meta}\ndate: 2025\nderived_from: [cut, cutt]"),
    "the completion of no deal": event("deal-completion: {deal: cut}\ndate: 2025"),
    "no event name": event("deal-completion: {deal: The big deal}\ndate: 2025"),
    "a circle in the tree": event(f"reorg:\n  moves: [{FAIR_UNDER_GENAI}, {GENAI_UNDER_FAIR}]\ndate: 2025"),
    "wide characters before the mistake": "sources:\n  a: {title: 超级智能实验室, titel: x}\n",
    "accents of their own before the mistake": "sources:\n  a: {title: Cafe\u0301, titel: x}\n",
    "two mistakes": event("layoff: {organization: metta}\ndate: 2025") + "  x: {ranking: {rank: top}, about: cut}\n",
}  # fmt: skip


@pytest.fixture
def ledger(sqlite_url):
    with Ledger.create(sqlite_url) as ledger:
        yield ledger


def load(ledger, *texts: str | bytes, **options):
    """Import texts as events.yaml, then b.yaml, c.yaml."""
    names = ("events.yaml", "b.yaml", "c.yaml")
    raw = [t if isinstance(t, bytes) else t.encode() for t in texts]
    return import_documents(ledger, [read(r, n) for r, n in zip(raw, names, strict=False)], **options)


def said(ledger, *texts: str | bytes, **options) -> str:
    with pytest.raises(TimelineError) as caught:
        load(ledger, *texts, **options)
    assert caught.value.exit_status == DATA
    return str(caught.value)


@pytest.fixture(scope="module")
def golden() -> dict[str, str]:
    parts = re.split(r"^## (.*)\n", GOLDEN.read_text(encoding="utf-8") if GOLDEN.exists() else "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], (p.rstrip("\n") for p in parts[2::2]), strict=True))


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_told_with_its_place_its_cause_and_what_to_do(ledger, golden, case):
    """Whatever is wrong with the file, nothing of it is recorded."""
    before = rows(ledger)

    message = said(ledger, BAD[case])

    if os.environ.get("RENEW_GOLDEN"):
        golden[case] = message
        GOLDEN.write_text("".join(f"## {c}\n{golden[c]}\n\n" for c in BAD if c in golden), encoding="utf-8")
    assert message == golden[case]
    assert re.match(r"events\.yaml:\d+:\d+: error: ", message)
    assert "Nothing was recorded." in message
    assert message.replace("\n", "").isprintable()
    assert rows(ledger) == before


def test_the_golden_file_holds_no_case_that_is_gone(golden):
    assert set(golden) == set(BAD)


def test_the_message_has_the_form_that_compilers_use(ledger):
    """The first line can be clicked in an editor, the caret stands under what is meant, the end says what to do."""
    assert said(ledger, event("layoff: {organization: meta}\ndate: early 2023")) == (
        "events.yaml:12:11: error: 'early 2023' is not an EDTF date: EDTF has no words\n"
        "   12 |     date: early 2023\n"
        "      |           ^^^^^^^^^^  write 2023-37 (January–April 2023) and keep the words in date_text\n"
        "1 error, 6 good. Nothing was recorded. (--keep-going records the 6)"
    )


def test_the_caret_finds_its_place_in_a_long_line():
    """A line is shown around the mistake; wide characters take two columns, an accent of its own none."""
    line = "超" * 100 + "e\u0301" * 10 + "WRONG" + "x" * 300
    mistake = Mistake(Place("a.yaml", 1, line.index("W") + 1, 5), "no")

    _, shown, carets = mistake.shown(line).splitlines()

    columns = sum(0 if c == "\u0301" else 2 if c == "超" else 1 for c in shown[: shown.index("WRONG")])
    assert (carets.index("^"), carets.count("^")) == (columns, 5)


def test_a_file_name_cannot_steer_the_terminal():
    mistake = Mistake(Place("\x1b[2J.yaml", 1, 1), "a\x07b", "c\x1bd")

    assert mistake.shown("x").replace("\n", "").isprintable()


def test_more_mistakes_than_anybody_reads_are_counted(ledger):
    """A program wrote the file, and every line is wrong in the same way."""
    bad = "".join(f"  cut-{n}: {{layoff: {{organization: metta}}, date: 2025}}\n" for n in range(500))

    message = said(ledger, HEAD + bad)

    assert message.count("error:") == 100
    assert "\n… and 400 more errors\n500 errors, 6 good." in message


def test_what_needs_a_wrong_event_is_no_error_of_its_own(ledger):
    """One wrong id breaks a chain of hundreds; there is one thing to mend, and one message."""
    chain = [
        f"  x{n}: {{layoff: {{organization: meta}}, date: 2025, derived_from: [x{n - 1}]}}\n" for n in range(1, 300)
    ]
    unknown = "  x0: {layoff: {organization: nobody}, date: 2025}\n"

    message = said(ledger, HEAD + "".join(chain) + unknown)

    assert message.count("error:") == 1
    assert message.endswith("1 error, 6 good. Nothing was recorded. (--keep-going records the 6)")


# -- time and memory --------------------------------------------------------------------------------------------------

HOSTILE = [
    b"x" * 10_000_000,
    b"sources:\n  a: {title: " + b"x" * 10_000_000 + b"}\n",
    b"sources: " + b"[" * 10_000_000,
    b"[\n" * 100_000,
    b"- " * 30_000,
    b"{a: " * 15_000,
    b"? " * 30_000,
    b"\xff" * 10_000_000,
    b"\n" * 1_000_000 + b"\x00",
    b"a: " + b"&a " * 20_000,
    b"'" * 60_001,
]


@pytest.mark.parametrize("raw", HOSTILE, ids=lambda raw: f"{raw[:12]!r}")
def test_a_hostile_file_is_refused_in_bounded_time_and_memory(raw):
    """Generous bounds: they tell a second from an hour, and 400 MB from all there is."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()

    with pytest.raises(BadFile) as caught:
        read(raw, "events.yaml")

    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB
    assert len(str(caught.value)) < 1000


# -- importing --------------------------------------------------------------------------------------------------------

GOOD = f"{HEAD}  denied: {{about: cut, dispute: {{by: meta, stance: denied}}}}\n"
NOBODY = event("layoff: {organization: nobody}\ndate: 2025")


def test_keep_going_records_the_rest(ledger):
    report = load(ledger, NOBODY, keep_going=True)

    assert (report.count("new"), len(report.mistakes), report.batch.last) == (6, 1, 6)
    assert "no entity is registered as 'nobody'" in report.shown_mistakes


def test_keep_going_records_nothing_that_leans_on_what_is_wrong(ledger):
    bad = event("layoff: {organization: meta}\ndate: soon") + "  retracted: {retraction: {}, about: bad}\n"

    report = load(ledger, bad, keep_going=True)

    assert (report.count("new"), len(report.mistakes)) == (6, 1)


@pytest.mark.parametrize("keep_going", [False, True])
def test_a_dry_run_changes_no_row(ledger, keep_going):
    """It checks everything all the same."""
    before = rows(ledger), kept(ledger)

    report = load(ledger, GOOD, dry_run=True, keep_going=keep_going)

    assert (report.count("new"), report.batch) == (7, None)
    said(ledger, NOBODY, dry_run=True)
    assert load(ledger, NOBODY, dry_run=True, keep_going=True).count("new") == 6
    assert (rows(ledger), kept(ledger)) == before


def test_importing_again_records_nothing(ledger):
    """Also not the events about others, which have no entry of their own."""
    load(ledger, GOOD)
    before = rows(ledger)

    report = load(ledger, GOOD)

    assert (report.count("unchanged"), report.batch) == (7, None)
    assert rows(ledger) == before


def test_the_example_is_imported_once(ledger):
    raw = EXAMPLE.read_bytes()

    first, second = load(ledger, raw), load(ledger, raw)

    assert first.count("new") == second.count("unchanged") == sum(first.plan.counts().values())


def test_a_changed_event_becomes_a_correction(ledger):
    """The file says another year now; the old version stays readable."""
    load(ledger, GOOD)

    report = load(ledger, GOOD.replace("date: 2025}", "date: 2024}"))

    assert (report.count("corrected"), report.count("unchanged")) == (1, 6)
    first, dispute, correction = ledger.events.get(entry_named("event", "cut"))
    assert isinstance(dispute.event, Dispute)
    assert (first.event.date.text, correction.event.event.date.text) == ("2025", "2024")
    assert correction.event.reason == "the imported file changed"
    assert load(ledger, GOOD).count("corrected") == 1  # and back again


def test_a_retracted_event_is_not_recorded_again(ledger):
    """Somebody took it back on purpose; the file, which still holds it, does not bring it back."""
    load(ledger, GOOD)
    ledger.record([following(entry_named("event", "cut"), 2, Retraction(reason="mistaken"))])

    report = load(ledger, GOOD)

    assert (report.count("retracted"), report.count("unchanged"), report.batch) == (1, 6, None)


def test_the_files_of_one_call_are_one_batch(ledger):
    """The first names what the second registers, and is about what the third tells."""
    one = "events:\n  cut: {layoff: {organization: meta}, date: 2025}\n  no: {retraction: {}, about: hire}\n"
    two = "entities:\n  meta: {type: organization, name: Meta}\n  yann: {type: person, name: Yann}\n"
    three = "events:\n  hire: {arrival: {person: yann, organization: meta}, date: 2013}\n"

    report = load(ledger, one, two, three)

    assert (report.batch.first, report.batch.last) == (1, 5)


def test_a_mistake_in_one_file_keeps_all_out(ledger):
    message = said(ledger, GOOD, "entities:\n  x: {type: organisation, name: X}\n")

    assert message.startswith("b.yaml:2:13: error: 'organisation' is none of the values that may stand here")
    assert ledger.recorder.max_notification_id() is None


def test_two_files_may_register_the_same_and_not_contradict_each_other(ledger):
    """Each file is whole by itself. Where they disagree, the message names both."""
    other = GOOD.replace("name: Meta}", "name: Facebook}")

    assert load(ledger, GOOD, GOOD, dry_run=True).count("unchanged") == 7
    assert said(ledger, GOOD, other).startswith(
        "b.yaml:4:3: error: meta stands in events.yaml:4 too, and says something else there"
    )


def test_an_event_may_stand_before_the_one_it_is_about(ledger):
    load(ledger, GOOD.replace("events:\n", "events:\n  early: {about: cut, ranking: {rank: preferred}}\n"))

    assert len(list(ledger.events.get(entry_named("event", "cut")))) == 3


# -- the file and the ledger each go their way ------------------------------------------------------------------------


def corrected_by_hand(ledger, name, **fields):
    """Somebody corrects an entry in the ledger, not in the file."""
    entry = entry_named("event", name)
    with ledger.ask() as view:
        fact = view.facts([entry])[entry]
    changed = msgspec.structs.replace(fact.event, **fields)
    ledger.record([following(entry, fact.version, Correction(event=changed, reason="his own page"))])


def test_a_file_that_nobody_changed_undoes_no_correction(ledger):
    """The evening's import must not eat the afternoon's correction."""
    load(ledger, EXAMPLE.read_bytes())
    corrected_by_hand(ledger, "goyal-leaves-meta", date=parse("2025-03"))

    report = load(ledger, EXAMPLE.read_bytes())

    assert (report.count("kept"), report.count("corrected"), report.batch) == (1, 0, None)


def test_a_file_that_was_changed_corrects_what_was_corrected_by_hand(ledger):
    """It says something that the ledger never said: somebody knows more."""
    load(ledger, EXAMPLE.read_bytes())
    corrected_by_hand(ledger, "goyal-leaves-meta", date=parse("2025-03"))

    changed = re.sub(rb"(goyal-leaves-meta:.*?date: )2025-02", rb"\g<1>2025-04", EXAMPLE.read_bytes(), flags=re.DOTALL)

    assert load(ledger, changed).count("corrected") == 1


def test_a_file_that_goes_back_to_what_it_said_corrects(ledger):
    """It changed and changed back; nobody corrected the ledger in between."""
    before = EXAMPLE.read_bytes()
    changed = re.sub(rb"(goyal-leaves-meta:.*?date: )2025-02", rb"\g<1>2025-04", before, flags=re.DOTALL)

    counts = [load(ledger, raw).count("corrected") for raw in (before, changed, before)]

    assert counts == [0, 1, 1]


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("departure: {person: ada, organization: acme, date: 2020}", "date does not belong under departure"),
        ("departure: {person: ada, organization: acme, id: other}", "id does not belong under departure"),
        ("departure: {person: ada, organization: acme, sources: [x]}", "sources does not belong under departure"),
    ],
)
def test_a_field_in_the_wrong_place_neither_wins_nor_loses_unseen(ledger, inner, said):
    raw = f"events:\n  e1:\n    {inner}\n    date: 2021\n".encode()

    with pytest.raises(BadFile) as refused:
        load(ledger, raw)

    assert f"events.yaml:3:{4 + inner.index(said.split()[0] + ':') + 1}: error: {said}" in str(refused.value)


def test_an_entity_is_called_what_it_stands_under(ledger):
    with pytest.raises(BadFile, match="id does not belong under entity"):
        load(ledger, b"entities:\n  bob: {id: robert, type: person, name: Bob}\n")
