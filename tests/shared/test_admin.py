"""Topics on a real cluster: made, checked, or asked for; and copies that find no partition."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from structlog.testing import capture_logs

from shared.admin import TopicReport, TopicsForbiddenError, ensure_topics, partitions, shortfall
from shared.cluster import Cluster
from shared.events import NewsPublished
from shared.topics import CLASSIFY_DLQ, MILESTONES, NEWS, Topic
from tests.shared.test_consumer import Bench


@pytest.fixture
def cluster(kafka):
    return Cluster(kafka.bootstrap)


@pytest.fixture
def topic():
    return Topic(f"t{uuid.uuid4().hex[:8]}", "article", NewsPublished, partitions=3)


async def given(cluster, topic):
    """Make a topic, and wait until every request sees it: a new one is announced a moment later."""
    await ensure_topics(cluster, [topic])
    async with asyncio.timeout(30):
        while not await partitions(cluster, [topic.name]):
            await asyncio.sleep(0.02)


async def test_what_is_missing_is_created_as_it_should_be(cluster, topic):
    assert await ensure_topics(cluster, [topic]) == TopicReport(created=(topic.name,), warnings=())
    await given(cluster, topic)
    assert len((await partitions(cluster, [topic.name]))[topic.name]) == 3
    assert await ensure_topics(cluster, [topic]) == TopicReport(created=(), warnings=())


async def test_where_an_existing_topic_offers_less_than_it_should_one_sentence_says_all_of_it(cluster, topic):
    await given(cluster, replace(topic, partitions=2, retention=timedelta(hours=1), max_bytes=topic.max_bytes // 2))
    (warning,) = (await ensure_topics(cluster, [topic])).warnings
    assert warning == (
        f"{topic.name} has 2 of 3 partitions (no more copies of a service can share the work), "
        "retention.ms=3600000 instead of 604800000 (records are lost sooner), "
        "max.message.bytes=524288 instead of 1048576 (large records are refused)"
    )


async def test_where_an_existing_topic_offers_more_nothing_is_said(cluster, topic):
    await given(cluster, replace(topic, partitions=5, retention=timedelta(days=900), max_bytes=3 << 20))
    assert (await ensure_topics(cluster, [topic])).warnings == ()


def test_records_that_are_kept_for_ever_are_kept_long_enough():
    assert shortfall(MILESTONES, 3, {"retention.ms": -1, "max.message.bytes": 1 << 20}) is None


def test_dead_letters_that_may_find_no_room_are_named_as_such():
    settings = {"retention.ms": -1, "max.message.bytes": 1_048_588}
    assert shortfall(CLASSIFY_DLQ, 1, settings) == (
        "parley.classify.dlq.v1 has max.message.bytes=1048588 instead of 4194304 "
        "(what a service cannot digest may not fit in)"
    )


def test_settings_that_may_not_be_read_are_not_taken_for_good():
    assert "this user may not read (retention.ms and max.message.bytes are not checked)" in shortfall(NEWS, 6, None)


async def test_where_topics_may_not_be_created_an_administrator_is_told_each_with_its_settings(secured):
    with pytest.raises(TopicsForbiddenError) as error:
        await ensure_topics(secured.at("SCRAM", username="guest"), [NEWS, CLASSIFY_DLQ])
    assert str(error.value) == (
        "topics are missing, or hidden from this user, who may not create them; an administrator must: "
        "parley.news.v1 with 6 partitions, retention.ms=604800000, max.message.bytes=1048576; "
        "parley.classify.dlq.v1 with 1 partition, retention.ms=2592000000, max.message.bytes=4194304"
    )


@pytest.fixture
async def bench(kafka):
    """A service of its own, whose topics nobody has made yet."""
    bench = Bench(kafka.bootstrap)
    yield bench
    await bench.producer.stop()


def copy_of(bench, **connection):
    """One more consumer in the service's group, with settings that a test cannot wait for otherwise."""
    consumer = bench.consuming()
    consumer._subscriber._connection_args |= connection
    return consumer


async def ready(consumer):
    async with asyncio.timeout(40):
        while await consumer.probe() is not None:
            await asyncio.sleep(0.05)


async def test_a_service_that_may_not_create_its_topics_is_not_ready_and_says_what_it_wants(secured, bench):
    bench.cluster = secured.at("SCRAM", username="guest")
    async with bench.consuming() as consumer, asyncio.timeout(30):
        while "waiting" in (reason := await consumer.probe()):
            await asyncio.sleep(0.05)
    assert f"an administrator must: {bench.topic.name} with 1 partition, retention.ms=" in reason


async def test_a_service_on_topics_that_fall_short_works_and_warns(cluster, bench):
    await given(cluster, replace(bench.letters, max_bytes=1000))
    with capture_logs() as logs:
        async with bench.consuming() as consumer:
            await ready(consumer)
            (warning,) = consumer.warnings
    assert warning.startswith(f"{bench.letters.name} has max.message.bytes=1000 instead of ")
    assert [line["reason"] for line in logs if line["event"] == "topics.fall_short"] == [warning]


async def test_a_copy_too_many_says_so_and_takes_over_when_one_leaves_however_long_it_waited(cluster, bench):
    await ensure_topics(cluster, [bench.topic, bench.letters])
    with capture_logs() as logs:
        async with copy_of(bench, max_poll_interval_ms=2000) as spare:
            await ready(spare)
            async with copy_of(bench, max_poll_interval_ms=2000) as first:
                async with asyncio.timeout(60):
                    while not (idle := [one for one in (spare, first) if one.warnings]):
                        await asyncio.sleep(0.1)
                reason = await idle[0].probe()
                await asyncio.sleep(4)  # twice the interval after which an idle member would be thrown out
                busy = first if idle == [spare] else spare
                await busy.__aexit__()
                await ready(idle[0])
                await bench.send("to the spare one")
                await bench.until(lambda: bench.handled == ["to the spare one"])
    group = f"parley.{bench.service}"
    assert reason.startswith(f"the consumer group {group} has 2 members but 1 partitions to share ({bench.topic.name}")
    assert [line["reason"] for line in logs if line["event"] == "copy.idle"] == [reason]


async def test_a_copy_too_many_gets_to_work_when_its_topic_grows(cluster, bench):
    await ensure_topics(cluster, [bench.topic, bench.letters])
    soon = {"metadata_max_age_ms": 1000}
    async with copy_of(bench, **soon) as one, copy_of(bench, **soon) as other:
        async with asyncio.timeout(60):
            while not (one.warnings or other.warnings):
                await asyncio.sleep(0.1)
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        await admin.create_partitions({bench.topic.name: NewPartitions(2)})
        await admin.close()
        await asyncio.gather(ready(one), ready(other))
        assert len((await partitions(cluster, [bench.topic.name]))[bench.topic.name]) == 2
