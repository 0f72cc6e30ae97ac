"""What every reading says of its text, whatever was read in it."""

import hashlib
from typing import Any

from services.classify.lexicon import Lexicon
from shared.catalogue import Catalogue
from shared.events import MeetingPublished, NewsPublished


def envelope(event: NewsPublished | MeetingPublished, catalogue: Catalogue, lexicon: Lexicon) -> dict[str, Any]:
    """The fields of ``TextClassified`` that name the text and the rules that read it."""
    common: dict[str, Any] = {
        "revision": event.revision,
        "url": event.url,
        "publisher": event.publisher,
        "title": event.title,
        "published_at": event.published_at,
        "occurred_at": min(event.published_at, event.fetched_at),
        "rules_version": lexicon.version,
        "catalogue_version": catalogue.version,
    }
    if isinstance(event, MeetingPublished):
        text_hash = _hash(event.title, event.description)
        return {**common, "kind": "meeting", "text_id": event.meeting_id, "text_hash": text_hash}
    return {
        **common,
        "kind": "news",
        "text_id": event.article_id,
        "text_hash": _hash(event.title, event.text),
        "language": event.language,
        "fingerprint": event.fingerprint,
    }


def _hash(title: str, text: str) -> str:
    """SHA-256 of title, line feed, text: which words were read."""
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
