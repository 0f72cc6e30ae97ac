"""Readings and their signals: the memory of what was seen, and the material of the fold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.state.evidence import Assertion
from services.alerts.store.tables import processes, readings, signals
from shared.cloudevents import CloudEvent
from shared.database import insert_new
from shared.events import TextClassified

UNPLACED = "-"
"""Stands for "no process" where a row is locked."""


async def lock(connection: AsyncConnection, process_ids: Sequence[str]) -> None:
    """Lock processes in key order, so that two copies of the service cannot wait for one another for ever."""
    names = sorted(set(process_ids))
    await insert_new(connection, processes, [{"id": name} for name in names])
    query = select(processes.c.id).where(processes.c.id.in_(names)).order_by(processes.c.id).with_for_update()
    await connection.execute(query)


async def unseen(
    connection: AsyncConnection, events: Sequence[CloudEvent[TextClassified]]
) -> list[CloudEvent[TextClassified]]:
    """The events that were not taken in before, each once, in order."""
    names = [(event.source, event.id) for event in events]
    key = tuple_(readings.c.event_source, readings.c.event_id)
    rows = await connection.execute(select(readings.c.event_source, readings.c.event_id).where(key.in_(names)))
    known = {(source, name) for source, name in rows}
    fresh = {name: event for name, event in zip(names, events, strict=True) if name not in known}
    return list(fresh.values())


async def latest_revisions(connection: AsyncConnection, process: str, text_ids: Sequence[str]) -> dict[str, int]:
    """The highest revision known of each text, as read for one process."""
    rows = await connection.execute(
        select(readings.c.text_id, readings.c.revision).where(
            readings.c.process == process, readings.c.text_id.in_(text_ids)
        )
    )
    latest: dict[str, int] = {}
    for text_id, revision in rows:
        latest[text_id] = max(revision, latest.get(text_id, 0))
    return latest


async def supersede(
    connection: AsyncConnection, process: str, latest: dict[str, int]
) -> list[tuple[str, bool, datetime]]:
    """Retire the signals of earlier revisions; gives code, test and time of each that counted until now."""
    candidates = await connection.execute(
        select(signals).where(signals.c.process == process, signals.c.text_id.in_(list(latest)), ~signals.c.superseded)
    )
    retired = [row for row in candidates if row.revision < latest[row.text_id]]
    for row in retired:
        await connection.execute(
            update(signals)
            .where(signals.c.event_id == row.event_id, signals.c.ordinal == row.ordinal)
            .values(superseded=True)
        )
    return [(row.code, row.test, row.occurred_at) for row in retired]


async def add_signals(
    connection: AsyncConnection, process: str, found: Sequence[tuple[Assertion, bool]], latest: dict[str, int]
) -> None:
    """Keep signals (each with whether it is of a test); those of an outdated revision are retired from the start."""
    rows = [
        {
            "event_id": signal.event_id,
            "ordinal": signal.ordinal,
            "process": process,
            "code": signal.code,
            "test": test,
            "occurred_at": signal.occurred_at,
            "text_id": signal.text_id,
            "revision": signal.revision,
            "superseded": signal.revision < latest.get(signal.text_id, 0),
            "body": signal.to_row(),
        }
        for signal, test in found
    ]
    await insert_new(connection, signals, rows)


async def live_signals(
    connection: AsyncConnection, process: str, code: str, *, test: bool, since: datetime, until: datetime
) -> list[Assertion]:
    """The signals that count, within a span of time."""
    rows = await connection.execute(
        select(signals.c.body).where(
            signals.c.process == process,
            signals.c.code == code,
            signals.c.test == test,
            signals.c.occurred_at.between(since, until),
            ~signals.c.superseded,
        )
    )
    return [Assertion.from_row(body) for (body,) in rows]


async def add_readings(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep readings with their decisions."""
    await insert_new(connection, readings, rows)


def reading_row(
    event: CloudEvent[TextClassified], *, late: bool, received_at: datetime, decisions: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """One reading as the table keeps it."""
    return {
        "event_source": event.source,
        "event_id": event.id,
        "process": event.data.process,
        "text_id": event.data.text_id,
        "revision": event.data.revision,
        "test": event.test,
        "late": late,
        "occurred_at": event.data.occurred_at,
        "received_at": received_at,
        "body": event.data.model_dump_json(),
        "decisions": list(decisions),
    }
