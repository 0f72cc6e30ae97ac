"""Poison in front of the real handlers: classify and alerts do their work around it, and on it once they are mended."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import select

import services.alerts
from services.alerts.consumer import intake
from services.alerts.store.tables import messages, readings
from services.classify import lexicon as lexicons
from services.classify.consumer import reader
from shared import catalogue as catalogues
from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cloudevents import decode, encode
from shared.cluster import Cluster
from shared.database import make_engine, migrate
from shared.events import NewsPublished, TextClassified
from shared.redrive import open_mailbox
from shared.topics import CLASSIFIED, Topic
from tests.builders import classified, cloud_event, news
from tests.poisoned import Poisoned, with_header, without_header

CATALOGUE = catalogues.load()
MIGRATIONS = Path(services.alerts.__file__).parent / "migrations"
FAULTS = {
    "broken_json": lambda key, value, headers: (key, value[:-9], headers),
    "invalid_data": lambda key, value, headers: (key, b"{}", headers),
    "unsupported_schema": lambda *record: with_header(record, "ce_dataschema", b"urn:parley:schema:any:2.0"),
    "missing_header": lambda *record: without_header(record, "ce_source"),
    "null_header": lambda *record: with_header(record, "ce_id", None),
    "header_not_utf8": lambda *record: with_header(record, "ce_partitionkey", b"\xff"),
    "tombstone": lambda key, value, headers: (key, None, headers),
}
"""Ways to break a record, by the name of the fault."""


class Room(Poisoned):
    """A room whose handler is a service's own, but for one text that it cannot digest."""

    def __init__(self, bootstrap, carries):
        super().__init__(bootstrap)
        self.topic = Topic(f"{self.service}.in", "as the service's", carries, partitions=1)
        self.indigestible = self.name("bad")

    def name(self, text):
        """The id of a text, which no other test has."""
        return f"{self.service}-{text}"

    def digesting(self, handle):
        async def digest(events):
            if any(event.id == self.indigestible for event in events):
                raise ZeroDivisionError("a rule divides by the number of mediators")
            results = await handle(events)
            self.handled += [event.id for event in events]
            return results

        self.handle = digest

    async def put_poison(self, good):
        """A good record, then each poison with a good one behind it, and in the middle what cannot be digested."""
        for number, break_it in enumerate(FAULTS.values()):
            await self.put(good(self.name(number)), break_it(*good(self.name("poison"))))
            if number == len(FAULTS) // 2:
                await self.put(good(self.indigestible))
        await self.put(good(self.name("last")))

    @property
    def expected(self):
        return [*(self.name(number) for number in range(len(FAULTS))), self.name("last")]

    async def check(self):
        """Every poison is kept under its name, in order, and everything is committed."""
        errors = [letter.error for letter in (await self.kept()).values()]
        assert errors[: len(FAULTS)] == list(FAULTS)
        assert errors[len(FAULTS) :] == ["ZeroDivisionError"]
        assert await self.committed() == 2 * len(FAULTS) + 2

    async def mend_and_redrive(self):
        mended, self.indigestible = self.indigestible, None
        async with open_mailbox(Cluster(self.bootstrap), self.service) as box:
            letters = [one for one in (await box.letters()).by_position.values() if one.error == "ZeroDivisionError"]
            assert (await box.redrive(letters, utc_now, lambda _: None)).sent == 1
        return mended


@pytest.fixture
async def make_room(topics):
    rooms = []

    async def make(carries):
        room = Room(topics.bootstrap, carries)
        await ensure_topics(Cluster(topics.bootstrap), [room.topic, room.letters])
        await room.raw.start()
        rooms.append(room)
        return room

    yield make
    for room in rooms:
        await room.raw.stop()
        await room.producer.stop()


def as_record(event):
    message = encode(event)
    return message.key, message.value, message.headers


async def published(room):
    """The ids of the texts that this room's classify published readings of, in order."""
    async with AIOKafkaConsumer(
        CLASSIFIED.name, bootstrap_servers=room.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        found = []
        while any([await consumer.position(at) < end for at, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                events = [decode((TextClassified,), record.headers, record.value) for record in records]
                found += [event.data.text_id for event in events if event.data.text_id.startswith(room.service)]
        return found


async def test_classify_reads_every_text_around_poison_and_the_rest_once_mended(make_room):
    def good(name):
        return as_record(cloud_event(news(article_id=name), id=name))

    room = await make_room(NewsPublished)
    room.digesting(reader(CATALOGUE, lexicons.load()))
    await room.put_poison(good)
    async with room.consuming():
        await room.until(lambda: len(room.handled) == len(room.expected))
    await room.check()
    assert await published(room) == room.expected

    mended = await room.mend_and_redrive()
    async with room.consuming():
        await room.until(lambda: mended in room.handled)
    assert await published(room) == [*room.expected, mended]


async def test_alerts_takes_in_every_reading_around_poison_and_the_rest_once_mended(make_room, tmp_path):
    def good(name):
        data = classified(text_id=name, publisher="herald.example", fingerprint=None)
        return as_record(cloud_event(data, id=name, source="/parley/classify", key="ukraine"))

    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'alerts.db'}")
    await migrate(engine, MIGRATIONS)
    room = await make_room(TextClassified)
    room.digesting(intake(engine, CATALOGUE, utc_now, asyncio.Event()))
    await room.put_poison(good)
    async with room.consuming():
        await room.until(lambda: len(room.handled) == len(room.expected))
    await room.check()
    assert await stored(engine) == (sorted(room.expected), 1)

    mended = await room.mend_and_redrive()
    async with room.consuming():
        await room.until(lambda: mended in room.handled)
    assert await stored(engine) == (sorted([*room.expected, mended]), 1)
    await engine.dispose()


async def stored(engine):
    """The ids of the readings, and the number of messages: one publisher, however many texts, is told of once."""
    async with engine.connect() as connection:
        names = (await connection.execute(select(readings.c.event_id))).scalars().all()
        told = (await connection.execute(select(messages))).all()
    return sorted(names), len(told)
