"""Kafka, the outgoing side: one idempotent producer that sends batches.

FastStream publishes one record at a time without waiting for all replicas, and drops keys and headers of batches; so
what goes out goes through aiokafka's own producer. ``consumer.py`` is the incoming side.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.cloudevents import KafkaMessage
from shared.cluster import Cluster
from shared.dial import explain
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

    ``publish`` gives up after one and a half times ``timeout_seconds``.

    An idempotent producer that lost its sequence can never send again, so after an error it is replaced; what is then
    sent twice carries the same event id.
    """

    def __init__(self, cluster: Cluster, service: str, *, timeout_seconds: float = 10) -> None:
        self._cluster = cluster
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
        producer: AIOKafkaProducer | None = None
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
            self._discard(producer)
            raise MessageTooLargeError(f"the cluster refuses a message for its size: {error}") from error
        except (KafkaError, TimeoutError, OSError) as error:
            self._discard(producer)
            raise BrokerUnavailableError(f"Kafka at {self._cluster} does not answer: {error!r}") from error
        for name, number in Counter(topic.name for topic, _ in messages).items():
            PUBLISHED.labels(self._service, name).inc(number)

    async def probe(self) -> str | None:
        """``None`` where the cluster answers, else why not."""
        try:
            async with asyncio.timeout(3):
                producer = await self._started()
                await producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError) as error:
            return await explain(self._cluster, error)
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
                    client_id=f"parley-{self._service}",
                    enable_idempotence=True,
                    acks="all",
                    compression_type="snappy",
                    linger_ms=0,
                    max_batch_size=262_144,
                    max_request_size=MAX_DEAD_LETTER_BYTES + 65_536,
                    request_timeout_ms=int(self._timeout * 1000),
                    **self._cluster.options(),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer | None) -> None:
        """Replace the one that failed; another call may have done so already, and its successor is to stay."""
        if producer is not self._producer or producer is None:
            return
        self._producer = None
        # what it still buffers was reported as not sent; waiting for it would block for a whole timeout
        task = asyncio.ensure_future(producer.stop())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
