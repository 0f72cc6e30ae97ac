"""The whole service and its commands, as processes on a real broker."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import suppress

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.broker import free_port
from services.ingest.store import MIGRATIONS
from shared.cloudevents import decode
from shared.database import make_engine, migrate
from shared.keys import hashed
from shared.topics import MEETINGS, NEWS
from tests.ingest.builders import raw_news

PARLEY = (sys.executable, "-c", "from services.cli.main import main; main()")


@pytest.fixture
def environment(topics, tmp_path) -> dict:
    """What a service and its commands are told: a broker, and a data directory of their own."""
    port = free_port()
    return {
        **os.environ,
        "PARLEY_VAR": str(tmp_path),
        "KAFKA_BOOTSTRAP": topics.bootstrap,
        "PARLEY_INGEST_PORT": str(port),
        "PARLEY_INGEST_URL": f"http://127.0.0.1:{port}",
        "PARLEY_API_KEY": "parley_desk",
        "PARLEY_API_KEYS": str(hashed("desk", ["publish"], "parley_desk")),
    }


@pytest.fixture
async def migrated(environment, tmp_path) -> dict:
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")
    await migrate(engine, MIGRATIONS)
    await engine.dispose()
    return environment


def ingest(environment, *arguments, stdin: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [*PARLEY, "ingest", *arguments], env=environment, input=stdin, capture_output=True, text=True, check=False
    )


@pytest.fixture
def start(environment, tmp_path):
    """Start the service, and stop it again however the test ends."""
    started = []

    def run(**changes):
        output = (tmp_path / "service.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "services.ingest"], env=environment | changes, stdout=output, stderr=output
        )
        output.close()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


async def readiness(environment, process, *, until: int) -> dict:
    """The first answer of ``/readyz`` with this status."""
    async with httpx.AsyncClient(base_url=environment["PARLEY_INGEST_URL"]) as client, asyncio.timeout(60):
        while True:
            assert process.poll() is None, "the service ended"
            with suppress(httpx.TransportError):
                answer = await client.get("/readyz")
                if answer.status_code == until:
                    return answer.json()
            await asyncio.sleep(0.1)


async def published(bootstrap, topic, marker) -> list:
    """The events of a topic whose text holds a marker."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        events = []
        while any([await consumer.position(at) < ends[at] for at in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                events += [decode((topic.carries,), record.headers, record.value) for record in records]
        return [event for event in events if marker in event.data.model_dump_json()]
    finally:
        await consumer.stop()


async def test_a_posted_text_is_on_the_topic_when_the_client_is_answered(topics, migrated, start):
    process = start()
    assert await readiness(migrated, process, until=200) == {
        "status": "ready",
        "checked": ["database", "kafka", "topics"],
    }
    marker = uuid.uuid4().hex
    address = f"https://herald.example/{marker}"
    posted = ingest(
        migrated, "post", "--title", "Truce", "--text", "They signed.", "--url", address, "--published-at", "2026-03-02"
    )
    assert posted.returncode == 0, posted.stderr
    [event] = await published(topics.bootstrap, NEWS, marker)
    assert event.id == json.loads(posted.stdout)["accepted"][0]["event_id"]
    assert (event.data.title, event.data.source, event.subject) == ("Truce", "desk", address)

    meeting = json.dumps({"uid": marker, "publisher": "Ministry", "title": "Talks", "starts_at": "2026-03-09"})
    assert ingest(migrated, "post", "--kind", "meetings", stdin=meeting).returncode == 0
    assert len(await published(topics.bootstrap, MEETINGS, "Ministry")) >= 1

    refused = ingest(migrated, "post", "--title", "Truce", "--url", "ftp://herald.example")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["status"] == 422

    address = migrated["PARLEY_INGEST_URL"]
    async with httpx.AsyncClient(base_url=address) as client:
        status = (await client.get("/status")).json()
        metrics = (await client.get("/metrics")).text
    assert status["since_start"]["news"] == {"published": 1, "duplicate": 0, "rejected": 1}
    assert 'parley_ingest_items_total{kind="news",outcome="published"} 1.0' in metrics

    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


async def test_the_service_starts_without_kafka_or_tables_and_says_what_is_missing(environment, start):
    environment["KAFKA_BOOTSTRAP"] = f"127.0.0.1:{free_port()}"
    process = start()
    failing = (await readiness(environment, process, until=503))["failing"]
    assert failing["database"].endswith("run `parley ingest migrate`")
    assert "does not answer" in failing["kafka"]
    assert "topics" in failing
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_a_busy_port_is_one_sentence(environment):
    with socket.create_server(("127.0.0.1", int(environment["PARLEY_INGEST_PORT"]))):
        done = subprocess.run(
            [sys.executable, "-m", "services.ingest"], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    port = environment["PARLEY_INGEST_PORT"]
    assert done.stderr == f"cannot start: port {port} of 127.0.0.1 cannot be used: Address already in use\n"


async def test_a_backfill_publishes_what_is_new_and_says_what_it_refused(topics, migrated, tmp_path):
    marker = uuid.uuid4().hex
    texts = [raw_news(url=f"https://herald.example/{marker}/{number}") for number in range(1200)]
    file = tmp_path / "texts.jsonl"
    file.write_text("\n".join(json.dumps(text) for text in [*texts, texts[0], *({"title": "a"} for _ in range(25))]))
    rejects = tmp_path / "rejects.jsonl"

    done = ingest(migrated, "backfill", str(file), "--rejects", str(rejects), "--format", "json")
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["published"], summary["duplicates"], summary["rejected"]) == (1200, 1, 25)
    assert (len(summary["rejects"]), summary["rejects_not_shown"]) == (20, 5)
    assert summary["rejects"][0] == {
        "file": str(file),
        "line": 1202,
        "reason": "published_at: Field required; text: Field required",
    }
    assert len(rejects.read_text().splitlines()) == 25

    again = ingest(migrated, "backfill", str(file))
    assert again.returncode == 1
    assert "and 5 more; --rejects FILE writes them all" in again.stdout
    assert f"{file}:1202: published_at: Field required" in again.stdout
    assert len(await published(topics.bootstrap, NEWS, marker)) == 1200


def test_a_backfill_without_tables_says_which_command_to_run(environment, tmp_path):
    file = tmp_path / "texts.jsonl"
    file.write_text(json.dumps(raw_news()))
    done = ingest(environment, "backfill", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "the database is at revision none, not 0001; run `parley ingest migrate`\n"
    assert ingest(environment, "migrate").returncode == 0
    assert ingest(environment, "backfill", str(file)).returncode == 0


def test_a_backfill_without_kafka_is_one_sentence(migrated, tmp_path):
    file = tmp_path / "texts.jsonl"
    file.write_text(json.dumps(raw_news()))
    done = ingest(migrated | {"KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}"}, "backfill", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Kafka at 127.0.0.1:")
    assert done.stderr.count("\n") == 1


def test_posting_to_nobody_is_one_sentence(environment):
    done = ingest(environment, "post", "--title", "Truce")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ingest at http://127.0.0.1:")
    assert done.stderr.count("\n") == 1
