"""The history of alerts' tables: up, down, up again, and equal to the tables in the code."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from services.alerts.store.tables import metadata
from shared.database import make_engine, migrate
from tests.alerts.conftest import MIGRATIONS


@pytest.fixture
async def empty(database_url):
    engine = make_engine(database_url)
    yield engine
    await engine.dispose()


def differences(connection):
    context = MigrationContext.configure(
        connection,
        opts={"version_table": "alerts_alembic_version", "compare_type": True, "compare_server_default": True},
    )
    return compare_metadata(context, metadata)


async def tables(engine):
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_migrations_run_up_down_and_up_again(empty):
    await migrate(empty, MIGRATIONS)
    assert set(metadata.tables) <= await tables(empty)
    await migrate(empty, MIGRATIONS, "base")
    assert await tables(empty) <= {"alerts_alembic_version"}
    await migrate(empty, MIGRATIONS)
    assert set(metadata.tables) <= await tables(empty)


async def test_tables_and_migrations_do_not_differ(empty):
    await migrate(empty, MIGRATIONS)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []
