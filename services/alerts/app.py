"""The composition root of alerts: it alone makes clock, random source, engine, broker and HTTP session."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import FastAPI

from services.alerts.api import routers
from services.alerts.channels import CHANNELS, Means
from services.alerts.consumer import intake
from services.alerts.delivery.sender import Sender
from services.alerts.settings import AlertsSettings
from shared import catalogue as catalogues
from shared import database, http
from shared.clock import utc_now
from shared.cloudevents import KafkaMessage
from shared.consumer import BatchConsumer
from shared.events import TextClassified
from shared.guard import GuardedClient
from shared.kafka import Producer
from shared.topics import ALERTS_DLQ, CLASSIFIED, MILESTONES, Topic

log = structlog.get_logger(__name__)
MIGRATIONS: Final = Path(__file__).with_name("migrations")


def make_app(settings: AlertsSettings) -> FastAPI:
    """The whole service; it starts while Kafka or the database is down, and is ready when they are there.

    Raises:
        CatalogueError: the catalogue is wrong; the message names the line.

    """
    catalogue = catalogues.load(settings.catalogue)
    engine = database.make_engine(settings.url_for("alerts"))
    producer = Producer(settings.cluster, "alerts")
    wakeup = asyncio.Event()
    allow_loopback = settings.profile == "local"
    consumer = BatchConsumer[TextClassified](
        cluster=settings.cluster,
        service="alerts",
        topics=[CLASSIFIED],
        results=[MILESTONES],
        handle=intake(engine, catalogue, utc_now, wakeup),
        producer=producer,
        letters=ALERTS_DLQ,
        clock=utc_now,
        outages=database.OUTAGES,
    )

    async def publish(topic: Topic, message: KafkaMessage) -> None:
        await producer.publish([(topic, message)])

    client = GuardedClient(allow_loopback=allow_loopback)
    channels = {name: make(Means(client, publish)) for name, make in CHANNELS.items()}
    sender = Sender(engine, channels, utc_now, lambda: random.uniform(-1, 1), wakeup)  # noqa: S311 - spreads load

    async def probe_database() -> str | None:
        return await database.probe(engine, MIGRATIONS, "alerts")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            # left in the opposite order: first nothing new comes in, then what is owed is finished, then the means go
            stack.push_async_callback(engine.dispose)
            stack.push_async_callback(producer.stop)
            await stack.enter_async_context(client)
            await stack.enter_async_context(sender)
            await stack.enter_async_context(consumer)
            log.info("alerts started", kafka=settings.kafka_bootstrap, database=engine.dialect.name, port=settings.port)
            yield
        log.info("alerts stopped")

    async def status() -> dict[str, Any]:
        return {
            "service": "alerts",
            "processes": len(catalogue.processes),
            "catalogue_version": catalogue.version,
            "database": engine.dialect.name,
            "lag": await consumer.lag(),
            "warnings": consumer.warnings,
            "deliveries": await deliveries(),
        }

    async def deliveries() -> dict[str, int] | None:
        try:
            return await sender.counts()
        except database.OUTAGES:  # the lag is wanted most when the database is away, which `/readyz` says
            return None

    app = http.make_app(
        title="Parley alerts",
        description="Keeps the state of every peace process, and tells subscribers when a milestone is reached.",
        lifespan=lifespan,
        keys=settings.api_keys,
        probes={
            "broker": producer.probe,
            "consumer": consumer.probe,
            "database": probe_database,
            "sender": sender.probe,
        },
        status=status,
    )
    app.state.engine = engine
    app.state.catalogue = catalogue
    app.state.clock = utc_now
    app.state.entropy = secrets.token_bytes
    app.state.wakeup = wakeup
    app.state.allow_loopback = allow_loopback
    for router in routers:
        app.include_router(router)
    return app
