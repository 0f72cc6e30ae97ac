"""A consuming service of a test's own, on a real broker, whose topic may hold anything, down to bytes no client sends."""

import os
import subprocess
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.cloudevents import encode
from shared.redrive import open_mailbox
from shared.topics import dead_letters
from tests.builders import cloud_event, news
from tests.shared.test_consumer import Bench

BAD_NAME = """
import asyncio, sys
from aiokafka import AIOKafkaProducer

class Name(str):
    def encode(self, *_):
        return b"\\xff\\xfe"

async def send(bootstrap, topic, partition):
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, b"value", b"key", int(partition), headers=[(Name("name"), b"x")])

asyncio.run(send(*sys.argv[1:]))
"""
"""Sends a record whose header has a name that is not UTF-8, as clients in other languages can."""


def good(name, key="k"):
    """A record that can be read, as key, value and headers."""
    message = encode(cloud_event(news(article_id=name), id=name, key=key))
    return message.key, message.value, message.headers


def with_header(record, name, raw):
    """The record with one header replaced; in its place, so that the order stays."""
    key, value, headers = record
    return key, value, tuple((n, raw if n == name else r) for n, r in headers)


def without_header(record, name):
    key, value, headers = record
    return key, value, tuple((n, r) for n, r in headers if n != name)


class Poisoned(Bench):
    """Like any service: its handler remembers what it was given, in order; its dead letters go where they would."""

    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.letters = dead_letters(self.service)
        self.raw = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=16 * 1024 * 1024)

    async def put(self, *records, topic=None, partition=None):
        """Write records as they are: key, value and headers may be null."""
        for key, value, headers in records:
            await self.raw.send_and_wait(topic or self.topic.name, value, key, partition, headers=list(headers))

    def put_bad_name(self, partition=0):
        command = [sys.executable, "-c", BAD_NAME, self.bootstrap, self.topic.name, str(partition)]
        subprocess.run(command, env={**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"}, check=True)

    async def records(self, topic):
        """Everything in a topic of one partition."""
        at = TopicPartition(topic, 0)
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, max_partition_fetch_bytes=16 * 2**20) as consumer:
            consumer.assign([at])
            await consumer.seek_to_beginning(at)
            end = (await consumer.end_offsets([at]))[at]
            found = []
            while len(found) < end:
                found += (await consumer.getmany(timeout_ms=1000)).get(at, [])
            return found

    async def kept(self):
        """The letters of the service by their position."""
        async with open_mailbox(self.cluster, self.service) as box:
            return (await box.letters()).by_position

    async def until_kept(self, number):
        """The letters in their order, once there are so many."""
        async with open_mailbox(self.cluster, self.service) as box:
            while len(kept := (await box.letters()).by_position) < number:
                pass
            return list(kept.values())
