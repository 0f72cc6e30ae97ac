"""What happens to those who wait: nothing grows, nobody waits long, nothing is dropped."""

import asyncio
from collections import Counter
from http import HTTPStatus

import aiohttp
import psutil
import pytest

from tests.faults.readiness import blames, now
from tests.faults.report import Row

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLIENTS = 40
FLOOD_SECONDS = 20
A_FEW_SECONDS = 10  # on a machine that others use too; the broker's word is waited for 4.5 s
MEBIBYTE = 1024 * 1024
MOST_MEBIBYTES = 150
GROWTH_MEBIBYTES = 10
WAITING = 100


def resident(stack):
    """What each service holds in memory, in MiB."""
    return {name: psutil.Process(one.process.pid).memory_info().rss / MEBIBYTE for name, one in stack.services.items()}


async def watch_memory(stack, doing):
    """What each service holds twice a second, until something is done."""
    held = []
    while not doing.done():
        held.append(resident(stack))
        await asyncio.sleep(0.5)
    return {name: [one[name] for one in held] for name in stack.services}


def told(memory):
    return "RSS MiB: " + ", ".join(f"{name} {max(held):.0f}" for name, held in memory.items())


async def flood(client, texts, until):
    """Clients that never give up, each posting its own part again and again; how often each answer came."""
    heard = Counter()

    async def insist(session, part):
        while now() < until:
            status, wait, _ = await client.once(session, part)
            heard[status, wait > 0] += 1
            await asyncio.sleep(0.05)  # nobody waits as long as he was told to

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(insist(session, texts[number::CLIENTS]) for number in range(CLIENTS)))
    return heard


async def test_while_kafka_is_down_clients_are_sent_away_soon_and_nothing_grows(stack, table):
    stream, client = stack.stream("flood", 400), stack.client()
    heavy = [text | {"text": text["text"] + " No more was said of it." * 400} for text in stream.texts]
    await asyncio.to_thread(stack.broker.stop)
    flooding = asyncio.create_task(flood(client, heavy, now() + FLOOD_SECONDS))
    memory = await watch_memory(stack, flooding)
    heard = await flooding
    assert set(heard) == {(HTTPStatus.SERVICE_UNAVAILABLE, True)}
    slowest = client.slowest
    assert slowest < A_FEW_SECONDS
    for name, held in memory.items():
        assert max(held) < MOST_MEBIBYTES, (name, held)
        half = len(held) // 2
        assert max(held[half:]) - max(held[:half]) < GROWTH_MEBIBYTES, (name, held)
    began = now()
    await asyncio.to_thread(stack.broker.start)
    recovery = await stack.ready(began)
    await client.post(stream.texts)
    accounted = await stack.accounts.settled(stream, client.accepted)
    table.append(
        Row(
            f"Kafka down, {CLIENTS} clients post on and on",
            1,
            len(stream.texts),
            accounted,
            stack.accounts.seen_again(),
            f"{recovery:.1f}",
            "yes",
            f"{heard.total()} × 503 with Retry-After, slowest {slowest:.1f} s; {told(memory)}",
        )
    )


async def lag_of_alerts(session, url):
    """As people see it in ``/status``, and as Prometheus does."""
    async with session.get(f"{url}/status") as answer:
        shown = (await answer.json())["lag"]["parley.classified.v1"]
    async with session.get(f"{url}/metrics") as answer:
        (line,) = (
            line
            for line in (await answer.text()).splitlines()
            if line.startswith('parley_consumer_lag{service="alerts",topic="parley.classified.v1"}')
        )
    return shown, float(line.split()[-1])


async def test_while_the_database_is_down_alerts_waits_its_lag_shows_and_nothing_is_dropped(stack, table):
    stream, client = stack.stream("waiting", WAITING), stack.client()
    classify, alerts = stack.services["classify"], stack.services["alerts"]
    await asyncio.to_thread(classify.stop)
    await client.post(stream.texts)  # they wait in Kafka
    began = now()
    await asyncio.to_thread(stack.postgres.stop, "fast")
    await stack.watch.hear("alerts", blames("database", "database does not answer"), began)
    classify.start()
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while await lag_of_alerts(session, alerts.url) != (WAITING, WAITING):
            await asyncio.sleep(0.2)
        memory = await watch_memory(stack, asyncio.create_task(asyncio.sleep(35)))  # longer than patience with a batch
        assert await lag_of_alerts(session, alerts.url) == (WAITING, WAITING)
    for name, held in memory.items():
        assert max(held) - held[0] < GROWTH_MEBIBYTES, (name, held)
    began = now()
    await asyncio.to_thread(stack.postgres.start)
    recovery = await stack.ready(began)
    accounted = await stack.accounts.settled(stream, client.accepted)
    table.append(
        Row(
            "PostgreSQL down while alerts has work",
            1,
            WAITING,
            accounted,
            stack.accounts.seen_again(),
            f"{recovery:.1f}",
            "yes, named the database",
            f"lag {WAITING} in /status and /metrics for 35 s; {told(memory)}",
        )
    )
