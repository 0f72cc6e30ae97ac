"""The consuming loop on a real broker: what is committed, repeated, dead-lettered."""

import asyncio
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cloudevents import KafkaMessage, encode
from shared.cluster import Cluster
from shared.consumer import BatchConsumer
from shared.events import NewsPublished
from shared.kafka import BrokerUnavailableError, Producer
from shared.observability import LAG
from shared.settling import Patience
from shared.topics import Topic
from tests.builders import cloud_event, news

IMPATIENT = Patience(first_seconds=0.01, longest_seconds=0.05, batch_seconds=0.3)


class DatabaseDownError(Exception):
    pass


class Bench:
    """One service of its own: a topic, a group, a dead-letter topic, and a handler that remembers."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.cluster = Cluster(bootstrap)
        self.service = f"s{uuid.uuid4().hex[:8]}"
        self.topic = Topic(f"{self.service}.in", "article", NewsPublished, partitions=1)
        self.letters = Topic(f"{self.service}.dlq", "position", None, partitions=1)
        self.handled = []
        self.trouble = lambda event: None
        self.producer = Producer(self.cluster, self.service)
        self.patience = IMPATIENT

    async def handle(self, events):
        for event in events:
            self.trouble(event)
        self.handled += [event.id for event in events]
        return []

    def consuming(self):
        return BatchConsumer(
            cluster=self.cluster,
            service=self.service,
            topics=[self.topic],
            handle=self.handle,
            producer=self.producer,
            letters=self.letters,
            clock=utc_now,
            outages=(DatabaseDownError,),
            patience=self.patience,
        )

    async def send(self, *ids):
        await self.producer.publish([(self.topic, encode(cloud_event(news(article_id=i), id=i))) for i in ids])

    async def send_raw(self, value, headers):
        await self.producer.publish([(self.topic, KafkaMessage(b"k", value, tuple(headers)))])

    async def until(self, condition):
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.02)

    async def committed(self):
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=f"parley.{self.service}")
        await consumer.start()
        try:
            return await consumer.committed(TopicPartition(self.topic.name, 0))
        finally:
            await consumer.stop()

    async def dead(self):
        consumer = AIOKafkaConsumer(self.letters.name, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            batches = await consumer.getmany(timeout_ms=2000)
            return [dict(record.headers) | {"key": record.key} for batch in batches.values() for record in batch]
        finally:
            await consumer.stop()


@pytest.fixture
async def bench(kafka):
    bench = Bench(kafka.bootstrap)
    await ensure_topics(Cluster(kafka.bootstrap), [bench.topic, bench.letters])
    yield bench
    await bench.producer.stop()


async def test_records_are_handled_once_in_order_and_committed(bench):
    ids = [f"a{n}" for n in range(1200)]
    async with bench.consuming() as consumer:
        await bench.send(*ids)
        await bench.until(lambda: len(bench.handled) >= len(ids))
        assert await consumer.probe() is None
    assert bench.handled == ids
    assert await bench.committed() == len(ids)


async def test_what_cannot_be_decoded_becomes_a_dead_letter_and_its_neighbours_do_not(bench):
    await bench.send("before")
    await bench.send_raw(b"not json", [("ce_id", b"\xff")])
    await bench.send("after")
    async with bench.consuming():
        await bench.until(lambda: len(bench.handled) == 2)
    letters = await bench.dead()
    assert [(letter["dl_error"], letter["dl_offset"], letter["key"]) for letter in letters] == [
        (b"header_not_utf8", b"1", f"{bench.topic.name}/0/1".encode())
    ]
    assert await bench.committed() == 3


async def test_a_record_that_always_fails_is_dead_lettered_alone(bench):
    def trouble(event):
        if event.id == "bad":
            raise ValueError("this one breaks the handler")

    bench.trouble = trouble
    await bench.send("one", "bad", "two")
    async with bench.consuming():
        await bench.until(lambda: bench.handled == ["one", "two"])
    assert [letter["dl_error"] for letter in await bench.dead()] == [b"ValueError"]
    assert await bench.committed() == 3


async def test_an_outage_is_waited_out_and_never_dead_lettered(bench):
    failures = []

    def trouble(event):
        if len(failures) < 12:  # longer than one batch's patience: it is fetched again
            failures.append(event.id)
            raise DatabaseDownError

    bench.trouble = trouble
    await bench.send("patient")
    async with bench.consuming():
        await bench.until(lambda: bench.handled == ["patient"])
    assert await bench.dead() == []
    assert await bench.committed() == 1


async def test_nothing_is_committed_while_the_effect_is_missing(bench):
    def trouble(event):
        raise DatabaseDownError

    bench.trouble = trouble
    await bench.send("waiting")
    async with bench.consuming():
        await asyncio.sleep(0.8)
    assert await bench.committed() is None


async def test_stopping_finishes_and_commits_the_batch_in_hand(bench):
    started = asyncio.Event()

    async def slow(events):
        started.set()
        await asyncio.sleep(0.5)
        bench.handled += [event.id for event in events]
        return []

    bench.handle = slow
    await bench.send("in hand")
    async with bench.consuming():
        await started.wait()
    assert bench.handled == ["in hand"]
    assert await bench.committed() == 1


async def test_without_a_cluster_the_probe_says_so_and_publishing_fails_clearly():
    nowhere = "127.0.0.1:1"
    bench = Bench(nowhere)
    bench.producer = Producer(Cluster(nowhere), "lonely", timeout_seconds=1)
    async with bench.consuming() as consumer:
        assert await consumer.probe() == f"waiting for Kafka at {nowhere}"
    with pytest.raises(BrokerUnavailableError, match=nowhere):
        await bench.send("x")
    assert nowhere in await bench.producer.probe()


async def lag_becomes(consumer, expected):
    async with asyncio.timeout(30):
        while (await consumer.lag()).popitem()[1] != expected:
            await asyncio.sleep(0.02)


async def test_while_a_batch_waits_for_the_database_the_lag_is_what_the_broker_has(bench):
    ids = [f"a{n}" for n in range(700)]

    def down(event):
        raise DatabaseDownError

    bench.trouble = down
    async with bench.consuming() as consumer:
        await lag_becomes(consumer, 0)
        await bench.send(*ids)
        await lag_becomes(consumer, len(ids))
        assert LAG.labels(bench.service, bench.topic.name)._value.get() == len(ids)
        bench.trouble = lambda event: None
        await lag_becomes(consumer, 0)
    assert bench.handled == ids


async def test_a_consumer_whose_loop_died_is_not_ready(bench):
    async with bench.consuming() as consumer:
        async with asyncio.timeout(30):
            while await consumer.probe() is not None:
                await asyncio.sleep(0.02)
        for task in consumer._subscriber.tasks:
            task.cancel()
        await asyncio.gather(*consumer._subscriber.tasks, return_exceptions=True)
        assert await consumer.probe() == "the consuming loop has died"


async def test_without_a_cluster_nobody_can_say_how_large_the_lag_is():
    bench = Bench("127.0.0.1:1")
    async with bench.consuming() as consumer:
        assert await consumer.lag() == {bench.topic.name: -1}
