"""docs/webhooks.md: the check of a signature works as it stands there, and the table of retries is what is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tests.serving.receiver import Now, added, deliver, receiving
from tests.timeline.builders import org
from timeline.commands.webhooks import webhook
from timeline.ledger import Ledger, new
from timeline.serving.leases import DELAYS, JITTER
from timeline.serving.metrics import Metrics

PAGE = (Path(__file__).parent.parent.parent / "docs" / "webhooks.md").read_text("utf-8")
UNITS = {"s": 1, "min": 60, "h": 3600}


def seconds(text: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+) (\w+)", text))


def test_the_check_of_the_page_takes_what_is_genuine_and_nothing_else(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    check = names["is_genuine"]
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme", name="Ácme"))])
        hook = added(ledger, receiver.url)
        deliver(ledger, Now())
    (got,) = receiver.got
    headers: Mapping[str, str] = got.headers

    assert check(hook.secret, headers, got.body)
    assert not check(hook.secret, headers, got.body + b" ")
    assert not check(hook.secret, {**headers, "webhook-timestamp": "1"}, got.body)
    assert not check(hook.secret, {**headers, "webhook-id": "msg_1"}, got.body)
    assert not check("whsec_c2VjcmV0", headers, got.body)
    assert check(hook.secret, {**headers, "webhook-signature": f"v1,x {headers['webhook-signature']}"}, got.body)


def test_the_table_of_retries_is_what_is_done():
    rows = re.findall(r"^\| (\d) \| (.*?) ?\| (.*?) ?\|$", PAGE, re.MULTILINE)

    assert [seconds(delay) for _, delay, _ in rows[1:]] == list(DELAYS)
    assert [seconds(total) for *_, total in rows[1:]] == [sum(DELAYS[:n]) for n in range(1, len(DELAYS) + 1)]
    assert JITTER == 1 / 5


def test_the_page_names_every_command_and_every_number():
    named = set(re.findall(r"`timeline webhook (\w+)", PAGE))

    assert named >= set(webhook.list_commands(click.Context(webhook)))
    numbers = set(re.findall(r"^(timeline_webhook_\w+) ", Metrics().text().decode(), re.MULTILINE))
    assert set(re.findall(r"`(timeline_webhook_\w+)`", PAGE)) == {n for n in numbers if not n.endswith("_created")}
