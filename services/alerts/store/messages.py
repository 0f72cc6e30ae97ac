"""Messages: the body of each revision or test, stored once, and how far each was given out to subscriptions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.store.tables import messages, revisions

TEST_TYPE: Final = "parley.test.v1"
"""The type of a test message, by which an endpoint shows that it is there."""


async def open_ones(connection: AsyncConnection, *, limit: int) -> Sequence[Row[str, str, str]]:
    """The oldest messages that were not given out to every subscription yet: id, key and cursor; not locked."""
    c = messages.c
    query = select(c.id, c.key, c.cursor).where(~c.fanned_out).order_by(c.created_at, c.id).limit(limit)
    return (await connection.execute(query)).all()


async def lock_open(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Row[Any]]:
    """Lock those of the messages that are still open and that nobody else has locked, in order of age."""
    c = messages.c
    query = select(messages).where(c.id.in_(ids), ~c.fanned_out).order_by(c.created_at, c.id)
    rows = await connection.execute(query.with_for_update(skip_locked=True))
    return {row.id: row for row in rows}


async def move(connection: AsyncConnection, ids: Collection[str], *, cursor: str, done: bool) -> None:
    """Remember how far messages were given out."""
    await connection.execute(update(messages).where(messages.c.id.in_(ids)).values(cursor=cursor, fanned_out=done))


async def add_test(
    connection: AsyncConnection, message_id: str, subscription_id: str, body: str, *, now: datetime
) -> None:
    """Keep the message of a test; it is for one subscription only."""
    row = {
        "id": message_id,
        "type": TEST_TYPE,
        "subject": subscription_id,
        "key": subscription_id,
        "body": body,
        "created_at": now,
        "cursor": "",
        "fanned_out": True,
    }
    await connection.execute(insert(messages), [row])


async def remove_tests(connection: AsyncConnection, subscription_id: str) -> None:
    """Forget the test messages of a subscription that was removed."""
    statement = delete(messages).where(messages.c.type == TEST_TYPE, messages.c.subject == subscription_id)
    await connection.execute(statement)


async def get_many(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Row[Any]]:
    """Messages by their ids."""
    rows = await connection.execute(select(messages).where(messages.c.id.in_(ids)))
    return {row.id: row for row in rows}


async def earlier(connection: AsyncConnection, milestone_id: str, revision: int) -> list[str]:
    """The messages of a milestone's revisions before the given one."""
    query = select(revisions.c.message_id).where(
        revisions.c.milestone_id == milestone_id, revisions.c.number < revision
    )
    return list((await connection.execute(query)).scalars())


async def count_open(connection: AsyncConnection) -> int:
    """How many messages were not given out to every subscription yet."""
    query = select(func.count()).select_from(messages).where(~messages.c.fanned_out)
    return (await connection.execute(query)).scalar_one()
