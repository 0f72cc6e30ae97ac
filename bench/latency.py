"""POST → webhook received, next to the floor: two bare aiokafka hops on the same broker."""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.report import percentile, report
from deploy.local.broker import LocalBroker, free_port
from deploy.local.suite import Suite
from shared import catalogue as catalogues
from shared.admin import ensure_topics
from shared.clock import utc_now
from shared.cluster import Cluster
from shared.events import NewsPublished
from shared.topics import TOPICS, Topic

SIZES: Final = (25, 50, 75)
PAUSE_SECONDS: Final = 0.1
FIRST: Final = Topic("bench.first", "number", NewsPublished)
SECOND: Final = Topic("bench.second", "number", NewsPublished)
_REPORTS: Final = (
    ("{a} and {b} sign ceasefire", "{a} and {b} signed a ceasefire on Monday, both delegations said."),
    ("{a} and {b} exchange prisoners", "{a} and {b} exchanged 40 prisoners on Monday, both sides confirmed."),
    ("{a} and {b} sign peace agreement", "{a} and {b} signed a peace agreement on Monday, both delegations said."),
)


async def run(sizes: Sequence[int]) -> None:
    """Measure over growing numbers of texts, ten a second, each of which makes one milestone."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as directory, LocalBroker(Path(directory) / "kafka") as broker:
            await ensure_topics(Cluster(broker.bootstrap), [*TOPICS.values(), FIRST, SECOND])
            floor = await _floor(broker.bootstrap, size)
            whole = await _whole(Path(directory), broker.bootstrap, size)
        row = {"texts": size, "received": len(whole)}
        for name, values in (("floor", floor), ("parley", whole)):
            for share in (50, 99):
                row[f"{name} p{share} ms"] = round(1000 * percentile(values, share / 100), 2)  # type: ignore[assignment]
        rows.append({**row, "ratio": row["parley p50 ms"] / row["floor p50 ms"]})
    report(
        "latency",
        "POST to verified webhook, and two bare aiokafka hops, at 10 texts/s",
        rows,
        {"latency": rows[-1]["ratio"]},
        picture=["floor p50 ms", "parley p50 ms"],
    )


async def _floor(bootstrap: str, number: int) -> list[float]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=0)
    consumers = [
        AIOKafkaConsumer(t.name, bootstrap_servers=bootstrap, group_id=f"{t.name}.group", auto_offset_reset="earliest")
        for t in (FIRST, SECOND)
    ]
    for client in (producer, *consumers):
        await client.start()
    seconds: list[float] = []

    async def forward() -> None:
        async for record in consumers[0]:
            await (await producer.send(SECOND.name, record.value, record.key))

    async def arrive() -> None:
        async for record in consumers[1]:
            seconds.append(time.perf_counter() - float(record.value))
            if len(seconds) == number + 5:
                return

    forwarding, arriving = asyncio.create_task(forward()), asyncio.create_task(arrive())
    for index in range(number + 5):
        await producer.send(FIRST.name, repr(time.perf_counter()).encode(), str(index).encode())
        await asyncio.sleep(PAUSE_SECONDS)
    await arriving
    forwarding.cancel()
    await asyncio.gather(forwarding, return_exceptions=True)
    for client in (producer, *consumers):
        await client.stop()
    return seconds[5:]


async def _whole(directory: Path, bootstrap: str, number: int) -> list[float]:
    sent: dict[str, float] = {}
    arrived: dict[str, float] = {}
    done = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        now = time.perf_counter()
        data = json.loads(await request.read())["data"]
        for source in data.get("sources", ()):
            arrived.setdefault(source["url"], now)
        if len(arrived) >= number:
            done.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/webhook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    suite = Suite(directory / "suite", bootstrap)
    await asyncio.to_thread(suite.start)
    try:
        await asyncio.to_thread(
            suite.call, "alerts", "POST", "/v1/subscriptions", {"name": "b", "url": f"http://127.0.0.1:{port}/webhook"}
        )
        await asyncio.sleep(2)  # the endpoint answers its test
        url = f"{suite.services['ingest'].url}/v1/news"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {suite.key}"}) as session:
            for text in _texts(number):
                sent[text["url"]] = time.perf_counter()
                async with session.post(url, json=text) as answer:
                    answer.raise_for_status()
                await asyncio.sleep(PAUSE_SECONDS)
        async with asyncio.timeout(30):
            await done.wait()
    except TimeoutError:
        print(f"only {len(arrived)} of {number} milestones arrived")
    finally:
        await asyncio.to_thread(suite.stop)
        await runner.cleanup()
    return [arrived[url] - sent[url] for url in arrived]


def _texts(number: int) -> list[dict[str, str]]:
    processes = catalogues.load().processes.values()
    pairs = [(process, report) for report in _REPORTS for process in processes]
    now = utc_now().isoformat()
    return [
        {
            "url": f"https://herald.example/{index}",
            "published_at": now,
            "title": title.format(a=process.parties[0].name, b=process.parties[1].name),
            "text": text.format(a=process.parties[0].name, b=process.parties[1].name),
            "language": "en",
        }
        for index, (process, (title, text)) in enumerate(pairs[:number])
    ]
