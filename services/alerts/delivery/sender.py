"""The sender: fan out, claim, put down the attempt, send, store; again and again, whatever happens.

One loop talks to the database, tasks talk to the receivers (``tries.py``). The loop is woken by ``wakeup`` (intake and
the API set it after their commits, every finished try sets it) and looks by itself once a second, for what other
processes put down. A sender that is killed leaves its leases to lapse; the next one sends again, under the same ids.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, Self

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.channels import Channel
from services.alerts.delivery import subscriptions
from services.alerts.delivery.fanout import fan_out
from services.alerts.delivery.results import store
from services.alerts.delivery.tries import Tries
from services.alerts.store import claims as claim_store
from services.alerts.store import deliveries as delivery_store
from services.alerts.store import messages as message_store
from services.alerts.store.claims import Result
from services.alerts.store.subscriptions import KAFKA
from shared.clock import Clock
from shared.database import OUTAGES

log = structlog.get_logger(__name__)
BACKLOG = Gauge("parley_deliveries_waiting", "Deliveries that are due, or wait for a later try", ["when"])
IN_HAND = Gauge("parley_deliveries_in_hand", "Deliveries that this process has claimed")

MOST_IN_HAND: Final = 500
"""Deliveries that one sender has claimed at a time."""
SHARE: Final = 64
"""Deliveries that are claimed at a time for one subscription."""
POLL_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 10.0
GRACE_SECONDS: Final = 20.0
FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 5.0


class Sender:
    """Sends what is owed, until it is stopped; an asynchronous context manager that runs it, or call ``run``.

    Cancelling ``run`` breaks off whatever is in flight, as a kill does; ``stop`` finishes it first.

    Args:
        engine: the database.
        channels: by the names that subscriptions use.
        clock: the time.
        jitter: a random number from -1 to 1, for the spread of retries.
        wakeup: set it when something new is owed.
        lease: how long a delivery stays claimed after the sender died.

    """

    def __init__(
        self,
        engine: AsyncEngine,
        channels: Mapping[str, Channel],
        clock: Clock,
        jitter: Callable[[], float],
        wakeup: asyncio.Event,
        *,
        lease: timedelta = timedelta(seconds=5),
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._wakeup = wakeup
        self._lease = lease
        self._tries = Tries(channels, clock, jitter, wakeup)
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._prepared = False
        self._task: asyncio.Task[None] | None = None
        self._running = False
        self._fault: str | None = None
        self._failures: list[str] = []
        self._wait = FIRST_WAIT_SECONDS
        self._measured_at = float("-inf")

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._task is not None:
            await self._task

    def stop(self) -> None:
        """Let ``run`` claim nothing more, finish what is in flight (at most 20 s), store it and return."""
        self._stopping.set()
        self._wakeup.set()

    async def probe(self) -> str | None:
        """``None`` where the loop lives and its last round went well, else what is wrong."""
        return self._fault if self._running else "the sender is not running"

    async def counts(self) -> dict[str, int]:
        """What is in hand, due, waiting for a later try, and not yet given out to all subscriptions."""
        async with self._engine.connect() as connection:
            await connection.execution_options(read_only=True)
            waiting = await delivery_store.counts(connection, now=self._clock())
            open_messages = await message_store.count_open(connection)
        return {"in_hand": len(self._tries.in_hand), **waiting, "messages_open": open_messages}

    async def run(self) -> None:
        """Work until ``stop``."""
        self._running = True
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stopping.is_set():
                await self._round()
            await self._tries.finish(GRACE_SECONDS)
            await self._stage(self._store)
            self._ended.set()
            await renewing
        finally:
            self._running = False
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._tries.abandon()

    async def _round(self) -> None:
        self._wakeup.clear()
        self._failures.clear()
        stages = (self._fan_out, self._claim, self._claim_in_order, self._store, self._measure)
        more = [await self._stage(stage) for stage in stages]
        self._fault = self._failures[0] if self._failures else None
        if self._fault is not None:
            await _sleep(self._stopping, self._wait)
            self._wait = min(2 * self._wait, LONGEST_WAIT_SECONDS)
            return
        self._wait = FIRST_WAIT_SECONDS
        if not any(more):
            await _sleep(self._wakeup, POLL_SECONDS)

    async def _stage(self, stage: Callable[[], Awaitable[bool]]) -> bool:
        """Run one stage; whatever happens in it, the others go on, and it is tried again in the next round."""
        try:
            return await stage()
        except Exception as error:
            if isinstance(error, OUTAGES):
                self._failures.append(f"the database does not answer: {error}")
                log.warning("sender.waiting", stage=stage.__name__, error=repr(error))
                return False
            self._failures.append(f"a stage of the sender fails: {error!r}")
            log.exception("sender.failed", stage=stage.__name__)
        return False

    async def _fan_out(self) -> bool:
        if not self._prepared:  # before anything is given out: what is, is given to those who are there
            await subscriptions.ensure_builtin(self._engine, self._clock())
            self._prepared = True
        return await fan_out(self._engine, self._clock())

    async def _claim(self) -> bool:
        held, busy = self._tries.in_hand, [KAFKA, *self._tries.busy()]
        room = MOST_IN_HAND - len(held)
        if room <= 0:
            return False
        async with self._engine.begin() as connection:
            claims = await claim_store.claim(
                connection, now=self._clock(), lease=self._lease, limit=room, share=SHARE, busy=busy, held=held
            )
        self._tries.start(claims)
        return bool(claims)

    async def _claim_in_order(self) -> bool:
        if self._tries.has(KAFKA):
            return False
        async with self._engine.begin() as connection:
            claims = await claim_store.claim_in_order(
                connection, KAFKA, now=self._clock(), lease=self._lease, limit=SHARE
            )
        self._tries.start_in_order(claims)
        return bool(claims)

    async def _store(self) -> bool:
        results, untried = self._tries.ended()
        if untried:
            async with self._engine.begin() as connection:
                await claim_store.give_back(connection, untried)
            self._tries.forget(untried)
        if results:
            try:
                await store(self._engine, results)
                self._tries.forget([one.claim for one in results])
            except Exception as error:
                if isinstance(error, OUTAGES):
                    raise
                log.exception("results.not_stored_together", number=len(results))
                await self._store_each(results)
        return bool(results or untried)  # there is room again, or an endpoint has answered its test

    async def _store_each(self, results: Sequence[Result]) -> None:
        """Leave out what cannot be stored: its lease lapses, and it is sent again, under the same id."""
        for result in results:
            try:
                await store(self._engine, [result])
            except Exception as error:
                if isinstance(error, OUTAGES):
                    raise
                log.exception("result.not_stored", delivery=result.claim.id)
            self._tries.forget([result.claim])

    async def _measure(self) -> bool:
        IN_HAND.set(len(self._tries.in_hand))
        now = asyncio.get_running_loop().time()
        if now - self._measured_at >= MEASURE_SECONDS:
            self._measured_at = now
            counts = await self.counts()
            BACKLOG.labels("due").set(counts["due"])
            BACKLOG.labels("later").set(counts["later"])
        return False

    async def _renew(self) -> None:
        """Keep the leases of what is in hand while this process lives."""
        while not await _sleep(self._ended, self._lease.total_seconds() / 3):
            ids = self._tries.in_hand
            if not ids:
                continue
            try:
                async with self._engine.begin() as connection:
                    await claim_store.renew(connection, ids, lease=self._lease)
            except Exception as error:  # noqa: BLE001 - what is not renewed may be sent twice, no worse
                log.warning("leases.not_renewed", number=len(ids), error=repr(error))


async def _sleep(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but not for ever; gives whether it came."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
