"""The history of the tables, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from services.ingest.store import MIGRATIONS, VERSION_TABLE, metadata
from shared.database import make_engine, migrate, probe


async def test_migrations_run_up_and_down_and_up_again_and_end_where_the_tables_are(database_url):
    engine = make_engine(database_url)
    await migrate(engine, MIGRATIONS)
    await migrate(engine, MIGRATIONS, "base")
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == [VERSION_TABLE]
    await migrate(engine, MIGRATIONS)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


def _differences(connection):
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


async def test_a_database_that_is_behind_says_which_command_to_run(database_url):
    engine = make_engine(database_url)
    assert (
        await probe(engine, MIGRATIONS, "ingest")
        == "the database is at revision none, not 0001; run `parley ingest migrate`"
    )
    await migrate(engine, MIGRATIONS)
    assert await probe(engine, MIGRATIONS, "ingest") is None
    await engine.dispose()


async def test_a_database_that_is_away_is_reported_as_such():
    engine = make_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert (await probe(engine, MIGRATIONS, "ingest")).startswith("the database does not answer: ")
    await engine.dispose()
