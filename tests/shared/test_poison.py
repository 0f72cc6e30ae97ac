"""Poison on a real broker, each in the middle of good records: they arrive once and in order, it is kept and named."""

import asyncio
import random
from dataclasses import replace

import pytest

from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cloudevents import KafkaMessage
from shared.cluster import Cluster
from shared.deadletters import REDRIVEN
from shared.events import MeetingPublished, NewsPublished
from shared.redrive import open_mailbox, refusal
from shared.settling import Patience
from shared.topics import Topic
from tests.poisoned import Poisoned, good, with_header, without_header

MIB = 1024 * 1024
SCHEMA = b"urn:parley:schema:parley.news.published:2.0"
PATIENT = Patience(first_seconds=0.01, longest_seconds=0.05, batch_seconds=60)
TRUNCATED = (b"k", good("p")[1][:-9], good("p")[2])


@pytest.fixture
async def room(kafka):
    room = Poisoned(kafka.bootstrap)
    room.topic = Topic(f"{room.service}.in", "article", NewsPublished, partitions=1, max_bytes=8 * MIB)
    await ensure_topics(Cluster(kafka.bootstrap), [room.topic, room.letters])
    await room.raw.start()
    yield room
    await room.raw.stop()
    await room.producer.stop()


async def redrive(room):
    """Send again what is not settled yet."""
    async with open_mailbox(Cluster(room.bootstrap), room.service) as box:
        letters = [one for one in (await box.letters()).by_position.values() if one.settled is None]
        assert [refusal(one, box.topics, force=False) for one in letters] == [None] * len(letters)
        return await box.redrive(letters, utc_now, lambda _: None)


def in_the_middle(poison):
    """Two keys, each with a good record before and behind."""
    return [good("a1", "a"), good("b1", "b"), poison, good("a2", "a"), good("b2", "b")]


@pytest.mark.parametrize(
    ("poison", "fault"),
    [
        pytest.param(TRUNCATED, "broken_json", id="broken JSON"),
        pytest.param((b"k", b"\xff\xfe\x00", good("p")[2]), "broken_json", id="bytes that are no text"),
        pytest.param((None, b"[1,2]", good("p")[2]), "invalid_data", id="other data, without key"),
        pytest.param(with_header(good("p"), "ce_dataschema", SCHEMA), "unsupported_schema", id="schema of version 2"),
        pytest.param(without_header(good("p"), "ce_id"), "missing_header", id="header missing"),
        pytest.param((b"k", good("p")[1], ()), "missing_header", id="no headers at all"),
        pytest.param(with_header(good("p"), "ce_source", None), "null_header", id="null header"),
        pytest.param(with_header(good("p"), "ce_type", b"\xff"), "header_not_utf8", id="header not UTF-8"),
        pytest.param((b"k", None, good("p")[2]), "tombstone", id="tombstone"),
        pytest.param((b"k", b"[" * 200_000, good("p")[2]), "broken_json", id="nested too deep"),
        pytest.param((b"k", b"x" * 3 * MIB, good("p")[2]), "broken_json", id="over the usual size"),
    ],
)
async def test_what_cannot_be_read_is_kept_whole_and_nothing_else_suffers(room, poison, fault):
    await room.put(*in_the_middle(poison))
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 4)
    assert room.handled == ["a1", "b1", "a2", "b2"]
    assert await room.committed() == 5
    (letter,) = (await room.kept()).values()
    assert (letter.position, letter.error, letter.attempts) == (f"{room.topic.name}/0/2", fault, 1)
    assert (letter.topic, letter.partition, letter.offset, letter.key) == (room.topic.name, 0, 2, poison[0])
    assert letter.time <= utc_now()

    assert (await redrive(room)).sent == 1
    sent = (await room.records(room.topic.name))[-1]
    assert (sent.key, sent.value, sent.headers) == (*poison[:2], (*poison[2], (REDRIVEN, b"1")))
    assert (await redrive(room)).sent == 0


async def test_a_record_too_large_for_any_letter_is_named_and_stays_where_it_is(room):
    await room.put(*in_the_middle((b"k", b"x" * 5 * MIB, good("p")[2])))
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 4)
    assert await room.committed() == 5
    (letter,) = (await room.kept()).values()
    assert (letter.error, letter.withheld, letter.size, letter.key) == ("broken_json", True, 5 * MIB, b"k")
    assert f"lies at {room.topic.name}/0/2" in refusal(letter, {room.topic.name}, force=True)


async def test_a_header_whose_name_is_no_text_stops_no_partition_and_loses_nothing_of_others(kafka, room):
    partitions = range(8)  # that the client takes the poisoned one first, and so nothing beside it, is unlikely
    room.topic = replace(room.topic, name=f"{room.service}.split", partitions=len(partitions))
    await ensure_topics(Cluster(kafka.bootstrap), [room.topic])
    for partition in partitions:
        await room.put(good(f"{partition}-1"), good(f"{partition}-2"), partition=partition)
    room.put_bad_name(partition=1)
    for partition in partitions:
        await room.put(good(f"{partition}-3"), partition=partition)
    async with room.consuming() as consumer:
        await room.until(lambda: len(room.handled) >= 3 * len(partitions))
        assert await consumer.probe() is None
    assert len(room.handled) == 3 * len(partitions)
    for partition in partitions:
        mine = [name for name in room.handled if name.startswith(f"{partition}-")]
        assert mine == [f"{partition}-{number}" for number in (1, 2, 3)]
    (letter,) = (await room.kept()).values()
    assert (letter.position, letter.error) == (f"{room.topic.name}/1/2", "unreadable_record")
    assert letter.withheld


async def test_a_record_that_always_breaks_the_handler_is_kept_and_comes_through_once_mended(room):
    tries = []

    def trouble(event):
        if event.id == "bad":
            tries.append(event)
            raise ValueError("this one breaks the handler")

    room.trouble = trouble
    room.patience = replace(PATIENT, batch_seconds=2)
    await room.put(*in_the_middle(good("bad", "a")))
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 4)
    assert room.handled == ["a1", "b1", "a2", "b2"]
    assert await room.committed() == 5
    (letter,) = (await room.kept()).values()
    assert (letter.error, letter.detail, letter.key) == ("ValueError", "this one breaks the handler", b"a")
    assert letter.attempts == len(tries) > 1

    room.trouble = lambda event: None
    assert (await redrive(room)).sent == 1
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 5)
    assert room.handled[-1] == "bad"
    assert await room.committed() == 6


async def test_a_handler_that_fails_for_a_while_loses_and_keeps_nothing(room):
    failures = []

    def trouble(event):
        if len(failures) < 3:
            failures.append(event.id)
            raise RuntimeError("the disk is tired")

    room.trouble = trouble
    room.patience = PATIENT
    await room.put(*in_the_middle(good("middle")))
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 5)
    assert room.handled == ["a1", "b1", "middle", "a2", "b2"]
    assert await room.committed() == 5
    assert await room.kept() == {}


async def test_a_stop_while_the_handler_fails_gives_nothing_up(room):
    failing = asyncio.Event()

    def trouble(event):
        failing.set()
        raise RuntimeError("not yet")

    room.trouble = trouble
    room.patience = PATIENT
    await room.put(good("one"), good("two"))
    async with room.consuming():
        await failing.wait()
    assert await room.committed() is None
    assert await room.kept() == {}

    room.trouble = lambda event: None
    async with room.consuming():
        await room.until(lambda: len(room.handled) == 2)
    assert room.handled == ["one", "two"]


async def test_what_an_old_reader_could_not_read_comes_through_after_the_upgrade(room):
    of_news, room.topic = room.topic, replace(room.topic, carries=MeetingPublished)
    await room.put(good("ahead of its time"))
    async with room.consuming():
        (letter,) = await room.until_kept(1)
    assert letter.error == "unexpected_type"

    room.topic = of_news
    assert (await redrive(room)).sent == 1
    async with room.consuming():
        await room.until(lambda: room.handled)
    assert room.handled == ["ahead of its time"]


async def test_what_comes_back_is_a_new_letter_that_counts_until_it_is_refused(room):
    await room.put(TRUNCATED)
    async with room.consuming():
        for times in range(3):
            *_, newest = await room.until_kept(times + 1)
            assert newest.redriven == times
            assert (await redrive(room)).sent == 1
        *_, newest = await room.until_kept(4)
    assert "came back each time" in refusal(newest, {room.topic.name}, force=False)


async def test_what_its_topic_has_no_room_for_is_refused_and_the_rest_is_sent(kafka, room):
    small = Topic(f"{room.service}.small", "k", None, partitions=1, max_bytes=100_000)
    await ensure_topics(Cluster(kafka.bootstrap), [small])
    await room.put(good("first"), (b"k", random.Random(1).randbytes(200_000), ()), good("second"))
    room.trouble = lambda event: 1 / 0
    async with room.consuming():
        await room.until_kept(3)
    async with open_mailbox(Cluster(room.bootstrap), room.service) as box:
        letters = [replace(one, topic=small.name) for one in (await box.letters()).by_position.values()]
        outcome = await box.redrive(letters, utc_now, lambda _: None)
    assert outcome.sent == 2
    assert [reason for _, reason in outcome.refused] == [f"it is larger than {small.name} allows"]
    assert len(await room.records(small.name)) == 2


@pytest.mark.parametrize("large", ["value", "header", "value, where the topic allows less than it should"])
async def test_a_result_that_its_topic_has_no_room_for_is_kept_and_named(kafka, room, large):
    results = Topic(f"{room.service}.out", "k", None, partitions=1, max_bytes=100_000)
    await ensure_topics(Cluster(kafka.bootstrap), [results])
    if "less" in large:
        results = replace(results, max_bytes=MIB)
    blob = random.Random(1).randbytes(200_000)

    def result(event):
        if event.id != "bad":
            return KafkaMessage(b"k", b"small", ())
        return KafkaMessage(b"k", b"", (("h", blob),)) if large == "header" else KafkaMessage(b"k", blob, ())

    async def handle(events):
        room.handled += [event.id for event in events]
        return [(results, result(event)) for event in events]

    room.handle = handle
    await room.put(*in_the_middle(good("bad")))
    async with room.consuming():
        (letter,) = await room.until_kept(1)
        await room.until(lambda: room.handled[-1:] == ["b2"])
    assert (letter.error, letter.offset) == ("MessageTooLargeError", 2)
    assert {record.value for record in await room.records(results.name)} == {b"small"}
    assert await room.committed() == 5
