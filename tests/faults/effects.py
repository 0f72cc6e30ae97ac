"""The moment between an effect and what settles it: where a kill would do the most harm."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
from aiokafka import AIOKafkaConsumer

from shared.admin import partitions
from shared.cluster import Cluster
from shared.topics import CLASSIFIED, NEWS

# the row is the effect; a notification comes with the commit, and asks the database for nothing
NOTIFY = """
    CREATE OR REPLACE FUNCTION notify_of_effect() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_notify('effect', ''); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER effect AFTER INSERT ON readings EXECUTE FUNCTION notify_of_effect();
"""


@asynccontextmanager
async def next_effect(service, bootstrap, postgres_url):
    """Gives a function that waits for the first effect of a service since this context was entered."""
    if service == "alerts":
        async with _next_row(postgres_url) as wait:
            yield wait
    else:
        async with _next_record(bootstrap, NEWS if service == "ingest" else CLASSIFIED) as wait:
            yield wait


@asynccontextmanager
async def _next_record(bootstrap, topic):
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=1000)
    await consumer.start()
    try:
        at = (await partitions(Cluster(bootstrap), [topic.name]))[topic.name]
        consumer.assign(at)
        await consumer.seek_to_end(*at)
        for one in at:
            await consumer.position(one)

        async def wait():
            while not await consumer.getmany(timeout_ms=1000):
                pass

        yield wait
    finally:
        await consumer.stop()


@asynccontextmanager
async def _next_row(postgres_url):
    connection = await asyncpg.connect(postgres_url)
    came = asyncio.Event()
    try:
        await connection.execute(NOTIFY)
        await connection.add_listener("effect", lambda *_: came.set())
        yield came.wait
    finally:
        await connection.close()
