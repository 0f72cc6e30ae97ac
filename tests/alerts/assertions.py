"""Builder of the fold's input."""

from datetime import UTC, datetime, timedelta

from services.alerts.state.evidence import Assertion
from shared.vocabulary import Factuality

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(*, days: float = 0, hours: float = 0) -> datetime:
    return MONDAY + timedelta(days=days, hours=hours)


def said(factuality="reached", *, by="herald.example", text=None, when=MONDAY, **overrides) -> Assertion:
    """What one text of one publisher says of a ceasefire."""
    text = text or f"{by}-{when.isoformat()}"
    defaults = {
        "event_id": f"{text}:1:ukraine",
        "ordinal": 0,
        "text_id": text,
        "revision": 1,
        "occurred_at": when,
        "published_at": when,
        "code": "ceasefire_agreed",
        "factuality": Factuality(factuality),
        "confidence": 0.9,
        "actors": (),
        "object": None,
        "publisher": by,
        "named_sources": (),
        "fingerprint": None,
        "url": f"https://{by}/{text}",
        "title": "A title",
        "quote": "A quote.",
        "rules_version": "1",
    }
    return Assertion(**{**defaults, **overrides})
