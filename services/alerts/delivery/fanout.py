"""Fan-out: each message becomes one delivery per subscription that wants it, in batches that can be resumed.

A message's row says how far it came (``cursor``), so that many subscriptions hold no lock for long, and the first
deliveries are on their way while the last are still being put down. Messages of one process are given out in order:
who got a milestone must be known before its correction is given out.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import Counter as Metric
from pydantic import ValidationError
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.alerts.delivery.matching import is_correction, wants
from services.alerts.store import deliveries as delivery_store
from services.alerts.store import messages as message_store
from services.alerts.store import subscriptions as subscription_store
from services.alerts.store.subscriptions import State
from shared.events import MilestoneChanged

log = structlog.get_logger(__name__)
OWED = Metric("parley_deliveries_owed_total", "Deliveries put down, by why they are owed", ["reason"])

PAGE: Final = 500
"""Subscriptions per transaction."""
WINDOW: Final = 64
"""Open messages that are looked at together."""
MOST: Final = 2000
"""Pairs of message and subscription per transaction."""

Page = Sequence[Row[str, dict[str, Any], str, int]]


async def fan_out(engine: AsyncEngine, now: datetime) -> bool:
    """Give out one batch of open messages to the next page of subscriptions, in one transaction.

    Returns:
        whether there was anything to do; call again until there is not.

    """
    async with engine.connect() as connection:
        await connection.execution_options(read_only=True)
        window = await message_store.open_ones(connection, limit=WINDOW)
    if not window:
        return False
    async with engine.begin() as connection:
        locked = await message_store.lock_open(connection, [one.id for one in window])
        batch = _batch(window, locked)
        if not batch:
            return False
        cursor = batch[0].cursor
        page = await subscription_store.page_locked(connection, after=cursor, limit=PAGE)
        batch = batch[: max(1, MOST // max(1, len(page)))]
        await _give_out(connection, batch, page, now)
        ids = [message.id for message in batch]
        end = page[-1].id if page else cursor
        await message_store.move(connection, ids, cursor=end, done=len(page) < PAGE)
    return True


def _batch(window: Sequence[Row[str, str, str]], locked: dict[str, Row[Any]]) -> list[Row[Any]]:
    """The messages to go on with: those that came least far, so that a new one need not wait for an old one's end.

    One that another process has in hand, or that came less far than an older one of its key, stops its key.
    """
    reached: dict[str, str] = {}
    stopped: set[str] = set()
    ready: list[Row[Any]] = []
    for one in window:
        message = locked.get(one.id)
        if message is None or reached.setdefault(one.key, message.cursor) != message.cursor:
            stopped.add(one.key)
        elif one.key not in stopped:
            ready.append(message)
    least = min((message.cursor for message in ready), default="")
    return [message for message in ready if message.cursor == least]


async def _give_out(connection: AsyncConnection, batch: Sequence[Row[Any]], page: Page, now: datetime) -> None:
    receivers = [one for one in page if one.state != State.DISABLED]
    ids = [one.id for one in receivers]
    criteria = [subscription_store.criteria_of(one.criteria) for one in receivers]
    known = await delivery_store.owed_already(connection, [message.id for message in batch], ids)
    added: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for message in batch:
        change = _read(message)
        if change is None:
            continue
        told: set[str] = set()
        if is_correction(change):
            await delivery_store.add(connection, rows)  # it may correct one of these
            rows.clear()
            told = await _told(connection, change, ids)
        for one, wish in zip(receivers, criteria, strict=True):
            match = wants(wish, change, told_before=one.id in told)
            if match.wanted and (message.id, one.id) not in known:
                added[one.id] += 1
                OWED.labels(match.reason).inc()
                held, number = one.state == State.UNVERIFIED, one.sequence + added[one.id]
                rows.append(
                    delivery_store.owed(message.id, one.id, sequence=number, reason=match.reason, held=held, now=now)
                )
    await delivery_store.add(connection, rows)
    await subscription_store.advance(connection, added)


async def _told(connection: AsyncConnection, change: MilestoneChanged, ids: Sequence[str]) -> set[str]:
    earlier = await message_store.earlier(connection, change.milestone_id, change.revision)
    return await delivery_store.told(connection, earlier, ids)


def _read(message: Row[Any]) -> MilestoneChanged | None:
    """The milestone that a message tells of. One that cannot be read must not stop its process for ever."""
    try:
        return MilestoneChanged.model_validate_json(message.body)
    except ValidationError as error:
        log.error("message.unreadable", message=message.id, error=str(error), effect="it is given out to nobody")  # noqa: TRY400 - the traceback says no more
        return None
