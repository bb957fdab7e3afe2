"""Whatever stands in a file, reading it ends in a ledger or in an error that says what to do: never in a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from events.errors import TimelineError
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger

EXAMPLE = (Path(__file__).parents[2] / "examples" / "meta-ai.yaml").read_text(encoding="utf-8").splitlines()


def blocks(lines: list[str]) -> list[list[str]]:
    """Each entry of the file, under the name of its section."""
    found: list[list[str]] = []
    section = ""
    for line in lines:
        if line and line[0] not in " #":
            section = line
        elif re.match("  [a-z]", line):
            found.append([section, line])
        elif line.startswith("    "):
            found[-1].append(line)
    return found


BLOCKS = blocks(EXAMPLE)

HOSTILE = [
    "", "~", "null", "NaN", "sNaN", ".nan", "-.inf", "Infinity", "1e999999999", "-1", "0", "9" * 400, "0x7F", "1_000",
    "yes", "true", "[]", "{}", "[[]]", "{a: b}", "- x", "? x", "| ", ">-", "*x", "&x", "&x y", "!!str x", "!x", "<<",
    "%x", "@", "`", "#", "'", '"', "'x'", '"\\ud800"', '"\\0"', '"\\x1b[31m"', '"\\u2028"', "\\", ": ", "a: b: c",
    "---", "...", "\t", "\ufeff", "\u200b", "\u202e", "超", "e\u0301", "\U0001f3f3\ufe0f\u200d\U0001f308", "x" * 2000,
    "a b", "A", "-", ".", "../x", "meta", "cut", "2025-02-30", "2025-02", "Y170000002", "2025/..", "[2025..]", "P1Y",
    "00000000-0000-0000-0000-000000000000", "{0}", "%s", "${x}", "§1", "bi-2025 ",
]  # fmt: skip

pytestmark = pytest.mark.filterwarnings("error")
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A ledger that knows the example, so that parts of it can stand alone."""
    with Ledger.create(str(tmp_path_factory.mktemp("fuzz") / "timeline.db")) as ledger:
        import_documents(ledger, [read("\n".join(EXAMPLE).encode(), "example.yaml")])
        yield ledger


def tried(ledger, raw: bytes) -> None:
    """Read and check a file; what goes wrong is an error for people, which a terminal can show."""
    try:
        import_documents(ledger, [read(raw, "fuzz.yaml")], dry_run=True)
    except TimelineError as problem:
        shown = str(problem)
        assert shown.startswith("fuzz.yaml:")
        assert "Nothing was recorded." in shown
        assert all(c.isprintable() or c in "\n\u200c\u200d" for c in shown)


@SETTINGS
@given(raw=st.binary(max_size=300))
def test_any_bytes(ledger, raw):
    tried(ledger, raw)


@SETTINGS
@given(text=st.text(max_size=300))
def test_any_text(ledger, text):
    tried(ledger, text.encode("utf-8", "surrogatepass"))


MARKUP = st.sampled_from(
    [*"\n\n\n    -:?,[]{}#&*!|>'\"%@`~\\<=.", "- ", ": ", "? ", "\n  ", "events:\n", "layoff", "---\n", *HOSTILE]
)


@SETTINGS
@example(parts=["? ? ", "\n", "- ", ": "])
@given(parts=st.lists(MARKUP, max_size=60))
def test_any_markup(ledger, parts):
    """Text made of what means something in YAML."""
    tried(ledger, "".join(parts).encode())


@st.composite
def mutated(draw) -> str:
    """A part of the example with a few of the mistakes that hands and programs make."""
    at = draw(st.integers(0, len(BLOCKS) - 1))
    section = BLOCKS[at][0]
    lines = [line for block in BLOCKS[at : at + draw(st.integers(1, 6))] if block[0] == section for line in block[1:]]
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        other = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        match draw(st.sampled_from(["delete", "double", "swap", "flip", "indent", "value", "cut"])):
            case "delete" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(other, line)
            case "swap":
                lines[at], lines[other] = lines[other], line
            case "flip" if line:
                where = draw(st.integers(0, len(line) - 1))
                lines[at] = line[:where] + draw(st.characters(codec="utf-8")) + line[where + 1 :]
            case "indent":
                lines[at] = " " * draw(st.integers(0, 8)) + line.lstrip()
            case "value":
                words = line.split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(HOSTILE))
                lines[at] = " ".join(words)
            case "cut":
                lines[at] = line[: draw(st.integers(0, len(line)))]
    return "\n".join([section, *lines])


@settings(SETTINGS, max_examples=300)
@given(text=mutated())
def test_the_example_with_mistakes_in_it(ledger, text):
    tried(ledger, text.encode())


@settings(SETTINGS, max_examples=300)
@given(block=st.sampled_from(BLOCKS), value=st.sampled_from(HOSTILE), line=st.integers(1, 9), word=st.integers(0, 20))
def test_a_hostile_value_anywhere(ledger, block, value, line, word):
    """One word of the example replaced, in an entry that is whole otherwise."""
    lines = list(block)
    at = 1 + line % (len(lines) - 1)
    words = lines[at].split(" ")
    filled = [n for n, w in enumerate(words) if w]
    words[filled[word % len(filled)]] = value
    lines[at] = " ".join(words)
    tried(ledger, "\n".join(lines).encode("utf-8", "surrogatepass"))


@settings(SETTINGS, max_examples=300)
@given(block=st.sampled_from([b for b in BLOCKS if b[0] == "events:"]), value=st.sampled_from(HOSTILE), data=st.data())
def test_a_hostile_value_of_any_field(ledger, block, value, data):
    """A field of the event gets another value, whatever its type."""
    text = "\n".join(block)
    field = data.draw(st.sampled_from(re.findall(r"([a-z_]+): [^\n{[,}]+", text) or ["date"]))
    tried(
        ledger,
        re.sub(rf"\b{field}: [^\n{{[,}}]+", lambda _: f"{field}: {value}", text).encode("utf-8", "surrogatepass"),
    )
