"""Tries in flight: what a sender has in hand, with slots so that a slow endpoint holds up itself only."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import structlog

from services.alerts.channels import Channel, Kind, OutboundMessage, Outcome
from services.alerts.delivery.retry import next_try
from services.alerts.store.claims import Claim, Result
from services.alerts.store.messages import TEST_TYPE
from shared.clock import Clock

log = structlog.get_logger(__name__)

AT_ONCE: Final = 200
"""Tries in flight at a time."""
SLOTS: Final = 8
"""Tries in flight at a time to one subscription's endpoint."""


class Tries:
    """Starts a task per claim, and keeps how each ended until somebody has stored it.

    Args:
        channels: by the names that subscriptions use.
        clock: says when a try began and ended.
        jitter: a random number from -1 to 1.
        wakeup: set whenever there is something to store.

    """

    def __init__(
        self, channels: Mapping[str, Channel], clock: Clock, jitter: Callable[[], float], wakeup: asyncio.Event
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._jitter = jitter
        self._wakeup = wakeup
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: dict[str, Claim] = {}
        self._of: Counter[str] = Counter()
        self._total = asyncio.Semaphore(AT_ONCE)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._results: list[Result] = []
        self._untried: list[Claim] = []

    @property
    def in_hand(self) -> frozenset[str]:
        """The ids of all deliveries that were claimed and neither stored nor given back yet."""
        return frozenset(self._in_hand)

    def busy(self) -> list[str]:
        """The subscriptions of which there is enough in hand to fill their slots."""
        return [name for name, number in self._of.items() if number >= SLOTS]

    def has(self, subscription_id: str) -> bool:
        """Whether anything of a subscription is in hand."""
        return self._of[subscription_id] > 0

    def start(self, claims: Sequence[Claim]) -> None:
        """Try all, at once as far as slots allow."""
        for claim in claims:
            self._hold(claim)
            self._spawn([claim])

    def start_in_order(self, claims: Sequence[Claim]) -> None:
        """Try one after the other; where our own fault stops one, the rest is given back, so that none overtakes it."""
        for claim in claims:
            self._hold(claim)
        if claims:
            self._spawn(claims)

    def ended(self) -> tuple[list[Result], list[Claim]]:
        """What was tried and is to be stored, and what was not tried after all and is to be given back."""
        return list(self._results), list(self._untried)

    def forget(self, claims: Sequence[Claim]) -> None:
        """These were stored or given back, or are left to their leases."""
        gone = {claim.id for claim in claims}
        self._results = [result for result in self._results if result.claim.id not in gone]
        self._untried = [claim for claim in self._untried if claim.id not in gone]
        for claim in claims:
            if self._in_hand.pop(claim.id, None) is None:
                continue
            self._of[claim.subscription_id] -= 1
            if not self._of[claim.subscription_id]:
                del self._of[claim.subscription_id]
                self._slots.pop(claim.subscription_id, None)

    async def finish(self, seconds: float) -> None:
        """Start nothing more, and wait for what is in flight, but not for ever."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def abandon(self) -> None:
        """Break off whatever is in flight."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hold(self, claim: Claim) -> None:
        self._in_hand[claim.id] = claim
        self._of[claim.subscription_id] += 1
        self._slots.setdefault(claim.subscription_id, asyncio.Semaphore(SLOTS))

    def _spawn(self, claims: Sequence[Claim]) -> None:
        task = asyncio.create_task(self._run(claims))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, claims: Sequence[Claim]) -> None:
        for position, claim in enumerate(claims):
            async with self._slots[claim.subscription_id], self._total:
                if self._closing:
                    self._untried.extend(claims[position:])
                    break
                result = await self._try(claim)
            self._results.append(result)
            self._wakeup.set()
            if result.outcome.kind is Kind.OWN_FAULT:
                self._untried.extend(claims[position + 1 :])
                break
        self._wakeup.set()

    async def _try(self, claim: Claim) -> Result:
        started_at = self._clock()
        try:
            outcome = await self._channels[claim.channel].send(outbound(claim), started_at)
        except Exception as error:  # a channel's mistake must not end the sender, nor be repeated for ever
            log.exception("delivery.crashed", delivery=claim.id, channel=claim.channel)
            outcome = Outcome(Kind.FAILED, detail=f"could not be sent: {error!r}")
        finished_at = self._clock()
        decision = next_try(claim.attempts_made, outcome, finished_at, self._jitter())
        return Result(claim, outcome, decision, started_at, finished_at)


def outbound(claim: Claim) -> OutboundMessage:
    """What the channel is given."""
    message = claim.message
    return OutboundMessage(
        id=claim.id,
        sequence=claim.sequence,
        type=message.type,
        timestamp=message.created_at,
        data=message.body,
        process=message.key,
        test=message.type == TEST_TYPE or _says_test(message.body),
        url=claim.target.get("url", ""),
        secrets=tuple(claim.target.get("secrets", ())),
    )


@lru_cache(maxsize=256)
def _says_test(body: str) -> bool:
    """Whether a milestone is one of a drill; one body goes to many subscriptions."""
    return bool(json.loads(body).get("test"))
