"""Kafka, the outgoing side: one idempotent producer that sends batches, and the topics.

FastStream publishes one record at a time without waiting for all replicas, and drops keys and headers of batches; so
what goes out goes through aiokafka's own producer. ``consumer.py`` is the incoming side.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAlreadyExistsError, for_code

from shared.cloudevents import KafkaMessage
from shared.observability import PUBLISHED
from shared.topics import MAX_DEAD_LETTER_BYTES, Topic

_OVERHEAD_BYTES: Final = 4096
"""Room for what the protocol adds to a record in what a topic allows for it."""


class BrokerUnavailableError(Exception):
    """The cluster did not acknowledge in time; nothing says that it will not, later."""


class MessageTooLargeError(ValueError):
    """A message is larger than its topic allows; no retry will help."""


class Producer:
    """One idempotent producer (acks from all replicas); give it batches.

    An idempotent producer that lost its sequence can never send again, so after an error it is replaced; what is then
    sent twice carries the same event id.
    """

    def __init__(self, bootstrap: str, service: str, *, timeout_seconds: float = 10) -> None:
        self._bootstrap = bootstrap
        self._service = service
        self._timeout = timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, messages: Sequence[tuple[Topic, KafkaMessage]]) -> None:
        """Send many messages and wait until all are acknowledged.

        Raises:
            BrokerUnavailableError: at least one was not acknowledged; any of them may have been.
            MessageTooLargeError: at least one is too large for its topic; the others may have been sent.

        """
        if not messages:
            return
        for topic, message in messages:
            size = len(message.key) + len(message.value) + sum(len(n.encode()) + len(raw) for n, raw in message.headers)
            if size > topic.max_bytes - _OVERHEAD_BYTES:
                raise MessageTooLargeError(f"{size} bytes are too many for {topic.name}")
        try:
            async with asyncio.timeout(self._timeout * 1.5):
                producer = await self._started()
                # `send` waits where the buffer is full, and keeps the order of one key
                sent = [
                    await producer.send(topic.name, message.value, message.key, headers=list(message.headers))
                    for topic, message in messages
                ]
                await asyncio.gather(*sent)
        except MessageSizeTooLargeError as error:  # an existing topic may allow less than a new one would be given
            await self._discard()
            raise MessageTooLargeError(f"the cluster refuses a message for its size: {error}") from error
        except (KafkaError, TimeoutError, OSError) as error:
            await self._discard()
            raise BrokerUnavailableError(f"Kafka at {self._bootstrap} does not answer: {error!r}") from error
        for topic, _ in messages:
            PUBLISHED.labels(self._service, topic.name).inc()

    async def probe(self) -> str | None:
        """``None`` where the cluster answers, else why not."""
        try:
            async with asyncio.timeout(3):
                producer = await self._started()
                await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError) as error:
            return f"Kafka at {self._bootstrap} does not answer: {error!r}"
        return None

    async def stop(self) -> None:
        """Send what is buffered, then close."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id=f"parley-{self._service}",
                    enable_idempotence=True,
                    acks="all",
                    compression_type="snappy",
                    linger_ms=0,
                    max_batch_size=262_144,
                    max_request_size=MAX_DEAD_LETTER_BYTES + 65_536,
                    request_timeout_ms=int(self._timeout * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            # what it still buffers was reported as not sent; waiting for it would block for a whole timeout
            task = asyncio.ensure_future(producer.stop())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def ensure_topics(bootstrap: str, topics: Iterable[Topic]) -> list[str]:
    """Create the topics that the cluster lacks, with up to three copies of each partition.

    Args:
        bootstrap: the cluster.
        topics: what must exist.

    Returns:
        the names of those that were created.

    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="parley-topics", request_timeout_ms=10_000)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        replication = min(3, len((await admin.describe_cluster())["brokers"]))
        answer = await admin.create_topics(
            [
                NewTopic(
                    topic.name,
                    topic.partitions,
                    replication,
                    topic_configs={
                        "retention.ms": str(int(topic.retention.total_seconds() * 1000)),
                        "max.message.bytes": str(topic.max_bytes),
                    },
                )
                for topic in missing
            ]
        )
        for name, code, *detail in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:  # another service was faster
                raise error(f"topic {name} cannot be created: {' '.join(map(str, detail))}")
    finally:
        await admin.close()
    return [topic.name for topic in missing]


async def partitions(bootstrap: str, topics: Iterable[str]) -> dict[str, list[TopicPartition]]:
    """The partitions of each topic that the cluster has, by topic; a topic that it lacks is left out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="parley-topics", request_timeout_ms=10_000)
    await admin.start()
    try:
        wanted = sorted(set(topics) & set(await admin.list_topics()))
        described = await admin.describe_topics(wanted) if wanted else []
    finally:
        await admin.close()
    return {
        one["topic"]: [
            TopicPartition(one["topic"], number) for number in sorted(p["partition"] for p in one["partitions"])
        ]
        for one in described
    }
