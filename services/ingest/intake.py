"""The one way in, whichever door an item came through: normalise, decide, remember and publish in one transaction."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import prometheus_client
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ingest import normalise, store
from services.ingest.identity import revision_of
from services.ingest.inputs import MeetingIn, NewsIn, Rejected
from shared.cloudevents import CloudEvent, KafkaMessage, encode
from shared.events import MeetingPublished, NewsPublished
from shared.topics import MEETINGS, NEWS, Topic

SOURCE: Final = "/parley/ingest"
TEXTS: Final = prometheus_client.Counter("parley_ingest_items_total", "Items that were handed in", ["kind", "outcome"])
_TRIES: Final = 10

Kind = Literal["news", "meeting"]
Publish = Callable[[Sequence[tuple[Topic, KafkaMessage]]], Awaitable[None]]
"""Sends all messages and waits for their acknowledgement, or raises."""


class BusyError(Exception):
    """Others kept storing the same texts first; the same call may succeed later."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an item: published now, or (``duplicate``) at some earlier time."""

    id: str
    revision: int
    duplicate: bool

    @property
    def event_id(self) -> str:
        """The id of its event: article or meeting, and revision."""
        return f"{self.id}:{self.revision}"


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: Kind
    id: str
    content: str
    event: NewsPublished | MeetingPublished


Result = Accepted | Rejected


class Intake:
    """Takes items, remembers them in one database and publishes them.

    Attributes:
        counts: how many items of each kind and outcome were taken since the start.

    """

    def __init__(self, engine: AsyncEngine, publish: Publish) -> None:
        self._engine = engine
        self._publish = publish
        self.counts: Counter[tuple[Kind, str]] = Counter()

    async def take(
        self,
        kind: Kind,
        items: Sequence[NewsIn | MeetingIn | Rejected],
        *,
        source: str,
        now: datetime,
        replay: bool = False,
    ) -> list[Result]:
        """Publish what is new.

        Rows are committed only after the broker acknowledged the events. A crash between the two publishes them once
        more, under the same ids.

        Args:
            kind: what all items are.
            items: as they came; what a door has refused already is passed on.
            source: the feed, file or client that they came through.
            now: when they were fetched.
            replay: they come from an archive, see ``identity.revision_of``.

        Returns:
            one result per item, in their order.

        Raises:
            BrokerUnavailableError, BusyError, one of ``shared.database.OUTAGES``: nothing was stored, try again.

        """
        # in a thread, because a thousand texts are a good part of a second of work
        drafts = await asyncio.to_thread(lambda: [_draft(item, source, now) for item in items])
        for _ in range(_TRIES):
            try:
                async with self._engine.begin() as connection:
                    results = await self._publish_new(connection, drafts, now, replay=replay)
                break
            except store.OvertakenError:
                continue
        else:
            raise BusyError("others kept publishing the same texts first")
        self._count(kind, results)
        return results

    async def _publish_new(
        self, connection: AsyncConnection, drafts: Sequence[_Draft | Rejected], now: datetime, *, replay: bool
    ) -> list[Result]:
        known = await store.revisions(connection, (draft.id for draft in drafts if isinstance(draft, _Draft)))
        results: list[Result] = []
        fresh: list[tuple[_Draft, int]] = []
        for draft in drafts:
            if isinstance(draft, Rejected):
                results.append(draft)
                continue
            earlier = known.setdefault(draft.id, [])
            revision, is_new = revision_of(earlier, draft.content, replay=replay)
            if is_new:
                earlier.append(draft.content)
                fresh.append((draft, revision))
            results.append(Accepted(draft.id, revision, duplicate=not is_new))
        rows = [store.Row(draft.id, revision, draft.kind, draft.content) for draft, revision in fresh]
        await store.remember(connection, rows, now=now)
        await self._publish(await asyncio.to_thread(lambda: [_message(*each, now) for each in fresh]))
        return results

    def _count(self, kind: Kind, results: Sequence[Result]) -> None:
        outcomes = Counter(
            "rejected" if isinstance(result, Rejected) else "duplicate" if result.duplicate else "published"
            for result in results
        )
        for outcome, number in outcomes.items():
            self.counts[kind, outcome] += number
            TEXTS.labels(kind, outcome).inc(number)


def _draft(item: NewsIn | MeetingIn | Rejected, source: str, now: datetime) -> _Draft | Rejected:
    try:
        if isinstance(item, NewsIn):
            news = normalise.news(item, source=source, now=now)
            return _Draft("news", news.article_id, normalise.content_of(news), news)
        if isinstance(item, MeetingIn):
            meeting = normalise.meeting(item, source=source, now=now)
            return _Draft("meeting", meeting.meeting_id, normalise.content_of(meeting), meeting)
    except Rejected as rejected:
        return Rejected(rejected.reason, rejected.pointer, rejected.status)  # without the traceback and its frames
    return item


def _message(draft: _Draft, revision: int, now: datetime) -> tuple[Topic, KafkaMessage]:
    event = draft.event if revision == 1 else draft.event.model_copy(update={"revision": revision})
    return (
        NEWS if draft.kind == "news" else MEETINGS,
        encode(
            CloudEvent(
                id=f"{draft.id}:{revision}",
                source=SOURCE,
                time=now,
                key=draft.id,
                data=event,
                subject=event.url or draft.id,
            )
        ),
    )
