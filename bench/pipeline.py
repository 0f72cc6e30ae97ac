"""Events/s through the classify service, next to a bare aiokafka loop (one JSON loads and dumps per message)."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.report import report
from bench.texts import texts
from deploy.local.broker import LocalBroker
from deploy.local.suite import Service, environment
from shared import catalogue as catalogues
from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cloudevents import CloudEvent, KafkaMessage, encode
from shared.cluster import Cluster
from shared.events import NewsPublished
from shared.kafka import Producer
from shared.topics import NEWS, TOPICS, Topic

SIZES: Final = (2_000, 10_000, 40_000)
IN: Final = Topic("bench.in", "article", NewsPublished)
OUT: Final = Topic("bench.out", "article", NewsPublished)


def messages(number: int) -> list[KafkaMessage]:
    """So many news events as ingest would publish them."""
    now = utc_now()
    made = []
    for index, text in enumerate(texts(number, catalogues.load())):
        data = NewsPublished(
            article_id=f"a{index}",
            revision=1,
            url=text["url"],
            publisher=text["url"].split("/")[2],
            published_at=text["published_at"],
            fetched_at=now,
            title=text["title"],
            text=text["text"],
            language="en",
            fingerprint=f"{index:016x}",
        )
        made.append(encode(CloudEvent(f"a{index}:1", "/parley/ingest", now, f"a{index}", data)))
    return made


async def run(sizes: Sequence[int]) -> None:
    """Measure over growing sizes."""
    rows = []
    with tempfile.TemporaryDirectory() as directory, LocalBroker(Path(directory) / "kafka") as broker:
        await ensure_topics(Cluster(broker.bootstrap), [*TOPICS.values(), IN, OUT])
        for size in sizes:
            sent = messages(size)
            bare = await _bare(broker.bootstrap, sent)
            service = await _service(broker.bootstrap, Path(directory), sent)
            rows.append({"texts": size, "bare loop/s": bare, "classify/s": service, "ratio": service / bare})
    report(
        "pipeline",
        "texts/s through classify, and through a bare aiokafka loop (JSON loads, dumps)",
        rows,
        {"pipeline": rows[-1]["ratio"]},
        picture=["bare loop/s", "classify/s"],
    )


async def _bare(bootstrap: str, sent: Sequence[KafkaMessage]) -> float:
    await _publish(bootstrap, IN, sent)
    command = (sys.executable, "-m", "bench.pipeline", bootstrap, str(len(sent)))
    loop = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output = await loop.communicate()
    return len(sent) / float(output[0])


async def _service(bootstrap: str, directory: Path, sent: Sequence[KafkaMessage]) -> float:
    """From the first result to the last commit, as the consumer group's offsets tell."""
    await _publish(bootstrap, NEWS, sent)
    settings = environment(directory, bootstrap, {"ingest": 1, "classify": 18082, "alerts": 1}, "unused")
    service = Service("classify", settings, directory / "classify.log")
    async with _watching(bootstrap) as committed:
        before = await committed()
        service.start()
        try:
            while (now := await committed()) == before:
                await asyncio.sleep(0.005)
            first, began = now - before, time.perf_counter()
            while (now := await committed()) < before + len(sent):
                await asyncio.sleep(0.005)
            return (len(sent) - first) / (time.perf_counter() - began)
        finally:
            await asyncio.to_thread(service.stop)


@asynccontextmanager
async def _watching(bootstrap: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - only here

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()

    async def committed() -> int:
        offsets = await admin.list_consumer_group_offsets("parley.classify")
        return sum(int(offset.offset) for at, offset in offsets.items() if at.topic == NEWS.name and offset.offset > 0)

    try:
        yield committed
    finally:
        await admin.close()


async def _publish(bootstrap: str, topic: Topic, sent: Sequence[KafkaMessage]) -> None:
    producer = Producer(Cluster(bootstrap), "bench")
    for start in range(0, len(sent), 1000):
        await producer.publish([(topic, message) for message in sent[start : start + 1000]])
    await producer.stop()


async def bare_loop(bootstrap: str, number: int) -> None:
    """Consume, loads, dumps, produce, commit; prints the seconds from the first batch to the last commit."""
    group = "bare"
    consumer = AIOKafkaConsumer(
        IN.name, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        compression_type="snappy",
        linger_ms=0,
        max_batch_size=262_144,
    )
    await consumer.start()
    await producer.start()
    done, began, first = 0, 0.0, 0
    while done < number:
        batches = await consumer.getmany(timeout_ms=1000, max_records=500)
        records = [record for batch in batches.values() for record in batch]
        if not records:
            continue
        sent = [
            await producer.send(OUT.name, json.dumps(json.loads(r.value)).encode(), r.key, headers=list(r.headers))
            for r in records
        ]
        await asyncio.gather(*sent)
        await consumer.commit()
        done += len(records)
        if not began:
            began, first = time.perf_counter(), done
    seconds = time.perf_counter() - began
    print(seconds * number / max(1, number - first))
    await producer.stop()
    await consumer.stop()


if __name__ == "__main__":
    import uvloop

    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    uvloop.run(bare_loop(sys.argv[1], int(sys.argv[2])))
