"""What happens when a part is killed, stopped, doubled, or has no room, while 5,000 texts go through."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

import pytest

from tests.faults.effects import next_effect
from tests.faults.readiness import READY, SILENT, blames, now
from tests.faults.report import Row, spread
from tests.faults.servers import no_room, until_ended

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

KILLS = 10


@dataclass
class Kills:
    """What the kills of one service came to: seconds from start to first effect, and how many found work unsettled."""

    recoveries: list[float] = field(default_factory=list)
    between: int = 0


async def kill_again_and_again(stack, name, dice):
    """Kill -9, look at the books, start again; every second time between an effect and what settles it.

    The other kills come at a random moment of the half second after an effect.
    """
    service, kills = stack.services[name], Kills()
    started_at = None
    for number in range(KILLS):
        async with next_effect(name, stack.broker.bootstrap, stack.postgres.url) as effect:
            if number:
                started_at = now()
                service.start()
            async with asyncio.timeout(60):
                await effect()
            if started_at is not None:
                kills.recoveries.append(now() - started_at)
            if number % 2:
                await asyncio.sleep(dice.uniform(0, 0.5))
            service.kill()
        killed_at = now()
        kills.between += bool(await stack.accounts.at_kill(name))
        await stack.watch.hear(name, lambda answer: answer == SILENT, killed_at)
        assert not stack.watch.lies(name, killed_at, now()), f"{name} was dead, and said that it was ready"
    started_at = now()
    service.start()
    kills.recoveries.append(await stack.watch.ready([name], started_at))
    return kills


def row_of_kills(name, kills, texts, accounted, again):
    note = f"{kills.between} of {KILLS} left effects that were not settled yet"
    return Row(f"kill -9 of {name}", KILLS, texts, accounted, again, spread(kills.recoveries), "yes", note)


async def test_ingest_is_killed_ten_times_and_every_text_is_published_once(stack, table, dice):
    stream, client = stack.stream("ingest", 1200), stack.client()
    posting = asyncio.create_task(client.post(stream.texts, at_once=100, seconds=24))
    kills = await kill_again_and_again(stack, "ingest", dice)
    await posting
    accounted = await stack.accounts.settled(stream, client.accepted)
    row = row_of_kills("ingest", kills, len(stream.texts), accounted, stack.accounts.seen_again())
    row.note += f"; clients found nobody {client.refused['no answer']} times"
    table.append(row)


async def test_classify_and_alerts_are_killed_ten_times_each_and_nothing_is_lost_or_told_twice(stack, table, dice):
    stream, client = stack.stream("consumers", 1600), stack.client()
    posting = asyncio.create_task(client.post(stream.texts, at_once=5, seconds=110))
    classify, alerts = await asyncio.gather(
        kill_again_and_again(stack, "classify", dice),
        kill_again_and_again(stack, "alerts", dice),
    )
    await posting
    accounted = await stack.accounts.settled(stream, client.accepted)
    table.append(row_of_kills("classify", classify, len(stream.texts), accounted, stack.accounts.seen_again()))
    table.append(row_of_kills("alerts", alerts, "the same", accounted, "see above"))


async def outage(stack, stop, start, confessions):
    """Stop something, hear every service say so, start it again, hear every service be ready again.

    Gives the seconds from its start, that included, to the last service's readiness.
    """
    began = now()
    await asyncio.to_thread(stop)
    stopped_at = now()
    for name, confession in confessions.items():
        confessed_at = await stack.watch.hear(name, confession, began)
        await asyncio.sleep(1)
        assert not stack.watch.lies(name, max(confessed_at, stopped_at), now()), f"{name} took its word back"
    began = now()
    await asyncio.to_thread(start)
    return await stack.ready(began)


async def goes_away_and_comes_back(stack, table, part, fault, stops, start, confessions):
    """Stop a server in each of several ways while 600 texts go through: no service restarts, clients come again."""
    stream, client = stack.stream(part, 600), stack.client()
    before = {name: service.process.pid for name, service in stack.services.items()}
    posting = asyncio.create_task(client.post(stream.texts, seconds=20))
    recoveries = []
    for stop in stops:
        await asyncio.sleep(2)
        recoveries.append(await outage(stack, stop, start, confessions))
    await posting
    accounted = await stack.accounts.settled(stream, client.accepted)
    assert {name: service.process.pid for name, service in stack.services.items()} == before
    assert client.refused["503"]
    table.append(
        Row(
            fault,
            len(stops),
            len(stream.texts),
            accounted,
            stack.accounts.seen_again(),
            spread(recoveries),
            f"yes, named the {part}",
            f"{client.refused['503']} × 503; slowest answer {client.slowest:.1f} s",
        )
    )


async def test_the_broker_goes_away_and_comes_back(stack, table):
    names_the_broker = {
        "ingest": blames("kafka", stack.broker.bootstrap),
        "classify": blames("broker", stack.broker.bootstrap),
        "alerts": blames("broker", stack.broker.bootstrap),
    }
    await goes_away_and_comes_back(
        stack,
        table,
        "broker",
        "broker stopped, then killed",
        [partial(stack.broker.stop, kill=kill) for kill in (False, True)],
        stack.broker.start,
        names_the_broker,
    )


async def test_postgresql_goes_away_and_comes_back(stack, table):
    await goes_away_and_comes_back(
        stack,
        table,
        "database",
        "PostgreSQL stopped, then crashed",
        [partial(stack.postgres.stop, mode) for mode in ("fast", "immediate")],
        stack.postgres.start,
        {name: blames("database", "database does not answer") for name in ("ingest", "alerts")},
    )


async def test_a_second_copy_of_each_consumer_joins_and_is_killed(stack, table):
    stream, client = stack.stream("copies", 600), stack.client()
    posting = asyncio.create_task(client.post(stream.texts, at_once=5, seconds=20))
    await asyncio.sleep(1)
    copies = [stack.second(name) for name in ("classify", "alerts")]
    try:
        for copy in copies:
            copy.start()
        for copy in copies:  # ready: it has partitions, so the first copy gave some up
            await asyncio.to_thread(copy.wait_until_ready)
        await stack.ready(now())  # and the first copies kept some
        await asyncio.sleep(3)
    finally:
        for copy in copies:
            copy.kill()
    killed_at = now()
    await posting
    accounted = await stack.accounts.settled(stream, client.accepted)
    table.append(
        Row(
            "second copy of classify and of alerts joins, is killed",
            2,
            len(stream.texts),
            accounted,
            stack.accounts.seen_again(),
            f"{now() - killed_at:.1f} until all was told",
            "yes",
            "2 rebalances of each group",
        )
    )


async def test_the_disk_is_full_under_kafkas_log_and_under_the_services_logs(stack, table):
    stream, client = stack.stream("disk", 400), stack.client()
    posting = asyncio.create_task(client.post(stream.texts, seconds=10))
    await asyncio.sleep(1)
    began = now()
    limited = [no_room(service.process, grown=service.log) for service in stack.services.values()]
    for one in limited:
        one.__enter__()
    sizes = {name: service.log.stat().st_size for name, service in stack.services.items()}
    with no_room(stack.broker._process):
        ended = await asyncio.to_thread(until_ended, stack.broker._process, 60)
    assert ended, "Kafka gives up where it cannot write"
    for name in stack.services:
        confessed_at = await stack.watch.hear(name, lambda answer: answer != READY, began)
        await asyncio.sleep(1)
        assert not stack.watch.lies(name, confessed_at, now()), f"{name} took its word back"
    assert {name: service.log.stat().st_size for name, service in stack.services.items()} == sizes
    assert [service.process.poll() for service in stack.services.values()] == [None] * 3
    for one in limited:
        one.__exit__(None, None, None)
    await asyncio.to_thread(stack.broker.stop)
    began = now()
    await asyncio.to_thread(stack.broker.start)
    recovery = await stack.ready(began)
    await posting
    accounted = await stack.accounts.settled(stream, client.accepted)
    table.append(
        Row(
            "disk full under Kafka's log and the services' logs",
            1,
            len(stream.texts),
            accounted,
            stack.accounts.seen_again(),
            f"{recovery:.1f}",
            "yes",
            "writes fail by a limit on file sizes",
        )
    )
