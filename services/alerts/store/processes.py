"""What is known of each process, in numbers."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.alerts.store.tables import milestones


async def milestone_counts(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """How many milestones of each process stand at each status, tests left out."""
    c = milestones.c
    query = select(c.process, c.status, func.count().label("number")).where(~c.test).group_by(c.process, c.status)
    found: dict[str, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.process, {})[row.status] = row.number
    return found
