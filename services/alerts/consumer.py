"""The Kafka door of alerts: readings in; milestones and what is to be told go into the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.intake import take
from shared.catalogue import Catalogue
from shared.clock import Clock
from shared.cloudevents import CloudEvent
from shared.events import TextClassified
from shared.settling import Results

REVISIONS = Counter("parley_alerts_revisions_total", "Revisions of milestones made")


def intake(
    engine: AsyncEngine, catalogue: Catalogue, clock: Clock, wakeup: asyncio.Event
) -> Callable[[Sequence[CloudEvent[TextClassified]]], Awaitable[Results]]:
    """The handler of batches; it publishes nothing: the sender does, from the database."""

    async def handle(readings: Sequence[CloudEvent[TextClassified]]) -> Results:
        made = await take(engine, catalogue, readings, clock())
        if made:
            REVISIONS.inc(made)
            wakeup.set()
        return ()

    return handle
