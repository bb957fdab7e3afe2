"""A calendar client of others subscribes over HTTP, and sees a plan move."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest
from icalendar import Calendar

from events.about import Correction, Retraction
from events.dates import parse
from events.products import Cancellation, Delay, Plan
from events.register import Entity
from tests.serving.conftest import serving
from tests.timeline.builders import layoff, org
from timeline.entries import entry_named
from timeline.ledger import Ledger, following, new

CONFIG = """
[general]
status_path = "{folder}/status/"

[pair timeline]
a = "remote"
b = "local"
collections = null
conflict_resolution = "a wins"

[storage remote]
type = "http"
url = "{url}"

[storage local]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
"""
PROGRAM = Path(sysconfig.get_path("scripts")) / "vdirsyncer"


class Subscriber:
    """vdirsyncer with one calendar of one address."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.config = folder, folder / "config"
        (folder / "calendar").mkdir()
        self.config.write_text(CONFIG.format(folder=folder, url=url), "utf-8")
        self._run("discover")

    def _run(self, *words: str) -> None:
        command = [str(PROGRAM), "--config", str(self.config), *words]
        ran = subprocess.run(command, capture_output=True, text=True, input="y\n", timeout=120)
        assert ran.returncode == 0, ran.stderr
        assert "warning" not in ran.stderr.lower(), ran.stderr

    def events(self) -> dict[str, tuple[str, str]]:
        """What the client has after it looked again: by summary, the day and the status.

        Of what it reads over HTTP it gives every state a UID of its own, so it shows what it sees, not how it moved.
        """
        self._run("sync")
        found = {}
        for path in sorted((self.folder / "calendar").glob("*.ics")):
            (event,) = Calendar.from_ical(path.read_bytes()).walk("VEVENT")
            day = str(event["DTSTART"].to_ical(), "ascii")  # type: ignore[arg-type]  # of a date, always bytes
            found[str(event["SUMMARY"])] = day, str(event.get("STATUS", ""))
        return found


@pytest.fixture
def plan() -> Plan:
    return Plan(product="llama-5", date=parse("2026-03-01"), planned=parse("2026-06-15"), id="planned")


def test_a_subscriber_sees_a_plan_move(tmp_path, plan):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        product = Entity(id="llama-5", type="product", name="Llama 5")
        ledger.record(
            [new(org("meta", "Meta")), new(product), new(plan), new(layoff("meta", date="2026-01-10", id="cut"))]
        )
        subscriber = Subscriber(tmp_path, f"{client.base_url}/events.ics")

        first = subscriber.events()
        ledger.record([new(Delay(product="llama-5", date=parse("2026-05-02"), planned=parse("2026-09-30")))])
        delayed = subscriber.events()
        again = subscriber.events()
        ledger.record([new(Cancellation(product="llama-5", date=parse("2026-08-01")))])
        cancelled = subscriber.events()
        cut = entry_named("event", "cut")
        corrected = Correction(event=layoff("meta", date="2026-01-12", id="cut"), reason="misread")
        ledger.record([following(cut, 1, corrected)])
        moved = subscriber.events()
        ledger.record([following(cut, 2, Retraction(version=1, reason="never happened"))])
        withdrawn = subscriber.events()

    assert first == {
        "Planned: Llama 5 launch": ("20260615", "TENTATIVE"),
        "Llama 5 planned for 15 Jun 2026": ("20260301", "CONFIRMED"),
        "Meta cut jobs": ("20260110", "CONFIRMED"),
    }
    assert "Planned: Llama 5 launch" not in delayed
    assert delayed["Delayed: Llama 5 launch"] == ("20260930", "TENTATIVE")
    assert again == delayed
    assert cancelled["Cancelled: Llama 5 launch"] == ("20260930", "CANCELLED")
    assert moved["Meta cut jobs"] == ("20260112", "CONFIRMED")
    assert withdrawn["Retracted: Meta cut jobs"] == ("20260112", "CANCELLED")
