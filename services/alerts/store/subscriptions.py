"""Subscriptions: who wants what, over which channel."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.delivery.matching import Criteria
from services.alerts.store.tables import subscriptions
from shared.database import insert_new
from shared.vocabulary import Status

KAFKA: Final = "00000000-0000-4000-8000-6b61666b6131"
"""The built-in subscription that feeds ``parley.milestones.v1``; it cannot be deleted."""

_SETS: Final = ("processes", "codes", "statuses", "publishers")


class State(StrEnum):
    """Where a subscription stands."""

    UNVERIFIED = "unverified"
    """Its endpoint has not answered a test yet; what it is owed is held."""
    ACTIVE = "active"
    DISABLED = "disabled"
    """Its endpoint is gone; nothing new is owed to it."""


def criteria_row(criteria: Criteria) -> dict[str, Any]:
    """The form in which the database keeps criteria."""
    return {
        **{name: sorted(getattr(criteria, name)) for name in _SETS},
        "min_confidence": criteria.min_confidence,
        "include_late": criteria.include_late,
        "include_test": criteria.include_test,
    }


def criteria_of(row: Mapping[str, Any]) -> Criteria:
    """Read the form in which the database keeps criteria; what an older release did not know has its default."""
    known = {name: frozenset(row.get(name, ())) for name in _SETS}
    return Criteria(
        processes=known["processes"],
        codes=known["codes"],
        statuses=frozenset(map(Status, known["statuses"])),
        publishers=known["publishers"],
        min_confidence=row.get("min_confidence", 0.0),
        include_late=row.get("include_late", False),
        include_test=row.get("include_test", False),
    )


async def add(  # noqa: PLR0913 - the columns
    connection: AsyncConnection,
    subscription_id: str,
    *,
    name: str,
    channel: str,
    target: Mapping[str, Any],
    criteria: Criteria,
    state: State,
    now: datetime,
) -> None:
    """Keep a new subscription; one whose id is there already is left as it is."""
    row = {
        "id": subscription_id,
        "name": name,
        "channel": channel,
        "target": dict(target),
        "criteria": criteria_row(criteria),
        "state": state,
        "sequence": 0,
        "created_at": now,
        "updated_at": now,
    }
    await insert_new(connection, subscriptions, [row])


async def get(connection: AsyncConnection, subscription_id: str) -> Row[Any] | None:
    """One subscription."""
    query = select(subscriptions).where(subscriptions.c.id == subscription_id)
    return (await connection.execute(query)).one_or_none()


async def get_locked(connection: AsyncConnection, subscription_id: str) -> Row[Any] | None:
    """One subscription, locked until the transaction ends: its sequence and state do not change meanwhile."""
    query = select(subscriptions).where(subscriptions.c.id == subscription_id).with_for_update(key_share=True)
    return (await connection.execute(query)).one_or_none()


async def listing(connection: AsyncConnection, *, after: str = "", limit: int) -> Sequence[Row[Any]]:
    """Subscriptions in the order of their ids, from behind ``after``."""
    query = select(subscriptions).where(subscriptions.c.id > after).order_by(subscriptions.c.id).limit(limit)
    return (await connection.execute(query)).all()


async def page_locked(
    connection: AsyncConnection, *, after: str, limit: int
) -> Sequence[Row[str, dict[str, Any], str, int]]:
    """The next subscriptions behind ``after``, locked like ``get_locked``, in id order so that nobody waits in a ring.

    Disabled ones are there too: a page's end says how far the walk has come.
    """
    c = subscriptions.c
    query = select(c.id, c.criteria, c.state, c.sequence).where(c.id > after).order_by(c.id).limit(limit)
    return (await connection.execute(query.with_for_update(key_share=True))).all()


async def advance(connection: AsyncConnection, by: Mapping[str, int]) -> None:
    """Count deliveries: add to the sequence of each (locked) subscription the number given."""
    for number in sorted(set(by.values())):
        ids = [name for name, count in by.items() if count == number]
        statement = update(subscriptions).where(subscriptions.c.id.in_(ids))
        await connection.execute(statement.values(sequence=subscriptions.c.sequence + number))


async def set_state(
    connection: AsyncConnection,
    subscription_id: str,
    state: State,
    reason: str | None,
    *,
    now: datetime,
    only_from: Iterable[State] = tuple(State),
) -> bool:
    """Change where a subscription stands; gives whether it was in one of the states ``only_from``."""
    statement = update(subscriptions).where(
        subscriptions.c.id == subscription_id, subscriptions.c.state.in_(list(only_from))
    )
    done = await connection.execute(statement.values(state=state, state_reason=reason, updated_at=now))
    return bool(done.rowcount)


async def remove(connection: AsyncConnection, subscription_id: str) -> None:
    """Forget a subscription with its secrets, and with it what it is and was owed."""
    await connection.execute(delete(subscriptions).where(subscriptions.c.id == subscription_id))


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many subscriptions stand where."""
    rows = await connection.execute(
        select(subscriptions.c.state, func.count().label("number")).group_by(subscriptions.c.state)
    )
    return {**dict.fromkeys(State, 0), **{row.state: row.number for row in rows}}
