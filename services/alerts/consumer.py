"""The Kafka door of alerts: readings in; milestones and what is to be told go into the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.intake import take
from shared.catalogue import Catalogue
from shared.clock import Clock
from shared.cloudevents import CloudEvent, KafkaMessage
from shared.events import TextClassified
from shared.topics import Topic

REVISIONS = Counter("parley_alerts_revisions_total", "Revisions of milestones made")
NOTHING: Final[list[tuple[Topic, KafkaMessage]]] = []


def intake(
    engine: AsyncEngine, catalogue: Catalogue, clock: Clock, wakeup: asyncio.Event
) -> Callable[[Sequence[CloudEvent[TextClassified]]], Awaitable[list[tuple[Topic, KafkaMessage]]]]:
    """The handler of batches; it publishes nothing: the sender does, from the database."""

    async def handle(readings: Sequence[CloudEvent[TextClassified]]) -> list[tuple[Topic, KafkaMessage]]:
        made = await take(engine, catalogue, readings, clock())
        if made:
            REVISIONS.inc(made)
            wakeup.set()
        return NOTHING

    return handle
