"""The sender on both databases: everything that is owed arrives, under its own id, whatever happens in between."""

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from standardwebhooks import Webhook

from services.alerts.channels.webhook import WebhookChannel
from services.alerts.delivery import subscriptions
from services.alerts.delivery.message import Kind, Outcome
from services.alerts.delivery.sender import Sender
from services.alerts.delivery.tries import SLOTS
from services.alerts.store import claims as claim_store
from services.alerts.store.subscriptions import KAFKA
from services.alerts.store.tables import deliveries
from services.alerts.store.tables import subscriptions as subscription_table
from shared.clock import utc_now
from shared.database import make_engine, migrate
from shared.guard import GuardedClient
from tests.alerts.conftest import MIGRATIONS
from tests.alerts.owing import (
    CATALOGUE,
    FakeChannel,
    SetClock,
    asked_for,
    entropy,
    given_out,
    open_messages,
    owed,
    put_down,
    put_down_many,
    standing,
    states,
    subscribed,
    tries,
    until,
)
from tests.builders import NOW
from tests.receivers import receiver

LEASE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)
FAILED = Outcome(Kind.FAILED, 500, "answered 500")
OWN_FAULT = Outcome(Kind.OWN_FAULT, None, "the name service did not answer")
GONE = Outcome(Kind.GONE, 410, "answered 410")
OK = Outcome(Kind.DELIVERED, 200, "answered 200")


def sender_of(engine, channel, clock, *, kafka=None, wakeup=None, lease=LEASE):
    channels = {"webhook": channel, "kafka": kafka or FakeChannel()}
    return Sender(engine, channels, clock, lambda: 0.0, wakeup or asyncio.Event(), lease=lease)


@asynccontextmanager
async def sending(engine, channel, clock=None, **options):
    async with sender_of(engine, channel, clock or SetClock(), **options) as sender:
        yield sender


def settled(engine, subscription_id=None, **wanted):
    """All deliveries have ended, or stand as wanted; of one subscription, or of all but the built-in one."""

    async def condition():
        found = await states(engine, subscription_id)
        return found == wanted if wanted else not found["pending"] and not await open_messages(engine)

    return condition


async def test_what_is_owed_is_sent_once_and_kept_with_its_attempt(engine):
    await subscribed(engine)
    message = await put_down(engine)
    channel = FakeChannel()
    async with sending(engine, channel):
        await until(settled(engine, delivered=1))
    (sent,) = channel.sent
    (delivery,) = await owed(engine)
    assert (sent.id, sent.sequence, sent.process, sent.test) == (delivery.id, 1, "ukraine", False)
    assert (delivery.message_id, delivery.attempts_made, delivery.leased_until) == (message, 1, None)
    assert delivery.finished_at == NOW
    (attempt,) = await tries(engine)
    assert (attempt.outcome, attempt.reason, attempt.status_code, attempt.detail) == (
        "delivered",
        "received",
        200,
        "ok",
    )


async def test_the_attempt_is_written_before_anything_is_sent(engine):
    await subscribed(engine)
    await put_down(engine)
    channel = FakeChannel()
    channel.gate.clear()
    async with sending(engine, channel):

        async def in_flight():
            return len(channel.sent) == 1

        await until(in_flight)
        (attempt,) = await tries(engine)
        assert (attempt.delivery_id, attempt.outcome) == (channel.sent[0].id, None)
        channel.gate.set()
        await until(settled(engine, delivered=1))


async def test_a_failed_try_is_repeated_when_the_schedule_says_so_under_the_same_id(engine):
    await subscribed(engine)
    await put_down(engine)
    clock, channel = SetClock(), FakeChannel({"receiver": [FAILED, OK]})
    async with sending(engine, channel, clock) as sender:

        async def failed_once():
            (delivery,) = await owed(engine) or [None]
            return delivery is not None and delivery.attempts_made == 1

        await until(failed_once)
        (delivery,) = await owed(engine)
        assert (delivery.state, delivery.due_at) == ("pending", NOW + timedelta(seconds=5))

        async def waits():
            return await sender.counts() == {"in_hand": 0, "due": 0, "later": 1, "messages_open": 0}

        await until(waits)
        clock.move(seconds=5)
        await until(settled(engine, delivered=1))
    assert channel.ids == [delivery.id, delivery.id]
    assert [(one.outcome, one.reason) for one in await tries(engine)] == [
        ("failed", "backoff"),
        ("delivered", "received"),
    ]


async def test_after_ten_failed_tries_a_delivery_is_exhausted(engine):
    await subscribed(engine)
    await put_down(engine)
    clock, channel = SetClock(), FakeChannel(otherwise=FAILED)

    async def exhausted():
        clock.move(hours=25)
        return (await states(engine))["exhausted"] == 1

    async with sending(engine, channel, clock, wakeup=(wakeup := asyncio.Event())):

        async def hurried():
            wakeup.set()
            return await exhausted()

        await until(hurried)
    assert len(channel.sent) == 10
    assert (await owed(engine))[0].attempts_made == 10


async def test_our_own_fault_takes_nothing_from_the_receivers_budget(engine):
    await subscribed(engine)
    await put_down(engine)
    clock, channel = SetClock(), FakeChannel({"receiver": [OWN_FAULT, OK]})
    async with sending(engine, channel, clock):

        async def faulted():
            return any(row.outcome == "own_fault" for row in await tries(engine))

        await until(faulted)
        clock.move(seconds=12)
        await until(settled(engine, delivered=1))
    assert (await owed(engine))[0].attempts_made == 1


async def test_a_gone_endpoint_disables_its_subscription_and_cancels_the_rest(engine):
    gone = await subscribed(engine, "gone")
    await subscribed(engine, "there")
    await put_down_many(engine, 20)
    await given_out(engine)
    channel = FakeChannel({"gone": GONE})
    async with sending(engine, channel):
        await until(settled(engine, delivered=20, cancelled=20))
    subscription = await standing(engine, gone)
    assert (subscription.state, subscription.state_reason) == ("disabled", "the endpoint answered 410 Gone")
    assert {row.reason for row in await owed(engine, gone)} == {"the endpoint answered 410 Gone"}
    assert len([one for one in channel.sent if "gone" in one.url]) <= 20


async def test_a_channel_that_crashes_costs_one_try_of_one_delivery(engine):
    await subscribed(engine, "broken")
    await subscribed(engine, "there")
    await put_down(engine)
    channel = FakeChannel({"broken": RuntimeError("a mistake of the channel")})
    async with sending(engine, channel):
        await until(settled(engine, delivered=1, pending=1))

        async def noted():
            return any("a mistake" in (row.detail or "") for row in await tries(engine))

        await until(noted)


async def test_an_unknown_channel_costs_a_try_and_stops_nobody(engine):
    await subscribed(engine, "pigeon", channel="pigeon")
    await subscribed(engine, "there")
    await put_down(engine)
    async with sending(engine, FakeChannel()):
        await until(settled(engine, delivered=1, pending=1))


class TestVerification:
    async def test_an_endpoint_gets_nothing_but_a_test_until_it_has_answered_one(self, engine):
        row = await asked_for(engine)
        await put_down(engine)
        clock, channel = SetClock(), FakeChannel({"hooks": [FAILED, OK]})
        async with sending(engine, channel, clock):
            await until(settled(engine, pending=1, held=1))

            async def tried():
                return any(one.outcome == "failed" for one in await tries(engine))

            await until(tried)
            assert {one.type for one in channel.sent} == {"parley.test.v1"}
            clock.move(seconds=5)
            await until(settled(engine, delivered=2))
        assert [one.type for one in channel.sent][1:] == ["parley.test.v1", "parley.milestone.changed.v1"]
        assert channel.sent[0].test
        assert (await standing(engine, row.id)).state == "active"

    async def test_an_answered_test_does_not_revive_a_disabled_subscription(self, engine):
        row = await asked_for(engine)
        async with engine.begin() as connection:
            await connection.execute(update(subscription_table).values(state="disabled"))
        async with sending(engine, FakeChannel()):
            await until(settled(engine, delivered=1))
        assert (await standing(engine, row.id)).state == "disabled"

    async def test_a_disabled_subscription_comes_back_by_a_new_test(self, engine):
        row = await asked_for(engine)
        channel = FakeChannel({"hooks": [GONE, OK]})
        async with sending(engine, channel):
            await until(settled(engine, cancelled=1))
            await subscriptions.send_test(engine, lambda size: b"x" * size, row.id, NOW)
            await until(settled(engine, cancelled=1, delivered=1))
        assert (await standing(engine, row.id)).state == "active"
        assert [one.sequence for one in await owed(engine)] == [1, 2]


class TestManyAtOnce:
    async def test_everything_arrives_once_at_every_endpoint(self, engine):
        receivers = [await subscribed(engine, f"r{index}") for index in range(20)]
        await put_down_many(engine, 30)
        channel = FakeChannel()
        async with sending(engine, channel):
            await until(settled(engine, delivered=600))
        assert len(set(channel.ids)) == len(channel.ids) == 600
        for one in receivers:
            assert [row.sequence for row in await owed(engine, one)] == list(range(1, 31))

    async def test_no_endpoint_gets_more_at_once_than_it_has_slots(self, engine):
        await subscribed(engine, "slow")
        await put_down_many(engine, 3 * SLOTS)
        channel = FakeChannel()
        channel.gate.clear()
        async with sending(engine, channel):

            async def full():
                return len(channel.sent) == SLOTS

            await until(full)
            channel.gate.set()
            await until(settled(engine, delivered=3 * SLOTS))
        assert max(channel.most_in_flight.values()) == SLOTS

    async def test_an_endpoint_that_answers_nothing_holds_up_itself_only(self, engine):
        slow = await subscribed(engine, "slow")
        await put_down_many(engine, 300)
        await given_out(engine)
        fast = await subscribed(engine, "fast")
        await put_down(engine, milestone_id="new", process="gaza", now=NOW + timedelta(seconds=1))
        stuck = asyncio.Event()

        class OneStuck(FakeChannel):
            async def send(self, message, now):
                if "slow" in message.url:
                    await stuck.wait()
                return await super().send(message, now)

        async with sending(engine, OneStuck(), SetClock(NOW + timedelta(seconds=2))):

            async def arrived():
                return [row.state for row in await owed(engine, fast)] == ["delivered"]

            await until(arrived)
            assert {row.state for row in await owed(engine, slow)} == {"pending"}
            stuck.set()
            await until(settled(engine))
        assert await states(engine) == {"delivered": 302}

    async def test_two_senders_at_once_send_everything_once(self, engine):
        for index in range(5):
            await subscribed(engine, f"r{index}")
        await put_down_many(engine, 40)
        channel = FakeChannel()
        async with sending(engine, channel), sending(engine, channel):
            await until(settled(engine, delivered=200))
        assert len(set(channel.ids)) == len(channel.ids) == 200


async def killed_in_the_middle(sender, channel):
    """Run a sender until some of what it sent is answered and some is not; then it is gone, as after a kill."""

    async def some_answered_some_not():
        return len(channel.sent) > channel.answers_at_most + 5

    running = asyncio.create_task(sender.run())
    await until(some_answered_some_not)
    running.cancel()
    await asyncio.wait({running})
    del running
    gc.collect()  # a traceback would keep SQLite's cursor, and with it the lock of a transaction that a kill ends


class TestKills:
    async def test_what_a_killed_sender_had_in_hand_is_sent_by_another_under_the_same_ids(self, engine):
        for index in range(4):
            await subscribed(engine, f"r{index}")
        await put_down_many(engine, 25)
        await given_out(engine)
        ids = {row.id for row in await owed(engine)}
        first = FakeChannel(answers_at_most=40)
        await killed_in_the_middle(sender_of(engine, first, SetClock(), lease=SHORT), first)
        assert (await states(engine))["pending"] > 0

        second = FakeChannel()
        async with sending(engine, second):
            await until(settled(engine, delivered=100))
        assert set(first.ids) | set(second.ids) == ids
        assert len(set(second.ids)) == len(second.ids)

    async def test_a_lease_is_renewed_while_its_sender_lives(self, engine):
        await subscribed(engine)
        await put_down(engine)
        channel, seen = FakeChannel(), set()
        channel.gate.clear()

        async def renewed_twice():
            seen.update(row.leased_until for row in await owed(engine) if row.leased_until)
            return len(seen) >= 3

        async with sending(engine, channel, lease=SHORT):
            await until(renewed_twice)
            assert len(channel.sent) == 1
            channel.gate.set()
            await until(settled(engine, delivered=1))

    async def test_a_sender_whose_lease_has_lapsed_does_not_send_again_what_it_has_in_hand(self, engine):
        await subscribed(engine)
        await put_down(engine)
        channel, wakeup = FakeChannel(), asyncio.Event()
        channel.gate.clear()
        async with sending(engine, channel, wakeup=wakeup):

            async def in_flight():
                return len(channel.sent) == 1

            await until(in_flight)
            async with engine.begin() as connection:
                await connection.execute(update(deliveries).values(leased_until=None))
            second = await put_down(engine, milestone_id="second")
            wakeup.set()

            async def second_in_flight():
                return len(channel.sent) == 2

            await until(second_in_flight)
            channel.gate.set()
            await until(settled(engine, delivered=2))
        assert len(set(channel.ids)) == len(channel.ids) == 2
        assert [row.message_id for row in await owed(engine)][1] == second

    async def test_a_sender_that_stops_finishes_what_is_in_flight_and_gives_back_the_rest(self, engine):
        await subscribed(engine)
        await put_down_many(engine, 3 * SLOTS)
        channel = FakeChannel()
        channel.gate.clear()
        sender = sender_of(engine, channel, SetClock(), lease=timedelta(hours=1))
        running = asyncio.create_task(sender.run())

        async def full():
            return len(channel.sent) == SLOTS

        await until(full)
        sender.stop()
        await asyncio.sleep(0.05)
        channel.gate.set()
        await running
        assert await states(engine) == {"delivered": SLOTS, "pending": 2 * SLOTS}
        assert len(await tries(engine)) == SLOTS
        assert {row.leased_until for row in await owed(engine)} == {None}

    async def test_a_delivery_that_was_cancelled_in_flight_stays_cancelled(self, engine):
        await subscribed(engine)
        await put_down(engine)
        channel = FakeChannel()
        channel.gate.clear()
        async with sending(engine, channel) as sender:

            async def in_flight():
                return len(channel.sent) == 1

            await until(in_flight)
            async with engine.begin() as connection:
                await connection.execute(update(deliveries).values(state="cancelled"))
            channel.gate.set()

            async def nothing_in_hand():
                return (await sender.counts())["in_hand"] == 0

            await until(nothing_in_hand)
        assert await states(engine) == {"cancelled": 1}

    async def test_a_subscription_that_is_removed_in_flight_leaves_nothing_behind(self, engine):
        row = await asked_for(engine)
        channel = FakeChannel()
        channel.gate.clear()
        async with sending(engine, channel) as sender:

            async def in_flight():
                return len(channel.sent) == 1

            await until(in_flight)
            await subscriptions.remove(engine, row.id, NOW)
            channel.gate.set()

            async def nothing_in_hand():
                return (await sender.counts())["in_hand"] == 0

            await until(nothing_in_hand)
            assert await sender.probe() is None
        assert await owed(engine) == await tries(engine) == []


@asynccontextmanager
async def publishing(engine, kafka, clock=None, **options):
    async with sending(engine, FakeChannel(), clock, kafka=kafka, **options):
        yield


class TestKafka:
    async def test_revisions_are_published_one_by_one_in_the_order_of_their_sequence(self, engine):
        await subscriptions.ensure_builtin(engine, NOW)
        await subscriptions.ensure_builtin(engine, NOW)
        await put_down_many(engine, 150)
        channel = FakeChannel()
        async with publishing(engine, channel, SetClock(NOW + timedelta(seconds=1))):
            await until(settled(engine, KAFKA, delivered=150))
        assert [one.sequence for one in channel.sent] == list(range(1, 151))
        assert max(channel.most_in_flight.values()) == 1

    async def test_tests_and_late_milestones_are_published_too_and_marked(self, engine):
        await subscriptions.ensure_builtin(engine, NOW)
        await put_down(engine, milestone_id="m1", test=True)
        await put_down(engine, milestone_id="m2", late=True, now=NOW + timedelta(milliseconds=1))
        channel = FakeChannel()
        async with publishing(engine, channel):
            await until(settled(engine, KAFKA, delivered=2))
        assert [one.test for one in channel.sent] == [True, False]

    async def test_while_the_broker_is_down_nothing_overtakes(self, engine):
        await subscriptions.ensure_builtin(engine, NOW)
        await put_down_many(engine, 5)
        await given_out(engine)
        clock = SetClock(NOW + timedelta(seconds=1))
        channel = FakeChannel({"": [OK, OWN_FAULT, OWN_FAULT, OK]})
        async with publishing(engine, channel, clock, wakeup=(wakeup := asyncio.Event())):

            async def all_there():
                wakeup.set()
                clock.move(seconds=1)
                return await settled(engine, KAFKA, delivered=5)()

            await until(all_there)
        assert [one.sequence for one in channel.sent] == [1, 2, 2, 2, 3, 4, 5]
        assert {row.attempts_made for row in await owed(engine, KAFKA)} == {1}

    async def test_a_message_that_cannot_be_published_does_not_hold_up_the_others(self, engine):
        await subscriptions.ensure_builtin(engine, NOW)
        await put_down_many(engine, 4)
        await given_out(engine)
        channel = FakeChannel({"": [OK, FAILED, OK]})
        async with publishing(engine, channel, SetClock(NOW + timedelta(seconds=1))):
            await until(settled(engine, KAFKA, delivered=3, pending=1))
        assert [one.sequence for one in channel.sent] == [1, 2, 3, 4]

    async def test_while_one_sender_has_some_in_hand_another_takes_none(self, engine):
        await subscriptions.ensure_builtin(engine, NOW)
        await put_down_many(engine, 3)
        await given_out(engine)
        now, lease = NOW + timedelta(seconds=1), timedelta(hours=1)

        async def claim():
            async with engine.begin() as connection:
                return await claim_store.claim_in_order(connection, KAFKA, now=now, lease=lease, limit=2)

        taken = await claim()
        assert [one.sequence for one in taken] == [1, 2]
        assert await claim() == []
        async with engine.begin() as connection:
            await claim_store.give_back(connection, taken)
        assert [one.sequence for one in await claim()] == [1, 2]


async def test_while_the_database_is_away_the_sender_waits_and_then_goes_on(engine, monkeypatch):
    await subscribed(engine)
    await put_down(engine)
    away = True
    real = claim_store.claim

    async def claim(connection, **options):
        if away:
            raise OperationalError("SELECT 1", {}, OSError("the connection was refused"))
        return await real(connection, **options)

    monkeypatch.setattr(claim_store, "claim", claim)
    channel = FakeChannel()
    async with sending(engine, channel) as sender:

        async def noticed():
            return "the database does not answer" in (await sender.probe() or "")

        await until(noticed)
        assert channel.sent == []
        away = False
        await until(settled(engine, delivered=1))
    assert await sender.probe() == "the sender is not running"


async def test_connections_that_are_cut_while_sending_lose_nothing(postgres_url):
    engine = make_engine(postgres_url)
    await migrate(engine, MIGRATIONS)
    for index in range(4):
        await subscribed(engine, f"r{index}")
    await put_down_many(engine, 100)
    admin = create_async_engine(postgres_url, isolation_level="AUTOCOMMIT")
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
    )
    channel, name = FakeChannel(), engine.url.database
    async with sending(engine, channel, SetClock(NOW + timedelta(seconds=1))), admin.connect() as connection:

        async def sent(number):
            return len(channel.sent) >= number

        for number in (10, 100, 250):
            await until(lambda number=number: sent(number))
            await connection.execute(cut, {"name": name})

        async def all_delivered():
            with suppress(DBAPIError):
                return await states(engine) == {"delivered": 400}

        await until(all_delivered)
    assert len(set(channel.ids)) == 400
    await admin.dispose()
    await engine.dispose()


async def test_results_that_cannot_be_stored_together_are_stored_one_by_one(engine, monkeypatch):
    for index in range(3):
        await subscribed(engine, f"r{index}")
    await put_down(engine)
    await given_out(engine)
    poisoned = (await owed(engine))[0].id
    real = claim_store.settle

    async def settle(connection, results):
        if poisoned in {one.claim.id for one in results}:
            raise ValueError("this one cannot be stored")
        await real(connection, results)

    monkeypatch.setattr(claim_store, "settle", settle)
    async with sending(engine, FakeChannel(), lease=timedelta(hours=1)):
        await until(settled(engine, delivered=2, pending=1))


async def test_the_way_ends_at_a_real_endpoint_that_verifies_what_it_gets(engine):
    async with receiver() as endpoint, GuardedClient(allow_loopback=True) as client:
        wish = subscriptions.Wish(url=endpoint.url())
        now = SetClock()
        row, secret = await subscriptions.create(engine, CATALOGUE, entropy(), wish, now(), allow_loopback=True)
        assert row.name == "127.0.0.1"
        await put_down(engine)
        await put_down(engine, now=NOW + timedelta(milliseconds=1), milestone_id="second")
        async with sending(engine, WebhookChannel(client), utc_now):
            await until(settled(engine, delivered=3))
        told = [(Webhook(secret).verify(body, headers), headers) for headers, body in endpoint.requests]
    assert told[0][0]["type"] == "parley.test.v1"
    assert sorted(body["sequence"] for body, _ in told) == [1, 2, 3]
    ids = {row.id for row in await owed(engine)}
    assert {headers["webhook-id"] for _, headers in told} == ids
    assert told[1][0]["data"]["label"] == "Ceasefire agreed"
