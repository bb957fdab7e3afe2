"""Questions over HTTP: every resource in every form, copies, names, the clocks, and what is refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from icalendar import Calendar
from starlette.applications import Starlette

from events.about import Erasure
from events.dates import day_of
from tests.cli.conftest import Run
from tests.serving.conftest import serving
from tests.timeline.builders import layoff, org
from timeline.errors import StoreError
from timeline.ledger import Ledger, following, new
from timeline.serving.forms import FORMS
from timeline.serving.logs import _hidden
from timeline.serving.parameters import Question
from timeline.serving.problems import TITLES, problem_of
from timeline.serving.resources import RESOURCES, Found
from timeline.serving.security import Guarded
from timeline.serving.settings import Settings
from timeline.store.database import Database
from timeline.view import View

NAMED = {
    "state": "2024-06-01",
    "organization": "fair",
    "tree": "fair",
    "members": "fair",
    "person": "guillaume-lample",
    "product": "behemoth",
    "event": "goyal-leaves-meta",
    "source": "bi-2025-05-26",
    "diff": "2023-06..2024-06",
    "learned": "@0..2100",
}
EVERY = [
    f"{resource.path.replace('{name}', NAMED.get(name, ''))}.{form}"
    for name, resource in RESOURCES.items()
    for form in resource.forms
]


@pytest.mark.parametrize("path", EVERY)
def test_every_resource_answers_in_every_form(example_client, path):
    answer = example_client.get(path, params={"q": "open"} if path.startswith("/search") else {})

    form = path.partition(".json")[0] if path.endswith(".popolo.json") else path.rpartition(".")[2]
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] in {f.media_type for f in FORMS.values()}
    assert answer.headers["etag"]
    match form:
        case "json":
            assert answer.json().keys() - {"next"} == {"as_of", "known_at", "position", "reported_by", "root", "items"}
            assert answer.json()["items"]
        case "jsonl":
            assert [json.loads(line) for line in answer.text.splitlines()]
        case "csv":
            rows = list(csv.reader(io.StringIO(answer.text)))
            assert {len(row) for row in rows} == {len(rows[0])}
        case "ics":
            assert Calendar.from_ical(answer.content).walk("VEVENT")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/as-of/2024-06-01.json", ["as-of", "2024-06-01"]),
        ("/orgs/fair/people.json?during=2024", ["who", "fair", "--during", "2024"]),
        ("/people/guillaume-lample.json", ["person", "lample"]),
        ("/products/behemoth.json?as_of=2025-06-01", ["product", "behemoth", "--as-of", "2025-06-01"]),
        ("/deals.json", ["deals"]),
        ("/events/goyal-leaves-meta.json", ["why", "goyal-leaves-meta"]),
        ("/diff/2023-06..2024-06.json?org=meta", ["diff", "2023-06", "2024-06", "meta"]),
        ("/as-of/2024-06-01.json?known_at=@0", ["as-of", "2024-06-01", "--known-at", "@0"]),
        ("/people/guillaume-lample.json?reported_by=2025-05", ["person", "lample", "--reported-by", "2025-05"]),
        ("/sources.json", ["sources"]),
        ("/search.json?q=open+weights", ["search", "open", "weights"]),
    ],
)
def test_the_answer_is_that_of_the_command_line(example_client, run: Run, example_ledger, path, words):
    ran = run(*words, "--json", db=example_ledger)

    assert example_client.get(path).json() == json.loads(ran.out)


# -- copies -----------------------------------------------------------------------------------------------------------


def test_a_copy_is_good_until_something_is_recorded(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        first = client.get("/events.json")
        same = client.get("/events.json", headers={"if-none-match": first.headers["etag"]})
        ledger.record([new(layoff("acme"))])
        after = client.get("/events.json", headers={"if-none-match": first.headers["etag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    assert after.status_code == 200
    assert [e["kind"] for e in after.json()["items"]] == ["layoff"]


def test_what_another_process_records_is_answered_at_once(database_url):
    """The end of the log is asked for each time: no copy in memory outlives it."""
    with Ledger.create(database_url) as ledger, serving(database_url) as client:
        for number in range(1, 6):
            ledger.record([new(org(f"o{number}"))])
            assert client.get("/orgs.json").json()["position"] == number


def test_a_feed_is_the_same_until_something_in_it_changes(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme")), new(org("bell")), new(layoff("acme", date="2024"))])
        first = client.get("/orgs/acme.ics").headers["etag"]
        ledger.record([new(layoff("acme", date="2025"))])
        second = client.get("/orgs/acme.ics").headers["etag"]
        again = client.get("/orgs/acme.ics", headers={"if-none-match": f'"x", W/{second}'})

    assert first != second
    assert again.status_code == 304


def test_what_is_pinned_never_changes_and_says_so(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme"))])
        pinned = client.get("/events.json?known_at=@1")
        depends_on_today = client.get("/orgs/acme.json?known_at=@1")
        is_last = client.get("/events.json?known_at=2999")
        ledger.record([new(layoff("acme", date="2020"))])
        later = client.get("/events.json?known_at=@1")

    assert "immutable" in pinned.headers["cache-control"]
    assert depends_on_today.headers["cache-control"] == is_last.headers["cache-control"] == "no-cache"
    assert (later.content, later.headers["etag"]) == (pinned.content, pinned.headers["etag"])


def test_packed_or_not_it_is_the_same(example_client):
    plain = example_client.get("/as-of/2024-06-01.json", headers={"accept-encoding": "identity"})
    packed = example_client.send(
        example_client.build_request("GET", "/as-of/2024-06-01.json", headers={"accept-encoding": "gzip"}), stream=True
    )
    raw = b"".join(packed.iter_raw())

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
    back = example_client.get("/as-of/2024-06-01.json", headers={"if-none-match": packed.headers["etag"]})
    assert back.status_code == 304


def test_head_tells_what_get_would(example_client):
    head = example_client.head("/events.ics")
    got = example_client.get("/events.ics", headers={"accept-encoding": "identity"})

    assert head.content == b""
    assert head.headers["etag"].strip('"').removesuffix(".gz") == got.headers["etag"].strip('"')
    assert head.headers["last-modified"] == got.headers["last-modified"]


def test_a_new_day_is_another_answer(tmp_path, monkeypatch):
    """Nothing was recorded, and still the state of today is another one."""
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme")), new(layoff("acme", date="2025-03-02"))])
        found = {}
        for day in ("2025-03-01", "2025-03-02"):
            for module in ("timeline.days", "timeline.serving.answering", "timeline.serving.resources"):
                monkeypatch.setattr(f"{module}.today", lambda day=day: day_of(day))
            found[day] = client.get("/as-of/today.json"), client.get("/events.json?to=today")

    assert found["2025-03-01"][0].json()["as_of"] == "2025-03-01"
    assert found["2025-03-02"][0].json()["as_of"] == "2025-03-02"
    assert [len(answers[1].json()["items"]) for answers in found.values()] == [0, 1]
    assert found["2025-03-01"][1].headers["etag"] != found["2025-03-02"][1].headers["etag"]


def test_an_erasure_changes_what_was_known_before_and_its_name(tmp_path):
    """Neither the memory of the service nor a copy elsewhere goes on with what is erased."""
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        cut = new(layoff("acme", note="Zwiebelfisch"))
        ledger.record([new(org("acme")), cut])
        questions = ("/events.json?known_at=@2", "/history.json?known_at=@2", "/as-of/2026-01-01.json?known_at=@2")
        before = [client.get(q) for q in questions]
        erasure = Erasure(reason="asked for", ground="GDPR Art. 17")
        ledger.record([following(cut.originator_id, 1, erasure)])
        after = [
            client.get(q, headers={"if-none-match": b.headers["etag"]}) for q, b in zip(questions, before, strict=True)
        ]

    assert "Zwiebelfisch" in before[0].text
    assert [a.status_code for a in after] == [200, 200, 200]
    assert not any("Zwiebelfisch" in a.text or "cut jobs" in a.text for a in after)


def test_a_ledger_of_the_same_length_is_another_one(tmp_path):
    """Put in the place of the other, as when an old copy is restored."""
    etags = []
    for name in ("Acme", "Bell"):
        path = tmp_path / f"{name}.db"
        with Ledger.create(str(path)) as ledger, serving(path) as client:
            ledger.record([new(org("acme", name))])
            etags.append(client.get("/orgs.json").headers["etag"])

    assert etags[0] != etags[1]


# -- names and lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        ("/people/Yann%20LeCun.json?as_of=2024", "/people/yann-lecun.json?as_of=2024"),
        ("/orgs/FAIR/tree", "/orgs/fair/tree"),
        ("/people/lample.ics", "/people/guillaume-lample.ics"),
    ],
)
def test_a_name_leads_to_its_id(example_client, given, leads_to):
    answer = example_client.get(given)

    assert (answer.status_code, answer.headers["location"]) == (308, leads_to)


def test_a_list_in_parts_holds_everything_once(example_client):
    whole = example_client.get("/events.json?limit=1000").json()["items"]
    url: str | None = "/events.json?limit=37&kind=arrival&kind=departure"
    parts = []
    while url:
        answer = example_client.get(url)
        parts.append(answer.json()["items"])
        url = answer.links.get("next", {}).get("url")

    assert {len(p) for p in parts[:-1]} == {37}
    wanted = [e["entry"] for e in whole if e["kind"] in ("arrival", "departure")]
    assert [e["entry"] for part in parts for e in part] == wanted


def test_the_history_in_parts_holds_every_event(example_client):
    positions: list[int] = []
    after: int | None = 0
    while after is not None:
        answer = example_client.get("/history.json", params={"after": after, "limit": 100}).json()
        positions += [r["position"] for r in answer["items"]]
        after = answer.get("next")

    assert positions == list(range(1, answer["position"] + 1))


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "kind", "says"),
    [
        ("/people/guillaume-lampl-e.json", 404, "unknown-name", "Guillaume Lample"),
        ("/as-of/2024-13.json", 400, "date", "month 13"),
        ("/as-of/2024~.json", 400, "usage", "one day"),
        ("/events.json?knd=layoff", 400, "usage", "kind"),
        ("/events.json?limit=0", 400, "usage", "from 1 to 1000"),
        ("/events.json?limit=5&limit=6", 400, "usage", "twice"),
        ("/events.json?kind=layof", 404, "unknown-name", "layoff"),
        ("/events.json?after=-1", 400, "usage", "whole number"),
        ("/events.json?known_at=soon", 400, "usage", "known_at"),
        ("/events.json?known_at=@99999", 400, "usage", "no position"),
        ("/events.json?from=2024&to=2023", 400, "usage", "from is after to"),
        ("/events.json?org=%FF", 400, "usage", "UTF-8"),
        ("/events.json?org=%00", 400, "usage", "cannot be shown"),
        (f"/events.json?org={'x' * 201}", 400, "usage", "longer"),
        (f"/events.json?{'kind=layoff&' * 101}", 400, "usage", "cannot be read"),
        ("/events.xml", 404, "unknown-name", "form"),
        ("/diff/2024.json", 400, "usage", "2023-06..2024-06"),
        ("/history.json?reported_by=2024", 400, "usage", "reported_by"),
        ("/nothing", 404, "no-page", "/nothing"),
        ("/orgs/", 404, "no-page", "/orgs/"),
        ("/orgs/%00.json", 404, "unknown-name", "called"),
        (f"/people/{'x' * 400}.json", 404, "unknown-name", "called"),
        ("/as-of/2024-06-01.json?person=yann-lecun", 400, "usage", "no parameter"),
        ("/deals.json?limit=5", 400, "usage", "no parameter"),
        ("/events.ics?after=5", 400, "usage", "no parameter"),
        ("/events.svg?imprecise=omit", 400, "usage", "no parameter"),
        ("/people/a.json", 409, "ambiguous-name", "fits"),
    ],
)
def test_what_cannot_be_asked_is_told_as_a_problem(example_client, path, status, kind, says):
    answer = example_client.get(path)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["type"]) == (status, f"/api#{kind}")
    assert says in json.dumps(told)
    assert told["request"] == answer.headers["x-request-id"]


def test_only_reading_is_offered(example_client):
    answer = example_client.post("/events.json", content=b"{}")

    assert (answer.status_code, answer.json()["type"]) == (405, "/api#method")
    assert "GET" in answer.headers["allow"]


def test_a_page_of_another_site_cannot_lead_a_browser_here(example_client):
    """A name that somebody made to mean 127.0.0.1 is no name of the service."""
    assert example_client.get("/events.json", headers={"host": "evil.example"}).status_code == 421
    assert example_client.get("/events.json", headers={"host": "localhost:1"}).status_code == 200


@pytest.mark.parametrize("path", ["/events.json", "/events.ics", "/nothing", "/-/ready", "/orgs/FAIR.json"])
def test_every_answer_guards_the_browser(example_client, path):
    headers = example_client.get(path).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_a_header_cannot_be_smuggled_in(example_client):
    answer = example_client.get("/events.json", headers={"x-request-id": "a b\tc"})
    moved = example_client.get("/people/Yann%20LeCun?q=%0d%0aset-cookie:x")

    assert answer.headers["x-request-id"] != "a b\tc"
    assert "set-cookie" not in moved.headers


# -- the service itself -----------------------------------------------------------------------------------------------


def test_it_says_whether_it_is_ready(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        ready = client.get("/-/ready")
        with ledger.database.writing() as connection:
            connection.exec_driver_sql("UPDATE schema_version SET version = 0 WHERE part = 'memberships'")
        older = client.get("/-/ready")
        alive = client.get("/-/health")

    assert (ready.status_code, ready.json()["position"]) == (200, 1)
    assert (older.status_code, "memberships" in older.json()["problem"]) == (503, True)
    assert alive.json()["alive"] is True


def test_without_its_database_it_lives_and_says_that_it_is_not_ready(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        with ledger.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM log_head")
        found = {p: client.get(p) for p in ("/-/health", "/-/ready", "/orgs.json", "/orgs")}

    assert {p: a.status_code for p, a in found.items()} == {
        "/-/health": 200,
        "/-/ready": 503,
        "/orgs.json": 503,
        "/orgs": 503,
    }
    assert found["/orgs.json"].headers["retry-after"]


def test_the_api_is_told_in_words(example_client):
    page = example_client.get("/api")

    assert page.status_code == 200
    for kind in TITLES:
        assert f'id="{kind}"' in page.text


def test_a_picture_opened_by_itself_may_have_its_style_and_nothing_else(example_client):
    policy = example_client.get("/orgs/fair.svg").headers["content-security-policy"]

    assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def test_a_token_in_the_wrong_place_is_not_written_down():
    told = _hidden("/events.json?token=tl_0a1b2c3d_abcDEF123&x=1")

    assert told == "/events.json?token=tl_…&x=1"


@pytest.mark.parametrize("given", ["[fd00::1]", "[fd00::1]:8000", "A.example.", "a.example:80"])
def test_its_names_are_known_in_every_spelling(given):
    guarded = Guarded(Starlette(), Settings(ledger="x.db", host="fd00::1", public_url="https://a.example/x"))

    assert guarded._is_ours({"headers": [(b"host", given.encode())]})


def test_its_numbers_are_read_by_prometheus(example_client):
    from prometheus_client.parser import text_string_to_metric_families

    example_client.get("/orgs/fair.json")
    example_client.get("/made/up/path")
    families = {f.name: f for f in text_string_to_metric_families(example_client.get("/-/metrics").text)}

    routes = {s.labels["route"] for s in families["timeline_requests"].samples}
    assert "/orgs/{name}" in routes
    assert not any("made" in route for route in routes)
    assert families["timeline_log_position"].samples[0].value > 300


def test_pages_of_others_may_read_only_if_they_are_named(tmp_path):
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    asked = {"origin": "https://friend.example"}
    with serving(path) as client:
        without = client.get("/events.json", headers=asked)
    with serving(path, cors=("https://friend.example",)) as client:
        named = client.get("/events.json", headers=asked)
        stranger = client.get("/events.json", headers={"origin": "https://else.example"})

    assert "access-control-allow-origin" not in without.headers
    assert named.headers["access-control-allow-origin"] == "https://friend.example"
    assert "access-control-allow-origin" not in stranger.headers


def test_readers_see_whole_batches_while_a_writer_appends(database_url):
    """Two events are always recorded together: no answer ever holds one of them."""
    torn: list[object] = []
    with Ledger.create(database_url) as ledger, serving(database_url) as client:
        ledger.record([new(org("acme"))])
        url, ended = str(client.base_url), threading.Event()

        def read() -> None:
            with httpx.Client(base_url=url, timeout=30) as reader:
                seen = 0
                while not ended.is_set():
                    answer = reader.get("/events.json?limit=1000").json()
                    if len(answer["items"]) % 2 or len(answer["items"]) < seen:
                        torn.append(answer["position"])
                    if len(answer["items"]) != answer["position"] - 1:
                        torn.append(answer)
                    seen = len(answer["items"])

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(60):
            ledger.record([new(layoff("acme", note=f"{number} {half}")) for half in "ab"])
        ended.set()
        for reader in readers:
            reader.join()
        last = client.get("/events.json?limit=1000").json()

    assert torn == []
    assert len(last["items"]) == 120


# -- as a client may ask ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("takes", "is_packed"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("GZIP;Q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("notgzip, gzipped", False),
        ("", False),
        (";;,,=", False),
    ],
)
def test_only_who_takes_gzip_gets_it(example_client, takes, is_packed):
    request = example_client.build_request("GET", "/as-of/2024-06-01.json", headers={"accept-encoding": takes})
    answer = example_client.send(request, stream=True)
    answer.close()

    assert (answer.headers.get("content-encoding") == "gzip") is is_packed


def test_what_many_ask_at_once_is_worked_out_once(tmp_path, monkeypatch):
    """And who asks after something was recorded gets what was recorded, though the others still wait."""
    begun, may_end = threading.Event(), threading.Event()
    asked: list[int] = []
    found = RESOURCES["deals"].find

    def slow(view: View, question: Question, name: str) -> Found:
        asked.append(view.position)
        begun.set()
        assert may_end.wait(20)
        return found(view, question, name)

    monkeypatch.setitem(RESOURCES, "deals", RESOURCES["deals"]._replace(find=slow))
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client, ThreadPoolExecutor(20) as several:
        ledger.record([new(org("acme"))])
        first = [several.submit(client.get, "/deals.json") for _ in range(8)]
        wait_for(client, 8)
        ledger.record([new(org("bell"))])
        later = [several.submit(client.get, "/deals.json") for _ in range(4)]
        wait_for(client, 12)
        may_end.set()
        positions = [[a.result().json()["position"] for a in answers] for answers in (first, later)]

    assert positions == [[1] * 8, [2] * 4]
    assert sorted(asked) == [1, 2]


def wait_for(client: httpx.Client, number: int) -> None:
    """Wait until so many questions are being answered, besides the one that asks for it."""
    for _ in range(400):
        if f"timeline_requests_open {number + 1}.0" in client.get("/-/metrics").text:
            return
        time.sleep(0.05)
    raise AssertionError(f"there were never {number} questions")


def test_a_mistake_is_told_to_all_who_asked_the_same(example_client):
    with ThreadPoolExecutor(8) as several:
        asked = [several.submit(example_client.get, "/orgs/fayr.json") for _ in range(16)]

    assert {a.result().status_code for a in asked} == {404}


def test_what_is_wrong_with_the_ledger_is_told_without_where_it_stands(tmp_path, caplog):
    """The log of the service has the rest."""
    path = tmp_path / "secret-place" / "timeline.db"
    path.parent.mkdir()
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        with ledger.database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE schema_version")
        ready = client.get("/-/ready")
        with ledger.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM log_head")
        answers = [client.get(p, headers={"accept": "text/html"}) for p in ("/deals.json", "/deals", "/api/stream")]

    assert {a.status_code for a in (ready, *answers)} == {503}
    assert {a.headers["retry-after"] for a in answers} == {"5"}
    for answer in (ready, *answers):
        assert "ledger" in answer.text
        assert "secret-place" not in answer.text
        assert "timeline.db" not in answer.text
    assert "secret-place" in caplog.text


def test_a_server_of_the_database_is_not_named_either():
    """Its name, its user and its words are for those who keep the service."""
    database = Database("postgresql+psycopg://someone:hidden@192.0.2.1:1/secret?connect_timeout=1")
    with pytest.raises(StoreError) as refused, database.reading():
        pass

    told = problem_of(refused.value)
    assert (told.status, told.detail) == (503, "the ledger cannot be reached")
