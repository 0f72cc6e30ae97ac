"""The composition root of classify: it alone makes the clock and the connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from services.classify import lexicon as lexicons
from services.classify.consumer import reader
from services.classify.settings import ClassifySettings
from shared import catalogue as catalogues
from shared import http
from shared.clock import utc_now
from shared.consumer import BatchConsumer
from shared.kafka import Producer
from shared.topics import CLASSIFIED, CLASSIFY_DLQ, MEETINGS, NEWS


def make_app(settings: ClassifySettings) -> FastAPI:
    """The whole service.

    Raises:
        CatalogueError, LexiconError: a file of rules is wrong; the message names the line.

    """
    catalogue = catalogues.load(settings.catalogue)
    lexicon = lexicons.load()
    producer = Producer(settings.cluster, "classify")
    consumer: BatchConsumer[Any] = BatchConsumer(
        cluster=settings.cluster,
        service="classify",
        topics=[NEWS, MEETINGS],
        results=[CLASSIFIED],
        handle=reader(catalogue, lexicon),
        producer=producer,
        letters=CLASSIFY_DLQ,
        clock=utc_now,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with consumer:
            yield
        await producer.stop()

    async def status() -> dict[str, Any]:
        return {
            "service": "classify",
            "processes": len(catalogue.processes),
            "catalogue_version": catalogue.version,
            "rules_version": lexicon.version,
            "lag": await consumer.lag(),
            "warnings": consumer.warnings,
        }

    return http.make_app(
        title="Parley classify",
        description="Reads news and meetings from Kafka and says what each text asserts about each peace process.",
        lifespan=lifespan,
        keys=settings.api_keys,
        probes={"broker": producer.probe, "consumer": consumer.probe},
        status=status,
    )
