"""From what was handed in to the event that is published: clean words, one URL, publisher, language, identity."""

import html
import re
import unicodedata
from datetime import datetime
from http import HTTPStatus
from typing import Final

from services.ingest.identity import article_id, content_hash, fingerprint, meeting_id
from services.ingest.inputs import MeetingIn, NewsIn, Rejected
from services.ingest.language import language_of
from services.ingest.urls import canonical_url, named_publisher, publisher_of
from shared.events import MAX_TEXT_BYTES, MeetingPublished, NewsPublished

# Every pattern stops at the next "<" or is bounded in length, so that the time grows with the text and no faster.
_CDATA: Final = re.compile(r"<!\[CDATA\[|\]\]>")
_UNREAD: Final = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\b[^<>]*>", re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"</?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|nav|ol|p|"
    r"pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_INLINE: Final = re.compile(
    r"</?(?:a|abbr|amp-img|audio|b|bdi|bdo|body|button|center|cite|code|del|em|font|form|head|html|i|iframe|img|input|ins|"
    r"kbd|label|link|mark|meta|noscript|object|picture|q|s|script|small|source|span|strike|strong|style|sub|sup|svg|time|"
    r"tt|u|video|wbr)\b[^<>]*>|<![^<>]*>|<\?[^<>]*>",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
"""Control characters but those that are space, soft hyphens, and marks that turn the direction of writing."""
_LONGEST_WORD: Final = 100
"""Composing (NFC) takes quadratic time in a run of combining marks; no real word is longer than this."""


def clean(text: str) -> str:
    """Plain words: no HTML, no control characters, single spaces, one line feed between lines, composed (NFC).

    Left-overs that were escaped twice, as feeds do, are gone as well.

    Raises:
        ValueError: the text holds half of a surrogate pair, which no UTF-8 has.

    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"holds half a surrogate pair at character {error.start}, which is no text") from error
    for _ in range(2):
        text = _without_markup(text)
        if "&" in text:
            text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _without_markup(text)
    lines = (_composed(line.split()) for line in _INVISIBLE.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def _without_markup(text: str) -> str:
    if "<" not in text:
        return text
    if "<![CDATA[" in text:
        text = _CDATA.sub("", text)
    return _INLINE.sub("", _BLOCK.sub("\n", _UNREAD.sub(" ", text)))


def _composed(words: list[str]) -> str:
    return " ".join(
        word if word.isascii() or len(word) > _LONGEST_WORD else unicodedata.normalize("NFC", word) for word in words
    )


def news(item: NewsIn, *, source: str, now: datetime) -> NewsPublished:
    """The first revision of one news text.

    Args:
        item: what was handed in.
        source: the feed, file or client that it came through; where no publisher is known, own ids belong to it.
        now: when it was fetched.

    Raises:
        Rejected: it is too long, has no words, or its URL is none.

    """
    _limit("text", item.title, item.text)
    title, text = _line("title", item.title), _cleaned("text", item.text)
    if not title and not text:
        raise Rejected("title and text hold no words", "/text")
    url, publisher = _origin(item.url, item.publisher)
    own_id = _line("id", item.id or "")
    both = f"{title}\n{text}"
    return NewsPublished(
        article_id=article_id(url=url, own_id=own_id, namespace=publisher or source, title=title, text=text),
        revision=1,
        url=url,
        publisher=publisher,
        source=source,
        published_at=item.published_at,
        fetched_at=now,
        title=title,
        text=text,
        language=item.language[:2].lower() if item.language else language_of(both),
        fingerprint=fingerprint(both),
    )


def meeting(item: MeetingIn, *, source: str, now: datetime) -> MeetingPublished:
    """The first revision of one meeting; arguments and errors as for ``news``."""
    _limit("description", item.title, item.description, *item.participants)
    title, uid = _line("title", item.title), _line("uid", item.uid)
    for field, value in (("title", title), ("uid", uid)):
        if not value:
            raise Rejected(f"the {field} holds no words", f"/{field}")
    if item.ends_at and item.ends_at < item.starts_at:
        raise Rejected("the meeting ends before it starts", "/ends_at")
    url, publisher = _origin(item.url, item.publisher)
    participants = [_line("participants", name) for name in item.participants]
    return MeetingPublished(
        meeting_id=meeting_id(uid=uid, namespace=publisher or source),
        revision=1,
        change=item.change,
        url=url,
        publisher=publisher,
        source=source,
        published_at=item.published_at or now,
        fetched_at=now,
        title=title,
        description=_cleaned("description", item.description),
        participants=tuple(name for name in participants if name),
        location=_line("location", item.location or "") or None,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        previously_at=item.previously_at,
    )


def content_of(event: NewsPublished | MeetingPublished) -> str:
    """The hash of what makes a new revision: the words, and for a meeting its times; never when or whence it came."""
    if isinstance(event, NewsPublished):
        return content_hash(event.title, event.text)
    times = (event.starts_at, event.ends_at, event.previously_at)
    words = (event.change, event.title, event.description, event.location or "", *event.participants)
    return content_hash(*(moment.isoformat() if moment else "" for moment in times), *words)


def _cleaned(field: str, text: str) -> str:
    try:
        return clean(text)
    except ValueError as error:
        raise Rejected(f"{field}: {error}", f"/{field}") from error


def _line(field: str, text: str) -> str:
    return _cleaned(field, text).replace("\n", " ")


def _limit(field: str, *texts: str) -> None:
    size = sum(len(text.encode(errors="surrogatepass")) for text in texts)
    if size > MAX_TEXT_BYTES:
        raise Rejected(
            f"{size} bytes of text are more than {MAX_TEXT_BYTES} (256 KiB)",
            f"/{field}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


def _origin(url: str | None, publisher: str | None) -> tuple[str | None, str | None]:
    name = _line("publisher", publisher or "")
    if not url or not url.strip():
        return None, named_publisher(name) if name else None
    try:
        canonical = canonical_url(url)
    except ValueError as error:
        raise Rejected(f"url: {error}", "/url") from error
    return canonical, publisher_of(canonical)
