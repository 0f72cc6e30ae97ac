"""One text is one event, whoever sends it how often; nothing is remembered that was not acknowledged."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.ingest import store
from services.ingest.inputs import Rejected
from services.ingest.intake import Accepted, Intake
from shared.database import make_engine
from shared.events import MeetingPublished, NewsPublished
from shared.kafka import BrokerUnavailableError
from tests.builders import NOW, STARTS_AT, TEXT, URL
from tests.ingest.builders import meeting_in, news_in
from tests.ingest.conftest import FakePublisher


async def take(intake, *items, kind="news", **options) -> list:
    return await intake.take(kind, items, **({"source": "herald", "now": NOW} | options))


async def test_a_new_text_is_published_as_the_first_revision_of_its_article(intake, publisher):
    [result] = await take(intake, news_in())
    assert (result.revision, result.duplicate) == (1, False)
    [event] = publisher.events
    assert (event.id, event.key, event.source) == (f"{result.id}:1", result.id, "/parley/ingest")
    assert (event.subject, event.time) == (URL, NOW)
    assert isinstance(event.data, NewsPublished)
    assert (event.data.article_id, event.data.revision, event.data.text) == (result.id, 1, TEXT)


async def test_the_same_text_twice_is_one_event(intake, publisher):
    [first] = await take(intake, news_in())
    [second] = await take(intake, news_in(url=URL + "?utm_source=feed", text=TEXT + " "), now=NOW + timedelta(hours=1))
    assert second == Accepted(first.id, 1, duplicate=True)
    assert len(publisher.events) == 1


async def test_the_same_text_twice_in_one_call_is_one_event(intake, publisher):
    first, second = await take(intake, news_in(), news_in())
    assert (first.duplicate, second.duplicate) == (False, True)
    assert len(publisher.events) == 1


async def test_an_edited_text_is_the_next_revision_of_the_same_article(intake, publisher):
    [first] = await take(intake, news_in())
    second, third = await take(intake, news_in(text="They will sign."), news_in(text="They did not sign."))
    assert [first.id] * 2 == [second.id, third.id]
    assert [event.id for event in publisher.events] == [f"{first.id}:{revision}" for revision in (1, 2, 3)]
    assert [event.data.revision for event in publisher.events] == [1, 2, 3]


async def test_a_text_that_takes_its_words_back_is_a_revision_unless_it_is_replayed(intake, publisher):
    await take(intake, news_in(), news_in(text="A truce was signed."))
    [replayed] = await take(intake, news_in(), replay=True)
    [live] = await take(intake, news_in())
    assert (replayed.revision, replayed.duplicate) == (1, True)
    assert (live.revision, live.duplicate) == (3, False)


async def test_the_same_words_under_another_url_are_another_article_with_the_same_fingerprint(intake, publisher):
    await take(intake, news_in(), news_in(url="https://courier.example/a"))
    one, other = publisher.events
    assert one.key != other.key
    assert one.data.fingerprint == other.data.fingerprint


async def test_a_refused_item_keeps_nobody_else_out_and_results_stay_in_order(intake, publisher):
    refused = Rejected("unreadable")
    results = await take(intake, refused, news_in(url="ftp://a.example"), news_in())
    assert results[0] == refused
    assert results[1].pointer == "/url"
    assert not results[2].duplicate
    assert len(publisher.events) == 1


async def test_a_meeting_that_moves_is_the_next_revision_of_the_same_meeting(intake, publisher):
    later = STARTS_AT + timedelta(days=1)
    await take(intake, meeting_in(), kind="meeting")
    await take(
        intake, meeting_in(change="rescheduled", starts_at=later, previously_at=STARTS_AT), meeting_in(), kind="meeting"
    )
    events = publisher.events
    assert [event.data.revision for event in events] == [1, 2, 3]
    assert len({event.key for event in events}) == 1
    assert all(isinstance(event.data, MeetingPublished) for event in events)
    assert {topic.name for topic, _ in publisher.sent} == {"parley.meetings.v1"}


async def test_what_the_broker_did_not_acknowledge_is_not_remembered(intake, publisher):
    publisher.down = True
    with pytest.raises(BrokerUnavailableError):
        await take(intake, news_in())
    publisher.down = False
    [result] = await take(intake, news_in())
    assert (result.revision, result.duplicate) == (1, False)
    assert intake.counts == {("news", "published"): 1}


async def test_outcomes_are_counted_per_kind(intake, publisher):
    await take(intake, news_in(), news_in(), Rejected("unreadable"))
    await take(intake, meeting_in(), kind="meeting")
    assert intake.counts == {
        ("news", "published"): 1,
        ("news", "duplicate"): 1,
        ("news", "rejected"): 1,
        ("meeting", "published"): 1,
    }


async def test_many_callers_with_the_same_texts_publish_each_once(intake, publisher):
    texts = [news_in(url=f"https://herald.example/{number}") for number in range(50)]
    calls = [take(intake, *(texts if turn % 2 else reversed(texts))) for turn in range(8)]
    results = [result for call in await asyncio.gather(*calls) for result in call]
    assert sum(not result.duplicate for result in results) == 50
    assert sorted(event.id for event in publisher.events) == sorted({result.event_id for result in results})


async def test_two_edits_at_the_same_moment_are_two_revisions(intake, publisher):
    await take(intake, news_in())
    edits = [take(intake, news_in(text=f"Edit number {number}.")) for number in range(5)]
    revisions = [call[0].revision for call in await asyncio.gather(*edits)]
    assert sorted(revisions) == [2, 3, 4, 5, 6]
    assert len({event.id for event in publisher.events}) == 6


async def test_two_processes_on_one_database_see_each_other(intake, publisher, database_url):
    other_engine, other_publisher = make_engine(database_url), FakePublisher()
    other = Intake(other_engine, other_publisher)
    publisher.gate = other_publisher.gate = asyncio.Event()
    calls = asyncio.gather(take(intake, news_in()), take(other, news_in()))
    await asyncio.sleep(0.1)  # both have begun; whoever is first holds the row
    publisher.gate.set()
    other_publisher.gate.set()
    [one], [two] = await calls
    assert {one.duplicate, two.duplicate} == {True, False}
    assert len(publisher.events) + len(other_publisher.events) == 1
    await other_engine.dispose()


async def test_rows_say_when_a_revision_was_first_seen(intake, engine):
    await take(intake, news_in())
    await take(intake, news_in(), now=NOW + timedelta(days=1))
    async with engine.connect() as connection:
        [row] = (await connection.execute(select(store.texts))).all()
    assert (row.kind, row.revision, row.first_seen) == ("news", 1, NOW)
