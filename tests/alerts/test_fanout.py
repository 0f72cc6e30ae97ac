"""Fan-out on both databases: who is owed what, once, in order, resumable."""

import asyncio

import pytest
from sqlalchemy import update

from services.alerts.delivery import fanout
from services.alerts.delivery.fanout import fan_out
from services.alerts.store.deliveries import delivery_id
from services.alerts.store.subscriptions import State
from services.alerts.store.tables import deliveries, messages, subscriptions
from tests.alerts.owing import NOW, given_out, open_messages, owed, put_down, put_down_many, rows, subscribed
from tests.builders import source

CONFIRMED = {"revision": 2, "status": "confirmed", "previous_status": "reported"}
RETRACTED = {"revision": 2, "status": "retracted", "previous_status": "reported"}


@pytest.fixture
def small_pages(monkeypatch):
    """Two subscriptions per transaction, so that a handful is many."""
    monkeypatch.setattr(fanout, "PAGE", 2)


def later(milliseconds=1):
    return NOW.replace(microsecond=1000 * milliseconds)


async def test_a_message_is_owed_to_each_subscription_that_wants_it_and_to_no_other(engine):
    everything = await subscribed(engine, "everything")
    ceasefires = await subscribed(engine, "ceasefires", codes=frozenset({"ceasefire_agreed"}))
    await subscribed(engine, "sanctions", codes=frozenset({"sanctions_eased"}))
    message = await put_down(engine)
    await given_out(engine)
    assert {(row.subscription_id, row.message_id, row.state, row.reason) for row in await owed(engine)} == {
        (everything, message, "pending", "matches"),
        (ceasefires, message, "pending", "matches"),
    }
    assert await open_messages(engine) == []


async def test_nobody_is_owed_anything_where_there_are_no_subscriptions(engine):
    await put_down(engine)
    await given_out(engine)
    assert await open_messages(engine) == []
    assert await owed(engine) == []


async def test_a_delivery_bears_the_same_id_whenever_its_message_is_given_out(engine):
    receiver = await subscribed(engine)
    message = await put_down(engine)
    await given_out(engine)
    (first,) = await owed(engine)
    assert first.id == delivery_id(message, receiver)


async def test_a_message_that_is_given_out_again_is_owed_once_and_leaves_no_gap(engine):
    receiver = await subscribed(engine)
    first = await put_down(engine)
    await given_out(engine)
    async with engine.begin() as connection:
        await connection.execute(update(messages).where(messages.c.id == first).values(fanned_out=False, cursor=""))
    second = await put_down(engine, later(), milestone_id="another")
    await given_out(engine)
    assert [(row.message_id, row.sequence) for row in await owed(engine, receiver)] == [(first, 1), (second, 2)]


async def test_each_subscription_counts_its_own_messages_without_gaps(engine):
    everything = await subscribed(engine, "everything")
    gaza = await subscribed(engine, "gaza", processes=frozenset({"gaza"}))
    for index, process in enumerate(["ukraine", "gaza", "ukraine", "gaza", "sudan"]):
        await put_down(engine, later(index), milestone_id=f"m{index}", process=process)
    await given_out(engine)
    assert [row.sequence for row in await owed(engine, everything)] == [1, 2, 3, 4, 5]
    assert [row.sequence for row in await owed(engine, gaza)] == [1, 2]
    counters = {row.id: row.sequence for row in await rows(engine, subscriptions)}
    assert counters == {everything: 5, gaza: 2}


async def test_messages_of_one_process_are_owed_in_the_order_in_which_they_were_put_down(engine):
    receiver = await subscribed(engine)
    put = await put_down_many(engine, 30)
    await given_out(engine)
    assert [row.message_id for row in await owed(engine, receiver)] == put


async def test_what_is_owed_to_an_endpoint_that_has_answered_no_test_is_held(engine):
    await subscribed(engine, state=State.UNVERIFIED)
    await put_down(engine)
    await given_out(engine)
    assert [row.state for row in await owed(engine)] == ["held"]


async def test_a_disabled_subscription_is_owed_nothing_new(engine):
    await subscribed(engine, state=State.DISABLED)
    await put_down(engine)
    await given_out(engine)
    assert await owed(engine) == []


async def test_a_correction_reaches_who_was_told_before_whatever_the_filter_says_now(engine):
    told = await subscribed(engine, "told", statuses=frozenset({"reported"}))
    await subscribed(engine, "not-told", statuses=frozenset({"confirmed"}))
    await put_down(engine)
    await put_down(engine, later(), **RETRACTED)
    await given_out(engine)
    assert [(row.subscription_id, row.reason) for row in await owed(engine)] == [
        (told, "matches"),
        (told, "correction"),
    ]


async def test_a_correction_does_not_reach_whose_first_message_was_cancelled(engine):
    await subscribed(engine, statuses=frozenset({"reported"}))
    await put_down(engine)
    await given_out(engine)
    async with engine.begin() as connection:
        await connection.execute(update(deliveries).values(state="cancelled"))
    await put_down(engine, later(), **RETRACTED)
    await given_out(engine)
    assert len(await owed(engine)) == 1


async def test_a_confirmation_is_no_correction(engine):
    await subscribed(engine, statuses=frozenset({"reported"}))
    await put_down(engine)
    await put_down(engine, later(), **CONFIRMED)
    await given_out(engine)
    assert [row.reason for row in await owed(engine)] == ["matches"]


async def test_tests_and_late_milestones_reach_who_asks_for_them(engine):
    drill = await subscribed(engine, "drill", include_test=True)
    history = await subscribed(engine, "history", include_late=True)
    await subscribed(engine, "plain")
    await put_down(engine, milestone_id="m1", test=True)
    await put_down(engine, later(), milestone_id="m2", late=True)
    await given_out(engine)
    assert {row.subscription_id for row in await owed(engine)} == {drill, history}


async def test_a_publisher_that_is_asked_for_is_looked_for_among_the_sources(engine):
    found = await subscribed(engine, "gazette", publishers=frozenset({"gazette.example"}))
    await subscribed(engine, "other", publishers=frozenset({"courier.example"}))
    await put_down(engine, sources=(source(), source(publisher="gazette.example", text_id="t2")))
    await given_out(engine)
    assert [row.subscription_id for row in await owed(engine)] == [found]


@pytest.mark.usefixtures("small_pages")
class TestManySubscriptions:
    async def test_they_are_walked_in_batches_and_each_is_owed_the_message_once(self, engine):
        receivers = sorted([await subscribed(engine, f"r{index}") for index in range(7)])
        await put_down(engine)
        assert await fan_out(engine, NOW)
        assert [row.subscription_id for row in await owed(engine)] == receivers[:2]
        assert await given_out(engine) == 3
        assert [row.subscription_id for row in await owed(engine)] == receivers

    async def test_a_new_message_of_another_process_need_not_wait_for_the_end_of_an_old_one(self, engine):
        for index in range(6):
            await subscribed(engine, f"r{index}")
        await put_down(engine)
        await fan_out(engine, NOW)
        new = await put_down(engine, later(), milestone_id="new", process="gaza")
        await fan_out(engine, NOW)
        assert new in {row.message_id for row in await owed(engine)}
        await given_out(engine)
        assert len(await owed(engine)) == 12

    async def test_a_correction_waits_until_everybody_who_was_told_is_known(self, engine):
        for index in range(6):
            await subscribed(engine, f"r{index}", statuses=frozenset({"reported"}))
        await put_down(engine)
        await fan_out(engine, NOW)
        await put_down(engine, later(), **RETRACTED)
        await given_out(engine)
        assert [row.reason for row in await owed(engine)] == ["matches", "correction"] * 6

    async def test_several_processes_that_fan_out_at_once_owe_everything_once_and_without_gaps(self, engine):
        receivers = [await subscribed(engine, f"r{index}") for index in range(5)]
        for index in range(12):
            await put_down(engine, later(index), milestone_id=f"m{index}", process=f"process{index % 3}")

        async def work():
            while await open_messages(engine):
                await fan_out(engine, NOW)

        await asyncio.gather(work(), work(), work())
        for receiver in receivers:
            mine = await owed(engine, receiver)
            assert [row.sequence for row in mine] == list(range(1, 13))
            assert len({row.message_id for row in mine}) == 12


async def test_a_message_that_cannot_be_read_is_given_out_to_nobody_and_stops_nobody(engine):
    await subscribed(engine)
    broken = await put_down(engine)
    async with engine.begin() as connection:
        await connection.execute(update(messages).values(body="{}"))
    good = await put_down(engine, later(), milestone_id="good")
    await given_out(engine)
    assert [row.message_id for row in await owed(engine)] == [good]
    assert broken not in await open_messages(engine)
