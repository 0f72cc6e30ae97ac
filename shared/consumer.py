"""Kafka, the incoming side: batches in, one batch out, offsets committed only after the effect.

Why it is as it is (each found by running the stack): FastStream's defaults acknowledge before the work and have no dead
letters; its batch poll sleeps deaf after an empty fetch; its parser dies on a null header. So records come raw and in
batches, each is decoded on its own, and the offsets are committed explicitly.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Self, TypeVar

import structlog
from aiokafka import ConsumerRecord, OffsetAndMetadata, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.admin import TopicsForbiddenError, ensure_topics, why_idle
from shared.clock import Clock
from shared.cloudevents import CloudEvent
from shared.cluster import Cluster
from shared.dial import explain
from shared.events import Event
from shared.fetch import PromptSubscriber, raw_message, raw_records, security
from shared.kafka import BrokerUnavailableError, Producer
from shared.observability import BATCH_SECONDS, LAG
from shared.settling import USUAL, Patience, Results, Settler
from shared.topics import Topic

log = structlog.get_logger(__name__)
E = TypeVar("E", bound=Event)

MAX_RECORDS: Final = 500
GRACE_SECONDS: Final = 25
_LAG_SECONDS: Final = 5


class BatchConsumer(Generic[E]):
    """Reads topics in batches and settles every record exactly one way: handled, or in the dead letters.

    Args:
        cluster: how to reach it.
        service: the consuming service; its consumer group is ``parley.<service>``.
        topics: what to read; each carries one of the expected events.
        handle: does the work for the decoded events of one batch, idempotently: after a crash it sees them again. It
            returns what is to be published before the offsets are committed.
        producer: sends results and dead letters.
        letters: the service's dead-letter topic.
        results: the topics that its results go to.
        outages: exceptions that pass when some part comes back; they are waited out for ever, never dead-lettered.
        clock: tells when a letter was written.
        patience: see there.

    """

    def __init__(  # noqa: PLR0913 - made at one place, the composition root
        self,
        *,
        cluster: Cluster,
        service: str,
        topics: Sequence[Topic],
        handle: Callable[[Sequence[CloudEvent[E]]], Awaitable[Results]],
        producer: Producer,
        letters: Topic,
        results: Sequence[Topic] = (),
        clock: Clock,
        outages: tuple[type[Exception], ...] = (),
        patience: Patience = USUAL,
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._group = f"parley.{service}"
        self._topics = {topic.name: topic for topic in topics}
        self._needs = (*topics, *results, letters)
        self._settler = Settler(
            service=service,
            topics=self._topics,
            handle=handle,
            producer=producer,
            letters=letters,
            clock=clock,
            outages=(BrokerUnavailableError, *outages),
            patience=patience,
        )
        self._patience = patience
        self._waiting = f"waiting for Kafka at {cluster}"
        self._found: tuple[str, ...] = ()
        self._idle: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._broker = KafkaBroker(
            cluster.bootstrap,
            security=security(cluster),
            client_id=f"parley-{service}",
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=GRACE_SECONDS,
            apply_types=False,
            logger=None,
            parser=raw_message,
            decoder=raw_records,
        )
        subscriber = self._broker.subscriber(
            *self._topics,
            group_id=self._group,
            batch=True,
            max_records=MAX_RECORDS,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            no_reply=True,
        )
        subscriber.__class__ = PromptSubscriber  # FastStream has no parameter for its class of subscribers
        self._subscriber = subscriber
        subscriber(self._settle)

    async def __aenter__(self) -> Self:
        """Start consuming as soon as the cluster answers; until then the service is up, but not ready."""
        self._tasks = [asyncio.create_task(self._start()), asyncio.create_task(self._measure())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish the batch in hand, commit it, leave the group."""
        self._settler.stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broker.stop()

    async def probe(self) -> str | None:
        """``None`` where the loop lives and has partitions, else why it does not consume."""
        consumer = self._subscriber.consumer
        if consumer is None or not self._subscriber.tasks:
            return self._waiting
        if all(task.done() for task in self._subscriber.tasks):
            return "the consuming loop has died"
        if not consumer.assignment():
            return self._idle or "no partitions are assigned to this copy yet"
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should see to although it works: topics that offer less than they should, idle copies."""
        return (*self._found, self._idle) if self._idle else self._found

    async def lag(self) -> dict[str, int]:
        """Records that are not settled yet, by topic, over the partitions of this copy; ``-1`` where nobody can say.

        The broker is asked, because while a batch waits for the database nothing more is fetched: what a consumer
        itself has heard of is then too little.
        """
        consumer = self._subscriber.consumer
        assigned = consumer.assignment() if consumer is not None else frozenset()
        behind = dict.fromkeys(self._topics, 0 if assigned else -1)
        if consumer is not None and assigned:
            try:
                async with asyncio.timeout(_LAG_SECONDS):
                    ends = await consumer.end_offsets(assigned)
                    starts = await consumer.beginning_offsets(assigned)
                    for at in assigned:
                        behind[at.topic] += ends[at] - (await consumer.committed(at) or starts[at])
            except (KafkaError, TimeoutError, OSError):
                return dict.fromkeys(self._topics, -1)
        for topic, records in behind.items():
            LAG.labels(self._service, topic).set(max(0, records))  # what this copy lost is now another's to tell
        return behind

    async def _measure(self) -> None:
        """Keep the gauge fresh, for those who look at the metrics only; notice where this copy is one too many."""
        while True:
            try:
                await self.lag()
                await self._look_whether_idle()
            except Exception:  # whatever it is, the next look may do better
                log.exception("lag.unknown")
            await asyncio.sleep(_LAG_SECONDS)

    async def _look_whether_idle(self) -> None:
        consumer = self._subscriber.consumer
        idle = None
        if consumer is not None and not consumer.assignment():
            try:
                async with asyncio.timeout(_LAG_SECONDS):
                    idle = await why_idle(self._cluster, self._group, sorted(self._topics))
            except (KafkaError, TimeoutError, OSError):
                return
        if idle and not self._idle:
            log.warning("copy.idle", reason=idle)
        self._idle = idle

    async def _start(self) -> None:
        wait = self._patience.first_seconds
        while True:
            try:
                self._found = (await ensure_topics(self._cluster, self._needs)).warnings
                await self._broker.start()
            except (KafkaError, OSError, TopicsForbiddenError) as error:
                self._waiting = await explain(self._cluster, error)
                log.warning("kafka.waiting", reason=self._waiting, retry_in_seconds=wait)
                await self._broker.stop()
                await asyncio.sleep(wait)
                wait = min(wait * 2, self._patience.longest_seconds)
            else:
                for warning in self._found:
                    log.warning("topics.fall_short", reason=warning)
                log.info("kafka.consuming", topics=sorted(self._topics))
                return

    async def _settle(self, records: tuple[ConsumerRecord, ...]) -> None:
        """The whole life of one batch; never raises, since an exception would end the loop or skip the batch."""
        try:
            with BATCH_SECONDS.labels(self._service).time():
                settled = await self._settler.settle(records)
            if settled:
                await self._commit(records)
            else:
                self._rewind(records)
        except Exception:
            log.exception("batch.unsettled", records=len(records))
            self._rewind(records)

    async def _commit(self, records: tuple[ConsumerRecord, ...]) -> None:
        """Commit just behind what was settled; a copy that lost a partition meanwhile leaves it to the new owner."""
        consumer = self._subscriber.consumer
        ends = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        if consumer is None:
            return
        mine = {at: OffsetAndMetadata(end, "") for at, end in ends.items() if at in consumer.assignment()}
        try:
            if mine:
                await consumer.commit(mine)
        except KafkaError as error:
            log.warning("offsets.not_committed", error=repr(error), effect="the batch will be seen again")

    def _rewind(self, records: tuple[ConsumerRecord, ...]) -> None:
        """Fetch the batch again, from each partition's first record in it."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return
        starts: dict[TopicPartition, int] = {}
        for record in records:
            starts.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        for at, offset in starts.items():
            if at in consumer.assignment():
                consumer.seek(at, offset)
