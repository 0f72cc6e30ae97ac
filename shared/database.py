"""Databases: SQLite (WAL) on one machine, PostgreSQL for more; engines, times, inserts, migrations, outages."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, DateTime, Dialect, ExceptionContext, MetaData, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

OUTAGES: Final = (OperationalError, InterfaceError, PoolTimeoutError, OSError, TimeoutError)
"""What passes when the database comes back; a pool runs dry where connections hang."""

NAMING: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can name what they drop."""


def new_metadata() -> MetaData:
    """The collection of one service's tables."""
    return MetaData(naming_convention=NAMING)


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zones, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse what has no zone, and store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give back UTC."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


def make_engine(url: str) -> AsyncEngine:
    """An engine for either database.

    On SQLite every transaction takes the write lock when it begins: a lock taken later cannot wait, it fails. A
    connection with ``execution_options(read_only=True)`` takes none.
    """
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_async_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5)
        event.listen(engine.sync_engine, "handle_error", _name_outage)
        return engine
    engine = create_async_engine(url, connect_args={"timeout": 30, "isolation_level": None})

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection is untyped
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _name_outage(context: ExceptionContext) -> None:
    """Call every outage of PostgreSQL what it is: asyncpg gives a lost connection or a restart no class of its own.

    SQLSTATE classes: 08 connection, 40 rolled back (deadlock, serialisation), 53 resources, 57 operator intervention.
    """
    state = getattr(context.original_exception, "sqlstate", None) or ""
    error = context.sqlalchemy_exception  # none where a task was cancelled, which is no outage
    unnamed = isinstance(error, DBAPIError) and not isinstance(error, OUTAGES)
    if unnamed and (context.is_disconnect or state[:2] in {"08", "40", "53", "57"}):
        raise OperationalError(context.statement, None, context.original_exception) from context.original_exception


async def insert_new(connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert many rows in one statement; rows whose key exists already are left as they are."""
    rows = list(rows)
    if rows:
        await connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say ON CONFLICT, for the database at hand."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def alembic_config(migrations: Path, connection: Connection) -> Config:
    """Alembic's configuration for one service's history, bound to a connection."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine, migrations: Path, revision: str = "head") -> None:
    """Bring a database to a revision, up or down (``base`` is empty), in one transaction."""

    def run(connection: Connection) -> None:
        config = alembic_config(migrations, connection)
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(run)


async def probe(engine: AsyncEngine, migrations: Path, service: str) -> str | None:
    """``None`` where the database answers and is at the newest revision, else what is wrong and what to do."""
    newest = ScriptDirectory(str(migrations)).get_current_head()

    def current(connection: Connection) -> str | None:
        context = MigrationContext.configure(connection, opts={"version_table": f"{service}_alembic_version"})
        return context.get_current_revision()

    try:
        async with asyncio.timeout(3), engine.connect() as connection:
            await connection.execution_options(read_only=True)
            present = await connection.run_sync(current)
    except OUTAGES as error:
        return f"the database does not answer: {error!r}"
    if present != newest:
        return f"the database is at revision {present or 'none'}, not {newest}; run `parley {service} migrate`"
    return None
