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
from shared.clock import utc_now
from shared.database import make_engine, probe
from shared.kafka import Producer, ensure_topics
from shared.topics import MEETINGS, NEWS

log = structlog.get_logger(__name__)
_LONGEST_WAIT_SECONDS: Final = 10


def make_app(settings: IngestSettings) -> FastAPI:
    """The whole service; it starts while Kafka or the database is down, and is ready when they are there."""
    engine = make_engine(settings.ingest_database_url)
    producer = Producer(settings.kafka_bootstrap, "ingest")
    topics = _Topics(settings.kafka_bootstrap)
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

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._missing: str | None = "not looked at yet"

    async def ensure(self) -> None:
        wait = 0.5
        while True:
            try:
                created = await ensure_topics(self._bootstrap, (NEWS, MEETINGS))
            except (KafkaError, OSError, TimeoutError) as error:
                self._missing = f"the topics could not be looked up or created: {error!r}"
                log.warning("topics are not ready", reason=self._missing, retry_in_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
            else:
                self._missing = None
                if created:
                    log.info("topics created", topics=created)
                return

    async def probe(self) -> str | None:
        return self._missing


async def _warm_up() -> None:
    """Load the language model, so that the first text does not wait for it."""
    await asyncio.to_thread(language_of, "warm")
