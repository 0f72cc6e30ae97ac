"""The terminal door, against the real API on a real port."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
import uvicorn
from sqlalchemy import inspect
from typer.testing import CliRunner

from services.alerts.cli import app as commands
from services.alerts.store.subscriptions import State
from shared.database import make_engine
from tests.alerts.owing import (
    FakeChannel,
    given_out,
    owed,
    put_down,
    put_down_many,
    standing,
    states,
    subscribed,
    until,
)
from tests.alerts.test_api import app_over
from tests.alerts.test_sender import sending, settled
from tests.builders import source
from tests.receivers import closed_port, receiver


class Terminal:
    """Runs commands as a user does, in a thread of their own, so that the service can answer meanwhile."""

    async def __call__(self, *words):
        result = await asyncio.to_thread(CliRunner().invoke, commands, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    async def listed(self, *words):
        result = await self(*words, "--format", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@asynccontextmanager
async def served(app):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def parley(engine, monkeypatch):
    async with served(app_over(engine, allow_loopback=True)) as url:
        monkeypatch.setenv("PARLEY_API_KEY", "all")
        monkeypatch.setenv("PARLEY_ALERTS_URL", url)
        yield Terminal()


async def test_milestones_in_json_are_one_array_in_the_agreed_shape(engine, parley):
    await put_down(engine, sources=(source(quote="They signed."),))
    assert await parley.listed("milestones") == [
        {
            "process": "ukraine",
            "code": "ceasefire_agreed",
            "status": "reported",
            "what": {"actors": ["Ukraine", "Russia"], "object": None},
            "first_seen": "2026-03-02T09:30:00Z",
            "last_seen": "2026-03-02T09:30:00Z",
            "confidence": 0.9,
            "sources": [
                {
                    "publisher": "herald.example",
                    "url": "https://herald.example/world/ceasefire-signed",
                    "title": "Both delegations sign a ceasefire",
                    "quote": "They signed.",
                }
            ],
        }
    ]


async def test_milestones_in_a_table_are_for_people(engine, parley):
    await put_down(engine, sources=(source(quote="They [b]signed[/b]."),))
    shown = (await parley("milestones")).stdout
    for cell in ("ukraine", "Ceasefire agreed", "reported", "2026-03-02 09:30", "0.90", "They [b]signed[/b]."):
        assert cell in shown


async def test_all_pages_are_listed(engine, parley, monkeypatch):
    monkeypatch.setattr("services.alerts.client._PAGE", 3)
    await put_down_many(engine, 8)
    assert len(await parley.listed("milestones")) == 8


async def test_milestones_are_filtered(engine, parley):
    await put_down(engine, milestone_id="m1")
    await put_down(engine, milestone_id="m2", process="gaza", code="prisoner_exchange", status="confirmed")

    async def processes(*options):
        return [one["process"] for one in await parley.listed("milestones", *options)]

    assert await processes("--process", "gaza") == ["gaza"]
    assert await processes("--code", "ceasefire_agreed", "--code", "talks_held") == ["ukraine"]
    assert await processes("--status", "confirmed") == ["gaza"]
    assert await processes("--since", "2026-03-02T09:00:00Z") == ["ukraine", "gaza"][::-1]
    assert await processes("--since", "2026-03-03") == []


async def test_a_subscription_is_made_answers_its_test_and_is_ended(engine, parley):
    async with receiver() as endpoint:
        made = await parley(
            "subscribe", endpoint.url(), "--process", "ukraine", "--code", "ceasefire_agreed", "--status", "confirmed",
            "--min-confidence", "0.5", "--name", "desk",
        )  # fmt: skip
    assert made.exit_code == 0, made.output
    fields = dict(line.split(maxsplit=1) for line in made.stdout.splitlines())
    assert fields["secret"].startswith("whsec_")
    row = await standing(engine, fields["id"])
    assert (row.name, row.state, row.criteria["processes"], row.criteria["min_confidence"]) == (
        "desk",
        State.UNVERIFIED,
        ["ukraine"],
        0.5,
    )
    assert fields["secret"] not in (await parley("subscriptions")).output
    (listed,) = await parley.listed("subscriptions")
    assert (listed["id"], listed["codes"], listed["statuses"]) == (fields["id"], ["ceasefire_agreed"], ["confirmed"])
    assert "unverified" in (await parley("subscriptions")).stdout

    assert (await parley("test", fields["id"])).exit_code == 0
    assert await states(engine) == {"pending": 2}
    assert (await parley("unsubscribe", fields["id"])).exit_code == 0
    assert await parley.listed("subscriptions") == []


async def test_deliveries_are_listed_with_their_last_answer(engine, parley):
    name = await subscribed(engine)
    await put_down(engine)
    await given_out(engine)
    async with sending(engine, FakeChannel()):
        await until(settled(engine, delivered=1))
    (listed,) = await parley.listed("deliveries", "--subscription", name, "--state", "delivered")
    assert listed["id"] == (await owed(engine))[0].id
    shown = (await parley("deliveries", "--subscription", name)).stdout
    for cell in (name, "delivered", "matches", "ok"):
        assert cell in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("subscribe", "http://10.0.0.8/"), "a private address"),
        (("subscribe", "http://127.0.0.1:9/", "--code", "peace"), "'peace' is unknown"),
        (("milestones", "--process", "atlantis"), "'atlantis' is unknown"),
        (("milestones", "--since", "yesterday"), "/since"),
        (("unsubscribe", "no/body"), "alerts refuses"),
        (("deliveries", "--state", "lost"), "/state"),
    ],
)
async def test_what_is_refused_says_why_in_one_line(parley, words, says):
    result = await parley(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


async def test_a_wrong_key_says_where_it_was_taken_from(parley, monkeypatch):
    monkeypatch.setenv("PARLEY_API_KEY", "unknown")
    result = await parley("milestones")
    assert result.exit_code == 1
    assert "PARLEY_API_KEY" in result.stderr


async def test_without_a_key_the_command_says_which_setting_is_missing(monkeypatch):
    monkeypatch.delenv("PARLEY_API_KEY", raising=False)
    result = await Terminal()("milestones")
    assert result.exit_code == 2
    assert "PARLEY_API_KEY" in result.stderr


async def test_a_service_that_does_not_run_is_one_sentence_with_what_to_do(monkeypatch):
    monkeypatch.setenv("PARLEY_API_KEY", "all")
    monkeypatch.setenv("PARLEY_ALERTS_URL", f"http://127.0.0.1:{closed_port()}")
    result = await Terminal()("milestones", "--format", "json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "make run" in result.stderr
    assert result.stderr.count("\n") == 1


async def test_another_server_at_the_address_is_recognised(monkeypatch):
    monkeypatch.setenv("PARLEY_API_KEY", "all")
    async with receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as other:
        monkeypatch.setenv("PARLEY_ALERTS_URL", other.url(""))
        result = await Terminal()("milestones")
    assert result.exit_code == 2
    assert "is not alerts" in result.stderr


async def test_the_database_is_migrated_up_and_down(database_url, monkeypatch):
    async def tables():
        engine = make_engine(database_url)
        async with engine.connect() as connection:
            found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        await engine.dispose()
        return found

    monkeypatch.setenv("DATABASE_URL", database_url)
    assert (await Terminal()("migrate")).exit_code == 0
    assert "deliveries" in await tables()
    assert (await Terminal()("migrate", "--revision", "base")).exit_code == 0
    assert "deliveries" not in await tables()


async def test_a_database_that_is_away_is_one_sentence(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://parley:secret@127.0.0.1:{closed_port()}/parley")
    result = await Terminal()("migrate")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr
