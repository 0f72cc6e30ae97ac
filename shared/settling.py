"""Settle a batch: every record is handled, or kept as a dead letter, or the whole batch is fetched again."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

import structlog
from aiokafka import ConsumerRecord

from shared.clock import Clock
from shared.cloudevents import CloudEvent, KafkaMessage, UndecodableError, decode
from shared.deadletters import dead_letter
from shared.events import Event
from shared.fetch import UnreadableRecord
from shared.kafka import Producer
from shared.observability import RECORDS, RETRIES
from shared.topics import Topic

log = structlog.get_logger(__name__)
E = TypeVar("E", bound=Event)
Results = Sequence[tuple[Topic, KafkaMessage]]

UNREADABLE: Final = "unreadable_record"
_COMPUTE_SLICE: Final = 50


@dataclass(frozen=True, slots=True)
class Patience:
    """How long failures are tolerated.

    Attributes:
        first_seconds: the wait after the first failure; it doubles up to ``longest_seconds``.
        longest_seconds: the longest wait.
        batch_seconds: after this long, a batch that still fails for an unknown cause is taken apart, and a record that
            fails alone becomes a dead letter; one that fails for an outage is fetched again.

    """

    first_seconds: float = 0.1
    longest_seconds: float = 5
    batch_seconds: float = 30


USUAL: Final = Patience()


@dataclass(frozen=True, slots=True)
class Settler(Generic[E]):
    """What one consuming service does with a batch of records.

    Attributes:
        service: its name, for logs and metrics.
        topics: what it reads, by name; each carries one event.
        handle: does the work for the decoded events of one batch, and returns what is to be published.
        producer: sends results and dead letters.
        letters: where dead letters go.
        clock: tells when a letter was written.
        outages: what passes when some part comes back.
        patience: see there.
        stopping: set when the service stops: what fails then had no time to pass.

    """

    service: str
    topics: Mapping[str, Topic]
    handle: Callable[[Sequence[CloudEvent[E]]], Awaitable[Results]]
    producer: Producer
    letters: Topic
    clock: Clock
    outages: tuple[type[Exception], ...]
    patience: Patience
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def settle(self, records: tuple[ConsumerRecord, ...]) -> bool:
        """Whether every record is settled and the offsets may be committed; else the batch must be fetched again."""
        good: list[tuple[ConsumerRecord, CloudEvent[E]]] = []
        letters: list[tuple[Topic, KafkaMessage]] = []
        for number, record in enumerate(records, 1):
            if isinstance(record, UnreadableRecord):
                letters.append(self._letter(record, UNREADABLE, record.why, attempts=1, withheld=True))
                continue
            try:
                model = self.topics[record.topic].carries
                good.append((record, decode((model,), record.headers, record.value)))  # type: ignore[arg-type]
            except UndecodableError as error:
                letters.append(self._letter(record, error.fault, error.detail, attempts=1))
            if number % _COMPUTE_SLICE == 0:
                await asyncio.sleep(0)  # heartbeats of the consumer group
        if not await self._handle_all(good, letters):
            return False
        failure, _ = await self._try(partial(self.producer.publish, letters))
        return failure is None

    async def _handle_all(
        self, good: list[tuple[ConsumerRecord, CloudEvent[E]]], letters: list[tuple[Topic, KafkaMessage]]
    ) -> bool:
        """Handle together what can be; one by one where something in the batch fails for ever."""
        if not good:
            return True
        failure, tries = await self._try(partial(self._handle_and_publish, [event for _, event in good]))
        if failure is None:
            self._count(good, "handled")
            return True
        if self._passes(failure):
            return False
        for record, event in good:
            failure, more = await self._try(partial(self._handle_and_publish, [event]), once=True)
            if failure is None:
                self._count([(record, event)], "handled")
            elif self._passes(failure):
                return False
            else:
                letters.append(self._letter(record, type(failure).__name__, str(failure), attempts=tries + more))
        return True

    def _passes(self, failure: Exception) -> bool:
        """Whether to fetch again: in an outage, and at a stop, since the failure had no time to pass."""
        return isinstance(failure, self.outages) or self.stopping.is_set()

    async def _handle_and_publish(self, events: Sequence[CloudEvent[E]]) -> None:
        await self.producer.publish(await self.handle(events))

    async def _try(self, work: Callable[[], Awaitable[None]], *, once: bool = False) -> tuple[Exception | None, int]:
        """Repeat with growing waits until it works, patience ends, or the service stops.

        ``once`` repeats only for outages. Gives the last error, if any, and the number of attempts.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience.batch_seconds
        wait = self.patience.first_seconds
        attempt = 0
        while True:
            attempt += 1
            try:
                await work()
            except Exception as error:
                outage = isinstance(error, self.outages)
                RETRIES.labels(self.service, type(error).__name__).inc()
                log.warning("batch.failed", error=repr(error), outage=outage, exc_info=None if outage else error)
                if self.stopping.is_set() or loop.time() + wait > deadline or (once and not outage):
                    return error, attempt
            else:
                return None, attempt
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), wait)
            wait = min(wait * 2, self.patience.longest_seconds)

    def _letter(
        self, record: ConsumerRecord, error: str, detail: str, *, attempts: int, withheld: bool = False
    ) -> tuple[Topic, KafkaMessage]:
        log.error(
            "record.dead_lettered",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error=error,
            detail=detail,
        )
        RECORDS.labels(self.service, record.topic, "dead_lettered").inc()
        now = self.clock()
        return self.letters, dead_letter(
            record, error=error, detail=detail, attempts=attempts, now=now, withheld=withheld
        )

    def _count(self, good: Sequence[tuple[ConsumerRecord, object]], outcome: str) -> None:
        for topic, number in Counter(record.topic for record, _ in good).items():
            RECORDS.labels(self.service, topic, outcome).inc(number)
