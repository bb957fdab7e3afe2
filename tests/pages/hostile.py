"""A ledger whose every text tries to be something else. Control characters, which no event may hold, are left out."""

from __future__ import annotations

from collections.abc import Iterator

from events.base import Event
from events.kinds import build

TEXTS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script><!--",
    "</style><img src=x onerror=alert(1)>",
    "]]></svg><svg onload=alert(1)>",
    "\" onfocus=alert(1) autofocus x='",
    "{{ 7 * 7 }}{% raw %}&lt;b&gt;",
    "\u202eevil\u2066 \u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f",
    "x" * 10_000,
    "漢字" * 300,
    "__proto__",
    "javascript:alert(1)",
)


def events(texts: tuple[str, ...] = TEXTS) -> Iterator[Event]:
    """A source, a person, an organization, a product and some events for each text, called so."""
    for n, text in enumerate(texts):
        address = f"https://example.org/{n}"
        yield build(
            {"kind": "source", "id": f"s{n}", "title": text, "author": [text], "publisher": text, "URL": address}
        )
        for kind, letter in (("person", "p"), ("organization", "o"), ("product", "m")):
            yield build({"kind": "entity", "id": f"{letter}{n}", "type": kind, "name": text})
        cited = {"sources": [{"source": f"s{n}"}], "note": text, "date_text": text[:90]}
        person, organization = f"p{n}", f"o{n}"
        for said in (
            {"kind": "arrival", "person": person, "organization": organization, "role": text, "date": "2020"},
            {"kind": "appointment", "person": person, "organization": organization, "post": "head", "date": "2021"},
            {"kind": "release", "product": f"m{n}", "organization": organization, "date": "2022~"},
            {"kind": "layoff", "organization": organization, "count": n, "date": "2023"},
            {"kind": "reorg", "original": [organization], "description": text, "date": "2024-01"},
            {
                "kind": "deal",
                "type": "acquisition",
                "parties": [{"entity": organization}],
                "object": text,
                "date": "2024",
            },
        ):
            yield build(said | cited)
