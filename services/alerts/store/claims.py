"""Claims: deliveries that a sender has in hand under a lease, the attempts at them, and how each ended.

Leases use the database's clock, so that the clocks of several machines need not agree; what is due, and when, is
decided by the ``now`` that callers pass.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Row, Select, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from services.alerts.delivery.message import Outcome
from services.alerts.delivery.retry import Decision, Verdict
from services.alerts.store import messages as message_store
from services.alerts.store.deliveries import PENDING, State
from services.alerts.store.tables import attempts, deliveries, subscriptions
from shared.database import UtcTime

MAX_DETAIL: Final = 500

_ENDS: Final = {
    Verdict.DELIVERED: State.DELIVERED,
    Verdict.RETRY: State.PENDING,
    Verdict.EXHAUSTED: State.EXHAUSTED,
    Verdict.DISABLE: State.CANCELLED,
}


class _DatabaseNow(FunctionElement[datetime]):
    """The database's clock, at the start of the statement."""

    type = UtcTime()
    inherit_cache = True


@compiles(_DatabaseNow)
def _now_on_postgresql(*_: object, **__: object) -> str:
    return "statement_timestamp()"


@compiles(_DatabaseNow, "sqlite")
def _now_on_sqlite(*_: object, **__: object) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # as SQLAlchemy writes a moment, so that the two compare


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this process has in hand, with what is to be sent; ``message`` is the row of its message."""

    id: str
    attempt_id: str
    subscription_id: str
    channel: str
    target: dict[str, Any]
    sequence: int
    attempts_made: int
    message: Row[Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What one try came to, and what follows."""

    claim: Claim
    outcome: Outcome
    decision: Decision
    started_at: datetime
    finished_at: datetime


async def claim(
    connection: AsyncConnection,
    *,
    now: datetime,
    lease: timedelta,
    limit: int,
    share: int,
    busy: Collection[str],
    held: Collection[str],
) -> list[Claim]:
    """Take due deliveries in hand, the longest due first, and put down an attempt at each.

    Args:
        connection: in a transaction; nothing is to be sent before it is committed.
        now: what is due by then.
        lease: how long nobody else may take them.
        limit: the most that are looked at.
        share: the most that are taken of one subscription.
        busy: subscriptions to pass over, because this process has enough of theirs, or they go in order.
        held: deliveries that this process has in hand already, should their leases have lapsed.

    """
    c = deliveries.c
    free = or_(c.leased_until.is_(None), c.leased_until <= _DatabaseNow())
    query = (
        _candidates()
        .where(PENDING, c.due_at <= now, free, c.subscription_id.not_in(busy))
        .order_by(c.due_at, c.sequence)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    taken: list[Row[Any]] = []
    counted: dict[str, int] = {}
    for row in await connection.execute(query):
        counted[row.subscription_id] = counted.get(row.subscription_id, 0) + 1
        if counted[row.subscription_id] <= share and row.id not in held:
            taken.append(row)
    return await _take(connection, taken, now=now, lease=lease)


async def claim_in_order(
    connection: AsyncConnection, subscription_id: str, *, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """Take the next deliveries of a subscription that nothing may overtake in, and put down an attempt at each.

    Nothing is taken while another process has some in hand, or while the first one waits for our own fault to pass. One
    that failed by itself has lost its place and holds nobody up.
    """
    locked = select(subscriptions.c.id).where(subscriptions.c.id == subscription_id)
    if (await connection.execute(locked.with_for_update(key_share=True, skip_locked=True))).one_or_none() is None:
        return []
    c = deliveries.c
    query = (
        _candidates()
        .where(c.subscription_id == subscription_id, PENDING, or_(c.attempts_made == 0, c.due_at <= now))
        .order_by(c.sequence)
        .limit(limit)
    )
    taken: list[Row[Any]] = []
    for row in await connection.execute(query):
        if row.leased_until is not None and row.leased_until > row.moment:
            return []
        if row.due_at > now:
            break
        taken.append(row)
    return await _take(connection, taken, now=now, lease=lease)


def _candidates() -> Select[Any]:
    return select(
        deliveries.c.id,
        deliveries.c.message_id,
        deliveries.c.subscription_id,
        deliveries.c.sequence,
        deliveries.c.attempts_made,
        deliveries.c.due_at,
        deliveries.c.leased_until,
        subscriptions.c.channel,
        subscriptions.c.target,
        _DatabaseNow().label("moment"),
    ).join(subscriptions, subscriptions.c.id == deliveries.c.subscription_id)


async def _take(
    connection: AsyncConnection, rows: Sequence[Row[Any]], *, now: datetime, lease: timedelta
) -> list[Claim]:
    if not rows:
        return []
    bodies = await message_store.get_many(connection, {row.message_id for row in rows})
    claims = [
        Claim(
            id=row.id,
            attempt_id=str(uuid5(UUID(row.id), row.moment.isoformat())),
            subscription_id=row.subscription_id,
            channel=row.channel,
            target=row.target,
            sequence=row.sequence,
            attempts_made=row.attempts_made,
            message=bodies[row.message_id],
        )
        for row in rows
    ]
    await _lease(connection, [one.id for one in claims], rows[0].moment + lease)
    started = [{"id": one.attempt_id, "delivery_id": one.id, "started_at": now} for one in claims]
    await connection.execute(attempts.insert(), started)
    return claims


async def renew(connection: AsyncConnection, ids: Collection[str], *, lease: timedelta) -> None:
    """Keep deliveries in hand for longer, but for those whose results are just being stored."""
    query = select(deliveries.c.id, _DatabaseNow().label("moment")).where(deliveries.c.id.in_(ids), PENDING)
    rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
    if rows:
        await _lease(connection, [row.id for row in rows], rows[0].moment + lease)


async def _lease(connection: AsyncConnection, ids: Collection[str], until: datetime | None) -> None:
    await connection.execute(update(deliveries).where(deliveries.c.id.in_(ids), PENDING).values(leased_until=until))


async def give_back(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    """Let go of deliveries that were not tried after all; anybody may take them at once."""
    await _lease(connection, [one.id for one in claims], None)
    await connection.execute(delete(attempts).where(attempts.c.id.in_([one.attempt_id for one in claims])))


async def settle(connection: AsyncConnection, results: Sequence[Result]) -> None:
    """Store how tries ended, many at once. What was cancelled or settled by another meanwhile stays as it is."""
    ordered = sorted(results, key=lambda result: result.claim.id)
    rows = [
        {
            "key": one.claim.id,
            "to_state": _ENDS[one.decision.verdict],
            "made": one.decision.attempts_made,
            "due": one.decision.at or one.finished_at,
            "ended": None if one.decision.verdict is Verdict.RETRY else one.finished_at,
        }
        for one in ordered
    ]
    statement = update(deliveries).where(deliveries.c.id == bindparam("key"), PENDING)
    values: dict[str, Any] = {
        "state": bindparam("to_state"),
        "attempts_made": bindparam("made"),
        "due_at": bindparam("due"),
    }
    await connection.execute(statement.values(**values, finished_at=bindparam("ended"), leased_until=None), rows)
    await _settle_attempts(connection, ordered)


async def _settle_attempts(connection: AsyncConnection, results: Sequence[Result]) -> None:
    names = ("started_at", "finished_at", "outcome", "reason", "status_code", "detail")
    rows = [
        {
            "key": one.claim.attempt_id,
            "new_started_at": one.started_at,
            "new_finished_at": one.finished_at,
            "new_outcome": one.outcome.kind,
            "new_reason": one.decision.reason,
            "new_status_code": one.outcome.status_code,
            "new_detail": one.outcome.detail[:MAX_DETAIL],
        }
        for one in results
    ]
    statement = update(attempts).where(attempts.c.id == bindparam("key"))
    await connection.execute(statement.values({name: bindparam(f"new_{name}") for name in names}), rows)
