"""The composition root of ingest: makes clock, engine, producer and HTTP doors, and ties them together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError
from fastapi import FastAPI

from services.ingest import store
from services.ingest.api import make_routes
from services.ingest.intake import Intake
from services.ingest.language import language_of
from services.ingest.settings import IngestSettings
from shared import http
from shared.admin import TopicsForbiddenError, ensure_topics
from shared.clock import utc_now
from shared.cluster import Cluster
from shared.database import make_engine, probe
from shared.dial import explain
from shared.kafka import Producer
from shared.topics import MEETINGS, NEWS

log = structlog.get_logger(__name__)
_LONGEST_WAIT_SECONDS: Final = 10
_BROKER_SECONDS: Final = 3
"""A client waits for the broker's word; where that does not come it is to hear so soon, and come again."""


def make_app(settings: IngestSettings) -> FastAPI:
    """The whole service; it starts while Kafka or the database is down, and is ready when they are there."""
    engine = make_engine(settings.ingest_database_url)
    producer = Producer(settings.cluster, "ingest", timeout_seconds=_BROKER_SECONDS)
    topics = _Topics(settings.cluster)
    intake = Intake(engine, producer.publish)
    started_at = utc_now()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(topics.ensure()), asyncio.create_task(_warm_up())]
        log.info("ingest started", kafka=settings.kafka_bootstrap, database=engine.dialect.name, port=settings.port)
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await producer.stop()
        await engine.dispose()
        log.info("ingest stopped")

    async def database() -> str | None:
        return await probe(engine, store.MIGRATIONS, "ingest")

    async def status() -> dict[str, Any]:
        counts: dict[str, dict[str, int]] = {"news": {}, "meeting": {}}
        for kind, by_outcome in counts.items():
            for outcome in ("published", "duplicate", "rejected"):
                by_outcome[outcome] = intake.counts[kind, outcome]  # type: ignore[index] # the keys are the two kinds
        return {
            "service": "ingest",
            "version": version("parley"),
            "started_at": started_at.isoformat(),
            "kafka": settings.kafka_bootstrap,
            "database": engine.dialect.name,
            "since_start": counts,
            "warnings": topics.warnings,
        }

    app = http.make_app(
        title="Parley ingest",
        description="Takes news texts and meetings, and publishes each new one, once, to Kafka.",
        lifespan=lifespan,
        keys=settings.api_keys,
        probes={"kafka": producer.probe, "topics": topics.probe, "database": database},
        status=status,
    )
    app.include_router(make_routes(intake, utc_now))
    return app


class _Topics:
    """Creates what is missing on the cluster, however long it takes to come up."""

    def __init__(self, cluster: Cluster) -> None:
        self.warnings: tuple[str, ...] = ()
        self._cluster = cluster
        self._missing: str | None = "not looked at yet"

    async def ensure(self) -> None:
        wait = 0.5
        while True:
            try:
                report = await ensure_topics(self._cluster, (NEWS, MEETINGS))
            except (KafkaError, OSError, TimeoutError, TopicsForbiddenError) as error:
                self._missing = await explain(self._cluster, error)
                log.warning("topics are not ready", reason=self._missing, retry_in_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
            else:
                self._missing = None
                self.warnings = report.warnings
                if report.created:
                    log.info("topics created", topics=report.created)
                for warning in report.warnings:
                    log.warning("topics fall short", reason=warning)
                return

    async def probe(self) -> str | None:
        return self._missing


async def _warm_up() -> None:
    """Load the language model, so that the first text does not wait for it."""
    await asyncio.to_thread(language_of, "warm")
