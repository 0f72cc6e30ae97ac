"""Builders and fakes for what is owed to whom: milestones put down, subscriptions, a channel that does as it is told."""

import asyncio
import itertools
import uuid
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from services.alerts.delivery import subscriptions
from services.alerts.delivery.fanout import fan_out
from services.alerts.delivery.matching import Criteria
from services.alerts.delivery.message import Kind, Outcome
from services.alerts.store import milestones as milestone_store
from services.alerts.store import subscriptions as subscription_store
from services.alerts.store.subscriptions import KAFKA, State
from services.alerts.store.tables import attempts, deliveries, messages, milestones
from services.alerts.store.tables import subscriptions as subscriptions_table
from shared import catalogue as catalogues
from shared.cloudevents import type_of
from shared.database import insert_new
from shared.events import MilestoneChanged
from tests.builders import NOW, milestone_changed

CATALOGUE = catalogues.load()


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def move(self, **by):
        self.now += timedelta(**by)


def entropy():
    """Bytes that never repeat, and are the same in every run."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


async def put_down(engine, now=NOW, **overrides):
    """What intake leaves behind: one revision of a milestone, and its message. Gives the message's id."""
    change = milestone_changed(**overrides)
    async with engine.begin() as connection:
        milestone = {
            "id": change.milestone_id,
            "process": change.process,
            "code": change.code,
            "test": change.test,
            "status": change.status,
            "revision": change.revision,
            "opened_by": "t1",
            "first_seen": change.first_seen,
            "last_seen": change.last_seen,
            "confidence": change.confidence,
            "what": change.what.model_dump(mode="json"),
            "sources": [source.model_dump(mode="json") for source in change.sources],
            "updated_at": now,
        }
        await insert_new(connection, milestones, [milestone])
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{change.milestone_id}|{change.revision}"))
        await milestone_store.add_revision(connection, name, type_of(MilestoneChanged), change, now=now)
    return name


async def put_down_many(engine, number, now=NOW):
    """So many milestones, one revision each, put down one after the other."""
    return [
        await put_down(engine, now + timedelta(milliseconds=index), milestone_id=f"m{index:05}")
        for index in range(number)
    ]


async def subscribed(engine, name="receiver", *, state=State.ACTIVE, channel="webhook", now=NOW, **criteria):
    """A subscription that stands where it is wanted, without a test. Gives its id."""
    subscription_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    async with engine.begin() as connection:
        await subscription_store.add(
            connection,
            subscription_id,
            name=name,
            channel=channel,
            target={"url": f"http://{name}.example/hook", "secrets": []},
            criteria=Criteria(**criteria),
            state=state,
            now=now,
        )
    return subscription_id


async def asked_for(engine, url="https://hooks.example/parley", now=NOW, **wish):
    """A subscription as a user creates it: unverified, owed a test. Gives its row."""
    wish = subscriptions.Wish(url=url, **wish)
    row, _ = await subscriptions.create(engine, CATALOGUE, entropy(), wish, now, allow_loopback=True)
    return row


async def given_out(engine, now=NOW):
    """Fan out until nothing is open; gives the number of transactions."""
    turns = 0
    while await fan_out(engine, now):
        turns += 1
    return turns


async def rows(engine, table, *columns):
    async with engine.connect() as connection:
        return (await connection.execute(select(*(columns or (table,))))).all()


async def owed(engine, subscription_id=None):
    """The deliveries in order of sequence: of one subscription, or of all but the built-in one."""
    found = [
        row
        for row in await rows(engine, deliveries)
        if (row.subscription_id == subscription_id if subscription_id else row.subscription_id != KAFKA)
    ]
    return sorted(found, key=lambda row: (row.subscription_id, row.sequence))


async def states(engine, subscription_id=None):
    return Counter(row.state for row in await owed(engine, subscription_id))


async def tries(engine, subscription_id=None):
    """The attempts in order of time: at what is owed to one subscription, or to all but the built-in one."""
    ids = {row.id for row in await owed(engine, subscription_id)}
    found = [row for row in await rows(engine, attempts) if row.delivery_id in ids]
    return sorted(found, key=lambda row: (row.started_at, row.id))


async def standing(engine, subscription_id):
    """The row of one subscription."""
    (found,) = [row for row in await rows(engine, subscriptions_table) if row.id == subscription_id]
    return found


async def open_messages(engine):
    return [row.id for row in await rows(engine, messages) if not row.fanned_out]


async def until(condition):
    """Wait for what a running sender does; the test's own time limit ends it."""
    while not await condition():
        await asyncio.sleep(0.01)


OK = Outcome(Kind.DELIVERED, 200, "ok")


class FakeChannel:
    """Answers as told, by the receiver's host: an outcome, a list of outcomes (the last one repeats), or an exception.

    While ``gate`` is closed every answer is held back; it closes by itself after ``answers_at_most`` messages.
    """

    def __init__(self, answers=None, *, otherwise=OK, answers_at_most=None):
        self.answers = answers or {}
        self.otherwise = otherwise
        self.sent = []
        self.in_flight = Counter()
        self.most_in_flight = Counter()
        self.gate = asyncio.Event()
        self.gate.set()
        self.answers_at_most = answers_at_most

    async def send(self, message, now):
        self.sent.append(message)
        if len(self.sent) - 1 == self.answers_at_most:
            self.gate.clear()
        self.in_flight[message.url] += 1
        self.most_in_flight[message.url] = max(self.most_in_flight[message.url], self.in_flight[message.url])
        try:
            await self.gate.wait()
            return self._answer(message)
        finally:
            self.in_flight[message.url] -= 1

    def _answer(self, message):
        for part, answer in self.answers.items():
            if part in message.url:
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, list):
                    return answer.pop(0) if len(answer) > 1 else answer[0]
                return answer
        return self.otherwise

    @property
    def ids(self):
        return [message.id for message in self.sent]
