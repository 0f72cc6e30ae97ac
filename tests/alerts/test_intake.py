"""Intake on both databases: remembered once, folded, and what is to be told put down."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from services.alerts import intake
from services.alerts.store.tables import messages, milestones, readings, revisions
from shared import catalogue as catalogues
from shared.events import MilestoneChanged
from tests.builders import NOW, classified, cloud_event, signal

CATALOGUE = catalogues.load()


def reading(*signals, by="herald.example", text="t1", revision=1, process="ukraine", test=False, **overrides):
    """What one text says, as it comes from Kafka; by default that a ceasefire was reached."""
    data = classified(
        *(signals or (signal("ceasefire_agreed", "reached"),)),
        text_id=text,
        revision=revision,
        publisher=by,
        process=process,
        fingerprint=None,
        named_sources=(),
        **overrides,
    )
    return cloud_event(data, id=f"{text}:{revision}:{process}", source="/parley/classify", test=test)


async def take(engine, *events, now=NOW):
    return await intake.take(engine, CATALOGUE, events, now)


async def rows(engine, table):
    async with engine.connect() as connection:
        return (await connection.execute(select(table))).all()


async def told(engine):
    """The messages in the order in which they were put down, as events."""
    found = [MilestoneChanged.model_validate_json(row.body) for row in await rows(engine, messages)]
    return sorted(found, key=lambda event: (event.first_seen, event.code, event.revision))


async def test_a_reported_ceasefire_opens_a_milestone_and_puts_down_one_message(engine):
    assert await take(engine, reading()) == 1
    (message,) = await told(engine)
    assert (message.process, message.code, message.status, message.revision) == (
        "ukraine",
        "ceasefire_agreed",
        "reported",
        1,
    )
    assert message.sources[0].publisher == "herald.example"
    assert not message.late


async def test_what_is_seen_twice_changes_nothing(engine):
    await take(engine, reading(), reading())
    assert await take(engine, reading()) == 0
    assert len(await rows(engine, readings)) == 1
    assert len(await rows(engine, messages)) == 1


async def test_a_second_origin_confirms_in_a_second_revision(engine):
    await take(engine, reading())
    await take(engine, reading(by="gazette.example", text="t2"))
    first, second = await told(engine)
    assert (first.milestone_id, first.status) == (second.milestone_id, "reported")
    assert (second.revision, second.status, second.previous_status, second.reason) == (
        2,
        "confirmed",
        "reported",
        "independent_origins",
    )


async def test_an_edited_text_replaces_what_it_said(engine):
    await take(engine, reading())
    await take(engine, reading(signal("ceasefire_agreed", "prospective"), revision=2))
    _, correction = await told(engine)
    assert (correction.status, correction.reason) == ("retracted", "no_text_says_so_any_more")
    (milestone,) = await rows(engine, milestones)
    assert milestone.status == "retracted"


async def test_an_old_revision_that_comes_late_says_nothing(engine):
    await take(engine, reading(signal("ceasefire_agreed", "prospective"), revision=2))
    assert await take(engine, reading(revision=1)) == 0
    assert await rows(engine, milestones) == []


async def test_old_texts_are_folded_but_marked_late(engine):
    await take(engine, reading(), now=NOW + timedelta(hours=49))
    (message,) = await told(engine)
    assert message.late


async def test_drills_never_touch_real_state(engine):
    await take(engine, reading(test=True))
    await take(engine, reading(by="gazette.example", text="t2"))
    assert {(m.test, m.status) for m in await told(engine)} == {(True, "reported"), (False, "reported")}


async def test_every_signal_is_kept_with_the_decision_and_its_reason(engine):
    event = reading(
        signal("ceasefire_agreed", "reached"),
        signal("troop_withdrawal", "prospective"),
        signal("peace_agreement", "claimed"),
        signal("sanctions_eased", "negated"),
        signal("moon_landing", "reached"),
    )
    await take(engine, event)
    (kept,) = await rows(engine, readings)
    assert [(d["code"], d["decision"], d["reason"]) for d in kept.decisions] == [
        ("ceasefire_agreed", "opened", "first_report"),
        ("troop_withdrawal", "noted", "prospective_never_counts"),
        ("peace_agreement", "noted", "claims_never_open_or_confirm"),
        ("sanctions_eased", "noted", "denies_no_milestone"),
        ("moon_landing", "noted", "unknown_code"),
    ]


async def test_a_text_of_no_known_process_is_kept_and_makes_no_milestone(engine):
    assert await take(engine, reading(process=None)) == 0
    (kept,) = await rows(engine, readings)
    assert kept.process is None


async def test_a_process_that_left_the_catalogue_is_still_folded(engine):
    await take(engine, reading(process="atlantis"))
    (message,) = await told(engine)
    assert message.process_name == "atlantis"


async def test_the_same_texts_in_any_order_give_the_same_state(engine):
    story = [reading(by=f"p{number}.example", text=f"t{number}") for number in range(4)]
    for event in reversed(story):
        await take(engine, event)
    (milestone,) = await rows(engine, milestones)
    assert milestone.status == "confirmed"
    assert [source["text_id"] for source in milestone.sources] == ["t0", "t1", "t2", "t3"]
    assert len(await rows(engine, revisions)) == 2


async def test_two_copies_of_the_service_take_in_the_same_processes_without_deadlock(engine):
    def batch(copy):
        processes = ["ukraine", "gaza", "sudan", "yemen"]
        ordered = processes if copy % 2 else processes[::-1]
        return [reading(process=process, by=f"p{copy}.example", text=f"{process}-{copy}") for process in ordered]

    await asyncio.gather(*(take(engine, *batch(copy)) for copy in range(6)))
    assert len(await rows(engine, readings)) == 24
    assert {row.status for row in await rows(engine, milestones)} == {"confirmed"}
    assert len(await rows(engine, milestones)) == 4
