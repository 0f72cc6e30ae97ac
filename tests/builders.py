"""Builders of events for tests: sensible defaults, any field overridden by keyword, no clock.

The story behind the defaults: the negotiators of ``ukraine`` sign a ceasefire, reported on 2 March 2026.
"""

from datetime import UTC, datetime

from shared.cloudevents import CloudEvent
from shared.events import (
    Event,
    Evidence,
    MeetingPublished,
    MilestoneChanged,
    Movement,
    NewsPublished,
    NoticeRaised,
    Plover,
    Signal,
    Source,
    TextClassified,
    What,
)

PUBLISHED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FETCHED_AT = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, 31, 5, tzinfo=UTC)
STARTS_AT = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)

ARTICLE_ID = "a" * 64
MEETING_ID = "b" * 64
URL = "https://herald.example/world/ceasefire-signed"
TITLE = "Both delegations sign a ceasefire"
TEXT = "Negotiators for Kyiv and Moscow signed a ceasefire on Monday. Fighting is to end at midnight."
QUOTE = "Negotiators for Kyiv and Moscow signed a ceasefire on Monday."


def news(**overrides) -> NewsPublished:
    """A news text that reports a signed ceasefire."""
    defaults = {
        "article_id": ARTICLE_ID,
        "revision": 1,
        "url": URL,
        "publisher": "herald.example",
        "source": "herald-world",
        "published_at": PUBLISHED_AT,
        "fetched_at": FETCHED_AT,
        "title": TITLE,
        "text": TEXT,
        "language": "en",
        "fingerprint": "9f3c5a7e01b2d4c8",
    }
    return NewsPublished(**(defaults | overrides))


def meeting(**overrides) -> MeetingPublished:
    """A scheduled round of talks."""
    defaults = {
        "meeting_id": MEETING_ID,
        "revision": 1,
        "change": "scheduled",
        "url": "https://ministry.example/calendar/17",
        "publisher": "ministry.example",
        "source": "ministry-calendar",
        "published_at": PUBLISHED_AT,
        "fetched_at": FETCHED_AT,
        "title": "Third round of talks between Ukraine and Russia",
        "description": "Delegations of both countries meet the mediator.",
        "participants": ("Ukraine", "Russia", "Türkiye"),
        "location": "Istanbul",
        "starts_at": STARTS_AT,
    }
    return MeetingPublished(**(defaults | overrides))


def evidence(quote: str = QUOTE, **overrides) -> Evidence:
    """The words of a signal; they start the text unless told otherwise."""
    start = overrides.get("start", 0)
    defaults = {"field": "text", "start": start, "end": start + len(quote), "quote": quote, "cue": "signed"}
    return Evidence(**(defaults | overrides))


def signal(code: str = "ceasefire_agreed", factuality: str = "reached", **overrides) -> Signal:
    """One assertion: by default that a ceasefire was reached."""
    defaults = {
        "code": code,
        "factuality": factuality,
        "confidence": 0.9,
        "actors": ("Ukraine", "Russia"),
        "plover": Plover(root="AGREE"),
        "evidence": evidence(),
    }
    return Signal(**(defaults | overrides))


def movement(issue: str = "ceasefire", direction: str = "advance", **overrides) -> Movement:
    """One issue that moves."""
    return Movement(**({"issue": issue, "direction": direction, "evidence": evidence()} | overrides))


def classified(*signals: Signal, **overrides) -> TextClassified:
    """What the default news text says about ``ukraine``; without signals given: that a ceasefire was reached."""
    defaults = {
        "kind": "news",
        "text_id": ARTICLE_ID,
        "revision": 1,
        "text_hash": "c" * 64,
        "url": URL,
        "publisher": "herald.example",
        "title": TITLE,
        "published_at": PUBLISHED_AT,
        "occurred_at": PUBLISHED_AT,
        "language": "en",
        "fingerprint": "9f3c5a7e01b2d4c8",
        "process": "ukraine",
        "process_reason": "Kyiv, Moscow",
        "signals": signals or (signal(),),
        "movements": (movement(),),
        "tone": "positive",
        "tone_score": 0.6,
        "rules_version": "1",
        "catalogue_version": "1",
    }
    return TextClassified(**(defaults | overrides))


def source(**overrides) -> Source:
    """One text behind a milestone."""
    defaults = {
        "publisher": "herald.example",
        "origin": "herald.example",
        "url": URL,
        "title": TITLE,
        "quote": QUOTE,
        "published_at": PUBLISHED_AT,
        "factuality": "reached",
        "text_id": ARTICLE_ID,
        "revision": 1,
        "rules_version": "1",
    }
    return Source(**(defaults | overrides))


def milestone_changed(**overrides) -> MilestoneChanged:
    """The first revision of a reported ceasefire."""
    defaults = {
        "milestone_id": "ukraine:ceasefire_agreed:1",
        "revision": 1,
        "process": "ukraine",
        "process_name": "Russia–Ukraine war",
        "code": "ceasefire_agreed",
        "label": "Ceasefire agreed",
        "status": "reported",
        "reason": "first_report",
        "what": What(actors=("Ukraine", "Russia")),
        "first_seen": PUBLISHED_AT,
        "last_seen": PUBLISHED_AT,
        "changed_at": PUBLISHED_AT,
        "confidence": 0.9,
        "sources": (source(),),
    }
    return MilestoneChanged(**(defaults | overrides))


def notice(**overrides) -> NoticeRaised:
    """A feed that fell silent."""
    defaults = {
        "notice_id": "source.silent:herald-world:2026-03-02",
        "kind": "source.silent",
        "service": "ingest",
        "subject": "herald-world",
        "message": "The feed herald-world has brought nothing for 6 hours; it usually brings 4 texts an hour.",
        "raised_at": NOW,
    }
    return NoticeRaised(**(defaults | overrides))


def cloud_event(data: Event | None = None, **envelope) -> CloudEvent:
    """An event in its envelope; without data: the default news text."""
    data = news() if data is None else data
    defaults = {
        "id": f"{ARTICLE_ID}:1",
        "source": "/parley/ingest",
        "time": NOW,
        "key": ARTICLE_ID,
        "data": data,
    }
    return CloudEvent(**(defaults | envelope))
