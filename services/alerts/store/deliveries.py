"""Deliveries: one message owed to one subscription, and where it stands. ``claims.py`` is the sender's side of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Row, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.store.tables import attempts, deliveries, messages
from shared.database import insert_new

PENDING: Final = deliveries.c.state == literal_column("'pending'")
"""Written out: a partial index serves no query that has a parameter in its place."""


class State(StrEnum):
    """Where a delivery stands."""

    HELD = "held"
    """Its endpoint has not answered a test yet."""
    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


def delivery_id(message_id: str, subscription_id: str) -> str:
    """The id of one message for one subscription: it follows from both, so every replay yields the same."""
    return str(uuid5(UUID(message_id), subscription_id))


def owed(
    message_id: str, subscription_id: str, *, sequence: int, reason: str, held: bool, now: datetime
) -> dict[str, Any]:
    """A new delivery as the table keeps it."""
    return {
        "id": delivery_id(message_id, subscription_id),
        "message_id": message_id,
        "subscription_id": subscription_id,
        "sequence": sequence,
        "state": State.HELD if held else State.PENDING,
        "reason": reason,
        "attempts_made": 0,
        "due_at": now,
        "created_at": now,
    }


async def add(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Owe deliveries; what is owed already stays as it is."""
    await insert_new(connection, deliveries, sorted(rows, key=lambda row: row["id"]))


async def owed_already(
    connection: AsyncConnection, message_ids: Collection[str], subscription_ids: Collection[str]
) -> set[tuple[str, str]]:
    """Which of the messages are (or were) owed to which of the subscriptions: pairs of message and subscription."""
    c = deliveries.c
    query = select(c.message_id, c.subscription_id).where(
        c.message_id.in_(message_ids), c.subscription_id.in_(subscription_ids)
    )
    return {(message, subscription) for message, subscription in await connection.execute(query)}


async def told(
    connection: AsyncConnection, message_ids: Collection[str], subscription_ids: Collection[str]
) -> set[str]:
    """The subscriptions to which any of the messages was owed, and not cancelled."""
    c = deliveries.c
    query = select(c.subscription_id).where(
        c.message_id.in_(message_ids), c.subscription_id.in_(subscription_ids), c.state != State.CANCELLED
    )
    return set((await connection.execute(query)).scalars())


async def release_held(connection: AsyncConnection, subscription_id: str, *, now: datetime) -> None:
    """Make everything due that waited for the endpoint's first answer."""
    c = deliveries.c
    statement = update(deliveries).where(c.subscription_id == subscription_id, c.state == State.HELD)
    await connection.execute(statement.values(state=State.PENDING, due_at=now))


async def cancel(connection: AsyncConnection, subscription_id: str, reason: str, *, now: datetime) -> None:
    """Owe a subscription nothing any more."""
    c = deliveries.c
    waiting = select(c.id).where(c.subscription_id == subscription_id, c.state.in_([State.HELD, State.PENDING]))
    # locked in the order in which results are stored, so that the two never wait for one another in a ring
    statement = update(deliveries).where(c.id.in_(waiting.order_by(c.id).with_for_update()))
    values = {"state": State.CANCELLED, "reason": reason, "finished_at": now, "leased_until": None}
    await connection.execute(statement.values(values))


async def listing(
    connection: AsyncConnection,
    *,
    subscription_id: str | None = None,
    state: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Deliveries with type and subject of their messages, the latest first; ``before`` ends the page before."""
    c = deliveries.c
    query = (
        select(deliveries, messages.c.type, messages.c.subject)
        .join(messages, messages.c.id == c.message_id)
        .order_by(c.created_at.desc(), c.id.desc())
        .limit(limit)
    )
    if subscription_id is not None:
        query = query.where(c.subscription_id == subscription_id)
    if state is not None:
        query = query.where(c.state == state)
    if before is not None:
        moment, name = before
        query = query.where(or_(c.created_at < moment, (c.created_at == moment) & (c.id < name)))
    return (await connection.execute(query)).all()


async def attempts_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, list[Row[Any]]]:
    """The attempts at each delivery, first to last."""
    query = select(attempts).where(attempts.c.delivery_id.in_(ids)).order_by(attempts.c.started_at, attempts.c.id)
    found: dict[str, list[Row[Any]]] = {name: [] for name in ids}
    for row in await connection.execute(query):
        found[row.delivery_id].append(row)
    return found


async def counts(connection: AsyncConnection, *, now: datetime) -> dict[str, int]:
    """How many deliveries are due, and how many wait for a later try."""
    due = select(func.count()).select_from(deliveries).where(PENDING, deliveries.c.due_at <= now)
    later = select(func.count()).select_from(deliveries).where(PENDING, deliveries.c.due_at > now)
    return {
        "due": (await connection.execute(due)).scalar_one(),
        "later": (await connection.execute(later)).scalar_one(),
    }
