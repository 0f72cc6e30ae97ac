"""What both databases must do alike."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from shared.database import OUTAGES, UtcTime, insert_new, make_engine, new_metadata, probe
from tests.alerts.conftest import MIGRATIONS

metadata = new_metadata()
moments = Table("moments", metadata, Column("id", Integer, primary_key=True), Column("at", UtcTime))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def engine(database_url):
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield engine
    await engine.dispose()


async def rows(engine):
    async with engine.connect() as connection:
        await connection.execution_options(read_only=True)
        return [tuple(row) for row in await connection.execute(select(moments).order_by(moments.c.id))]


async def test_moments_come_back_in_utc_whatever_zone_they_were_given_in(engine):
    async with engine.begin() as connection:
        east = NOON.astimezone(timezone(timedelta(hours=5)))
        await connection.execute(insert(moments), [{"id": 1, "at": NOON}, {"id": 2, "at": east}, {"id": 3, "at": None}])
    found = await rows(engine)
    assert found == [(1, NOON), (2, NOON), (3, None)]
    assert found[1][1].utcoffset() == timedelta(0)


async def test_a_moment_without_zone_is_refused(engine):
    with pytest.raises(StatementError, match="a moment needs a time zone"):
        async with engine.begin() as connection:
            await connection.execute(insert(moments), {"id": 1, "at": NOON.replace(tzinfo=None)})


async def test_rows_whose_key_exists_are_left_as_they_are(engine):
    async with engine.begin() as connection:
        await insert_new(connection, moments, [{"id": 1, "at": NOON}])
        await insert_new(connection, moments, [{"id": 1, "at": None}, {"id": 2, "at": None}])
        await insert_new(connection, moments, [])
    assert await rows(engine) == [(1, NOON), (2, None)]


async def test_what_fails_in_the_middle_leaves_nothing(engine):
    async def half():
        async with engine.begin() as connection:
            await insert_new(connection, moments, [{"id": 1, "at": NOON}])
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await rows(engine) == []


async def test_a_database_without_tables_says_which_command_makes_them(engine):
    assert await probe(engine, MIGRATIONS, "alerts") == (
        "the database is at revision none, not 0001; run `parley alerts migrate`"
    )


async def test_a_database_that_is_down_is_named(tmp_path):
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    assert (await probe(engine, MIGRATIONS, "alerts")).startswith("the database does not answer")
    await engine.dispose()


async def test_a_connection_that_is_cut_in_mid_statement_is_an_outage(postgres_url):
    engine = make_engine(postgres_url)
    async with engine.connect() as victim, engine.connect() as killer:
        process = await victim.scalar(text("SELECT pg_backend_pid()"))
        sleeping = asyncio.create_task(victim.execute(text("SELECT pg_sleep(30)")))
        await asyncio.sleep(0.2)
        await killer.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        with pytest.raises(OUTAGES):
            await sleeping
        await victim.invalidate()
    await engine.dispose()


async def test_a_mistake_is_no_outage(engine):
    with pytest.raises(DBAPIError) as error:
        async with engine.begin() as connection:
            await connection.execute(insert(moments), [{"id": 1, "at": NOON}, {"id": 1, "at": NOON}])
    assert not isinstance(error.value, OUTAGES)
