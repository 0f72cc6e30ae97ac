"""The HTTP door over a real SQLite database; the broker is a fake."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from services.ingest.api import MAX_BODY_BYTES, make_routes
from services.ingest.inputs import MeetingIn, NewsIn
from services.ingest.intake import Intake
from services.ingest.store import MIGRATIONS
from shared import http
from shared.database import make_engine, migrate
from shared.events import MAX_TEXT_BYTES
from shared.keys import hashed
from tests.builders import NOW, STARTS_AT
from tests.ingest.builders import raw_news

KEYS = (hashed("desk", ["publish"], "parley_desk"), hashed("reader", ["read"], "parley_reader"))
MEETING = {"uid": "17", "publisher": "Ministry", "title": "Talks", "starts_at": STARTS_AT.isoformat()}


@asynccontextmanager
async def _nothing(_):
    yield


async def _no_status():
    return {}


@asynccontextmanager
async def _client(engine, publisher):
    app = http.make_app(title="ingest", description="", lifespan=_nothing, keys=KEYS, probes={}, status=_no_status)
    app.include_router(make_routes(Intake(engine, publisher), lambda: NOW))
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": "Bearer parley_desk"}
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client:
        yield client


@pytest.fixture
async def client(publisher, tmp_path):
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}")
    await migrate(engine, MIGRATIONS)
    async with _client(engine, publisher) as client:
        yield client
    await engine.dispose()


async def test_one_text_is_accepted_with_its_ids_and_says_through_whom_it_came(client, publisher):
    answer = await client.post("/v1/news", json=raw_news())
    [event] = publisher.events
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": [{"index": 0, "id": event.key, "revision": 1, "event_id": event.id, "duplicate": False}],
        "rejected": [],
    }
    assert event.data.source == "desk"


async def test_the_same_text_again_is_accepted_as_a_duplicate(client, publisher):
    first = (await client.post("/v1/news", json=raw_news())).json()["accepted"][0]
    second = (await client.post("/v1/news", json=raw_news())).json()["accepted"][0]
    assert second == first | {"duplicate": True}
    assert len(publisher.events) == 1


async def test_a_meeting_is_accepted_at_its_own_door(client, publisher):
    answer = await client.post("/v1/meetings", json=MEETING)
    assert answer.status_code == 202
    assert publisher.events[0].data.publisher == "Ministry"


async def test_bad_items_are_named_with_pointers_and_the_good_ones_are_taken(client, publisher):
    items = [raw_news(), raw_news(url="ftp://x"), raw_news(text="a" * MAX_TEXT_BYTES), {"title": "a"}]
    answer = await client.post("/v1/news", json=items)
    assert answer.status_code == 202
    assert [item["index"] for item in answer.json()["accepted"]] == [0]
    problems = [item["problem"] for item in answer.json()["rejected"]]
    assert [(problem["status"], problem["pointer"]) for problem in problems] == [
        (422, "/1/url"),
        (413, "/2/text"),
        (422, "/3/published_at"),
    ]
    assert problems[0]["detail"] == "url: expected an absolute http or https URL"
    assert len(publisher.events) == 1


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([raw_news(url="ftp://x"), raw_news(title=7)], 422),
        (raw_news(text="a" * MAX_TEXT_BYTES), 413),
        ([raw_news(text="a" * MAX_TEXT_BYTES), raw_news(title=7)], 422),
    ],
)
async def test_where_nothing_can_be_taken_the_answer_is_a_problem_with_the_same_list(client, items, status):
    answer = await client.post("/v1/news", json=items)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["rejected"]) == (len(items) if isinstance(items, list) else 1)
    assert answer.json()["accepted"] == []


async def test_a_thousand_texts_are_taken_and_one_more_is_too_many(client, publisher):
    texts = [raw_news(url=f"https://herald.example/{number}") for number in range(1001)]
    assert (await client.post("/v1/news", json=texts)).status_code == 413
    answer = await client.post("/v1/news", json=texts[:1000])
    assert len(answer.json()["accepted"]) == len(publisher.events) == 1000


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "the body is no JSON"),
        (b'{"title": ', 400, "the body is no JSON"),
        (b'{"title": "\\ud83d"}', 400, "the body is no JSON"),
        (b'{"title": "\xff"}', 400, "the body is no JSON"),
        (b"[" * 10_000, 400, "the body is no JSON"),
        (b"[]", 422, "the array is empty"),
        (b"7", 422, "expected an object with at least published_at, title, text"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_problem_in_words(client, body, status, detail):
    answer = await client.post("/v1/news", content=body)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)


async def test_where_more_is_posted_than_memory_is_meant_for_clients_are_to_come_again(client, publisher):
    publisher.gate = asyncio.Event()
    large = [raw_news(url=f"https://herald.example/{number}", text="a " * 100_000) for number in range(60)]
    waiting = [asyncio.create_task(client.post("/v1/news", json=large)) for _ in range(2)]
    await asyncio.sleep(0)
    refused = await client.post("/v1/news", json=large)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert "more is being posted than can be taken" in refused.json()["detail"]
    publisher.gate.set()
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [202, 202]
    assert (await client.post("/v1/news", json=raw_news())).status_code == 202


async def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(client):
    async def endless():
        while True:
            yield b" " * 65536

    answers = [
        await client.post("/v1/news", content=b" " * (MAX_BODY_BYTES + 1)),
        await client.post("/v1/news", content=endless()),
        await client.post("/v1/news", content=b"{}", headers={"Content-Length": "9" * 30}),
    ]
    assert [answer.status_code for answer in answers] == [413] * 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer parley_unknown"}, 401),
        ({"Authorization": "Bearer parley_reader"}, 403),
        ({"Authorization": "", "X-API-Key": "parley_desk"}, 202),
    ],
)
async def test_only_holders_of_a_key_that_may_publish_get_in(client, headers, status):
    assert (await client.post("/v1/news", json=raw_news(), headers=headers)).status_code == status


async def test_while_the_broker_is_down_the_client_is_told_to_come_again(client, publisher):
    publisher.down = True
    answer = await client.post("/v1/news", json=raw_news())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "nothing was stored" in answer.json()["detail"]
    publisher.down = False
    assert (await client.post("/v1/news", json=raw_news())).json()["accepted"][0]["duplicate"] is False


async def test_while_the_database_is_down_the_client_is_told_to_come_again(publisher):
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    async with _client(engine, publisher) as client:
        answer = await client.post("/v1/news", json=raw_news())
    assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
    assert publisher.sent == []
    await engine.dispose()


async def test_a_database_without_tables_is_no_internal_error(publisher, database_url):
    engine = make_engine(database_url)
    async with _client(engine, publisher) as client:
        assert (await client.post("/v1/news", json=raw_news())).status_code == 503
    await engine.dispose()


async def test_the_documentation_describes_bodies_by_examples_that_are_accepted(client):
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path, model in (("/v1/news", NewsIn), ("/v1/meetings", MeetingIn)):
        content = paths[path]["post"]["requestBody"]["content"]["application/json"]
        one, many = content["schema"]["anyOf"]
        assert set(one["properties"]) == set(model.model_fields)
        assert (many["items"], many["maxItems"]) == (one, 1000)
        assert "$ref" not in json.dumps(one)
        for example in content["examples"].values():
            assert (await client.post(path, json=example["value"])).status_code == 202
