"""FastStream's batch subscriber, mended: awake between two fetches, and no record stops it.

The client library parses records lazily. A record that it cannot parse (the name of a header is not UTF-8) raises out
of the fetch, at each fetch again, and what the same fetch had taken from other partitions is lost with it. So after an
exception every partition goes back to what is committed; and around a record that cannot be parsed, records are taken
one at a time, with a stand-in for the one that cannot be had.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.message import FAKE_CONSUMER
from faststream.kafka.message import KafkaMessage as FastStreamMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.cluster import Cluster

_MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """Stands for a record that the client library cannot parse: its bytes can only be found in its topic.

    Attributes:
        why: what the library said.

    """

    topic: str
    partition: int
    offset: int
    why: str
    key: None = None
    value: None = None
    headers: tuple[()] = ()


class PromptSubscriber(BatchSubscriber):
    """Waits in the fetch, not in a sleep between two fetches; whatever goes wrong in it, nothing is skipped unseen."""

    __slots__ = ()

    async def get_msg(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        """The next records of all partitions; empty where none came within a second."""
        try:
            messages = await consumer.getmany(timeout_ms=1000, max_records=self.max_records)
            return tuple(chain(*messages.values()))
        except KafkaError:
            await _back_to_committed(consumer)
            raise
        except UnicodeDecodeError as error:
            log.warning("fetch.unreadable", error=repr(error), effect="records are read one at a time around it")
            await _back_to_committed(consumer)
            return await self._carefully(consumer)

    async def _carefully(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        """From each partition what comes up to the first record that cannot be parsed, and the stand-in for that."""
        taken: list[ConsumerRecord | UnreadableRecord] = []
        for at in sorted(consumer.assignment()):
            for _ in range(self.max_records or 1):
                record = await _one(consumer, at)
                if record is None:
                    break
                taken.append(record)
                if isinstance(record, UnreadableRecord):
                    break
        return tuple(taken)


async def _one(consumer: AIOKafkaConsumer, at: TopicPartition) -> ConsumerRecord | UnreadableRecord | None:
    end = consumer.highwater(at)
    if end is not None and await consumer.position(at) >= end:
        return None
    try:
        messages = await consumer.getmany(at, timeout_ms=1000, max_records=1)
    except UnicodeDecodeError as error:
        offset = await consumer.position(at)
        consumer.seek(at, offset + 1)
        return UnreadableRecord(at.topic, at.partition, offset, f"the record cannot be parsed: {error}")
    return next(iter(chain(*messages.values())), None)


async def _back_to_committed(consumer: AIOKafkaConsumer) -> None:
    for at in consumer.assignment():
        if committed := await consumer.committed(at):
            consumer.seek(at, committed)
        else:
            await consumer.seek_to_beginning(at)


async def raw_message(records: tuple[ConsumerRecord, ...], _: object) -> FastStreamMessage:
    """Take the records as they are: the framework's parser would lose a batch over one broken header."""
    return FastStreamMessage(
        body=b"", headers={}, raw_message=records, message_id="", consumer=FAKE_CONSUMER, batch_headers=[], reply_to=""
    )


async def raw_records(message: FastStreamMessage, _: object) -> tuple[ConsumerRecord, ...]:
    """The records, undecoded."""
    records: tuple[ConsumerRecord, ...] = message.raw_message
    return records


def security(cluster: Cluster) -> BaseSecurity:
    """How the cluster is reached, as FastStream wants to be told."""
    if cluster.mechanism is None or cluster.username is None or cluster.password is None:
        return BaseSecurity(cluster.tls())
    return _MECHANISMS[cluster.mechanism](cluster.username, cluster.password.get_secret_value(), cluster.tls())
