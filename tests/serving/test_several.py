"""Several ledgers under one service: each answers at its own name, and nothing of one is in an answer of another."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from tests.cli.conftest import Run
from tests.serving.conftest import client_of
from tests.serving.tokens import bearing, made
from tests.steady.limits import as_nobody
from tests.timeline.builders import layoff, org, person
from timeline import tokens
from timeline.errors import StoreError
from timeline.ledger import Ledger, new
from timeline.serving.forms import FORMS
from timeline.serving.resources import RESOURCES
from timeline.serving.settings import Settings
from timeline.serving.several import Several
from timeline.shelf import Shelf
from timeline.store import roles

OTHERS = {"host": "0.0.0.0", "hosts": ("127.0.0.1",)}  # a service that others reach
SECRET = "xylophone"
"""What stands in the other ledger alone: in a name, an id and a note."""


@pytest.fixture(params=["folder", "schemas"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for ledgers, with none in it: a folder, or a database."""
    if request.param == "folder":
        return str(tmp_path)
    url: str = request.getfixturevalue("postgres_url")
    return url


def address(place: str, name: str) -> str:
    """Where a ledger of the place is made."""
    if "://" not in place:
        return f"{place}/{name}.db"
    return make_url(place).update_query_dict({"schema": name}).render_as_string(hide_password=False)


def two(place: str) -> None:
    """Two ledgers, of which one has a secret."""
    for name, told in (("acme", "Acme"), ("globex", f"{SECRET.title()} Works")):
        with Ledger.create(address(place, name)) as ledger:
            word = told.split()[0].lower()
            events = (org(word, name=told), person(f"{word}-boss", name=f"{told} Boss"), layoff(word, "2023", count=40))
            ledger.record([new(event) for event in events], by=word)


@contextmanager
def serving(place: str, **settings: Any) -> Iterator[httpx.Client]:
    """A client of a service of all ledgers of a place."""
    with client_of(lambda port: Several(Settings(ledger="", port=port, **settings), Shelf(place))) as client:
        yield client


def everything() -> list[str]:
    """Every address of a ledger: each resource in each form, of names that are there and that are not."""
    found = ["/", "/-/health", "/-/ready", "/-/metrics", "/-/projections", "/api", "/openapi.json", "/nothing", "/diff"]
    for resource in RESOURCES.values():
        for name in ("acme", "acme-boss", SECRET, f"{SECRET}-boss", "2024-06-01", "2023..2024", "@1..@3"):
            path = resource.path.replace("{name}", name)
            found += [path, *(f"{path}.{form}" for form in resource.forms)]
    return list(dict.fromkeys([*found, f"/search.json?q={SECRET}", f"/events.json?org={SECRET}"]))


def test_each_ledger_answers_at_its_name(place):
    two(place)

    with serving(place) as client:
        assert client.get("/").json()["items"] == [
            {"name": "acme", "address": "/acme/"},
            {"name": "globex", "address": "/globex/"},
        ]
        assert [o["id"] for o in client.get("/acme/orgs.json").json()["items"]] == ["acme"]
        assert [o["id"] for o in client.get("/globex/orgs.json").json()["items"]] == [SECRET]
        assert client.get("/-/ready").json() | {"version": ""} == {
            "ready": True,
            "ledgers": 2,
            "unreadable": 0,
            "version": "",
        }


def test_links_stay_within_their_ledger(place):
    two(place)

    with serving(place, public_url="https://t.example.org/all") as client:
        page = client.get("/acme/events", headers={"accept": "text/html"}).text
        first = client.get("/acme/events.json?limit=1")

    places = {part.split('"')[0] for mark in ('href="', 'src="', 'action="') for part in page.split(mark)[1:]}
    assert places
    strange = {p for p in places if not p.startswith(("/all/acme/", "#", "https://t.example.org/all/acme/"))}
    assert {p for p in strange if not p.startswith("webcal://t.example.org/all/acme/")} == set()
    assert "</all/acme/events.json?" in first.headers.get("link", "</all/acme/events.json?")


def test_nothing_of_one_ledger_is_in_an_answer_of_another(place):
    two(place)

    with serving(place) as client:
        client.get("/globex/people.json")
        known = client.get("/globex/orgs.json").headers["etag"]
        told = {path: client.get(f"/acme{path}", headers={"if-none-match": known}) for path in everything()}

    asked_for = {path for path in told if SECRET in path}
    leaks = {p for p, answer in told.items() if p not in asked_for and SECRET in answer.text.lower()}
    assert leaks == set()
    assert {p for p in asked_for if told[p].status_code == 200 and told[p].text.lower().count(SECRET) > 20} == set()
    assert all(a.status_code not in (304, 500) for a in told.values())
    near = [
        told[p].json().get("near", []) for p in asked_for if told[p].headers["content-type"].endswith("problem+json")
    ]
    assert near
    assert not any(SECRET in name for names in near for name in names)


def test_a_token_opens_one_ledger_only(place):
    two(place)
    acme, globex = (made(address(place, name)) for name in ("acme", "globex"))
    event = {"kind": "layoff", "date": "2024", "organization": SECRET, "count": 5, "sources": []}

    with serving(place, writes=True, **OTHERS) as client:
        assert client.get("/acme/orgs.json", headers=bearing(acme)).status_code == 200
        for path in everything():
            for headers in ({}, bearing(acme)):
                refused = client.get(f"/globex{path}", headers=headers)
                assert refused.status_code == 401, path
                assert SECRET not in refused.text.lower().replace(path, "")
        for send in ("/globex/api/events", "/globex/api/undo", "/globex/api/imports"):
            assert client.post(send, json=event, headers=bearing(acme)).status_code == 401
        before = client.get("/globex/-/ready", headers=bearing(globex)).json()["position"]

    assert before == 3


def test_a_name_that_no_ledger_has_is_answered_like_one_of_another(place):
    two(place)
    good = made(address(place, "acme"))
    told: list[Callable[[httpx.Client, str], httpx.Response]] = [
        lambda client, name: client.get(f"/{name}/orgs.json"),
        lambda client, name: client.get(f"/{name}"),
        lambda client, name: client.get(f"/{name}/-/ready"),
        lambda client, name: client.get(f"/{name}/", headers={"accept": "text/html"}),
        lambda client, name: client.get(f"/{name}/orgs.json", headers=bearing(good)),
        lambda client, name: client.get(f"/{name}/orgs.json", headers=bearing("tl_nonsense")),
        lambda client, name: client.get(f"/{name}/feeds/{good}/events.ics"),
        lambda client, name: client.post(f"/{name}/api/events", json={}, headers=bearing(good)),
        lambda client, name: client.options(f"/{name}/orgs.json"),
        lambda client, name: client.get(f"/{name}/orgs.json", headers={"host": "elsewhere.example"}),
    ]
    kept = ("www-authenticate", "content-type", "cache-control", "vary", "content-security-policy", "content-length")

    with serving(place, title="Ours", **OTHERS) as client:
        for ask in told:
            client.headers["x-request-id"] = "the-same"
            there, nowhere = ask(client, "globex"), ask(client, "hooloo")
            assert there.status_code == nowhere.status_code >= 400
            assert there.text == nowhere.text.replace("hooloo", "globex")
            assert [there.headers.get(n) for n in kept] == [nowhere.headers.get(n) for n in kept]
        listed = client.get("/", headers=bearing(good))
        ready = client.get("/-/ready").text

    assert (listed.status_code, "globex" in listed.text, "acme" in ready) == (404, False, False)


STRANGE = (
    "/acme/../globex/orgs.json",
    "/acme/%2e%2e/globex/orgs.json",
    "/acme%2f..%2fglobex/orgs.json",
    "/acme//globex/orgs.json",
    "//globex/orgs.json",
    "/acme/..%2fglobex.db",
    "/globex.db",
    "/GLOBEX/orgs.json",
    "/..%2fglobex/orgs.json",
    "/pg_catalog/orgs.json",
    "/public/orgs.json",
    "/globex%00/orgs.json",
)


def test_no_path_leads_from_one_ledger_into_another(place):
    two(place)
    good = made(address(place, "acme"))

    with serving(place, **OTHERS) as client:
        for path in STRANGE:
            request = client.build_request("GET", "/", headers=bearing(good))
            request.url = request.url.copy_with(raw_path=path.encode())
            answer = client.send(request)

            assert answer.status_code in (400, 401, 404), path
            assert SECRET not in answer.text.lower()


def test_a_stream_tells_of_its_own_ledger_only(place):
    two(place)

    with (
        serving(place) as client,
        client.stream("GET", "/acme/api/stream?after=3") as stream,
        Ledger.open(address(place, "acme")) as acme,
        Ledger.open(address(place, "globex")) as globex,
    ):
        lines = stream.iter_lines()
        globex.record([new(layoff(SECRET, "2024", count=7))], by="g")
        acme.record([new(layoff("acme", "2024", count=8))], by="a")
        told = []
        for line in lines:
            told.append(line)
            if line.startswith("data:"):
                break

    assert "Acme" in told[-1]
    assert not any(SECRET in line for line in told)


def test_what_is_recorded_twice_with_one_key_is_recorded_in_each(place):
    two(place)
    event = {"kind": "layoff", "date": "2024", "count": 5, "certainty": "stated"}
    answers = {}

    with serving(place, writes=True) as client:
        for name, which in (("acme", "acme"), ("globex", SECRET)):
            headers = bearing(made(address(place, name), "ada")) | {"idempotency-key": "one"}
            answers[name] = client.post(f"/{name}/api/events", json=event | {"organization": which}, headers=headers)

    assert [a.status_code for a in answers.values()] == [201, 201], [a.text for a in answers.values()]
    assert answers["globex"].headers["location"].startswith("/globex/events/")


def test_a_ledger_that_is_made_or_removed_meanwhile(place, tmp_path, monkeypatch):
    monkeypatch.setattr("timeline.serving.several.LOOK_SECONDS", 0.0)
    two(place)

    with serving(place) as client:
        assert client.get("/later/orgs.json").status_code == 404
        with Ledger.create(address(place, "later")) as ledger:
            ledger.record([new(org("later-works", name="Later"))], by="l")
        assert [o["id"] for o in client.get("/later/orgs.json").json()["items"]] == ["later-works"]
        if "://" not in place:
            for left in tmp_path.glob("later.db*"):
                left.unlink()
            assert client.get("/later/orgs.json").status_code == 404
        assert client.get("/acme/orgs.json").status_code == 200


def test_a_ledger_that_cannot_be_read_keeps_no_other_from_answering(tmp_path):
    two(str(tmp_path))
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    shutil.copy(tmp_path / "acme.db", tmp_path / "Not A Name.db")

    with serving(str(tmp_path)) as client:
        broken, ready = client.get("/broken/orgs.json"), client.get("/-/ready")
        assert client.get("/acme/orgs.json").status_code == 200
        assert [i["name"] for i in client.get("/").json()["items"]] == ["acme", "broken", "globex"]

    assert (broken.status_code, broken.json()["type"]) == (503, "/api#store")
    assert str(tmp_path) not in broken.text
    assert (ready.status_code, ready.json()["unreadable"]) == (503, 1)


def test_the_numbers_of_the_service_name_no_ledger(place):
    two(place)

    with serving(place, **OTHERS) as client:
        for path in ("/acme/people", "/elsewhere/people", "/acme", "/globex/"):
            client.get(path)
        told = client.get("/-/metrics").text

    assert 'timeline_requests_total{method="GET"' in told
    assert [line for line in told.splitlines() if any(name in line for name in ("acme", "globex", "elsewhere"))] == []


def test_a_page_of_the_ledgers(tmp_path):
    two(str(tmp_path))

    with serving(str(tmp_path), title="The desk") as client:
        page = client.get("/", headers={"accept": "text/html"})
        missing = client.get("/acmee/people", headers={"accept": "text/html"})
        style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert client.get(style).status_code == 200
        led = client.get("/acme")

    assert 'href="/acme/"' in page.text
    assert "The desk" in page.text
    assert (missing.status_code, "acmee" in missing.text, 'href="/acme/"' in missing.text) == (404, True, True)
    assert (led.status_code, led.headers["location"]) == (308, "/acme/")


def test_a_schema_holds_all_that_a_ledger_needs(postgres_url):
    where = address(postgres_url, "newsroom")
    with Ledger.create(where) as ledger:
        assert ledger.database.schema == "newsroom"
    with Ledger.create(postgres_url) as ledger:
        ledger.record([new(org("elsewhere", name="Elsewhere"))], by="x")

    with Ledger.open(where) as ledger, ledger.ask() as view:
        assert view.position == 0
    with pytest.raises(StoreError, match="no ledger"):
        Ledger.open(address(postgres_url, "absent"))
    for wrong in ("pg_mine", "Mine", "a-b", 'x"; drop', "1st"):
        with pytest.raises(StoreError, match="schema"):
            Ledger.create(address(postgres_url, wrong))


@pytest.mark.parametrize("name", ["newsroom", "order", "default", "user"])  # three are words of SQL
def test_the_commands_take_a_schema(postgres_url, run: Run, tmp_path, name):
    where = address(postgres_url, name)

    assert run("init", where).status == 0
    assert run("--db", where, "add", "entity", "--type", "person", "--name", "Ada", "--id", "ada").status == 0
    assert run("--db", where, "projections", "rebuild").status == 0
    assert "Nothing found" in run("--db", where, "audit", "verify").err
    assert run("--db", where, "doctor").status == 0
    assert run("--db", where, "backup", str(tmp_path / "kept")).status == 0
    assert run("--db", address(postgres_url, f"{name}_again"), "restore", str(tmp_path / "kept")).status == 0
    with Ledger.open(where) as ledger, ledger.database.writing() as connection:
        roles.make(connection)
    assert "Ada" in run("--db", where, "search", "ada").out
    assert run("--db", postgres_url, "search", "ada").status == 6


def test_a_place_is_a_folder_or_a_database(tmp_path, run: Run, postgres_url):
    for wrong in (str(tmp_path / "nowhere"), f"sqlite:///{tmp_path}/x.db", address(postgres_url, "one")):
        with pytest.raises(StoreError):
            Shelf(wrong)
    assert run("serve", "--ledgers", str(tmp_path / "nowhere"), "--port", "0").status == 6
    assert run("serve", "--ledgers", str(tmp_path), "--journal", str(tmp_path / "j"), "--port", "0").status == 2


def test_every_form_was_asked():
    assert {form for path in everything() for form in FORMS if path.endswith(f".{form}")} >= set(FORMS) - {"html"}


def test_tokens_of_one_name_differ(place):
    two(place)
    with Ledger.open(address(place, "acme")) as ledger, ledger.database.writing() as connection:
        text, _ = tokens.create(connection, "ada", ("read",))
    made(address(place, "globex"), "ada")

    with serving(place, **OTHERS) as client:
        assert client.get("/globex/orgs.json", headers=bearing(text)).status_code == 401


HTML = {"accept": "text/html"}


def test_the_service_itself_says_which_methods_it_takes(place):
    two(place)

    with serving(place) as client:
        for method, path in (("POST", "/"), ("OPTIONS", "/"), ("DELETE", "/-/health"), ("PUT", "/-/ready")):
            refused = client.request(method, path)
            assert (refused.status_code, refused.json()["type"]) == (405, "/api#method"), path
            assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
        for path in ("/-/nothing", "/-/health/", "/-", "/hooloo", "/hooloo/"):
            assert client.get(path).status_code == client.post(path).status_code == 404, path


def test_what_cannot_be_opened_has_a_page_and_a_number_to_ask_for(tmp_path, caplog):
    """A page that loads what it needs, and leads nowhere where nothing is."""
    two(str(tmp_path))
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)

    with serving(str(tmp_path), public_url="https://t.example.org/all") as client:
        page = client.get("/broken/orgs", headers=HTML)
        told = client.get("/broken/orgs.json", headers={"x-request-id": "mine"})
        places = {part.split('"')[0] for mark in ('href="', 'src="') for part in page.text.split(mark)[1:]}
        found = {p: client.get(p.removeprefix("/all"), headers=HTML).status_code for p in places if p[0] == "/"}

    assert (page.status_code, told.status_code) == (503, 503)
    assert page.headers["retry-after"] == told.headers["retry-after"]
    assert set(found.values()) == {200}, found
    assert "/all/" in found
    number = told.headers["x-request-id"]
    assert told.json()["request"] == number
    assert [r.getMessage() for r in caplog.records if "broken.db" in r.getMessage() and number in r.getMessage()]
    assert str(tmp_path) not in page.text + told.text


def test_nor_does_a_page_tell_why_where_reading_takes_a_token(tmp_path):
    two(str(tmp_path))
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)

    with serving(str(tmp_path), **OTHERS) as client:
        pages = [client.get(path, headers=HTML) for path in ("/broken/orgs", "/", "/-/nothing")]
        style = pages[0].text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert client.get(style).status_code == 200

    assert [page.status_code for page in pages] == [503, 404, 404]
    for page in pages:
        assert not any(word in page.text for word in ("damaged", "acme", "globex", "All ledgers"))


def test_a_question_without_a_slash_keeps_its_question(place):
    two(place)

    with serving(place) as client:
        assert client.get("/acme?as_of=2023").headers["location"] == "/acme/?as_of=2023"


def test_a_folder_that_is_gone_is_no_empty_one(tmp_path, monkeypatch):
    """A disk that was not mounted must not look like a service of nothing that is well."""
    monkeypatch.setattr("timeline.serving.several.LOOK_SECONDS", 0.0)
    folder = tmp_path / "ledgers"
    folder.mkdir()
    two(str(folder))

    with serving(str(folder)) as client:
        assert client.get("/-/ready").status_code == 200
        folder.rename(tmp_path / "elsewhere")
        answers = [client.get(path) for path in ("/-/ready", "/", "/acme/orgs.json", "/hooloo/orgs.json")]
        page = client.get("/", headers=HTML)
        (tmp_path / "elsewhere").rename(folder)
        assert client.get("/acme/orgs.json").status_code == 200
        assert client.get("/-/ready").status_code == 200

    assert {answer.status_code for answer in [*answers, page]} == {503}
    assert "the folder of the ledgers cannot be read: No such file or directory" in page.text
    assert not any(str(tmp_path) in answer.text for answer in [*answers, page])


def test_a_link_to_where_nobody_may_look_concerns_no_other():
    """Root may look anywhere, so it is somebody else who looks."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder, closed = Path(name) / "ledgers", Path(name) / "closed"
        for path in (folder, closed):
            path.mkdir()
        two(str(folder))
        (folder / "secret.db").symlink_to(closed / "secret.db")
        (folder / "dangling.db").symlink_to(folder / "nowhere.db")
        closed.chmod(0)
        Path(name).chmod(0o755)

        names = as_nobody(lambda: Shelf(str(folder)).names())

    assert names == "['acme', 'globex', 'secret']"


def test_a_place_that_cannot_be_read_is_told_before_anything_listens(tmp_path, run: Run, postgres_url, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nobodys = make_url(postgres_url).set(database="nobody").render_as_string(hide_password=False)

    for place in (nobodys, ""):
        ran = run("serve", "--ledgers", place, "--port", "0")
        assert (ran.status, ran.err.startswith("Error: ")) == (6, True), ran.err
