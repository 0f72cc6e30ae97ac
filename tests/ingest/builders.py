"""Builders of what clients hand in, on the story of ``tests/builders.py``."""

from services.ingest.inputs import MeetingIn, NewsIn
from tests.builders import PUBLISHED_AT, STARTS_AT, TEXT, TITLE, URL


def news_in(**overrides) -> NewsIn:
    """The report of a signed ceasefire."""
    return NewsIn(**({"url": URL, "published_at": PUBLISHED_AT, "title": TITLE, "text": TEXT} | overrides))


def meeting_in(**overrides) -> MeetingIn:
    """A scheduled round of talks."""
    defaults = {
        "uid": "talks-17@ministry.example",
        "url": "https://ministry.example/calendar/17",
        "title": "Third round of talks between Ukraine and Russia",
        "participants": ("Ukraine", "Russia"),
        "starts_at": STARTS_AT,
    }
    return MeetingIn(**(defaults | overrides))


def raw_news(**overrides) -> dict:
    """The same report as JSON holds it."""
    return {"url": URL, "published_at": "2026-03-02T09:30:00Z", "title": TITLE, "text": TEXT} | overrides
