"""Milestones, their revisions, and the message that each revision is told by."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.state.changes import Standing
from services.alerts.state.milestones import Milestone
from services.alerts.store.tables import messages, milestones, readings, revisions
from shared.database import insert_new
from shared.events import MilestoneChanged
from shared.vocabulary import Status


async def standing(
    connection: AsyncConnection,
    process: str,
    code: str,
    *,
    test: bool,
    since: datetime,
    until: datetime,
    gap: timedelta,
) -> tuple[list[Standing], datetime, datetime]:
    """The milestones that signals within a span may touch, and the span that their signals lie in.

    A signal touches what is at most ``gap`` away; what that touches in turn may be touched too.
    """
    while True:
        rows = await connection.execute(
            select(milestones).where(
                milestones.c.process == process,
                milestones.c.code == code,
                milestones.c.test == test,
                milestones.c.last_seen >= since - gap,
                milestones.c.first_seen <= until + gap,
            )
        )
        found = [_standing(row) for row in rows]
        wider_since = min([since, *(one.first_seen for one in found)])
        wider_until = max([until, *(one.last_seen for one in found)])
        if (wider_since, wider_until) == (since, until):
            return found, since - gap, until + gap
        since, until = wider_since, wider_until


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        id=row.id,
        code=row.code,
        status=Status(row.status),
        revision=row.revision,
        opened_by=row.opened_by,
        texts=frozenset(source["text_id"] for source in row.sources),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


async def save_state(
    connection: AsyncConnection,
    milestone_id: str,
    process: str,
    milestone: Milestone,
    *,
    test: bool,
    revision: int,
    now: datetime,
) -> None:
    """Insert or overwrite what is true of one milestone."""
    values = {
        "process": process,
        "code": milestone.code,
        "test": test,
        "status": milestone.status,
        "revision": revision,
        "opened_by": milestone.opened_by,
        "first_seen": milestone.first_seen,
        "last_seen": milestone.last_seen,
        "confidence": milestone.confidence,
        "what": milestone.what.model_dump(mode="json"),
        "sources": [source.model_dump(mode="json") for source in milestone.sources],
        "updated_at": now,
    }
    done = await connection.execute(update(milestones).where(milestones.c.id == milestone_id).values(**values))
    if not done.rowcount:
        await connection.execute(milestones.insert().values(id=milestone_id, **values))


async def retract(connection: AsyncConnection, milestone_id: str, *, revision: int, now: datetime) -> None:
    """Mark a milestone that no text supports any more; what it was stays readable."""
    await connection.execute(
        update(milestones)
        .where(milestones.c.id == milestone_id)
        .values(status=Status.RETRACTED, revision=revision, updated_at=now)
    )


async def get(connection: AsyncConnection, milestone_id: str) -> Row[Any] | None:
    """One milestone."""
    return (await connection.execute(select(milestones).where(milestones.c.id == milestone_id))).one_or_none()


async def add_revision(
    connection: AsyncConnection, message_id: str, message_type: str, change: MilestoneChanged, *, now: datetime
) -> None:
    """Keep one revision and the message that tells it; a repeated one is left as it is."""
    message = {
        "id": message_id,
        "type": message_type,
        "subject": change.milestone_id,
        "key": change.process,
        "body": change.model_dump_json(),
        "created_at": now,
        "cursor": "",
        "fanned_out": False,
    }
    await insert_new(connection, messages, [message])
    revision = {
        "milestone_id": change.milestone_id,
        "number": change.revision,
        "status": change.status,
        "reason": change.reason,
        "changed_at": change.changed_at,
        "message_id": message_id,
    }
    await insert_new(connection, revisions, [revision])


async def listing(  # noqa: PLR0913 - the filters of the API
    connection: AsyncConnection,
    *,
    process: str | None = None,
    codes: Sequence[str] = (),
    statuses: Sequence[str] = (),
    since: datetime | None = None,
    include_test: bool = False,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """Milestones, the latest first; ``before`` is the first_seen and id of the last one of the page before."""
    query = select(milestones).order_by(milestones.c.first_seen.desc(), milestones.c.id.desc()).limit(limit)
    if process is not None:
        query = query.where(milestones.c.process == process)
    if codes:
        query = query.where(milestones.c.code.in_(codes))
    if statuses:
        query = query.where(milestones.c.status.in_(statuses))
    if since is not None:
        query = query.where(milestones.c.last_seen >= since)
    if not include_test:
        query = query.where(~milestones.c.test)
    if before is not None:
        moment, name = before
        earlier = milestones.c.first_seen < moment
        query = query.where(or_(earlier, (milestones.c.first_seen == moment) & (milestones.c.id < name)))
    return (await connection.execute(query)).all()


async def history(connection: AsyncConnection, milestone_id: str) -> Sequence[Row[Any]]:
    """The revisions of one milestone, first to last, each with the message that told it."""
    query = (
        select(revisions, messages.c.body)
        .join(messages, messages.c.id == revisions.c.message_id)
        .where(revisions.c.milestone_id == milestone_id)
        .order_by(revisions.c.number)
    )
    return (await connection.execute(query)).all()


async def readings_of(connection: AsyncConnection, process: str, text_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The readings of texts, with what was decided on them."""
    query = (
        select(readings)
        .where(readings.c.process == process, readings.c.text_id.in_(text_ids))
        .order_by(readings.c.occurred_at, readings.c.event_id)
    )
    return (await connection.execute(query)).all()
