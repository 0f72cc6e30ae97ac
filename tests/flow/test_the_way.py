"""From a posted text to a verified webhook, through three processes on real Kafka and PostgreSQL."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg

from deploy.local.suite import behind
from tests.flow.conftest import SECRET, receiving

NOW = datetime.now(UTC)

MAY_COME = {
    "url": "https://courier.example/envoys-to-meet",
    "published_at": NOW.isoformat(),
    "title": "Ukrainian and Russian envoys to meet in Geneva",
    "text": (
        "Ukrainian and Russian envoys are expected to gather in Geneva next week for a new round of talks that could "
        "lead to a ceasefire. Diplomats hope that a truce may follow, though any deal would still have to be approved "
        "by parliament. No agreement is certain, and sanctions are likely to remain a point of dispute."
    ),
}
SIGNED = {
    "url": "https://herald.example/ceasefire-signed",
    "published_at": NOW.isoformat(),
    "title": "Ukraine and Russia sign ceasefire",
    "text": "Ukraine and Russia signed a ceasefire in Geneva on Sunday, and the guns fell silent at midnight.",
}


async def until(condition, seconds=60):
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


async def settled(suite):
    async def nothing_left():
        return not any((await behind(suite.settings["KAFKA_BOOTSTRAP"])).values())

    await until(nothing_left)


async def subscribe(suite, url, **criteria):
    body = {"name": "test", "url": url, "secret": SECRET, **criteria}
    created = await asyncio.to_thread(suite.call, "alerts", "POST", "/v1/subscriptions", body)

    async def verified():
        path = f"/v1/subscriptions/{created['id']}"
        return (await asyncio.to_thread(suite.call, "alerts", "GET", path))["state"] == "active"

    await until(verified)
    return created["id"]


async def post(suite, *texts):
    return await asyncio.to_thread(suite.call, "ingest", "POST", "/v1/news", list(texts))


async def test_a_ceasefire_that_may_come_is_silent_and_one_that_was_signed_is_told_once(suite):
    async with receiving() as (url, received):
        await subscribe(
            suite, url, processes=["ukraine"], codes=["ceasefire_agreed"], statuses=["reported", "confirmed"]
        )
        received.clear()  # the endpoint's test message

        answer = await post(suite, MAY_COME, SIGNED, SIGNED)
        assert [one["duplicate"] for one in answer["accepted"]] == [False, False, True]

        async def one_came():
            return len(received) >= 1

        await until(one_came)
        await settled(suite)
        await asyncio.sleep(1.5)  # long enough for a second one, had one been owed
        (message,) = received
        assert message["data"]["process"] == "ukraine"
        assert message["data"]["code"] == "ceasefire_agreed"
        assert message["data"]["status"] == "reported"
        assert [source["url"] for source in message["data"]["sources"]] == [SIGNED["url"]]

        listed = json.loads(suite.run("alerts", "milestones", "--format", "json").stdout)
        ceasefires = [one for one in listed if one["code"] == "ceasefire_agreed"]
        assert [(one["process"], one["status"]) for one in ceasefires] == [("ukraine", "reported")]
        assert "signed a ceasefire" in ceasefires[0]["sources"][0]["quote"].lower() + SIGNED["text"]

        tailed = suite.run("topics", "tail", "milestones", "--from-start", "--no-follow", "--format", "json")
        told = [json.loads(line)["data"] for line in tailed.stdout.splitlines()]
        assert message["data"] in told


PROCESSES = ("ukraine", "gaza", "sudan", "yemen", "colombia")
RELEASES = {
    "ukraine": "Russia and Ukraine exchanged {n} prisoners of war on Monday",
    "gaza": "Hamas released {n} hostages to Israel on Monday",
    "sudan": "The Sudanese army and the RSF exchanged {n} prisoners in Sudan on Monday",
    "yemen": "The Houthis and the Yemeni government exchanged {n} prisoners in Yemen on Monday",
    "colombia": "The ELN released {n} hostages to the Colombian government on Monday",
}


def stream(number):
    """So many texts about releases of prisoners, from a hundred publishers, over a few hours."""
    return [
        {
            "url": f"https://paper{index % 100}.example/{index}",
            "published_at": (NOW - timedelta(minutes=index % 200)).isoformat(),
            "title": RELEASES[process].format(n=20 + index),
            "text": f"{RELEASES[process].format(n=20 + index)}, officials of both sides confirmed.",
            "language": "en",
        }
        for index, process in ((i, PROCESSES[i % len(PROCESSES)]) for i in range(number))
    ]


async def test_kills_in_the_middle_lose_nothing_and_tell_nobody_twice(suite, postgres_url):
    texts = stream(1000)
    async with receiving() as (url, received):
        await subscribe(suite, url, codes=["prisoner_exchange"])
        received.clear()

        async def kill_and_restart():
            for service in (suite.services[name] for name in ("classify", "alerts") * 2):
                await asyncio.sleep(0.7)
                await asyncio.to_thread(service.kill)
                await asyncio.to_thread(service.start)

        killing = asyncio.create_task(kill_and_restart())
        accepted = []
        for start in range(0, len(texts), 50):
            accepted += (await post(suite, *texts[start : start + 50]))["accepted"]
            await asyncio.sleep(0.1)
        await killing
        for service in suite.services.values():
            await asyncio.to_thread(service.wait_until_ready)
        await settled(suite)

        assert len({one["event_id"] for one in accepted}) == len(texts)
        connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))

        async def nothing_owed():
            return not await connection.fetchval(
                "SELECT (SELECT count(*) FROM deliveries WHERE state = 'pending')"
                " + (SELECT count(*) FROM messages WHERE NOT fanned_out)"
            )

        try:
            await until(nothing_owed)
            read = {row["text_id"] for row in await connection.fetch("SELECT text_id FROM readings")}
            assert read == {one["id"] for one in accepted}
            milestones = await connection.fetch(
                "SELECT process, status FROM milestones WHERE code = 'prisoner_exchange'"
            )
            assert sorted((row["process"], row["status"]) for row in milestones) == [
                (process, "confirmed") for process in sorted(PROCESSES)
            ]
            revisions = await connection.fetch("SELECT milestone_id, number FROM revisions")
            assert len(set(map(tuple, revisions))) == len(revisions)
            owed = {
                row["id"]
                for row in await connection.fetch(
                    "SELECT d.id FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id"
                    " JOIN messages m ON m.id = d.message_id"
                    " WHERE s.channel = 'webhook' AND m.type <> 'parley.test.v1'"
                )
            }
        finally:
            await connection.close()
        assert {one["webhook_id"] for one in received} == owed
        told = {(one["data"]["milestone_id"], one["data"]["revision"]) for one in received}
        assert len(told) == len(owed)
