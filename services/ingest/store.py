"""What was published already: one row per revision of a text, written in the transaction that publishes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import UtcTime, insert, new_metadata

MIGRATIONS: Final = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "ingest_alembic_version"

metadata = new_metadata()

texts = Table(
    "ingest_texts",
    metadata,
    Column("text_id", String(32), nullable=False, comment="article id or meeting id; the two never meet"),
    Column("revision", Integer, nullable=False, comment="counts from 1 without gaps"),
    Column("kind", String(10), nullable=False, comment="news or meeting"),
    Column("content_hash", String(32), nullable=False, comment="what decides whether the next one is a revision"),
    Column("first_seen", UtcTime, nullable=False),
    PrimaryKeyConstraint("text_id", "revision"),
)


class OvertakenError(Exception):
    """Another transaction stored the same revision first: roll back, and look again."""


@dataclass(frozen=True, slots=True)
class Row:
    """One revision that is about to be published."""

    text_id: str
    revision: int
    kind: str
    content_hash: str


async def revisions(connection: AsyncConnection, text_ids: Iterable[str]) -> dict[str, list[str]]:
    """The content hashes of each known text, the first revision first; unknown texts are absent."""
    query = (
        select(texts.c.text_id, texts.c.content_hash)
        .where(texts.c.text_id.in_(sorted(set(text_ids))))
        .order_by(texts.c.text_id, texts.c.revision)
    )
    known: dict[str, list[str]] = {}
    for text_id, content in await connection.execute(query):
        known.setdefault(text_id, []).append(content)
    return known


async def remember(connection: AsyncConnection, rows: Sequence[Row], *, now: datetime) -> None:
    """Store new revisions.

    Rows go in the order of their key: two transactions that wait for one another would be a deadlock.

    Raises:
        OvertakenError: another transaction stored one of them since ``revisions`` looked.

    """
    if not rows:
        return
    values = [
        {
            "text_id": row.text_id,
            "revision": row.revision,
            "kind": row.kind,
            "content_hash": row.content_hash,
            "first_seen": now,
        }
        for row in sorted(rows, key=lambda row: (row.text_id, row.revision))
    ]
    statement = insert(connection, texts).on_conflict_do_nothing().returning(texts.c.text_id)
    stored = (await connection.execute(statement, values)).all()
    if len(stored) < len(values):
        raise OvertakenError
