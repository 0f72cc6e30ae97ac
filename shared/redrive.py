"""Dead letters, read and dealt with: no group is joined, and what was done is remembered in the topic itself.

An original is sent first and its letter settled then, so that a crash in between sends it twice, under the same event
id, rather than never; the same goes for two people who redrive one letter at one moment. Kafka's transactions would not
help: the services read what is not committed too. A redriven record comes behind what its key brought in the meantime.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.admin import partitions
from shared.clock import Clock
from shared.cluster import Cluster
from shared.deadletters import Letter, Letters, Original, Settled, marker, original
from shared.dial import explain
from shared.kafka import BrokerUnavailableError
from shared.topics import MAX_DEAD_LETTER_BYTES, dead_letters

MOST_REDRIVES: Final = 3
"""How often a record is sent again before it takes ``force``: what came back three times goes round in circles."""

_PATIENCE_SECONDS: Final = 30
_MAX_RECORDS: Final = 500


class NoSuchLetterError(ValueError):
    """There is no such letter, or no dead-letter topic of that service at all."""


@dataclass(slots=True)
class Outcome:
    """What a redrive did: how many were sent, and which were refused, with the reason."""

    sent: int = 0
    refused: list[tuple[Letter, str]] = field(default_factory=list)


def refusal(letter: Letter, topics: Collection[str], *, force: bool) -> str | None:
    """Why a letter's original cannot be sent again, or ``None``.

    Args:
        letter: the letter.
        topics: what the cluster has.
        force: send it although it came back ``MOST_REDRIVES`` times.

    """
    if letter.settled is not None:
        return f"it was {letter.settled} at {letter.settled_at:%Y-%m-%d %H:%M:%S}"
    if letter.withheld:
        return f"the letter does not hold its original, which lies at {letter.position} as long as that topic keeps it"
    if letter.key is None and letter.tombstone:
        return "it has neither key nor value"
    if letter.topic not in topics:
        return f"the cluster has no topic {letter.topic}"
    if letter.redriven >= MOST_REDRIVES and not force:
        return f"it was redriven {letter.redriven} times and came back each time; --force sends it all the same"
    return None


class Mailbox:
    """The dead letters of one service; made by ``open_mailbox``.

    Attributes:
        topics: the names of all topics of the cluster.

    """

    def __init__(self, consumer: AIOKafkaConsumer, cluster: Cluster, topic: str, topics: Collection[str]) -> None:
        self._consumer = consumer
        self._cluster = cluster
        self._topic = topic
        self.topics = topics

    async def letters(self) -> Letters:
        """Every letter from the start to the present end; the originals stay where they are."""
        letters = Letters()
        async for records in self._batches():
            letters.add(records)
        return letters

    async def record(self, letter: Letter) -> ConsumerRecord:
        """The whole record of one letter.

        Raises:
            NoSuchLetterError: its time was up since it was listed.

        """
        at = TopicPartition(self._topic, letter.at[0])
        self._consumer.seek(at, letter.at[1])
        record = await self._consumer.getone(at)
        if record.offset != letter.at[1]:
            raise NoSuchLetterError(f"{self._topic} has just forgotten the letter {letter.position}")
        return record

    async def redrive(self, chosen: Sequence[Letter], clock: Clock, progress: Callable[[int], None]) -> Outcome:
        """Send originals back to their topics, with one redrive more in their count, and settle the letters.

        Args:
            chosen: what nothing is said against (see ``refusal``).
            clock: tells when it was done.
            progress: is told how many more are done.

        Raises:
            BrokerUnavailableError: it went away; what was acknowledged until then is settled.

        """
        outcome = Outcome()
        wanted = {letter.at: letter for letter in chosen}
        async with self._producer() as producer:
            async for records in self._batches():
                batch = [
                    (letter, original(record))
                    for record in records
                    if (letter := wanted.get((record.partition, record.offset)))
                ]
                await self._send(producer, batch, clock, outcome)
                progress(len(batch))
        return outcome

    async def discard(self, chosen: Sequence[Letter], clock: Clock) -> None:
        """Settle letters without sending anything.

        Raises:
            BrokerUnavailableError: it went away; some may be settled.

        """
        async with self._producer() as producer:
            for start in range(0, len(chosen), _MAX_RECORDS):
                await self._settle(producer, chosen[start : start + _MAX_RECORDS], Settled.DISCARDED, clock)

    async def _send(
        self, producer: AIOKafkaProducer, batch: Sequence[tuple[Letter, Original]], clock: Clock, outcome: Outcome
    ) -> None:
        sent: list[Letter] = []
        failure: BaseException | None = None
        records = [(letter.topic, None, kept.again(letter.redriven + 1)) for letter, kept in batch]
        for (letter, _), result in zip(batch, await _deliver(producer, records), strict=True):
            if isinstance(result, MessageSizeTooLargeError):
                outcome.refused.append((letter, f"it is larger than {letter.topic} allows"))
            elif isinstance(result, BaseException):
                failure = result
            else:
                sent.append(letter)
        await self._settle(producer, sent, Settled.REDRIVEN, clock)
        outcome.sent += len(sent)
        if failure is not None:
            raise failure

    async def _settle(
        self, producer: AIOKafkaProducer, letters: Sequence[Letter], settled: Settled, clock: Clock
    ) -> None:
        headers = marker(settled, clock())
        markers = [(self._topic, letter.at[0], Original(letter.position.encode(), None, headers)) for letter in letters]
        for result in await _deliver(producer, markers):
            if isinstance(result, BaseException):
                raise result

    async def _batches(self) -> AsyncIterator[Sequence[ConsumerRecord]]:
        """The records of each partition in their order, from the start to what is the end now."""
        consumer = self._consumer
        ends = await consumer.end_offsets(consumer.assignment())
        await consumer.seek_to_beginning()
        silent = 0
        while any([await consumer.position(at) < end for at, end in ends.items()]):
            batches = await consumer.getmany(timeout_ms=1000, max_records=_MAX_RECORDS)
            silent = 0 if batches else silent + 1
            if silent > _PATIENCE_SECONDS:
                raise BrokerUnavailableError(f"{self._topic} ends at {ends}, but nothing more can be read")
            for at, records in batches.items():
                yield [record for record in records if record.offset < ends[at]]

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        # not idempotent: a record that the broker refuses would leave a gap in the sequence, and stop all behind it
        producer = AIOKafkaProducer(
            client_id="parley-redrive",
            acks="all",
            compression_type="snappy",
            max_request_size=MAX_DEAD_LETTER_BYTES + 65_536,
            request_timeout_ms=10_000,
            **self._cluster.options(),
        )
        try:
            await producer.start()
            yield producer
        except (KafkaError, OSError) as error:
            raise BrokerUnavailableError(await explain(self._cluster, error)) from error
        finally:
            await producer.stop()


async def _deliver(
    producer: AIOKafkaProducer, records: Sequence[tuple[str, int | None, Original]]
) -> list[BaseException | Any]:
    """Send records together; for each what became of it."""
    acknowledged = [
        await producer.send(topic, record.value, record.key, partition=partition, headers=list(record.headers))
        for topic, partition, record in records
    ]
    return await asyncio.gather(*acknowledged, return_exceptions=True)


@asynccontextmanager
async def open_mailbox(cluster: Cluster, service: str) -> AsyncIterator[Mailbox]:
    """The dead letters of one service.

    Raises:
        BrokerUnavailableError: the cluster does not answer.
        NoSuchLetterError: it has no such topic; its name is in the message.

    """
    topic = dead_letters(service).name
    consumer = AIOKafkaConsumer(
        group_id=None, auto_offset_reset="earliest", request_timeout_ms=10_000, **cluster.options()
    )
    try:
        found = await partitions(cluster, [topic])
        if not found:
            raise NoSuchLetterError(f"the cluster has no topic {topic}; it is made when the service starts")
        await consumer.start()
        consumer.assign(found[topic])
        yield Mailbox(consumer, cluster, topic, await consumer.topics())
    except (KafkaError, OSError) as error:
        raise BrokerUnavailableError(await explain(cluster, error)) from error
    finally:
        await consumer.stop()
