"""The doors that every service has: problems, probes, metrics, keys."""

from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import Body

from shared.http import PROBLEM_TYPE, Problem, make_app, requires
from shared.keys import hashed


class Parts:
    """What the probes say."""

    broker = None
    database = None


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
async def client(parts):
    @asynccontextmanager
    async def lifespan(_):
        yield

    async def broker():
        return parts.broker

    async def database():
        return parts.database

    async def status():
        return {"service": "test"}

    app = make_app(
        title="Test",
        description="A service.",
        lifespan=lifespan,
        keys=[hashed("reader", ["read"], "r"), hashed("writer", ["publish"], "w")],
        probes={"broker": broker, "database": database},
        status=status,
    )

    @app.get("/secret", dependencies=[requires("read")])
    async def secret():
        return "told"

    @app.get("/teapot")
    async def teapot():
        raise Problem(418, "no coffee here", extra={"retry": False}, headers={"X-Pot": "tea"})

    @app.post("/number")
    async def number(value: int = Body(embed=True)):
        return value

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_service_is_alive_whatever_is_missing_but_ready_only_with_every_part(client, parts):
    assert (await client.get("/readyz")).json() == {"status": "ready", "checked": ["broker", "database"]}
    parts.broker = "Kafka does not answer"
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.json()["failing"] == {"broker": "Kafka does not answer"}
    assert (await client.get("/healthz")).json() == {"status": "alive"}


async def test_metrics_are_in_prometheus_form(client):
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE parley_records_total counter" in answer.text


async def test_status_is_for_people(client):
    assert (await client.get("/status")).json() == {"service": "test"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer w"}, 403),
        ({"Authorization": "Bearer r"}, 200),
        ({"X-API-Key": "r"}, 200),
    ],
)
async def test_only_who_holds_a_key_of_the_scope_comes_through(client, headers, status):
    answer = await client.get("/secret", headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == PROBLEM_TYPE
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_errors_are_problems_with_their_members_and_headers(client):
    answer = await client.get("/teapot")
    assert answer.headers["x-pot"] == "tea"
    assert answer.json() == {
        "type": "about:blank",
        "title": "I'm a Teapot",
        "status": 418,
        "detail": "no coffee here",
        "retry": False,
    }


async def test_what_is_not_there_is_a_problem_too(client):
    answer = await client.get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM_TYPE)


async def test_a_wrong_body_says_where_it_is_wrong(client):
    answer = await client.post("/number", json={"value": "many"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/value"


async def test_the_docs_page_needs_nothing_from_elsewhere(client):
    page = (await client.get("/docs")).text
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page
